"""Recursive length prefix, the encoding that Ethereum hashes (Yellow Paper, appendix B)."""

from __future__ import annotations

from collections.abc import Sequence

Item = bytes | Sequence["Item"]
"""Bytes, or a list of items."""

_SHORT = 55


def encode(item: Item) -> bytes:
    """The one encoding of an item."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _prefix(len(item), 0x80) + item
    body = b"".join(map(encode, item))
    return _prefix(len(body), 0xC0) + body


def number(value: int) -> bytes:
    """A whole number as RLP writes it: big-endian without leading zeros, zero as no byte at all."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _prefix(length: int, base: int) -> bytes:
    if length <= _SHORT:
        return bytes((base + length,))
    size = number(length)
    return bytes((base + _SHORT + len(size),)) + size
