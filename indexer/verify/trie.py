"""Merkle-Patricia trie roots (Yellow Paper, appendix D): what a header says of transactions and receipts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contracts.keccak import keccak
from indexer.verify import rlp

_NOTHING = rlp.encode(b"")
EMPTY_ROOT = keccak(_NOTHING)
_HASH = 32
_HASH_PREFIX = rlp.bytes_prefix(_HASH)
_LEAF = 2
"""Added to the first nibble of a leaf's path; an extension has none."""

Pair = tuple[bytes, bytes]
"""A path, one nibble a byte, and the value at its end."""


def ordered_root(values: Sequence[bytes]) -> bytes:
    """The root over a block's list: each value under the RLP of its index; 32 bytes."""
    return root({rlp.encode(rlp.number(i)): value for i, value in enumerate(values)})


def root(values: Mapping[bytes, bytes]) -> bytes:
    """The root of a trie that holds these values, none of them empty; 32 bytes."""
    if not values:
        return EMPTY_ROOT
    pairs = sorted((_nibbles(key), value) for key, value in values.items())
    return keccak(_node(pairs, 0))


def _node(pairs: Sequence[Pair], depth: int) -> bytes:
    """The encoded node over sorted pairs whose first `depth` nibbles are spent."""
    first, last = pairs[0][0], pairs[-1][0]
    if len(pairs) == 1:
        return rlp.join((rlp.encode(_path(first[depth:], _LEAF)), rlp.encode(pairs[0][1])))
    shared = depth
    # Sorted, so what the first and the last share, all share.
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    if shared > depth:
        return rlp.join((rlp.encode(_path(first[depth:shared], 0)), _reference(_node(pairs, shared))))
    return _branch(pairs, depth)


def _branch(pairs: Sequence[Pair], depth: int) -> bytes:
    value = b""
    if len(pairs[0][0]) == depth:  # the shortest path ends here, and sorts first
        value, pairs = pairs[0][1], pairs[1:]
    children = [_NOTHING] * 16
    start = 0
    while start < len(pairs):
        nibble, end = pairs[start][0][depth], start + 1
        while end < len(pairs) and pairs[end][0][depth] == nibble:
            end += 1
        children[nibble] = _reference(_node(pairs[start:end], depth + 1))
        start = end
    return rlp.join((*children, rlp.encode(value)))


def _reference(node: bytes) -> bytes:
    """A node inside another: itself while it is short, else its hash."""
    return node if len(node) < _HASH else _HASH_PREFIX + keccak(node)


def _nibbles(key: bytes) -> bytes:
    return bytes(nibble for byte in key for nibble in (byte >> 4, byte & 15))


def _path(nibbles: bytes, kind: int) -> bytes:
    """Hex-prefix encoding: the kind, and whether the count of nibbles is odd, in front."""
    odd = len(nibbles) % 2
    padded = bytes((kind + odd,)) + (nibbles if odd else b"\0" + nibbles)
    return bytes(padded[i] << 4 | padded[i + 1] for i in range(0, len(padded), 2))
