"""Job 3: hours. Twenty volunteers serve families; each act is kept as minutes or as a good coin."""

from __future__ import annotations

import random
from typing import Any

from contracts.bindings import delivery_ledger, time_bank
from contracts.bindings.delivery_ledger import Acceptance
from contracts.bindings.ids import DonationId, EntitlementId, FundId, ProgrammeId, RedemptionId, ServiceId
from contracts.bindings.time_bank import MinutesGift, Redemption, Reserve, ReserveChoice, ServiceReceived
from contracts.deploy import address_of
from contracts.deployment import Deployment
from scripts.demonstration.client import Client, hexed
from scripts.demonstration.founding import Body, Founder, FundPlan
from scripts.demonstration.home import Home
from scripts.demonstration.progress import Progress
from wallet.signing import CompactSignature, Signable, sign

OWNER = "aoun"
YEAR_S = 365 * 24 * 3600
DAY_S = 24 * 3600
VOLUNTEERS = 20
GIVES = 0
"""The volunteer who gives minutes to a family's fund."""
GIVEN_MINUTES = 60
HEAD = "time"
NAMES = {"en": "Hours for a family", "fa": "ساعت‌هایی برای یک خانواده", "ar": "ساعات من أجل أسرة"}


class HoursJob:
    """Volunteers, the families who receive, and a coordinator; each signs for itself."""

    def __init__(self, home: Home, founder: Founder, body: Body, api_url: str) -> None:
        self._home = home
        self._founder = founder
        self._body = body
        self._staff = {role: Client(api_url, key) for role, key in body.keys.items()}
        self._anyone = Client(api_url)
        self._deployment = Deployment.load(home.deployment)
        self._start = int((home.folder / "seed").stat().st_mtime)
        self._bank = time_bank.domain(self._deployment.chain_id, self._deployment.time_bank)
        self._deliveries = delivery_ledger.domain(self._deployment.chain_id, self._deployment.delivery_ledger)
        self._chance = random.Random("hours")  # noqa: S311 - a simulation

    def run(self) -> dict[str, Any]:
        """Runs the whole job; safe to run again."""
        fund, programme = FundId(self._home.id("time fund")), ProgrammeId(self._home.id("time programme"))
        self._founder.programme(
            self._body, OWNER, programme, [HEAD], NAMES, gives="volunteers-help", counted_in="person-service"
        )
        self._founder.fund(self._body, OWNER, FundPlan(fund, "MIN", HEAD, NAMES, 0, programme))
        bar = Progress("confirming volunteers' hours", VOLUNTEERS)
        services, coins = 0, 0
        for volunteer in range(VOLUNTEERS):
            acts = [self._serve(volunteer, act) for act in range(self._chance.randint(2, 5))]
            answers = self._staff["coordinator"].post(
                "/v1/services", {"services": [body for body, _ in acts]}
            )
            self._staff["coordinator"].wait([answers[-1]["status"]])
            # The first act of each is kept as minutes, so that everybody has some.
            chosen = [
                Reserve.MINUTES,
                *(self._chance.choice([Reserve.MINUTES, Reserve.GOOD_COIN]) for _ in acts[1:]),
            ]
            statuses = [self._choose(volunteer, s, r) for (_, s), r in zip(acts, chosen, strict=True)]
            self._anyone.wait(statuses)
            services, coins = services + len(acts), coins + chosen.count(Reserve.GOOD_COIN)
            bar.add()
        bar.done()
        redeemed = [self._redeem(volunteer) for volunteer in range(1, VOLUNTEERS, 4)]
        self._anyone.wait(redeemed)
        self._give_minutes(fund, programme)
        return {
            "services": services,
            "good_coins": coins,
            "redemptions": len(redeemed),
            "given_minutes": GIVEN_MINUTES,
        }

    def _deadline(self) -> int:
        return self._start + YEAR_S

    def _serve(self, volunteer: int, act: int) -> tuple[dict[str, Any], bytes]:
        """One act and the family's signature for it."""
        family = self._chance.randrange(100)
        service = self._home.id("service", volunteer, act)
        received = ServiceReceived(
            self._home.account("family", family),
            ServiceId(service),
            address_of(self._home.key("volunteer", volunteer)),
            "general",
            30 * self._chance.randint(2, 8),
            self._start - DAY_S * self._chance.randint(1, 300),
            self._deployment.genesis_hash,
            self._deadline(),
        )
        signature = self._sign(received, "family", family)
        body = {
            "id": hexed(service),
            "volunteer": hexed(received.volunteer),
            "receiver": hexed(received.receiver),
            "kind": received.kind,
            "service_minutes": received.service_minutes,
            "served_at_unix_s": received.served_at_unix_s,
        }
        return body | self._signed(signature), service

    def _choose(self, volunteer: int, service: bytes, reserve: Reserve) -> str:
        choice = ReserveChoice(
            address_of(self._home.key("volunteer", volunteer)),
            ServiceId(service),
            reserve,
            self._deployment.genesis_hash,
            self._deadline(),
        )
        body = {"service": hexed(service), "reserve": reserve.name.lower()}
        return self._post("/v1/choices", body, self._sign(choice, "volunteer", volunteer))

    def _redeem(self, volunteer: int) -> str:
        """A volunteer in need draws an hour of somebody's help."""
        redemption = RedemptionId(self._home.id("redemption", volunteer))
        said = Redemption(
            address_of(self._home.key("volunteer", volunteer)),
            redemption,
            self._body.id,
            60,
            self._deployment.genesis_hash,
            self._deadline(),
        )
        body = {
            "id": hexed(redemption),
            "volunteer": hexed(said.volunteer),
            "amount_minutes": said.amount_minutes,
        }
        signature = self._sign(said, "volunteer", volunteer)
        return str(
            self._staff["coordinator"].post("/v1/redemptions", body | self._signed(signature))["status"]
        )

    def _give_minutes(self, fund: FundId, programme: ProgrammeId) -> None:
        """One volunteer gives an hour to a family's fund; it is delivered and confirmed like any other aid."""
        donation = DonationId(self._home.id("minutes gift"))
        said = MinutesGift(
            address_of(self._home.key("volunteer", GIVES)),
            donation,
            fund,
            GIVEN_MINUTES,
            self._home.id("minutes gift commitment"),
            self._deployment.genesis_hash,
            self._deadline(),
        )
        body = {
            "id": hexed(donation),
            "fund": hexed(fund),
            "volunteer": hexed(said.volunteer),
            "amount_minutes": said.amount_minutes,
            "commitment": hexed(said.commitment),
        }
        self._anyone.wait([self._post("/v1/minutes-gifts", body, self._sign(said, "volunteer", GIVES))])
        entitlement, family = self._home.id("minutes entitlement"), self._home.account("family", 0)
        proposed = self._staff["maker"].propose(
            self._home.id("minutes list"),
            fund,
            programme,
            self._deadline(),
            [(entitlement, family, GIVEN_MINUTES)],
        )
        self._anyone.wait([proposed["status"]])
        self._anyone.wait([self._staff["checker"].approve(proposed)])
        accepted = Acceptance(
            family,
            EntitlementId(entitlement),
            GIVEN_MINUTES,
            "MIN",
            self._deployment.genesis_hash,
            self._deadline(),
        )
        signature = sign(
            accepted,
            self._deliveries,
            self._home.key("family", 0),
            genesis_hash=self._deployment.genesis_hash,
            now_unix_s=self._start,
        )
        acceptance = {
            "entitlement": hexed(entitlement),
            "amount_minor": str(GIVEN_MINUTES),
            "unit": "MIN",
        } | self._signed(signature)
        answer = self._staff["agent"].post(
            "/v1/hand-overs", {"list": proposed["id"], "acceptances": [acceptance]}
        )
        self._anyone.wait([answer[0]["status"]])

    def _post(self, path: str, body: dict[str, Any], signature: CompactSignature) -> str:
        return str(self._anyone.post(path, body | self._signed(signature))["status"])

    def _signed(self, signature: CompactSignature) -> dict[str, Any]:
        return {"deadline_unix_s": self._deadline(), "r": hexed(signature.r), "vs": hexed(signature.vs)}

    def _sign(self, said: Signable, who: str, number: int) -> CompactSignature:
        genesis = self._deployment.genesis_hash
        return sign(
            said, self._bank, self._home.key(who, number), genesis_hash=genesis, now_unix_s=self._start
        )
