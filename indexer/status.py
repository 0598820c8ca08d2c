"""How far a mirror is, and what it holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, literal, select, union_all

from indexer.queries.blocks import BlockRef, as_of
from indexer.schema import EVENT_TABLES, block


@dataclass(frozen=True, slots=True)
class Status:
    """The last block indexed, and the number of rows by table."""

    as_of: BlockRef
    rows: dict[str, int]


def status(conn: Connection) -> Status:
    """Raises MirrorMissing when nothing was ever indexed."""
    counts = [
        select(literal(table.name), func.count()).select_from(table)
        for table in (block, *EVENT_TABLES.values())
    ]
    rows: Sequence[Any] = conn.execute(union_all(*counts)).all()
    return Status(as_of(conn), dict(rows))
