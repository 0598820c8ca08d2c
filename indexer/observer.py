"""What a follower tells of its work while it works."""

from __future__ import annotations

from typing import NamedTuple

from indexer.errors import IndexerError


class Progress(NamedTuple):
    """How far the follower is. `events` counts since it started; the time is that of the block."""

    block: int
    head: int
    final: int
    events: int
    timestamp_unix_s: int


class Observer:
    """Hears of everything worth counting or showing; does nothing with it. Called from the follower's thread."""

    def advanced(self, progress: Progress) -> None:
        """Blocks were committed, or found final, or there were none."""

    def undone(self, blocks: int, to: int, were_final: int) -> None:
        """So many blocks above block `to` were taken back; `were_final` of them had been shown as final."""

    def refused(self, error: IndexerError, url: str) -> None:
        """An answer of the node at `url` was not taken."""

    def switched(self, url: str) -> None:
        """From now on the node at `url` is asked."""
