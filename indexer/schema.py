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
from contracts.bindings import fund_ledger, household_registry, licence_registry, time_bank

EVENTS: tuple[abi.Event, ...] = (
    *licence_registry.EVENTS,
    *household_registry.EVENTS,
    *fund_ledger.EVENTS,
    *time_bank.EVENTS,
)

metadata = MetaData()

INT63_END = 1 << 63
INT64 = 1 << 64


class UnixS(TypeDecorator[int]):
    """A time in unix seconds, any `uint64`: a licence "for ever" may end at 2^64-1, which no SQL integer
    holds.

    Kept in two's complement, so nothing is lost; compare such columns in Python, not in SQL. Amounts and
    positions need none of this: the contracts keep them below 2^63.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        return value if value is None else signed64(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> int | None:
        return value if value is None or value >= 0 else value + INT64


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
        "int": UnixS() if column.name.endswith("_unix_s") else BigInteger(),
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
    Column("timestamp_unix_s", UnixS, nullable=False),
)

cursor = Table(
    "cursor",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("block_number", BigInteger, nullable=False),
    Column("block_hash", LargeBinary(32), nullable=False),
    Column("chain_id", BigInteger, nullable=False),
    Column("genesis_hash", LargeBinary(32), nullable=False),
    *(
        Column(table_name(name), LargeBinary(20), nullable=False)
        for name in dict.fromkeys(e.contract for e in EVENTS)
    ),
    Column("schema_digest", LargeBinary(32), nullable=False),
)

act_proposed = EVENT_TABLES["act_proposed"]
act_carried_out = EVENT_TABLES["act_carried_out"]
licence_granted = EVENT_TABLES["licence_granted"]
licence_revoked = EVENT_TABLES["licence_revoked"]
operator_appointed = EVENT_TABLES["operator_appointed"]
household_opened = EVENT_TABLES["household_opened"]
household_key_replaced = EVENT_TABLES["household_key_replaced"]
programme_opened = EVENT_TABLES["programme_opened"]
programme_head_allowed = EVENT_TABLES["programme_head_allowed"]
fund_opened = EVENT_TABLES["fund_opened"]
donation_recorded = EVENT_TABLES["donation_recorded"]
donation_refunded = EVENT_TABLES["donation_refunded"]
fee_taken = EVENT_TABLES["fee_taken"]
payment_list_proposed = EVENT_TABLES["payment_list_proposed"]
payment_list_approved = EVENT_TABLES["payment_list_approved"]
entitlement_listed = EVENT_TABLES["entitlement_listed"]
entitlement_refused = EVENT_TABLES["entitlement_refused"]
entitlement_expired = EVENT_TABLES["entitlement_expired"]
delivery_handed_over = EVENT_TABLES["delivery_handed_over"]
delivery_confirmed = EVENT_TABLES["delivery_confirmed"]
service_confirmed = EVENT_TABLES["service_confirmed"]
reserve_chosen = EVENT_TABLES["reserve_chosen"]
minutes_given = EVENT_TABLES["minutes_given"]
minutes_redeemed = EVENT_TABLES["minutes_redeemed"]
minutes_delivered = EVENT_TABLES["minutes_delivered"]
transfer = EVENT_TABLES["transfer"]

# An id is recorded once. Two rows under one id would be a broken contract or a lying node, so the mirror
# refuses them.
_UNIQUE: tuple[tuple[Table, tuple[str, ...]], ...] = (
    (household_opened, ("account",)),
    (programme_opened, ("programme",)),
    (programme_head_allowed, ("programme", "head")),
    (fund_opened, ("fund",)),
    (donation_recorded, ("donation",)),
    (donation_refunded, ("refund",)),
    (fee_taken, ("fee",)),
    (payment_list_proposed, ("list",)),
    (payment_list_approved, ("list",)),
    (entitlement_listed, ("entitlement",)),
    (entitlement_refused, ("entitlement",)),
    (entitlement_expired, ("entitlement",)),
    (delivery_handed_over, ("entitlement",)),
    (delivery_confirmed, ("entitlement",)),
    (service_confirmed, ("service",)),
    (reserve_chosen, ("service",)),
    (minutes_given, ("donation",)),
    (minutes_redeemed, ("redemption",)),
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
    (donation_refunded, ("fund", "start", "amount_minor")),
    (donation_refunded, ("fund", "continues_at")),
    (donation_refunded, ("donation",)),
    (fee_taken, ("fund", "start", "amount_minor")),
    (payment_list_proposed, ("fund",)),
    (payment_list_approved, ("fund",)),
    (entitlement_listed, ("list",)),
    (entitlement_listed, ("household",)),
    (entitlement_refused, ("fund", "amount_minor")),
    (entitlement_expired, ("fund", "amount_minor")),
    (delivery_handed_over, ("fund", "start", "amount_minor")),
    (service_confirmed, ("volunteer",)),
    (reserve_chosen, ("volunteer",)),
    (minutes_given, ("volunteer",)),
    (minutes_redeemed, ("volunteer",)),
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
