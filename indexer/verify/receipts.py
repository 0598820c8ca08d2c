"""A block's receipts against its header: the trie's root and the logs' filter (Yellow Paper, 4.3.1 and 4.4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eth_utils.crypto import keccak

from indexer.errors import BadAnswer
from indexer.verify import rlp
from indexer.verify.trie import ordered_root

Json = Mapping[str, Any]

BLOOM_BYTES = 256


def receipts_root(receipts: Sequence[Json]) -> bytes:
    """The root over JSON-RPC receipts in their block's order: 32 bytes. The filter in each is made anew from its logs.

    Raises BadAnswer naming what is missing.
    """
    return ordered_root([encoded(receipt) for receipt in receipts])


def encoded(receipt: Json) -> bytes:
    """A receipt as the trie holds it: with its type in front, unless it is of the first kind (EIP-2718)."""
    try:
        kind = int(receipt.get("type") or "0x0", 16)
        logs = [_log(log) for log in receipt["logs"]]
        # Before Byzantium a receipt held the state's root instead of whether it succeeded (EIP-658).
        outcome = _bytes(receipt["root"]) if receipt.get("root") else rlp.number(int(receipt["status"], 16))
        gas = rlp.number(int(receipt["cumulativeGasUsed"], 16))
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"receipt without usable {error}") from None
    body = rlp.encode([outcome, gas, bloom((log[0], log[1]) for log in logs), logs])
    return bytes((kind,)) + body if kind else body


def bloom(logs: Iterable[tuple[bytes, Sequence[bytes]]]) -> bytes:
    """The Bloom filter of logs, given as (address, topics): 256 bytes."""
    bits = 0
    for address, topics in logs:
        for value in (address, *topics):
            digest = keccak(value)
            for i in (0, 2, 4):
                bits |= 1 << (int.from_bytes(digest[i : i + 2], "big") & (8 * BLOOM_BYTES - 1))
    return bits.to_bytes(BLOOM_BYTES, "big")


def _log(log: Json) -> tuple[bytes, list[bytes], bytes]:
    return _bytes(log["address"]), [_bytes(topic) for topic in log["topics"]], _bytes(log["data"])


def _bytes(text: str) -> bytes:
    if not text.startswith("0x"):
        raise ValueError(f"hex text ({text[:20]!r})")
    return bytes.fromhex(text[2:])
