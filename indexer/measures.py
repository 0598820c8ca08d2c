"""What is counted of a fund, and how a change of it is said."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from indexer.schema import INT63_END


class Measure(StrEnum):
    """What is counted of a fund, each as a number of records and an amount in minor units.

    CONFIRMED, DISPUTED, DISMISSED and UPHELD are the deliveries of which that was said last, and their units
    that did not come back. RETURNED_WHOLE are deliveries that came back before anybody said a word. The number
    of EXPIRED and CANCELLED is of entitlements, freed when their list ended; that of APPROVED is of lists.
    """

    GIFTS = "gifts"
    RECEIVED = "received"
    CAME_BACK = "came_back"
    REASSIGNED_IN = "reassigned_in"
    RETURNED = "returned"
    HANDED_OVER = "handed_over"
    FEES = "fees"
    REFUNDS = "refunds"
    SENT = "sent"
    REASSIGNED_OUT = "reassigned_out"
    APPROVED = "approved"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"
    DISMISSED = "dismissed"
    UPHELD = "upheld"
    RETURNED_WHOLE = "returned_whole"


class Total(NamedTuple):
    """How many records, and their minor units together."""

    records: int
    amount: int


class Change(NamedTuple):
    """What an event adds to a measure of a fund."""

    fund: bytes
    measure: Measure
    block_number: int
    records: int
    amount: int


NOTHING = Total(0, 0)


def whole(amount_minor: int, amount_high: int) -> int:
    """The amount that a row of totals says."""
    return amount_high * INT63_END + amount_minor


def parts(amount: int) -> tuple[int, int]:
    """An amount of any size as the two columns `amount_minor` and `amount_high`, which counts 2^63.

    What a line holds stays below 2^63, but offers may be approved and freed again and again.
    """
    high, low = divmod(amount, INT63_END)
    return low, high
