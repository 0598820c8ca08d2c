"""Which records the mirror holds: what closes the outbox rows that asked for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, select

from indexer.queries.blocks import BlockRef, as_of
from indexer.schema import EVENT_TABLES


class RecordKind(StrEnum):
    """What can be looked for, by the table of the event that records it."""

    DONATION = "donation_recorded"
    FEE = "fee_taken"
    REFUND = "donation_refunded"
    LIST_PROPOSED = "payment_list_proposed"
    LIST_APPROVED = "payment_list_approved"
    ENTITLEMENT_LISTED = "entitlement_listed"
    HANDED_OVER = "delivery_handed_over"
    CONFIRMED = "delivery_confirmed"
    REFUSED = "entitlement_refused"
    EXPIRED = "entitlement_expired"
    HOUSEHOLD_OPENED = "household_opened"
    KEY_REPLACED = "household_key_replaced"
    SERVICE = "service_confirmed"
    CHOICE = "reserve_chosen"
    REDEMPTION = "minutes_redeemed"
    MINUTES_GIFT = "minutes_given"
    FUND = "fund_opened"
    PROGRAMME = "programme_opened"
    LICENCE = "licence_granted"
    LICENCE_REVOKED = "licence_revoked"
    OPERATOR = "operator_appointed"


KEYS: Mapping[RecordKind, tuple[str, ...]] = {
    RecordKind.DONATION: ("donation",),
    RecordKind.FEE: ("fee",),
    RecordKind.REFUND: ("refund",),
    RecordKind.LIST_PROPOSED: ("list",),
    RecordKind.LIST_APPROVED: ("list",),
    RecordKind.ENTITLEMENT_LISTED: ("entitlement",),
    RecordKind.HANDED_OVER: ("entitlement",),
    RecordKind.CONFIRMED: ("entitlement",),
    RecordKind.REFUSED: ("entitlement",),
    RecordKind.EXPIRED: ("entitlement",),
    RecordKind.HOUSEHOLD_OPENED: ("account",),
    RecordKind.KEY_REPLACED: ("account", "key"),
    RecordKind.SERVICE: ("service",),
    RecordKind.CHOICE: ("service",),
    RecordKind.REDEMPTION: ("redemption",),
    RecordKind.MINUTES_GIFT: ("donation",),
    RecordKind.FUND: ("fund",),
    RecordKind.PROGRAMME: ("programme",),
    RecordKind.LICENCE: ("organisation", "administrator", "kind", "from_unix_s", "until_unix_s"),
    RecordKind.LICENCE_REVOKED: ("organisation", "reason"),
    RecordKind.OPERATOR: ("organisation", "operator", "roles", "until_unix_s"),
}
"""The columns that name a record. Acts without an id of their own may be done again, so all they say names
them."""


class RecordKey(NamedTuple):
    """One record: its kind and the values of KEYS[kind], e.g. `RecordKey(RecordKind.DONATION, (id,))`."""

    kind: RecordKind
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The keys that the mirror holds, each with the last block that recorded it."""

    as_of: BlockRef
    block_numbers: Mapping[RecordKey, int]


_AT_ONCE = 5_000
"""Well below SQLite's 32,766 parameters a statement."""


def find(conn: Connection, keys: Iterable[RecordKey]) -> Found:
    """Those of `keys` that the mirror holds; for thousands of them, one statement for each kind and 5,000
    keys."""
    wanted: dict[RecordKind, set[tuple[Any, ...]]] = {}
    for kind, values in keys:
        wanted.setdefault(kind, set()).add(tuple(values))
    numbers: dict[RecordKey, int] = {}
    for kind, named in wanted.items():
        firsts = list({values[0] for values in named})
        for at in range(0, len(firsts), _AT_ONCE):
            for key, number in _rows(conn, kind, firsts[at : at + _AT_ONCE]):
                if key in named:
                    found = RecordKey(kind, key)
                    numbers[found] = max(number, numbers.get(found, -1))
    return Found(as_of(conn), numbers)


def _rows(conn: Connection, kind: RecordKind, firsts: Sequence[Any]) -> Iterable[tuple[tuple[Any, ...], int]]:
    """Rows whose first key column is one of `firsts`; the others are compared by the caller, on few rows."""
    table: Table = EVENT_TABLES[kind]
    columns = [table.c[name] for name in KEYS[kind]]
    query = select(*columns, table.c.block_number).where(columns[0].in_(bindparam("firsts", expanding=True)))
    for row in conn.execute(query, {"firsts": firsts}):
        yield tuple(row[:-1]), row[-1]
