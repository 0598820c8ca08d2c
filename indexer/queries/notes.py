"""Deliveries as those who gave may know them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, Select, bindparam, func, select

from contracts.bindings.ids import EntitlementId, OrganisationId, PaymentListId, ProgrammeId
from indexer.queries.deliveries import AFTER_HAND_OVER, DELIVERY_STATE, EntitlementState
from indexer.schema import (
    block,
    delivery_confirmed,
    delivery_disputed,
    delivery_handed_over,
    dispute_dismissed,
    dispute_upheld,
    entitlement_listed,
    fund_opened,
    payment_list_proposed,
)


@dataclass(frozen=True, slots=True)
class DeliveryNote:
    """A delivery without its household: who gave may know of what and when, not of whom (DESIGN section 7).
    `organisation` paid for it."""

    entitlement: EntitlementId
    list: PaymentListId
    programme: ProgrammeId
    handed_over_at_unix_s: int
    confirmed_at_unix_s: int | None
    organisation: OrganisationId
    state: EntitlementState


IDS: BindParameter[Any] = bindparam("ids", expanding=True)
"""For `by_ids`."""
_IDS_AT_ONCE = (1, 4, 16, 64, 256, 1_000)
"""A query asks for so many: with few different texts, a database plans each once and keeps the plan."""

_confirmed_in = block.alias("confirmed_in")
_changed_in = block.alias("changed_in")


def _deliveries() -> Select[Any]:
    rows: Any = (
        delivery_handed_over.join(block, block.c.number == delivery_handed_over.c.block_number)
        .join(entitlement_listed, entitlement_listed.c.entitlement == delivery_handed_over.c.entitlement)
        .join(payment_list_proposed, payment_list_proposed.c.list == entitlement_listed.c.list)
        .join(fund_opened, fund_opened.c.fund == delivery_handed_over.c.fund)
    )
    for table in AFTER_HAND_OVER:
        rows = rows.outerjoin(table, table.c.entitlement == delivery_handed_over.c.entitlement)
    changed = func.coalesce(
        dispute_upheld.c.block_number,
        dispute_dismissed.c.block_number,
        delivery_disputed.c.block_number,
        delivery_confirmed.c.block_number,
        delivery_handed_over.c.block_number,
    )
    rows = rows.outerjoin(_confirmed_in, _confirmed_in.c.number == delivery_confirmed.c.block_number)
    rows = rows.join(_changed_in, _changed_in.c.number == changed)
    return (
        select(
            delivery_handed_over.c.entitlement,
            entitlement_listed.c.list,
            payment_list_proposed.c.programme,
            block.c.timestamp_unix_s,
            _confirmed_in.c.timestamp_unix_s,
            fund_opened.c.organisation,
            DELIVERY_STATE,
            _changed_in.c.timestamp_unix_s,
        )
        .select_from(rows)
        .where(delivery_handed_over.c.entitlement.in_(IDS))
    )


_DELIVERIES = _deliveries()


def deliveries(conn: Connection, ids: Sequence[EntitlementId]) -> dict[EntitlementId, DeliveryNote]:
    """Deliveries by their entitlements; those not handed over are left out."""
    return {EntitlementId(id): note for id, (note, _) in notes_with_times(conn, ids).items()}


def notes_with_times(conn: Connection, ids: Sequence[bytes]) -> dict[bytes, tuple[DeliveryNote, int]]:
    """Deliveries by their entitlements, with when each came into its state."""
    notes: dict[bytes, tuple[DeliveryNote, int]] = {}
    for row in by_ids(conn, _DELIVERIES, ids):
        note = DeliveryNote(*(*row[:-2], EntitlementState(row[-2])))
        notes[bytes(note.entitlement)] = note, row[-1]
    return notes


def by_ids(conn: Connection, query: Select[Any], ids: Sequence[bytes]) -> Iterator[Any]:
    """The rows of a query that asks for column `in_(IDS)`."""
    for at in range(0, len(ids), _IDS_AT_ONCE[-1]):
        some = list(ids[at : at + _IDS_AT_ONCE[-1]])
        size = next(size for size in _IDS_AT_ONCE if size >= len(some))
        yield from conn.execute(query, {"ids": some + some[-1:] * (size - len(some))})
