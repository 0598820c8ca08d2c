"""Bodies of the payment list routes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ledger_api.wire import Account, Body, CodeText, Id32, MinorOut, MinorUnits, UnixSeconds

MAX_ITEMS = 5000
"""Most entitlements of one list: a spreadsheet of 3,000 rows fits, and the contract checks all in one call.
"""


class ClearanceIn(Body):
    """The clearer's word that the household has not had this aid elsewhere: EIP-712 `Clearance`, compact signature."""

    clearer: Account
    deadline_unix_s: UnixSeconds
    r: Id32
    vs: Id32


class EntitlementIn(Body):
    """So much of the fund for one household."""

    id: Id32
    household: Account
    amount_minor: MinorUnits
    clearance: ClearanceIn | None = None
    """Where the programme asks for one."""


class PaymentListIn(Body):
    """A list to propose. The checker approves exactly these items, in this order."""

    id: Id32
    fund: Id32
    programme: Id32
    provider: Id32 | None = None
    """The body that hands over; the payer itself unless given."""
    place: CodeText | None = None
    """Where the aid goes, as in IR-23-01."""
    season: CodeText | None = None
    """Exactly for seasonal programmes, as in 1405-winter."""
    rule_version: Annotated[int, Field(ge=0, lt=2**32, strict=True)] = 0
    """The version in force of the programme's rule; 0 where it has none."""
    expires_at_unix_s: UnixSeconds
    entitlements: Annotated[list[EntitlementIn], Field(min_length=1, max_length=MAX_ITEMS)]


class PaymentListAccepted(Body):
    """The office has the list and will propose it. A checker approves `content_hash`."""

    id: Id32
    content_hash: Id32
    count: int
    total_minor: MinorOut
    status: str


class ApprovalIn(Body):
    """What the checker has looked at and approves."""

    content_hash: Id32


class CancellationIn(Body):
    """Why the list ends."""

    reason: CodeText
