"""Gifts as they were recorded, and whose they are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, LargeBinary, Select, bindparam, func, select

from contracts.abi import Address
from contracts.bindings.ids import DonationId, FundId
from indexer.errors import UnknownRecord
from indexer.queries.blocks import BlockRef, as_of
from indexer.queries.notes import IDS, by_ids
from indexer.schema import block, donation_claimed, donation_recorded


@dataclass(frozen=True, slots=True)
class Gift:
    """A donation as it was recorded: units [start, start + amount_minor) of its fund. Times are unix seconds.

    `donor` is the account it was recorded for; `owner` the one it belongs to now, the donor's own wallet once
    the claim key moved it there. What is not cash has a value, in minor units of `value_currency`.
    """

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
    owner: Address
    form: str
    value_minor: int
    value_currency: str


@dataclass(frozen=True, slots=True)
class Gifts:
    """Gifts that belong to one account, in the order they were recorded."""

    as_of: BlockRef
    owner: Address
    items: tuple[Gift, ...]


_OWNER = func.coalesce(donation_claimed.c.wallet, donation_recorded.c.donor)

_GIFTS: Select[Any] = (
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
        _OWNER,
        donation_recorded.c.form,
        donation_recorded.c.value_minor,
        donation_recorded.c.value_currency,
    )
    .join(block, block.c.number == donation_recorded.c.block_number)
    .outerjoin(donation_claimed, donation_claimed.c.donation == donation_recorded.c.donation)
)
_SOME = _GIFTS.where(donation_recorded.c.donation.in_(IDS))
_ONE = _GIFTS.where(donation_recorded.c.donation == bindparam("donation", type_=LargeBinary))

_ACCOUNT = bindparam("owner", type_=LargeBinary)
# Each half is answered from an index; `or` over two tables would not be.
_RECORDED = _GIFTS.where(donation_recorded.c.donor == _ACCOUNT, donation_claimed.c.donation.is_(None))
_CLAIMED = _GIFTS.where(
    donation_recorded.c.donation.in_(
        select(donation_claimed.c.donation).where(donation_claimed.c.wallet == _ACCOUNT)
    )
)


def gift(conn: Connection, donation: DonationId) -> Gift:
    """The gift as it was recorded; raises UnknownRecord."""
    row = conn.execute(_ONE, {"donation": donation}).one_or_none()
    if row is None:
        raise UnknownRecord("donation", donation)
    return Gift(*row)


def gifts_by_id(conn: Connection, donations: Sequence[bytes]) -> dict[bytes, Gift]:
    """Gifts by their ids; those not recorded are left out."""
    return {row[0]: Gift(*row) for row in by_ids(conn, _SOME, donations)}


def gifts_owned(conn: Connection, owner: Address) -> Gifts:
    """The gifts that belong to an account now: recorded for it and not claimed by another, or claimed to it."""
    rows = [row for half in (_RECORDED, _CLAIMED) for row in conn.execute(half, {"owner": owner})]
    items = sorted((Gift(*row) for row in rows), key=lambda gift: (gift.block_number, gift.fund, gift.start))
    return Gifts(as_of(conn), owner, tuple(items))
