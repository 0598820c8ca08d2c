"""Bodies of the gift routes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ledger_api.wire import MAX_BATCH, Account, Body, CodeText, Id32, MinorUnits, PlainText, UnixSeconds

CASH = "cash"


class Donor(Body):
    """Who gave, for the receipt. Sealed in the office; never on chain."""

    name: Annotated[PlainText, Field(min_length=1, max_length=200)]
    reference: Annotated[PlainText, Field(max_length=64)] = ""
    """The office's own number of this donor: gifts with the same reference go to the same account."""


class Gift(Body):
    """A settled gift. `id` is made by the sender: 32 random bytes, kept, so that sending again is safe."""

    id: Id32
    amount_minor: MinorUnits
    settled_at_unix_s: UnixSeconds
    channel: CodeText
    form: CodeText = CASH
    """"cash", or what else was given: "goods", "service"."""
    value_minor: MinorUnits | None = None
    """What a gift that is not cash is worth, in minor units of `value_currency`; none for cash."""
    value_currency: CodeText | None = None
    reference: Annotated[PlainText, Field(max_length=500)] = ""
    donor_account: Account | None = None
    """The donor's own wallet; without it the office makes a claim account."""
    donor: Donor | None = None


class GiftIn(Gift):
    """One gift into one fund."""

    fund: Id32


class GiftsIn(Body):
    """Gifts into one fund, all or none."""

    fund: Id32
    gifts: Annotated[list[Gift], Field(min_length=1, max_length=MAX_BATCH)]


class GiftAccepted(Body):
    """The office has the gift and will record it. `receipt_code` opens the gift's page."""

    id: Id32
    donor_account: Account
    receipt_code: str
    page: str
    status: str


class RefundIn(Body):
    """Part of a gift, or all of it, back to its donor."""

    id: Id32
    donation: Id32
    amount_minor: MinorUnits


class ClaimIn(Body):
    """The claim key of a receipt moves the gift to the donor's own wallet: EIP-712 `Claim`, compact signature."""

    donation: Id32
    wallet: Account
    deadline_unix_s: UnixSeconds
    r: Id32
    vs: Id32


class ReassignmentIn(Body):
    """The donor's signed consent to another fund: EIP-712 `Reassignment`."""

    id: Id32
    donation: Id32
    to: Id32
    amount_minor: MinorUnits
    deadline_unix_s: UnixSeconds
    r: Id32
    vs: Id32


class FeeIn(Body):
    """The organisation's share of a fund."""

    id: Id32
    amount_minor: MinorUnits


class FeesIn(Body):
    """Fees of one fund, all or none."""

    fund: Id32
    fees: Annotated[list[FeeIn], Field(min_length=1, max_length=MAX_BATCH)]
