"""Who gave what a household received: the way of a gift, walked back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, LargeBinary, bindparam, select

from contracts.bindings.ids import DonationId, EntitlementId, FundId
from indexer.errors import UnknownRecord
from indexer.queries.blocks import BlockRef, as_of
from indexer.queries.flows import LAST_POSITION
from indexer.queries.lineage import Piece, backward
from indexer.schema import delivery_handed_over


@dataclass(frozen=True, slots=True)
class Share:
    """Units of one gift in a delivery: [start, start + amount_minor) in the gift's own interval, which is of
    the line of `fund`: another than the delivery's once the units were transferred or reassigned."""

    donation: DonationId
    start: int
    amount_minor: int
    fund: FundId


@dataclass(frozen=True, slots=True)
class Donors:
    """The gifts that a delivery's units came from, in the order of the delivery's units. What came back later
    still came from them."""

    as_of: BlockRef
    entitlement: EntitlementId
    fund: FundId
    start: int
    amount_minor: int
    shares: tuple[Share, ...]
    next_start: int | None = None
    """The first unit of which nothing is said here, a place on the line of `fund`; None: this is the rest."""


_DELIVERY = select(
    delivery_handed_over.c.fund,
    delivery_handed_over.c.start,
    delivery_handed_over.c.amount_minor,
    delivery_handed_over.c.block_number,
    delivery_handed_over.c.log_index,
).where(delivery_handed_over.c.entitlement == bindparam("entitlement", type_=LargeBinary))


def donors_of(
    conn: Connection, entitlement: EntitlementId, start: int | None = None, most: int = LAST_POSITION
) -> Donors:
    """The gifts behind a delivery: about `most` shares of its units from `start` on, a place on its fund's line.
    For the next page give `next_start`. Raises UnknownRecord when it was not handed over, InvariantBroken (I2,
    I3)."""
    row = conn.execute(_DELIVERY, {"entitlement": entitlement}).one_or_none()
    if row is None:
        raise UnknownRecord("delivery", entitlement)
    fund, place, amount, *moment = row
    low = place if start is None else min(max(start, place), place + amount)
    piece = Piece(low, fund, low, place + amount - low, (moment[0], moment[1]))
    found, rest = backward(conn, piece, most)
    shares = (
        Share(DonationId(donation), part.place, part.amount, part.fund)
        for part, donation in sorted(found, key=lambda share: share[0].origin)
    )
    return Donors(as_of(conn), entitlement, fund, place, amount, tuple(shares), rest)
