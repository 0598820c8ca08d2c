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
    CLAIM = "donation_claimed"
    FEE = "fee_taken"
    REFUND = "donation_refunded"
    REASSIGNMENT = "donation_reassigned"
    TRANSFER_PROPOSED = "transfer_proposed"
    TRANSFER_CHECKED = "transfer_checked"
    TRANSFER_SENT = "transfer_sent"
    TRANSFER_RECEIVED = "transfer_received"
    TRANSFER_CAME_BACK = "transfer_came_back"
    TRANSFER_WITHDRAWN = "transfer_withdrawn"
    LIST_PROPOSED = "payment_list_proposed"
    LIST_CHECKED = "payment_list_checked"
    LIST_APPROVED = "payment_list_approved"
    LIST_CANCELLED = "payment_list_cancelled"
    LIST_EXPIRED = "payment_list_expired"
    ENTITLEMENT_LISTED = "entitlement_listed"
    HANDED_OVER = "delivery_handed_over"
    CONFIRMED = "delivery_confirmed"
    REFUSED = "entitlement_refused"
    DISPUTE = "delivery_disputed"
    DISPUTE_UPHELD = "dispute_upheld"
    DISPUTE_DISMISSED = "dispute_dismissed"
    RETURN = "delivery_returned"
    HOUSEHOLD_OPENED = "household_opened"
    KEY_REPLACED = "household_key_replaced"
    CARD_REPLACED = "household_card_replaced"
    HOUSEHOLD_CLOSED = "household_closed"
    HOUSEHOLD_REOPENED = "household_reopened"
    SERVICE = "service_confirmed"
    CHOICE = "reserve_chosen"
    REDEMPTION = "minutes_redeemed"
    MINUTES_GIFT = "minutes_given"
    HEIR = "heir_named"
    BEQUEST_OPENED = "bequest_opened"
    BEQUEST_PASSED = "bequest_passed"
    FUND = "fund_opened"
    PROGRAMME = "programme_opened"
    PLAN = "programme_planned"
    IMPLEMENTER = "implementer_admitted"
    IMPLEMENTER_DISMISSED = "implementer_dismissed"
    QUOTA = "place_quota_set"
    RULE = "rule_published"
    ORDER = "service_ordered"
    ORDER_SHARE = "order_share_linked"
    ORDER_CLOSED = "service_order_closed"
    ORDER_WITHDRAWN = "service_order_withdrawn"
    DEBT = "debt_forgiven"
    CASE = "case_opened"
    CASE_REFERRED = "case_referred"
    CASE_TAKEN_OVER = "case_taken_over"
    CASE_ACT = "case_act_registered"
    CASE_ANSWERED = "case_answered"
    CASE_CLOSED = "case_closed"
    CASE_REOPENED = "case_reopened"
    LICENCE = "licence_granted"
    LICENCE_REVOKED = "licence_revoked"
    LICENCE_SUSPENDED = "licence_suspended"
    LICENCE_RESUMED = "licence_resumed"
    GRADE = "organisation_graded"
    CHECKER_THRESHOLD = "second_checker_threshold_set"
    ISSUING_CEILING = "issuing_ceiling_set"
    OPERATOR = "operator_appointed"


KEYS: Mapping[RecordKind, tuple[str, ...]] = {
    RecordKind.DONATION: ("donation",),
    RecordKind.CLAIM: ("donation",),
    RecordKind.FEE: ("fee",),
    RecordKind.REFUND: ("refund",),
    RecordKind.REASSIGNMENT: ("reassignment",),
    RecordKind.TRANSFER_PROPOSED: ("transfer",),
    RecordKind.TRANSFER_CHECKED: ("transfer",),
    RecordKind.TRANSFER_SENT: ("transfer",),
    RecordKind.TRANSFER_RECEIVED: ("transfer",),
    RecordKind.TRANSFER_CAME_BACK: ("transfer",),
    RecordKind.TRANSFER_WITHDRAWN: ("transfer",),
    RecordKind.LIST_PROPOSED: ("list",),
    RecordKind.LIST_CHECKED: ("list",),
    RecordKind.LIST_APPROVED: ("list",),
    RecordKind.LIST_CANCELLED: ("list",),
    RecordKind.LIST_EXPIRED: ("list",),
    RecordKind.ENTITLEMENT_LISTED: ("entitlement",),
    RecordKind.HANDED_OVER: ("entitlement",),
    RecordKind.CONFIRMED: ("entitlement",),
    RecordKind.REFUSED: ("entitlement",),
    RecordKind.DISPUTE: ("entitlement",),
    RecordKind.DISPUTE_UPHELD: ("entitlement",),
    RecordKind.DISPUTE_DISMISSED: ("entitlement",),
    RecordKind.RETURN: ("return_id",),
    RecordKind.HOUSEHOLD_OPENED: ("account",),
    RecordKind.KEY_REPLACED: ("account", "key"),
    RecordKind.CARD_REPLACED: ("account", "card_root"),
    RecordKind.HOUSEHOLD_CLOSED: ("account", "closed_by"),
    RecordKind.HOUSEHOLD_REOPENED: ("account", "reopened_by"),
    RecordKind.SERVICE: ("service",),
    RecordKind.CHOICE: ("service",),
    RecordKind.REDEMPTION: ("redemption",),
    RecordKind.MINUTES_GIFT: ("donation",),
    RecordKind.HEIR: ("naming",),
    RecordKind.BEQUEST_OPENED: ("volunteer", "organisation"),
    RecordKind.BEQUEST_PASSED: ("volunteer", "organisation"),
    RecordKind.FUND: ("fund",),
    RecordKind.PROGRAMME: ("programme",),
    RecordKind.PLAN: ("programme", "month", "planned_units"),
    RecordKind.IMPLEMENTER: ("programme", "organisation"),
    RecordKind.IMPLEMENTER_DISMISSED: ("programme", "organisation"),
    RecordKind.QUOTA: ("programme", "season", "place", "quota"),
    RecordKind.RULE: ("rule", "version"),
    RecordKind.ORDER: ("order",),
    RecordKind.ORDER_SHARE: ("order", "entitlement"),
    RecordKind.ORDER_CLOSED: ("order",),
    RecordKind.ORDER_WITHDRAWN: ("order",),
    RecordKind.DEBT: ("debt",),
    RecordKind.CASE: ("case_id",),
    RecordKind.CASE_REFERRED: ("case_id", "commitment"),
    RecordKind.CASE_TAKEN_OVER: ("case_id", "to_desk"),
    RecordKind.CASE_ACT: ("case_id", "record", "commitment"),
    RecordKind.CASE_ANSWERED: ("case_id", "commitment"),
    RecordKind.CASE_CLOSED: ("case_id", "desk", "reason"),
    RecordKind.CASE_REOPENED: ("case_id", "reopening", "commitment"),
    RecordKind.LICENCE: (
        "organisation",
        "administrator",
        "supervisor",
        "kind",
        "area",
        "roles",
        "from_unix_s",
        "until_unix_s",
    ),
    RecordKind.LICENCE_REVOKED: ("organisation", "reason"),
    RecordKind.LICENCE_SUSPENDED: ("organisation", "reason"),
    RecordKind.LICENCE_RESUMED: ("organisation",),
    RecordKind.GRADE: ("organisation", "grade"),
    RecordKind.CHECKER_THRESHOLD: ("organisation", "unit", "threshold_minor"),
    RecordKind.ISSUING_CEILING: ("organisation", "ceiling_minutes"),
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
