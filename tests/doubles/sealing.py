"""Seals for the branches double: its blocks as four validators of QBFT, or three signers of Clique, would seal them.

A branch whose label says "invented" is sealed by nobody who may.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_utils.crypto import keccak

from tests.unit.sealed_chains import EXTRA, FIELDS, NUMBERS, address, addresses, sign

Json = dict[str, Any]

VALIDATORS, SIGNERS, STRANGERS = "abcd", "abc", "wxyz"
INVENTED = "invented"


def qbft(header: Json) -> Json:
    """Sealed by three of the four validators; at an invented block by two of them and by strangers."""
    number, invented = int(header["number"], 16), INVENTED in _label(header)
    header = header | {"difficulty": "0x1", "miner": "0x" + address(VALIDATORS[number % 4]).hex()}
    items = _items(header)

    def extra(seals: Sequence[bytes]) -> bytes:
        return bytes(rlp.encode([b"v" * 32, addresses(VALIDATORS), [], 0, list(seals)]))

    digest = _hashed(items, extra([]))
    sealers = (VALIDATORS[:2] + STRANGERS if invented else VALIDATORS[:3]) if number else ""
    sealed = extra([sign(name, digest) for name in sealers])
    return header | {"extraData": "0x" + sealed.hex(), "hash": "0x" + digest.hex()}


def clique(header: Json) -> Json:
    """Sealed by the signer whose turn it is; an invented block by a stranger."""
    number, invented = int(header["number"], 16), INVENTED in _label(header)
    if number == 0:
        extra = bytes(32) + b"".join(addresses(SIGNERS)) + bytes(65)
        return header | {"difficulty": "0x1", "extraData": "0x" + extra.hex()}
    header = header | {"difficulty": "0x2"}
    turn = addresses(SIGNERS)[number % len(SIGNERS)]
    signer = STRANGERS[0] if invented else next(name for name in SIGNERS if address(name) == turn)
    body = bytes(32)
    seal = sign(signer, _hashed(_items(header), body))
    return header | {"extraData": "0x" + (body + seal).hex()}


def _label(header: Json) -> str:
    return bytes.fromhex(header["extraData"][2:]).decode(errors="replace")


def _items(header: Json) -> list[bytes]:
    def item(name: str) -> bytes:
        if name in NUMBERS:
            value = int(header[name], 16)
            return value.to_bytes((value.bit_length() + 7) // 8, "big")
        return bytes.fromhex(header[name][2:])

    return [item(name) for name in FIELDS]


def _hashed(items: Sequence[bytes], extra: bytes) -> bytes:
    return bytes(keccak(rlp.encode([*items[:EXTRA], extra, *items[EXTRA + 1 :]])))
