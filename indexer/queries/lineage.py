"""Walking the fund line: forward from a gift's units to where they are, back from a delivery's units to their
gifts.

Units stand on a line until an outflow takes them, and may go on from there (DESIGN section 2): those of a
returned delivery at the return, those of a transfer where it arrived, and those that a refund or a
reassignment of gift D took at the last units of D, which that withdrawal ended. Each such step is a later
event than the one before, so every walk ends. Both walks go in whole intervals and ask only for the rows that
overlap them.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from heapq import heappop, heappush
from math import inf
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection

from contracts.bindings.ids import FundId
from indexer.errors import InvariantBroken
from indexer.queries.flows import (
    LAST_POSITION,
    WITHDRAWALS,
    Inflow,
    Moment,
    Outflow,
    OutflowKind,
    inflows_over,
    outflows_over,
    returns_over,
    withdrawals_over,
)

T = TypeVar("T")

FIRST: Moment = (-1, -1)
"""Before every event."""


class Piece(NamedTuple):
    """`amount` units, the ones from `origin` on, which now stand at `place` and on of the line of `fund`.

    `moment` is the event that brought them there; walking backward, the one that took them away.
    """

    origin: int
    fund: FundId
    place: int
    amount: int
    moment: Moment

    @property
    def end(self) -> int:
        return self.place + self.amount

    def part(self, low: int, high: int) -> Piece:
        """The units that stand at [low, high)."""
        return Piece(self.origin + low - self.place, self.fund, low, high - low, self.moment)

    def since(self, origin: int) -> Piece:
        """The units from `origin` on; none when all come before."""
        passed = min(max(0, origin - self.origin), self.amount)
        return self.part(self.place + passed, self.end)

    def moved(self, fund: FundId, shift: int, moment: Moment) -> Piece:
        """The same units `shift` places further on, in `fund`."""
        return Piece(self.origin, fund, self.place + shift, self.amount, moment)


class Step(NamedTuple):
    """Units that left the line at [start, end) go on at `place` and on of `fund`."""

    start: int
    end: int
    fund: FundId
    place: int


_Steps = defaultdict[tuple[OutflowKind, bytes], list[Step]]
"""By kind and id of an outflow."""


class Walk(NamedTuple):
    """Where units are, or who gave them: all of those asked for up to the one at `rest`, None when that is all."""

    found: list[tuple[Piece, Any]]
    rest: int | None


def forward(conn: Connection, pieces: Iterable[Piece], most: int = LAST_POSITION) -> Walk:
    """Where units are: each part of the pieces with the outflow that it left in and that it is still in, or
    None while it stands on a line. Raises InvariantBroken (I2, I3, I7).

    With `most` it goes on for about so many parts, those of the first units; then a step of the walk reads at
    most twice as many rows, however wide a piece is.
    """
    found: list[tuple[Piece, Outflow | None]] = []
    todo, rest = [piece for piece in pieces if piece.amount], inf
    while todo:
        runs, todo, parts = _runs(todo), [], 0
        for run in runs:
            if parts >= most:
                rest = min(rest, run[0].origin)
                continue
            outflows = outflows_over(conn, run[0].fund, run[0].place, run[-1].end, most)
            if len(outflows) == most and outflows[-1].end < run[-1].end:
                run, dropped = _cut(run, outflows[-1].end)
                rest = min(rest, dropped)
            steps = _steps(conn, run, outflows)
            for piece in run:
                for part, outflow, step in _leave(piece, outflows, steps):
                    parts += 1
                    if outflow is None or step is None:
                        found.append((part, outflow))
                    else:
                        todo.append(part.moved(step.fund, step.place - step.start, outflow.moment))
        todo = [piece for piece in todo if piece.origin < rest]
    return _walked(found, rest)


def _walked(found: Iterable[tuple[Piece, Any]], rest: float) -> Walk:
    """Pieces never share a unit, so each is before `rest` or not."""
    return Walk(
        [f for f in found if f[0].origin < rest], None if rest == inf else int(rest)
    )  # an int but for inf


def _cut(run: Sequence[Piece], end: int) -> tuple[list[Piece], int]:
    """The part of a run before the place `end`, and the first unit behind it."""
    kept = [piece.part(piece.place, min(piece.end, end)) for piece in run if piece.place < end]
    return kept, min(piece.origin + max(0, end - piece.place) for piece in run if piece.end > end)


def _leave(
    piece: Piece, outflows: Sequence[Outflow], steps: _Steps
) -> Iterator[tuple[Piece, Outflow | None, Step | None]]:
    """The parts of the piece with the outflow that each left in, if any, and the step by which it went on."""
    first = bisect_right(outflows, piece.place, key=lambda outflow: outflow.end)
    last = bisect_left(outflows, piece.end, key=lambda outflow: outflow.start)
    for left, outflow in _split(piece, [(o.start, o.end, o) for o in outflows[first:last]]):
        if outflow is None:
            if outflows and left.place < outflows[0].start:
                raise InvariantBroken("I2", f"unit {left.place} of fund 0x{left.fund.hex()} was passed over")
            yield left, None, None
            continue
        if outflow.moment <= piece.moment:
            raise InvariantBroken("I3", f"units left in 0x{outflow.id.hex()} before they were there")
        for part, step in _split(left, [(s.start, s.end, s) for s in steps[outflow.kind, outflow.id]]):
            if step is None and outflow.kind in WITHDRAWALS:
                raise _left_though_withdrawn(part)
            yield part, outflow, step


def _runs(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """The pieces by fund and place, those that touch, in the order of their units, together: they are asked for
    at once. The run of the first units comes first."""
    runs: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: (piece.fund, piece.place)):
        last = runs[-1][-1] if runs else None
        if last and (last.fund, last.end) == (piece.fund, piece.place) and last.origin < piece.origin:
            runs[-1].append(piece)
        else:
            runs.append([piece])
    return sorted(runs, key=lambda run: run[0].origin)


def backward(conn: Connection, piece: Piece, most: int = LAST_POSITION) -> Walk:
    """Who gave units: each part of the piece, standing where its gift's own units stood, with the donation.
    Raises InvariantBroken (I2, I3) when nobody gave one of them.

    With `most` it goes on for about so many parts, those of the first units; then it reads at most so many
    inflows for a step back.
    """
    found: list[tuple[Piece, bytes]] = []
    todo = [piece] if piece.amount else []
    while todo:
        piece = heappop(todo)
        inflows = inflows_over(conn, piece.fund, piece.place, piece.end, most)
        if len(inflows) == most and inflows[-1].end < piece.end:
            heappush(todo, piece.part(inflows[-1].end, piece.end))
            piece = piece.part(piece.place, inflows[-1].end)
        for part, donation in _before(conn, piece, inflows):
            if donation is None:
                heappush(todo, part)
            else:
                found.append((part, donation))
        if todo and len(found) >= most and sum(f[0].origin < todo[0].origin for f in found) >= most:
            return _walked(found, todo[0].origin)
    return _walked(found, inf)


def _before(
    conn: Connection, piece: Piece, inflows: Sequence[Inflow]
) -> Iterator[tuple[Piece, bytes | None]]:
    """The piece's units one step earlier; with the donation once they are a gift's own."""
    withdrawals = withdrawals_over(conn, piece.fund, piece.place, piece.end)
    tails = [(w.continues_at, w.continues_at + w.end - w.start, w) for w in withdrawals]
    for held, withdrawal in _split(piece, tails):
        if withdrawal is None:
            yield from _came_in(held, inflows)
            continue
        _check_earlier(withdrawal.moment, withdrawal.id, piece)
        sources = [(s.place, s.place + s.end - s.start, s) for s in _withdrawn(withdrawal)]
        for part, step in _split(held, sources):
            if step is None:
                raise _left_though_withdrawn(part)
            yield part.moved(part.fund, step.start - step.place, withdrawal.moment), None


def _steps(conn: Connection, run: Sequence[Piece], outflows: Sequence[Outflow]) -> _Steps:
    """Where the units that left in each outflow go on, as far as they stand within the run."""
    fund, steps = run[0].fund, _Steps(list)
    for outflow in outflows:
        key = outflow.kind, outflow.id
        if outflow.kind in WITHDRAWALS:
            steps[key] = _withdrawn(outflow)
        elif outflow.continues_in is not None:
            steps[key] = [Step(outflow.start, outflow.end, outflow.continues_in, outflow.continues_at)]
    if any(outflow.kind is OutflowKind.DELIVERY for outflow in outflows):
        for back in returns_over(conn, fund, run[0].place, run[-1].end):
            step = Step(back.continues_from, back.continues_from + back.amount, fund, back.start)
            steps[OutflowKind.DELIVERY, back.entitlement].append(step)
    return steps


def _withdrawn(outflow: Outflow) -> list[Step]:
    """Where the units that a refund or reassignment of gift D took go on: at D's withdrawn units, one by one.

    What it took may reach into those very units. Then a unit goes on, by the same distance, until it stands
    behind everything taken; at once, that turns the units before D's withdrawn ones round by the remainder.
    """
    start, end, fund = outflow.start, outflow.end, outflow.continues_in
    distance = outflow.continues_at - start
    if distance < 0 or fund is None:
        raise InvariantBroken("I7", f"0x{outflow.id.hex()} withdraws units that had left")
    if end - start <= distance:
        return [Step(start, end, fund, start + distance)]
    if distance == 0:  # it took exactly the units that it withdrew
        return []
    turned = (end - start) % distance
    steps = [
        Step(start, start + turned, fund, end + distance - turned),
        Step(start + turned, start + distance, fund, end),
    ]
    return [step for step in steps if step.start < step.end]


def _came_in(piece: Piece, inflows: Sequence[Inflow]) -> Iterator[tuple[Piece, bytes | None]]:
    """The piece's units where they were before they came into the fund; with the donation once they are a
    gift's own."""
    first = bisect_right(inflows, piece.place, key=lambda inflow: inflow.end)
    last = bisect_left(inflows, piece.end, key=lambda inflow: inflow.start)
    for part, inflow in _split(piece, [(i.start, i.end, i) for i in inflows[first:last]]):
        if inflow is None:
            raise InvariantBroken(
                "I2", f"nobody gave some of the units at {part.place} of fund 0x{part.fund.hex()}"
            )
        _check_earlier(inflow.moment, inflow.id, piece)
        yield part.moved(inflow.from_fund, inflow.from_place - inflow.start, inflow.moment), inflow.donation


def _check_earlier(moment: Moment, id: bytes, piece: Piece) -> None:
    if moment >= piece.moment:
        raise InvariantBroken("I3", f"units left before 0x{id.hex()} brought them to {piece.place}")


def _left_though_withdrawn(piece: Piece) -> InvariantBroken:
    return InvariantBroken(
        "I3", f"units at {piece.place} of fund 0x{piece.fund.hex()} left though their gift was withdrawn"
    )


def _split(piece: Piece, intervals: Iterable[tuple[int, int, T]]) -> Iterator[tuple[Piece, T | None]]:
    """The whole piece cut at the intervals' borders, in order: each part with what its interval stands for, or
    None where there is none. Raises InvariantBroken (I3) when intervals overlap."""
    place = piece.place
    for low, high, what in sorted(intervals, key=lambda interval: interval[0]):
        low, high = max(low, piece.place), min(high, piece.end)
        if low >= high:
            continue
        if low < place:
            raise InvariantBroken("I3", f"unit {low} of fund 0x{piece.fund.hex()} went two ways")
        if low > place:
            yield piece.part(place, low), None
        yield piece.part(low, high), what
        place = high
    if place < piece.end:
        yield piece.part(place, piece.end), None


__all__ = [
    "FIRST",
    "Moment",
    "Outflow",
    "OutflowKind",
    "Piece",
    "Step",
    "Walk",
    "backward",
    "forward",
]
