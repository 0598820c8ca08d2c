"""Comparing a mirror with a replay of the chain, or with another mirror, table by table (I11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, func, select

from indexer.digest import (
    Values,
    compared_tables,
    digests,
    key_names,
    key_of,
    number_column,
    rows_by_block,
)
from indexer.invariants import Broken, broken
from indexer.queries.blocks import as_of
from indexer.schema import LEDGER, Schema, block

_MOST_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not the same in both, with its block and its key. `ours` or `theirs` is None where it is
    missing; where both have it they hold only the columns that differ."""

    block: int
    key: dict[str, Any]
    ours: dict[str, Any] | None
    theirs: dict[str, Any] | None

    def __str__(self) -> str:
        where = ", ".join(f"{name} {_shown(value)}" for name, value in self.key.items())
        if self.ours is None:
            what = f"missing here; there: {_columns(self.theirs or {})}"
        elif self.theirs is None:
            what = f"only here: {_columns(self.ours)}"
        else:
            what = f"here {_columns(self.ours)}, there {_columns(self.theirs)}"
        return f"block {self.block}, {where}: {what}"


@dataclass(frozen=True, slots=True)
class TableComparison:
    """One table in both mirrors, up to the same block."""

    name: str
    rows: int
    rows_there: int
    digest: bytes
    digest_there: bytes
    first: tuple[Difference, ...]
    """The first rows that differ, in the chain's order."""

    @property
    def equal(self) -> bool:
        """Whether every value of every row is the same."""
        return self.digest == self.digest_there


@dataclass(frozen=True, slots=True)
class Comparison:
    """A mirror beside another at one block, and what breaks the invariants in it."""

    number: int
    hash: bytes | None
    hash_there: bytes | None
    tables: tuple[TableComparison, ...]
    broken: tuple[Broken, ...]

    @property
    def well(self) -> bool:
        """Whether all is equal and true."""
        return not self.broken and all(table.equal for table in self.tables)


def compare(mirror: Connection, other: Connection, schema: Schema = LEDGER) -> Comparison:
    """The mirror beside the other up to the last block that both hold, and its invariants.

    Both connections should see one state from the first query to the last (a SQLite transaction does, a PostgreSQL
    one when it is REPEATABLE READ): then both may go on meanwhile. Raises MirrorMissing.
    """
    number = min(as_of(mirror).number, as_of(other).number)
    ours, theirs = digests(mirror, schema, number), digests(other, schema, number)
    tables = tuple(
        TableComparison(
            table.name,
            _count(mirror, table, number),
            _count(other, table, number),
            ours[table.name],
            theirs[table.name],
            ()
            if ours[table.name] == theirs[table.name]
            else tuple(islice(_differences(mirror, other, table, number), _MOST_SHOWN)),
        )
        for table in compared_tables(schema)
    )
    return Comparison(number, _hash(mirror, number), _hash(other, number), tables, tuple(broken(mirror)))


def lines(comparison: Comparison) -> Iterator[str]:
    """The comparison for people: a line a table, what differs, and what is broken."""
    hash = "none" if comparison.hash is None else "0x" + comparison.hash.hex()
    yield f"at block {comparison.number:,}  {hash}"
    if comparison.hash != comparison.hash_there:
        there = "none" if comparison.hash_there is None else "0x" + comparison.hash_there.hex()
        yield f"the other holds another block {comparison.number:,}: {there}"
    yield f"{'table':<30}{'rows':>12}  {'digest':<16}  equal"
    for table in comparison.tables:
        yield (
            f"{table.name:<30}{table.rows:>12,}  {table.digest.hex()[:16]}  {'yes' if table.equal else 'NO'}"
            + ("" if table.rows == table.rows_there else f" ({table.rows_there:,} rows there)")
        )
    for table in comparison.tables:
        for difference in table.first:
            yield f"{table.name}, {difference}"
    for one in comparison.broken:
        yield str(one)
    differing = sum(not table.equal for table in comparison.tables)
    if comparison.well:
        yield f"all {len(comparison.tables)} tables are equal, and the invariants hold"
    else:
        yield f"{differing} of {len(comparison.tables)} tables differ; {len(comparison.broken)} rows break an invariant"


def as_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison as JSON values."""
    return {
        "well": comparison.well,
        "block": comparison.number,
        "hash": _shown(comparison.hash),
        "hash_there": _shown(comparison.hash_there),
        "tables": [
            {
                "table": table.name,
                "rows": table.rows,
                "rows_there": table.rows_there,
                "digest": table.digest.hex(),
                "digest_there": table.digest_there.hex(),
                "equal": table.equal,
                "first_differences": [str(difference) for difference in table.first],
            }
            for table in comparison.tables
        ],
        "broken": [
            {
                "invariant": one.invariant,
                "what": one.what,
                "ids": {name: _shown(value) for name, value in one.ids.items()},
            }
            for one in comparison.broken
        ],
    }


def _differences(mirror: Connection, other: Connection, table: Table, upto: int) -> Iterator[Difference]:
    names = [column.name for column in table.columns]
    key = key_of(table)
    for number, ours, theirs in _side_by_side(mirror, other, table, upto):
        mine, yours = {key(row): row for row in ours}, {key(row): row for row in theirs}
        for at in sorted(mine.keys() | yours.keys()):
            here, there = mine.get(at), yours.get(at)
            if here == there:
                continue
            where = dict(zip(key_names(table), at, strict=True))
            if here is None or there is None:
                shown = dict(zip(names, here or there or (), strict=True))
                yield Difference(number, where, *((None, shown) if here is None else (shown, None)))
                continue
            differing = [i for i, _ in enumerate(names) if here[i] != there[i]]
            yield Difference(
                number, where, {names[i]: here[i] for i in differing}, {names[i]: there[i] for i in differing}
            )


def _side_by_side(
    mirror: Connection, other: Connection, table: Table, upto: int
) -> Iterator[tuple[int, list[Values], list[Values]]]:
    """(block, rows here, rows there) for every block that has rows in either."""
    here, there = rows_by_block(mirror, table, upto), rows_by_block(other, table, upto)
    mine, yours = next(here, None), next(there, None)
    while mine or yours:
        number = min(one[0] for one in (mine, yours) if one)
        ours: list[Values] = []
        theirs: list[Values] = []
        if mine and mine[0] == number:
            ours, mine = mine[1], next(here, None)
        if yours and yours[0] == number:
            theirs, yours = yours[1], next(there, None)
        yield number, ours, theirs


def _count(conn: Connection, table: Table, upto: int) -> int:
    count = select(func.count()).select_from(table).where(number_column(table) <= upto)
    return int(conn.execute(count).scalar_one())


def _hash(conn: Connection, number: int) -> bytes | None:
    found = conn.execute(select(block.c.hash).where(block.c.number == number)).scalar_one_or_none()
    return None if found is None else bytes(found)


def _columns(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_shown(value)}" for name, value in values.items())


def _shown(value: Any) -> Any:
    return "0x" + value.hex() if isinstance(value, bytes) else value
