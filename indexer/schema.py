"""The mirror's tables: one for each event, `block` for the chain that was followed, and `cursor` for how far.

Event tables are built from the generated bindings: the columns are the typed event's, then where it stands on
chain. Nothing is ever updated but the cursor, so undoing a block is deleting its rows, and derived figures,
which are queries over these rows, cannot disagree with the events.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.types import TypeEngine

from contracts import abi
from contracts.bindings import (
    case_log,
    debt_relief,
    delivery_ledger,
    field_acceptance,
    fund_ledger,
    household_registry,
    licence_registry,
    programme_registry,
    rulebook,
    service_orders,
    time_bank,
)

EVENTS: tuple[abi.Event, ...] = (
    *licence_registry.EVENTS,
    *household_registry.EVENTS,
    *rulebook.EVENTS,
    *programme_registry.EVENTS,
    *fund_ledger.EVENTS,
    *delivery_ledger.EVENTS,
    *field_acceptance.EVENTS,
    *service_orders.EVENTS,
    *debt_relief.EVENTS,
    *time_bank.EVENTS,
    *case_log.EVENTS,
)
CONTRACTS: tuple[str, ...] = tuple(dict.fromkeys(event.contract for event in EVENTS))
"""The contracts that are followed: all but the tokens, which are views of these."""

metadata = MetaData()

INT63_END = 1 << 63
INT64 = 1 << 64


class Unsigned64(TypeDecorator[int]):
    """Any `uint64`: a licence "for ever" may end at 2^64-1, which no SQL integer holds.

    Kept in two's complement, so nothing is lost; compare and add such columns in Python, not in SQL.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        return value if value is None else signed64(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> int | None:
        return value if value is None or value >= 0 else value + INT64


_BOUNDED = frozenset(
    {
        "start",
        "starts_at",
        "continues_at",
        "continues_from",
        "amount_minor",
        "total_minor",
        "freed_minor",
        "value_minor",
        "amount_minutes",
        "service_minutes",
        "amount",
        "value",
        "reserve",
        "version",
    }
)
"""Numbers that the contracts keep below 2^63, so that SQL may compare and add them."""


def signed64(value: int) -> int:
    """A `uint64` in two's complement."""
    return value if value < INT63_END else value - INT64


def table_name(event_name: str) -> str:
    """`DonationRecorded` -> `donation_recorded`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", event_name).lower()


def _column(column: abi.Column) -> Column[Any]:
    kinds: dict[str, TypeEngine[Any]] = {
        "bytes32": LargeBinary(32),
        "address": LargeBinary(20),
        "code": Text(),
        "int": BigInteger() if column.name in _BOUNDED else Unsigned64(),
    }
    return Column(column.name, kinds[column.kind], nullable=False)


def _event_table(event: abi.Event) -> Table:
    return Table(
        table_name(event.name),
        metadata,
        *map(_column, event.columns),
        Column("block_number", BigInteger, nullable=False),
        Column("block_hash", LargeBinary(32), nullable=False),
        Column("log_index", Integer, nullable=False),
        PrimaryKeyConstraint("block_hash", "log_index"),
    )


EVENT_TABLES: dict[str, Table] = {table_name(event.name): _event_table(event) for event in EVENTS}

block = Table(
    "block",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
    Column("parent_hash", LargeBinary(32), nullable=False),
    Column("timestamp_unix_s", Unsigned64, nullable=False),
)

cursor = Table(
    "cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("block_number", BigInteger, nullable=False),
    Column("block_hash", LargeBinary(32), nullable=False),
    Column("chain_id", BigInteger, nullable=False),
    Column("genesis_hash", LargeBinary(32), nullable=False),
    *(Column(table_name(name), LargeBinary(20), nullable=False) for name in CONTRACTS),
    Column("schema_digest", LargeBinary(32), nullable=False),
)

act_proposed = EVENT_TABLES["act_proposed"]
act_carried_out = EVENT_TABLES["act_carried_out"]
licence_granted = EVENT_TABLES["licence_granted"]
licence_revoked = EVENT_TABLES["licence_revoked"]
operator_appointed = EVENT_TABLES["operator_appointed"]
household_opened = EVENT_TABLES["household_opened"]
household_key_replaced = EVENT_TABLES["household_key_replaced"]
rule_published = EVENT_TABLES["rule_published"]
programme_opened = EVENT_TABLES["programme_opened"]
programme_head_allowed = EVENT_TABLES["programme_head_allowed"]
programme_planned = EVENT_TABLES["programme_planned"]
implementer_admitted = EVENT_TABLES["implementer_admitted"]
fund_opened = EVENT_TABLES["fund_opened"]
donation_recorded = EVENT_TABLES["donation_recorded"]
donation_claimed = EVENT_TABLES["donation_claimed"]
donation_refunded = EVENT_TABLES["donation_refunded"]
donation_reassigned = EVENT_TABLES["donation_reassigned"]
fee_taken = EVENT_TABLES["fee_taken"]
transfer_proposed = EVENT_TABLES["transfer_proposed"]
transfer_checked = EVENT_TABLES["transfer_checked"]
transfer_sent = EVENT_TABLES["transfer_sent"]
transfer_received = EVENT_TABLES["transfer_received"]
transfer_came_back = EVENT_TABLES["transfer_came_back"]
transfer_withdrawn = EVENT_TABLES["transfer_withdrawn"]
payment_list_proposed = EVENT_TABLES["payment_list_proposed"]
payment_list_checked = EVENT_TABLES["payment_list_checked"]
payment_list_approved = EVENT_TABLES["payment_list_approved"]
payment_list_cancelled = EVENT_TABLES["payment_list_cancelled"]
payment_list_expired = EVENT_TABLES["payment_list_expired"]
entitlement_listed = EVENT_TABLES["entitlement_listed"]
entitlement_cleared = EVENT_TABLES["entitlement_cleared"]
entitlement_refused = EVENT_TABLES["entitlement_refused"]
delivery_handed_over = EVENT_TABLES["delivery_handed_over"]
delivery_confirmed = EVENT_TABLES["delivery_confirmed"]
delivery_disputed = EVENT_TABLES["delivery_disputed"]
dispute_upheld = EVENT_TABLES["dispute_upheld"]
dispute_dismissed = EVENT_TABLES["dispute_dismissed"]
delivery_returned = EVENT_TABLES["delivery_returned"]
card_field_revealed = EVENT_TABLES["card_field_revealed"]
delivery_witnessed = EVENT_TABLES["delivery_witnessed"]
service_ordered = EVENT_TABLES["service_ordered"]
order_share_linked = EVENT_TABLES["order_share_linked"]
service_order_closed = EVENT_TABLES["service_order_closed"]
service_order_withdrawn = EVENT_TABLES["service_order_withdrawn"]
debt_forgiven = EVENT_TABLES["debt_forgiven"]
service_confirmed = EVENT_TABLES["service_confirmed"]
reserve_chosen = EVENT_TABLES["reserve_chosen"]
minutes_given = EVENT_TABLES["minutes_given"]
minutes_redeemed = EVENT_TABLES["minutes_redeemed"]
minutes_delivered = EVENT_TABLES["minutes_delivered"]
minutes_taken_back = EVENT_TABLES["minutes_taken_back"]
heir_named = EVENT_TABLES["heir_named"]
transfer = EVENT_TABLES["transfer"]
case_opened = EVENT_TABLES["case_opened"]
household_card_replaced = EVENT_TABLES["household_card_replaced"]
household_closed = EVENT_TABLES["household_closed"]
household_reopened = EVENT_TABLES["household_reopened"]
bequest_opened = EVENT_TABLES["bequest_opened"]
bequest_passed = EVENT_TABLES["bequest_passed"]
implementer_dismissed = EVENT_TABLES["implementer_dismissed"]
place_quota_set = EVENT_TABLES["place_quota_set"]
case_referred = EVENT_TABLES["case_referred"]
case_taken_over = EVENT_TABLES["case_taken_over"]
case_act_registered = EVENT_TABLES["case_act_registered"]
case_answered = EVENT_TABLES["case_answered"]
case_closed = EVENT_TABLES["case_closed"]
case_reopened = EVENT_TABLES["case_reopened"]
licence_suspended = EVENT_TABLES["licence_suspended"]
licence_resumed = EVENT_TABLES["licence_resumed"]
organisation_graded = EVENT_TABLES["organisation_graded"]
second_checker_threshold_set = EVENT_TABLES["second_checker_threshold_set"]
issuing_ceiling_set = EVENT_TABLES["issuing_ceiling_set"]

# An id is recorded once. Two rows under one id would be a broken contract or a lying node, so the mirror
# refuses them.
_UNIQUE: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (household_opened, ("account",)),
    (rule_published, ("rule", "version")),
    (programme_opened, ("programme",)),
    (programme_head_allowed, ("programme", "head")),
    (fund_opened, ("fund",)),
    (donation_recorded, ("donation",)),
    (donation_claimed, ("donation",)),
    (donation_refunded, ("refund",)),
    (donation_reassigned, ("reassignment",)),
    (fee_taken, ("fee",)),
    (transfer_proposed, ("transfer",)),
    (transfer_checked, ("transfer",)),
    (transfer_sent, ("transfer",)),
    (transfer_received, ("transfer",)),
    (transfer_came_back, ("transfer",)),
    (transfer_withdrawn, ("transfer",)),
    (payment_list_proposed, ("list",)),
    (payment_list_checked, ("list",)),
    (payment_list_approved, ("list",)),
    (payment_list_cancelled, ("list",)),
    (payment_list_expired, ("list",)),
    (entitlement_listed, ("entitlement",)),
    (entitlement_cleared, ("entitlement",)),
    (entitlement_refused, ("entitlement",)),
    (delivery_handed_over, ("entitlement",)),
    (delivery_confirmed, ("entitlement",)),
    (delivery_disputed, ("entitlement",)),
    (dispute_upheld, ("entitlement",)),
    (dispute_dismissed, ("entitlement",)),
    (delivery_returned, ("return_id",)),
    (service_ordered, ("order",)),
    (service_order_closed, ("order",)),
    (service_order_withdrawn, ("order",)),
    (debt_forgiven, ("debt",)),
    (service_confirmed, ("service",)),
    (reserve_chosen, ("service",)),
    (minutes_given, ("donation",)),
    (minutes_redeemed, ("redemption",)),
    (heir_named, ("naming",)),
    (case_opened, ("case_id",)),
)

# Each is there for a query that would otherwise read a whole table; `amount_minor` behind a key lets sums be
# answered from the index alone.
_INDEXED: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (licence_granted, ("organisation",)),
    (licence_revoked, ("organisation",)),
    (operator_appointed, ("organisation", "operator")),
    (household_key_replaced, ("account",)),
    (programme_opened, ("organisation",)),
    (fund_opened, ("organisation",)),
    (donation_recorded, ("fund", "start", "amount_minor")),
    (donation_recorded, ("donor",)),
    (donation_claimed, ("wallet",)),
    (donation_refunded, ("fund", "start", "amount_minor")),
    (donation_refunded, ("fund", "continues_at")),
    (donation_refunded, ("donation",)),
    (donation_reassigned, ("from_", "start", "amount_minor")),
    (donation_reassigned, ("from_", "continues_at")),
    (donation_reassigned, ("to", "starts_at", "amount_minor")),
    (donation_reassigned, ("donation",)),
    (fee_taken, ("fund", "start", "amount_minor")),
    (transfer_sent, ("from_", "start", "amount_minor")),
    (transfer_received, ("to", "start", "amount_minor")),
    (transfer_came_back, ("from_", "start", "amount_minor")),
    (payment_list_proposed, ("fund",)),
    (payment_list_proposed, ("programme",)),
    (payment_list_approved, ("fund", "total_minor")),
    (payment_list_cancelled, ("fund", "freed_minor")),
    (payment_list_expired, ("fund", "freed_minor")),
    (entitlement_listed, ("list",)),
    (entitlement_listed, ("household",)),
    (entitlement_refused, ("fund", "amount_minor")),
    (delivery_handed_over, ("fund", "start", "amount_minor")),
    (delivery_returned, ("fund", "start", "amount_minor")),
    (delivery_returned, ("fund", "continues_from")),
    (delivery_returned, ("entitlement", "amount_minor")),
    (card_field_revealed, ("entitlement",)),
    (delivery_witnessed, ("entitlement",)),
    (order_share_linked, ("order", "share")),
    (order_share_linked, ("entitlement",)),
    (debt_forgiven, ("organisation",)),
    (service_confirmed, ("volunteer",)),
    (reserve_chosen, ("volunteer",)),
    (minutes_given, ("volunteer",)),
    (minutes_redeemed, ("volunteer",)),
    (household_card_replaced, ("account",)),
    (household_closed, ("account",)),
    (household_reopened, ("account",)),
    (bequest_opened, ("volunteer",)),
    (bequest_passed, ("volunteer",)),
    (programme_planned, ("programme",)),
    (implementer_admitted, ("programme",)),
    (implementer_dismissed, ("programme",)),
    (place_quota_set, ("programme",)),
    (case_referred, ("case_id",)),
    (case_taken_over, ("case_id",)),
    (case_act_registered, ("case_id",)),
    (case_answered, ("case_id",)),
    (case_closed, ("case_id",)),
    (case_reopened, ("case_id",)),
    (licence_suspended, ("organisation",)),
    (licence_resumed, ("organisation",)),
    (organisation_graded, ("organisation",)),
    (second_checker_threshold_set, ("organisation",)),
    (issuing_ceiling_set, ("organisation",)),
    (transfer, ("from_",)),
    (transfer, ("to",)),
)


def _declare_indexes() -> None:
    for unique, declared in ((True, _UNIQUE), (False, _INDEXED)):
        for table, names in declared:
            label = "_".join((table.name, "by", *names))
            Index(label, *(table.c[name] for name in names), unique=unique)


_declare_indexes()


def schema_digest() -> bytes:
    """Tells a mirror made for these very tables from one made for others: 32 bytes."""
    lines: list[str] = []
    for table in metadata.sorted_tables:
        lines.append(str(CreateTable(table).compile(dialect=sqlite_dialect())))
        lines += sorted(str(CreateIndex(index).compile(dialect=sqlite_dialect())) for index in table.indexes)
    topics = (f"{event.contract} {event.name} {event.topic}" for event in EVENTS)
    return hashlib.sha256("\n".join((*lines, *topics)).encode()).digest()
