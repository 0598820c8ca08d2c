"""Walking the fund line: forward from a gift's units to where they are, back from an outflow's units to their
gifts.

A refund takes the next units on the line, at [start, start + amount); whoever gave them continues at the
donation's refunded units, [continuesAt, continuesAt + amount) (DESIGN section 2). Both walks work on whole
intervals and ask only for the rows that overlap them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    LargeBinary,
    Row,
    Select,
    Table,
    bindparam,
    func,
    literal,
    select,
    union_all,
)

from contracts.bindings.ids import FundId
from indexer.errors import InvariantBroken
from indexer.schema import delivery_handed_over, donation_recorded, donation_refunded, fee_taken


class OutflowKind(StrEnum):
    """Why units left a fund."""

    DELIVERY = "delivery"
    FEE = "fee"
    REFUND = "refund"


class Outflow(NamedTuple):
    """Units [start, end) of a fund's line that left. `id` is the entitlement's, the fee's or the refund's."""

    kind: OutflowKind
    id: bytes
    start: int
    end: int
    continues_at: int
    """A refund's: where those who gave its units continue. Otherwise 0."""


class Piece(NamedTuple):
    """`amount` units from `origin` on, which now stand at `place` and on."""

    origin: int
    place: int
    amount: int


_FUND = bindparam("fund", type_=LargeBinary)
_LOW = bindparam("low", type_=BigInteger)
_HIGH = bindparam("high", type_=BigInteger)


def overlapping(table: Table, position: ColumnElement[int]) -> ColumnElement[bool]:
    """Rows of fund :fund that may overlap [:low, :high), when a table's intervals are disjoint: those that
    begin in it and the last one that begins before it. Answered from the index on (fund, position)."""
    before = select(func.max(position)).where(table.c.fund == _FUND, position <= _LOW).scalar_subquery()
    return (table.c.fund == _FUND) & (position < _HIGH) & (position >= func.coalesce(before, 0))


def _outflows(table: Table, kind: OutflowKind, id: str) -> Select[tuple[str, bytes, int, int, int]]:
    continues_at = table.c.continues_at if kind is OutflowKind.REFUND else literal(0)
    columns = (
        literal(kind.value),
        table.c[id],
        table.c.start.label("start"),
        table.c.amount_minor,
        continues_at,
    )
    return select(*columns).where(overlapping(table, table.c.start))


# Ordered by the line's position, the third column; SQLite merges the three indexes, so a limit stops early.
_OUTFLOWS = (
    union_all(
        _outflows(delivery_handed_over, OutflowKind.DELIVERY, "entitlement"),
        _outflows(fee_taken, OutflowKind.FEE, "fee"),
        _outflows(donation_refunded, OutflowKind.REFUND, "refund"),
    )
    .order_by("start")
    .limit(bindparam("most", type_=BigInteger))
)
NO_LIMIT = LAST_POSITION = 2**63 - 1

_DONATIONS = select(
    donation_recorded.c.start,
    donation_recorded.c.donation,
    donation_recorded.c.start,
    donation_recorded.c.amount_minor,
).where(overlapping(donation_recorded, donation_recorded.c.start))

_REFUNDED = select(
    donation_refunded.c.start,
    donation_refunded.c.donation,
    donation_refunded.c.continues_at,
    donation_refunded.c.amount_minor,
).where(overlapping(donation_refunded, donation_refunded.c.continues_at))


def outflows_over(
    conn: Connection, fund: FundId, low: int, high: int = LAST_POSITION, most: int = NO_LIMIT
) -> list[Outflow]:
    """The first `most` outflows that overlap [low, high), in the line's order; raises InvariantBroken (I2)
    when they do not meet."""
    # Each of the three tables may answer with one row that ends before `low`.
    limits = {"fund": fund, "low": low, "high": high, "most": min(most, NO_LIMIT - 3) + 3}
    rows: Iterable[Any] = conn.execute(_OUTFLOWS, limits)
    found = [
        Outflow(OutflowKind(kind), id, start, start + amount, continues_at)
        for kind, id, start, amount, continues_at in rows
        if start + amount > low
    ][:most]
    for left, right in pairwise(found):
        if left.end != right.start:
            raise InvariantBroken("I2", f"outflows of fund 0x{fund.hex()} do not meet at {left.end}")
    return found


def forward(conn: Connection, fund: FundId, low: int, high: int) -> Iterator[tuple[Piece, Outflow | None]]:
    """Where the units [low, high) of the inflow line are: each piece with the outflow that took it for good,
    or None while it stands on the line. Raises InvariantBroken (I2)."""
    todo = [Piece(low, low, high - low)] if low < high else []
    while todo:
        piece = todo.pop()
        covered = piece.place
        for outflow in outflows_over(conn, fund, piece.place, piece.place + piece.amount):
            start, end = max(outflow.start, covered), min(outflow.end, piece.place + piece.amount)
            if start != covered:
                raise InvariantBroken(
                    "I2", f"units {covered} to {start} of fund 0x{fund.hex()} were passed over"
                )
            part = Piece(piece.origin + start - piece.place, start, end - start)
            covered = end
            if outflow.kind is not OutflowKind.REFUND:
                yield part, outflow
                continue
            moved = part._replace(place=outflow.continues_at + start - outflow.start)
            if moved.place <= part.place:
                raise InvariantBroken("I2", f"refund 0x{outflow.id.hex()} moves units back to {moved.place}")
            todo.append(moved)
        if covered < piece.place + piece.amount:
            yield (
                Piece(piece.origin + covered - piece.place, covered, piece.place + piece.amount - covered),
                None,
            )


def backward(conn: Connection, fund: FundId, low: int, high: int) -> Iterator[tuple[Piece, bytes]]:
    """Who gave the units [low, high) of the outflow line: pieces (`origin`: on the outflow line; `place`: the
    giver's own units) with the donation. Raises InvariantBroken (I2) when nobody gave one of them."""
    todo = [Piece(low, low, high - low)] if low < high else []
    while todo:
        piece = todo.pop()
        limits = {"fund": fund, "low": piece.place, "high": piece.place + piece.amount}
        refunded = _cut(piece, conn.execute(_REFUNDED, limits))
        covered = sum(part.amount for part, _, _ in refunded)
        for part, taken_at, donation in refunded:
            if taken_at >= part.place:
                raise InvariantBroken(
                    "I3", f"units of donation 0x{donation.hex()} left though they were refunded"
                )
            todo.append(part._replace(place=taken_at))
        for rest in _without(piece, [part for part, _, _ in refunded]):
            limits = {"fund": fund, "low": rest.place, "high": rest.place + rest.amount}
            for part, _, donation in _cut(rest, conn.execute(_DONATIONS, limits)):
                covered += part.amount
                yield part, donation
        if covered != piece.amount:
            raise InvariantBroken(
                "I2", f"nobody gave some of the units at {piece.place} of fund 0x{fund.hex()}"
            )


def _cut(piece: Piece, rows: Iterable[Row[int, bytes, int, int]]) -> list[tuple[Piece, int, bytes]]:
    """The parts of the piece that the rows' intervals cover, in order. A row is where its interval's units
    came from, its donation, and the interval; a part carries where its own units came from, and the
    donation."""
    found = []
    for came_from, donation, start, amount in sorted(rows, key=lambda row: row[2]):
        low, high = max(start, piece.place), min(start + amount, piece.place + piece.amount)
        if low < high:
            part = Piece(piece.origin + low - piece.place, low, high - low)
            found.append((part, came_from + low - start, donation))
    return found


def _without(piece: Piece, parts: Sequence[Piece]) -> Iterator[Piece]:
    """What is left of the piece beside the parts, which are in order."""
    place = piece.place
    for part in (*parts, Piece(0, piece.place + piece.amount, 0)):
        if place < part.place:
            yield Piece(piece.origin + place - piece.place, place, part.place - place)
        place = part.place + part.amount
