"""Progress of long work: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time

WIDTH = 30
EVERY_S = 5.0


class Progress:
    """Counts what is done of a known total."""

    def __init__(self, text: str, total: int) -> None:
        self._text, self._total, self._count = text, total, 0
        self._start = self._last = time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._show(force=True)

    def add(self, count: int = 1) -> None:
        """Counts more."""
        self._count += count
        self._show()

    def done(self) -> None:
        """Ends the line."""
        self._count = self._total
        seconds = time.monotonic() - self._start
        self._print(f"{self._text}: {self._total:,} in {seconds:.0f} s", end="\n")

    def _show(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if not force and now - self._last < (0.1 if self._terminal else EVERY_S):
            return
        self._last = now
        full = WIDTH * self._count // max(self._total, 1)
        text = f"{self._text}: {'█' * full}{'·' * (WIDTH - full)} {self._count:,}/{self._total:,}"
        self._print(text, end="" if self._terminal else "\n")

    def _print(self, text: str, end: str) -> None:
        start = "\r\033[K" if self._terminal else ""
        print(start + text, end=end, file=sys.stderr, flush=True)
