"""Writing the mirror: append what a range of blocks holds, or undo what a re-organisation took back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, Table, case, insert, select

from contracts.deployment import Deployment
from indexer.blocks import Header
from indexer.databases import COPY_ROWS, COPY_TYPES, shown
from indexer.decode import Row, Rows
from indexer.errors import MirrorInUse, MirrorOutdated, OtherChain
from indexer.events import table_name
from indexer.schema import INT63_END, LEDGER, Schema, Unsigned64, signed64


@dataclass(frozen=True, slots=True)
class Position:
    """The last block that the mirror holds."""

    number: int
    hash: bytes


def begin(
    conn: Connection, deployment: Deployment, anchor: Header, finality: str, schema: Schema = LEDGER
) -> Position:
    """Where to go on. An empty mirror starts behind `anchor`, the block before the first that can hold an
    event.

    Final is from now on what `finality` says: a mirror that was kept under another setting shows nothing behind
    the anchor as final until `append` or `mark_final` says so. Raises OtherChain when the mirror is of another
    ledger, MirrorOutdated when it was made for other events.
    """
    cursor = schema.cursor
    identity = {
        "chain_id": deployment.chain_id,
        "genesis_hash": deployment.genesis_hash,
        **{table_name(name): deployment.addresses()[name] for name in schema.contracts},
    }
    judged = {"final_number": anchor.number, "finality": finality}
    row = conn.execute(select(cursor)).mappings().one_or_none()
    if row is None:
        conn.execute(insert(schema.block), anchor._asdict())
        start = {"id": 1, "block_number": anchor.number, "block_hash": anchor.hash}
        conn.execute(insert(cursor), start | judged | identity | {"schema_digest": schema.digest()})
        return Position(anchor.number, anchor.hash)
    if row["schema_digest"] != schema.digest():
        raise MirrorOutdated(shown(conn.engine.url))
    for name, value in identity.items():
        if row[name] != value:
            raise OtherChain(
                f"the mirror is of another ledger: its {name} is {_shown(row[name])}, not {_shown(value)}",
                "name that ledger's deployment file, or another mirror, or delete this one and follow again",
            )
    if row["finality"] != finality:
        conn.execute(cursor.update().values(judged))
    return Position(row["block_number"], row["block_hash"])


def append(
    conn: Connection,
    blocks: Sequence[Header],
    rows: Rows,
    final_number: int,
    schema: Schema = LEDGER,
) -> Position:
    """Adds the blocks, their rows by table, what is derived from them, and moves the cursor to the last block;
    all in the caller's transaction. Blocks up to `final_number` are final.

    The first block must follow on the last that the mirror holds: raises MirrorInUse when it does not, since
    then another indexer moved the cursor, and nothing of this transaction may stay.
    """
    cursor, last = schema.cursor, blocks[-1]
    moved = conn.execute(
        cursor.update()
        .where(cursor.c.block_hash == blocks[0].parent_hash, cursor.c.block_number == blocks[0].number - 1)
        .values(
            block_number=last.number, block_hash=last.hash, final_number=_raised(schema, final_number, last)
        )
    ).rowcount
    if moved != 1:
        raise _moved_by_another(conn)
    for name, events in rows.items():
        if events:
            write(conn, schema.tables[name], events)
    write(conn, schema.block, blocks)
    if schema.derive is not None:
        schema.derive(conn, blocks, rows)
    return Position(last.number, last.hash)


def mark_final(conn: Connection, final_number: int, schema: Schema = LEDGER) -> None:
    """Blocks up to `final_number` are final, as far as the mirror holds them. What was final stays so."""
    cursor = schema.cursor
    held = case((cursor.c.block_number < final_number, cursor.c.block_number), else_=final_number)
    conn.execute(cursor.update().where(cursor.c.final_number < final_number).values(final_number=held))


def undo(conn: Connection, to: Position, schema: Schema = LEDGER) -> int:
    """Deletes every block above `to` with all its rows and moves the cursor there; the number of blocks
    undone. What was final above `to` no longer is.

    Raises MirrorInUse when the mirror does not hold `to`: then another indexer undid it.
    """
    block, cursor = schema.block, schema.cursor
    held = select(block).where(block.c.number == to.number, block.c.hash == to.hash).exists()
    final = case((cursor.c.final_number > to.number, to.number), else_=cursor.c.final_number)
    at = {"block_number": to.number, "block_hash": to.hash, "final_number": final}
    if conn.execute(cursor.update().where(held).values(at)).rowcount != 1:
        raise _moved_by_another(conn)
    gone = select(block.c.hash).where(block.c.number > to.number)
    for table in (*schema.tables.values(), *schema.derived):
        if "block_hash" in table.c:
            conn.execute(table.delete().where(table.c.block_hash.in_(gone)))
        else:
            conn.execute(table.delete().where(table.c.block_number > to.number))
    return conn.execute(block.delete().where(block.c.number > to.number)).rowcount


def _raised(schema: Schema, final_number: int, last: Header) -> ColumnElement[int]:
    """Never lower than what was final before, never beyond the last block."""
    before, now = schema.cursor.c.final_number, min(final_number, last.number)
    return case((before > now, before), else_=now)


def _moved_by_another(conn: Connection) -> MirrorInUse:
    return MirrorInUse(shown(conn.engine.url), "another process, which moved its cursor,")


def write(conn: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Adds rows, each with a value for every column in their order, in the caller's transaction."""
    rows = _storable(table, rows)
    if conn.dialect.name == "postgresql":
        copy, types = _copy(table, conn.dialect)
        conn.exec_driver_sql(copy, execution_options={COPY_ROWS: rows, COPY_TYPES: types})
    else:
        conn.exec_driver_sql(_insert(table, conn.dialect), rows)


@cache
def _insert(table: Table, dialect: Dialect) -> str:
    """Positional SQL for the driver's own executemany: SQLAlchemy's takes a dictionary a row, at half the
    speed."""
    return str(insert(table).compile(dialect=dialect))


@cache
def _copy(table: Table, dialect: Dialect) -> tuple[str, list[str]]:
    """The statement, and its columns' types."""
    quoted = dialect.identifier_preparer.quote
    columns = ", ".join(quoted(column.name) for column in table.columns)
    types = [column.type.compile(dialect).lower() for column in table.columns]
    return f"COPY {quoted(table.name)} ({columns}) FROM STDIN (FORMAT BINARY)", types


@cache
def _unsigned(table: Table) -> tuple[int, ...]:
    return tuple(i for i, column in enumerate(table.columns) if isinstance(column.type, Unsigned64))


def _storable(table: Table, rows: Sequence[Row]) -> list[Row]:
    """The rows with numbers beyond 2^63 in two's complement (see Unsigned64); nearly always the rows
    themselves."""
    for i in _unsigned(table):
        if max(map(itemgetter(i), rows)) >= INT63_END:
            rows = [(*row[:i], signed64(row[i]), *row[i + 1 :]) for row in rows]
    return rows if isinstance(rows, list) else list(rows)


def _shown(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
