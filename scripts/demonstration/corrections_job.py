"""Job 4: what went wrong, answered by adding (DESIGN section 1, idea 6): nothing is edited, nothing disappears.

Aid that nobody took comes back; a family objects and a desk above the charity finds for it; a list made by mistake is
cancelled; money for a common purpose goes from one charity to the other; a donor takes a gift into an own wallet.
"""

from __future__ import annotations

from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from contracts.abi import Address
from contracts.bindings import delivery_ledger, fund_ledger
from contracts.bindings.delivery_ledger import Dispute
from contracts.bindings.fund_ledger import Claim
from contracts.bindings.ids import DonationId, EntitlementId, FundId
from contracts.deploy import address_of
from contracts.deployment import Deployment
from ledger_api.gifts.receiving import claim_key
from scripts.demonstration.client import Client, hexed
from scripts.demonstration.founding import Body, Founder, FundPlan
from scripts.demonstration.home import Home
from scripts.demonstration.plan_job import GENERAL, PlanJob
from scripts.demonstration.progress import Progress
from wallet.signing import sign

PARTNER = "open-collective"
YEAR_S = 365 * 24 * 3600
TRANSFERRED_MINOR = 50_000
MISTAKEN_MINOR = 10_000
NAMES = {"en": "Winter help, shared", "fa": "کمک زمستانی مشترک", "ar": "مساعدة الشتاء المشتركة"}


class CorrectionsJob:
    """Five corrections, each through the API by the people whose act it is."""

    def __init__(
        self,
        home: Home,
        founder: Founder,
        plan: PlanJob,
        giver: Body,
        partner: Body,
        desk: Body,
        api_url: str,
    ) -> None:
        self._home = home
        self._founder = founder
        self._plan = plan
        self._giver = giver
        self._partner = partner
        self._staff = {role: Client(api_url, key) for role, key in giver.keys.items()}
        self._partner_cashier = Client(api_url, partner.keys["cashier"])
        self._desk = Client(api_url, desk.keys["desk"])
        self._anyone = Client(api_url)
        self._deployment = Deployment.load(home.deployment)
        self._start = int((home.folder / "seed").stat().st_mtime)

    def run(self, silent: list[dict[str, Any]]) -> dict[str, Any]:
        """Runs the whole job; safe to run again. `silent` are deliveries that no family has confirmed."""
        undelivered, disputed = silent[0], silent[1]
        bar = Progress("putting right what went wrong", 5)
        self._take_back(undelivered)
        bar.add()
        self._dispute(disputed)
        bar.add()
        for act in (self._cancel, self._transfer, self._claim):
            act()
            bar.add()
        bar.done()
        return {
            "returned_minor": undelivered["amount_minor"],
            "upheld_minor": disputed["amount_minor"],
            "transferred_minor": str(TRANSFERRED_MINOR),
        }

    def _take_back(self, delivery: dict[str, Any]) -> None:
        """Nobody was found at the door: the agent brings the money back and the cashier records it."""
        item = {
            "id": hexed(self._home.id("return", delivery["entitlement"])),
            "entitlement": delivery["entitlement"],
            "amount_minor": delivery["amount_minor"],
            "reason": "undeliverable",
        }
        body = {"fund": hexed(self._plan.fund_id(GENERAL)), "returns": [item]}
        self._anyone.wait([self._staff["cashier"].post("/v1/returns", body)[0]["status"]])

    def _dispute(self, delivery: dict[str, Any]) -> None:
        """A family says that nothing arrived; the desk above the charity finds for it, and all units come back."""
        family = int(delivery["family"])
        said = Dispute(
            self._plan.family(family),
            EntitlementId(bytes.fromhex(delivery["entitlement"][2:])),
            "never-arrived",
            self._deployment.genesis_hash,
            self._start + YEAR_S,
        )
        domain = delivery_ledger.domain(self._deployment.chain_id, self._deployment.delivery_ledger)
        key = self._home.key("family", family)
        signature = sign(said, domain, key, genesis_hash=said.genesis_hash, now_unix_s=self._start)
        body = {
            "entitlement": delivery["entitlement"],
            "reason": said.reason,
            "deadline_unix_s": said.deadline_unix_s,
            "r": hexed(signature.r),
            "vs": hexed(signature.vs),
        }
        self._anyone.wait([self._anyone.post("/v1/disputes", body)["status"]])
        decision = {
            "entitlement": delivery["entitlement"],
            "upheld": True,
            "return": hexed(self._home.id("upheld", delivery["entitlement"])),
        }
        self._anyone.wait([self._desk.post("/v1/decisions", decision)["status"]])

    def _cancel(self) -> None:
        """A list with the wrong families was approved; the maker ends it, and what it had reserved is free again."""
        items = [(self._home.id("mistaken", i), self._plan.family(i), MISTAKEN_MINOR) for i in range(3)]
        proposed = self._staff["maker"].propose(
            self._home.id("mistaken list"),
            self._plan.fund_id(GENERAL),
            self._plan.food_programme(),
            self._start + YEAR_S,
            items,
        )
        self._anyone.wait([proposed["status"]])
        self._anyone.wait([self._staff["checker"].approve(proposed)])
        path = f"/v1/payment-lists/{proposed['id']}/cancellation"
        self._anyone.wait([self._staff["maker"].post(path, {"reason": "wrong-families"})["status"]])

    def _transfer(self) -> None:
        """Money goes to a fund of the other charity under the same head; gifts' traces go on there."""
        fund = FundId(self._home.id("shared fund"))
        self._founder.fund(self._partner, PARTNER, FundPlan(fund, "SAR", GENERAL, NAMES))
        transfer = hexed(self._home.id("transfer"))
        said = {
            "from": hexed(self._plan.fund_id(GENERAL)),
            "to": hexed(fund),
            "amount_minor": str(TRANSFERRED_MINOR),
            "commitment": hexed(self._home.id("transfer agreement")),
        }
        maker, checker = self._staff["maker"], self._staff["checker"]
        self._anyone.wait([maker.post("/v1/transfers", said | {"id": transfer})["status"]])
        self._anyone.wait([checker.post(f"/v1/transfers/{transfer}/approval", said)["status"]])
        self._anyone.wait([self._partner_cashier.post(f"/v1/transfers/{transfer}/receipt", {})["status"]])

    def _claim(self) -> None:
        """A donor without a wallet was given the claim key with the receipt; now the gift moves to an own wallet."""
        donation = self._home.id("aoun gift", GENERAL, 0)
        secret = bytes.fromhex((self._home.folder / "secret").read_text().strip())
        key = claim_key(secret, self._giver.id, donation)
        wallet = address_of(self._home.key("donor's wallet"))
        said = Claim(
            Address(key.public_key.to_canonical_address()),
            DonationId(donation),
            wallet,
            self._deployment.genesis_hash,
            self._start + YEAR_S,
        )
        domain = fund_ledger.domain(self._deployment.chain_id, self._deployment.fund_ledger)
        account: LocalAccount = Account.from_key(key.to_bytes())
        signature = sign(said, domain, account, genesis_hash=said.genesis_hash, now_unix_s=self._start)
        body = {
            "donation": hexed(donation),
            "wallet": hexed(wallet),
            "deadline_unix_s": said.deadline_unix_s,
            "r": hexed(signature.r),
            "vs": hexed(signature.vs),
        }
        self._anyone.wait([self._anyone.post("/v1/claims", body)["status"]])
