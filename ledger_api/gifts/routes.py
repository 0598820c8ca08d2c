"""Routes of gifts, refunds and fees."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from contracts.abi import Address
from contracts.bindings.fund_ledger import FeeEntry, RefundEntry, SignedClaim, SignedReassignment
from contracts.bindings.ids import DonationId, FeeId, FundId, ReassignmentId, RefundId
from indexer.queries.trace import gift as recorded_gift
from ledger_api import outbox
from ledger_api.acts import COURIER_LANE
from ledger_api.gifts import receiving
from ledger_api.gifts.schemas import (
    ClaimIn,
    FeesIn,
    Gift,
    GiftAccepted,
    GiftIn,
    GiftsIn,
    ReassignmentIn,
    RefundIn,
)
from ledger_api.office import reading
from ledger_api.outbox import Entry
from ledger_api.records.schemas import Accepted, accepted
from ledger_api.service import Service, ServiceDep
from ledger_api.staff import Caller, CallerDep
from ledger_api.wire import hex_text

router = APIRouter(prefix="/v1", tags=["gifts"])


@router.post("/gifts", status_code=202)
def post_gift(body: GiftIn, service: ServiceDep, caller: CallerDep) -> GiftAccepted:
    """Records one settled gift."""
    gift = Gift(**body.model_dump(exclude={"fund"}))
    return take(service, caller, [(body.fund, [gift])])[0]


@router.post("/gifts/batch", status_code=202)
def post_gifts(body: GiftsIn, service: ServiceDep, caller: CallerDep) -> list[GiftAccepted]:
    """Records settled gifts into one fund, all or none."""
    return take(service, caller, [(body.fund, body.gifts)])


def take(
    service: Service, caller: Caller, parts: Sequence[tuple[bytes, Sequence[Gift]]]
) -> list[GiftAccepted]:
    """Takes gifts into funds: `parts` are (fund, gifts). Checks with the contract, then stores all in one
    transaction.

    Raises Problem, and then has stored nothing.
    """
    made = []
    for fund, gifts in parts:
        rows = receiving.rows(service, caller, fund, gifts)
        with reading(service.office) as conn:
            fresh = outbox.fresh(conn, [entry for _, entry in rows])
        service.check(fresh)
        made.append((gifts, rows))
    with service.office.begin() as conn:
        for gifts, rows in made:
            receiving.store(conn, service, gifts, rows)
    return [
        GiftAccepted(
            id=row["id"],
            donor_account=row["donor"],
            receipt_code=row["receipt_code"],
            page=f"{service.settings.public_url}/g/{row['receipt_code']}",
            status=f"/v1/records/donate/{hex_text(row['id'])}",
        )
        for _, rows in made
        for row, _ in rows
    ]


@router.post("/fees", status_code=202)
def post_fees(body: FeesIn, service: ServiceDep, caller: CallerDep) -> list[Accepted]:
    """Takes the organisation's share, under the fund's published cap."""
    entries = [
        Entry(
            "take_fee",
            fee.id,
            caller.organisation,
            caller.operator,
            body.fund,
            FeeEntry(FeeId(fee.id), fee.amount_minor).words(),
        )
        for fee in body.fees
    ]
    return accepted(service, entries)


@router.post("/refunds", status_code=202)
def post_refund(body: RefundIn, service: ServiceDep, caller: CallerDep) -> Accepted:
    """Gives the undelivered part of a gift back to its donor."""
    with service.mirror.connect() as conn:
        fund = recorded_gift(conn, DonationId(body.donation)).fund
    item = RefundEntry(RefundId(body.id), DonationId(body.donation), body.amount_minor).words()
    entry = Entry("refund", body.id, caller.organisation, caller.operator, fund, item)
    return accepted(service, [entry])[0]


@router.post("/claims", status_code=202)
def post_claim(body: ClaimIn, service: ServiceDep) -> Accepted:
    """The holder of a receipt's claim key moves the gift to an own wallet, once."""
    item = SignedClaim(
        DonationId(body.donation), Address(body.wallet), body.deadline_unix_s, body.r, body.vs
    ).words()
    return accepted(service, [Entry("claim", body.donation, COURIER_LANE, service.courier, b"", item)])[0]


@router.post("/reassignments", status_code=202)
def post_reassignment(body: ReassignmentIn, service: ServiceDep, caller: CallerDep) -> Accepted:
    """Moves the undelivered part of a gift to a fund under another restriction, as its donor signed."""
    with service.mirror.connect() as conn:
        fund = recorded_gift(conn, DonationId(body.donation)).fund
    item = SignedReassignment(
        ReassignmentId(body.id),
        DonationId(body.donation),
        FundId(body.to),
        body.amount_minor,
        body.deadline_unix_s,
        body.r,
        body.vs,
    ).words()
    return accepted(service, [Entry("reassign", body.id, caller.organisation, caller.operator, fund, item)])[
        0
    ]
