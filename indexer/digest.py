"""A digest for each table, to compare a mirror with a replay of the chain (I11)."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, Table, select

from indexer.schema import EVENT_TABLES, block


def digests(conn: Connection) -> dict[str, bytes]:
    """Table name -> SHA-256 over its rows in chain order, every column; the same rows always give the
    same."""
    return {table.name: _digest(conn, table) for table in (block, *EVENT_TABLES.values())}


def _digest(conn: Connection, table: Table) -> bytes:
    order = (table.c.number,) if table is block else (table.c.block_number, table.c.log_index)
    result = hashlib.sha256()
    for row in conn.execution_options(yield_per=5_000).execute(select(table).order_by(*order)):
        for value in row:
            data = value if isinstance(value, bytes) else str(value).encode()
            result.update(len(data).to_bytes(4, "big") + data)
    return result.digest()
