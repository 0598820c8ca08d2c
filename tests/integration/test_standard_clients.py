"""Gifts, entitlements and minutes as tools that know nothing of us see them: viem and cast read standard tokens."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from contracts.abi import Address
from contracts.bindings import delivery_ledger, time_bank
from contracts.bindings.ids import EntitlementId, ServiceId
from contracts.bindings.time_bank import Reserve
from tests.chain import Anvil, World, address_of, new_id, new_key
from wallet import signing
from wallet.signing import CompactSignature, Signable

ROOT = Path(__file__).resolve().parents[2]
CAST = ROOT / "contracts" / "node_modules" / ".bin" / "cast"
AMOUNT = 12_345
MINUTES = 90
INTERFACES = {
    "0x01ffc9a7": True,  # ERC-165
    "0x80ac58cd": True,  # ERC-721
    "0x5b5e139f": True,  # ERC-721 metadata
    "0xb45a3c0e": True,  # ERC-5192
    "0xffffffff": False,  # no contract may say yes to this one
}
ANSWERS = {
    "ownerOf": ("uint256", "address"),
    "locked": ("uint256", "bool"),
    "tokenURI": ("uint256", "string"),
    "supportsInterface": ("bytes4", "bool"),
    "balanceOf": ("address", "uint256"),
    "decimals": ("", "uint8"),
}
"""For cast: what each function takes and answers."""

Read = Callable[[str, str, str, list[str]], Any]
"""(standard, contract, function, arguments) -> answer."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A gift, an entitlement handed over from it and a volunteer with minutes."""

    world: World
    url: str
    donation: str
    donor: str
    entitlement: str
    household: str
    volunteer: str


@pytest.fixture(scope="module")
def ledger() -> Iterator[Ledger]:
    with Anvil() as node:
        world = World.make(node.w3)
        donor, home, volunteer = address_of(new_key()), world.open_home(), new_key()
        donation = world.donate(world.fund_eur, AMOUNT, donor)
        offer = world.offer(world.fund_eur, [(home.account, AMOUNT)])
        entitlement: EntitlementId = offer.entries[0].id
        world.send(world.agent, world.deliveries, delivery_ledger.hand_over(offer.list_id, [entitlement]))
        earn_minutes(world, home.account, home.key, volunteer)
        yield Ledger(
            world=world,
            url=node.url,
            donation=number(donation),
            donor=shown(donor),
            entitlement=number(entitlement),
            household=shown(home.account),
            volunteer=shown(address_of(volunteer)),
        )


def earn_minutes(world: World, household: Address, key: LocalAccount, volunteer: LocalAccount) -> None:
    """A service for the household, confirmed, for which the volunteer chooses minutes."""
    person, service = address_of(volunteer), ServiceId(new_id())
    genesis, served, deadline = world.deployment.genesis_hash, world.now(), world.now() + 3600
    domain = time_bank.domain(world.deployment.chain_id, world.bank)

    def sign(struct: Signable, signer: LocalAccount) -> CompactSignature:
        return signing.sign(struct, domain, signer, genesis_hash=genesis, now_unix_s=served)

    received = time_bank.ServiceReceived(
        household, service, person, "general", MINUTES, served, genesis, deadline
    )
    entry = time_bank.ServiceEntry(
        service, person, household, "general", MINUTES, served, deadline, *sign(received, key)
    )
    world.send(world.coordinator, world.bank, time_bank.confirm_services(world.charity, [entry]))
    choice = time_bank.ReserveChoice(person, service, Reserve.MINUTES, genesis, deadline)
    chosen = time_bank.SignedChoice(service, Reserve.MINUTES, deadline, *sign(choice, volunteer))
    world.send(world.coordinator, world.bank, time_bank.choose([chosen]))


def number(record: bytes) -> str:
    """A token's id: the record's, as a whole number."""
    return str(int.from_bytes(record, "big"))


def shown(account: Address) -> str:
    return to_checksum_address(account)


@pytest.fixture(params=["viem", "cast"])
def read(request: pytest.FixtureRequest, ledger: Ledger) -> Read:
    """Reads one value with one of the two clients."""

    def viem(standard: str, contract: str, function: str, arguments: list[str]) -> Any:
        script = Path(__file__).with_name("viem_reads.cjs")
        calls = json.dumps([[standard, contract, function, arguments]])
        return json.loads(output("node", str(script), ledger.url, calls))[0]

    def cast(_: str, contract: str, function: str, arguments: list[str]) -> Any:
        taken, answered = ANSWERS[function]
        signature = f"{function}({taken})({answered})"
        answer = output(str(CAST), "call", "--json", "--rpc-url", ledger.url, contract, signature, *arguments)
        return json.loads(answer)[0]

    return viem if request.param == "viem" else cast


def output(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("token", ["donation_token", "aid_token"])
def test_a_record_is_a_soulbound_token(ledger: Ledger, read: Read, token: str) -> None:
    contract = shown(getattr(ledger.world.deployment, token))
    gift = token == "donation_token"
    token_id = ledger.donation if gift else ledger.entitlement
    assert read("erc721", contract, "ownerOf", [token_id]) == (ledger.donor if gift else ledger.household)
    assert read("erc721", contract, "locked", [token_id]) is True
    kind, _, content = read("erc721", contract, "tokenURI", [token_id]).partition(",")
    assert kind == "data:application/json;base64"
    metadata = json.loads(base64.b64decode(content, validate=True))
    assert {a["trait_type"]: a["value"] for a in metadata["attributes"]} == {
        "unit": "EUR",
        "amount_minor": str(AMOUNT),
        "fund": "0x" + ledger.world.fund_eur.hex(),
        "state": "used" if gift else "handed over",
    }


@pytest.mark.parametrize("token", ["donation_token", "aid_token"])
def test_a_token_names_the_standards_it_keeps(ledger: Ledger, read: Read, token: str) -> None:
    contract = shown(getattr(ledger.world.deployment, token))
    answers = {id_: read("erc721", contract, "supportsInterface", [id_]) for id_ in INTERFACES}
    assert answers == INTERFACES


def test_minutes_are_a_token_without_decimals(ledger: Ledger, read: Read) -> None:
    bank = shown(ledger.world.bank)
    assert int(read("erc20", bank, "balanceOf", [ledger.volunteer])) == MINUTES
    assert int(read("erc20", bank, "decimals", [])) == 0
