"""Ranges of blocks prepared in order, some ahead of the one that is being written."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from queue import SimpleQueue

from indexer.errors import RangeTooLarge
from indexer.fetch import Span
from indexer.node import Node
from indexer.prepare import Preparation, Prepared
from indexer.worker import Worker, WorkerGone

log = logging.getLogger("amanat.index")

_AHEAD = 3
"""Ranges on their way or ready: one more than are worked on, so that nobody waits for the writer."""
_WORTH_PROCESSES_S = 0.25
"""Catching up for longer than this takes cores of its own; what is done sooner is not worth starting processes."""
_WORKERS = 2
"""On two cores too: one checks and decodes while the other waits for the node."""

Ranges = Generator[Prepared, None, None]


def prepared_ranges(prepare: Preparation, node: Node, span: Span, first: int, last: int) -> Ranges:
    """Blocks `first` to `last` in ranges as long as `span` says. Raises NodeError; close it to stop early."""
    if last - first < span.blocks:
        # Following live: no threads between a block and its rows.
        try:
            only = prepare(node, first, last)
        except RangeTooLarge as error:
            _shrink(span, error)
        else:
            span.answered(len(only.headers), only.events)
            yield only
            return
    with _Crew(prepare, node) as crew:
        yield from _ahead(crew, span, first, last)


def _ahead(crew: _Crew, span: Span, first: int, last: int) -> Ranges:
    pending: deque[tuple[int, Future[Prepared]]] = deque()
    try:
        while first <= last or pending:
            while first <= last and len(pending) < _AHEAD:
                high = min(last, first + span.blocks - 1)
                pending.append((first, crew.submit(first, high)))
                first = high + 1
            at, future = pending.popleft()
            try:
                prepared = future.result()
            except RangeTooLarge as error:
                _shrink(span, error)
                _drop(pending)
                first = at
                continue
            span.answered(len(prepared.headers), prepared.events)
            yield prepared
    finally:
        _drop(pending)


class _Crew:
    """Who prepares: threads with connections of their own at first, then processes, once they are up."""

    def __init__(self, prepare: Preparation, node: Node) -> None:
        self._prepare = prepare
        self._node = node
        self._pool = ThreadPoolExecutor(_AHEAD, "prepare")
        self._own = threading.local()
        self._nodes: list[Node] = []
        self._workers: list[Worker] = []
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        self._since = time.monotonic()

    def __enter__(self) -> _Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:  # first, since a thread may wait for one
            worker.close()
        self._pool.shutdown(cancel_futures=True)
        for node in self._nodes:
            node.close()

    def submit(self, first: int, last: int) -> Future[Prepared]:
        """Prepares the range in the background."""
        if not self._workers and time.monotonic() - self._since > _WORTH_PROCESSES_S:
            self._workers = [Worker(self._prepare, self._node) for _ in range(_WORKERS)]
            for worker in self._workers:
                self._idle.put(worker)
        return self._pool.submit(self._work, first, last)

    def _work(self, first: int, last: int) -> Prepared:
        # Once a worker is up, the thread waits for it rather than work here: it would take the interpreter from the
        # thread that writes, for milliseconds at a time.
        if not any(worker.ready.is_set() for worker in self._workers):
            return self._here(first, last)
        worker = self._idle.get()
        try:
            if worker.ready.is_set():
                return worker.prepare(first, last)
        except WorkerGone as error:
            log.warning("a range worker ended (%s); going on without", error, extra={"event": "no_worker"})
        finally:
            self._idle.put(worker)
        return self._here(first, last)

    def _here(self, first: int, last: int) -> Prepared:
        if not hasattr(self._own, "node"):
            self._own.node = self._node.another()
            self._nodes.append(self._own.node)
        node: Node = self._own.node
        return self._prepare(node, first, last)


def _drop(pending: deque[tuple[int, Future[Prepared]]]) -> None:
    for _, future in pending:
        future.cancel()
    wait_for([future for _, future in pending])
    pending.clear()


def _shrink(span: Span, error: RangeTooLarge) -> None:
    span.refused()
    log.info("%s; asking for %d blocks at once", error, span.blocks, extra={"event": "range_too_large"})
