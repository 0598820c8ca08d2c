"""Routes of deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter

from contracts.abi import code_word
from contracts.bindings.fund_ledger import SignedAcceptance, SignedRefusal
from contracts.bindings.ids import EntitlementId
from indexer.queries.deliveries import entitlement
from ledger_api import outbox, problems
from ledger_api.acts import COURIER_LANE
from ledger_api.deliveries.schemas import AcceptanceIn, ExpirationsIn, HandOverIn, RefusalIn
from ledger_api.office import reading
from ledger_api.outbox import Entry, State
from ledger_api.records.schemas import Accepted, accepted, receipts
from ledger_api.service import Service, ServiceDep
from ledger_api.staff import CallerDep

router = APIRouter(prefix="/v1", tags=["deliveries"])


@router.post("/hand-overs", status_code=202)
def post_hand_over(body: HandOverIn, service: ServiceDep, caller: CallerDep) -> list[Accepted]:
    """The agency's word that aid left; with a household's signature, the family's word too."""
    if bool(body.entitlements) == bool(body.acceptances):
        raise problems.own(
            "invalid-request", "entitlements", "give either entitlements or acceptances, not both"
        )
    _require_units(service, body.acceptances)
    act, records = ("hand_over", [(e, e) for e in body.entitlements])
    if body.acceptances:
        act, records = ("hand_over_accepted", [(a.entitlement, _signed(a)) for a in body.acceptances])
    return accepted(
        service,
        [
            Entry(act, record, caller.organisation, caller.operator, body.list_id, item)
            for record, item in records
        ],
    )


@router.post("/acceptances", status_code=202)
def post_acceptance(body: AcceptanceIn, service: ServiceDep) -> Accepted:
    """A household confirms a delivery. Its signature is all it needs; no key of ours."""
    _require_units(service, [body])
    entry = Entry("accept", body.entitlement, COURIER_LANE, service.courier, b"", _signed(body))
    with reading(service.office) as conn:
        handed_over = outbox.status(conn, "hand_over_accepted", body.entitlement)
    if handed_over is not None and handed_over.item == entry.item and handed_over.state != State.REJECTED:
        # The agent brought the same signature along with the hand-over: sending it again is harmless.
        return receipts([replace(entry, act="hand_over_accepted")])[0]
    return accepted(service, [entry])[0]


@router.post("/refusals", status_code=202)
def post_refusal(body: RefusalIn, service: ServiceDep) -> Accepted:
    """A household refuses an offer; the units are free again."""
    item = SignedRefusal(
        EntitlementId(body.entitlement), body.reason, body.deadline_unix_s, body.r, body.vs
    ).words()
    return accepted(service, [Entry("refuse", body.entitlement, COURIER_LANE, service.courier, b"", item)])[0]


@router.post("/expirations", status_code=202)
def post_expiration(body: ExpirationsIn, service: ServiceDep) -> list[Accepted]:
    """Frees what expired lists offered and nobody handed over. Anyone may ask: the contract looks at the
    clock."""
    return accepted(
        service, [Entry("expire", e, COURIER_LANE, service.courier, b"", e) for e in body.entitlements]
    )


def _signed(a: AcceptanceIn) -> bytes:
    return SignedAcceptance(
        EntitlementId(a.entitlement), a.amount_minor, a.deadline_unix_s, a.r, a.vs
    ).words()


def _require_units(service: Service, acceptances: Sequence[AcceptanceIn]) -> None:
    """The unit is part of what was signed but not of the call: another one would only show as a wrong signer.

    Raises Problem, and UnknownRecord when the mirror does not hold the entitlement.
    """
    with service.mirror.connect() as conn:
        for acceptance in acceptances:
            unit = entitlement(conn, EntitlementId(acceptance.entitlement)).unit
            if code_word(unit, "unit") != code_word(acceptance.unit, "unit"):
                raise problems.own(
                    "invalid-request",
                    "unit",
                    f"offered in {unit}, signed in {acceptance.unit}",
                    "sign in the offered unit",
                )
