"""Bodies of the delivery routes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ledger_api.wire import MAX_BATCH, Account, Body, CodeText, Id32, MinorUnits, UnixSeconds

CARD_PROOF = 4
"""Hashes from a field of a scratch card, one of 16, to the card's root."""


class AcceptanceIn(Body):
    """The household's yes, signed by its key: EIP-712 `Acceptance`, compact signature (EIP-2098)."""

    entitlement: Id32
    amount_minor: MinorUnits
    unit: CodeText
    deadline_unix_s: UnixSeconds
    r: Id32
    vs: Id32


class RefusalIn(Body):
    """The household's no, signed by its key: EIP-712 `Refusal`."""

    entitlement: Id32
    reason: CodeText
    deadline_unix_s: UnixSeconds
    r: Id32
    vs: Id32


class HandOverIn(Body):
    """Aid of one list that left for its households: with their signatures where they were present."""

    list_id: Id32 = Field(alias="list")
    entitlements: Annotated[list[Id32], Field(max_length=MAX_BATCH, default_factory=list)]
    acceptances: Annotated[list[AcceptanceIn], Field(max_length=MAX_BATCH, default_factory=list)]


class WitnessIn(Body):
    """A witness's word that the household took the aid, signed: EIP-712 `Witnessing`."""

    organisation: Id32
    witness: Account
    deadline_unix_s: UnixSeconds
    r: Id32
    vs: Id32


class CardAcceptanceIn(Body):
    """The household's yes by scratch card, and a second person's signature."""

    entitlement: Id32
    amount_minor: MinorUnits
    secret: Id32
    field: Annotated[int, Field(ge=0, le=15, strict=True)]
    proof: Annotated[list[Id32], Field(min_length=CARD_PROOF, max_length=CARD_PROOF)]
    cosigner: WitnessIn


class WitnessedAcceptanceIn(Body):
    """The household's yes before two witnesses of two bodies other than payer and provider."""

    entitlement: Id32
    amount_minor: MinorUnits
    first: WitnessIn
    second: WitnessIn


class DisputeIn(Body):
    """The household's objection, signed by its key: EIP-712 `Dispute`."""

    entitlement: Id32
    reason: CodeText
    deadline_unix_s: UnixSeconds
    r: Id32
    vs: Id32


class BroughtDisputeIn(Body):
    """An objection that a household without a key brought to the body that opened its account."""

    entitlement: Id32
    reason: CodeText


class DecisionIn(Body):
    """What a desk above payer and provider decided; of an upheld dispute, `return` names what comes back."""

    entitlement: Id32
    upheld: bool
    return_id: Id32 | None = Field(alias="return", default=None)


class ReturnIn(Body):
    """Units of a delivery that came back. `id` is made by the sender."""

    id: Id32
    entitlement: Id32
    amount_minor: MinorUnits
    reason: CodeText


class ReturnsIn(Body):
    """Returns to one fund, all or none."""

    fund: Id32
    returns: Annotated[list[ReturnIn], Field(min_length=1, max_length=MAX_BATCH)]
