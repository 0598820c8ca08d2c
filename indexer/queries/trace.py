"""The way of a gift: each of its units in exactly one state (I3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, LargeBinary, Select, bindparam, select

from contracts.abi import Address
from contracts.bindings.ids import (
    DonationId,
    EntitlementId,
    FeeId,
    FundId,
    PaymentListId,
    ProgrammeId,
    RefundId,
)
from indexer.errors import InvariantBroken, UnknownRecord
from indexer.queries.blocks import BlockRef, as_of
from indexer.queries.line import Fund, fund_ends, fund_opening
from indexer.queries.lineage import Outflow, OutflowKind, Piece, forward
from indexer.schema import (
    block,
    delivery_confirmed,
    delivery_handed_over,
    donation_recorded,
    donation_refunded,
    entitlement_listed,
    fee_taken,
    payment_list_proposed,
)


class SegmentState(StrEnum):
    """Where units of a gift are."""

    WAITING = "waiting"
    RESERVED = "reserved"
    HANDED_OVER = "handed_over"
    CONFIRMED = "confirmed"
    FEE = "fee"
    REFUNDED = "refunded"


@dataclass(frozen=True, slots=True)
class Gift:
    """A donation as it was recorded: units [start, start + amount_minor) of its fund. Times are unix
    seconds."""

    id: DonationId
    fund: FundId
    donor: Address
    start: int
    amount_minor: int
    settled_at_unix_s: int
    channel: str
    commitment: bytes
    block_number: int
    recorded_at_unix_s: int


@dataclass(frozen=True, slots=True)
class DeliveryNote:
    """A delivery without its household: who gave may know of what and when, not of whom (DESIGN section
    7)."""

    entitlement: EntitlementId
    list: PaymentListId
    programme: ProgrammeId
    handed_over_at_unix_s: int
    confirmed_at_unix_s: int | None


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive units of a gift in one state.

    `start`: the first one's place in the gift's own interval. `place`: where the first one stands on the
    fund's line now, which differs once a refund of another gift took it. One of `delivery`, `fee`, `refund`
    is set when they left; `at_unix_s` is when.
    """

    start: int
    amount_minor: int
    state: SegmentState
    place: int
    delivery: DeliveryNote | None = None
    fee: FeeId | None = None
    refund: RefundId | None = None
    at_unix_s: int | None = None


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole of a gift, cut into segments in the order of its units."""

    as_of: BlockRef
    gift: Gift
    fund: Fund
    segments: tuple[Segment, ...]

    def amount_in(self, state: SegmentState) -> int:
        """Minor units of the gift in one state."""
        return sum(segment.amount_minor for segment in self.segments if segment.state is state)


_DONATION = bindparam("donation", type_=LargeBinary)

_GIFT: Select[*tuple[Any, ...]] = (
    select(
        donation_recorded.c.donation,
        donation_recorded.c.fund,
        donation_recorded.c.donor,
        donation_recorded.c.start,
        donation_recorded.c.amount_minor,
        donation_recorded.c.settled_at_unix_s,
        donation_recorded.c.channel,
        donation_recorded.c.commitment,
        donation_recorded.c.block_number,
        block.c.timestamp_unix_s,
    )
    .join(block, block.c.number == donation_recorded.c.block_number)
    .where(donation_recorded.c.donation == _DONATION)
)

_REFUNDS = (
    select(
        donation_refunded.c.refund,
        donation_refunded.c.continues_at,
        donation_refunded.c.amount_minor,
        block.c.timestamp_unix_s,
    )
    .join(block, block.c.number == donation_refunded.c.block_number)
    .where(donation_refunded.c.donation == _DONATION)
    .order_by(donation_refunded.c.continues_at)
)

_confirmed_in = block.alias("confirmed_in")
_DELIVERIES = (
    select(
        delivery_handed_over.c.entitlement,
        entitlement_listed.c.list,
        payment_list_proposed.c.programme,
        block.c.timestamp_unix_s.label("handed_over_at_unix_s"),
        _confirmed_in.c.timestamp_unix_s.label("confirmed_at_unix_s"),
    )
    .join(block, block.c.number == delivery_handed_over.c.block_number)
    .join(entitlement_listed, entitlement_listed.c.entitlement == delivery_handed_over.c.entitlement)
    .join(payment_list_proposed, payment_list_proposed.c.list == entitlement_listed.c.list)
    .outerjoin(delivery_confirmed, delivery_confirmed.c.entitlement == delivery_handed_over.c.entitlement)
    .outerjoin(_confirmed_in, _confirmed_in.c.number == delivery_confirmed.c.block_number)
    .where(delivery_handed_over.c.entitlement.in_(bindparam("ids", expanding=True)))
)

_FEES = (
    select(fee_taken.c.fee, block.c.timestamp_unix_s)
    .join(block, block.c.number == fee_taken.c.block_number)
    .where(fee_taken.c.fee.in_(bindparam("ids", expanding=True)))
)

_IDS_AT_ONCE = 5_000


def gift(conn: Connection, donation: DonationId) -> Gift:
    """The gift as it was recorded; raises UnknownRecord."""
    row = conn.execute(_GIFT, {"donation": donation}).one_or_none()
    if row is None:
        raise UnknownRecord("donation", donation)
    return Gift(*row)


def trace_donation(conn: Connection, donation: DonationId) -> Trace:
    """Where each unit of a gift is now. Reads only what overlaps the gift's interval and, through refunds,
    what its units became. Raises UnknownRecord, and InvariantBroken (I2, I3, I7) rather than an answer that
    does not add up."""
    given = gift(conn, donation)
    end = given.start + given.amount_minor
    tail = list(_refunded_tail(conn, given))
    kept_end = tail[0].start if tail else end
    pieces = list(forward(conn, given.fund, given.start, kept_end))
    segments = [*_left(conn, pieces), *_standing(conn, given.fund, pieces), *tail]
    segments.sort(key=lambda segment: segment.start)
    position = given.start
    for segment in segments:
        if segment.start != position:
            raise InvariantBroken(
                "I3", f"unit {position} of donation 0x{donation.hex()} is not in exactly one state"
            )
        position += segment.amount_minor
    if position != end:
        raise InvariantBroken(
            "I3", f"donation 0x{donation.hex()}: states add up to {position - given.start} units"
        )
    return Trace(as_of(conn), given, fund_opening(conn, given.fund), tuple(segments))


def _refunded_tail(conn: Connection, given: Gift) -> Iterator[Segment]:
    """The gift's own refunded units: its last ones, each refund before the one that came earlier."""
    end = given.start + given.amount_minor
    refunds = conn.execute(_REFUNDS, {"donation": given.id}).all()
    place = end - sum(row.amount_minor for row in refunds)
    for row in refunds:
        if row.continues_at != place or place < given.start:
            raise InvariantBroken("I7", f"refunds of donation 0x{given.id.hex()} are not its last units")
        yield Segment(
            place,
            row.amount_minor,
            SegmentState.REFUNDED,
            place,
            refund=row.refund,
            at_unix_s=row.timestamp_unix_s,
        )
        place += row.amount_minor


def _left(conn: Connection, pieces: Sequence[tuple[Piece, Outflow | None]]) -> Iterator[Segment]:
    """The pieces that left in a delivery or a fee."""
    outflows = {outflow.id: outflow.kind for _, outflow in pieces if outflow is not None}
    notes = deliveries(
        conn, [EntitlementId(id) for id, kind in outflows.items() if kind is OutflowKind.DELIVERY]
    )
    fees = _fee_times(conn, [FeeId(id) for id, kind in outflows.items() if kind is OutflowKind.FEE])
    for piece, outflow in pieces:
        if outflow is None:
            continue
        if outflow.kind is OutflowKind.FEE:
            fee = FeeId(outflow.id)
            yield Segment(
                piece.origin, piece.amount, SegmentState.FEE, piece.place, fee=fee, at_unix_s=fees[fee]
            )
            continue
        note = notes.get(EntitlementId(outflow.id))
        if note is None:
            raise InvariantBroken("I5", f"delivery 0x{outflow.id.hex()} is on no payment list")
        confirmed = note.confirmed_at_unix_s is not None
        state = SegmentState.CONFIRMED if confirmed else SegmentState.HANDED_OVER
        yield Segment(
            piece.origin,
            piece.amount,
            state,
            piece.place,
            delivery=note,
            at_unix_s=note.confirmed_at_unix_s if confirmed else note.handed_over_at_unix_s,
        )


def _standing(
    conn: Connection, fund: FundId, pieces: Sequence[tuple[Piece, Outflow | None]]
) -> Iterator[Segment]:
    """The pieces still on the line: reserved up to what approved lists promise, waiting beyond."""
    standing = [piece for piece, outflow in pieces if outflow is None]
    if not standing:
        return
    ends = fund_ends(conn, fund)
    promised_end = ends.outflow_end + ends.reserved
    for origin, place, amount in standing:
        if place < ends.outflow_end:
            raise InvariantBroken("I2", f"unit {place} of fund 0x{fund.hex()} left in no outflow")
        reserved = min(max(promised_end - place, 0), amount)
        if reserved:
            yield Segment(origin, reserved, SegmentState.RESERVED, place)
        if reserved < amount:
            yield Segment(origin + reserved, amount - reserved, SegmentState.WAITING, place + reserved)


def deliveries(conn: Connection, ids: Sequence[EntitlementId]) -> dict[EntitlementId, DeliveryNote]:
    """Deliveries by their entitlements; those not handed over are left out."""
    notes: dict[EntitlementId, DeliveryNote] = {}
    for at in range(0, len(ids), _IDS_AT_ONCE):
        for row in conn.execute(_DELIVERIES, {"ids": ids[at : at + _IDS_AT_ONCE]}):
            notes[row.entitlement] = DeliveryNote(*row)
    return notes


def _fee_times(conn: Connection, ids: Sequence[FeeId]) -> dict[FeeId, int]:
    times: dict[FeeId, int] = {}
    for at in range(0, len(ids), _IDS_AT_ONCE):
        for fee, time in conn.execute(_FEES, {"ids": ids[at : at + _IDS_AT_ONCE]}):
            times[fee] = time
    return times
