"""The office's database: what must not be on chain, and what is on its way there.

Drafts, people (sealed), names to show, staff's API keys and the outbox. The mirror is another database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    func,
    literal_column,
)

metadata = MetaData()

label = Table(
    "label",
    metadata,
    Column("id", LargeBinary, primary_key=True, comment="organisation, programme or fund"),
    Column("language", Text, primary_key=True, comment="en, fa or ar"),
    Column("text", Text, nullable=False),
)

staff_key = Table(
    "staff_key",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True, comment="SHA-256 of the key; the key is shown once"),
    Column("organisation", LargeBinary, nullable=False),
    Column("operator", LargeBinary, nullable=False, comment="the account whose roles on chain decide"),
    Column("name", Text, nullable=False),
    Column("expires_at_unix_s", BigInteger, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("wrapped_key", LargeBinary, comment="null once the person was erased"),
    Column("sealed", LargeBinary, comment="AES-GCM under the person's own key"),
)

gift = Table(
    "gift",
    metadata,
    Column("id", LargeBinary, primary_key=True),
    Column("organisation", LargeBinary, nullable=False),
    Column("fund", LargeBinary, nullable=False),
    Column("donor", LargeBinary, nullable=False, comment="account on chain"),
    Column("amount_minor", BigInteger, nullable=False),
    Column("settled_at_unix_s", BigInteger, nullable=False),
    Column("channel", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("value_minor", BigInteger, comment="of a gift that is not cash"),
    Column("value_currency", Text),
    Column(
        "reference", Text, nullable=False, comment="what the payer's bank or the clerk wrote; never on chain"
    ),
    Column("salt", LargeBinary, nullable=False),
    Column("commitment", LargeBinary, nullable=False),
    Column("receipt_code", Text, nullable=False, unique=True),
    Column("person", LargeBinary, ForeignKey("person.id")),
    Column("created_at_unix_s", BigInteger, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=True),
    Column("act", Text, nullable=False),
    Column("record", LargeBinary, nullable=False, comment="the id that makes sending again safe"),
    Column(
        "lane", LargeBinary, nullable=False, comment="acts of one lane leave in order: an organisation's id"
    ),
    Column("signer", LargeBinary, nullable=False),
    Column("scope", LargeBinary, nullable=False, comment="ABI words before the items"),
    Column("item", LargeBinary, nullable=False, comment="ABI words of this item"),
    Column("state", Text, nullable=False),
    Column("transaction", Integer, ForeignKey("sent_transaction.number")),
    Column("refusal", Text, comment="JSON problem, when rejected"),
    Column("created_at_unix_s", BigInteger, nullable=False),
    UniqueConstraint("act", "record"),
    Index("outbox_waiting", "state", "lane", "seq"),
    sqlite_autoincrement=True,
)

whole_id = func.substr(outbox.c.scope, literal_column("1"), literal_column("32"), type_=LargeBinary)
"""The id that items of a `whole` act share (`ledger_api.acts`): the first word of their scope."""
_PROPOSED = outbox.c.act == "propose_list"
Index("outbox_proposed", whole_id, sqlite_where=_PROPOSED, postgresql_where=_PROPOSED)

sent_transaction = Table(
    "sent_transaction",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("signer", LargeBinary, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False, unique=True),
    Column("raw", LargeBinary, nullable=False, comment="signed: sending it again cannot act twice"),
    Column("state", Text, nullable=False),
    Column("sent_at_unix_s", BigInteger, nullable=False),
    Index("sent_transaction_open", "state", "signer", "nonce"),
)


def open_office(url: str) -> Engine:
    """Opens the office's database and makes its tables when it is new."""
    engine = create_engine(url, hide_parameters=True)  # an error's text must not carry rows into the log
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", _sqlite_begin)
    metadata.create_all(engine)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads: it never waits for a writer."""
    with engine.connect().execution_options(amanat_reading=True) as conn, conn.begin():
        yield conn


def _sqlite_connect(connection: Any, _record: Any) -> None:
    # The driver would begin late and upgrade a read to a write, which SQLite refuses under load: we begin
    # ourselves.
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begin(conn: Connection) -> None:
    reads = conn.get_execution_options().get("amanat_reading", False)
    conn.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
