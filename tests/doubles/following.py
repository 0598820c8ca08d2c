"""Following in tests: with what was heard kept, and until the mirror stands where it should."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Engine

from contracts.deployment import Deployment
from indexer.errors import BadAnswer, IndexerError, NodeError, NodeRefused
from indexer.fetch import Span
from indexer.follow import Follower
from indexer.node import Node
from indexer.nodes import Nodes
from indexer.observer import Observer, Progress
from indexer.settings import Consensus, Finality, Settings, Verify
from tests.doubles.branches import Block
from tests.doubles.hashes import raw

_TRIES = 12


class Undone(NamedTuple):
    """What `Observer.undone` was told."""

    blocks: int
    to: int
    were_final: int


class Heard(Observer):
    """Keeps everything that a follower tells."""

    def __init__(self) -> None:
        self.progress: list[Progress] = []
        self.undos: list[Undone] = []
        self.refusals: list[tuple[str, str]] = []
        """(message, node)."""
        self.switches: list[str] = []

    def advanced(self, progress: Progress) -> None:
        self.progress.append(progress)

    def undone(self, blocks: int, to: int, were_final: int) -> None:
        self.undos.append(Undone(blocks, to, were_final))

    def refused(self, error: IndexerError, url: str) -> None:
        self.refusals.append((str(error), url))

    def switched(self, url: str) -> None:
        self.switches.append(url)


def small_span(blocks: int = 8) -> Span:
    """Never more than so many blocks at once."""
    span = Span(most_blocks=blocks)
    span.blocks = blocks
    return span


@contextmanager
def following(
    engine: Engine,
    deployment: Deployment,
    *urls: str,
    finality: str = "instant",
    verify: str = "full",
    consensus: Consensus = Consensus.NONE,
    most_undone: int = 256,
    span: Span | None = None,
    heard: Heard | None = None,
    timeout_s: float = 20,
) -> Iterator[Follower]:
    """A follower of the nodes at these addresses, with the settings as they are written on a command line."""
    settings = Settings(Finality.parse(finality), Verify.parse(verify), consensus, most_undone, poll_s=0.01)
    with Nodes([Node(url, timeout_s) for url in urls]) as nodes:
        yield Follower(nodes, engine, deployment, settings, observer=heard, span=span)


def settle(follower: Follower, tip: Block) -> int:
    """Polls until the mirror stands at `tip`, which the node serves; the number of polls.

    A chain may move between two answers, which cannot be told from a contradiction: that is borne a few times. Raises
    whatever else stops the follower.
    """
    for polls in range(1, _TRIES):
        try:
            follower.poll()
        except NodeError as error:
            if not isinstance(error, BadAnswer | NodeRefused) or not error.retry:
                raise
            continue
        if follower.position.hash == raw(tip.hash):
            return polls
    raise AssertionError(f"at block {follower.position.number} after {_TRIES} polls, not at {tip.number}")


def wait_until(true: Callable[[], bool], seconds: float = 30) -> None:
    """Waits until something is so; fails after so many seconds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.01)
