"""A block's receipts against its header: the trie's root and the logs' filter (Yellow Paper, 4.3.1 and 4.4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from struct import Struct
from typing import Any, NamedTuple

from contracts.keccak import keccak
from indexer.errors import BadAnswer
from indexer.verify import hextext, rlp
from indexer.verify.trie import ordered_root

Json = Mapping[str, Any]

BLOOM_BYTES = 256
_BITS = [1 << bit for bit in range(8 * BLOOM_BYTES)]
_PAIRS = Struct(">3H26x").unpack
_BLOOM_PREFIX = rlp.bytes_prefix(BLOOM_BYTES)
_ADDRESS, _TOPIC = 20, 32
_LAST_KIND = 0x7F
"""EIP-2718's last type: above, the byte would begin a list."""
_TOPIC_PREFIX = rlp.bytes_prefix(_TOPIC).hex()
_MOST_KNOWN = 10_000
"""Addresses or topics whose bits are kept: about 5 MB."""


class Encoded(NamedTuple):
    """A receipt as the trie holds it, and its filter's bits."""

    data: bytes
    bloom: int


def receipts_root(receipts: Sequence[Json]) -> bytes:
    """The root over JSON-RPC receipts in their block's order: 32 bytes. The filter in each is made anew from its logs.

    Raises BadAnswer naming what is missing.
    """
    return ordered_root([encoded(receipt) for receipt in receipts])


def encoded(receipt: Json) -> bytes:
    """A receipt as the trie holds it: with its type in front, unless it is of the first kind (EIP-2718)."""
    return encode(receipt).data


def encode(receipt: Json) -> Encoded:
    """A JSON-RPC receipt with the filter's bits of its logs. Raises BadAnswer naming what is missing."""
    try:
        kind = hextext.number(receipt.get("type") or "0x0")
        if kind > _LAST_KIND:
            raise ValueError(f"type {kind}")
        logs, bits = _logs(receipt["logs"])
        # Before Byzantium a receipt held the state's root instead of whether it succeeded (EIP-658).
        root = receipt.get("root")
        outcome = hextext.data(root, 32) if root else rlp.number(hextext.number(receipt["status"]))
        gas = rlp.number(hextext.number(receipt["cumulativeGasUsed"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"receipt without usable {error}") from None
    filter_ = bits.to_bytes(BLOOM_BYTES, "big")
    body = rlp.join((rlp.encode(outcome), rlp.encode(gas), _BLOOM_PREFIX, filter_, logs))
    return Encoded(bytes((kind,)) + body if kind else body, bits)


def bloom(logs: Iterable[tuple[bytes, Sequence[bytes]]]) -> bytes:
    """The Bloom filter of logs, given as (address, topics): 256 bytes."""
    bits = 0
    for address, topics in logs:
        for value in (address, *topics):
            bits |= _bits(value)
    return bits.to_bytes(BLOOM_BYTES, "big")


def _bits(value: bytes) -> int:
    """The up to three bits that stand for an address or topic."""
    first, second, third = _PAIRS(keccak(value))
    bits: int = _BITS[first & 2047] | _BITS[second & 2047] | _BITS[third & 2047]
    return bits


class _Known(dict[str, int]):
    """The filter's bits by the hex text of an address or topic. Whatever is in here is well written."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self._length = length
        self._text_length = 2 + 2 * length

    def __missing__(self, text: str) -> int:
        if type(text) is not str or len(text) != self._text_length or text[:2] != "0x":
            raise ValueError(f"log: no {self._length} bytes in hex")
        value = bytes.fromhex(text[2:])
        if len(value) != self._length:  # `fromhex` leaves out spaces
            raise ValueError(f"log: no {self._length} bytes in hex")
        bits = _bits(value)
        if len(self) >= _MOST_KNOWN:
            self.clear()  # what comes again is soon in it again
        self[text] = bits
        return bits


_addresses = _Known(_ADDRESS)
_topics = _Known(_TOPIC)


def _logs(logs: Any) -> tuple[bytes, int]:
    """The encoded list of logs, and their filter's bits. Raises KeyError, TypeError, ValueError.

    The hex text of all logs is put together first and turned into bytes in one go: three times faster than log by log.
    """
    if type(logs) is not list:
        raise ValueError("logs: no list")
    parts: list[str] = []
    addresses: list[str] = []
    all_topics: list[str] = []
    for log in logs:
        address, topics, data = log["address"], log["topics"], log["data"]
        if type(topics) is not list or data[:2] != "0x":
            raise ValueError("log: topics or data of another kind")
        opening, before_topics, before_data = _prefixes(len(topics), len(data), data[2:4] < "80")
        joined = _TOPIC_PREFIX.join([topic[2:] for topic in topics])
        parts += (opening, address[2:], before_topics, joined, before_data, data[2:])
        addresses.append(address)
        all_topics += topics
    bits = 0
    for address in set(addresses):
        bits |= _addresses[address]
    for topic in set(all_topics):
        bits |= _topics[topic]
    text = "".join(parts)
    body = bytes.fromhex(text)
    if 2 * len(body) != len(text):  # `fromhex` leaves out spaces
        raise ValueError("log: spaces in data")
    return rlp.list_prefix(len(body)) + body, bits


@lru_cache(1024)
def _prefixes(topics: int, data_text: int, small: bool) -> tuple[str, str, str]:
    """What stands before a log's address, before its topics and before its data, in hex.

    By the number of topics, the length of the data's text, and whether its first byte is below 0x80.
    """
    length, half = divmod(data_text - 2, 2)
    if half:
        raise ValueError("log: data with half a byte")
    topics_length = topics * (1 + _TOPIC)
    before_topics = rlp.list_prefix(topics_length).hex()
    before_data = "" if length == 1 and small else rlp.bytes_prefix(length).hex()
    body = 1 + _ADDRESS + len(before_topics) // 2 + topics_length + len(before_data) // 2 + length
    opening = rlp.list_prefix(body) + rlp.bytes_prefix(_ADDRESS)
    return opening.hex(), before_topics + (_TOPIC_PREFIX if topics else ""), before_data
