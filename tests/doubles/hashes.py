"""What Ethereum hashes, from JSON-RPC objects: made with the `rlp` library and nothing of the indexer, so that a chain
which a double serves is right by another's word than that of the code which checks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_utils.crypto import keccak

Json = dict[str, Any]

EMPTY_TRIE: bytes = keccak(rlp.encode(b""))
NO_UNCLES: bytes = keccak(rlp.encode([]))
_HEADER = (
    "parentHash",
    "sha3Uncles",
    "miner",
    "stateRoot",
    "transactionsRoot",
    "receiptsRoot",
    "logsBloom",
    "difficulty",
    "number",
    "gasLimit",
    "gasUsed",
    "timestamp",
    "extraData",
    "mixHash",
    "nonce",
)
_QUANTITIES = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas"}


def raw(text: str) -> bytes:
    """Hex text -> bytes."""
    return bytes.fromhex(text.removeprefix("0x"))


def integer(value: int) -> bytes:
    """A whole number as RLP has it."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def block_hash(block: Mapping[str, Any]) -> str:
    """The hash of a header with a base fee or without one."""
    names = [*_HEADER, *(["baseFeePerGas"] if block.get("baseFeePerGas") is not None else [])]
    items = [integer(int(block[n], 16)) if n in _QUANTITIES else raw(block[n]) for n in names]
    return "0x" + keccak(rlp.encode(items)).hex()


def bloom(logs: Sequence[Mapping[str, Any]]) -> str:
    """The filter over all logs' addresses and topics."""
    bits = bytearray(256)
    for value in {text for log in logs for text in (log["address"], *log["topics"])}:
        digest = keccak(raw(value))
        for place in (0, 2, 4):
            bit = (digest[place] << 8 | digest[place + 1]) % 2048
            bits[255 - bit // 8] |= 1 << bit % 8
    return "0x" + bits.hex()


def receipt_bytes(receipt: Mapping[str, Any]) -> bytes:
    """A receipt as it stands in its block's trie, with its type in front if it has one."""
    logs = [
        [raw(log["address"]), [raw(t) for t in log["topics"]], raw(log["data"])] for log in receipt["logs"]
    ]
    gas, status = int(receipt["cumulativeGasUsed"], 16), int(receipt["status"], 16)
    body: bytes = rlp.encode([integer(status), integer(gas), raw(receipt["logsBloom"]), logs])
    kind = int(receipt.get("type", "0x0"), 16)
    return bytes([kind]) + body if kind else body


def receipts_root(receipts: Sequence[Mapping[str, Any]]) -> str:
    """The root over a block's receipts."""
    return "0x" + list_root([receipt_bytes(receipt) for receipt in receipts]).hex()


def list_root(values: Sequence[bytes]) -> bytes:
    """The Merkle-Patricia root over a block's list, each value at the RLP of its place."""
    if not values:
        return EMPTY_TRIE
    leaves = {tuple(_nibbles(rlp.encode(integer(i)))): value for i, value in enumerate(values)}
    return keccak(rlp.encode(_node(leaves)))


def _node(leaves: dict[tuple[int, ...], bytes]) -> Any:
    """The node that holds these values at these remaining paths."""
    if len(leaves) == 1:
        ((path, value),) = leaves.items()
        return [_compact(path, True), value]
    shared = _shared(list(leaves))
    if shared:
        return [_compact(shared, False), _inside(_node({p[len(shared) :]: v for p, v in leaves.items()}))]
    groups: dict[int, dict[tuple[int, ...], bytes]] = {}
    for path, value in leaves.items():
        if path:
            groups.setdefault(path[0], {})[path[1:]] = value
    return [*(_inside(_node(groups[n])) if n in groups else b"" for n in range(16)), leaves.get((), b"")]


def _inside(node: Any) -> Any:
    encoded: bytes = rlp.encode(node)
    return keccak(encoded) if len(encoded) >= 32 else node


def _shared(paths: list[tuple[int, ...]]) -> tuple[int, ...]:
    length = 0
    while all(len(p) > length for p in paths) and len({p[length] for p in paths}) == 1:
        length += 1
    return paths[0][:length]


def _nibbles(data: bytes) -> list[int]:
    return [int(digit, 16) for digit in data.hex()]


def _compact(path: tuple[int, ...], leaf: bool) -> bytes:
    odd = len(path) % 2
    return bytes.fromhex(f"{2 * leaf + odd:x}{'' if odd else '0'}{''.join(f'{n:x}' for n in path)}")
