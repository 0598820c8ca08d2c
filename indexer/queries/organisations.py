"""What an organisation received, paid out, promised and holds, fund by fund."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, LargeBinary, Table, bindparam, func, select

from contracts.bindings.ids import FundId, OrganisationId
from indexer.errors import InvariantBroken
from indexer.queries.blocks import BlockRef, as_of
from indexer.queries.line import line_ends
from indexer.schema import (
    delivery_confirmed,
    delivery_handed_over,
    donation_recorded,
    donation_refunded,
    entitlement_expired,
    entitlement_refused,
    fee_taken,
    fund_opened,
    payment_list_approved,
)


@dataclass(frozen=True, slots=True)
class FundTotals:
    """One fund's totals. Amounts are minor units of `unit`; `inflow = handed over + fees + refunds + reserved
    + waiting`.

    `handed_over` is the agency's word, `confirmed` the families': confirmed deliveries are counted in both.
    """

    fund: FundId
    unit: str
    head: str
    gifts_count: int
    inflow_minor: int
    fees_count: int
    fees_minor: int
    refunds_count: int
    refunds_minor: int
    handed_over_count: int
    handed_over_minor: int
    confirmed_count: int
    confirmed_minor: int
    refused_count: int
    refused_minor: int
    expired_count: int
    expired_minor: int
    reserved_minor: int
    waiting_minor: int


@dataclass(frozen=True, slots=True)
class OrganisationTotals:
    """An organisation's funds in the order they were opened. Units differ, so nothing is summed across funds
    here."""

    as_of: BlockRef
    organisation: OrganisationId
    funds: tuple[FundTotals, ...]


_FUND = bindparam("fund", type_=LargeBinary)

_FUNDS = (
    select(fund_opened.c.fund, fund_opened.c.unit, fund_opened.c.head)
    .where(fund_opened.c.organisation == bindparam("organisation", type_=LargeBinary))
    .order_by(fund_opened.c.block_number, fund_opened.c.log_index)
)


def _count(table: Table) -> ColumnElement[int]:
    return select(func.count()).where(table.c.fund == _FUND).scalar_subquery()


def _sum(table: Table, column: str = "amount_minor") -> ColumnElement[int]:
    return func.coalesce(select(func.sum(table.c[column])).where(table.c.fund == _FUND).scalar_subquery(), 0)


_COUNTED = (donation_recorded, fee_taken, donation_refunded, delivery_handed_over)
_ENDED = (entitlement_refused, entitlement_expired)

_TOTALS = select(
    *(column for table in (*_COUNTED, *_ENDED) for column in (_count(table), _sum(table))),
    _sum(payment_list_approved, "total_minor"),
)

_CONFIRMED = (
    select(func.count(), func.coalesce(func.sum(delivery_handed_over.c.amount_minor), 0))
    .join(delivery_confirmed, delivery_confirmed.c.entitlement == delivery_handed_over.c.entitlement)
    .where(delivery_handed_over.c.fund == _FUND)
)


def organisation_totals(conn: Connection, organisation: OrganisationId) -> OrganisationTotals:
    """The totals of each fund; none for an organisation without funds. Raises InvariantBroken (I1, I2)."""
    funds = conn.execute(_FUNDS, {"organisation": organisation}).all()
    return OrganisationTotals(as_of(conn), organisation, tuple(_fund_totals(conn, *fund) for fund in funds))


def _fund_totals(conn: Connection, fund: FundId, unit: str, head: str) -> FundTotals:
    totals = conn.execute(_TOTALS, {"fund": fund}).one()
    gifts, inflow, fees_count, fees, refunds_count, refunds, deliveries, handed_over = totals[:8]
    refused_count, refused, expired_count, expired, approved = totals[8:]
    confirmed_count, confirmed = conn.execute(_CONFIRMED, {"fund": fund}).one()
    reserved = approved - refused - expired - handed_over
    out = handed_over + fees + refunds
    if (inflow, out) != line_ends(conn, fund):
        raise InvariantBroken("I2", f"fund 0x{fund.hex()}: inflows or outflows leave gaps on its line")
    if not 0 <= reserved <= inflow - out:
        raise InvariantBroken(
            "I1", f"fund 0x{fund.hex()}: {reserved} reserved of {inflow - out} that did not leave"
        )
    return FundTotals(
        fund=fund,
        unit=unit,
        head=head,
        gifts_count=gifts,
        inflow_minor=inflow,
        fees_count=fees_count,
        fees_minor=fees,
        refunds_count=refunds_count,
        refunds_minor=refunds,
        handed_over_count=deliveries,
        handed_over_minor=handed_over,
        confirmed_count=confirmed_count,
        confirmed_minor=confirmed,
        refused_count=refused_count,
        refused_minor=refused,
        expired_count=expired_count,
        expired_minor=expired,
        reserved_minor=reserved,
        waiting_minor=inflow - out - reserved,
    )
