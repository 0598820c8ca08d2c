"""A line that says how far a long catching-up is, on a terminal only."""

from __future__ import annotations

import time
from typing import TextIO

from indexer.follow import Progress

_FAR_BEHIND = 50
_EVERY_S = 0.2


class ProgressLine:
    """Rewrites one line while far behind, and says so once the head is reached."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._shown = False
        self._start: tuple[float, Progress] | None = None
        self._last = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        behind = progress.head - progress.block
        if self._start is None:
            if behind < _FAR_BEHIND:
                return
            self._start = now, progress
        if behind == 0:
            self._end(progress)
        elif self._stream.isatty() and now - self._last >= _EVERY_S:
            self._last = now
            self._shown = True
            self._stream.write(
                f"\r\x1b[Kblock {progress.block:,} of {progress.head:,}{self._pace(now, progress)}"
            )
            self._stream.flush()

    def _pace(self, now: float, progress: Progress) -> str:
        if self._start is None or now - self._start[0] < 1:
            return ""
        seconds, before = now - self._start[0], self._start[1]
        blocks = max(progress.block - before.block, 1)
        left_s = (progress.head - progress.block) * seconds / blocks
        events = (progress.events - before.events) / seconds
        return f", {events:,.0f} events/s, {left_s:,.0f} s to go"

    def _end(self, progress: Progress) -> None:
        if self._shown:
            self._stream.write(f"\r\x1b[Kblock {progress.block:,}: caught up\n")
            self._stream.flush()
        self._start, self._shown = None, False
