"""The acts that leave the office for the chain: how items of one kind become one transaction.

An act's item is kept as its ABI words, so a batch is a concatenation and nothing is interpreted twice. Acts
of one lane leave in the order they were accepted, except that inflows and signed acts, which take nothing
from anybody, may join an earlier batch of their kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.abi import Address, calldata
from contracts.bindings import fund_ledger, household_registry, time_bank
from contracts.deployment import Deployment
from indexer.queries.records import RecordKind

COURIER_LANE = bytes(32)
"""The lane of acts that a person's signature proves: no organisation's."""


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of act.

    `closed_by` is the event that shows it was recorded. `gas_per_item` bounds what an item may burn (measured
    by `scripts/bench gas`, with room). Items of a `whole` act stand or fall together: a bad item refuses all
    of the same scope, whose first word is the id of the whole.
    """

    contract: str
    selector: bytes
    closed_by: RecordKind
    gas_per_item: int
    batch: int = 200
    may_overtake: bool = False
    whole: bool = False

    def address(self, deployment: Deployment) -> Address:
        """Where the act goes."""
        return deployment.addresses()[self.contract]

    def calldata(self, scope: bytes, items: Sequence[bytes]) -> bytes:
        """One transaction for all items; an act without items (an approval) is its scope alone."""
        if items == [b""]:
            return calldata(self.selector, [scope])
        return calldata(self.selector, [scope], items)


ACTS: dict[str, Act] = {
    "donate": Act("FundLedger", fund_ledger.DONATE, RecordKind.DONATION, 150_000, may_overtake=True),
    "take_fee": Act("FundLedger", fund_ledger.TAKE_FEES, RecordKind.FEE, 100_000),
    "refund": Act("FundLedger", fund_ledger.REFUND, RecordKind.REFUND, 150_000),
    "propose_list": Act(
        "FundLedger", fund_ledger.PROPOSE_LIST, RecordKind.ENTITLEMENT_LISTED, 200_000, whole=True
    ),
    "approve_list": Act("FundLedger", fund_ledger.APPROVE_LIST, RecordKind.LIST_APPROVED, 300_000, batch=1),
    "hand_over": Act("FundLedger", fund_ledger.HAND_OVER, RecordKind.HANDED_OVER, 150_000),
    "hand_over_accepted": Act("FundLedger", fund_ledger.HAND_OVER_ACCEPTED, RecordKind.CONFIRMED, 200_000),
    "accept": Act("FundLedger", fund_ledger.ACCEPT, RecordKind.CONFIRMED, 150_000, may_overtake=True),
    "refuse": Act("FundLedger", fund_ledger.REFUSE, RecordKind.REFUSED, 150_000, may_overtake=True),
    "expire": Act("FundLedger", fund_ledger.EXPIRE, RecordKind.EXPIRED, 100_000, may_overtake=True),
    "open_household": Act(
        "HouseholdRegistry", household_registry.OPEN, RecordKind.HOUSEHOLD_OPENED, 150_000, may_overtake=True
    ),
    "confirm_service": Act(
        "TimeBank", time_bank.CONFIRM_SERVICES, RecordKind.SERVICE, 200_000, may_overtake=True
    ),
    "choose_reserve": Act("TimeBank", time_bank.CHOOSE, RecordKind.CHOICE, 200_000, may_overtake=True),
    "redeem_minutes": Act("TimeBank", time_bank.REDEEM, RecordKind.REDEMPTION, 200_000),
    "give_minutes": Act("TimeBank", time_bank.GIVE, RecordKind.MINUTES_GIFT, 350_000),
}
