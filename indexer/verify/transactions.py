"""A block's transactions against its header: each one's bytes and hash, and the root over them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from contracts.keccak import keccak
from indexer.errors import BadAnswer
from indexer.verify import hextext, rlp
from indexer.verify.trie import ordered_root

Json = Mapping[str, Any]

_ADDRESS, _WORD = 20, 32
_MOST_ITEMS = 1_000_000
"""Entries of a list inside a transaction; far above what any block's gas pays for."""


class Transactions(NamedTuple):
    """What a block's transactions come to. All 32 bytes."""

    root: bytes
    hashes: list[bytes]


def transactions_root(transactions: Sequence[Json]) -> bytes:
    """The root over JSON-RPC transactions in their block's order: 32 bytes. Raises BadAnswer."""
    return recomputed(transactions).root


def recomputed(transactions: Sequence[Json]) -> Transactions:
    """The root and each transaction's hash, recomputed. Raises BadAnswer naming what is missing."""
    encoded = [transaction_bytes(transaction) for transaction in transactions]
    return Transactions(ordered_root(encoded), [keccak(data) for data in encoded])


def transaction_hash(transaction: Json) -> bytes:
    """A JSON-RPC transaction's hash, recomputed: 32 bytes. Raises BadAnswer."""
    return keccak(transaction_bytes(transaction))


def transaction_bytes(transaction: Json) -> bytes:
    """A signed JSON-RPC transaction as it was sent and as the trie holds it (EIP-2718).

    Of types 0 (with or without a chain id, EIP-155), 1 (EIP-2930), 2 (EIP-1559), 3 (EIP-4844) and 4 (EIP-7702). Its
    sender is not in there: it follows from the signature. Raises BadAnswer naming what is missing.
    """
    try:
        kind = hextext.number(transaction.get("type") or "0x0")
        if kind >= len(_KINDS):
            raise ValueError(f"type ({kind} is not one of 0 to {len(_KINDS) - 1})")
        body = rlp.encode([_field(transaction, name, read) for name, read in _KINDS[kind]])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadAnswer(f"transaction without usable {error}") from None
    return bytes((kind,)) + body if kind else body


def _field(values: Json, name: str, read: Callable[[Any], rlp.Item]) -> rlp.Item:
    value = values.get(name)
    if value is None and name in _OTHER_NAMES:
        value = values.get(_OTHER_NAMES[name])
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"{name} ({error})") from None


# How nodes name a field that others name differently.
_OTHER_NAMES = {"input": "data", "yParity": "v"}


def _number(value: Any) -> bytes:
    return rlp.number(hextext.number(value))


def _data(value: Any) -> bytes:
    return hextext.data(value)


def _address(value: Any) -> bytes:
    return hextext.data(value, _ADDRESS)


def _receiver(value: Any) -> bytes:
    """Nobody, when the transaction makes a contract."""
    return b"" if value is None else _address(value)


def _word(value: Any) -> bytes:
    return hextext.data(value, _WORD)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or len(value) > _MOST_ITEMS:
        raise ValueError("no list")
    return value


def _words(value: Any) -> rlp.Item:
    return [_word(word) for word in _list(value)]


def _access(value: Any) -> rlp.Item:
    return [[_address(entry["address"]), _words(entry["storageKeys"])] for entry in _list(value)]


def _authorizations(value: Any) -> rlp.Item:
    return [[_field(entry, name, read) for name, read in _AUTHORIZATION] for entry in _list(value)]


_Fields = tuple[tuple[str, Callable[[Any], rlp.Item]], ...]

_CALL: _Fields = (("gas", _number), ("to", _receiver), ("value", _number), ("input", _data))
_SIGNATURE: _Fields = (("yParity", _number), ("r", _number), ("s", _number))
_AUTHORIZATION: _Fields = (
    ("chainId", _number),
    ("address", _address),
    ("nonce", _number),
    *_SIGNATURE,
)
_PLACE: _Fields = (("chainId", _number), ("nonce", _number))
_ONE_PRICE: _Fields = (("gasPrice", _number),)
_FEES: _Fields = (("maxPriorityFeePerGas", _number), ("maxFeePerGas", _number))
_ACCESS: _Fields = (("accessList", _access),)
_BLOBS: _Fields = (("maxFeePerBlobGas", _number), ("blobVersionedHashes", _words))
_KINDS: tuple[_Fields, ...] = (
    (("nonce", _number), *_ONE_PRICE, *_CALL, ("v", _number), ("r", _number), ("s", _number)),
    (*_PLACE, *_ONE_PRICE, *_CALL, *_ACCESS, *_SIGNATURE),
    (*_PLACE, *_FEES, *_CALL, *_ACCESS, *_SIGNATURE),
    (*_PLACE, *_FEES, *_CALL, *_ACCESS, *_BLOBS, *_SIGNATURE),
    (*_PLACE, *_FEES, *_CALL, *_ACCESS, ("authorizationList", _authorizations), *_SIGNATURE),
)
"""A transaction's fields in their order, by its type."""
