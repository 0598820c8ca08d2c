"""Routes of transfers: proposed, approved by somebody else, received by the other fund's cashier, or brought back."""

from __future__ import annotations

from fastapi import APIRouter

from contracts.bindings.fund_ledger import TransferProposal
from contracts.bindings.ids import FundId, TransferId
from ledger_api import checkers
from ledger_api.outbox import Entry
from ledger_api.records.schemas import Accepted, accepted
from ledger_api.service import ServiceDep
from ledger_api.staff import CallerDep
from ledger_api.transfers.schemas import TransferIn, TransferProposalIn
from ledger_api.wire import Id32

router = APIRouter(prefix="/v1", tags=["transfers"])


@router.post("/transfers", status_code=202)
def post_transfer(body: TransferProposalIn, service: ServiceDep, caller: CallerDep) -> Accepted:
    """A maker proposes to pass units on to another fund; nothing leaves yet."""
    entry = Entry(
        "propose_transfer", body.id, caller.organisation, caller.operator, b"", _proposal(body.id, body)
    )
    return accepted(service, [entry])[0]


@router.post("/transfers/{transfer}/approval", status_code=202)
def post_approval(transfer: Id32, body: TransferIn, service: ServiceDep, caller: CallerDep) -> Accepted:
    """A checker approves the transfer by repeating it; the units leave. Where the regulator wants two checkers, they
    leave by the second one's approval."""
    item = _proposal(transfer, body)
    entry = Entry("approve_transfer", transfer, caller.organisation, caller.operator, b"", item)
    return accepted(service, [checkers.approval(service, entry)])[0]


@router.post("/transfers/{transfer}/receipt", status_code=202)
def post_receipt(transfer: Id32, service: ServiceDep, caller: CallerDep) -> Accepted:
    """The receiving fund's cashier takes the units in."""
    entry = Entry("receive_transfer", transfer, caller.organisation, caller.operator, b"", transfer)
    return accepted(service, [entry])[0]


@router.post("/transfers/{transfer}/return", status_code=202)
def post_return(transfer: Id32, service: ServiceDep, caller: CallerDep) -> Accepted:
    """A cashier of either side brings back units that were sent and not received."""
    organisation = caller.organisation
    entry = Entry("bring_back_transfer", transfer, organisation, caller.operator, organisation, transfer)
    return accepted(service, [entry])[0]


@router.post("/transfers/{transfer}/withdrawal", status_code=202)
def post_withdrawal(transfer: Id32, service: ServiceDep, caller: CallerDep) -> Accepted:
    """A maker gives a proposal up before anything left."""
    entry = Entry("withdraw_transfer", transfer, caller.organisation, caller.operator, b"", transfer)
    return accepted(service, [entry])[0]


def _proposal(transfer: bytes, body: TransferIn) -> bytes:
    return TransferProposal(
        TransferId(transfer),
        FundId(body.from_fund),
        FundId(body.to),
        body.amount_minor,
        body.commitment,
    ).words()
