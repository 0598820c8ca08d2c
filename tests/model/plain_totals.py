"""The totals of an organisation by plain sums over all events: what the running totals are measured against."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, LargeBinary, Table, bindparam, func, select

from contracts.bindings.ids import FundId, OrganisationId
from indexer.queries.deliveries import AFTER_HAND_OVER, DELIVERY_STATE, EntitlementState
from indexer.queries.organisations import FundTotals
from indexer.schema import (
    delivery_confirmed,
    delivery_disputed,
    delivery_handed_over,
    delivery_returned,
    donation_reassigned,
    donation_recorded,
    donation_refunded,
    entitlement_listed,
    entitlement_refused,
    fee_taken,
    fund_opened,
    payment_list_approved,
    payment_list_cancelled,
    payment_list_expired,
    transfer_came_back,
    transfer_received,
    transfer_sent,
)

_FUND = bindparam("fund", type_=LargeBinary)

_FUNDS = (
    select(fund_opened.c.fund, fund_opened.c.unit, fund_opened.c.head)
    .where(fund_opened.c.organisation == bindparam("organisation", type_=LargeBinary))
    .order_by(fund_opened.c.block_number, fund_opened.c.log_index)
)


def _count(table: Table, fund: str, name: str) -> ColumnElement[int]:
    return select(func.count()).where(table.c[fund] == _FUND).scalar_subquery().label(f"{name}_count")


def _sum(table: Table, fund: str, column: str, name: str) -> ColumnElement[int]:
    total = select(func.sum(table.c[column])).where(table.c[fund] == _FUND)
    return func.coalesce(total.scalar_subquery(), 0).label(f"{name}_minor")


_INFLOWS = {
    "gifts": (donation_recorded, "fund"),
    "received": (transfer_received, "to"),
    "came_back": (transfer_came_back, "from_"),
    "reassigned_in": (donation_reassigned, "to"),
    "returned": (delivery_returned, "fund"),
}
_OUTFLOWS = {
    "handed_over": (delivery_handed_over, "fund"),
    "fees": (fee_taken, "fund"),
    "refunds": (donation_refunded, "fund"),
    "sent": (transfer_sent, "from_"),
    "reassigned_out": (donation_reassigned, "from_"),
}
_COUNTED = _INFLOWS | _OUTFLOWS | {"refused": (entitlement_refused, "fund")}
_LISTS = {
    "approved": (payment_list_approved, "total_minor"),
    "expired": (payment_list_expired, "freed_minor"),
    "cancelled": (payment_list_cancelled, "freed_minor"),
}

_TOTALS = select(
    *(_count(table, fund, name) for name, (table, fund) in _COUNTED.items()),
    *(_sum(table, fund, "amount_minor", name) for name, (table, fund) in _COUNTED.items()),
    *(_sum(table, "fund", column, name) for name, (table, column) in _LISTS.items()),
)


def _by_state(counted: Table) -> Any:
    """Deliveries of the fund, or what came back of them, by the deliveries' states."""
    rows: Any = counted
    for table in AFTER_HAND_OVER:
        rows = rows.outerjoin(table, table.c.entitlement == counted.c.entitlement)
    columns = DELIVERY_STATE, func.count(), func.sum(counted.c.amount_minor)
    return select(*columns).select_from(rows).where(counted.c.fund == _FUND).group_by(DELIVERY_STATE.name)


_HANDED_OVER = _by_state(delivery_handed_over)
_RETURNED = _by_state(delivery_returned)


def _freed_count(ended: Table) -> Any:
    """Entitlements that were still offered when their list ended."""
    id = entitlement_listed.c.entitlement
    lists = ended.join(payment_list_approved, payment_list_approved.c.list == ended.c.list)
    listed = lists.join(entitlement_listed, entitlement_listed.c.list == ended.c.list)
    rows = listed.outerjoin(delivery_handed_over, delivery_handed_over.c.entitlement == id).outerjoin(
        entitlement_refused, entitlement_refused.c.entitlement == id
    )
    return (
        select(func.count())
        .select_from(rows)
        .where(
            ended.c.fund == _FUND,
            delivery_handed_over.c.entitlement.is_(None),
            entitlement_refused.c.entitlement.is_(None),
        )
    )


_EXPIRED = _freed_count(payment_list_expired)
_CANCELLED = _freed_count(payment_list_cancelled)


_BACK = (
    select(delivery_returned.c.entitlement, func.sum(delivery_returned.c.amount_minor).label("amount_minor"))
    .group_by(delivery_returned.c.entitlement)
    .subquery()
)
_RETURNED_WHOLE = (
    select(func.count())
    .select_from(
        delivery_handed_over.join(_BACK, _BACK.c.entitlement == delivery_handed_over.c.entitlement)
        .outerjoin(delivery_confirmed, delivery_confirmed.c.entitlement == delivery_handed_over.c.entitlement)
        .outerjoin(delivery_disputed, delivery_disputed.c.entitlement == delivery_handed_over.c.entitlement)
    )
    .where(
        delivery_handed_over.c.fund == _FUND,
        delivery_confirmed.c.entitlement.is_(None),
        delivery_disputed.c.entitlement.is_(None),
        _BACK.c.amount_minor == delivery_handed_over.c.amount_minor,
    )
)


def plain_totals(conn: Connection, organisation: OrganisationId) -> tuple[FundTotals, ...]:
    """The totals of each fund; reads every row of every fund."""
    funds = conn.execute(_FUNDS, {"organisation": organisation}).all()
    return tuple(_fund_totals(conn, *fund) for fund in funds)


def _fund_totals(conn: Connection, fund: FundId, unit: str, head: str) -> FundTotals:
    totals = {
        name: int(value) for name, value in conn.execute(_TOTALS, {"fund": fund}).mappings().one().items()
    }
    inflow = sum(totals[f"{name}_minor"] for name in _INFLOWS)
    out = sum(totals[f"{name}_minor"] for name in _OUTFLOWS)
    promised = totals.pop("approved_minor") - sum(
        totals[f"{name}_minor"] for name in ("refused", "expired", "cancelled")
    )
    reserved = promised - totals["handed_over_minor"]
    return FundTotals(
        fund=fund,
        unit=unit,
        head=head,
        inflow_minor=inflow,
        reserved_minor=reserved,
        waiting_minor=inflow - out - reserved,
        expired_count=conn.execute(_EXPIRED, {"fund": fund}).scalar_one(),
        cancelled_count=conn.execute(_CANCELLED, {"fund": fund}).scalar_one(),
        returned_whole_count=conn.execute(_RETURNED_WHOLE, {"fund": fund}).scalar_one(),
        **_words(conn, fund),
        **totals,
    )


def _words(conn: Connection, fund: FundId) -> dict[str, int]:
    """Deliveries by what was said of them: how many, and their units that did not come back."""
    counts = dict.fromkeys(EntitlementState, 0)
    amounts = dict.fromkeys(EntitlementState, 0)
    for state, count, total in conn.execute(_HANDED_OVER, {"fund": fund}):
        counts[EntitlementState(state)], amounts[EntitlementState(state)] = count, int(total)
    for state, _, total in conn.execute(_RETURNED, {"fund": fund}):
        amounts[EntitlementState(state)] -= int(total)
    said = EntitlementState.CONFIRMED, EntitlementState.DISPUTED, EntitlementState.DISMISSED
    return {
        **{f"{state.value}_count": counts[state] for state in (*said, EntitlementState.UPHELD)},
        **{f"{state.value}_minor": amounts[state] for state in said},
    }
