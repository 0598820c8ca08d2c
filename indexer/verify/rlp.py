"""Recursive length prefix, the encoding that Ethereum hashes (Yellow Paper, appendix B)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Item = bytes | Sequence["Item"]
"""Bytes, or a list of items."""

_SHORT = 55
_DEEPEST = 16
"""Lists inside lists that are decoded. What we decode has 3; without a limit an answer could exhaust the stack."""


def encode(item: Item) -> bytes:
    """The one encoding of an item."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _prefix(len(item), 0x80) + item
    return join(map(encode, item))


def join(encoded: Iterable[bytes]) -> bytes:
    """The list of items that are encoded already."""
    body = b"".join(encoded)
    return _prefix(len(body), 0xC0) + body


def number(value: int) -> bytes:
    """A whole number as RLP writes it: big-endian without leading zeros, zero as no byte at all."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def list_prefix(length: int) -> bytes:
    """What stands in front of a list whose items are encoded in so many bytes."""
    return _prefix(length, 0xC0)


def bytes_prefix(length: int) -> bytes:
    """What stands in front of so many bytes. A single byte below 0x80 stands for itself, without it."""
    return _prefix(length, 0x80)


def decode(data: bytes) -> Item:
    """The item whose one encoding this is; lists come as `list`. Raises ValueError for anything else."""
    item, end = _decode(data, 0, len(data), _DEEPEST)
    if end != len(data):
        raise ValueError(f"{len(data) - end} bytes too many behind an RLP item")
    return item


def _decode(data: bytes, at: int, end: int, depth: int) -> tuple[Item, int]:
    if at >= end:
        raise ValueError("RLP ends too early")
    first = data[at]
    if first < 0x80:
        return data[at : at + 1], at + 1
    base = 0x80 if first < 0xC0 else 0xC0
    start, stop = _extent(data, at + 1, end, first - base)
    if base == 0x80:
        if stop - start == 1 and data[start] < 0x80:
            raise ValueError("RLP writes a small byte in the long way")
        return data[start:stop], stop
    if not depth:
        raise ValueError(f"RLP lists nested more than {_DEEPEST} deep")
    items: list[Item] = []
    while start < stop:
        item, start = _decode(data, start, stop, depth - 1)
        items.append(item)
    return items, stop


def _extent(data: bytes, at: int, end: int, code: int) -> tuple[int, int]:
    """Where a payload starts and stops, from its prefix less 0x80 or 0xc0."""
    length = code
    if code > _SHORT:
        size = data[at : min(end, at + code - _SHORT)]
        length, at = int.from_bytes(size, "big"), at + code - _SHORT
        if size[:1] in (b"", b"\0") or length <= _SHORT:
            raise ValueError("RLP writes a length in the long way")
    if at + length > end:
        raise ValueError("RLP ends too early")
    return at, at + length


def _prefix(length: int, base: int) -> bytes:
    if length <= _SHORT:
        return bytes((base + length,))
    size = number(length)
    return bytes((base + _SHORT + len(size),)) + size
