"""A real chain for tests: `Anvil` starts a node, `deploy` adds the four contracts, `World.make` fills them.

    with Anvil() as node:
        world = World.make(node.w3)
        world.send(world.cashier, world.ledger, fund_ledger.donate(...))

Every key is made at run time and holds nothing: gas price and base fee are zero, so nobody needs a balance.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import rlp  # type: ignore[import-untyped]
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from web3 import Web3
from web3.exceptions import ContractLogicError
from web3.types import TxParams, TxReceipt

from contracts.abi import Address, ContractError, View, address_word, decode_error, uint_word
from contracts.bindings import fund_ledger, household_registry, licence_registry
from contracts.bindings.errors import BY_SELECTOR
from contracts.bindings.fund_ledger import DonationEntry, EntitlementEntry, FundOpening, ListProposal
from contracts.bindings.ids import (
    DonationId,
    EntitlementId,
    FundId,
    OrganisationId,
    PaymentListId,
    ProgrammeId,
    Role,
)
from contracts.deployment import Deployment

ROOT = Path(__file__).resolve().parent.parent
ARTIFACTS = ROOT / ".build" / "contracts"
ANVIL = ROOT / "contracts" / "node_modules" / ".bin" / "anvil"

START_TIMEOUT_S = 20.0
GAS_LIMIT = 1_000_000_000
TX_GAS = 100_000_000
"""Of one transaction: enough for any batch here, and ten fit into a block."""
YEAR_S = 365 * 24 * 3600

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
        if not ANVIL.exists():
            raise FileNotFoundError(f"{ANVIL}: no such program; run scripts/setup")
        self._files = tempfile.TemporaryDirectory(prefix="amanat-anvil-")
        folder = Path(self._files.name)
        log = folder / "log"
        options = {
            "port": 0,  # the node picks a free one itself: no other process can take it in between
            "chain-id": self.chain_id,
            "hardfork": "paris",
            "block-time": self.block_time_s,
            "gas-limit": GAS_LIMIT,
            "gas-price": 0,
            "base-fee": 0,
            "accounts": 1,
            "cache-path": folder,
        } | ({"state": self.state} if self.state else {})
        flags = (text for name, value in options.items() for text in (f"--{name}", str(value)))
        command = [str(ANVIL), "--mixed-mining", *flags]
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


def address_of(account: LocalAccount) -> Address:
    """The 20 bytes of an account's address."""
    return Address(bytes.fromhex(account.address[2:]))


def now(w3: Web3) -> int:
    """The time of the latest block in unix seconds, which is what the contracts compare with."""
    return int(w3.eth.get_block("latest")["timestamp"])


def read(w3: Web3, contract: Address, view: View[T]) -> T:
    """A view's answer at the latest block; raises the ContractError that the contract gave."""
    return view.decode(call(w3, contract, view.data))


def call(w3: Web3, to: Address, data: bytes, sender: str | None = None, block: int | None = None) -> bytes:
    """Runs a call without recording it; raises the decoded ContractError."""
    request: TxParams = {"to": to_checksum_address(to), "data": data}
    if sender:
        request["from"] = to_checksum_address(sender)
    try:
        return bytes(w3.eth.call(request, "latest" if block is None else block))
    except ContractLogicError as error:
        raise decode_error(_revert_data(error), BY_SELECTOR) from None


def send(
    w3: Web3, account: LocalAccount, to: Address | None, data: bytes, *, simulate: bool = True
) -> TxReceipt:
    """Signs, sends and waits; `to` None creates a contract. Raises the decoded ContractError: before anything
    is sent, or, with `simulate` off or on a race, after the failed transaction is recorded."""
    if simulate and to is not None:
        call(w3, to, data, account.address)
    transaction: dict[str, Any] = {
        "chainId": w3.eth.chain_id,
        "nonce": w3.eth.get_transaction_count(to_checksum_address(account.address), "pending"),
        "gas": TX_GAS,
        "gasPrice": 0,
        "value": 0,
        "data": data,
    } | ({"to": to_checksum_address(to)} if to is not None else {})
    signed = account.sign_transaction(transaction)
    receipt = w3.eth.wait_for_transaction_receipt(
        w3.eth.send_raw_transaction(signed.raw_transaction), timeout=30, poll_latency=0.01
    )
    if receipt["status"] != 1:
        if to is not None:
            call(w3, to, data, account.address, receipt["blockNumber"] - 1)
        raise RuntimeError(f"transaction {receipt['transactionHash'].hex()} failed without a reason")
    return receipt


def _revert_data(error: ContractLogicError) -> bytes:
    """web3 keeps a custom error's data as hex text; a revert without any data gives b""."""
    data = error.data
    return bytes.fromhex(data[2:]) if isinstance(data, str) and data.startswith("0x") else b""


def contract_address(deployer: Address, nonce: int) -> Address:
    """Where a contract will stand (Yellow Paper, section 7, equation 88)."""
    return Address(keccak(rlp.encode([deployer, nonce]))[12:])


def deploy(w3: Web3, deployer: LocalAccount, regulators: Sequence[Address]) -> Deployment:
    """Deploys the four contracts. FundLedger and TimeBank name each other, so their places are foretold."""
    nonce = w3.eth.get_transaction_count(to_checksum_address(deployer.address))
    licences, households, ledger, bank = (
        contract_address(address_of(deployer), nonce + step) for step in range(4)
    )
    genesis = bytes(w3.eth.get_block(0)["hash"])
    first = w3.eth.block_number + 1
    arguments: dict[str, tuple[Any, ...]] = {
        "LicenceRegistry": ([to_checksum_address(key) for key in regulators],),
        "HouseholdRegistry": (to_checksum_address(licences),),
        "FundLedger": (*(to_checksum_address(a) for a in (licences, households, bank)), genesis),
        "TimeBank": (*(to_checksum_address(a) for a in (licences, households, ledger)), genesis),
    }
    for (name, values), place in zip(arguments.items(), (licences, households, ledger, bank), strict=True):
        artifact = json.loads((ARTIFACTS / f"{name}.json").read_text())
        creation = w3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"]).constructor(*values)
        receipt = send(w3, deployer, None, bytes.fromhex(creation.data_in_transaction[2:]))
        if receipt["contractAddress"] != to_checksum_address(place):
            raise RuntimeError(f"{name} stands at {receipt['contractAddress']}, not at {place.hex()}")
    return Deployment(w3.eth.chain_id, genesis, first, licences, households, ledger, bank)


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
    def ledger(self) -> Address:
        return self.deployment.fund_ledger

    @property
    def bank(self) -> Address:
        return self.deployment.time_bank

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
        opening = fund_ledger.open_programme(self.programme, self.charity, heads)
        self.send(self.charity_admin, self.ledger, opening)
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

    def license(self, organisation: OrganisationId, administrator: LocalAccount, kind: str) -> None:
        """A licence for one year, granted by both regulator keys."""
        start = self.now()
        data = licence_registry.grant_licence(
            organisation, address_of(administrator), kind, start, start + YEAR_S
        )
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

    def open_home(self) -> Home:
        """A new household account, opened by the registrar body."""
        home = Home(Address(secrets.token_bytes(20)), new_key())
        opening = household_registry.Opening(home.account, address_of(home.key))
        self.send(self.registrar, self.households, household_registry.open(self.registrar_body, [opening]))
        return home

    def replace_key(self, home: Home, key: Address) -> None:
        """Another key signs for the household from now on."""
        data = household_registry.replace_key(self.registrar_body, home.account, key)
        self.send(self.registrar, self.households, data)

    def open_fund(self, unit: str, head: str, *, fund: FundId | None = None, fee_cap_bps: int = 0) -> FundId:
        """A fund of the charity that is not bound to a programme; a new id unless given."""
        fund = fund or FundId(new_id())
        none = ProgrammeId(bytes(32))
        opening = FundOpening(fund, self.charity, unit, head, none, fee_cap_bps)
        self.send(self.charity_admin, self.ledger, fund_ledger.open_fund(opening))
        return fund

    def donate(self, fund: FundId, amount_minor: int, donor: Address | None = None) -> DonationId:
        """A settled gift by bank transfer; the donor is a new account unless given."""
        donation = DonationId(new_id())
        donor = donor or address_of(new_key())
        entry = DonationEntry(donation, donor, amount_minor, self.now(), "bank", new_id())
        self.send(self.cashier, self.ledger, fund_ledger.donate(fund, [entry]))
        return donation

    def offer(self, fund: FundId, amounts: Sequence[tuple[Address, int]], *, days: int = 30) -> Offer:
        """Proposes and approves a list of (household account, minor units); the fund must hold the total."""
        list_id = PaymentListId(new_id())
        entries = tuple(
            EntitlementEntry(EntitlementId(new_id()), account, minor) for account, minor in amounts
        )
        content, total = content_hash(entries), sum(minor for _, minor in amounts)
        expiry = self.now() + days * 24 * 3600
        proposal = ListProposal(list_id, fund, self.programme, content, total, expiry, len(entries))
        self.send(self.maker, self.ledger, fund_ledger.propose_list(proposal, entries))
        self.send(self.checker, self.ledger, fund_ledger.approve_list(list_id, content))
        return Offer(list_id, entries)


__all__ = [
    "Anvil",
    "ContractError",
    "Home",
    "Offer",
    "World",
    "address_of",
    "call",
    "content_hash",
    "contract_address",
    "deploy",
    "new_id",
    "new_key",
    "now",
    "read",
    "send",
]
