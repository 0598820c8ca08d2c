"""Routes of payment lists."""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils.crypto import keccak
from fastapi import APIRouter

from contracts.abi import WORD, Address, address_word, code_word, uint_word
from contracts.bindings.delivery_ledger import EntitlementEntry, ListProposal
from contracts.bindings.ids import EntitlementId, FundId, OrganisationId, PaymentListId, ProgrammeId
from ledger_api import checkers, problems
from ledger_api.acts import COURIER_LANE
from ledger_api.outbox import Entry
from ledger_api.payment_lists.schemas import (
    ApprovalIn,
    CancellationIn,
    EntitlementIn,
    PaymentListAccepted,
    PaymentListIn,
)
from ledger_api.records.schemas import Accepted, accepted, status_path
from ledger_api.service import ServiceDep
from ledger_api.staff import CallerDep
from ledger_api.wire import Id32, hex_text

router = APIRouter(prefix="/v1", tags=["payment lists"])

NOT_CLEARED = Address(bytes(20)), 0, bytes(WORD), bytes(WORD)
"""What stands for a clearance in a programme that asks for none."""


def content_hash(items: Sequence[EntitlementEntry]) -> bytes:
    """What the contract chains the items to: h = keccak256(h, entitlement, household, amount), from zero, in
    order."""
    chained = bytes(WORD)
    for item in items:
        amount = uint_word(item.amount_minor, 64, "amount_minor")
        chained = keccak(chained + item.id + address_word(item.household, "household") + amount)
    return chained


@router.post("/payment-lists", status_code=202)
def post_payment_list(body: PaymentListIn, service: ServiceDep, caller: CallerDep) -> PaymentListAccepted:
    """Proposes a payment list. The whole list is checked by the contract before anything is stored."""
    _require_different(body)
    items = [_entry(e) for e in body.entitlements]
    proposal = ListProposal(
        id=PaymentListId(body.id),
        fund=FundId(body.fund),
        programme=ProgrammeId(body.programme),
        provider=OrganisationId(caller.organisation if body.provider is None else body.provider),
        place=body.place or "",
        season=body.season or "",
        rule_version=body.rule_version,
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


def _entry(e: EntitlementIn) -> EntitlementEntry:
    """An item of a list; without a clearance its fields are zero."""
    c = e.clearance
    cleared = (Address(c.clearer), c.deadline_unix_s, c.r, c.vs) if c else NOT_CLEARED
    return EntitlementEntry(EntitlementId(e.id), Address(e.household), e.amount_minor, *cleared)


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
    """Approves a list that somebody else made; its total is reserved on the fund. Where the regulator wants two
    checkers, the second one's approval does that."""
    scope = list_id + body.content_hash
    entry = Entry("approve_list", list_id, caller.organisation, caller.operator, scope, b"")
    return accepted(service, [checkers.approval(service, entry)])[0]


@router.post("/payment-lists/{list_id}/cancellation", status_code=202)
def post_cancellation(
    list_id: Id32, body: CancellationIn, service: ServiceDep, caller: CallerDep
) -> Accepted:
    """A maker or checker ends a list; what nobody had taken is free again."""
    scope = list_id + code_word(body.reason, "reason")
    return accepted(
        service, [Entry("cancel_list", list_id, caller.organisation, caller.operator, scope, b"")]
    )[0]


@router.post("/payment-lists/{list_id}/expiry", status_code=202)
def post_expiry(list_id: Id32, service: ServiceDep) -> Accepted:
    """Frees what an expired list offered and nobody handed over. Anyone may ask: the contract looks at the
    clock."""
    return accepted(service, [Entry("expire_list", list_id, COURIER_LANE, service.courier, list_id, b"")])[0]
