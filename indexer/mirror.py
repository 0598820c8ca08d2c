"""Opening the mirror database, for its one writer and its many readers."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, MetaData, Table
from sqlalchemy.exc import DatabaseError, OperationalError

from indexer.databases import database, reading_engine, shown, sqlite_file, writing_engine
from indexer.errors import MirrorAway, MirrorMissing
from indexer.schema import LEDGER, Schema


def open_for_writing(url: str, schema: Schema = LEDGER) -> Engine:
    """Opens the mirror and makes its tables, or brings them to this version. One writer at a time: take
    `indexer.lock.only_writer`, which does this too.

    Raises BadSetting, MirrorOutdated when the tables cannot be brought to this version, MirrorAway.
    """
    engine = writing_engine(database(url))
    try:
        make_tables(engine, schema)
    except BaseException:
        engine.dispose()
        raise
    return engine


def make_tables(engine: Engine, schema: Schema = LEDGER) -> None:
    """All or nothing, in one transaction. Raises MirrorOutdated, MirrorAway."""
    try:
        with engine.begin() as conn:
            if schema is LEDGER and (conn.dialect.name != "sqlite" or sqlite_file(engine.url)):
                from indexer.migrations import upgrade  # which takes a while to import

                upgrade(conn)
            else:  # one in memory is gone with its process, and a test proves that both ways make the same
                schema.metadata.create_all(conn)
    except OperationalError as error:
        raise MirrorAway(error.orig or error) from error


def drop(conn: Connection, schema: Schema = LEDGER) -> None:
    """Drops every table of a mirror, in the caller's transaction."""
    from indexer.migrations import VERSION_TABLE

    schema.metadata.drop_all(conn)
    Table(VERSION_TABLE, MetaData()).drop(conn, checkfirst=True)


def open_for_reading(url: str) -> Engine:
    """Opens the mirror for queries only. A transaction (`with engine.connect() as conn`) sees one state of
    the chain from its first query to its last. Raises BadSetting, MirrorMissing when there is none, and MirrorAway
    when its server does not answer."""
    parsed = database(url)
    file = sqlite_file(parsed)
    if file is not None and not file.exists():  # opening would make an empty one
        raise MirrorMissing(shown(parsed))
    engine = reading_engine(parsed)
    try:
        with engine.connect() as conn:
            conn.exec_driver_sql("SELECT 1 FROM cursor")
    except DatabaseError as error:
        engine.dispose()
        if isinstance(error, OperationalError) and parsed.get_backend_name() != "sqlite":
            raise MirrorAway(error.orig or error) from error
        raise MirrorMissing(shown(parsed)) from error
    return engine
