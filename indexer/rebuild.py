"""Building a mirror anew: its rows are dropped and the chain is replayed, in place.

Dropping is one transaction, and so is every range that is replayed: killed at any moment, a mirror is the old one
whole, or nothing, or a whole beginning, and `follow` or `rebuild` goes on from there. Readers see the old mirror until
it is dropped; then a mirror that grows, each answer beside the block it was computed at. In place on both databases,
since a new file put over a SQLite mirror would leave its readers with the old one for ever, and the old write-ahead
log beside the new file. Whoever cannot have readers see a mirror that grows follows into a second database, and names
that one to the readers when it has caught up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from contracts.deployment import Deployment
from indexer.databases import shown
from indexer.keep import database_errors, replay
from indexer.lock import only_writer
from indexer.logs import logger
from indexer.mirror import drop, make_tables
from indexer.nodes import Nodes
from indexer.observer import Observer
from indexer.settings import Settings
from indexer.writer import Position


def rebuild(
    url: str,
    nodes: Nodes,
    deployment: Deployment,
    settings: Settings,
    observers: Sequence[Observer],
    stop: threading.Event,
    *,
    on_wait: Callable[[str], None],
    from_genesis: bool = False,
) -> Position | None:
    """Drops the mirror and replays to the node's head: from the ledger's deployment, or from block 0 when told.

    None when stopped before its end. Raises IndexerError; `on_wait` is told when another indexer writes the mirror.
    """
    if from_genesis:
        deployment = replace(deployment, block=0)
    with only_writer(url, stop, on_wait, tables=False) as engine, database_errors():
        if engine is None:
            return None
        with engine.begin() as conn:
            drop(conn)
        make_tables(engine)
        logger().info("mirror_dropped", mirror=shown(url))
        return replay(engine, nodes, deployment, settings, observers, stop)
