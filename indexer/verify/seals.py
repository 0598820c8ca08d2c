"""Who may seal the next block, given the chain so far; and whether it is sealed.

A state begins at a block that is trusted, and moves on with each header that it accepts. It does no I/O of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, Self, TypeVar

from indexer.blocks import Header
from indexer.errors import BadAnswer, OtherChain
from indexer.settings import Consensus
from indexer.verify import clique, qbft
from indexer.verify.block import check_header
from indexer.verify.naming import naming

Json = dict[str, Any]
HeadersOf = Callable[[Sequence[int]], list[Json]]
"""The JSON-RPC headers of these blocks, in the same order, from a node that need not be trusted."""

Block = TypeVar("Block")

_AT_ONCE = 200
"""Headers that are asked for at once."""


class Seals(Protocol):
    """The state after a block: who may seal the next one."""

    def check(self, answer: Json) -> None:
        """The next header, whose hash is checked already (`check_header`).

        Raises BadAnswer when it is not sealed as it has to be, and is then as before; or it changes who may be next.
        """

    def copy(self) -> Self:
        """The same state, to try blocks on without changing this one."""


class NoSeals:
    """For a network whose seals are not checked."""

    def check(self, answer: Json) -> None:
        """Accepts it."""

    def copy(self) -> NoSeals:
        """Itself: there is nothing to change."""
        return self


def seals_after(
    consensus: Consensus,
    number: int,
    hash: bytes,
    header_of: HeadersOf,
    genesis_hash: bytes,
    epoch: int = 30_000,
) -> Seals:
    """The state after block `number` with `hash`, which is trusted.

    Headers are fetched back to the last block that lists everybody (every `epoch` blocks, and genesis). Each has to
    hash to what the one after it says, up to `hash`, and block 0 to `genesis_hash`: so all of them are as good as
    `hash`, and only the votes in them are replayed. Raises BadAnswer (naming the block), OtherChain, BadSetting when
    the network is sealed in another way.
    """
    if consensus is Consensus.NONE:
        return NoSeals()
    if number == 0 and hash != genesis_hash:
        raise _other_chain(genesis_hash)
    start = number - number % epoch
    walk = _back(consensus, number, hash, header_of, genesis_hash)
    return _clique(walk, start, epoch) if consensus is Consensus.CLIQUE else _qbft(walk, start, epoch)


def _back(
    consensus: Consensus, number: int, hash: bytes, header_of: HeadersOf, genesis_hash: bytes
) -> Iterator[tuple[Header, Json]]:
    """Headers from `number` down to 0, each with the hash that the one after it names."""
    while number >= 0:
        numbers = range(number, max(-1, number - _AT_ONCE), -1)
        answers = header_of(numbers)
        if len(answers) != len(numbers):
            raise BadAnswer(f"{len(answers)} headers where {len(numbers)} were asked for")
        for answer in answers:
            header = check_header(answer, consensus)
            if header.number != number or header.hash != hash:
                raise BadAnswer(f"block {number}: not the one that leads to the block that was indexed")
            if number == 0 and hash != genesis_hash:
                raise _other_chain(genesis_hash)
            yield header, answer
            number, hash = number - 1, header.parent_hash


def _clique(walk: Iterator[tuple[Header, Json]], start: int, epoch: int) -> clique.CliqueSeals:
    later, checkpoint, answer = _until(walk, start, clique.read)
    with naming(answer):
        state = clique.CliqueSeals.at_checkpoint(answer, checkpoint.hash, epoch)
        # A signer's pause goes across a checkpoint: who sealed it and the blocks before it may not be next either.
        # Genesis is sealed by nobody.
        if start and state.pause:
            state.sealed_recently(start, clique.read(answer).signer)
    for header, answer in walk:
        if header.number <= max(0, start - state.pause):
            break
        with naming(answer):
            state.sealed_recently(header.number, clique.read(answer).signer)
    for header, block in reversed(later):
        with naming({"number": hex(header.number)}):
            state.apply(block, block.signer, header.hash)
    return state


def _qbft(walk: Iterator[tuple[Header, Json]], start: int, epoch: int) -> qbft.QbftSeals:
    later, first, answer = _until(walk, start, qbft.read)
    with naming(answer):
        state = qbft.QbftSeals.at_epoch(answer, first.hash, epoch)
    for header, block in reversed(later):
        with naming({"number": hex(header.number)}):
            state.replay(block, header.hash)
    return state


def _until(
    walk: Iterator[tuple[Header, Json]], start: int, read: Callable[[Json], Block]
) -> tuple[list[tuple[Header, Block]], Header, Json]:
    """What is after block `start`, the last first, and that block itself."""
    later: list[tuple[Header, Block]] = []
    for header, answer in walk:
        if header.number == start:
            return later, header, answer
        with naming(answer):
            later.append((header, read(answer)))
    raise AssertionError("the walk goes down to block 0")


def _other_chain(genesis_hash: bytes) -> OtherChain:
    return OtherChain(
        f"the node's block 0 is not 0x{genesis_hash.hex()}",
        "give a node of the network that the mirror was made from",
    )
