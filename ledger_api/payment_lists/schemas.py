"""Bodies of the payment list routes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ledger_api.wire import Account, Body, Id32, MinorOut, MinorUnits, UnixSeconds

MAX_ITEMS = 5000
"""Most entitlements of one list: a spreadsheet of 3,000 rows fits, and the contract checks all in one call.
"""


class EntitlementIn(Body):
    """So much of the fund for one household."""

    id: Id32
    household: Account
    amount_minor: MinorUnits


class PaymentListIn(Body):
    """A list to propose. The checker approves exactly these items, in this order."""

    id: Id32
    fund: Id32
    programme: Id32
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
