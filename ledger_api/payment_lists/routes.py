"""Routes of payment lists."""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils.crypto import keccak
from fastapi import APIRouter

from contracts.abi import WORD, Address
from contracts.bindings.fund_ledger import EntitlementEntry, ListProposal
from contracts.bindings.ids import EntitlementId, FundId, PaymentListId, ProgrammeId
from ledger_api import problems
from ledger_api.outbox import Entry
from ledger_api.payment_lists.schemas import ApprovalIn, PaymentListAccepted, PaymentListIn
from ledger_api.records.schemas import Accepted, accepted, status_path
from ledger_api.service import ServiceDep
from ledger_api.staff import CallerDep
from ledger_api.wire import Id32, hex_text

router = APIRouter(prefix="/v1", tags=["payment lists"])


def content_hash(items: Sequence[EntitlementEntry]) -> bytes:
    """What the contract chains the items to: h = keccak256(h, entitlement, household, amount), from zero, in
    order."""
    chained = bytes(WORD)
    for item in items:
        chained = keccak(chained + item.words())
    return chained


@router.post("/payment-lists", status_code=202)
def post_payment_list(body: PaymentListIn, service: ServiceDep, caller: CallerDep) -> PaymentListAccepted:
    """Proposes a payment list. The whole list is checked by the contract before anything is stored."""
    _require_different(body)
    items = [
        EntitlementEntry(EntitlementId(e.id), Address(e.household), e.amount_minor) for e in body.entitlements
    ]
    proposal = ListProposal(
        id=PaymentListId(body.id),
        fund=FundId(body.fund),
        programme=ProgrammeId(body.programme),
        content_hash=content_hash(items),
        total_minor=sum(item.amount_minor for item in items),
        expires_at_unix_s=body.expires_at_unix_s,
        count=len(items),
    )
    scope = proposal.words()
    accepted(
        service,
        [Entry("propose_list", i.id, caller.organisation, caller.operator, scope, i.words()) for i in items],
    )
    return PaymentListAccepted(
        id=body.id,
        content_hash=proposal.content_hash,
        count=proposal.count,
        total_minor=proposal.total_minor,
        status=status_path("propose_list", items[-1].id),
    )


def _require_different(body: PaymentListIn) -> None:
    """Given twice, an entitlement would be listed once, and nobody could approve the list; raises Problem."""
    seen: set[bytes] = set()
    for number, item in enumerate(body.entitlements):
        if item.id in seen:
            raise problems.own(
                "invalid-request",
                f"entitlements.{number}.id",
                f"{hex_text(item.id)} is given twice",
                "give every entitlement an id of its own",
            )
        seen.add(item.id)


@router.post("/payment-lists/{list_id}/approval", status_code=202)
def post_approval(list_id: Id32, body: ApprovalIn, service: ServiceDep, caller: CallerDep) -> Accepted:
    """Approves a list that somebody else made; its total is reserved on the fund."""
    scope = list_id + body.content_hash
    entry = Entry("approve_list", list_id, caller.organisation, caller.operator, scope, b"")
    return accepted(service, [entry])[0]
