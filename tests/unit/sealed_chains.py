"""Chains sealed by Clique or QBFT, made up for tests: encoded by the `rlp` library and signed by eth-keys.

Nothing of the code under test is in here, so that the two have to agree about bytes that neither took from the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_keys import keys
from eth_utils.crypto import keccak

Json = dict[str, Any]

FIELDS = (
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom"),
    *(
        "difficulty",
        "number",
        "gasLimit",
        "gasUsed",
        "timestamp",
        "extraData",
        "mixHash",
        "nonce",
        "baseFeePerGas",
    ),
)
NUMBERS = ("difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas")
MINER, EXTRA, NONCE, DIFFICULTY = (
    FIELDS.index(name) for name in ("miner", "extraData", "nonce", "difficulty")
)
NOBODY = bytes(20)
ADD, DROP = b"\xff" * 8, b"\0" * 8


def key(name: str) -> Any:
    """The key of somebody with this name."""
    return keys.PrivateKey(keccak(text=f"a validator of tests called {name}"))


def address(name: str) -> bytes:
    return bytes(key(name).public_key.to_canonical_address())


def addresses(names: str) -> list[bytes]:
    """Of somebody called by each letter, sorted."""
    return sorted(address(name) for name in names)


def sign(name: str, digest: bytes) -> bytes:
    """65 bytes that end in 0 or 1."""
    return bytes(key(name).sign_msg_hash(digest).to_bytes())


def header_items(number: int, parent: bytes) -> list[bytes]:
    def whole(value: int) -> bytes:
        return value.to_bytes((value.bit_length() + 7) // 8, "big")

    root = keccak(b"root")
    values = {
        **dict.fromkeys(FIELDS, b""),
        **{"parentHash": parent, "sha3Uncles": keccak(rlp.encode([])), "miner": NOBODY, "stateRoot": root},
        **{"transactionsRoot": root, "receiptsRoot": root, "logsBloom": bytes(256), "difficulty": whole(1)},
        **{"number": whole(number), "gasLimit": whole(10**9), "timestamp": whole(1_700_000_000 + number)},
        **{"mixHash": bytes(32), "nonce": DROP},
    }
    return list(values.values())


def answer(items: Sequence[bytes], hash: bytes) -> Json:
    """As JSON-RPC has it."""
    texts = {
        name: hex(int.from_bytes(item, "big")) if name in NUMBERS else "0x" + item.hex()
        for name, item in zip(FIELDS, items, strict=True)
    }
    return texts | {"hash": "0x" + hash.hex()}


@dataclass
class Chain:
    """Blocks from genesis on."""

    blocks: list[Json] = field(default_factory=list)

    @property
    def genesis_hash(self) -> bytes:
        return bytes.fromhex(self.blocks[0]["hash"][2:])

    @property
    def head(self) -> bytes:
        return bytes.fromhex(self.blocks[-1]["hash"][2:])

    def headers(self, numbers: Sequence[int]) -> list[Json]:
        return [self.blocks[number] for number in numbers]

    def add(self, items: Sequence[bytes], hash: bytes) -> Json:
        self.blocks.append(answer(items, hash))
        return self.blocks[-1]

    def without_last(self) -> Chain:
        return type(self)(self.blocks[:-1])


class Qbft(Chain):
    """A chain of QBFT, as by Besu's codec."""

    @classmethod
    def of(cls, names: str) -> Qbft:
        chain = cls()
        items = header_items(0, bytes(32))
        # Besu's genesis has its extraData as written by hand: here with a list of seals that is not empty, since its
        # hash has to be the one of these bytes and not of a re-encoding.
        items[EXTRA] = rlp.encode([bytes(32), addresses(names), [], 0, [bytes(65)]])
        chain.add(items, keccak(rlp.encode(items)))
        return chain

    def seal(
        self,
        validators: str,
        sealers: str | None = None,
        *,
        proposer: str | None = None,
        vote: Sequence[bytes] = (),
        round: int = 0,
        signed_round: int | None = None,
        listed: Sequence[bytes] | None = None,
        extra_seals: Sequence[bytes] = (),
        behind: Sequence[bytes] = (),
    ) -> Json:
        """The next block. Everything but `validators` is for attacks and votes."""
        items = header_items(len(self.blocks), self.head)
        items[MINER] = address(proposer or validators[0])
        members = addresses(validators) if listed is None else list(listed)

        def extra(round: int, seals: Sequence[bytes], *behind: bytes) -> bytes:
            return bytes(rlp.encode([b"v" * 32, members, list(vote), round, list(seals), *behind]))

        def hashed(data: bytes) -> bytes:
            return keccak(rlp.encode([*items[:EXTRA], data, *items[EXTRA + 1 :]]))

        digest = hashed(extra(round if signed_round is None else signed_round, []))
        seals = [sign(name, digest) for name in (validators if sealers is None else sealers)]
        items[EXTRA] = extra(round, [*seals, *extra_seals], *behind)
        return self.add(items, hashed(extra(0, [])))


class Clique(Chain):
    """A chain of Clique, as by EIP-225."""

    @classmethod
    def of(cls, names: str) -> Clique:
        chain = cls()
        items = header_items(0, bytes(32))
        items[EXTRA] = bytes(32) + b"".join(addresses(names)) + bytes(65)
        chain.add(items, keccak(rlp.encode(items)))
        return chain

    def seal(
        self,
        signers: str,
        signer: str,
        *,
        vote: tuple[str, bytes] | None = None,
        checkpoint: bool = False,
        difficulty: int | None = None,
        nonce: bytes | None = None,
        listed: Sequence[bytes] | None = None,
        seal: bytes | None = None,
    ) -> Json:
        """The next block by `signer`, when `signers` are those who may."""
        number = len(self.blocks)
        items = header_items(number, self.head)
        members = addresses(signers)
        turn = members[number % len(members)] == address(signer)
        items[DIFFICULTY] = bytes((difficulty or 1 + turn,))
        if vote:
            items[MINER], items[NONCE] = address(vote[0]), vote[1]
        items[NONCE] = items[NONCE] if nonce is None else nonce
        shown = members if listed is None else listed
        body = bytes(32) + (b"".join(shown) if checkpoint or listed is not None else b"")
        digest = keccak(rlp.encode([*items[:EXTRA], body, *items[EXTRA + 1 :]]))
        items[EXTRA] = body + (sign(signer, digest) if seal is None else seal)
        return self.add(items, keccak(rlp.encode(items)))
