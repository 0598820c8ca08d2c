"""The way of a gift: each of its units in exactly one state (I3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    LargeBinary,
    Select,
    Table,
    bindparam,
    cast,
    literal,
    null,
    select,
    union_all,
)

from contracts.bindings.ids import (
    DonationId,
    FeeId,
    FundId,
    RefundId,
    TransferId,
)
from indexer.errors import InvariantBroken
from indexer.queries.blocks import BlockRef, as_of
from indexer.queries.deliveries import EntitlementState
from indexer.queries.flows import LAST_POSITION
from indexer.queries.gifts import Gift, gift
from indexer.queries.line import Fund, FundEnds, fund_ends, fund_opening
from indexer.queries.lineage import FIRST, Moment, Outflow, OutflowKind, Piece, forward
from indexer.queries.notes import IDS, DeliveryNote, by_ids, deliveries, notes_with_times
from indexer.schema import (
    block,
    donation_reassigned,
    donation_refunded,
    fee_taken,
    transfer_sent,
)


class SegmentState(StrEnum):
    """Where units of a gift are. Those of a delivery that was upheld came back, so there is no state for
    them; one that was dismissed counts as delivered, yet is not the family's own word."""

    WAITING = "waiting"
    RESERVED = "reserved"
    IN_TRANSIT = "in_transit"
    HANDED_OVER = "handed_over"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    DISMISSED = "dismissed"
    FEE = "fee"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive units of a gift in one state.

    `start`: the first one's place in the gift's own interval. `place`: where the first one stands now, on the
    line of `fund`: it differs once a refund, a return or a transfer moved it on. One of `delivery`, `fee`,
    `refund`, `transfer` is set when they left; `at_unix_s` is when they came into this state.
    """

    start: int
    amount_minor: int
    state: SegmentState
    place: int
    fund: FundId
    delivery: DeliveryNote | None = None
    fee: FeeId | None = None
    refund: RefundId | None = None
    at_unix_s: int | None = None
    transfer: TransferId | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole of a gift, cut into segments in the order of its units.

    `fund` is the one it was recorded in; `funds` are the others that its units stand in now, or left.
    """

    as_of: BlockRef
    gift: Gift
    fund: Fund
    segments: tuple[Segment, ...]
    funds: tuple[Fund, ...]
    next_start: int | None = None
    """The first unit of which nothing is said here, when the trace was asked for in pages."""

    def amount_in(self, state: SegmentState) -> int:
        """Minor units of the gift in one state."""
        return sum(segment.amount_minor for segment in self.segments if segment.state is state)


_DONATION = bindparam("donation", type_=LargeBinary)


class _Withdrawn(NamedTuple):
    """Last units of a gift, from `start` on, that were refunded, or reassigned: then they go on at `place` of
    the fund `to`."""

    start: int
    amount: int
    refund: RefundId | None
    to: FundId | None
    place: int
    at_unix_s: int
    moment: Moment


def _withdrawals(table: Table, refund: Any, to: Any, place: Any) -> Select[Any]:
    columns = (
        table.c.continues_at.label("start"),
        table.c.amount_minor,
        refund,
        to,
        place,
        block.c.timestamp_unix_s,
        table.c.block_number,
        table.c.log_index,
    )
    rows = select(*columns).select_from(table).join(block, block.c.number == table.c.block_number)
    return rows.where(table.c.donation == _DONATION)


_NO_ID = cast(null(), LargeBinary)
_WITHDRAWN = union_all(
    _withdrawals(donation_refunded, donation_refunded.c.refund, _NO_ID, literal(0)),
    _withdrawals(donation_reassigned, _NO_ID, donation_reassigned.c.to, donation_reassigned.c.starts_at),
).order_by("start")


def _times(table: Table, id: str) -> Select[Any]:
    rows = select(table.c[id], block.c.timestamp_unix_s).select_from(table)
    return rows.join(block, block.c.number == table.c.block_number).where(table.c[id].in_(IDS))


_FEES = _times(fee_taken, "fee")
_SENT = _times(transfer_sent, "transfer")


def trace_donation(
    conn: Connection, donation: DonationId, start: int | None = None, most: int = LAST_POSITION
) -> Trace:
    """Where each unit of a gift is now, in whichever fund. Reads only what overlaps the gift's interval and
    what its units became. Raises UnknownRecord, and InvariantBroken (I1, I2, I3, I7) rather than an answer
    that does not add up.

    A gift that went to thousands of families can be read in pages: about `most` segments, of the units from
    `start` on; for the next page give `next_start`.
    """
    given = gift(conn, donation)
    end = given.start + given.amount_minor
    low = given.start if start is None else min(max(start, given.start), end)
    withdrawn = _withdrawn(conn, given)
    kept = given.amount_minor - sum(w.amount for w in withdrawn)
    pieces = [Piece(given.start, given.fund, given.start, kept, FIRST)]
    pieces += [Piece(w.start, w.to, w.place, w.amount, w.moment) for w in withdrawn if w.to is not None]
    walk = forward(conn, [piece.since(low) for piece in pieces], most)
    high = end if walk.rest is None else walk.rest
    segments = [
        *_left(conn, walk.found),
        *_standing(conn, walk.found),
        *_refunded(given.fund, withdrawn, low, high),
    ]
    segments.sort(key=lambda segment: segment.start)
    _check_states(donation, segments, low, high)
    others = dict.fromkeys(segment.fund for segment in segments if segment.fund != given.fund)
    funds = tuple(fund_opening(conn, fund) for fund in others)
    return Trace(as_of(conn), given, fund_opening(conn, given.fund), tuple(segments), funds, walk.rest)


def _check_states(donation: DonationId, segments: Sequence[Segment], low: int, high: int) -> None:
    """I3: the segments are the units from `low` to `high`, each once."""
    position = low
    for segment in segments:
        if segment.start != position:
            raise InvariantBroken(
                "I3", f"unit {position} of donation 0x{donation.hex()} is not in exactly one state"
            )
        position += segment.amount_minor
    if position != high:
        raise InvariantBroken(
            "I3", f"donation 0x{donation.hex()}: states end at unit {position} instead of {high}"
        )


def _withdrawn(conn: Connection, given: Gift) -> list[_Withdrawn]:
    """The gift's own withdrawn units, which are its last ones, each withdrawal before the one that came
    earlier; raises InvariantBroken (I7)."""
    rows = conn.execute(_WITHDRAWN, {"donation": given.id})
    found = [_Withdrawn(*(*row[:-2], (row[-2], row[-1]))) for row in rows]
    place = given.start + given.amount_minor - sum(w.amount for w in found)
    for withdrawn in found:
        if withdrawn.start != place or place < given.start:
            raise InvariantBroken(
                "I7", f"what was withdrawn of donation 0x{given.id.hex()} is not its last units"
            )
        place += withdrawn.amount
    return found


def _refunded(fund: FundId, withdrawn: Sequence[_Withdrawn], low: int, high: int) -> Iterator[Segment]:
    """As far as they are of the units from `low` to `high`."""
    for w in withdrawn:
        start, end = max(w.start, low), min(w.start + w.amount, high)
        if w.refund is not None and start < end:
            yield Segment(
                start,
                end - start,
                SegmentState.REFUNDED,
                start,
                fund,
                refund=w.refund,
                at_unix_s=w.at_unix_s,
            )


def _left(conn: Connection, pieces: Sequence[tuple[Piece, Outflow | None]]) -> Iterator[Segment]:
    """The pieces that left in a delivery or a fee, or are on their way to another fund."""
    left = [(piece, outflow) for piece, outflow in pieces if outflow is not None]
    ids: dict[OutflowKind, list[bytes]] = {kind: [] for kind in OutflowKind}
    for kind, id in dict.fromkeys((outflow.kind, outflow.id) for _, outflow in left):
        ids[kind].append(id)
    notes = notes_with_times(conn, ids[OutflowKind.DELIVERY])
    fees = dict(by_ids(conn, _FEES, ids[OutflowKind.FEE]))
    sent = dict(by_ids(conn, _SENT, ids[OutflowKind.TRANSFER]))
    for piece, outflow in left:
        where = piece.place, piece.fund
        if outflow.kind is OutflowKind.FEE:
            fee = FeeId(outflow.id)
            yield Segment(piece.origin, piece.amount, SegmentState.FEE, *where, fee=fee, at_unix_s=fees[fee])
        elif outflow.kind is OutflowKind.TRANSFER:
            transfer, at = TransferId(outflow.id), sent[outflow.id]
            yield Segment(
                piece.origin, piece.amount, SegmentState.IN_TRANSIT, *where, transfer=transfer, at_unix_s=at
            )
        elif outflow.id not in notes:
            raise InvariantBroken("I5", f"delivery 0x{outflow.id.hex()} is on no payment list")
        else:
            note, at = notes[outflow.id]
            if note.state is EntitlementState.UPHELD:
                raise InvariantBroken("I7", f"delivery 0x{outflow.id.hex()} was upheld and did not come back")
            state = SegmentState(note.state.value)
            yield Segment(piece.origin, piece.amount, state, *where, delivery=note, at_unix_s=at)


def _standing(conn: Connection, pieces: Sequence[tuple[Piece, Outflow | None]]) -> Iterator[Segment]:
    """The pieces still on a line: reserved up to what approved lists promise, waiting beyond."""
    ends_of: dict[FundId, FundEnds] = {}
    for piece in (piece for piece, outflow in pieces if outflow is None):
        ends = ends_of.get(piece.fund)
        if ends is None:
            ends = ends_of[piece.fund] = fund_ends(conn, piece.fund)
        if piece.place < ends.outflow_end:
            raise InvariantBroken("I2", f"unit {piece.place} of fund 0x{piece.fund.hex()} left in no outflow")
        promised_end = min(max(ends.outflow_end + ends.reserved, piece.place), piece.end)
        for part, state in (
            (piece.part(piece.place, promised_end), SegmentState.RESERVED),
            (piece.part(promised_end, piece.end), SegmentState.WAITING),
        ):
            if part.amount:
                yield Segment(part.origin, part.amount, state, part.place, part.fund)


__all__ = [
    "DeliveryNote",
    "Gift",
    "Segment",
    "SegmentState",
    "Trace",
    "deliveries",
    "gift",
    "trace_donation",
]
