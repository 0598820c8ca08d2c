"""A node double with a tree of branches: consistent blocks with real hashes, tries, blooms and signed transactions, of
which it serves one branch at a time and changes over at any moment, even within one batch.

    tree = Tree()
    common = tree.grow(tree.genesis, 40)
    long, other = tree.grow(common, 10), tree.grow(common, 12, "other")
    with BranchNode(tree, long) as node:
        ...
        node.serve(other)
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from contracts.abi import Address
from contracts.deployment import CONTRACTS, Deployment
from tests.doubles.hashes import EMPTY_TRIE, NO_UNCLES, Json, block_hash, bloom, list_root, raw, receipts_root
from tests.doubles.server import Refusal, RpcServer
from tests.doubles.story import State, Told, encoded

CHAIN_ID = 4_711
_NO_BLOOM = "0x" + "00" * 256
_OTHER_CONTRACT = "0x" + "0e" * 20
_GAS = 50_000
_SENDER: LocalAccount = Account.from_key(hashlib.sha256(b"sender of the branches").digest())

Seal = Callable[[Json], Json]
"""Adds a seal to a header that is complete but for its hash; and the hash, where that is not of the header as it is."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Block:
    """A block of the tree, as the node serves it. JSON texts are made once, when the block is."""

    number: int
    hash: str
    parent: Block | None
    header: Json
    """As of `eth_getBlockBy…` with `transactions` as hashes."""
    full: Json
    """The same with whole transactions."""
    receipts: list[Json]
    told: list[tuple[int, Told]]
    """The ledger's events with their log indexes."""
    state: State
    """After this block."""
    texts: tuple[bytes, bytes, bytes]
    """header, full and receipts as JSON."""

    def __repr__(self) -> str:
        return f"Block({self.number}, {self.hash})"

    def logs(self) -> list[Json]:
        return [log for receipt in self.receipts for log in receipt["logs"]]

    def ancestors(self) -> list[Block]:
        """From the genesis block to this one."""
        path: list[Block] = []
        block: Block | None = self
        while block is not None:
            path.append(block)
            block = block.parent
        return path[::-1]

    def back(self, blocks: int) -> Block:
        """The ancestor so many blocks back."""
        block = self
        for _ in range(blocks):
            assert block.parent is not None, "behind the genesis block"
            block = block.parent
        return block


class Tree:
    """Grows branches of one chain. The same parent, label and salt always give the same block."""

    def __init__(self, *, deployed_at: int = 1, salt: str = "", seal: Seal | None = None) -> None:
        """Events begin in block `deployed_at`; another salt is another chain."""
        self._salt = salt
        self._seal = seal
        self.by_hash: dict[str, Block] = {}
        self._children: dict[tuple[str, str], Block] = {}
        self.deployed_at = deployed_at
        self.genesis = self._made(None, salt)
        addresses = [Address(keccak(text=f"{salt}{name}")[:20]) for name in CONTRACTS]
        self.deployment = Deployment(CHAIN_ID, raw(self.genesis.hash), deployed_at, *addresses)
        self._address = {name: "0x" + a.hex() for name, a in self.deployment.addresses().items()}

    def grow(self, parent: Block, blocks: int, label: str = "main") -> Block:
        """The tip of so many blocks on `parent`. Two labels on one parent are two branches."""
        for _ in range(blocks):
            known = self._children.get((parent.hash, label))
            if known is None:
                known = self._children[parent.hash, label] = self._made(parent, label)
            parent = known
        return parent

    def _made(self, parent: Block | None, label: str) -> Block:
        number = parent.number + 1 if parent else 0
        time = 1_700_000_000 + 2 * number
        state = parent.state.copy() if parent else State()
        seed = hashlib.sha256(f"{parent.hash if parent else ''} {label}".encode()).digest()
        acts = state.next(seed, time) if number >= self.deployed_at and parent else []
        made = [_signed(1_000 * number + i) for i in range(len(acts) + seed[0] % 2 if parent else 0)]
        transactions, raws = [dict(shown) for shown, _ in made], [text for _, text in made]
        told, receipts = self._receipts(transactions, acts, seed)
        header = self._header(parent, number, time, label, receipts)
        header["transactionsRoot"] = "0x" + (list_root(raws) if raws else EMPTY_TRIE).hex()
        if self._seal:
            header = self._seal(header)
        hash = header["hash"] = header.get("hash") or block_hash(header)
        _place(hash, number, transactions, receipts)
        full = header | {"transactions": transactions}
        short = header | {"transactions": [t["hash"] for t in transactions]}
        texts = orjson.dumps(short), orjson.dumps(full), orjson.dumps(receipts)
        block = Block(number, hash, parent, short, full, receipts, told, state, texts)
        self.by_hash[hash] = block
        return block

    def _header(
        self, parent: Block | None, number: int, time: int, label: str, receipts: Sequence[Json]
    ) -> Json:
        logs = [log for receipt in receipts for log in receipt["logs"]]
        return {
            "number": hex(number),
            "parentHash": parent.hash if parent else "0x" + "00" * 32,
            "sha3Uncles": "0x" + NO_UNCLES.hex(),
            "miner": "0x" + "00" * 20,
            "stateRoot": "0x" + hashlib.sha256(f"{label} {number}".encode()).hexdigest(),
            "receiptsRoot": receipts_root(receipts),
            "logsBloom": bloom(logs) if logs else _NO_BLOOM,
            "difficulty": "0x0",
            "gasLimit": hex(10**9),
            "gasUsed": hex(_GAS * len(receipts)),
            "timestamp": hex(time),
            "extraData": "0x" + f"{self._salt} {label}".encode()[:32].hex(),
            "mixHash": "0x" + "00" * 32,
            "nonce": "0x" + "00" * 8,
            "baseFeePerGas": "0x0",
            "size": "0x400",
            "uncles": [],
        }

    def _receipts(
        self, transactions: Sequence[Json], acts: Sequence[Sequence[Told]], seed: bytes
    ) -> tuple[list[tuple[int, Told]], list[Json]]:
        """A receipt for each transaction; the last may have failed. Strangers' logs stand between ours."""
        told: list[tuple[int, Told]] = []
        receipts: list[Json] = []
        index = 0
        for place, transaction in enumerate(transactions):
            act = acts[place] if place < len(acts) else []
            logs = []
            if act and seed[place] % 3 == 0:
                logs.append(_log(_OTHER_CONTRACT, ["0x" + seed.hex()], "0x" + seed.hex() * 2, index))
                index += 1
            for event in act:
                told.append((index, event))
                logs.append(_log(self._address[event.contract], *encoded(event), index))
                index += 1
            receipts.append(_receipt(transaction, place, logs, status=int(place < len(acts))))
        return told, receipts


@cache
def _signed(nonce: int) -> tuple[Json, bytes]:
    """A transaction as a node shows it, and its bytes; every second one of EIP-1559's kind. Kept, since branches
    record the same transactions, as they do in life, and signing is slow."""
    kind, data = nonce % 2, hashlib.sha256(b"calldata %d" % nonce).digest()
    fields: Json = {"chainId": CHAIN_ID, "nonce": nonce, "gas": _GAS, "value": 0, "data": data}
    fields |= {"to": "0x" + "7" * 40}
    fields |= {"maxFeePerGas": 0, "maxPriorityFeePerGas": 0, "accessList": []} if kind else {"gasPrice": 0}
    signed = _SENDER.sign_transaction(fields | ({"type": 2} if kind else {}))
    shown = {
        "hash": "0x" + bytes(signed.hash).hex(),
        "nonce": hex(nonce),
        "from": _SENDER.address.lower(),
        "to": fields["to"],
        "value": "0x0",
        "gas": hex(_GAS),
        "gasPrice": "0x0",
        "input": "0x" + data.hex(),
        "chainId": hex(CHAIN_ID),
        "v": hex(signed.v),
        "r": hex(signed.r),
        "s": hex(signed.s),
        "type": "0x2" if kind else "0x0",
    }
    if kind:
        shown |= {
            "maxFeePerGas": "0x0",
            "maxPriorityFeePerGas": "0x0",
            "accessList": [],
            "yParity": hex(signed.v),
        }
    return shown, bytes(signed.raw_transaction)


def _log(address: str, topics: list[str], data: str, index: int) -> Json:
    return {"address": address, "topics": topics, "data": data, "logIndex": hex(index), "removed": False}


def _receipt(transaction: Json, place: int, logs: list[Json], status: int) -> Json:
    return {
        "transactionHash": transaction["hash"],
        "transactionIndex": hex(place),
        "from": transaction["from"],
        "to": transaction["to"],
        "type": transaction["type"],
        "status": hex(status),
        "gasUsed": hex(_GAS),
        "cumulativeGasUsed": hex(_GAS * (place + 1)),
        "effectiveGasPrice": "0x0",
        "contractAddress": None,
        "logsBloom": bloom(logs) if logs else _NO_BLOOM,
        "logs": logs,
    }


def _place(hash: str, number: int, transactions: Sequence[Json], receipts: Sequence[Json]) -> None:
    """Says in transactions, receipts and logs which block they are in."""
    for place, (transaction, receipt) in enumerate(zip(transactions, receipts, strict=True)):
        here = {"blockHash": hash, "blockNumber": hex(number), "transactionIndex": hex(place)}
        transaction.update(here)
        receipt.update(here)
        for log in receipt["logs"]:
            log.update(here | {"transactionHash": transaction["hash"]})


class BranchNode(RpcServer):
    """Serves one branch of a tree over HTTP, and knows the others' blocks by hash as a node does."""

    def __init__(self, tree: Tree, tip: Block) -> None:
        super().__init__()
        self._tree = tree
        self._lock = threading.RLock()
        self._later: list[tuple[int, Block]] = []
        self._path: list[Block] = []
        self.finalized: int | None = None
        """The block that the tag `finalized` names; None: the node has no such tag."""
        self.calls: Counter[str] = Counter()
        """How often each method was called."""
        self.serve(tip)

    @property
    def tip(self) -> Block:
        """The head served."""
        return self._path[-1]

    def serve(self, tip: Block) -> None:
        """Serves this branch from now on, whatever was to come later."""
        path = tip.ancestors()
        with self._lock:
            self._path, self._later = path, []

    def serve_after(self, calls: int, tip: Block) -> None:
        """Serves this branch after so many more calls, which may be in the middle of a batch."""
        with self._lock:
            self._later.append((calls, tip))

    def result(self, method: str, params: list[Any]) -> Any:
        with self._lock:
            self.calls[method] += 1
            due = [tip for calls, tip in self._later if calls <= 0]
            self._later = [(calls - 1, tip) for calls, tip in self._later if calls > 0]
            if due:
                self._path = due[-1].ancestors()
            answer = getattr(self, f"_{method}", None)
            if answer is None:
                raise Refusal(-32601, f"the method {method} does not exist")
            return answer(*params)

    def _find(self, which: Any) -> Block | None:
        if isinstance(which, dict):
            which = which.get("blockHash") or which.get("blockNumber")
        if isinstance(which, str) and len(which) == 66:
            return self._tree.by_hash.get(which)
        if which == "finalized":
            if self.finalized is None:
                raise Refusal(-39001, "finalized block not found")
            number = min(self.finalized, self.tip.number)
        else:
            number = {"latest": self.tip.number, "earliest": 0}.get(which, -1)
            number = int(which, 16) if number < 0 else number
        return self._path[number] if number < len(self._path) else None

    def _eth_chainId(self) -> str:
        return hex(CHAIN_ID)

    def _eth_blockNumber(self) -> str:
        return hex(self.tip.number)

    def _eth_getBlockByNumber(self, which: str, full: bool = False) -> Any:
        block = self._find(which)
        return block and orjson.Fragment(block.texts[1 if full else 0])

    _eth_getBlockByHash = _eth_getBlockByNumber

    def _eth_getBlockReceipts(self, which: Any) -> Any:
        block = self._find(which)
        return block and orjson.Fragment(block.texts[2])

    def _eth_getLogs(self, wanted: Json) -> list[Json]:
        addresses = wanted.get("address") or []
        addresses = {a.lower() for a in ([addresses] if isinstance(addresses, str) else addresses)}
        if "blockHash" in wanted:
            block = self._find(wanted["blockHash"])
            if block is None:
                raise Refusal(-32000, "unknown block")
            blocks = [block]
        else:
            first, last = self._find(wanted["fromBlock"]), self._find(wanted["toBlock"])
            if first is None or last is None:
                raise Refusal(-32000, "block range extends beyond current head block")
            blocks = self._path[first.number : last.number + 1]
        return [x for b in blocks for x in b.logs() if not addresses or x["address"] in addresses]
