"""The acts that leave the office for the chain: how items of one kind become one transaction.

An act's item is kept as its ABI words, so a batch is a concatenation and nothing is interpreted twice. Acts
of one lane leave in the order they were accepted, except that inflows and signed acts, which take nothing
from anybody, may join an earlier batch of their kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.abi import Address, calldata
from contracts.bindings import delivery_ledger, field_acceptance, fund_ledger, household_registry, time_bank
from contracts.deployment import Deployment
from indexer.queries.records import RecordKey, RecordKind

COURIER_LANE = bytes(32)
"""The lane of acts that a person's signature proves: no organisation's."""


@dataclass(frozen=True, slots=True)
class Act:
    """One kind of act.

    `closed_by` is the event that shows it was recorded, or `or_closed_by`, where the contract decides which of
    two it will be. `gas_per_item` bounds what an item may burn (measured by `scripts/bench gas`, with room).
    Items of a `whole` act stand or fall together: a bad item refuses all of the same scope, whose first word
    is the id of the whole.
    """

    contract: str
    selector: bytes
    closed_by: RecordKind
    gas_per_item: int
    batch: int = 200
    may_overtake: bool = False
    whole: bool = False
    or_closed_by: RecordKind | None = None

    def closing(self, record: bytes) -> list[RecordKey]:
        """Once the mirror holds one of these, the act is recorded."""
        kinds = (self.closed_by, self.or_closed_by)
        return [RecordKey(kind, (record,)) for kind in kinds if kind is not None]

    def address(self, deployment: Deployment) -> Address:
        """Where the act goes."""
        return deployment.addresses()[self.contract]

    def calldata(self, scope: bytes, items: Sequence[bytes]) -> bytes:
        """One transaction for all items; an act without items (an approval) is its scope alone."""
        if items == [b""]:
            return calldata(self.selector, [scope])
        return calldata(self.selector, [scope], items)


_FUNDS, _DELIVERIES, _FIELD, _HOUSEHOLDS, _BANK = (
    "FundLedger",
    "DeliveryLedger",
    "FieldAcceptance",
    "HouseholdRegistry",
    "TimeBank",
)

_MONEY: dict[str, Act] = {
    "donate": Act(_FUNDS, fund_ledger.DONATE, RecordKind.DONATION, 150_000, may_overtake=True),
    "claim": Act(_FUNDS, fund_ledger.CLAIM, RecordKind.CLAIM, 100_000, may_overtake=True),
    "take_fee": Act(_FUNDS, fund_ledger.TAKE_FEES, RecordKind.FEE, 100_000),
    "refund": Act(_FUNDS, fund_ledger.REFUND, RecordKind.REFUND, 150_000),
    "reassign": Act(_FUNDS, fund_ledger.REASSIGN, RecordKind.REASSIGNMENT, 250_000),
    "propose_transfer": Act(
        _FUNDS, fund_ledger.PROPOSE_TRANSFERS, RecordKind.TRANSFER_PROPOSED, 250_000, may_overtake=True
    ),
    "approve_transfer": Act(
        _FUNDS,
        fund_ledger.APPROVE_TRANSFERS,
        RecordKind.TRANSFER_SENT,
        200_000,
        or_closed_by=RecordKind.TRANSFER_CHECKED,
    ),
    "second_approve_transfer": Act(_FUNDS, fund_ledger.APPROVE_TRANSFERS, RecordKind.TRANSFER_SENT, 200_000),
    "receive_transfer": Act(_FUNDS, fund_ledger.RECEIVE_TRANSFERS, RecordKind.TRANSFER_RECEIVED, 100_000),
    "bring_back_transfer": Act(
        _FUNDS, fund_ledger.BRING_BACK_TRANSFERS, RecordKind.TRANSFER_CAME_BACK, 100_000
    ),
    "withdraw_transfer": Act(_FUNDS, fund_ledger.WITHDRAW_TRANSFERS, RecordKind.TRANSFER_WITHDRAWN, 100_000),
}

_AID: dict[str, Act] = {
    "propose_list": Act(
        _DELIVERIES, delivery_ledger.PROPOSE_LIST, RecordKind.ENTITLEMENT_LISTED, 250_000, whole=True
    ),
    "approve_list": Act(
        _DELIVERIES,
        delivery_ledger.APPROVE_LIST,
        RecordKind.LIST_APPROVED,
        300_000,
        batch=1,
        or_closed_by=RecordKind.LIST_CHECKED,
    ),
    "second_approve_list": Act(
        _DELIVERIES, delivery_ledger.APPROVE_LIST, RecordKind.LIST_APPROVED, 300_000, batch=1
    ),
    "cancel_list": Act(_DELIVERIES, delivery_ledger.CANCEL_LIST, RecordKind.LIST_CANCELLED, 300_000, batch=1),
    "expire_list": Act(_DELIVERIES, delivery_ledger.EXPIRE_LIST, RecordKind.LIST_EXPIRED, 300_000, batch=1),
    "hand_over": Act(_DELIVERIES, delivery_ledger.HAND_OVER, RecordKind.HANDED_OVER, 150_000),
    "hand_over_accepted": Act(_DELIVERIES, delivery_ledger.HAND_OVER_ACCEPTED, RecordKind.CONFIRMED, 200_000),
    "accept": Act(_DELIVERIES, delivery_ledger.ACCEPT, RecordKind.CONFIRMED, 150_000, may_overtake=True),
    "accept_by_card": Act(
        _FIELD, field_acceptance.ACCEPT_BY_CARD, RecordKind.CONFIRMED, 300_000, may_overtake=True
    ),
    "accept_witnessed": Act(
        _FIELD, field_acceptance.ACCEPT_WITNESSED, RecordKind.CONFIRMED, 300_000, may_overtake=True
    ),
    "refuse": Act(_DELIVERIES, delivery_ledger.REFUSE, RecordKind.REFUSED, 200_000, may_overtake=True),
    "dispute": Act(_DELIVERIES, delivery_ledger.DISPUTE, RecordKind.DISPUTE, 150_000),
    "dispute_for": Act(_DELIVERIES, delivery_ledger.DISPUTE_FOR, RecordKind.DISPUTE, 150_000),
    "uphold": Act(_DELIVERIES, delivery_ledger.DECIDE, RecordKind.DISPUTE_UPHELD, 300_000),
    "dismiss": Act(_DELIVERIES, delivery_ledger.DECIDE, RecordKind.DISPUTE_DISMISSED, 150_000),
    "record_return": Act(_DELIVERIES, delivery_ledger.RECORD_RETURNS, RecordKind.RETURN, 250_000),
}

_PEOPLE: dict[str, Act] = {
    "open_household": Act(
        _HOUSEHOLDS, household_registry.OPEN, RecordKind.HOUSEHOLD_OPENED, 200_000, may_overtake=True
    ),
    "confirm_service": Act(_BANK, time_bank.CONFIRM_SERVICES, RecordKind.SERVICE, 200_000, may_overtake=True),
    "choose_reserve": Act(_BANK, time_bank.CHOOSE, RecordKind.CHOICE, 200_000, may_overtake=True),
    "redeem_minutes": Act(_BANK, time_bank.REDEEM, RecordKind.REDEMPTION, 200_000),
    "give_minutes": Act(_BANK, time_bank.GIVE, RecordKind.MINUTES_GIFT, 350_000),
    "name_heir": Act(_BANK, time_bank.NAME_HEIRS, RecordKind.HEIR, 150_000),
}

ACTS: dict[str, Act] = _MONEY | _AID | _PEOPLE

SECOND = {"approve_list": "second_approve_list", "approve_transfer": "second_approve_transfer"}
"""The act of the second of two checkers, where the regulator wants two: a record of its own beside the first's."""
