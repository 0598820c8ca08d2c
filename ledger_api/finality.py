"""What of an answer is final, and what may still change: only final records are shown as final.

A record is final when its block is. Where a query tells a record's time and not its block, the time decides: a block
is no older than its parent, so what happened before the first block that is not final is final. A record of the same
second as that block may be called not final although it is; never the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import BigInteger, Connection, bindparam, func, select

from indexer.queries.blocks import BlockRef, as_of
from indexer.queries.trace import Trace
from indexer.schema import block


@dataclass(frozen=True, slots=True)
class Finality:
    """Up to where one state of the mirror is final."""

    number: int
    """The highest final block."""
    before_unix_s: int | None
    """The time of the first block that is not final; None when all are."""

    def of_block(self, number: int) -> bool:
        """Whether what happened in this block is final."""
        return number <= self.number

    def of_time(self, at_unix_s: int) -> bool:
        """Whether what happened at this time of a block is final."""
        return self.before_unix_s is None or at_unix_s < self.before_unix_s


_FIRST_OPEN = select(func.min(block.c.timestamp_unix_s)).where(
    block.c.number == bindparam("number", type_=BigInteger)
)


def finality(mirror: Connection, now: BlockRef | None = None) -> Finality:
    """Of the connection's state of the mirror, whose latest block is `now`. Raises MirrorMissing."""
    now = now or as_of(mirror)
    if now.final_number >= now.number:
        return Finality(now.number, None)
    open_from = mirror.execute(_FIRST_OPEN, {"number": now.final_number + 1}).scalar_one()
    return Finality(now.final_number, open_from)


def last_of(times: Iterable[int | None]) -> int | None:
    """The latest of the times that there are."""
    return max((at for at in times if at is not None), default=None)


def steps_are_final(trace: Trace, final: Finality) -> bool:
    """Whether all that happened to a gift since it was recorded is final."""
    times = (segment.at_unix_s for segment in trace.segments)
    return all(at is None or final.of_time(at) for at in times)
