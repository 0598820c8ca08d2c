"""Which block an answer was computed at."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from indexer.databases import shown
from indexer.errors import MirrorMissing
from indexer.schema import block, cursor


@dataclass(frozen=True, slots=True)
class BlockRef:
    """One block. The hash, 32 bytes, tells two histories apart that the number does not."""

    number: int
    hash: bytes
    timestamp_unix_s: int
    final_number: int
    """The highest block that is final; this one is when it is not above."""


_AS_OF = select(block.c.number, block.c.hash, block.c.timestamp_unix_s, cursor.c.final_number).join(
    cursor, cursor.c.block_number == block.c.number
)


def as_of(conn: Connection) -> BlockRef:
    """The last block indexed; raises MirrorMissing."""
    row = conn.execute(_AS_OF).one_or_none()
    if row is None:
        raise MirrorMissing(shown(conn.engine.url))
    return BlockRef(*row)
