"""Routes of volunteers' hours."""

from __future__ import annotations

from fastapi import APIRouter

from contracts.abi import Address
from contracts.bindings.ids import DonationId, FundId, HeirNamingId, RedemptionId, ServiceId
from contracts.bindings.time_bank import (
    Reserve,
    ServiceEntry,
    SignedChoice,
    SignedHeirNaming,
    SignedMinutesGift,
    SignedRedemption,
)
from ledger_api.acts import COURIER_LANE
from ledger_api.outbox import Entry
from ledger_api.records.schemas import Accepted, accepted
from ledger_api.service import ServiceDep
from ledger_api.staff import CallerDep
from ledger_api.time_bank.schemas import ChoiceIn, HeirNamingIn, MinutesGiftIn, RedemptionIn, ServicesIn

router = APIRouter(prefix="/v1", tags=["time bank"])

RESERVES = {"minutes": Reserve.MINUTES, "good_coin": Reserve.GOOD_COIN}


@router.post("/services", status_code=202)
def post_services(body: ServicesIn, service: ServiceDep, caller: CallerDep) -> list[Accepted]:
    """A coordinator confirms acts that their receivers signed for."""
    entries = []
    for s in body.services:
        item = ServiceEntry(
            ServiceId(s.id),
            Address(s.volunteer),
            Address(s.receiver),
            s.kind,
            s.service_minutes,
            s.served_at_unix_s,
            s.deadline_unix_s,
            s.r,
            s.vs,
        ).words()
        organisation = caller.organisation
        entries.append(Entry("confirm_service", s.id, organisation, caller.operator, organisation, item))
    return accepted(service, entries)


@router.post("/choices", status_code=202)
def post_choice(body: ChoiceIn, service: ServiceDep) -> Accepted:
    """A volunteer keeps an act as minutes or as a good coin, once."""
    item = SignedChoice(
        ServiceId(body.service), RESERVES[body.reserve], body.deadline_unix_s, body.r, body.vs
    ).words()
    return accepted(
        service, [Entry("choose_reserve", body.service, COURIER_LANE, service.courier, b"", item)]
    )[0]


@router.post("/redemptions", status_code=202)
def post_redemption(body: RedemptionIn, service: ServiceDep, caller: CallerDep) -> Accepted:
    """A coordinator provides a service for a volunteer's minutes."""
    item = SignedRedemption(
        RedemptionId(body.id),
        Address(body.volunteer),
        body.amount_minutes,
        body.deadline_unix_s,
        body.r,
        body.vs,
    ).words()
    organisation = caller.organisation
    return accepted(
        service, [Entry("redeem_minutes", body.id, organisation, caller.operator, organisation, item)]
    )[0]


@router.post("/minutes-gifts", status_code=202)
def post_minutes_gift(body: MinutesGiftIn, service: ServiceDep) -> Accepted:
    """A volunteer gives minutes to a family's fund."""
    item = SignedMinutesGift(
        DonationId(body.id),
        FundId(body.fund),
        Address(body.volunteer),
        body.amount_minutes,
        body.deadline_unix_s,
        body.commitment,
        body.r,
        body.vs,
    ).words()
    return accepted(service, [Entry("give_minutes", body.id, COURIER_LANE, service.courier, b"", item)])[0]


@router.post("/heirs", status_code=202)
def post_heir(body: HeirNamingIn, service: ServiceDep) -> Accepted:
    """A volunteer says to whom the minutes go one day; a new naming replaces the last."""
    item = SignedHeirNaming(
        HeirNamingId(body.id),
        Address(body.volunteer),
        Address(body.heir),
        body.deadline_unix_s,
        body.r,
        body.vs,
    ).words()
    return accepted(service, [Entry("name_heir", body.id, COURIER_LANE, service.courier, b"", item)])[0]
