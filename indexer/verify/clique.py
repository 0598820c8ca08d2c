"""Clique (EIP-225): one of the signers seals each block, none of them too often, and they vote on who is one.

By the EIP, and by go-ethereum's `consensus/clique` where the EIP leaves a case open.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from contracts.keccak import keccak
from indexer.errors import BadAnswer, BadSetting
from indexer.verify import hextext, rlp
from indexer.verify.header import EXTRA, header_items
from indexer.verify.naming import naming
from indexer.verify.signer import SIGNATURE_BYTES, signer

Json = dict[str, Any]

_PARENT, _MINER, _DIFFICULTY, _NUMBER, _NONCE = 0, 2, 7, 8, 14
"""Where a header's items have them."""
_VANITY, _ADDRESS = 32, 20
_NOBODY = bytes(_ADDRESS)
_ADD, _DROP = b"\xff" * 8, b"\0" * 8
_IN_TURN, _OUT_OF_TURN = 2, 1


class Block(NamedTuple):
    """A header, as far as sealing goes."""

    number: int
    parent_hash: bytes
    miner: bytes
    nonce: bytes
    difficulty: int
    listed: bytes
    """The signers at a checkpoint, one after the other."""
    seal: bytes
    signed_hash: bytes

    @property
    def signer(self) -> bytes:
        """Who sealed it, whether allowed to or not. Raises BadAnswer."""
        return signer(self.seal, self.signed_hash)


def read(answer: Json) -> Block:
    """Raises BadAnswer when the header has no room for a seal."""
    items = header_items(answer)
    extra = items[EXTRA]
    if len(extra) < _VANITY + SIGNATURE_BYTES:
        raise BadAnswer(f"extraData of {len(extra)} bytes has no seal of Clique")
    items[EXTRA] = extra[:-SIGNATURE_BYTES]
    return Block(
        number=int.from_bytes(items[_NUMBER], "big"),
        parent_hash=items[_PARENT],
        miner=items[_MINER],
        nonce=items[_NONCE],
        difficulty=int.from_bytes(items[_DIFFICULTY], "big"),
        listed=extra[_VANITY:-SIGNATURE_BYTES],
        seal=extra[-SIGNATURE_BYTES:],
        signed_hash=keccak(rlp.encode(items)),
    )


class CliqueSeals:
    """Who may seal the block after `number`."""

    def __init__(self, number: int, hash: bytes, signers: Iterable[bytes], epoch: int) -> None:
        self._number = number
        self._hash = hash
        self._signers = sorted(set(signers))
        self._epoch = epoch
        self._recent: dict[int, bytes] = {}
        """Who sealed the last blocks, by number."""
        self._votes: dict[tuple[bytes, bytes], bool] = {}
        """By voter and subject: to add it, or to drop it. Only votes that would change something are in here."""

    @classmethod
    def at_checkpoint(cls, answer: Json, hash: bytes, epoch: int) -> CliqueSeals:
        """The state after a checkpoint (or genesis) that is trusted. Raises BadAnswer, BadSetting."""
        block = read(answer)
        if not block.listed or len(block.listed) % _ADDRESS:
            raise BadSetting(
                "epoch",
                str(epoch),
                f"block {block.number} lists no signers; give the epoch of the network's genesis",
            )
        return cls(block.number, hash, _listed(block.listed), epoch)

    @property
    def signers(self) -> tuple[bytes, ...]:
        """Who may seal at all, in the order of their turns."""
        return tuple(self._signers)

    @property
    def pause(self) -> int:
        """Blocks for which a signer has to leave sealing to others."""
        return len(self._signers) // 2

    def copy(self) -> CliqueSeals:
        """The same state, to go on from without changing this one."""
        other = CliqueSeals(self._number, self._hash, self._signers, self._epoch)
        other._recent = self._recent.copy()
        other._votes = self._votes.copy()
        return other

    def check(self, answer: Json) -> None:
        """The next header, whose hash is checked already: refused with BadAnswer, or it changes who may be next."""
        with naming(answer):
            block = read(answer)
            hash = hextext.data(answer["hash"])
            if block.number != self._number + 1 or block.parent_hash != self._hash:
                raise BadAnswer(
                    f"it does not follow on block {self._number}, after which the signers are known"
                )
            self._check_vote(block)
            sealer = block.signer
            self._check_signer(block, sealer)
            self.apply(block, sealer, hash)

    def sealed_recently(self, number: int, sealer: bytes) -> None:
        """Remembers who sealed a block at or before this one; for a state that begins at a checkpoint."""
        self._recent[number] = sealer

    def apply(self, block: Block, sealer: bytes, hash: bytes) -> None:
        """Takes over the next block, which is known to be right: who sealed it, and the vote in it."""
        self._number, self._hash = block.number, hash
        self._recent[block.number] = sealer
        if block.number % self._epoch == 0:
            self._votes.clear()
        else:
            self._vote(sealer, block.miner, block.nonce == _ADD)
        for number in [number for number in self._recent if number <= block.number - self.pause]:
            del self._recent[number]

    def _check_vote(self, block: Block) -> None:
        if block.nonce not in (_ADD, _DROP):
            raise BadAnswer("its nonce is no vote of Clique")
        if block.number % self._epoch:
            if block.listed:
                raise BadAnswer(
                    "it lists signers and is no checkpoint; is the epoch that of the network's genesis?"
                )
        elif block.miner != _NOBODY or block.nonce != _DROP:
            raise BadAnswer("it is a checkpoint and has a vote")
        elif block.listed != b"".join(self._signers):
            raise BadAnswer("the signers that it lists are not those that the votes come to")

    def _check_signer(self, block: Block, sealer: bytes) -> None:
        if sealer not in self._signers:
            raise BadAnswer(f"sealed by 0x{sealer.hex()}, who is no signer after block {self._number}")
        for number, recent in self._recent.items():
            if recent == sealer and number > block.number - 1 - self.pause:
                raise BadAnswer(
                    f"sealed by 0x{sealer.hex()}, who sealed block {number} and has to leave it to others"
                )
        turn = self._signers[block.number % len(self._signers)] == sealer
        if block.difficulty != (_IN_TURN if turn else _OUT_OF_TURN):
            raise BadAnswer(f"difficulty {block.difficulty} for a signer {'in' if turn else 'out of'} turn")

    def _vote(self, voter: bytes, subject: bytes, add: bool) -> None:
        self._votes.pop((voter, subject), None)
        add_it = subject not in self._signers
        if add is add_it:
            self._votes[voter, subject] = add
        # A vote for what is so already is none; but any block that names somebody makes a majority on it pass that came
        # about because others left (EIP-225: no cascades, "on touch"; as go-ethereum counts).
        if 2 * sum(about == subject for _, about in self._votes) <= len(self._signers):
            return
        if add_it:
            self._signers = sorted([*self._signers, subject])
        else:
            self._signers.remove(subject)
        # Nobody's votes on it are left, nor, once dropped, its own.
        self._votes = {
            (by, about): what
            for (by, about), what in self._votes.items()
            if about != subject and (add_it or by != subject)
        }


def _listed(addresses: bytes) -> list[bytes]:
    return [addresses[i : i + _ADDRESS] for i in range(0, len(addresses), _ADDRESS)]
