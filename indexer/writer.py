"""Writing the mirror: append what a range of blocks holds, or undo what a re-organisation took back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert, select

from contracts.deployment import Deployment
from indexer.blocks import Header
from indexer.decode import Row
from indexer.errors import MirrorOutdated, OtherChain
from indexer.schema import (
    CONTRACTS,
    EVENT_TABLES,
    INT63_END,
    Unsigned64,
    block,
    cursor,
    schema_digest,
    signed64,
    table_name,
)


@dataclass(frozen=True, slots=True)
class Position:
    """The last block that the mirror holds."""

    number: int
    hash: bytes


def begin(conn: Connection, deployment: Deployment, anchor: Header) -> Position:
    """Where to go on. An empty mirror starts behind `anchor`, the block before the first that can hold an
    event.

    Raises OtherChain when the mirror is of another ledger, MirrorOutdated when it was made for other events.
    """
    identity = {
        "chain_id": deployment.chain_id,
        "genesis_hash": deployment.genesis_hash,
        **{table_name(name): deployment.addresses()[name] for name in CONTRACTS},
    }
    row = conn.execute(select(cursor)).mappings().one_or_none()
    if row is None:
        conn.execute(insert(block), anchor._asdict())
        start = {"id": 1, "block_number": anchor.number, "block_hash": anchor.hash}
        conn.execute(insert(cursor), start | identity | {"schema_digest": schema_digest()})
        return Position(anchor.number, anchor.hash)
    if row["schema_digest"] != schema_digest():
        raise MirrorOutdated(conn.engine.url.render_as_string())
    for name, value in identity.items():
        if row[name] != value:
            raise OtherChain(
                f"the mirror is of another ledger: its {name} is {_shown(row[name])}, not {_shown(value)}",
                "name that ledger's deployment file, or another mirror, or delete this one and follow again",
            )
    return Position(row["block_number"], row["block_hash"])


def append(conn: Connection, blocks: Sequence[Header], rows: Mapping[str, Sequence[Row]]) -> Position:
    """Adds the blocks, their rows by table, and moves the cursor to the last block; all in the caller's
    transaction."""
    for name, events in rows.items():
        if events:
            table = EVENT_TABLES[name]
            conn.exec_driver_sql(_insert(table, conn.dialect), _storable(table, events))
    conn.exec_driver_sql(_insert(block, conn.dialect), _storable(block, blocks))
    last = blocks[-1]
    conn.execute(cursor.update().values(block_number=last.number, block_hash=last.hash))
    return Position(last.number, last.hash)


def undo(conn: Connection, to: Position) -> int:
    """Deletes every block above `to` with all its rows and moves the cursor there; the number of blocks
    undone."""
    gone = select(block.c.hash).where(block.c.number > to.number)
    for table in EVENT_TABLES.values():
        conn.execute(table.delete().where(table.c.block_hash.in_(gone)))
    undone = conn.execute(block.delete().where(block.c.number > to.number)).rowcount
    conn.execute(cursor.update().values(block_number=to.number, block_hash=to.hash))
    return undone


@cache
def _insert(table: Table, dialect: Dialect) -> str:
    """Positional SQL for the driver's own executemany: SQLAlchemy's takes a dictionary a row, at half the
    speed."""
    return str(insert(table).compile(dialect=dialect))


@cache
def _unsigned(table: Table) -> tuple[int, ...]:
    return tuple(i for i, column in enumerate(table.columns) if isinstance(column.type, Unsigned64))


def _storable(table: Table, rows: Sequence[Row]) -> list[Row]:
    """The rows with numbers beyond 2^63 in two's complement (see Unsigned64); nearly always the rows
    themselves."""
    for i in _unsigned(table):
        if max(row[i] for row in rows) >= INT63_END:
            rows = [(*row[:i], signed64(row[i]), *row[i + 1 :]) for row in rows]
    return rows if isinstance(rows, list) else list(rows)


def _shown(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
