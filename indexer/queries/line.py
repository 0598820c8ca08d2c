"""A fund's line: what came in, what went out, and its ends."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import BigInteger, ColumnElement, Connection, LargeBinary, Table, bindparam, func, select

from contracts.abi import Address
from contracts.bindings.ids import DonationId, FundId, OrganisationId, ProgrammeId
from indexer.errors import InvariantBroken, UnknownRecord
from indexer.queries.blocks import BlockRef, as_of
from indexer.queries.lineage import LAST_POSITION, Outflow, outflows_over, overlapping
from indexer.schema import (
    delivery_handed_over,
    donation_recorded,
    donation_refunded,
    entitlement_expired,
    entitlement_refused,
    fee_taken,
    fund_opened,
    payment_list_approved,
)


class InflowKind(StrEnum):
    """How units came into a fund. Transfers and returns follow with their contracts."""

    DONATION = "donation"


@dataclass(frozen=True, slots=True)
class Fund:
    """A fund as it was opened. `programme` is zero when it may serve any of the organisation's."""

    id: FundId
    organisation: OrganisationId
    programme: ProgrammeId
    unit: str
    head: str
    fee_cap_bps: int


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
class Inflow:
    """Units [start, end) that came in."""

    kind: InflowKind
    donation: DonationId
    donor: Address
    start: int
    end: int


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
).where(fund_opened.c.fund == _FUND)

_INFLOWS = (
    select(
        donation_recorded.c.donation,
        donation_recorded.c.donor,
        donation_recorded.c.start,
        donation_recorded.c.amount_minor,
    )
    .where(overlapping(donation_recorded, donation_recorded.c.start))
    .order_by(donation_recorded.c.start)
    .limit(bindparam("most", type_=BigInteger))
)


def _end(table: Table) -> ColumnElement[int]:
    end = select(table.c.start + table.c.amount_minor).where(table.c.fund == _FUND)
    return func.coalesce(end.order_by(table.c.start.desc()).limit(1).scalar_subquery(), 0)


def _sum(table: Table, column: str = "amount_minor") -> ColumnElement[int]:
    return func.coalesce(select(func.sum(table.c[column])).where(table.c.fund == _FUND).scalar_subquery(), 0)


_ENDS = select(
    *(_end(table) for table in (donation_recorded, delivery_handed_over, fee_taken, donation_refunded))
)

# Deliveries are by far the most rows; their sum is what the outflow's end leaves beside fees and refunds.
_PROMISES = select(
    _sum(payment_list_approved, "total_minor"),
    _sum(entitlement_refused),
    _sum(entitlement_expired),
    _sum(fee_taken),
    _sum(donation_refunded),
)


def fund_opening(conn: Connection, fund: FundId) -> Fund:
    """The fund as it was opened; raises UnknownRecord."""
    row = conn.execute(_OPENED, {"fund": fund}).one_or_none()
    if row is None:
        raise UnknownRecord("fund", fund)
    return Fund(*row)


def line_ends(conn: Connection, fund: FundId) -> tuple[int, int]:
    """Inflow end and outflow end: four look-ups, however long the line."""
    inflow_end, *outflow_ends = conn.execute(_ENDS, {"fund": fund}).one()
    return inflow_end, max(outflow_ends)


def fund_ends(conn: Connection, fund: FundId) -> FundEnds:
    """The line's ends. Raises UnknownRecord, and InvariantBroken (I1) when more is promised than there is."""
    fund_opening(conn, fund)
    inflow_end, outflow_end = line_ends(conn, fund)
    approved, refused, expired, fees, refunds = conn.execute(_PROMISES, {"fund": fund}).one()
    reserved = approved - refused - expired - (outflow_end - fees - refunds)
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
    limits = {"fund": fund, "low": from_position, "high": LAST_POSITION, "most": limit + 1}
    inflows = [
        Inflow(InflowKind.DONATION, donation, donor, start, start + amount)
        for donation, donor, start, amount in conn.execute(_INFLOWS, limits)
        if start + amount > from_position
    ]
    outflows = outflows_over(conn, fund, from_position, LAST_POSITION, limit)
    return FundLine(as_of(conn), opened, from_position, tuple(inflows[:limit]), tuple(outflows))
