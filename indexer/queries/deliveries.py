"""Entitlements and deliveries: what a list promises, what waits for a family's word (A02), a household's
statement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    LargeBinary,
    Select,
    bindparam,
    case,
    func,
    select,
    tuple_,
)

from contracts.abi import Address
from contracts.bindings.delivery_ledger import AcceptanceMethod
from contracts.bindings.ids import EntitlementId, FundId, OrganisationId, PaymentListId, ProgrammeId
from indexer.errors import UnknownRecord
from indexer.queries.blocks import BlockRef, as_of
from indexer.queries.sums import total
from indexer.schema import (
    block,
    delivery_confirmed,
    delivery_disputed,
    delivery_handed_over,
    delivery_returned,
    dispute_dismissed,
    dispute_upheld,
    entitlement_listed,
    entitlement_refused,
    fund_opened,
    payment_list_approved,
    payment_list_cancelled,
    payment_list_proposed,
)


class EntitlementState(StrEnum):
    """Where a promised amount stands. `listed`: its list is not approved yet, so nothing is promised.

    `upheld`: the body above found for the household, and all units came back. `dismissed`: it found against the
    objection, so the aid counts as delivered. `returned`: all of it came back before anybody confirmed it, so
    nothing reached the household.
    """

    LISTED = "listed"
    OFFERED = "offered"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    HANDED_OVER = "handed_over"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Entitlement:
    """So much of a fund promised to one household. Times are unix seconds of the block; None: it did not
    happen.

    `organisation` pays, `provider` hands over. `returned_minor` is what came back after the hand-over.
    `expired_at_unix_s` is the end of its list, once that has passed at the mirror's latest block and the amount
    was not handed over, refused or cancelled: nobody needs to act for it to expire, but its units stay reserved
    until somebody does (`expireList`).
    """

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
    provider: OrganisationId
    place: str
    season: str
    cancelled_at_unix_s: int | None
    method: AcceptanceMethod | None
    disputed_at_unix_s: int | None
    dispute_reason: str | None
    upheld_at_unix_s: int | None
    dismissed_at_unix_s: int | None
    returned_minor: int

    @property
    def state(self) -> EntitlementState:
        """The last thing that happened; the contract lets only one chain of them happen."""
        for time, state in (
            (self.upheld_at_unix_s, EntitlementState.UPHELD),
            (self.dismissed_at_unix_s, EntitlementState.DISMISSED),
            (self.disputed_at_unix_s, EntitlementState.DISPUTED),
            (self.confirmed_at_unix_s, EntitlementState.CONFIRMED),
            (self.handed_over_at_unix_s, EntitlementState.HANDED_OVER),
            (self.refused_at_unix_s, EntitlementState.REFUSED),
            (self.cancelled_at_unix_s, EntitlementState.CANCELLED),
            (self.expired_at_unix_s, EntitlementState.EXPIRED),
            (self.offered_at_unix_s, EntitlementState.OFFERED),
        ):
            if time is not None:
                if state is EntitlementState.HANDED_OVER and self.returned_minor == self.amount_minor:
                    return EntitlementState.RETURNED
                return state
        return EntitlementState.LISTED


@dataclass(frozen=True, slots=True)
class Entitlements:
    """Entitlements of one list, one household, or waiting for confirmation."""

    as_of: BlockRef
    items: tuple[Entitlement, ...]


AFTER_HAND_OVER = (delivery_confirmed, delivery_disputed, dispute_upheld, dispute_dismissed)
"""What may follow a hand-over, each at most once: join them from the outside for DELIVERY_STATE."""

DELIVERY_STATE = case(
    (dispute_upheld.c.entitlement.is_not(None), EntitlementState.UPHELD.value),
    (dispute_dismissed.c.entitlement.is_not(None), EntitlementState.DISMISSED.value),
    (delivery_disputed.c.entitlement.is_not(None), EntitlementState.DISPUTED.value),
    (delivery_confirmed.c.entitlement.is_not(None), EntitlementState.CONFIRMED.value),
    else_=EntitlementState.HANDED_OVER.value,
).label("state")
"""The state of something handed over, as SQL."""

_RETURNED = func.coalesce(
    select(total(delivery_returned.c.amount_minor))
    .where(delivery_returned.c.entitlement == entitlement_listed.c.entitlement)
    .scalar_subquery(),
    0,
)


def _entitlements() -> Select[Any]:
    """Columns by the names of the fields."""
    listed, proposed = entitlement_listed.c, payment_list_proposed.c
    joined: Any = entitlement_listed.join(payment_list_proposed, proposed.list == listed.list).join(
        fund_opened, fund_opened.c.fund == proposed.fund
    )
    times = []
    for name, table, key in (
        ("offered", payment_list_approved, "list"),
        ("cancelled", payment_list_cancelled, "list"),
        ("refused", entitlement_refused, "entitlement"),
        ("handed_over", delivery_handed_over, "entitlement"),
        ("confirmed", delivery_confirmed, "entitlement"),
        ("disputed", delivery_disputed, "entitlement"),
        ("upheld", dispute_upheld, "entitlement"),
        ("dismissed", dispute_dismissed, "entitlement"),
    ):
        at = block.alias(f"{name}_in")
        joined = joined.outerjoin(table, table.c[key] == listed[key])
        joined = joined.outerjoin(at, at.c.number == table.c.block_number)
        times.append(at.c.timestamp_unix_s.label(f"{name}_at_unix_s"))
    return select(
        listed.entitlement.label("id"),
        listed.list,
        proposed.fund,
        fund_opened.c.organisation,
        proposed.programme,
        listed.household,
        listed.amount_minor,
        fund_opened.c.unit,
        proposed.expires_at_unix_s,
        proposed.provider,
        proposed.place,
        proposed.season,
        *times,
        entitlement_refused.c.reason.label("refusal_reason"),
        delivery_confirmed.c.method,
        delivery_disputed.c.reason.label("dispute_reason"),
        _RETURNED.label("returned_minor"),
    ).select_from(joined)


_IN_ORDER = (entitlement_listed.c.block_number, entitlement_listed.c.log_index)
_ALL = _entitlements()
_ONE = _ALL.where(entitlement_listed.c.entitlement == bindparam("id", type_=LargeBinary))
_OF_LIST = _ALL.where(entitlement_listed.c.list == bindparam("id", type_=LargeBinary)).order_by(*_IN_ORDER)
_OF_HOUSEHOLD = _ALL.where(entitlement_listed.c.household == bindparam("id", type_=LargeBinary)).order_by(
    *_IN_ORDER
)
_SOME = _ALL.where(entitlement_listed.c.entitlement.in_(bindparam("ids", expanding=True)))

_PLACE = tuple_(*_IN_ORDER)
_OFFERED = (
    select(entitlement_listed.c.entitlement, *_IN_ORDER)
    .join(payment_list_approved, payment_list_approved.c.list == entitlement_listed.c.list)
    .where(
        entitlement_listed.c.household == bindparam("id", type_=LargeBinary),
        tuple_(bindparam("block", type_=BigInteger), bindparam("index", type_=BigInteger)) > _PLACE,
    )
    .order_by(*(column.desc() for column in _IN_ORDER))
    .limit(bindparam("most", type_=BigInteger))
)
_KEPT = delivery_handed_over.c.amount_minor - _RETURNED
_RECEIVED = (
    select(
        fund_opened.c.unit,
        entitlement_listed.c.block_number,
        entitlement_listed.c.log_index,
        _KEPT,
    )
    .select_from(
        entitlement_listed.join(
            delivery_handed_over, delivery_handed_over.c.entitlement == entitlement_listed.c.entitlement
        ).join(fund_opened, fund_opened.c.fund == delivery_handed_over.c.fund)
    )
    .where(entitlement_listed.c.household == bindparam("id", type_=LargeBinary), _KEPT > 0)
)
_UNCONFIRMED = (
    _ALL.where(
        fund_opened.c.organisation == bindparam("id", type_=LargeBinary),
        delivery_handed_over.c.entitlement.is_not(None),
        delivery_confirmed.c.entitlement.is_(None),
        delivery_disputed.c.entitlement.is_(None),
        entitlement_listed.c.amount_minor > _RETURNED,
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
    found = next(_rows(conn, _ONE, {"id": id}, as_of(conn)), None)
    if found is None:
        raise UnknownRecord("entitlement", id)
    return found


def list_entitlements(conn: Connection, plist: PaymentListId) -> Entitlements:
    """A payment list's entitlements in the order of its content hash; raises UnknownRecord."""
    if conn.execute(_LIST_KNOWN, {"id": plist}).first() is None:
        raise UnknownRecord("payment list", plist)
    now = as_of(conn)
    return Entitlements(now, tuple(_rows(conn, _OF_LIST, {"id": plist}, now)))


def unconfirmed_deliveries(
    conn: Connection, organisation: OrganisationId, limit: int = 1_000, skip: int = 0
) -> Entitlements:
    """Deliveries that the organisation says it handed over and no family confirmed or disputed (A02), the
    oldest first; those that came back whole are left out."""
    limits = {"id": organisation, "most": limit, "skipped": skip}
    now = as_of(conn)
    return Entitlements(now, tuple(_rows(conn, _UNCONFIRMED, limits, now)))


def household_statement(conn: Connection, household: Address) -> Entitlements:
    """Everything offered, handed over or confirmed to one account by anybody, in the order it was listed.

    Lists never approved are left out: what was not offered was not given.
    """
    now = as_of(conn)
    items = _rows(conn, _OF_HOUSEHOLD, {"id": household}, now)
    return Entitlements(now, tuple(item for item in items if item.offered_at_unix_s is not None))


def household_page(
    conn: Connection, household: Address, before: tuple[int, int], most: int
) -> tuple[list[Entitlement], tuple[int, int] | None]:
    """The last `most` that were offered to one account and listed before a moment (block number, log index), the
    newest first; with the moment before which the next page begins, None when there is none."""
    where = {"id": household, "block": before[0], "index": before[1], "most": most + 1}
    keys = conn.execute(_OFFERED, where).all()
    if not keys:
        return [], None
    now = as_of(conn)
    page = [row[0] for row in keys[:most]]
    found = {item.id: item for item in _rows(conn, _SOME, {"ids": page}, now)}
    last = (keys[most - 1][1], keys[most - 1][2]) if len(keys) > most else None
    return [found[id] for id in page], last


def household_received(
    conn: Connection, household: Address, before: tuple[int, int]
) -> dict[str, tuple[int, int]]:
    """By unit, how many deliveries one account received and kept, at least in part, and the minor units of these;
    of what was listed before a moment. Reads one row for each of the household's own deliveries."""
    totals: dict[str, tuple[int, int]] = {}
    for unit, number, index, kept in conn.execute(_RECEIVED, {"id": household}):
        if (number, index) < before:
            count, amount = totals.get(unit, (0, 0))
            totals[unit] = count + 1, amount + int(kept)
    return totals


def _rows(
    conn: Connection, query: Select[Any], parameters: dict[str, Any], now: BlockRef
) -> Iterator[Entitlement]:
    """What is still offered when its list ends is cancelled with it, or expires with it at the mirror's time."""
    for row in conn.execute(query, parameters).mappings():
        values = dict(row)
        method, cancelled_at = values.pop("method"), values.pop("cancelled_at_unix_s")
        expires_at = values["expires_at_unix_s"]
        answered = values["handed_over_at_unix_s"] is not None or values["refused_at_unix_s"] is not None
        expired = not answered and cancelled_at is None and expires_at <= now.timestamp_unix_s
        yield Entitlement(
            **values,
            method=None if method is None else AcceptanceMethod(method),
            cancelled_at_unix_s=None if answered else cancelled_at,
            expired_at_unix_s=expires_at if expired else None,
        )
