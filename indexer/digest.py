"""A digest for each table, to compare a mirror with a replay of the chain (I11)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Table, bindparam, select

from indexer.schema import LEDGER, Schema

Values = tuple[Any, ...]
"""One row, every column."""

_AT_ONCE = 5_000


def compared_tables(schema: Schema = LEDGER) -> tuple[Table, ...]:
    """The tables that the same chain fills with the same rows: all but the cursor."""
    return (schema.block, *schema.tables.values(), *schema.derived)


def digests(conn: Connection, schema: Schema = LEDGER, upto: int | None = None) -> dict[str, bytes]:
    """Table name -> SHA-256 over its rows in chain order, every column; the same rows always give the same, on
    either database. Only rows of blocks up to `upto`, if that is given."""
    return {table.name: digest(rows(conn, table, upto)) for table in compared_tables(schema)}


def digest(rows: Iterable[Values]) -> bytes:
    """SHA-256 over every value of the rows, each with its length."""
    result = hashlib.sha256()
    for row in rows:
        for value in row:
            data = value if isinstance(value, bytes) else str(value).encode()
            result.update(len(data).to_bytes(4, "big") + data)
    return result.digest()


def number_column(table: Table) -> ColumnElement[int]:
    """The number of the block that a row belongs to."""
    column: ColumnElement[int] = table.c.block_number if "block_number" in table.c else table.c.number
    return column


def key_names(table: Table) -> tuple[str, ...]:
    """What tells a row of a block from its others: the place in the block, or in a derived table its key."""
    if "log_index" in table.c:
        return ("log_index",)
    return tuple(column.name for column in table.primary_key.columns)


def key_of(table: Table) -> Callable[[Values], Values]:
    """From a row to its values of `key_names`."""
    names = [column.name for column in table.columns]
    places = [names.index(key) for key in key_names(table)]
    return lambda row: tuple(row[place] for place in places)


def rows(conn: Connection, table: Table, upto: int | None = None) -> Iterator[Values]:
    """A table's rows in chain order: by block, then by their keys."""
    for _, some in rows_by_block(conn, table, upto):
        yield from some


def rows_by_block(
    conn: Connection, table: Table, upto: int | None = None
) -> Iterator[tuple[int, list[Values]]]:
    """(block number, its rows in the order of their keys), for the blocks that have any; never the whole table."""
    number = number_column(table)
    query = select(table).order_by(number)
    if upto is not None:
        query = query.where(number <= bindparam("upto", upto, BigInteger))
    place = [column.name for column in table.columns].index(str(number.key))
    found = conn.execute(query, execution_options={"yield_per": _AT_ONCE})
    # Keys are sorted here: databases order text in their own ways.
    for block, some in groupby((tuple(row) for row in found), itemgetter(place)):
        yield block, sorted(some, key=key_of(table))
