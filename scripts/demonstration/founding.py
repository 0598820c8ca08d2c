"""Founding the demonstration's ledger: contracts, three licensed bodies, their staff, programmes and funds.

Two organisations give; a third, independent one opens the households' accounts, since a payer may not.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from eth_account import Account
from eth_account.signers.local import LocalAccount
from sqlalchemy.dialects.sqlite import insert
from web3 import Web3

from contracts.abi import Address
from contracts.bindings import fund_ledger, licence_registry
from contracts.bindings.fund_ledger import FundOpening
from contracts.bindings.ids import FundId, OrganisationId, ProgrammeId, Role
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
NO_PROGRAMME = ProgrammeId(bytes(32))
STAFF = {
    "maker": Role.MAKER,
    "checker": Role.CHECKER,
    "cashier": Role.CASHIER,
    "agent": Role.AGENT,
    "registrar": Role.REGISTRAR,
    "coordinator": Role.COORDINATOR,
}


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

    def body(self, name: str, kind: str, names: dict[str, str], roles: list[str]) -> Body:
        """A licensed body with one member of staff a role."""
        organisation = OrganisationId(self._home.id("organisation", name))
        found = self._home.done(f"body-{name}")
        if found is None:
            self._license(organisation, name, kind)
            found = self._home.finish(
                f"body-{name}", {r: self._appoint(organisation, name, r) for r in roles}
            )
        self._name(organisation, names)
        return Body(organisation, found)

    def programme(
        self, body: Body, owner: str, programme: ProgrammeId, heads: list[str], names: dict[str, str]
    ) -> None:
        """A programme that money of these heads may serve."""
        ledger = self.deployment().fund_ledger
        missing = [
            h for h in heads if not fund_ledger.takes_head(programme, h).decode(self._ask(programme, h))
        ]
        if missing:
            send(
                self._w3, self._admin(owner), ledger, fund_ledger.open_programme(programme, body.id, missing)
            )
        self._name(programme, names)

    def fund(self, body: Body, owner: str, plan: FundPlan) -> None:
        """A fund; opening it again is a no-op."""
        opening = FundOpening(plan.id, body.id, plan.unit, plan.head, plan.programme, plan.fee_cap_bps)
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

    def _ask(self, programme: ProgrammeId, head: str) -> bytes:
        return call(self._w3, self.deployment().fund_ledger, fund_ledger.takes_head(programme, head).data)

    def _license(self, organisation: OrganisationId, name: str, kind: str) -> None:
        now = int(self._w3.eth.get_block("latest")["timestamp"])
        act = licence_registry.grant_licence(
            organisation, address_of(self._admin(name)), kind, now, now + 2 * YEAR_S
        )
        for regulator in self._regulators:
            send(self._w3, regulator, self.deployment().licence_registry, act)

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
