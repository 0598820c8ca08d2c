"""The mirror's tables: one for each event, `block` for the chain that was followed, and `cursor` for how far.

Event tables are built from the generated bindings: the columns are the typed event's, then where it stands on
chain. Nothing is ever updated but the cursor, so undoing a block is deleting its rows, and derived figures,
which are queries over these rows, cannot disagree with the events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
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
from indexer.blocks import Header
from indexer.events import EVENTS, table_name

if TYPE_CHECKING:
    from indexer.decode import Rows

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


def _column(column: abi.Column) -> Column[Any]:
    kinds: dict[str, TypeEngine[Any]] = {
        "bytes32": LargeBinary(32),
        "address": LargeBinary(20),
        "code": Text(),
        "int": BigInteger() if column.name in _BOUNDED else Unsigned64(),
    }
    return Column(column.name, kinds[column.kind], nullable=False)


def _event_table(event: abi.Event, metadata: MetaData) -> Table:
    return Table(
        table_name(event.name),
        metadata,
        *map(_column, event.columns),
        Column("block_number", BigInteger, nullable=False),
        Column("block_hash", LargeBinary(32), nullable=False),
        Column("log_index", Integer, nullable=False),
        PrimaryKeyConstraint("block_hash", "log_index"),
    )


def _block_table(metadata: MetaData) -> Table:
    return Table(
        "block",
        metadata,
        Column("number", BigInteger, primary_key=True, autoincrement=False),
        Column("hash", LargeBinary(32), nullable=False, unique=True),
        Column("parent_hash", LargeBinary(32), nullable=False),
        Column("timestamp_unix_s", Unsigned64, nullable=False),
    )


def _cursor_table(metadata: MetaData, contracts: Sequence[str]) -> Table:
    """One row: whose chain this is, the last block indexed, and the highest that is final by `finality`."""
    return Table(
        "cursor",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("block_number", BigInteger, nullable=False),
        Column("block_hash", LargeBinary(32), nullable=False),
        Column("final_number", BigInteger, nullable=False),
        Column("finality", Text, nullable=False),
        Column("chain_id", BigInteger, nullable=False),
        Column("genesis_hash", LargeBinary(32), nullable=False),
        *(Column(table_name(name), LargeBinary(20), nullable=False) for name in contracts),
        Column("schema_digest", LargeBinary(32), nullable=False),
    )


Keys = tuple[str, tuple[str, ...]]
"""An index: the table's name and the columns' names."""

Derive = Callable[[Connection, Sequence[Header], "Rows"], None]
"""Adds the derived rows of some blocks: in the transaction of their events, after these were written."""


@dataclass(frozen=True, eq=False)
class Schema:
    """Everything that one mirror holds."""

    events: tuple[abi.Event, ...]
    contracts: tuple[str, ...]
    """The contracts that are followed."""
    metadata: MetaData
    tables: Mapping[str, Table]
    """The events' tables by name."""
    block: Table
    cursor: Table
    derive: Derive | None = None

    @classmethod
    def make(
        cls,
        events: Sequence[abi.Event],
        unique: Sequence[Keys] = (),
        indexed: Sequence[Keys] = (),
        derive: Derive | None = None,
    ) -> Schema:
        """Tables for these events, with their indexes."""
        metadata = MetaData()
        contracts = tuple(dict.fromkeys(event.contract for event in events))
        tables = {table_name(event.name): _event_table(event, metadata) for event in events}
        for is_unique, declared in ((True, unique), (False, indexed)):
            for name, columns in declared:
                label = "_".join((name, "by", *columns))
                Index(label, *(tables[name].c[column] for column in columns), unique=is_unique)
        block, cursor = _block_table(metadata), _cursor_table(metadata, contracts)
        return cls(tuple(events), contracts, metadata, tables, block, cursor, derive)

    @property
    def derived(self) -> tuple[Table, ...]:
        """The tables that `derive` fills. Each has a `block_number` or a `block_hash`, by which it is undone."""
        own = {self.block.name, self.cursor.name, *self.tables}
        return tuple(table for table in self.metadata.sorted_tables if table.name not in own)

    def digest(self) -> bytes:
        """Tells a mirror made for these very tables and events from one made for others: 32 bytes."""
        lines: list[str] = []
        for table in self.metadata.sorted_tables:
            lines.append(str(CreateTable(table).compile(dialect=sqlite_dialect())))
            lines += sorted(
                str(CreateIndex(index).compile(dialect=sqlite_dialect())) for index in table.indexes
            )
        topics = (f"{event.contract} {event.name} {event.topic}" for event in self.events)
        return hashlib.sha256("\n".join((*lines, *topics)).encode()).digest()


# An id is recorded once. Two rows under one id would be a broken contract or a lying node, so the mirror
# refuses them.
_UNIQUE: tuple[Keys, ...] = (
    ("household_opened", ("account",)),
    ("rule_published", ("rule", "version")),
    ("programme_opened", ("programme",)),
    ("programme_head_allowed", ("programme", "head")),
    ("fund_opened", ("fund",)),
    ("donation_recorded", ("donation",)),
    ("donation_claimed", ("donation",)),
    ("donation_refunded", ("refund",)),
    ("donation_reassigned", ("reassignment",)),
    ("fee_taken", ("fee",)),
    ("transfer_proposed", ("transfer",)),
    ("transfer_checked", ("transfer",)),
    ("transfer_sent", ("transfer",)),
    ("transfer_received", ("transfer",)),
    ("transfer_came_back", ("transfer",)),
    ("transfer_withdrawn", ("transfer",)),
    ("payment_list_proposed", ("list",)),
    ("payment_list_checked", ("list",)),
    ("payment_list_approved", ("list",)),
    ("payment_list_cancelled", ("list",)),
    ("payment_list_expired", ("list",)),
    ("entitlement_listed", ("entitlement",)),
    ("entitlement_cleared", ("entitlement",)),
    ("entitlement_refused", ("entitlement",)),
    ("delivery_handed_over", ("entitlement",)),
    ("delivery_confirmed", ("entitlement",)),
    ("delivery_disputed", ("entitlement",)),
    ("dispute_upheld", ("entitlement",)),
    ("dispute_dismissed", ("entitlement",)),
    ("delivery_returned", ("return_id",)),
    ("service_ordered", ("order",)),
    ("service_order_closed", ("order",)),
    ("service_order_withdrawn", ("order",)),
    ("debt_forgiven", ("debt",)),
    ("service_confirmed", ("service",)),
    ("reserve_chosen", ("service",)),
    ("minutes_given", ("donation",)),
    ("minutes_redeemed", ("redemption",)),
    ("heir_named", ("naming",)),
    ("case_opened", ("case_id",)),
)

# Each is there for a query that would otherwise read a whole table; `amount_minor` behind a key lets sums be
# answered from the index alone.
_INDEXED: tuple[Keys, ...] = (
    ("licence_granted", ("organisation",)),
    ("licence_revoked", ("organisation",)),
    ("operator_appointed", ("organisation", "operator")),
    ("household_key_replaced", ("account",)),
    ("programme_opened", ("organisation",)),
    ("fund_opened", ("organisation",)),
    ("donation_recorded", ("fund", "start", "amount_minor")),
    ("donation_recorded", ("donor", "block_number", "log_index")),
    ("donation_claimed", ("wallet", "block_number", "log_index")),
    ("donation_claimed", ("claim_key", "block_number", "log_index")),
    ("donation_refunded", ("fund", "start", "amount_minor")),
    ("donation_refunded", ("fund", "continues_at")),
    ("donation_refunded", ("donation",)),
    ("donation_reassigned", ("from_", "start", "amount_minor")),
    ("donation_reassigned", ("from_", "continues_at")),
    ("donation_reassigned", ("to", "starts_at", "amount_minor")),
    ("donation_reassigned", ("donation",)),
    ("fee_taken", ("fund", "start", "amount_minor")),
    ("transfer_sent", ("from_", "start", "amount_minor")),
    ("transfer_received", ("to", "start", "amount_minor")),
    ("transfer_came_back", ("from_", "start", "amount_minor")),
    ("payment_list_proposed", ("fund",)),
    ("payment_list_proposed", ("programme",)),
    ("payment_list_approved", ("fund", "total_minor")),
    ("payment_list_cancelled", ("fund", "freed_minor")),
    ("payment_list_expired", ("fund", "freed_minor")),
    ("entitlement_listed", ("list",)),
    ("entitlement_listed", ("household",)),
    ("entitlement_refused", ("fund", "amount_minor")),
    ("delivery_handed_over", ("fund", "start", "amount_minor")),
    ("delivery_returned", ("fund", "start", "amount_minor")),
    ("delivery_returned", ("fund", "continues_from")),
    ("delivery_returned", ("entitlement", "amount_minor")),
    ("card_field_revealed", ("entitlement",)),
    ("delivery_witnessed", ("entitlement",)),
    ("order_share_linked", ("order", "share")),
    ("order_share_linked", ("entitlement",)),
    ("debt_forgiven", ("organisation",)),
    ("service_confirmed", ("volunteer",)),
    ("reserve_chosen", ("volunteer",)),
    ("minutes_given", ("volunteer",)),
    ("minutes_redeemed", ("volunteer",)),
    ("household_card_replaced", ("account",)),
    ("household_closed", ("account",)),
    ("household_reopened", ("account",)),
    ("bequest_opened", ("volunteer",)),
    ("bequest_passed", ("volunteer",)),
    ("programme_planned", ("programme",)),
    ("implementer_admitted", ("programme",)),
    ("implementer_dismissed", ("programme",)),
    ("place_quota_set", ("programme",)),
    ("case_referred", ("case_id",)),
    ("case_taken_over", ("case_id",)),
    ("case_act_registered", ("case_id",)),
    ("case_answered", ("case_id",)),
    ("case_closed", ("case_id",)),
    ("case_reopened", ("case_id",)),
    ("licence_suspended", ("organisation",)),
    ("licence_resumed", ("organisation",)),
    ("organisation_graded", ("organisation",)),
    ("second_checker_threshold_set", ("organisation",)),
    ("issuing_ceiling_set", ("organisation",)),
    ("transfer", ("from_",)),
    ("transfer", ("to",)),
)


def _derive(conn: Connection, blocks: Sequence[Header], rows: Rows) -> None:
    from indexer.totals import derive  # which needs the tables below

    derive(conn, blocks, rows)


LEDGER = Schema.make(EVENTS, _UNIQUE, _INDEXED, _derive)
"""The tables of our own contracts."""

CONTRACTS = LEDGER.contracts
"""The contracts that are followed: all but the tokens, which are views of these."""
metadata = LEDGER.metadata
EVENT_TABLES = LEDGER.tables
block = LEDGER.block
cursor = LEDGER.cursor

# Derived tables. A row holds what was counted up to its block, so the newest one is the total. The true amount
# is amount_high * 2^63 + amount_minor. Kept in the order of their keys, a row is written and found by one seek.
fund_total = Table(
    "fund_total",
    metadata,
    Column("fund", LargeBinary(32), nullable=False),
    Column("measure", Text, nullable=False),
    Column("block_number", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("amount_high", BigInteger, nullable=False),
    PrimaryKeyConstraint("fund", "measure", "block_number"),
    Index("fund_total_by_block_number", "block_number"),
    sqlite_with_rowid=False,
)
account_total = Table(
    "account_total",
    metadata,
    Column("account", LargeBinary(20), nullable=False),
    Column("unit", Text, nullable=False),
    Column("block_number", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("amount_high", BigInteger, nullable=False),
    PrimaryKeyConstraint("account", "block_number", "unit"),
    Index("account_total_by_block_number", "block_number"),
    sqlite_with_rowid=False,
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
