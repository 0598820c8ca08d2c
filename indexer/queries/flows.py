"""The two sides of a fund's line as rows: what came in, what left, and where the units of each go on or came
from.

Both sides are spread over a table for each kind of event; the unions here read them as one, in the line's
order, and ask only for rows that overlap the stretch asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    LargeBinary,
    Select,
    Table,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from contracts.abi import Address
from contracts.bindings.ids import DonationId, FundId
from indexer.errors import InvariantBroken
from indexer.schema import (
    delivery_handed_over,
    delivery_returned,
    donation_reassigned,
    donation_recorded,
    donation_refunded,
    fee_taken,
    transfer_came_back,
    transfer_received,
    transfer_sent,
)


class InflowKind(StrEnum):
    """How units came into a fund."""

    DONATION = "donation"
    TRANSFER = "transfer"
    """Received from another fund, or one's own transfer that came back."""
    REASSIGNMENT = "reassignment"
    RETURN = "return"


class OutflowKind(StrEnum):
    """Why units left a fund's line."""

    DELIVERY = "delivery"
    FEE = "fee"
    REFUND = "refund"
    TRANSFER = "transfer"
    REASSIGNMENT = "reassignment"


WITHDRAWALS = (OutflowKind.REFUND, OutflowKind.REASSIGNMENT)
"""They end the last units of one gift; whoever gave the units that left goes on in those."""

Moment = tuple[int, int]
"""When an event happened: block number and log index."""


class Inflow(NamedTuple):
    """Units [start, end) that came into a fund. `id` is the gift's, transfer's, reassignment's or return's.

    They are the units from `from_place` on of the fund `from_fund`: a gift's its own, a transfer's those sent,
    a return's those delivered, a reassignment's the withdrawn ones of `donation`. `donor` is as recorded, for
    gifts.
    """

    kind: InflowKind
    id: bytes
    donation: DonationId | None
    donor: Address | None
    start: int
    end: int
    from_fund: FundId
    from_place: int
    block_number: int
    log_index: int

    @property
    def moment(self) -> Moment:
        return self.block_number, self.log_index


class Outflow(NamedTuple):
    """Units [start, end) of a fund's line that left. `id` is the entitlement's, fee's, refund's, transfer's or
    reassignment's."""

    kind: OutflowKind
    id: bytes
    start: int
    end: int
    continues_at: int
    """Where the units go on in `continues_in`; 0 when they do not."""
    continues_in: FundId | None
    """The fund that a transfer reached or came back to; the same fund for a refund and a reassignment, whose
    units go on where the gift's withdrawn ones stood; None for a delivery, a fee, a transfer on its way."""
    block_number: int
    log_index: int

    @property
    def moment(self) -> Moment:
        return self.block_number, self.log_index


class Return(NamedTuple):
    """Units from `continues_from` on, of one delivery, that came back as the fund's units from `start` on."""

    entitlement: bytes
    continues_from: int
    start: int
    amount: int


LAST_POSITION = 2**63 - 1

_FUND = bindparam("fund", type_=LargeBinary)
_LOW = bindparam("low", type_=BigInteger)
_HIGH = bindparam("high", type_=BigInteger)
_MOST = bindparam("most", type_=BigInteger)
_NO_ID = cast(null(), LargeBinary)


def _overlapping(fund: ColumnElement[bytes], position: ColumnElement[int]) -> ColumnElement[bool]:
    """Rows of fund :fund that may overlap [:low, :high), when a table's intervals are disjoint: those that
    begin in it and the last one that begins before it. Answered from the index on (fund, position)."""
    before = select(func.max(position)).where(fund == _FUND, position <= _LOW).scalar_subquery()
    return (fund == _FUND) & (position < _HIGH) & (position >= func.coalesce(before, 0))


def _inflows(
    kind: InflowKind,
    table: Table,
    fund: str,
    id: str,
    from_fund: ColumnElement[bytes],
    from_place: ColumnElement[int],
    *,
    start: str = "start",
    source: FromClause | None = None,
) -> Select[Any]:
    given = kind in (InflowKind.DONATION, InflowKind.REASSIGNMENT)
    columns = (
        literal(kind.value),
        table.c[id],
        table.c.donation if given else _NO_ID,
        table.c.donor if kind is InflowKind.DONATION else _NO_ID,
        table.c[start].label("start"),
        table.c.amount_minor,
        from_fund,
        from_place,
        table.c.block_number,
        table.c.log_index,
    )
    rows = select(*columns).select_from(table if source is None else source)
    return rows.where(_overlapping(table.c[fund], table.c[start]))


def _arrivals(table: Table, fund: str) -> Select[Any]:
    sent = table.join(transfer_sent, transfer_sent.c.transfer == table.c.transfer)
    came_from = transfer_sent.c.from_, transfer_sent.c.start
    return _inflows(InflowKind.TRANSFER, table, fund, "transfer", *came_from, source=sent)


def _outflows(
    kind: OutflowKind, table: Table, fund: str, id: str, *continues: Any, source: FromClause | None = None
) -> Select[Any]:
    columns = (
        literal(kind.value),
        table.c[id],
        table.c.start.label("start"),
        table.c.amount_minor,
        *(continues or (literal(0), _NO_ID)),
        table.c.block_number,
        table.c.log_index,
    )
    rows = select(*columns).select_from(table if source is None else source)
    return rows.where(_overlapping(table.c[fund], table.c.start))


# Ordered by the line's position; SQLite merges the tables' indexes, so a limit stops early.
_INFLOWS = (
    union_all(
        _inflows(
            InflowKind.DONATION, donation_recorded, "fund", "donation",
            donation_recorded.c.fund, donation_recorded.c.start,
        ),
        _arrivals(transfer_received, "to"),
        _arrivals(transfer_came_back, "from_"),
        _inflows(
            InflowKind.REASSIGNMENT, donation_reassigned, "to", "reassignment",
            donation_reassigned.c.from_, donation_reassigned.c.continues_at, start="starts_at",
        ),
        _inflows(
            InflowKind.RETURN, delivery_returned, "fund", "return_id",
            delivery_returned.c.fund, delivery_returned.c.continues_from,
        ),
    )
    .order_by("start")
    .limit(_MOST)
)  # fmt: skip

_REFUNDS = _outflows(
    OutflowKind.REFUND, donation_refunded, "fund", "refund",
    donation_refunded.c.continues_at, donation_refunded.c.fund,
)  # fmt: skip
_REASSIGNMENTS = _outflows(
    OutflowKind.REASSIGNMENT, donation_reassigned, "from_", "reassignment",
    donation_reassigned.c.continues_at, donation_reassigned.c.from_,
)  # fmt: skip
_TRANSFERS = _outflows(
    OutflowKind.TRANSFER, transfer_sent, "from_", "transfer",
    func.coalesce(transfer_received.c.start, transfer_came_back.c.start, 0),
    func.coalesce(transfer_received.c.to, transfer_came_back.c.from_),
    source=transfer_sent.outerjoin(
        transfer_received, transfer_received.c.transfer == transfer_sent.c.transfer
    ).outerjoin(transfer_came_back, transfer_came_back.c.transfer == transfer_sent.c.transfer),
)  # fmt: skip

_OUTFLOWS = (
    union_all(
        _outflows(OutflowKind.DELIVERY, delivery_handed_over, "fund", "entitlement"),
        _outflows(OutflowKind.FEE, fee_taken, "fund", "fee"),
        _REFUNDS,
        _TRANSFERS,
        _REASSIGNMENTS,
    )
    .order_by("start")
    .limit(_MOST)
)
_TABLES = 5
"""Tables in each union: each may answer with one row that ends before the stretch."""


def _withdrawn(table: Table, fund: str, kind: OutflowKind, id: str) -> Select[Any]:
    columns = (
        literal(kind.value),
        table.c[id],
        table.c.start,
        table.c.amount_minor,
        table.c.continues_at,
        table.c[fund],
        table.c.block_number,
        table.c.log_index,
    )
    return select(*columns).where(_overlapping(table.c[fund], table.c.continues_at))


_WITHDRAWN = union_all(
    _withdrawn(donation_refunded, "fund", OutflowKind.REFUND, "refund"),
    _withdrawn(donation_reassigned, "from_", OutflowKind.REASSIGNMENT, "reassignment"),
)

_RETURNS = select(
    delivery_returned.c.entitlement,
    delivery_returned.c.continues_from,
    delivery_returned.c.start,
    delivery_returned.c.amount_minor,
).where(_overlapping(delivery_returned.c.fund, delivery_returned.c.continues_from))


def inflows_over(
    conn: Connection, fund: FundId, low: int, high: int = LAST_POSITION, most: int = LAST_POSITION
) -> list[Inflow]:
    """The first `most` inflows that overlap [low, high), in the line's order; raises InvariantBroken (I2) when
    they do not meet."""
    rows = conn.execute(_INFLOWS, _stretch(fund, low, high, most))
    found = [
        Inflow(InflowKind(kind), id, donation, donor, start, start + amount, *rest)
        for kind, id, donation, donor, start, amount, *rest in rows
        if start + amount > low
    ][:most]
    _check_meeting("inflows", fund, found)
    return found


def outflows_over(
    conn: Connection, fund: FundId, low: int, high: int = LAST_POSITION, most: int = LAST_POSITION
) -> list[Outflow]:
    """The first `most` outflows that overlap [low, high), in the line's order; raises InvariantBroken (I2)
    when they do not meet."""
    rows = conn.execute(_OUTFLOWS, _stretch(fund, low, high, most))
    found = [outflow for outflow in map(_outflow, rows) if outflow.end > low][:most]
    _check_meeting("outflows", fund, found)
    return found


def withdrawals_over(conn: Connection, fund: FundId, low: int, high: int) -> list[Outflow]:
    """Refunds and reassignments whose gift's withdrawn units, [continues_at, continues_at + amount), overlap
    [low, high)."""
    rows = conn.execute(_WITHDRAWN, {"fund": fund, "low": low, "high": high})
    return [w for w in map(_outflow, rows) if w.continues_at + w.end - w.start > low]


def returns_over(conn: Connection, fund: FundId, low: int, high: int) -> list[Return]:
    """Returns of what left the fund at [low, high)."""
    rows = conn.execute(_RETURNS, {"fund": fund, "low": low, "high": high})
    return [r for r in (Return(*row) for row in rows) if r.continues_from + r.amount > low]


def _outflow(row: Any) -> Outflow:
    kind, id, start, amount, *rest = row
    return Outflow(OutflowKind(kind), id, start, start + amount, *rest)


def _stretch(fund: FundId, low: int, high: int, most: int) -> dict[str, Any]:
    return {"fund": fund, "low": low, "high": high, "most": min(most, LAST_POSITION - _TABLES) + _TABLES}


def _check_meeting(side: str, fund: FundId, flows: Sequence[Inflow | Outflow]) -> None:
    for left, right in pairwise(flows):
        if left.end != right.start:
            raise InvariantBroken("I2", f"{side} of fund 0x{fund.hex()} do not meet at {left.end}")
