"""How far a mirror is, what it holds, who writes it, and what the nodes say."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, func, literal, select, union_all

from indexer.blocks import header
from indexer.errors import IndexerError
from indexer.nodes import Nodes
from indexer.queries.blocks import BlockRef, as_of
from indexer.schema import EVENT_TABLES, block, cursor


@dataclass(frozen=True, slots=True)
class Status:
    """The last block indexed, what counts as final there, and the number of rows by table."""

    as_of: BlockRef
    finality: str
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What one node answered: its head, or why there is none."""

    endpoint: str
    head: int | None
    error: str | None


def status(conn: Connection) -> Status:
    """Raises MirrorMissing when nothing was ever indexed."""
    now = as_of(conn)
    counts = [
        select(literal(table.name), func.count()).select_from(table)
        for table in (block, *EVENT_TABLES.values())
    ]
    rows: Sequence[Any] = conn.execute(union_all(*counts)).all()
    return Status(now, conn.execute(select(cursor.c.finality)).scalar_one(), dict(rows))


def endpoints(nodes: Nodes) -> list[Endpoint]:
    """What every node says of its head."""
    found = []
    for node in nodes.all:
        try:
            latest = header(node.call("eth_getBlockByNumber", "latest", False))
            found.append(Endpoint(node.name, latest.number, None))
        except IndexerError as error:
            found.append(Endpoint(node.name, None, str(error)))
    return found


def as_json(state: Status, nodes: Sequence[Endpoint], writer: str | None) -> dict[str, Any]:
    """The whole of it as JSON values. Numbers are blocks, counts and seconds."""
    head = highest(nodes)
    return {
        "head": head,
        "indexed": state.as_of.number,
        "indexed_hash": "0x" + state.as_of.hash.hex(),
        "indexed_at_unix_s": state.as_of.timestamp_unix_s,
        "age_seconds": age_s(state.as_of),
        "lag_blocks": None if head is None else max(head - state.as_of.number, 0),
        "final": state.as_of.final_number,
        "finality": state.finality,
        "writer": writer,
        "endpoints": [asdict(one) for one in nodes],
        "rows": state.rows,
    }


def lines(state: Status, nodes: Sequence[Endpoint], writer: str | None) -> list[str]:
    """The same for people."""
    head, at = highest(nodes), state.as_of
    result = [
        f"head     {head:>12,}" if head is not None else "head          unknown  (no node answered)",
        f"indexed  {at.number:>12,}  0x{at.hash.hex()}, made {age_s(at):,} s ago",
    ]
    if head is not None:
        result.append(f"lag      {max(head - at.number, 0):>12,} blocks")
    result.append(f"final    {at.final_number:>12,}  (finality {state.finality})")
    result.append(f"written by  {writer or 'nobody now'}")
    result += [
        f"node     {one.endpoint}: " + (f"block {one.head:,}" if one.head is not None else str(one.error))
        for one in nodes
    ]
    return result + [f"  {name:<28} {count:>12,}" for name, count in state.rows.items()]


def highest(nodes: Sequence[Endpoint]) -> int | None:
    """The highest head that a node showed."""
    return max((one.head for one in nodes if one.head is not None), default=None)


def age_s(at: BlockRef) -> int:
    """Seconds since the block was made, by this machine's clock."""
    return max(int(time.time()) - at.timestamp_unix_s, 0)
