"""Where the blocks of a picture stand: a gift's bar, a fund's line. In percent, so they fit any screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

LEAST_WIDTH = 1.5
"""Percent of a bar that even one unit in a million gets: what exists must be seen."""
MERGED_WIDTH = 1.0
"""Percent of a line below which neighbours of one state are drawn as one block."""
ICON_WIDTH = 11.0
"""Percent from which an icon fits into a block on the narrowest phone."""


class Run(NamedTuple):
    """`records` records of one state, side by side on a fund's line."""

    state: str
    start: int
    end: int
    records: int = 1

    @property
    def amount_minor(self) -> int:
        """Units in it."""
        return self.end - self.start


class Block(NamedTuple):
    """One rectangle; `x` and `width` in percent from the left edge, whatever the page's direction."""

    state: str
    x: float
    width: float

    @property
    def has_icon(self) -> bool:
        """Whether the state's icon fits into it."""
        return self.width >= ICON_WIDTH


def bar(parts: Sequence[tuple[str, int]], direction: str) -> list[Block]:
    """Parts (state, amount) side by side, the first where reading starts: right in Persian and Arabic."""
    whole = sum(amount for _, amount in parts)
    widths = [max(100 * amount / whole, LEAST_WIDTH) for _, amount in parts] if whole else []
    scale = 100 / sum(widths) if widths else 0
    blocks, x = [], 0.0
    for (state, _), width in zip(parts, widths, strict=False):
        blocks.append(_block(state, x, width * scale, direction))
        x += width * scale
    return blocks


def side(runs: Sequence[Run], start: int, end: int, direction: str) -> list[Block]:
    """One side of the line between two positions, to scale: above a block stands what it is made of."""
    blocks = []
    for run in runs:
        low, high = max(run.start, start), min(run.end, end)
        if low < high:
            scale = 100 / (end - start)
            blocks.append(_block(run.state, (low - start) * scale, (high - low) * scale, direction))
    return blocks


def merged(runs: Sequence[Run], span: int, *, whole: bool = False) -> list[Run]:
    """Neighbours of one state joined while they are too narrow to be seen, or always (`whole`)."""
    joined: list[Run] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last and last.state == run.state and (whole or 100 * last.amount_minor < MERGED_WIDTH * span):
            joined[-1] = last._replace(end=run.end, records=last.records + run.records)
        else:
            joined.append(run)
    return joined


def _block(state: str, x: float, width: float, direction: str) -> Block:
    if direction == "rtl":
        x = 100 - x - width
    return Block(state, round(max(x, 0), 3), round(width, 3))
