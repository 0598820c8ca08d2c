"""Routes of household accounts."""

from __future__ import annotations

from fastapi import APIRouter

from contracts.abi import Address
from contracts.bindings.household_registry import Opening
from ledger_api.households.schemas import OpeningsIn
from ledger_api.outbox import Entry
from ledger_api.records.schemas import Accepted, accepted
from ledger_api.service import ServiceDep
from ledger_api.staff import CallerDep

router = APIRouter(prefix="/v1", tags=["households"])


@router.post("/households", status_code=202)
def post_households(body: OpeningsIn, service: ServiceDep, caller: CallerDep) -> list[Accepted]:
    """Opens household accounts. A payer cannot pay accounts that it opened itself."""
    organisation = caller.organisation
    return accepted(
        service,
        [
            Entry(
                "open_household",
                h.account,
                organisation,
                caller.operator,
                organisation,
                Opening(Address(h.account), Address(h.key), h.card_root).words(),
            )
            for h in body.households
        ],
    )
