"""The benchmark chain that other indexers were measured on, and how ours follows it.

A contract `Bench` emits 200,000 events of two kinds, shaped like a mirror of donations, 100 a transaction and one
transaction a block. It is not our ledger, so the follower is given another schema; everything else is the code that
follows the ledger. The indexes are those of `donation_recorded`: by id, by fund and place, by account, besides the
primary key; the other indexers' tables, and the floor's, have their key alone.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from contracts.abi import Address, Column, Event
from contracts.deployment import CONTRACTS, Deployment
from contracts.devnode import ANVIL
from contracts.keccak import keccak
from indexer.errors import NodeUnreachable
from indexer.node import Call, Node
from indexer.schema import Schema

fromhex = bytes.fromhex

CHAIN_ID = 31337
EVENTS_A_TRANSACTION = 100
SHARED_EVENTS = 200_000
SHARED_HEAD = fromhex("0684120267d6ef7072f63c5722bde443989cdb3e9d83b2ffb711e4d7af52d082")
"""The hash of the last block of the shared chain: ours is the same one, made by the same steps."""
CONTRACT_FILE = Path(__file__).with_name("bench_contract.json")
_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # the first of anvil's public test keys
_GENESIS_UNIX_S = 1_700_000_000


class Donated(NamedTuple):
    """Event `Donated` of Bench."""

    donation: bytes
    fund: int
    donor: Address
    start: int
    amount: int
    settled_at_unix_s: int


class Delivered(NamedTuple):
    """Event `Delivered` of Bench."""

    delivery: bytes
    fund: int
    household: bytes
    start: int
    amount: int
    settled_at_unix_s: int


# What `contracts.generate` writes for our own contracts.
def _decode_donated(topics: Sequence[str], data: str) -> Donated:
    return Donated(
        fromhex(topics[1][2:]),
        int(topics[2], 16),
        Address(fromhex(topics[3][2:])[12:]),
        int(data[2:66], 16),
        int(data[66:130], 16),
        int(data[130:194], 16),
    )


def _decode_delivered(topics: Sequence[str], data: str) -> Delivered:
    return Delivered(
        fromhex(topics[1][2:]),
        int(topics[2], 16),
        fromhex(topics[3][2:]),
        int(data[2:66], 16),
        int(data[66:130], 16),
        int(data[130:194], 16),
    )


def _event(name: str, signature: str, kinds: dict[str, str], decode: Any) -> Event:
    columns = tuple(Column(column, kind) for column, kind in kinds.items())
    return Event("Bench", name, "0x" + keccak(signature.encode()).hex(), columns, decode)


_NUMBERS = {"start": "int", "amount": "int", "settled_at_unix_s": "int"}

SCHEMA = Schema.make(
    (
        _event(
            "Donated",
            "Donated(bytes32,uint32,address,uint128,uint128,uint64)",
            {"donation": "bytes32", "fund": "int", "donor": "address", **_NUMBERS},
            _decode_donated,
        ),
        _event(
            "Delivered",
            "Delivered(bytes32,uint32,bytes32,uint128,uint128,uint64)",
            {"delivery": "bytes32", "fund": "int", "household": "bytes32", **_NUMBERS},
            _decode_delivered,
        ),
    ),
    unique=(("donated", ("donation",)), ("delivered", ("delivery",))),
    indexed=(
        ("donated", ("fund", "start", "amount")),
        ("donated", ("donor",)),
        ("delivered", ("fund", "start", "amount")),
        ("delivered", ("household",)),
    ),
)


@dataclass(frozen=True)
class BenchDeployment(Deployment):
    """Where Bench stands."""

    @classmethod
    def at(cls, genesis_hash: bytes, address: Address) -> BenchDeployment:
        """Bench at `address`, followed from block 1."""
        return cls(CHAIN_ID, genesis_hash, 1, *(address for _ in CONTRACTS))

    def addresses(self) -> dict[str, Address]:
        """The one contract."""
        return {"Bench": self.licence_registry}


class BenchChain:
    """A node that holds the benchmark chain, and grows it when asked. Stopped and forgotten on exit."""

    def __init__(self, port: int, hosts: int = 1) -> None:
        """`hosts` loopback addresses, since one of the peers is at its best with many."""
        self._port = port
        self._hosts = hosts
        self.url = f"http://127.0.0.1:{port}"
        self.events = self._nonce = 0

    def __enter__(self) -> BenchChain:
        hosts = (text for i in range(self._hosts) for text in ("--host", f"127.0.0.{i + 1}"))
        flags = ("--timestamp", str(_GENESIS_UNIX_S), "--no-mining", "--prune-history", "--quiet")
        self.process = subprocess.Popen(
            [ANVIL, "--port", str(self._port), *flags, *hosts], stdout=subprocess.DEVNULL
        )
        self._node = Node(self.url, timeout_s=120)
        genesis = self._first_answer()
        self._node.call("anvil_setBlockTimestampInterval", 1)
        bytecode = json.loads(CONTRACT_FILE.read_text())["bytecode"]
        hash = self._send(bytecode, None, 3_000_000)
        self._node.call("evm_mine")
        address = self._node.call("eth_getTransactionReceipt", hash)["contractAddress"]
        self.deployment = BenchDeployment.at(fromhex(genesis["hash"][2:]), Address(fromhex(address[2:])))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._node.close()
        self.process.kill()
        self.process.wait()

    def _first_answer(self) -> Any:
        end = time.monotonic() + 30
        time.sleep(0.3)  # a node that cannot have the port ends within this
        while True:
            try:
                return self._node.call("eth_getBlockByNumber", "0x0", False)
            except NodeUnreachable:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise
                time.sleep(0.05)
            finally:
                if self.process.poll() is not None:  # another program may be answering on this port
                    raise RuntimeError(f"no node could be started on port {self._port}; is it in use?")

    def grow(self, events: int, each: int = EVENTS_A_TRANSACTION) -> None:
        """Adds blocks of one transaction, with `each` events, until the chain holds so many."""
        while self.events < events:
            self.batch(each // 2, each // 2)

    def batch(self, donated: int, delivered: int) -> None:
        """One block with so many events."""
        seed = self._nonce - 1
        selector = keccak(b"batch(uint32,uint256,uint256,uint256)")[:4]
        words = b"".join(n.to_bytes(32, "big") for n in (seed % 16, seed, donated, delivered))
        count = donated + delivered
        to = "0x" + self.deployment.addresses()["Bench"].hex()
        self._send("0x" + (selector + words).hex(), to, 300_000 + 5_500 * count)
        self._node.call("evm_mine")
        self.events += count

    def head(self) -> tuple[int, bytes]:
        """Number and hash of the last block."""
        latest = self._node.call("eth_getBlockByNumber", "latest", False)
        return int(latest["number"], 16), fromhex(latest["hash"][2:])

    def _send(self, data: str, to: str | None, gas: int) -> str:
        from eth_account import Account
        from eth_utils import to_checksum_address

        transaction = {
            "chainId": CHAIN_ID, "type": 2, "nonce": self._nonce, "gas": gas, "value": 0, "data": data,
            "maxFeePerGas": 2_000_000_000, "maxPriorityFeePerGas": 0,
        } | ({"to": to_checksum_address(to)} if to else {})  # fmt: skip
        signed = Account.sign_transaction(transaction, _KEY)
        self._nonce += 1
        hash: str = self._node.batch(
            [Call("eth_sendRawTransaction", ("0x" + signed.raw_transaction.hex(),))]
        )[0]
        return hash
