"""Routes of deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fastapi import APIRouter

from contracts.abi import WORD, Address, code_word
from contracts.bindings.delivery_ledger import (
    Decision,
    DisputeEntry,
    ReturnEntry,
    SignedAcceptance,
    SignedDispute,
    SignedRefusal,
)
from contracts.bindings.field_acceptance import CardAcceptance, WitnessedAcceptance, WitnessSignature
from contracts.bindings.ids import EntitlementId, OrganisationId, ReturnId
from indexer.queries.deliveries import entitlement
from ledger_api import outbox, problems
from ledger_api.acts import COURIER_LANE
from ledger_api.deliveries.schemas import (
    AcceptanceIn,
    BroughtDisputeIn,
    CardAcceptanceIn,
    DecisionIn,
    DisputeIn,
    HandOverIn,
    RefusalIn,
    ReturnsIn,
    WitnessedAcceptanceIn,
    WitnessIn,
)
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
    return _carry(service, "refuse", body.entitlement, item)


@router.post("/acceptances/card", status_code=202)
def post_card_acceptance(body: CardAcceptanceIn, service: ServiceDep) -> Accepted:
    """A household without a key confirms a delivery by a field of its scratch card; somebody else signs with it."""
    item = CardAcceptance(
        EntitlementId(body.entitlement),
        body.amount_minor,
        body.secret,
        body.field,
        tuple(body.proof),
        _witness(body.cosigner),
    ).words()
    return _carry(service, "accept_by_card", body.entitlement, item)


@router.post("/acceptances/witnessed", status_code=202)
def post_witnessed_acceptance(body: WitnessedAcceptanceIn, service: ServiceDep) -> Accepted:
    """A household without key and card confirms a delivery before two witnesses."""
    item = WitnessedAcceptance(
        EntitlementId(body.entitlement), body.amount_minor, _witness(body.first), _witness(body.second)
    ).words()
    return _carry(service, "accept_witnessed", body.entitlement, item)


@router.post("/disputes", status_code=202)
def post_dispute(body: DisputeIn, service: ServiceDep) -> Accepted:
    """A household objects to a hand-over; its signature is all it needs."""
    item = SignedDispute(
        EntitlementId(body.entitlement), body.reason, body.deadline_unix_s, body.r, body.vs
    ).words()
    return _carry(service, "dispute", body.entitlement, item)


@router.post("/disputes/brought", status_code=202)
def post_brought_dispute(body: BroughtDisputeIn, service: ServiceDep, caller: CallerDep) -> Accepted:
    """A registrar records the objection of a household that cannot sign."""
    item = DisputeEntry(EntitlementId(body.entitlement), body.reason).words()
    organisation = caller.organisation
    return accepted(
        service, [Entry("dispute_for", body.entitlement, organisation, caller.operator, organisation, item)]
    )[0]


@router.post("/decisions", status_code=202)
def post_decision(body: DecisionIn, service: ServiceDep, caller: CallerDep) -> Accepted:
    """A desk above payer and provider decides a dispute; what it upholds comes back to the fund at once."""
    return_id = ReturnId(body.return_id or bytes(WORD))
    item = Decision(EntitlementId(body.entitlement), body.upheld, return_id).words()
    act, organisation = "uphold" if body.upheld else "dismiss", caller.organisation
    return accepted(
        service, [Entry(act, body.entitlement, organisation, caller.operator, organisation, item)]
    )[0]


@router.post("/returns", status_code=202)
def post_returns(body: ReturnsIn, service: ServiceDep, caller: CallerDep) -> list[Accepted]:
    """Records units of deliveries that came back to their fund: undeliverable, clawed back, repaid."""
    entries = []
    for r in body.returns:
        item = ReturnEntry(ReturnId(r.id), EntitlementId(r.entitlement), r.amount_minor, r.reason).words()
        entries.append(Entry("record_return", r.id, caller.organisation, caller.operator, body.fund, item))
    return accepted(service, entries)


def _carry(service: Service, act: str, record: bytes, item: bytes) -> Accepted:
    """An act that people's signatures prove; anyone may bring it."""
    return accepted(service, [Entry(act, record, COURIER_LANE, service.courier, b"", item)])[0]


def _witness(w: WitnessIn) -> WitnessSignature:
    return WitnessSignature(OrganisationId(w.organisation), Address(w.witness), w.deadline_unix_s, w.r, w.vs)


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
