"""A line that says how far a long catching-up is, on a terminal only."""

from __future__ import annotations

import time
from collections import deque
from typing import TextIO

from indexer.observer import Observer, Progress

_FAR_BEHIND = 50
_EVERY_S = 0.2
_RATE_OVER_S = 10.0
_BAR = 24
_CLEAR = "\r\x1b[K"


class ProgressLine(Observer):
    """Rewrites one line while far behind, and leaves a whole one once the head is reached or at `close`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._terminal = stream.isatty()
        self._first: Progress | None = None
        self._shown: Progress | None = None
        self._shown_at = 0.0
        self._lately: deque[tuple[float, Progress]] = deque()

    def advanced(self, progress: Progress) -> None:
        if not self._terminal:
            return
        now, behind = time.monotonic(), progress.head - progress.block
        if self._first is None and behind < _FAR_BEHIND:
            return
        self._first = self._first or progress
        self._lately.append((now, progress))
        while now - self._lately[0][0] > _RATE_OVER_S:
            self._lately.popleft()
        if behind <= 0:
            self._end(f"block {progress.block:,}: caught up")
        elif now - self._shown_at >= _EVERY_S:
            self._shown, self._shown_at = progress, now
            self._write(f"{_CLEAR}{self._line(progress, self._first)}")

    def undone(self, blocks: int, to: int, were_final: int) -> None:
        self._lately.clear()

    def close(self) -> None:
        """Ends the line where it stands, if one is shown."""
        if self._shown is not None:
            self._end(f"block {self._shown.block:,} of {self._shown.head:,}: stopped")

    def _line(self, progress: Progress, first: Progress) -> str:
        whole = max(progress.head - first.block, 1)
        done = min(max(progress.block - first.block, 0) / whole, 1.0)
        bar = ("#" * int(done * _BAR)).ljust(_BAR, ".")
        return f"[{bar}] {done:4.0%}  block {progress.block:,} of {progress.head:,}{self._pace(progress)}"

    def _pace(self, progress: Progress) -> str:
        """Blocks and events a second over the last seconds, and the time left at that rate."""
        (since, before), (now, _) = self._lately[0], self._lately[-1]
        seconds, blocks = now - since, progress.block - before.block
        if seconds < 1 or blocks <= 0:
            return ""
        left_s = (progress.head - progress.block) * seconds / blocks
        events = (progress.events - before.events) / seconds
        return f", {blocks / seconds:,.0f} blocks/s, {events:,.0f} events/s, {_duration(left_s)} left"

    def _end(self, text: str) -> None:
        if self._shown is not None:
            self._write(f"{_CLEAR}{text}\n")
        self._first, self._shown, self._shown_at = None, None, 0.0
        self._lately.clear()

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _duration(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 05 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
