"""A fund's line: what came in, what went out, and its ends."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, LargeBinary, Table, bindparam, func, select

from contracts.bindings.ids import FundId, OrganisationId, ProgrammeId
from indexer.errors import InvariantBroken, UnknownRecord
from indexer.queries.blocks import BlockRef, as_of
from indexer.queries.flows import Inflow, InflowKind, Outflow, OutflowKind, inflows_over, outflows_over
from indexer.schema import (
    delivery_handed_over,
    delivery_returned,
    donation_reassigned,
    donation_recorded,
    donation_refunded,
    fee_taken,
    fund_opened,
    transfer_came_back,
    transfer_received,
    transfer_sent,
)
from indexer.totals import newest, reserved_units


@dataclass(frozen=True, slots=True)
class Fund:
    """A fund as it was opened. `programme` is zero when it may serve any of the organisation's; `campaign` and
    `place` are empty when it is not bound to one. Nothing is promised before `release_at_unix_s`; gifts settled
    from `opens_at_unix_s` until `closes_at_unix_s` (0: for ever) are taken."""

    id: FundId
    organisation: OrganisationId
    programme: ProgrammeId
    unit: str
    head: str
    fee_cap_bps: int
    campaign: str
    place: str
    release_at_unix_s: int
    opens_at_unix_s: int
    closes_at_unix_s: int


@dataclass(frozen=True, slots=True)
class FundEnds:
    """The line's two ends, and what is promised between them."""

    as_of: BlockRef
    inflow_end: int
    outflow_end: int
    reserved: int

    @property
    def waiting(self) -> int:
        """Units that nobody was promised yet."""
        return self.inflow_end - self.outflow_end - self.reserved


@dataclass(frozen=True, slots=True)
class FundLine:
    """A stretch of a fund's line. Both sides begin at the first record that reaches beyond
    `from_position`."""

    as_of: BlockRef
    fund: Fund
    from_position: int
    inflows: tuple[Inflow, ...]
    outflows: tuple[Outflow, ...]


_FUND = bindparam("fund", type_=LargeBinary)

_OPENED = select(
    fund_opened.c.fund,
    fund_opened.c.organisation,
    fund_opened.c.programme,
    fund_opened.c.unit,
    fund_opened.c.head,
    fund_opened.c.fee_cap_bps,
    fund_opened.c.campaign,
    fund_opened.c.place,
    fund_opened.c.release_at_unix_s,
    fund_opened.c.opens_at_unix_s,
    fund_opened.c.closes_at_unix_s,
).where(fund_opened.c.fund == _FUND)

_INFLOW_TABLES = (
    (donation_recorded, "fund", "start"),
    (transfer_received, "to", "start"),
    (transfer_came_back, "from_", "start"),
    (donation_reassigned, "to", "starts_at"),
    (delivery_returned, "fund", "start"),
)
_OUTFLOW_TABLES = (
    (delivery_handed_over, "fund", "start"),
    (fee_taken, "fund", "start"),
    (donation_refunded, "fund", "start"),
    (transfer_sent, "from_", "start"),
    (donation_reassigned, "from_", "start"),
)


def _end(table: Table, fund: str, start: str) -> ColumnElement[int]:
    end = select(table.c[start] + table.c.amount_minor).where(table.c[fund] == _FUND)
    return func.coalesce(end.order_by(table.c[start].desc()).limit(1).scalar_subquery(), 0)


_ENDS = select(*(_end(*side) for side in (*_INFLOW_TABLES, *_OUTFLOW_TABLES)))


def fund_opening(conn: Connection, fund: FundId) -> Fund:
    """The fund as it was opened; raises UnknownRecord."""
    row = conn.execute(_OPENED, {"fund": fund}).one_or_none()
    if row is None:
        raise UnknownRecord("fund", fund)
    return Fund(*row)


def line_ends(conn: Connection, fund: FundId) -> tuple[int, int]:
    """Inflow end and outflow end: ten look-ups, however long the line."""
    ends = conn.execute(_ENDS, {"fund": fund}).one()
    inflows = len(_INFLOW_TABLES)
    return max(ends[:inflows]), max(ends[inflows:])


def fund_ends(conn: Connection, fund: FundId) -> FundEnds:
    """The line's ends. Raises UnknownRecord, and InvariantBroken (I1) when more is promised than there is.

    Reserved is what approved lists promised, less what was refused, freed with an ended list, and handed over.
    The units of a list that nobody ended stay reserved, also after its time.
    """
    fund_opening(conn, fund)
    inflow_end, outflow_end = line_ends(conn, fund)
    reserved = reserved_units(newest(conn, fund))
    if not (reserved >= 0 and outflow_end + reserved <= inflow_end):
        raise InvariantBroken(
            "I1",
            f"fund 0x{fund.hex()}: outflow end {outflow_end} + reserved {reserved}, inflow end {inflow_end}",
        )
    return FundEnds(as_of(conn), inflow_end, outflow_end, reserved)


def fund_line(conn: Connection, fund: FundId, from_position: int = 0, limit: int = 100) -> FundLine:
    """At most `limit` inflows and `limit` outflows that reach beyond `from_position`, each in the line's
    order.

    Raises UnknownRecord, InvariantBroken (I2). For the next page go on from the smaller of the two last ends.
    """
    opened = fund_opening(conn, fund)
    inflows = inflows_over(conn, fund, from_position, most=limit)
    outflows = outflows_over(conn, fund, from_position, most=limit)
    return FundLine(as_of(conn), opened, from_position, tuple(inflows), tuple(outflows))


__all__ = [
    "Fund",
    "FundEnds",
    "FundLine",
    "Inflow",
    "InflowKind",
    "Outflow",
    "OutflowKind",
    "fund_ends",
    "fund_line",
    "fund_opening",
    "line_ends",
]
