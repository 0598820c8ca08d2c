"""Following the chain: fetch a range, check it, decode it, and commit its rows and the cursor in one
transaction."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Engine, select

from contracts.deployment import Deployment
from indexer.blocks import check_links, header
from indexer.decode import Decoders
from indexer.errors import BadAnswer, NodeError, OtherChain, RangeTooLarge, Reorganised, ReorgTooDeep
from indexer.fetch import Fetched, Span, fetch, head
from indexer.node import Call, Node
from indexer.schema import CONTRACTS, block
from indexer.writer import Position, append, begin, undo

log = logging.getLogger("amanat.index")

MOST_UNDONE = 256
"""Blocks that a re-organisation may take back before somebody has to look."""
_ANCESTORS_AT_ONCE = 32
_CONTRADICTIONS_BORNE = 5
_LONGEST_WAIT_S = 5.0


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Collects garbage rarely meanwhile: logs make no cycles, and looking for some takes a fifth of the
    time."""
    before = gc.get_threshold()
    gc.set_threshold(200_000, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Progress(NamedTuple):
    """How far the follower is. `events` counts since it started."""

    block: int
    head: int
    events: int


class Follower:
    """Keeps one mirror equal to one node's chain. Not for two threads; hold `indexer.lock` around it."""

    def __init__(
        self,
        node: Node,
        engine: Engine,
        deployment: Deployment,
        *,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        span: Span | None = None,
    ) -> None:
        """Checks that node, deployment and mirror are of one ledger; raises OtherChain, MirrorOutdated,
        NodeError."""
        self._node = node
        self._engine = engine
        self._deployment = deployment
        self._on_progress = on_progress
        self._span = span or Span()
        self._decoders = Decoders(deployment.addresses())
        self._addresses = [deployment.addresses()[name] for name in CONTRACTS]
        self._events = 0
        self._anchor = max(deployment.block - 1, 0)
        self._check_identity()
        anchor = header(node.call("eth_getBlockByNumber", hex(self._anchor), False))
        with engine.begin() as conn:
            self.position = begin(conn, deployment, anchor)

    def run(self, stop: threading.Event, poll_s: float = 0.2) -> None:
        """Follows until `stop` is set; waits and tries again after whatever may pass. Raises IndexerError
        otherwise."""
        failures = contradictions = 0
        while not stop.is_set():
            try:
                self.poll(stop)
                failures = contradictions = 0
            except NodeError as error:
                contradictions += isinstance(error, BadAnswer)
                if not error.retry or contradictions >= _CONTRADICTIONS_BORNE:
                    raise
                failures += 1
                if failures == 1 or contradictions:
                    log.warning("%s; trying again", error)
            stop.wait(min(poll_s * 2 ** min(failures, 10), max(poll_s, _LONGEST_WAIT_S)))

    def poll(self, stop: threading.Event | None = None) -> Position:
        """Brings the mirror to the node's head. When the chain no longer holds the last block indexed, undoes
        what it took back and leaves the rest to the next call. Raises NodeError, OtherChain, ReorgTooDeep."""
        latest = head(self._node)
        if latest.number < self.position.number or (
            latest.number == self.position.number and latest.hash != self.position.hash
        ):
            self._undo(latest.number)
        if latest.number > self.position.number:
            try:
                self._catch_up(latest.number, stop or threading.Event())
            except Reorganised as change:
                log.info("%s", change)
                self._undo(latest.number)
        return self.position

    def _catch_up(self, last: int, stop: threading.Event) -> None:
        """Up to block `last`. The next range is on its way while this one is decoded and written."""
        pending: Future[Fetched] | None = None
        with _rare_collections(), ThreadPoolExecutor(1, "fetch") as pool:
            try:
                while self.position.number < last and not stop.is_set():
                    pending = pending or self._ask(pool, self.position.number + 1, last)
                    try:
                        fetched = pending.result()
                    except RangeTooLarge as error:
                        self._span.refused()
                        log.info("%s; asking for %d blocks at once", error, self._span.blocks)
                        pending = None
                        continue
                    self._span.answered(len(fetched.headers), len(fetched.logs))
                    after = fetched.headers[-1].number + 1
                    pending = self._ask(pool, after, last) if after <= last else None
                    self._take(fetched)
                    self._on_progress(Progress(self.position.number, last, self._events))
            finally:
                if pending is not None:
                    pending.cancel()
                    wait_for([pending])

    def _ask(self, pool: ThreadPoolExecutor, first: int, last: int) -> Future[Fetched]:
        last = min(last, first + self._span.blocks - 1)
        return pool.submit(fetch, self._node, first, last, self._addresses)

    def _take(self, fetched: Fetched) -> None:
        """Checks, decodes and commits one range."""
        check_links(fetched.headers, self.position.number, self.position.hash)
        known = len(self._decoders.unknown)
        rows = self._decoders.rows(fetched.logs, fetched.headers)
        for address, topic in list(self._decoders.unknown)[known:]:
            log.warning(
                "%s emits an event with topic %s, unknown to the bindings: passed over", address, topic
            )
        with self._engine.begin() as conn:
            position = append(conn, fetched.headers, rows)
        self.position = position
        self._events += sum(map(len, rows.values()))

    def _undo(self, latest: int) -> None:
        """Undoes every block that the node does not have, back to the common ancestor; raises
        ReorgTooDeep."""
        self._check_identity()
        ancestor = self._common_ancestor(min(latest, self.position.number))
        if ancestor == self.position:
            raise BadAnswer(
                f"the block after {ancestor.number} does not follow on it, and the node holds both"
            )
        with self._engine.begin() as conn:
            count = undo(conn, ancestor)
        log.warning("the chain was re-organised: undid %d blocks above %d", count, ancestor.number)
        self.position = ancestor

    def _common_ancestor(self, number: int) -> Position:
        deepest = max(self._anchor, self.position.number - MOST_UNDONE)
        while number >= deepest:
            first = max(deepest, number - _ANCESTORS_AT_ONCE + 1)
            calls = [Call("eth_getBlockByNumber", (hex(n), False)) for n in range(first, number + 1)]
            theirs = {h.number: h.hash for h in map(header, self._node.batch(calls))}
            with self._engine.connect() as conn:
                stored = select(block.c.number, block.c.hash).where(block.c.number.between(first, number))
                for mine in conn.execute(stored.order_by(block.c.number.desc())):
                    if theirs.get(mine.number) == mine.hash:
                        return Position(mine.number, mine.hash)
            number = first - 1
        raise ReorgTooDeep(deepest, MOST_UNDONE)

    def _check_identity(self) -> None:
        """The node's chain is the deployment's: by its genesis hash, since private chains share chain ids."""
        chain_id, genesis = self._node.batch(
            [Call("eth_chainId"), Call("eth_getBlockByNumber", ("0x0", False))]
        )
        try:
            theirs = int(chain_id, 16), header(genesis).hash
        except (TypeError, ValueError):
            raise BadAnswer(f"no chain id ({chain_id!r})") from None
        ours = self._deployment.chain_id, self._deployment.genesis_hash
        if theirs != ours:
            raise OtherChain(
                f"the node at {self._node.url} is of chain {theirs[0]} with genesis 0x{theirs[1].hex()}, not "
                f"of chain {ours[0]} with genesis 0x{ours[1].hex()}",
                "name a node of the ledger's own chain, or the deployment file of the node's",
            )
