"""Figures of a follower for Prometheus, named by its conventions: base units, `_total` for what only grows."""

from __future__ import annotations

import time
from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from indexer.errors import IndexerError
from indexer.logs import endpoint
from indexer.observer import Observer, Progress

_SIZE_EVERY_S = 30.0


class Metrics(Observer):
    """Counts what a follower tells. A registry of its own, so that two in one process do not meet."""

    def __init__(self, mirror_bytes: Callable[[], int | None] = lambda: None) -> None:
        """`mirror_bytes`: how large the mirror is; None while that is not known. Asked at most every 30 s."""
        self.registry = registry = CollectorRegistry()
        self._mirror_bytes = mirror_bytes
        self._bytes, self._bytes_at = 0, -_SIZE_EVERY_S
        self._before: Progress | None = None

        def gauge(name: str, what: str) -> Gauge:
            return Gauge(f"amanat_index_{name}", what, registry=registry)

        def counter(name: str, what: str, *labels: str) -> Counter:
            return Counter(f"amanat_index_{name}", what, labels, registry=registry)

        self.head = gauge("head_block", "The node's latest block.")
        self.indexed = gauge("indexed_block", "The last block in the mirror.")
        self.final = gauge("final_block", "The highest block shown as final.")
        self.lag = gauge("lag_blocks", "Blocks that the mirror is behind the node.")
        self.lag_seconds = gauge(
            "lag_seconds", "Age of the last block in the mirror while it is behind; 0 at the node's head."
        )
        self.block_time = gauge(
            "indexed_block_timestamp_seconds", "When the last block in the mirror was made."
        )
        self.contact = gauge("last_contact_timestamp_seconds", "When the node last gave a usable answer.")
        self.size = gauge("mirror_size_bytes", "Size of the mirror's database.")
        self.blocks = counter("blocks_total", "Blocks written to the mirror.")
        self.events = counter("events_total", "Events written to the mirror.")
        self.reorganisations = counter("reorganisations_total", "Times that the chain took blocks back.")
        self.undone_blocks = counter("undone_blocks_total", "Blocks taken back by re-organisations.")
        self.undone_final = counter(
            "undone_final_blocks_total", "Blocks taken back that had been shown as final. Must stay 0."
        )
        self.refusals = counter(
            "refusals_total", "Answers of a node that were not taken, by kind.", "error", "endpoint"
        )
        self.switches = counter("endpoint_switches_total", "Times that another node was asked instead.")
        self.size.set_function(self._size)
        self.lag_seconds.set_function(self._lag_seconds)

    def advanced(self, progress: Progress) -> None:
        self.head.set(progress.head)
        self.indexed.set(progress.block)
        self.final.set(progress.final)
        self.lag.set(max(progress.head - progress.block, 0))
        self.block_time.set(progress.timestamp_unix_s)
        self.contact.set(time.time())
        before = self._before
        if before is not None:
            self.blocks.inc(max(progress.block - before.block, 0))
        self.events.inc(max(progress.events - (before.events if before else 0), 0))
        self._before = progress

    def undone(self, blocks: int, to: int, were_final: int) -> None:
        self.reorganisations.inc()
        self.undone_blocks.inc(blocks)
        self.undone_final.inc(were_final)
        self.indexed.set(to)
        if self._before is not None:
            self._before = self._before._replace(block=to)

    def refused(self, error: IndexerError, url: str) -> None:
        self.refusals.labels(type(error).__name__, endpoint(url)).inc()

    def switched(self, url: str) -> None:
        self.switches.inc()

    def text(self) -> bytes:
        """All figures, in Prometheus' text format."""
        return generate_latest(self.registry)

    def _lag_seconds(self) -> float:
        last = self._before
        if last is None or last.head <= last.block:
            return 0.0
        return max(time.time() - last.timestamp_unix_s, 0.0)

    def _size(self) -> float:
        now = time.monotonic()
        if now - self._bytes_at >= _SIZE_EVERY_S:
            self._bytes, self._bytes_at = self._mirror_bytes() or self._bytes, now
        return self._bytes
