"""What QBFT keeps in a header's `extraData`, and the two hashes that leave some of it out.

By Besu's `QbftExtraDataCodec` and `BftBlockHashing` (hyperledger/besu, 3fd224e2): a list of 32 bytes of the proposer's
choice, the validators, a vote or an empty list, the round, the commit seals. Validators sign the header without seals;
the block's hash also has round 0, since the same block may be proposed again in a later round and sealed by others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from contracts.keccak import keccak
from indexer.errors import BadAnswer
from indexer.verify import rlp
from indexer.verify.header import EXTRA, header_items

_ADDRESS = 20
_PARTS = 5
_NUMBER = 8
"""Where a header's items have its number."""
_MOST_ROUND_BYTES = 4
_ADD = b"\xff"
_DROP = (b"", b"\0")
"""Besu writes the first and reads both."""


class Vote(NamedTuple):
    """A proposer's wish to have somebody among the validators, or no longer."""

    recipient: bytes
    add: bool


class Extra(NamedTuple):
    """What is in `extraData`."""

    vanity: bytes
    validators: tuple[bytes, ...]
    vote: Vote | None
    round: int
    seals: tuple[bytes, ...]


class Sealed(NamedTuple):
    """A header's items with its `extraData` read."""

    items: list[bytes]
    extra: Extra

    @property
    def block_hash(self) -> bytes:
        """The hash by which the chain knows the block: 32 bytes. Genesis has the one of its bytes as they are."""
        if not self.items[_NUMBER]:
            return keccak(rlp.encode(self.items))
        return self._hash(0)

    @property
    def signed_hash(self) -> bytes:
        """The hash that the commit seals sign: 32 bytes."""
        return self._hash(self.extra.round)

    def _hash(self, round: int) -> bytes:
        items = self.items.copy()
        items[EXTRA] = _encode(self.extra._replace(round=round, seals=()))
        return keccak(rlp.encode(items))


def sealed(block: Mapping[str, Any]) -> Sealed:
    """A JSON-RPC block's header. Raises BadAnswer when it is none, or has no `extraData` of QBFT."""
    items = header_items(block)
    return Sealed(items, decode(items[EXTRA]))


def block_hash(block: Mapping[str, Any]) -> bytes:
    """The hash of a JSON-RPC block of a QBFT chain: 32 bytes. Raises BadAnswer."""
    return sealed(block).block_hash


def decode(data: bytes) -> Extra:
    """Reads `extraData`. Raises BadAnswer naming the part that is not as it should be."""
    try:
        item = rlp.decode(data)
        # Besu ignores what follows the fifth part, and hashes the block without it: so do we, or a single proposer
        # could stop every indexer with a block that all nodes take.
        if isinstance(item, bytes) or len(item) < _PARTS:
            raise ValueError("not a list of vanity, validators, vote, round and seals")
        vanity, validators, vote, round, seals = item[:_PARTS]
        return Extra(
            _bytes(vanity, "vanity"),
            tuple(_address(validator, "validator") for validator in _list(validators, "validators")),
            _vote(_list(vote, "vote")),
            _round(_bytes(round, "round")),
            tuple(_bytes(seal, "seal") for seal in _list(seals, "seals")),
        )
    except ValueError as error:
        raise BadAnswer(f"extraData is not QBFT's ({error})") from None


def _encode(extra: Extra) -> bytes:
    vote: rlp.Item = []
    if extra.vote:
        vote = [extra.vote.recipient, _ADD if extra.vote.add else _DROP[0]]
    return rlp.encode([extra.vanity, extra.validators, vote, rlp.number(extra.round), extra.seals])


def _vote(items: list[rlp.Item]) -> Vote | None:
    if not items:
        return None
    if len(items) != 2 or (items[1] != _ADD and items[1] not in _DROP):
        raise ValueError("a vote is neither for nor against somebody")
    return Vote(_address(items[0], "vote"), items[1] == _ADD)


def _round(data: bytes) -> int:
    if len(data) > _MOST_ROUND_BYTES or data[:1] == b"\0":
        raise ValueError("round is no number")
    return int.from_bytes(data, "big")


def _bytes(item: rlp.Item, name: str) -> bytes:
    if not isinstance(item, bytes):
        raise ValueError(f"{name} is a list")
    return item


def _address(item: rlp.Item, name: str) -> bytes:
    if not isinstance(item, bytes) or len(item) != _ADDRESS:
        raise ValueError(f"{name} is no address")
    return item


def _list(item: rlp.Item, name: str) -> list[rlp.Item]:
    if isinstance(item, bytes):
        raise ValueError(f"{name} is no list")
    return list(item)
