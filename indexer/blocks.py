"""Blocks as the indexer sees them, and how they hang together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from indexer.errors import BadAnswer, Reorganised


class Header(NamedTuple):
    """A block's place in the chain. Hashes are 32 bytes."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp_unix_s: int


def header(answer: Any) -> Header:
    """A header from `eth_getBlockBy…`; raises BadAnswer."""
    try:
        result = Header(
            int(answer["number"], 16),
            bytes.fromhex(answer["hash"][2:]),
            bytes.fromhex(answer["parentHash"][2:]),
            int(answer["timestamp"], 16),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"no block header ({error!r})") from None
    if len(result.hash) != 32 or len(result.parent_hash) != 32:
        raise BadAnswer(f"block {result.number}: a hash is not 32 bytes long")
    return result


def check_links(headers: Sequence[Header], number: int, hash: bytes) -> None:
    """Checks that the headers follow on block `number` with `hash`, each the parent of the next.

    Raises Reorganised when the first does not follow, BadAnswer when a later one does not.
    """
    if headers and headers[0].number == number + 1 and headers[0].parent_hash != hash:
        raise Reorganised(f"block {headers[0].number} does not follow on the block {number} that was indexed")
    for h in headers:
        check_follows(h, number, hash)
        number, hash = h.number, h.hash


def check_chain(headers: Sequence[Header], first: int) -> None:
    """Checks that the headers are those of block `first` and the blocks after it; raises BadAnswer."""
    if headers[0].number != first:
        raise BadAnswer(f"block {headers[0].number} where block {first} was asked for")
    for before, h in pairwise(headers):
        check_follows(h, before.number, before.hash)


def check_follows(h: Header, number: int, hash: bytes) -> None:
    """Checks that `h` is the block after `number`; raises BadAnswer."""
    if h.number != number + 1:
        raise BadAnswer(f"block {h.number} where block {number + 1} was asked for")
    if h.parent_hash != hash:
        raise BadAnswer(f"block {h.number} does not follow on block {number} of the same answer")
