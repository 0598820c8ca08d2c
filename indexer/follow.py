"""Following the chain: ranges are fetched, checked and decoded ahead (`indexer.prepare`), and committed here, rows,
derived totals and cursor in one transaction."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from contracts.deployment import Deployment
from indexer.ahead import prepared_ranges
from indexer.blocks import Header, check_links, header
from indexer.decode import Decoders, Rows
from indexer.errors import (
    BadAnswer,
    IndexerError,
    MirrorAway,
    MirrorInUse,
    NodeError,
    OtherChain,
    Reorganised,
    ReorgTooDeep,
    StaleHead,
)
from indexer.fetch import Json, Span, fetch_headers
from indexer.node import Call, Node
from indexer.nodes import Nodes
from indexer.observer import Observer, Progress
from indexer.prepare import Preparation, Prepared
from indexer.schema import LEDGER, Schema
from indexer.settings import Consensus, FinalityKind, Settings, VerifyKind
from indexer.verify.block import check_header
from indexer.verify.seals import Seals, seals_after
from indexer.writer import Position, append, begin, mark_final, undo

_ANCESTORS_AT_ONCE = 32
_HEADERS_AT_ONCE = 256
_CONTRADICTIONS_BORNE = 5
"""Times that each node may contradict itself in a row: a chain may move between two calls, a liar repeats itself."""
_LONGEST_WAIT_S = 5.0
_COMMIT_EVENTS = 16_000
"""While catching up: larger commits touch each index page less often, and this many rows still fit in a few MB."""
_COMMIT_BLOCKS = 2_000


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


@contextmanager
def _mirror_errors() -> Iterator[None]:
    """Raises BadAnswer for rows that contradict those there are, MirrorAway when the database fails."""
    try:
        yield
    except IntegrityError as error:
        raise BadAnswer(f"a record that the mirror holds already ({error.orig})") from error
    except DBAPIError as error:
        raise MirrorAway(error.orig or error) from error


class Follower:
    """Keeps one mirror equal to one chain. Not for two threads; hold `indexer.lock` around it."""

    def __init__(
        self,
        nodes: Nodes | Node,
        engine: Engine,
        deployment: Deployment,
        settings: Settings | None = None,
        *,
        observer: Observer | None = None,
        span: Span | None = None,
        schema: Schema = LEDGER,
    ) -> None:
        """Checks that node, deployment and mirror are of one ledger; raises OtherChain, MirrorOutdated,
        NodeError."""
        self.settings = settings or Settings()
        self._nodes = nodes if isinstance(nodes, Nodes) else Nodes([nodes])
        self._engine = engine
        self._deployment = deployment
        self._observer = observer or Observer()
        self._span = span or Span()
        self._schema = schema
        addresses = [deployment.addresses()[name] for name in schema.contracts]
        decoders = Decoders(deployment.addresses(), schema.events)
        self._prepare = Preparation(self.settings, decoders, addresses)
        self._events = 0
        self._known = False
        """Whether the current node was seen to be of our chain."""
        self._anchor = max(deployment.block - 1, 0)
        self._start()

    # --- where to begin

    def _start(self) -> None:
        for left in reversed(range(len(self._nodes.all))):
            try:
                self._check_identity()
                self._anchor_header = self._fetch_anchor()
                self._resume()
                return
            except (NodeError, OtherChain) as error:
                self._observer.refused(error, self._nodes.name)
                if not left:
                    raise
                self._leave(error)

    def _resume(self) -> None:
        """Takes the position from the mirror: at the start, and after whatever left it uncertain."""
        with _mirror_errors(), self._engine.begin() as conn:
            finality = str(self.settings.finality)
            self.position = begin(conn, self._deployment, self._anchor_header, finality, self._schema)
            self._final: int = conn.execute(select(self._schema.cursor.c.final_number)).scalar_one()
            block = self._schema.block
            time = select(block.c.timestamp_unix_s).where(block.c.number == self.position.number)
            self._time_unix_s: int = conn.execute(time).scalar_one()
        self._seals = self._seals_at(self.position)
        self._uncertain = False

    def _fetch_anchor(self) -> Header:
        (answer,) = fetch_headers(self._nodes.current, [self._anchor])
        if self.settings.verify.kind is VerifyKind.OFF:
            return header(answer)
        found = check_header(answer, self.settings.consensus)
        if found.number != self._anchor:
            raise BadAnswer(f"block {found.number} where block {self._anchor} was asked for")
        if self.settings.consensus is not Consensus.NONE:
            self._check_seals_up_to(found)
        return found

    def _check_seals_up_to(self, anchor: Header) -> None:
        """From the genesis block, whose hash the deployment file holds, to the anchor: the node's word alone is
        not enough for where a mirror begins."""
        number, hash = 0, self._deployment.genesis_hash
        seals = self._seals_at(Position(number, hash))
        while number < anchor.number:
            numbers = range(number + 1, min(anchor.number, number + _HEADERS_AT_ONCE) + 1)
            for answer in fetch_headers(self._nodes.current, numbers):
                one = check_header(answer, self.settings.consensus)
                check_links([one], number, hash)
                seals.check(answer)
                number, hash = one.number, one.hash
        if hash != anchor.hash:
            raise BadAnswer(f"block {anchor.number}: asked for twice, the node gave two different blocks")

    def _seals_at(self, position: Position) -> Seals:
        def header_of(numbers: Sequence[int]) -> list[Json]:
            return fetch_headers(self._nodes.current, numbers)

        return seals_after(
            self.settings.consensus,
            position.number,
            position.hash,
            header_of,
            self._deployment.genesis_hash,
            self.settings.epoch,
        )

    # --- the loop

    def run(self, stop: threading.Event) -> None:
        """Follows until `stop` is set; waits and tries again after whatever may pass. Raises IndexerError
        otherwise."""
        failures = contradictions = 0
        while not stop.is_set():
            wait_s = self.settings.poll_s
            try:
                self.poll(stop)
                failures = contradictions = 0
            except (NodeError, OtherChain) as error:
                self._observer.refused(error, self._nodes.name)
                contradictions += isinstance(error, BadAnswer | OtherChain) or not error.retry
                if contradictions >= self._borne(error):
                    raise
                failures += 1
                wait_s = 0.0 if self._leave(error) else self._backoff(failures)
            except (MirrorAway, MirrorInUse) as error:
                self._observer.refused(error, "mirror")
                failures += 1
                wait_s = self._backoff(failures)
            stop.wait(wait_s)

    def _borne(self, error: NodeError | OtherChain) -> int:
        """Contradictions in a row that make somebody look."""
        each = _CONTRADICTIONS_BORNE if isinstance(error, BadAnswer) else 1
        return each * len(self._nodes.all)

    def _backoff(self, failures: int) -> float:
        poll_s = self.settings.poll_s
        return min(poll_s * float(1 << min(failures, 10)), max(poll_s, _LONGEST_WAIT_S))

    def _leave(self, error: IndexerError) -> bool:
        before = self._nodes.current
        moved = self._nodes.leave(error)
        if self._nodes.current is not before:
            self._known = False
            self._observer.switched(self._nodes.name)
        return moved

    def poll(self, stop: threading.Event | None = None) -> Position:
        """Brings the mirror to the node's head, on whichever branch that is. Raises NodeError, OtherChain,
        ReorgTooDeep, MirrorAway, MirrorInUse; nothing half-done stays behind."""
        if self._uncertain:
            self._resume()
        # Until the end is reached the position may be behind the mirror: a commit may be cut off after it was made.
        self._uncertain = True
        try:
            with _mirror_errors():
                self._poll(stop or threading.Event())
        except NodeError:
            self._uncertain = False  # nothing was being written
            raise
        self._uncertain = False
        return self.position

    def _poll(self, stop: threading.Event) -> None:
        if not self._known:
            self._check_identity()
        latest, bound = self._head()
        if self._diverged(latest):
            self._switch(latest, bound)
        elif latest.number > self.position.number:
            try:
                self._catch_up(latest, bound, stop)
            except Reorganised:
                self._switch(latest, bound)
        if min(bound, self.position.number) > self._final:
            with self._engine.begin() as conn:
                mark_final(conn, bound, self._schema)
            self._final = min(bound, self.position.number)
        self._tell(latest)

    def _tell(self, latest: Header) -> None:
        self._observer.advanced(
            Progress(self.position.number, latest.number, self._final, self._events, self._time_unix_s)
        )

    def _head(self) -> tuple[Header, int]:
        """The node's latest block, and the highest that is final by the settings."""
        kind = self.settings.finality.kind
        calls = [Call("eth_getBlockByNumber", ("latest", False))]
        if kind is FinalityKind.FINALIZED:
            calls.append(Call("eth_getBlockByNumber", ("finalized", False)))
        answers = self._nodes.batch(calls)
        latest = self._header(answers[0])
        if kind is FinalityKind.INSTANT:
            return latest, latest.number
        if kind is FinalityKind.DEPTH:
            return latest, max(latest.number - self.settings.finality.depth, 0)
        return latest, header(answers[1]).number

    def _header(self, answer: Any) -> Header:
        if self.settings.verify.kind is VerifyKind.OFF or not isinstance(answer, dict):
            return header(answer)
        return check_header(answer, self.settings.consensus)

    # --- forward

    def _catch_up(self, latest: Header, bound: int, stop: threading.Event) -> None:
        """Up to the head. The next ranges are on their way while one is written."""
        parts: list[Prepared] = []
        ranges = prepared_ranges(
            self._prepare, self._nodes.current, self._span, self.position.number + 1, latest.number
        )
        with _rare_collections(), closing(ranges):
            for part in ranges:
                if part.headers[-1].number == latest.number and part.headers[-1].hash != latest.hash:
                    raise BadAnswer(
                        f"block {latest.number}: shown as the head with another hash than by its number"
                    )
                parts.append(part)
                if self._enough(parts) or part.headers[-1].number == latest.number or stop.is_set():
                    self._take(parts, bound)
                    parts = []
                    self._tell(latest)
                if stop.is_set():
                    break

    @staticmethod
    def _enough(parts: Sequence[Prepared]) -> bool:
        blocks = sum(len(part.headers) for part in parts)
        return blocks >= _COMMIT_BLOCKS or sum(part.events for part in parts) >= _COMMIT_EVENTS

    def _take(self, parts: Sequence[Prepared], bound: int, ancestor: Position | None = None) -> None:
        """Commits ranges that follow on the position; with an `ancestor`, on that instead, undoing in the same
        transaction what stands above it: a branch is left only for blocks that were checked."""
        base = ancestor or self.position
        headers = [one for part in parts for one in part.headers]
        check_links(headers, base.number, base.hash)
        seals = self._seals_at(base) if ancestor else self._seals.copy()
        for part in parts:
            for answer in part.sealed:
                seals.check(answer)
        with self._engine.begin() as conn:
            if ancestor is not None:
                undo(conn, ancestor, self._schema)
            position = append(conn, headers, _merged(parts), bound, self._schema)
        final = min(self._final, base.number)
        self.position, self._seals, self._time_unix_s = position, seals, headers[-1].timestamp_unix_s
        self._final = max(final, min(bound, position.number))
        self._events += sum(part.events for part in parts)

    # --- another branch

    def _diverged(self, latest: Header) -> bool:
        """Whether the node is on another branch than the mirror; raises StaleHead when it is only behind."""
        if latest.number > self.position.number:
            return False  # the links will tell
        if latest.number < self._anchor:
            raise StaleHead(self._nodes.name, latest.number, self.position.number)
        with self._engine.connect() as conn:
            block = self._schema.block
            ours = conn.execute(select(block.c.hash).where(block.c.number == latest.number)).scalar_one()
        if ours != latest.hash:
            return True
        if latest.number < self.position.number:
            raise StaleHead(self._nodes.name, latest.number, self.position.number)
        return False

    def _switch(self, latest: Header, bound: int) -> None:
        """Leaves what the node does not have for the first blocks of what it has, in one transaction; raises
        ReorgTooDeep."""
        self._check_identity()
        before = self.position
        ancestor = self._common_ancestor(min(latest.number, before.number))
        if ancestor.number == before.number:
            raise BadAnswer(f"the block after {before.number} does not follow on it, and the node holds both")
        if ancestor.number == latest.number:
            raise StaleHead(self._nodes.name, latest.number, before.number)
        final = self._final
        ranges = prepared_ranges(
            self._prepare, self._nodes.current, self._span, ancestor.number + 1, latest.number
        )
        with closing(ranges):
            first = next(ranges)
        try:
            self._take([first], bound, ancestor)
        except Reorganised as error:
            raise BadAnswer(f"the chain moved while it was read ({error})") from None
        self._observer.undone(
            before.number - ancestor.number, ancestor.number, max(0, final - ancestor.number)
        )

    def _common_ancestor(self, number: int) -> Position:
        deepest = max(self._anchor, self.position.number - self.settings.most_undone)
        block = self._schema.block
        while number >= deepest:
            first = max(deepest, number - _ANCESTORS_AT_ONCE + 1)
            answers = fetch_headers(self._nodes.current, range(first, number + 1))
            theirs = {h.number: h.hash for h in map(header, answers)}
            with self._engine.connect() as conn:
                stored = select(block.c.number, block.c.hash).where(block.c.number.between(first, number))
                for mine in conn.execute(stored.order_by(block.c.number.desc())):
                    if theirs.get(mine.number) == mine.hash:
                        return Position(mine.number, mine.hash)
            number = first - 1
        raise ReorgTooDeep(deepest, self.settings.most_undone)

    def _check_identity(self) -> None:
        """The node's chain is the deployment's: by its genesis hash, since private chains share chain ids."""
        chain_id, genesis = self._nodes.batch(
            [Call("eth_chainId"), Call("eth_getBlockByNumber", ("0x0", False))]
        )
        try:
            theirs = int(chain_id, 16), header(genesis).hash
        except (TypeError, ValueError):
            raise BadAnswer(f"no chain id ({chain_id!r})") from None
        ours = self._deployment.chain_id, self._deployment.genesis_hash
        if theirs != ours:
            raise OtherChain(
                f"the node at {self._nodes.name} is of chain {theirs[0]} with genesis 0x{theirs[1].hex()}, not "
                f"of chain {ours[0]} with genesis 0x{ours[1].hex()}",
                "name a node of the ledger's own chain, or the deployment file of the node's",
            )
        self._known = True


def _merged(parts: Sequence[Prepared]) -> Rows:
    if len(parts) == 1:
        return parts[0].rows
    rows: Rows = {}
    for part in parts:
        for name, more in part.rows.items():
            rows.setdefault(name, []).extend(more)
    return rows
