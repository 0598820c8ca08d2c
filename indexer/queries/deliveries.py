"""Entitlements and deliveries: what a list promises, what waits for a family's word (A02), a household's
statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Connection, LargeBinary, Select, bindparam, select

from contracts.abi import Address
from contracts.bindings.ids import EntitlementId, FundId, OrganisationId, PaymentListId, ProgrammeId
from indexer.errors import UnknownRecord
from indexer.queries.blocks import BlockRef, as_of
from indexer.schema import (
    block,
    delivery_confirmed,
    delivery_handed_over,
    entitlement_expired,
    entitlement_listed,
    entitlement_refused,
    fund_opened,
    payment_list_approved,
    payment_list_proposed,
)


class EntitlementState(StrEnum):
    """Where a promised amount stands. `listed`: its list is not approved yet, so nothing is promised."""

    LISTED = "listed"
    OFFERED = "offered"
    REFUSED = "refused"
    EXPIRED = "expired"
    HANDED_OVER = "handed_over"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Entitlement:
    """So much of a fund promised to one household. Times are unix seconds of the block; None: it did not
    happen."""

    id: EntitlementId
    list: PaymentListId
    fund: FundId
    organisation: OrganisationId
    programme: ProgrammeId
    household: Address
    amount_minor: int
    unit: str
    expires_at_unix_s: int
    offered_at_unix_s: int | None
    handed_over_at_unix_s: int | None
    confirmed_at_unix_s: int | None
    refused_at_unix_s: int | None
    refusal_reason: str | None
    expired_at_unix_s: int | None

    @property
    def state(self) -> EntitlementState:
        """The last thing that happened; the contract lets only one chain of them happen."""
        for time, state in (
            (self.confirmed_at_unix_s, EntitlementState.CONFIRMED),
            (self.handed_over_at_unix_s, EntitlementState.HANDED_OVER),
            (self.refused_at_unix_s, EntitlementState.REFUSED),
            (self.expired_at_unix_s, EntitlementState.EXPIRED),
            (self.offered_at_unix_s, EntitlementState.OFFERED),
        ):
            if time is not None:
                return state
        return EntitlementState.LISTED


@dataclass(frozen=True, slots=True)
class Entitlements:
    """Entitlements of one list, one household, or waiting for confirmation."""

    as_of: BlockRef
    items: tuple[Entitlement, ...]


def _entitlements() -> Select[Any]:
    offered, handed, confirmed, refused, expired = (
        block.alias(name)
        for name in ("offered_in", "handed_over_in", "confirmed_in", "refused_in", "expired_in")
    )
    listed, proposed = entitlement_listed.c, payment_list_proposed.c
    joined = (
        entitlement_listed.join(payment_list_proposed, proposed.list == listed.list)
        .join(fund_opened, fund_opened.c.fund == proposed.fund)
        .outerjoin(payment_list_approved, payment_list_approved.c.list == listed.list)
        .outerjoin(offered, offered.c.number == payment_list_approved.c.block_number)
    )
    for table, at in (
        (delivery_handed_over, handed),
        (delivery_confirmed, confirmed),
        (entitlement_refused, refused),
        (entitlement_expired, expired),
    ):
        joined = joined.outerjoin(table, table.c.entitlement == listed.entitlement)
        joined = joined.outerjoin(at, at.c.number == table.c.block_number)
    return select(
        listed.entitlement,
        listed.list,
        proposed.fund,
        fund_opened.c.organisation,
        proposed.programme,
        listed.household,
        listed.amount_minor,
        fund_opened.c.unit,
        proposed.expires_at_unix_s,
        *(at.c.timestamp_unix_s for at in (offered, handed, confirmed, refused)),
        entitlement_refused.c.reason,
        expired.c.timestamp_unix_s,
    ).select_from(joined)


_IN_ORDER = (entitlement_listed.c.block_number, entitlement_listed.c.log_index)
_ALL = _entitlements()
_ONE = _ALL.where(entitlement_listed.c.entitlement == bindparam("id", type_=LargeBinary))
_OF_LIST = _ALL.where(entitlement_listed.c.list == bindparam("id", type_=LargeBinary)).order_by(*_IN_ORDER)
_OF_HOUSEHOLD = _ALL.where(entitlement_listed.c.household == bindparam("id", type_=LargeBinary)).order_by(
    *_IN_ORDER
)
_UNCONFIRMED = (
    _ALL.where(
        fund_opened.c.organisation == bindparam("id", type_=LargeBinary),
        delivery_handed_over.c.entitlement.is_not(None),
        delivery_confirmed.c.entitlement.is_(None),
    )
    .order_by(delivery_handed_over.c.block_number, delivery_handed_over.c.log_index)
    .limit(bindparam("most", type_=BigInteger))
    .offset(bindparam("skipped", type_=BigInteger))
)
_LIST_KNOWN = select(payment_list_proposed.c.list).where(
    payment_list_proposed.c.list == bindparam("id", type_=LargeBinary)
)


def entitlement(conn: Connection, id: EntitlementId) -> Entitlement:
    """One entitlement; raises UnknownRecord."""
    row = conn.execute(_ONE, {"id": id}).one_or_none()
    if row is None:
        raise UnknownRecord("entitlement", id)
    return Entitlement(*row)


def list_entitlements(conn: Connection, plist: PaymentListId) -> Entitlements:
    """A payment list's entitlements in the order of its content hash; raises UnknownRecord."""
    if conn.execute(_LIST_KNOWN, {"id": plist}).first() is None:
        raise UnknownRecord("payment list", plist)
    return Entitlements(as_of(conn), tuple(_rows(conn, _OF_LIST, {"id": plist})))


def unconfirmed_deliveries(
    conn: Connection, organisation: OrganisationId, limit: int = 1_000, skip: int = 0
) -> Entitlements:
    """Deliveries that the organisation says it handed over and no family confirmed (A02), the oldest
    first."""
    limits = {"id": organisation, "most": limit, "skipped": skip}
    return Entitlements(as_of(conn), tuple(_rows(conn, _UNCONFIRMED, limits)))


def household_statement(conn: Connection, household: Address) -> Entitlements:
    """Everything offered, handed over or confirmed to one account by anybody, in the order it was listed.

    Lists never approved are left out: what was not offered was not given.
    """
    items = (
        item for item in _rows(conn, _OF_HOUSEHOLD, {"id": household}) if item.offered_at_unix_s is not None
    )
    return Entitlements(as_of(conn), tuple(items))


def _rows(conn: Connection, query: Select[Any], parameters: dict[str, Any]) -> Iterator[Entitlement]:
    return (Entitlement(*row) for row in conn.execute(query, parameters))
