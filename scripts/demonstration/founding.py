"""Founding the demonstration's ledger: contracts, four licensed bodies, their staff, programmes and funds.

Two organisations give; a third, independent one opens the households' accounts, since a payer may not; a fourth
stands above the two and decides what families dispute.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import TypeVar

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from sqlalchemy.dialects.sqlite import insert
from web3 import Web3

from contracts.abi import Address, View
from contracts.bindings import fund_ledger, licence_registry, programme_registry
from contracts.bindings.fund_ledger import FundOpening
from contracts.bindings.ids import FundId, OrganisationId, ProgrammeId, Role, RuleId
from contracts.bindings.licence_registry import LicenceGrant
from contracts.bindings.programme_registry import ProgrammeOpening
from contracts.deploy import address_of, call, deploy, send
from contracts.deployment import Deployment
from indexer.mirror import open_for_reading
from indexer.queries.blocks import as_of
from ledger_api.office import label, open_office
from ledger_api.staff import issue_key
from scripts.demonstration.home import Home
from scripts.demonstration.processes import StartFailed
from wallet import keyfile

MIRROR_TIMEOUT_S = 60
YEAR_S = 365 * 24 * 3600
DISPUTE_WINDOW_S = 14 * 24 * 3600
NO_PROGRAMME = ProgrammeId(bytes(32))
NOBODY = OrganisationId(bytes(32))
STAFF = {
    "maker": Role.MAKER,
    "checker": Role.CHECKER,
    "second-checker": Role.CHECKER,
    "cashier": Role.CASHIER,
    "agent": Role.AGENT,
    "registrar": Role.REGISTRAR,
    "coordinator": Role.COORDINATOR,
    "desk": Role.DESK,
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Body:
    """A body of the demonstration: its id, and each member of staff's API key by role."""

    id: OrganisationId
    keys: dict[str, str]


@dataclass(frozen=True, slots=True)
class FundPlan:
    """A fund to open, and what it is called (language -> name)."""

    id: FundId
    unit: str
    head: str
    names: dict[str, str]
    fee_cap_bps: int = 0
    programme: ProgrammeId = NO_PROGRAMME


class Founder:
    """Acts as regulator and administrators. Everything it does may be done again."""

    def __init__(self, home: Home, node_url: str) -> None:
        self._home = home
        self._w3 = Web3(Web3.HTTPProvider(node_url))
        self._office = open_office(home.settings("", "")["AMANAT_OFFICE"])
        self._regulators = [home.key("regulator", i) for i in (1, 2)]

    def deployment(self) -> Deployment:
        """The contracts: deployed at the first start, found again afterwards."""
        if not self._home.deployment.exists():
            keys = [address_of(key) for key in self._regulators]
            deploy(self._w3, Account.create(), keys).save(self._home.deployment)
        return Deployment.load(self._home.deployment)

    def courier(self) -> None:
        """The account that carries signed acts: a key without any role."""
        path = self._home.folder / "keys" / "courier"
        if not path.exists():
            path.write_text(self._operator("courier", "courier").hex() + "\n")

    def body(
        self,
        name: str,
        kind: str,
        names: dict[str, str],
        roles: list[str],
        supervisor: OrganisationId = NOBODY,
    ) -> Body:
        """A licensed body with one member of staff a role."""
        organisation = OrganisationId(self._home.id("organisation", name))
        found = self._home.done(f"body-{name}")
        if found is None:
            self._license(organisation, name, kind, roles, supervisor)
            found = self._home.finish(
                f"body-{name}", {r: self._appoint(organisation, name, r) for r in roles}
            )
        self._name(organisation, names)
        return Body(organisation, found)

    def grade(self, body: Body, grade: str) -> None:
        """The regulator's appraisal of a body."""
        if self._ask_licences(licence_registry.licence_of(body.id)).grade != grade:
            self._regulate(licence_registry.grade_organisation(body.id, grade))

    def limit(self, body: Body, unit: str, threshold_minor: int, ceiling_minutes: int) -> None:
        """The regulator wants a second checker above a threshold, and no more hours confirmed than a ceiling."""
        threshold = licence_registry.second_checker_threshold(body.id, unit)
        if self._ask_licences(threshold) != threshold_minor:
            self._regulate(licence_registry.set_second_checker_threshold(body.id, unit, threshold_minor))
        if self._ask_licences(licence_registry.issuing_ceiling(body.id)) != ceiling_minutes:
            self._regulate(licence_registry.set_issuing_ceiling(body.id, ceiling_minutes))

    def programme(
        self,
        body: Body,
        owner: str,
        programme: ProgrammeId,
        heads: list[str],
        names: dict[str, str],
        *,
        gives: str,
        counted_in: str,
    ) -> None:
        """A programme that money of these heads may serve; a family may dispute a delivery for 14 days.

        `gives` and `counted_in` are codes of the catalogue of aid.
        """
        registry = self.deployment().programme_registry
        missing = [h for h in heads if not self._ask(registry, programme_registry.takes_head(programme, h))]
        if missing:
            opening = ProgrammeOpening(
                id=programme,
                organisation=body.id,
                campaign="",
                rule=RuleId(bytes(32)),
                clearer=NOBODY,
                seasonal=False,
                quotas=False,
                dispute_window_s=DISPUTE_WINDOW_S,
                service=gives,
                counted_in=counted_in,
            )
            data = programme_registry.open_programme(opening, missing)
            send(self._w3, self._admin(owner), registry, data)
        self._name(programme, names)

    def fund(self, body: Body, owner: str, plan: FundPlan) -> None:
        """A fund; opening it again is a no-op."""
        opening = FundOpening(
            id=plan.id,
            organisation=body.id,
            unit=plan.unit,
            head=plan.head,
            programme=plan.programme,
            campaign="",
            place="",
            release_at_unix_s=0,
            opens_at_unix_s=0,
            closes_at_unix_s=0,
            fee_cap_bps=plan.fee_cap_bps,
        )
        send(self._w3, self._admin(owner), self.deployment().fund_ledger, fund_ledger.open_fund(opening))
        self._name(plan.id, plan.names)

    def wait_for_mirror(self) -> None:
        """Returns when the mirror is as new as the chain was when asked; raises StartFailed when it does not move."""
        head = self._w3.eth.block_number
        end = time.monotonic() + MIRROR_TIMEOUT_S
        while time.monotonic() < end:
            with open_for_reading(self._home.settings("", "")["AMANAT_MIRROR"]).connect() as conn:
                if as_of(conn).number >= head:
                    return
            time.sleep(0.1)
        raise StartFailed(
            f"the indexer did not reach block {head}; see {self._home.folder / 'log' / 'indexer.log'}"
        )

    def _ask(self, contract: Address, view: View[T]) -> T:
        return view.decode(call(self._w3, contract, view.data))

    def _ask_licences(self, view: View[T]) -> T:
        return self._ask(self.deployment().licence_registry, view)

    def _regulate(self, act: bytes) -> None:
        """Two regulator keys send the same call; one that has done so before an interruption does not again."""
        proposer = self._ask_licences(licence_registry.proposer_of(keccak(act)))
        for regulator in self._regulators:
            if address_of(regulator) != proposer:
                send(self._w3, regulator, self.deployment().licence_registry, act)

    def _license(
        self,
        organisation: OrganisationId,
        name: str,
        kind: str,
        roles: list[str],
        supervisor: OrganisationId,
    ) -> None:
        now = int(self._w3.eth.get_block("latest")["timestamp"])
        grant = LicenceGrant(
            organisation=organisation,
            administrator=address_of(self._admin(name)),
            kind=kind,
            area="",
            supervisor=supervisor,
            roles=reduce(or_, (STAFF[role] for role in roles)),
            from_unix_s=now,
            until_unix_s=now + 2 * YEAR_S,
        )
        self._regulate(licence_registry.grant_licence(grant))

    def _appoint(self, organisation: OrganisationId, name: str, role: str) -> str:
        operator = self._operator(name, role)
        until = int(time.time()) + YEAR_S
        act = licence_registry.appoint_operator(organisation, operator, STAFF[role], until)
        send(self._w3, self._admin(name), self.deployment().licence_registry, act)
        with self._office.begin() as conn:
            return issue_key(conn, organisation, operator, f"{name} {role}", until)

    def _operator(self, name: str, role: str) -> Address:
        """A staff key in an encrypted file of its own, named by its address as the relay looks for it."""
        draft = self._home.folder / "keys" / f"{name}-{role}.json"
        draft.unlink(missing_ok=True)
        address = keyfile.create(draft, self._home.password, f"{name} {role}").address
        if address is None:
            raise RuntimeError("a new key file names its address")
        draft.rename(draft.with_name(f"{address.hex()}.json"))
        return address

    def _admin(self, name: str) -> LocalAccount:
        return self._home.key("administrator", name)

    def _name(self, record: bytes, names: dict[str, str]) -> None:
        rows = [{"id": record, "language": language, "text": text} for language, text in names.items()]
        statement = insert(label)
        with self._office.begin() as conn:
            conn.execute(
                statement.on_conflict_do_update(
                    index_elements=["id", "language"], set_={"text": statement.excluded.text}
                ),
                rows,
            )
