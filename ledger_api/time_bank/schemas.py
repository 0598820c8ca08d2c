"""Bodies of the time bank routes. Every act here is signed by a person (EIP-712, compact signature)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ledger_api.wire import MAX_BATCH, Account, Body, CodeText, Id32, UnixSeconds

ServiceMinutes = Annotated[int, Field(ge=1, le=1440, strict=True)]
Minutes = Annotated[int, Field(ge=1, lt=2**63, strict=True)]


class Signed(Body):
    """The signature's own fields."""

    deadline_unix_s: UnixSeconds
    r: Id32
    vs: Id32


class ServiceIn(Signed):
    """A volunteer's act, signed by the household that received it (`ServiceReceived`)."""

    id: Id32
    volunteer: Account
    receiver: Account
    kind: CodeText
    """What was done, e.g. "general", "medical"."""
    service_minutes: ServiceMinutes
    served_at_unix_s: UnixSeconds


class ServicesIn(Body):
    """Acts to confirm, all or none."""

    services: Annotated[list[ServiceIn], Field(min_length=1, max_length=MAX_BATCH)]


class ChoiceIn(Signed):
    """What the volunteer keeps of an act (`ReserveChoice`)."""

    service: Id32
    reserve: Literal["minutes", "good_coin"]


class RedemptionIn(Signed):
    """The volunteer draws a service (`Redemption`)."""

    id: Id32
    volunteer: Account
    amount_minutes: Minutes


class MinutesGiftIn(Signed):
    """The volunteer gives minutes to a fund in unit MIN (`MinutesGift`). `id` becomes the donation's id."""

    id: Id32
    fund: Id32
    volunteer: Account
    amount_minutes: Minutes
    commitment: Id32


class HeirNamingIn(Signed):
    """To whom the volunteer's minutes go one day (`HeirNaming`); a zero account for nobody."""

    id: Id32
    volunteer: Account
    heir: Account
