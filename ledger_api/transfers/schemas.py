"""Bodies of the transfer routes."""

from __future__ import annotations

from pydantic import Field

from ledger_api.wire import Body, Id32, MinorUnits


class TransferIn(Body):
    """Units to pass on to another fund of the same unit and head, as proposed; a checker approves exactly this."""

    from_fund: Id32 = Field(alias="from")
    to: Id32
    amount_minor: MinorUnits
    commitment: Id32
    """Salted hash of the agreement."""


class TransferProposalIn(TransferIn):
    """A transfer to propose. `id` is made by the sender."""

    id: Id32
