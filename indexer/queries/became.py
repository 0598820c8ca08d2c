"""What became of several gifts, in a few amounts each: a bounded walk for all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from contracts.bindings.ids import FundId
from indexer.errors import InvariantBroken
from indexer.queries.deliveries import AFTER_HAND_OVER, DELIVERY_STATE, EntitlementState
from indexer.queries.gifts import Gift
from indexer.queries.line import FundEnds, fund_ends
from indexer.queries.lineage import FIRST, Outflow, OutflowKind, Piece, forward
from indexer.queries.notes import IDS, by_ids
from indexer.queries.trace import SegmentState
from indexer.schema import delivery_handed_over, donation_reassigned, donation_refunded


@dataclass(frozen=True, slots=True)
class Became:
    """Minor units of a gift by where they are; the trace of the gift says which ones and when.

    `unread_minor` is not nought for a gift that went to more families than one page can follow: it counts the
    units of which nothing is said here.
    """

    waiting_minor: int = 0
    reserved_minor: int = 0
    in_transit_minor: int = 0
    handed_over_minor: int = 0
    confirmed_minor: int = 0
    disputed_minor: int = 0
    dismissed_minor: int = 0
    fee_minor: int = 0
    refunded_minor: int = 0
    unread_minor: int = 0


_APART = 1 << 64
"""Units are numbered through all the gifts: those of gift n begin at n times this, since funds overlap."""


def _states() -> Select[Any]:
    rows: Any = delivery_handed_over
    for table in AFTER_HAND_OVER:
        rows = rows.outerjoin(table, table.c.entitlement == delivery_handed_over.c.entitlement)
    query = select(delivery_handed_over.c.entitlement, DELIVERY_STATE).select_from(rows)
    return query.where(delivery_handed_over.c.entitlement.in_(IDS))


_STATES = _states()
_REFUNDED = select(donation_refunded.c.donation, donation_refunded.c.amount_minor).where(
    donation_refunded.c.donation.in_(IDS)
)
_REASSIGNED = select(
    donation_reassigned.c.donation,
    donation_reassigned.c.continues_at,
    donation_reassigned.c.to,
    donation_reassigned.c.starts_at,
    donation_reassigned.c.amount_minor,
    donation_reassigned.c.block_number,
    donation_reassigned.c.log_index,
).where(donation_reassigned.c.donation.in_(IDS))


def became_of(conn: Connection, gifts: Sequence[Gift], most: int) -> list[Became]:
    """What became of the first of these gifts: of as many as `most` steps follow to the end, and at least of one,
    however far. Raises InvariantBroken (I1, I2, I3, I7)."""
    if not gifts:
        return []
    amounts: list[dict[str, int]] = [{} for _ in gifts]
    pieces = list(_pieces(conn, gifts, amounts))
    found, rest = forward(conn, pieces, most)
    for number, state, amount in _stood(conn, found):
        name = f"{state}_minor"
        amounts[number][name] = amounts[number].get(name, 0) + amount
    whole = len(gifts) if rest is None else max(1, rest // _APART)
    result = []
    for number, (gift, known) in enumerate(zip(gifts[:whole], amounts, strict=False)):
        unread = gift.amount_minor - sum(known.values())
        if unread and (rest is None or number < rest // _APART):
            raise InvariantBroken(
                "I3", f"donation 0x{gift.id.hex()}: {unread} units are in no state or in two"
            )
        result.append(Became(**known, unread_minor=unread))
    return result


def _pieces(conn: Connection, gifts: Sequence[Gift], amounts: list[dict[str, int]]) -> Iterator[Piece]:
    """Where the gifts' units began, without those refunded, which are counted."""
    numbers = {bytes(gift.id): number for number, gift in enumerate(gifts)}
    ids = list(numbers)
    kept = [gift.amount_minor for gift in gifts]
    for id, amount in by_ids(conn, _REFUNDED, ids):
        number = numbers[id]
        amounts[number]["refunded_minor"] = amounts[number].get("refunded_minor", 0) + amount
        kept[number] -= amount
    for id, at, to, place, amount, *moment in by_ids(conn, _REASSIGNED, ids):
        number = numbers[id]
        kept[number] -= amount
        origin = number * _APART + at - gifts[number].start
        yield Piece(origin, FundId(to), place, amount, (moment[0], moment[1]))
    for number, gift in enumerate(gifts):
        yield Piece(number * _APART, gift.fund, gift.start, kept[number], FIRST)


def _stood(conn: Connection, found: Sequence[tuple[Piece, Outflow | None]]) -> Iterator[tuple[int, str, int]]:
    """The number of the gift, the state, and how many units are in it."""
    ids = [outflow.id for _, outflow in found if outflow is not None and outflow.kind is OutflowKind.DELIVERY]
    states = {row[0]: row[1] for row in by_ids(conn, _STATES, list(dict.fromkeys(ids)))}
    ends: dict[FundId, FundEnds] = {}
    for piece, outflow in found:
        number = piece.origin // _APART
        if outflow is None:
            if piece.fund not in ends:
                ends[piece.fund] = fund_ends(conn, piece.fund)
            line = ends[piece.fund]
            if piece.place < line.outflow_end:
                raise InvariantBroken(
                    "I2", f"unit {piece.place} of fund 0x{piece.fund.hex()} left in no outflow"
                )
            promised = min(max(line.outflow_end + line.reserved - piece.place, 0), piece.amount)
            yield number, SegmentState.RESERVED.value, promised
            yield number, SegmentState.WAITING.value, piece.amount - promised
        elif outflow.kind is OutflowKind.DELIVERY:
            if states[outflow.id] == EntitlementState.UPHELD.value:
                raise InvariantBroken("I7", f"delivery 0x{outflow.id.hex()} was upheld and did not come back")
            yield number, states[outflow.id], piece.amount
        elif outflow.kind is OutflowKind.FEE:
            yield number, SegmentState.FEE.value, piece.amount
        else:  # a transfer: what a refund or a reassignment takes always goes on
            yield number, SegmentState.IN_TRANSIT.value, piece.amount
