"""The two databases a mirror can be in, and how connections to them are set up."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
from psycopg import IsolationLevel
from psycopg.types.string import BytesBinaryDumper
from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, ExecutionContext
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool, StaticPool

from indexer.errors import BadSetting

_REMEDY = "give sqlite:///path/to/mirror.db or postgresql://user@host/database"

_CACHE_KIB = 64 * 1024
_WAL_LIMIT_BYTES = 64 * 1024 * 1024
_PAGE_BYTES = 4096

# WAL with synchronous NORMAL: a killed process loses nothing, since what it committed is with the operating
# system. A power cut may take the last commits, each whole: rows and cursor go back together and are fetched
# again from the chain, which is where they live. FULL would buy nothing for one fsync a commit. What must not
# go back after a power cut (the outbox) is in the office database, which is not opened here.
# Ids and hashes are random, so 16,000 rows touch nearly as many pages of their indexes, and a page is touched again
# by the next commits: with checkpoints at 64 MB of WAL rather than 4 MB it is copied to the database less often (a
# tenth more rows a second at 200,000 rows). Measured and left: pages of 8 or 16 KB write more for each row once the
# indexes outgrow the cache (13,300 rows a second fell to 10,100 at a million); 256 MB of WAL and a cache of 128 MB
# gained nothing.
_WRITER_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=NORMAL",
    f"PRAGMA cache_size=-{_CACHE_KIB}",
    f"PRAGMA wal_autocheckpoint={_WAL_LIMIT_BYTES // _PAGE_BYTES}",
    f"PRAGMA journal_size_limit={_WAL_LIMIT_BYTES}",
    "PRAGMA temp_store=MEMORY",
)
_READER_PRAGMAS = ("PRAGMA query_only=ON", f"PRAGMA cache_size=-{_CACHE_KIB // 4}")

# A host that is gone without a word (power, network) is noticed from both ends within eleven seconds, whether the
# connection is idle (keepalives) or waits for an acknowledgement (user timeout): the one end stops believing that
# it holds the writer's lock, the other frees the lock.
_KEEPALIVES = {"keepalives": 1, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
_USER_TIMEOUT_MS = 11_000
_CONNECT_TIMEOUT_S = 10
_SERVER_SETTINGS = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": str(_USER_TIMEOUT_MS),
    "synchronous_commit": "off",  # as with SQLite above: a power cut takes the last commits, each whole
}

# A walk along the line joins a dozen tables to read a dozen rows: to plan it anew for each value takes longer than
# to run it, and every value is found by the same indexes.
_READER_SETTINGS = {"plan_cache_mode": "force_generic_plan"}

APPLICATION = "amanat-index"
COPY_ROWS = "amanat_copy_rows"
"""Execution option: the rows, each a sequence of values, of a binary COPY FROM STDIN."""
COPY_TYPES = "amanat_copy_types"
"""Execution option: PostgreSQL's name of each column's type."""

Prepare = Callable[["psycopg.Connection[Any]"], None]


def database(url: str) -> URL:
    """The parsed URL, with the driver that is used; raises BadSetting for other databases."""
    try:
        parsed = make_url(url)
        parsed.get_dialect()
    except (ArgumentError, ValueError, ImportError):  # its text may hold a password
        raise BadSetting("mirror", url.partition(":")[0], _REMEDY) from None
    if parsed.drivername in ("postgresql", "postgresql+psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername in ("sqlite", "sqlite+pysqlite"):
        return parsed
    raise BadSetting("mirror", shown(parsed), _REMEDY)


def shown(url: URL | str) -> str:
    """The URL as it may stand in a message: without the password and without options, which can hold one."""
    parsed = make_url(url)
    return parsed.set(query={}).render_as_string(hide_password=True)


def sqlite_file(url: URL | str) -> Path | None:
    """The file of a SQLite mirror; None for one in memory or on a server."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(parsed.database)


def writing_engine(url: URL, *, connections: int = 5, prepare: Prepare | None = None) -> Engine:
    """`prepare` is called with each new PostgreSQL connection before it is used; what it raises, the caller of
    the engine gets."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, _WRITER_PRAGMAS)
    name = f"{APPLICATION} process {os.getpid()} on {socket.gethostname()}"[:63]
    engine = create_engine(
        url,
        connect_args=_postgres_arguments(url, name),
        pool_size=connections,
        max_overflow=0,
    )
    event.listen(engine, "do_execute", _copy)
    event.listen(engine, "connect", _write_bytes_fast)
    if prepare is not None:

        @event.listens_for(engine, "do_connect")
        def _connect(dialect: Dialect, _: ConnectionPoolEntry, args: Any, options: Any) -> DBAPIConnection:
            connection: Any = dialect.connect(*args, **options)
            try:
                prepare(connection)
            except BaseException:
                connection.close()
                raise
            return connection  # type: ignore[no-any-return]

    return engine


def reading_engine(url: URL) -> Engine:
    """Each transaction sees one state of the database from its first query to its last, and changes nothing."""
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url, _READER_PRAGMAS)
    arguments = _postgres_arguments(url, APPLICATION, _READER_SETTINGS)
    arguments["prepare_threshold"] = 0  # each statement is planned once a connection, at its first use
    engine = create_engine(url, connect_args=arguments, pool_pre_ping=True)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ  # the driver says so in its BEGIN
        connection.read_only = True

    return engine


def _postgres_arguments(
    url: URL, application: str, more_settings: Mapping[str, str] | None = None
) -> dict[str, Any]:
    own = url.query.get("options", "")
    named = _SERVER_SETTINGS | dict(more_settings or {})
    settings = (f"-c {name}={value}" for name, value in named.items())
    return {
        **_KEEPALIVES,
        "tcp_user_timeout": _USER_TIMEOUT_MS,
        "connect_timeout": _CONNECT_TIMEOUT_S,
        "application_name": application,
        "options": " ".join((*settings, own if isinstance(own, str) else " ".join(own))).strip(),
    }


def _write_bytes_fast(connection: Any, _: ConnectionPoolEntry) -> None:
    """COPY finds its dumper by the column's type, and the last one registered for `bytea` is written in Python (it is
    that of DB-API's Binary): with the compiled one a row takes 0.9 us rather than 2.5."""
    connection.adapters.register_dumper(bytes, BytesBinaryDumper)


def _copy(cursor: Any, statement: str, _: Any, context: ExecutionContext | None) -> bool:
    """Runs the statements that carry rows to copy, so that SQLAlchemy sees their errors as those of any other."""
    rows = context.execution_options.get(COPY_ROWS) if context is not None else None
    if context is None or rows is None:
        return False
    with cursor.copy(statement) as copy:
        copy.set_types(context.execution_options[COPY_TYPES])
        for row in rows:
            copy.write_row(row)
    return True


def _sqlite_engine(url: URL, pragmas: tuple[str, ...]) -> Engine:
    pool = QueuePool if sqlite_file(url) else StaticPool
    engine = create_engine(url, poolclass=pool, connect_args={"check_same_thread": False})

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
