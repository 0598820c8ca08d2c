"""Bodies of the delivery routes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ledger_api.wire import MAX_BATCH, Body, CodeText, Id32, MinorUnits, UnixSeconds


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


class ExpirationsIn(Body):
    """Entitlements of expired lists."""

    entitlements: Annotated[list[Id32], Field(min_length=1, max_length=MAX_BATCH)]
