"""Job 2: a real plan carried out. The Aoun association's plan of 2024, month by month, for simulated families.

The plan, its units and its costs are real, and so are the bank statements; gifts marked `simulated` cover the plan,
and the families and their keys are simulated.
"""

from __future__ import annotations

import csv
import datetime
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.abi import Address
from contracts.bindings import delivery_ledger
from contracts.bindings.delivery_ledger import Acceptance, Refusal
from contracts.bindings.ids import EntitlementId, FundId, ProgrammeId
from contracts.deployment import Deployment
from ledger_api.client import ClerkError
from scripts.demonstration import plan
from scripts.demonstration.client import BATCH, Client, hexed
from scripts.demonstration.founding import NO_PROGRAMME, Body, Founder, FundPlan
from scripts.demonstration.home import Home
from scripts.demonstration.progress import Progress
from wallet.signing import CompactSignature, sign

OWNER = "aoun"
STATEMENTS = Path(__file__).parents[2] / "tests" / "data" / "bank-camt"
PERSIAN_NAMES = Path(__file__).parent / "data" / "aoun_names_fa.csv"
YEAR_S = 365 * 24 * 3600
HOUSEHOLDS = 700
"""The largest row of the plan serves 700 persons."""
ZAKAT_ROW, FITR_ROW = "S2-48", "S2-54"
HEADS = {ZAKAT_ROW: "zakat", FITR_ROW: "zakat-al-fitr"}
GENERAL = "sadaqat"
MONTHS = range(1, 13)

REFUSES, ABSENT, SILENT = 0.02, 0.35, 0.06
"""Shares of simulated families: refuse the offer; were not there at hand-over and sign later; never confirm."""
SILENT_KEPT = 2
"""Of the deliveries that no family confirms, how many are named for the corrections that follow."""
SECOND_CHECKER_ABOVE_MINOR = 15_000_000
"""The regulator wants a second checker for lists of this charity above 150,000 SAR."""
NOT_YET = 12
"""Of the last month's offers, how many the agents have not handed over yet."""

FUND_NAMES = {
    GENERAL: {"en": "General sadaqat", "fa": "صدقات عام", "ar": "الصدقات العامة"},
    "zakat": {"en": "Zakat", "fa": "زکات", "ar": "الزكاة"},
    "zakat-al-fitr": {"en": "Zakat al-Fitr", "fa": "زکات فطره", "ar": "زكاة الفطر"},
}
EURO_NAMES = {"en": "Gifts by bank in euros", "fa": "کمک‌های بانکی به یورو", "ar": "تبرعات بنكية باليورو"}


@dataclass(frozen=True, slots=True)
class Offer:
    """One planned unit for one family."""

    entitlement: bytes
    family: int
    amount_minor: int

    def named(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "entitlement": hexed(self.entitlement),
            "family": self.family,
            "amount_minor": str(self.amount_minor),
        }


class PlanJob:
    """Carries the plan out through the API, with the families signing by themselves."""

    def __init__(self, home: Home, founder: Founder, body: Body, registrar: Client, api_url: str) -> None:
        self._home = home
        self._founder = founder
        self._body = body
        self._registrar = registrar
        self._staff = {role: Client(api_url, key) for role, key in body.keys.items()}
        self._anyone = Client(api_url)
        self._rows = plan.read_plan()
        self._assumed = plan.read_assumed_months(self._rows)
        deployment = Deployment.load(home.deployment)
        self._deployment = deployment
        self._domain = delivery_ledger.domain(deployment.chain_id, deployment.delivery_ledger)
        self._start = int((home.folder / "seed").stat().st_mtime)
        self._silent: list[dict[str, Any]] = []
        self._costs = {r.row_id: plan.unit_costs(r, self._assumed) for r in plan.deliverable(self._rows)}

    def run(self) -> dict[str, Any]:
        """Runs the whole job; safe to run again."""
        self._open()
        statements = self._import_statements()
        self._open_families()
        given = self._give()
        refunded = self._refund()
        bar = Progress("carrying out the 2024 plan", sum(map(len, self._costs.values())))
        for month in MONTHS:
            self._month(month, bar)
        bar.done()
        return {
            "programmes": len(self._costs),
            "simulated_gifts": len(given),
            "receipt": given[len(given) // 3]["receipt_code"],
            "refunded_receipt": refunded,
            "statements": statements,
            "findings": [
                f"{f.row_id}: planned {f.planned_units}, marks sum to {f.marks_sum}"
                for f in plan.findings(self._rows)
            ],
            "assumed": [
                f"{row_id}: month {', '.join(str(m.month) for m in part)}: {part[0].reason}"
                for row_id, part in self._assumed.items()
            ],
            "refused_demand": self._zakat_is_guarded(),
            "silent": self._silent[:SILENT_KEPT],
        }

    # --- Opening

    def programme_id(self, row_id: str) -> ProgrammeId:
        """The programme of a row of the plan."""
        return ProgrammeId(self._home.id("aoun programme", row_id))

    def food_programme(self) -> ProgrammeId:
        """The programme of the food basket."""
        return self.programme_id(
            next(r.row_id for r in self._rows if r.programme_en.startswith("Food basket"))
        )

    def fund_id(self, head: str, unit: str = "SAR") -> FundId:
        """The fund of a head of giving."""
        return FundId(self._home.id("aoun fund", head, unit))

    def family(self, number: int) -> Address:
        """A simulated family's account."""
        return self._home.account("family", number)

    def _open(self) -> None:
        with PERSIAN_NAMES.open(encoding="utf-8", newline="") as file:
            persian = {line["row_id"]: line["programme_fa"] for line in csv.DictReader(file)}
        for row in plan.deliverable(self._rows):
            names = {"en": row.programme_en, "ar": row.programme_ar, "fa": persian[row.row_id]}
            head = HEADS.get(row.row_id, GENERAL)
            self._founder.programme(
                self._body,
                OWNER,
                self.programme_id(row.row_id),
                [head],
                names,
                gives=row.kind,
                counted_in="person",
            )
        for head, names in FUND_NAMES.items():
            only = {h: self.programme_id(r) for r, h in HEADS.items()}.get(head, NO_PROGRAMME)
            self._founder.fund(self._body, OWNER, FundPlan(self.fund_id(head), "SAR", head, names, 0, only))
        self._founder.fund(
            self._body, OWNER, FundPlan(self.fund_id(GENERAL, "EUR"), "EUR", GENERAL, EURO_NAMES)
        )
        self._founder.wait_for_mirror()

    def _import_statements(self) -> list[str]:
        """Every real camt.053 file is sent as a clerk would send it; what the API refuses is listed with its reason."""
        outcome = []
        for path in sorted(STATEMENTS.glob("camt053*.xml")):
            try:
                funds = [("fund", hexed(self.fund_id(GENERAL, "EUR")))]
                report = self._staff["cashier"].upload(
                    "/v1/statements", path.read_bytes(), "application/xml", funds
                )
            except ClerkError as refused:
                outcome.append(f"{path.name}: refused: {refused}")
                continue
            gifts = [line for line in report["lines"] if line["gift"]]
            self._staff["cashier"].wait(f"/v1/records/donate/{line['gift']}" for line in gifts)
            others = [f"{line['entry']}: {line['reason']}" for line in report["lines"] if not line["gift"]]
            outcome.append(f"{path.name}: {len(gifts)} gifts; {'; '.join([*report['remarks'], *others])}")
        return outcome

    def _open_families(self) -> None:
        openings = [
            {"account": hexed(self.family(i)), "key": self._home.key("family", i).address}
            for i in range(HOUSEHOLDS)
        ]
        last = []
        for start in range(0, HOUSEHOLDS, BATCH):
            last += [
                self._registrar.post("/v1/households", {"households": openings[start : start + BATCH]})[-1][
                    "status"
                ]
            ]
        self._registrar.wait(last)

    # --- Gifts

    def _give(self) -> list[dict[str, Any]]:
        """Simulated gifts that cover the plan's cost of each head exactly, spread over the year before it is spent."""
        answers: list[dict[str, Any]] = []
        needs = dict.fromkeys(FUND_NAMES, 0)
        for row_id, costs in self._costs.items():
            needs[HEADS.get(row_id, GENERAL)] += sum(c.cost_sar_minor for c in costs)
        bar = Progress("giving to cover the plan", sum(needs.values()) // 100)
        for head, need in needs.items():
            gifts = [self._gift(head, i, amount) for i, amount in enumerate(amounts(head, need))]
            answers += self._staff["cashier"].give(self.fund_id(head), gifts)
            bar.add(need // 100)
        self._staff["cashier"].wait(a["status"] for a in answers[::BATCH] + answers[-1:])
        bar.done()
        return answers

    def _gift(self, head: str, number: int, amount_minor: int) -> dict[str, Any]:
        day = datetime.datetime(2024, 1, 1, 9, tzinfo=datetime.UTC) + datetime.timedelta(days=number % 360)
        return {
            "id": hexed(self._home.id("aoun gift", head, number)),
            "amount_minor": str(amount_minor),
            "settled_at_unix_s": int(day.timestamp()),
            "channel": "simulated",
            "reference": "simulated gift that covers the published plan",
        }

    def _refund(self) -> str:
        """Two donors gave twice by mistake and have the second gift back: gifts beyond the plan, refunded in full.

        Returns a refunded gift's receipt code.
        """
        doubled = [
            {**self._gift(GENERAL, 10_000 + i, 25_000), "reference": "simulated: the same gift sent twice"}
            for i in (1, 2)
        ]
        answers = self._staff["cashier"].give(self.fund_id(GENERAL), doubled)
        self._staff["cashier"].wait(a["status"] for a in answers)
        for gift in doubled:
            self._staff["cashier"].wait(
                [
                    self._staff["cashier"].post(
                        "/v1/refunds",
                        {
                            "id": hexed(self._home.id("aoun refund", gift["id"])),
                            "donation": gift["id"],
                            "amount_minor": gift["amount_minor"],
                        },
                    )["status"]
                ]
            )
        return str(answers[0]["receipt_code"])

    # --- Deliveries

    def _month(self, month: int, bar: Progress) -> None:
        """Lists by a maker, approval by a checker, then families refuse, receive, and confirm."""
        lists = {}
        for row_id, costs in self._costs.items():
            offers = self._offers(row_id, month, [c.cost_sar_minor for c in costs if c.month == month])
            if offers:
                lists[row_id] = offers, self._propose(row_id, month, offers)
        self._staff["maker"].wait(proposed["status"] for _, proposed in lists.values())
        self._approve([proposed for _, proposed in lists.values()])
        chance = random.Random(f"month {month}")  # noqa: S311 - a simulation
        said, waits = [], []
        for row_id, (offers, proposed) in lists.items():
            refusing = [o for o in offers if chance.random() < REFUSES]
            waits += [self._refuse(o) for o in refusing]
            staying = [o for o in offers if o not in refusing]
            if month == MONTHS[-1] and len(staying) > 2 * NOT_YET:
                staying = staying[:-NOT_YET]
            absent = [o for o in staying if chance.random() < ABSENT]
            waits += self._hand_over(proposed["id"], [o for o in staying if o not in absent], absent)
            answering = [o for o in absent if chance.random() >= SILENT / ABSENT]
            said += answering
            if row_id not in HEADS:
                self._silent += [o.named() for o in absent if o not in answering]
        self._anyone.wait(waits)
        self._anyone.wait([self._accept(o) for o in said])
        bar.add(sum(len(offers) for offers, _ in lists.values()))

    def _approve(self, lists: Sequence[dict[str, Any]]) -> None:
        """Each list by a checker; large ones by a second one, too."""
        for checker, part in (
            ("checker", lists),
            ("second-checker", [p for p in lists if int(p["total_minor"]) > SECOND_CHECKER_ABOVE_MINOR]),
        ):
            self._staff[checker].wait([self._staff[checker].approve(proposed) for proposed in part])

    def _offers(self, row_id: str, month: int, costs: Sequence[int]) -> list[Offer]:
        """One family a unit. Families take turns, so that no row always serves the first ones."""
        first = int.from_bytes(self._home.id("turn", row_id, month)[:4], "big") % HOUSEHOLDS
        return [
            Offer(self._home.id("aoun unit", row_id, month, i), (first + i) % HOUSEHOLDS, cost)
            for i, cost in enumerate(costs)
        ]

    def _propose(self, row_id: str, month: int, offers: Sequence[Offer]) -> dict[str, Any]:
        return self._staff["maker"].propose(
            self._home.id("aoun list", row_id, month),
            self.fund_id(HEADS.get(row_id, GENERAL)),
            self.programme_id(row_id),
            self._start + YEAR_S,
            [(o.entitlement, self.family(o.family), o.amount_minor) for o in offers],
        )

    def _hand_over(self, list_id: str, present: Sequence[Offer], absent: Sequence[Offer]) -> list[str]:
        last = []
        for start in range(0, len(present), BATCH):
            signed = [self._acceptance(o) for o in present[start : start + BATCH]]
            last += self._staff["agent"].post("/v1/hand-overs", {"list": list_id, "acceptances": signed})
        for start in range(0, len(absent), BATCH):
            ids = [hexed(o.entitlement) for o in absent[start : start + BATCH]]
            last += self._staff["agent"].post("/v1/hand-overs", {"list": list_id, "entitlements": ids})
        return [answer["status"] for answer in last[:1] + last[-1:]]

    def _acceptance(self, offer: Offer) -> dict[str, Any]:
        """The family's yes, made with its own key as `amanat wallet sign-acceptance` makes it."""
        said = Acceptance(
            self.family(offer.family),
            EntitlementId(offer.entitlement),
            offer.amount_minor,
            "SAR",
            self._deployment.genesis_hash,
            self._start + YEAR_S,
        )
        signature = self._sign(said, offer.family)
        return {
            "entitlement": hexed(offer.entitlement),
            "amount_minor": str(offer.amount_minor),
            "unit": "SAR",
            "deadline_unix_s": said.deadline_unix_s,
            "r": hexed(signature.r),
            "vs": hexed(signature.vs),
        }

    def _sign(self, said: Acceptance | Refusal, family: int) -> CompactSignature:
        genesis = self._deployment.genesis_hash
        key = self._home.key("family", family)
        return sign(said, self._domain, key, genesis_hash=genesis, now_unix_s=self._start)

    def _accept(self, offer: Offer) -> str:
        return str(self._anyone.post("/v1/acceptances", self._acceptance(offer))["status"])

    def _refuse(self, offer: Offer) -> str:
        said = Refusal(
            self.family(offer.family),
            EntitlementId(offer.entitlement),
            "not-needed",
            self._deployment.genesis_hash,
            self._start + YEAR_S,
        )
        signature = self._sign(said, offer.family)
        body = {
            "entitlement": hexed(offer.entitlement),
            "reason": said.reason,
            "deadline_unix_s": said.deadline_unix_s,
            "r": hexed(signature.r),
            "vs": hexed(signature.vs),
        }
        return str(self._anyone.post("/v1/refusals", body)["status"])

    def _zakat_is_guarded(self) -> str:
        """A maker tries to pay the food basket from zakat money; the ledger's answer is part of the demonstration."""
        try:
            self._staff["maker"].propose(
                self._home.id("aoun misuse"),
                self.fund_id("zakat"),
                self.food_programme(),
                self._start + YEAR_S,
                [(self._home.id("aoun misuse item"), self.family(0), 100)],
            )
        except ClerkError as refused:
            return str(refused)
        raise ValueError("zakat money was promised to another programme")


def amounts(head: str, total_minor: int) -> list[int]:
    """Simulated gifts that sum to the total: many small ones, few large ones. The same at every run."""
    chance = random.Random(f"gifts {head}")  # noqa: S311 - a simulation
    gifts = []
    while total_minor > 0:
        riyals = min(int(chance.lognormvariate(7.3, 1.3)) + 5, 60_000)
        gifts.append(min(riyals * 100, total_minor))
        total_minor -= gifts[-1]
    return gifts
