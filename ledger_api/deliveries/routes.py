"""Routes of deliveries."""

from __future__ import annotations

from fastapi import APIRouter

from contracts.abi import code_word
from contracts.bindings.fund_ledger import SignedAcceptance, SignedRefusal
from contracts.bindings.ids import EntitlementId
from indexer.queries.deliveries import entitlement

from ledger_api import problems
from ledger_api.acts import COURIER_LANE
from ledger_api.deliveries.schemas import AcceptanceIn, ExpirationsIn, HandOverIn, RefusalIn
from ledger_api.outbox import Entry
from ledger_api.records.schemas import Accepted, accepted
from ledger_api.service import Service, ServiceDep
from ledger_api.staff import CallerDep

router = APIRouter(prefix="/v1", tags=["deliveries"])


@router.post("/hand-overs", status_code=202)
def post_hand_over(body: HandOverIn, service: ServiceDep, caller: CallerDep) -> list[Accepted]:
    """The agency's word that aid left; with a household's signature, the family's word too."""
    if bool(body.entitlements) == bool(body.acceptances):
        raise problems.own("invalid-request", "entitlements", "give either entitlements or acceptances, not both")
    for acceptance in body.acceptances:
        _require_unit(service, acceptance)
    act, records = ("hand_over", [(e, e) for e in body.entitlements])
    if body.acceptances:
        act, records = ("hand_over_accepted", [(a.entitlement, _signed(a)) for a in body.acceptances])
    return accepted(
        service,
        [Entry(act, record, caller.organisation, caller.operator, body.list, item) for record, item in records],
    )


@router.post("/acceptances", status_code=202)
def post_acceptance(body: AcceptanceIn, service: ServiceDep) -> Accepted:
    """A household confirms a delivery. Its signature is all it needs; no key of ours."""
    _require_unit(service, body)
    entry = Entry("accept", body.entitlement, COURIER_LANE, service.courier, b"", _signed(body))
    return accepted(service, [entry])[0]


@router.post("/refusals", status_code=202)
def post_refusal(body: RefusalIn, service: ServiceDep) -> Accepted:
    """A household refuses an offer; the units are free again."""
    item = SignedRefusal(EntitlementId(body.entitlement), body.reason, body.deadline_unix_s, body.r, body.vs).words()
    return accepted(service, [Entry("refuse", body.entitlement, COURIER_LANE, service.courier, b"", item)])[0]


@router.post("/expirations", status_code=202)
def post_expiration(body: ExpirationsIn, service: ServiceDep) -> list[Accepted]:
    """Frees what expired lists offered and nobody handed over. Anyone may ask: the contract looks at the clock."""
    return accepted(
        service, [Entry("expire", e, COURIER_LANE, service.courier, b"", e) for e in body.entitlements]
    )


def _signed(a: AcceptanceIn) -> bytes:
    return SignedAcceptance(EntitlementId(a.entitlement), a.amount_minor, a.deadline_unix_s, a.r, a.vs).words()


def _require_unit(service: Service, acceptance: AcceptanceIn) -> None:
    """The unit is part of what was signed but not of the call: another one would only show as a wrong signer."""
    with service.mirror.connect() as conn:
        known = entitlement(conn, EntitlementId(acceptance.entitlement))
    if code_word(known.unit, "unit") != code_word(acceptance.unit, "unit"):
        raise problems.own(
            "invalid-request", "unit", f"offered in {known.unit}, signed in {acceptance.unit}", "sign in the offered unit"
        )
