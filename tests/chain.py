"""A real chain for tests: `Anvil` starts a node, `deploy` adds the contracts, `World.make` fills them.

    with Anvil() as node:
        world = World.make(node.w3)
        world.send(world.cashier, world.ledger, fund_ledger.donate(...))

Every key is made at run time and holds nothing: gas price and base fee are zero, so nobody needs a balance.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak
from web3 import Web3
from web3.types import TxReceipt

from contracts import devnode
from contracts.abi import Address, ContractError, View, address_word, uint_word
from contracts.bindings import (
    delivery_ledger,
    fund_ledger,
    household_registry,
    licence_registry,
    programme_registry,
)
from contracts.bindings.delivery_ledger import EntitlementEntry, ListProposal
from contracts.bindings.fund_ledger import DonationEntry, FundOpening
from contracts.bindings.ids import (
    DonationId,
    EntitlementId,
    FundId,
    OrganisationId,
    PaymentListId,
    ProgrammeId,
    Role,
    RuleId,
)
from contracts.bindings.licence_registry import LicenceGrant
from contracts.bindings.programme_registry import ProgrammeOpening
from contracts.deploy import address_of, call, deploy, send
from contracts.deployment import Deployment

START_TIMEOUT_S = 20.0
YEAR_S = 365 * 24 * 3600
DISPUTE_WINDOW_S = 14 * 24 * 3600
NOBODY = OrganisationId(bytes(32))
"""No body: no supervisor, clearer or desk but the regulator's own."""
ALL_ROLES = sum(Role)

T = TypeVar("T")


class Anvil:
    """A development node on a free port, set up as DESIGN section 4 says; stopped and forgotten on exit."""

    def __init__(self, *, chain_id: int = 31337, block_time_s: int = 1, state: Path | None = None) -> None:
        """`state` keeps the chain in a file across two nodes; without it the chain ends with the node."""
        self.chain_id = chain_id
        self.block_time_s = block_time_s
        self.state = state
        self.url = ""
        self.w3 = Web3()

    def __enter__(self) -> Anvil:
        self._files = tempfile.TemporaryDirectory(prefix="amanat-anvil-")
        folder = Path(self._files.name)
        log = folder / "log"
        flags = {"chain_id": self.chain_id, "block_time_s": self.block_time_s}
        # Port 0: the node picks a free one itself, so that no other process can take it in between.
        command = [*devnode.command(0, state=self.state, **flags), "--cache-path", str(folder)]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env=os.environ | {"NO_COLOR": "1"}
            )
        try:
            self.url = f"http://127.0.0.1:{self._port(log)}"
        except BaseException:
            self.__exit__()
            raise
        self.w3 = Web3(Web3.HTTPProvider(self.url))
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._files.cleanup()

    def _port(self, log: Path) -> int:
        """Waits until the node listens; raises RuntimeError with its last words."""
        end = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < end and self._process.poll() is None:
            for line in log.read_text(errors="replace").splitlines():
                if line.startswith("Listening on "):
                    return int(line.rpartition(":")[2])
            time.sleep(0.02)
        raise RuntimeError(f"anvil did not start: {log.read_text(errors='replace')[-2000:]}")


def new_id() -> bytes:
    """A fresh record id: 32 random bytes."""
    return secrets.token_bytes(32)


def new_key() -> LocalAccount:
    """A fresh key without any balance."""
    account: LocalAccount = Account.create()
    return account


def now(w3: Web3) -> int:
    """The time of the latest block in unix seconds, which is what the contracts compare with."""
    return int(w3.eth.get_block("latest")["timestamp"])


def read(w3: Web3, contract: Address, view: View[T]) -> T:
    """A view's answer at the latest block; raises the ContractError that the contract gave."""
    return view.decode(call(w3, contract, view.data))


@dataclass(frozen=True, slots=True)
class Home:
    """A household: its account, which its history belongs to, and the key that signs for it today."""

    account: Address
    key: LocalAccount


@dataclass(frozen=True, slots=True)
class Offer:
    """An approved payment list and its entitlements, in the list's order."""

    list_id: PaymentListId
    entries: tuple[EntitlementEntry, ...]


def promise(entitlement: EntitlementId, household: Address, amount_minor: int) -> EntitlementEntry:
    """An item of a payment list of a programme that needs no clearance."""
    return EntitlementEntry(entitlement, household, amount_minor, Address(bytes(20)), 0, bytes(32), bytes(32))


def cash(
    donation: DonationId,
    donor: Address,
    amount_minor: int,
    settled_at_unix_s: int,
    channel: str = "bank",
    commitment: bytes | None = None,
) -> DonationEntry:
    """A settled gift of money; the commitment is random unless given."""
    return DonationEntry(
        id=donation,
        donor=donor,
        amount_minor=amount_minor,
        settled_at_unix_s=settled_at_unix_s,
        form="cash",
        channel=channel,
        value_minor=0,
        value_currency="",
        commitment=commitment or new_id(),
    )


def list_proposal(
    fund: FundId,
    programme: ProgrammeId,
    provider: OrganisationId,
    entries: Sequence[EntitlementEntry],
    expires_at_unix_s: int,
    list_id: PaymentListId | None = None,
) -> ListProposal:
    """The proposal of a list of these items, without place, season and rule; a new id unless given."""
    return ListProposal(
        id=list_id or PaymentListId(new_id()),
        fund=fund,
        programme=programme,
        provider=provider,
        place="",
        season="",
        rule_version=0,
        content_hash=content_hash(entries),
        total_minor=sum(entry.amount_minor for entry in entries),
        expires_at_unix_s=expires_at_unix_s,
        count=len(entries),
    )


def fund_opening(
    fund: FundId,
    organisation: OrganisationId,
    unit: str,
    head: str,
    *,
    programme: ProgrammeId | None = None,
    fee_cap_bps: int = 0,
) -> FundOpening:
    """A fund without campaign, place, release date or closing; free of a programme unless one is given."""
    none = ProgrammeId(bytes(32))
    return FundOpening(fund, organisation, unit, head, programme or none, "", "", 0, 0, 0, fee_cap_bps)


def programme_opening(programme: ProgrammeId, organisation: OrganisationId) -> ProgrammeOpening:
    """A programme without rule, clearer, seasons and quotas; disputes for 14 days."""
    return ProgrammeOpening(
        id=programme,
        organisation=organisation,
        campaign="",
        rule=RuleId(bytes(32)),
        clearer=NOBODY,
        seasonal=False,
        quotas=False,
        dispute_window_s=DISPUTE_WINDOW_S,
        service="food-package",
        counted_in="household",
    )


def content_hash(entries: Sequence[EntitlementEntry]) -> bytes:
    """What a payment list's items chain to: h = keccak256(h, entitlement, household, amount), from zero."""
    chained = bytes(32)
    for entry in entries:
        amount = uint_word(entry.amount_minor, 64, "amount_minor")
        chained = keccak(chained + entry.id + address_word(entry.household, "household") + amount)
    return chained


@dataclass(frozen=True, slots=True)
class World:
    """A chain with one charity and one registrar body, a key for each role, one programme and two empty funds
    that may pay for it."""

    w3: Web3
    deployment: Deployment
    regulators: tuple[LocalAccount, LocalAccount]
    charity: OrganisationId
    charity_admin: LocalAccount
    registrar_body: OrganisationId
    registrar_admin: LocalAccount
    maker: LocalAccount
    checker: LocalAccount
    cashier: LocalAccount
    agent: LocalAccount
    coordinator: LocalAccount
    """All five work for the charity."""
    registrar: LocalAccount
    """Works for the registrar body: the body that pays a household may not have opened its account."""
    programme: ProgrammeId
    fund_eur: FundId
    """Head `sadaqat`, fee cap 5 %."""
    fund_sar: FundId
    """Head `zakat`, no fee."""

    @property
    def licences(self) -> Address:
        return self.deployment.licence_registry

    @property
    def households(self) -> Address:
        return self.deployment.household_registry

    @property
    def rulebook(self) -> Address:
        return self.deployment.rulebook

    @property
    def programmes(self) -> Address:
        return self.deployment.programme_registry

    @property
    def ledger(self) -> Address:
        return self.deployment.fund_ledger

    @property
    def deliveries(self) -> Address:
        return self.deployment.delivery_ledger

    @property
    def field(self) -> Address:
        return self.deployment.field_acceptance

    @property
    def orders(self) -> Address:
        return self.deployment.service_orders

    @property
    def debts(self) -> Address:
        return self.deployment.debt_relief

    @property
    def bank(self) -> Address:
        return self.deployment.time_bank

    @property
    def cases(self) -> Address:
        return self.deployment.case_log

    @classmethod
    def make(cls, w3: Web3) -> World:
        """Deploys the contracts and records everything named above; about 20 transactions."""
        regulators = (new_key(), new_key())
        world = cls(
            w3=w3,
            deployment=deploy(w3, new_key(), [address_of(key) for key in regulators]),
            regulators=regulators,
            charity=OrganisationId(new_id()),
            charity_admin=new_key(),
            registrar_body=OrganisationId(new_id()),
            registrar_admin=new_key(),
            maker=new_key(),
            checker=new_key(),
            cashier=new_key(),
            agent=new_key(),
            coordinator=new_key(),
            registrar=new_key(),
            programme=ProgrammeId(new_id()),
            fund_eur=FundId(new_id()),
            fund_sar=FundId(new_id()),
        )
        world._license()
        world._open_funds()
        return world

    def _license(self) -> None:
        self.license(self.charity, self.charity_admin, "charity")
        self.license(self.registrar_body, self.registrar_admin, "registrar")
        for key, role in (
            (self.maker, Role.MAKER),
            (self.checker, Role.CHECKER),
            (self.cashier, Role.CASHIER),
            (self.agent, Role.AGENT),
            (self.coordinator, Role.COORDINATOR),
        ):
            self.appoint(self.charity, self.charity_admin, key, role)
        self.appoint(self.registrar_body, self.registrar_admin, self.registrar, Role.REGISTRAR)

    def _open_funds(self) -> None:
        heads = ["sadaqat", "zakat"]
        opening = programme_opening(self.programme, self.charity)
        self.send(self.charity_admin, self.programmes, programme_registry.open_programme(opening, heads))
        self.open_fund("EUR", "sadaqat", fund=self.fund_eur, fee_cap_bps=500)
        self.open_fund("SAR", "zakat", fund=self.fund_sar)

    def now(self) -> int:
        """The chain's time in unix seconds."""
        return now(self.w3)

    def send(self, account: LocalAccount, to: Address, data: bytes, *, simulate: bool = True) -> TxReceipt:
        """Signs, sends and waits; raises the decoded ContractError."""
        return send(self.w3, account, to, data, simulate=simulate)

    def read(self, contract: Address, view: View[T]) -> T:
        """A view's answer; raises the decoded ContractError."""
        return read(self.w3, contract, view)

    def license(
        self,
        organisation: OrganisationId,
        administrator: LocalAccount,
        kind: str,
        *,
        supervisor: OrganisationId = NOBODY,
        area: str = "",
    ) -> None:
        """A licence for one year and every role, granted by both regulator keys."""
        start = self.now()
        grant = LicenceGrant(
            organisation=organisation,
            administrator=address_of(administrator),
            kind=kind,
            area=area,
            supervisor=supervisor,
            roles=ALL_ROLES,
            from_unix_s=start,
            until_unix_s=start + YEAR_S,
        )
        self.regulate(licence_registry.grant_licence(grant))

    def regulate(self, data: bytes) -> None:
        """An act of the regulator at the licence registry: both keys send the same call."""
        for regulator in self.regulators:
            self.send(regulator, self.licences, data)

    def appoint(
        self, organisation: OrganisationId, administrator: LocalAccount, operator: LocalAccount, roles: int
    ) -> None:
        """Gives a key its roles for one year."""
        data = licence_registry.appoint_operator(
            organisation, address_of(operator), roles, self.now() + YEAR_S
        )
        self.send(administrator, self.licences, data)

    def open_home(self, *, card_root: bytes = bytes(32)) -> Home:
        """A new household account with a key, opened by the registrar body; without a card unless given."""
        home = Home(Address(secrets.token_bytes(20)), new_key())
        opening = household_registry.Opening(home.account, address_of(home.key), card_root)
        self.send(self.registrar, self.households, household_registry.open(self.registrar_body, [opening]))
        return home

    def replace_key(self, home: Home, key: Address) -> None:
        """Another key signs for the household from now on."""
        data = household_registry.replace_key(self.registrar_body, home.account, key)
        self.send(self.registrar, self.households, data)

    def open_fund(self, unit: str, head: str, *, fund: FundId | None = None, fee_cap_bps: int = 0) -> FundId:
        """A fund of the charity that is not bound to a programme; a new id unless given."""
        fund = fund or FundId(new_id())
        opening = fund_opening(fund, self.charity, unit, head, fee_cap_bps=fee_cap_bps)
        self.send(self.charity_admin, self.ledger, fund_ledger.open_fund(opening))
        return fund

    def donate(self, fund: FundId, amount_minor: int, donor: Address | None = None) -> DonationId:
        """A settled gift by bank transfer; the donor is a new account unless given."""
        donation = DonationId(new_id())
        donor = donor or address_of(new_key())
        entry = cash(donation, donor, amount_minor, self.now())
        self.send(self.cashier, self.ledger, fund_ledger.donate(fund, [entry]))
        return donation

    def offer(self, fund: FundId, amounts: Sequence[tuple[Address, int]], *, days: int = 30) -> Offer:
        """Proposes and approves a list of (household account, minor units); the fund must hold the total."""
        entries = tuple(promise(EntitlementId(new_id()), account, minor) for account, minor in amounts)
        expiry = self.now() + days * 24 * 3600
        proposal = list_proposal(fund, self.programme, self.charity, entries, expiry)
        self.send(self.maker, self.deliveries, delivery_ledger.propose_list(proposal, entries))
        approval = delivery_ledger.approve_list(proposal.id, proposal.content_hash)
        self.send(self.checker, self.deliveries, approval)
        return Offer(proposal.id, entries)


__all__ = [
    "ALL_ROLES",
    "NOBODY",
    "Anvil",
    "ContractError",
    "Home",
    "Offer",
    "World",
    "address_of",
    "call",
    "cash",
    "content_hash",
    "deploy",
    "fund_opening",
    "list_proposal",
    "new_id",
    "new_key",
    "now",
    "programme_opening",
    "promise",
    "read",
    "send",
]
