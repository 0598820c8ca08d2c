"""One writer for each mirror; another waits, and takes over when the first is gone."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import psycopg
from sqlalchemy import URL, Engine
from sqlalchemy.exc import OperationalError

from indexer.databases import APPLICATION, database, reading_engine, shown, sqlite_file, writing_engine
from indexer.errors import BadSetting, MirrorAway, MirrorInUse
from indexer.mirror import make_tables
from indexer.schema import LEDGER, Schema

_RETRY_S = 0.5
NOBODY_KNOWN = "another process"
_KEY = b"amanat mirror writer "


@contextmanager
def only_writer(
    url: str,
    stop: threading.Event,
    on_wait: Callable[[str], None] = lambda holder: None,
    schema: Schema = LEDGER,
    *,
    tables: bool = True,
) -> Iterator[Engine | None]:
    """The mirror's engine for writing, with its tables made if wanted, while no other process has one; None when
    `stop` was set first. `on_wait` is told once who holds it; what it raises ends the waiting.

    The lock is freed by the kernel or by the database's server when its holder ends, however it ends; there is no
    lease to wait for. Raises BadSetting, MirrorOutdated, MirrorAway.

    On PostgreSQL the lock belongs to the engine's only connection. When that is lost, the next one is not used
    before it holds the lock: until then whoever uses the engine gets MirrorInUse (or MirrorAway's cause).
    """
    parsed = database(url)
    locked = _locked_file if parsed.get_backend_name() == "sqlite" else _locked_session
    with locked(parsed, stop, on_wait) as engine:
        if engine is not None and tables:
            make_tables(engine, schema)
        yield engine


def holder(url: str) -> str | None:
    """Who writes this mirror now; None when nobody does. Raises BadSetting, MirrorAway."""
    parsed = database(url)
    if parsed.get_backend_name() == "sqlite":
        return _file_holder(parsed)
    engine = reading_engine(parsed)
    try:
        with engine.connect() as conn:
            raw: Any = conn.connection.driver_connection
            return _session_holder(raw, _key(raw, parsed))
    except OperationalError as error:
        raise MirrorAway(error.orig or error) from error
    finally:
        engine.dispose()


# --- SQLite: a lock of the kernel on a file beside the mirror


@contextmanager
def _locked_file(url: URL, stop: threading.Event, on_wait: Callable[[str], None]) -> Iterator[Engine | None]:
    file = sqlite_file(url)
    if file is None:
        yield writing_engine(url)
        return
    with _lock_file(file) as lock:
        if not _waited(lambda: _take(lock, file), stop, on_wait):
            yield None
            return
        engine = writing_engine(url)
        try:
            yield engine
        finally:
            engine.dispose()


def _lock_file(database: Path) -> IO[str]:
    database.parent.mkdir(parents=True, exist_ok=True)
    return Path(f"{database}.lock").open("a+")


def _take(lock: IO[str], database: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        raise MirrorInUse(database, lock.read().strip()) from None
    lock.truncate(0)
    lock.write(f"process {os.getpid()}")
    lock.flush()


def _file_holder(url: URL) -> str | None:
    file = sqlite_file(url)
    path = Path(f"{file}.lock")
    if file is None or not path.exists():
        return None
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)  # freed as the file is closed, at once
        except BlockingIOError:
            return lock.read().strip() or NOBODY_KNOWN
    return None


# --- PostgreSQL: an advisory lock of the session that writes


@contextmanager
def _locked_session(
    url: URL, stop: threading.Event, on_wait: Callable[[str], None]
) -> Iterator[Engine | None]:
    engine = writing_engine(url, connections=1, prepare=lambda connection: _lock(connection, url))
    try:
        yield engine if _waited(lambda: _connect(engine), stop, on_wait) else None
    finally:
        engine.dispose()  # which closes the session and frees the lock


def _connect(engine: Engine) -> None:
    try:
        engine.connect().close()  # the pool keeps it
    except OperationalError as error:
        raise MirrorAway(error.orig or error) from error


def _lock(connection: psycopg.Connection[Any], url: URL) -> None:
    """Locks the connection's schema for it, outside of any transaction; raises MirrorInUse."""
    connection.autocommit = True
    key = _key(connection, url)
    if not _one(connection, "SELECT pg_try_advisory_lock(%s)", key):
        raise MirrorInUse(shown(url), _session_holder(connection, key) or NOBODY_KNOWN)
    connection.autocommit = False


def _key(connection: psycopg.Connection[Any], url: URL) -> int:
    """The lock's number, by the schema's name; the server keeps locks of different databases apart."""
    schema = _one(connection, "SELECT current_schema()")
    if schema is None:
        raise BadSetting(
            "mirror", shown(url), "its search_path names no schema that exists: create one there"
        )
    digest = hashlib.sha256(_KEY + str(schema).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _session_holder(connection: psycopg.Connection[Any], key: int) -> str | None:
    name = _one(
        connection,
        "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)"
        " WHERE locktype = 'advisory' AND granted AND objsubid = 1"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND (classid::bigint << 32) | objid::bigint = %s",
        key,
    )
    return None if name is None else str(name).removeprefix(APPLICATION).strip() or NOBODY_KNOWN


def _one(connection: psycopg.Connection[Any], query: str, *parameters: object) -> object:
    row = connection.execute(query, parameters).fetchone()
    return row[0] if row else None


# ---


def _waited(take: Callable[[], None], stop: threading.Event, on_wait: Callable[[str], None]) -> bool:
    """Tries until `take` raises no MirrorInUse; False when stopped before. While waiting, the server may be away."""
    said = False
    while not stop.is_set():
        try:
            take()
            return True
        except MirrorInUse as held:
            if not said:
                on_wait(held.holder)
            said = True
        except MirrorAway:
            if not said:
                raise
        stop.wait(_RETRY_S)
    return False
