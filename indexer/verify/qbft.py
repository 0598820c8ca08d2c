"""QBFT: at least two thirds of the validators sign each block, and its proposer may vote on who is one of them.

By hyperledger/besu 3fd224e2 (`consensus/common`, `consensus/qbft`): commit seals, list of validators, proposer, votes.
Not for networks whose validators are chosen by a contract, nor for those whose genesis changes them at a given block
(`transitions`): neither can be told from the headers alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from indexer.errors import BadAnswer, BadSetting
from indexer.verify import hextext
from indexer.verify.naming import naming
from indexer.verify.qbft_extra import Vote, sealed
from indexer.verify.signer import signer

Json = dict[str, Any]

_PARENT, _MINER, _NUMBER = 0, 2, 8
"""Where a header's items have them."""


class Block(NamedTuple):
    """A header, as far as sealing goes."""

    number: int
    parent_hash: bytes
    proposer: bytes
    validators: tuple[bytes, ...]
    vote: Vote | None
    seals: tuple[bytes, ...]
    signed_hash: bytes


def read(answer: Json) -> Block:
    """Raises BadAnswer when it is no header of QBFT."""
    header = sealed(answer)
    return Block(
        number=int.from_bytes(header.items[_NUMBER], "big"),
        parent_hash=header.items[_PARENT],
        proposer=header.items[_MINER],
        validators=header.extra.validators,
        vote=header.extra.vote,
        seals=header.extra.seals,
        signed_hash=header.signed_hash,
    )


def quorum(validators: int) -> int:
    """How many of so many validators have to sign: two thirds, rounded up."""
    return (2 * validators + 2) // 3


class QbftSeals:
    """Who may seal the block after `number`."""

    def __init__(self, number: int, hash: bytes, validators: Iterable[bytes], epoch: int) -> None:
        self._number = number
        self._hash = hash
        self._validators = tuple(sorted(set(validators)))
        self._epoch = epoch
        self._votes: dict[tuple[bytes, bytes], bool] = {}
        """By proposer and subject: to add it, or to drop it."""

    @classmethod
    def at_epoch(cls, answer: Json, hash: bytes, epoch: int) -> QbftSeals:
        """The state after an epoch's first block (or genesis) that is trusted. Raises BadAnswer, BadSetting."""
        block = read(answer)
        if not block.validators:
            raise BadSetting(
                "consensus",
                "qbft",
                "this network's validators are chosen by a contract, which is not checked; give none",
            )
        return cls(block.number, hash, block.validators, epoch)

    @property
    def validators(self) -> tuple[bytes, ...]:
        """Who may seal, sorted."""
        return self._validators

    def copy(self) -> QbftSeals:
        """The same state, to go on from without changing this one."""
        other = QbftSeals(self._number, self._hash, self._validators, self._epoch)
        other._votes = self._votes.copy()
        return other

    def check(self, answer: Json) -> None:
        """The next header, whose hash is checked already: refused with BadAnswer, or it changes who may be next."""
        with naming(answer):
            block = read(answer)
            hash = hextext.data(answer["hash"])
            if block.number != self._number + 1 or block.parent_hash != self._hash:
                raise BadAnswer(
                    f"it does not follow on block {self._number}, after which the validators are known"
                )
            self._check_members(block)
            self._check_seals(block)
            self._apply(block, hash)

    def replay(self, block: Block, hash: bytes) -> None:
        """Takes over the next block, which is known to be on the chain. Raises BadAnswer when it contradicts us."""
        self._check_members(block)
        self._apply(block, hash)

    def _check_members(self, block: Block) -> None:
        if block.validators != self._validators:
            raise BadAnswer(
                "the validators that it lists are not those that the votes come to; "
                "is the epoch that of the network's genesis?"
            )
        if block.proposer not in self._validators:
            raise BadAnswer(
                f"proposed by 0x{block.proposer.hex()}, who is no validator after block {self._number}"
            )

    def _check_seals(self, block: Block) -> None:
        sealers: set[bytes] = set()
        for seal in block.seals:
            sealer = signer(seal, block.signed_hash)
            if sealer not in self._validators:
                # A seal over anything else than this header, its round included, looks just like one by somebody else.
                raise BadAnswer(f"sealed by 0x{sealer.hex()}, who is no validator after block {self._number}")
            if sealer in sealers:
                raise BadAnswer(f"sealed twice by 0x{sealer.hex()}")
            sealers.add(sealer)
        needed = quorum(len(self._validators))
        if len(sealers) < needed:
            raise BadAnswer(
                f"sealed by {len(sealers)} of {len(self._validators)} validators; {needed} have to"
            )

    def _apply(self, block: Block, hash: bytes) -> None:
        self._number, self._hash = block.number, hash
        if block.number % self._epoch == 0:
            self._votes.clear()  # and a vote in it does not count
        elif block.vote:
            self._vote(block.proposer, block.vote)

    def _vote(self, proposer: bytes, vote: Vote) -> None:
        """Counts as Besu's `VoteTally` does.

        Which differs from EIP-225 in one thing: a vote for what is so already (to add a validator, to drop somebody
        who is none) counts too, and when a majority has cast it, all votes on that subject are forgotten, those for a
        change included. Like there, a validator may vote on itself, and a majority reached because others left
        passes with the next vote on the same subject, whichever way that one goes.
        """
        subject = vote.recipient
        self._votes[proposer, subject] = vote.add
        needed = len(self._validators) // 2 + 1
        said = [what for (_, about), what in self._votes.items() if about == subject]
        if said.count(True) >= needed:
            self._change(subject, add=True)
        elif said.count(False) >= needed:
            self._change(subject, add=False)

    def _change(self, subject: bytes, *, add: bool) -> None:
        """Nobody's votes on it are left, nor, once dropped, its own."""
        others = {*self._validators} - {subject}
        self._validators = tuple(sorted({*others, subject} if add else others))
        self._votes = {
            (by, about): what
            for (by, about), what in self._votes.items()
            if about != subject and (add or by != subject)
        }
