"""Opening the mirror database, for its one writer and its many readers."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool, StaticPool

from indexer.errors import MirrorMissing
from indexer.schema import metadata

_CACHE_KIB = 64 * 1024
_WAL_LIMIT_BYTES = 64 * 1024 * 1024

# WAL with synchronous NORMAL: a killed process loses nothing, since what it committed is with the operating
# system. A power cut may take the last commits, each whole: rows and cursor go back together and are fetched
# again from the chain, which is where they live. FULL would buy nothing for one fsync a commit. What must not
# go back after a power cut (the outbox) is in the office database, which is not opened here.
_WRITER_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    f"PRAGMA cache_size=-{_CACHE_KIB}",
    f"PRAGMA journal_size_limit={_WAL_LIMIT_BYTES}",
    "PRAGMA temp_store=MEMORY",
)
_READER_PRAGMAS = ("PRAGMA query_only=ON", f"PRAGMA cache_size=-{_CACHE_KIB // 4}")


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite mirror; None for one in memory or on a server."""
    database = make_url(url)
    if database.get_backend_name() != "sqlite" or database.database in (None, "", ":memory:"):
        return None
    return Path(database.database)


def open_for_writing(url: str) -> Engine:
    """Opens the mirror for the follower and makes its tables. One writer at a time: see `indexer.lock`."""
    engine = _engine(url, _WRITER_PRAGMAS)
    with engine.begin() as conn:
        metadata.create_all(conn)
    return engine


def open_for_reading(url: str) -> Engine:
    """Opens the mirror for queries only. A transaction (`with engine.connect() as conn`) sees one state of
    the chain from its first query to its last. Raises MirrorMissing when there is none."""
    file = sqlite_file(url)
    if file is not None and not file.exists():  # opening would make an empty one
        raise MirrorMissing(url)
    engine = _engine(url, _READER_PRAGMAS)
    try:
        with engine.connect() as conn:
            conn.exec_driver_sql("SELECT 1 FROM cursor")
    except DatabaseError as error:
        engine.dispose()
        raise MirrorMissing(url) from error
    return engine


def _engine(url: str, pragmas: tuple[str, ...]) -> Engine:
    database = make_url(url)
    if database.get_backend_name() != "sqlite":
        return create_engine(database)
    pool = QueuePool if sqlite_file(url) else StaticPool
    engine = create_engine(database, poolclass=pool, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # sqlite3 would otherwise begin only at the first write
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(conn: Connection) -> None:
        conn.exec_driver_sql("BEGIN")

    return engine
