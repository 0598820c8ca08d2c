"""Keeping a mirror: the writer's lock, the follower under it, and who hears of its work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from contracts.deployment import Deployment
from indexer.databases import shown, sqlite_file
from indexer.errors import IndexerError, MirrorAway, MirrorInUse, NodeBehind, NodeError
from indexer.follow import Follower
from indexer.lock import only_writer
from indexer.logs import logger
from indexer.nodes import Nodes
from indexer.observer import Observer, Progress
from indexer.settings import Settings
from indexer.writer import Position

_PATIENCE_S = 0.5


class Observers(Observer):
    """Tells several."""

    def __init__(self, *observers: Observer) -> None:
        self._all = observers

    def advanced(self, progress: Progress) -> None:
        for one in self._all:
            one.advanced(progress)

    def undone(self, blocks: int, to: int, were_final: int) -> None:
        for one in self._all:
            one.undone(blocks, to, were_final)

    def refused(self, error: IndexerError, url: str) -> None:
        for one in self._all:
            one.refused(error, url)

    def switched(self, url: str) -> None:
        for one in self._all:
            one.switched(url)


class Until(Observer):
    """Ends a follower when the mirror holds block `number`, or the node's head when there is no number."""

    def __init__(self, ended: threading.Event, number: int | None = None) -> None:
        self._ended = ended
        self._number = number
        self.last: Progress | None = None

    def advanced(self, progress: Progress) -> None:
        self.last = progress
        if progress.block >= min(progress.head, progress.head if self._number is None else self._number):
            self._ended.set()


@contextmanager
def database_errors() -> Iterator[None]:
    """Raises MirrorAway for what a database cannot do at all."""
    try:
        yield
    except DBAPIError as error:
        raise MirrorAway(error.orig or error) from error


def started(
    nodes: Nodes,
    engine: Engine,
    deployment: Deployment,
    settings: Settings,
    observer: Observer,
    stop: threading.Event,
) -> Follower | None:
    """The follower once a node answers; None when stopped before. Raises IndexerError."""
    while not stop.is_set():
        try:
            return Follower(nodes, engine, deployment, settings, observer=observer)
        except (NodeError, MirrorAway, MirrorInUse) as error:
            if not error.retry:
                raise
            stop.wait(_PATIENCE_S)
    return None


def keep(
    url: str,
    nodes: Nodes,
    deployment: Deployment,
    settings: Settings,
    observer: Observer,
    stop: threading.Event,
    *,
    on_wait: Callable[[str], None],
    on_turn: Callable[[], None],
) -> Position | None:
    """Follows into the mirror until `stop` is set; the last block then, None when its turn never came.

    While another indexer writes the mirror, `on_wait` is told who, and this one waits; `on_turn` when it begins.
    Raises IndexerError.
    """
    while not stop.is_set():
        try:
            with database_errors(), only_writer(url, stop, on_wait) as engine:
                if engine is not None:
                    on_turn()
                    return _follow(url, nodes, deployment, settings, observer, stop, engine)
        except MirrorAway as error:  # before following, which waits by itself for a database that fails
            observer.refused(error, shown(url))
            stop.wait(_PATIENCE_S)
    return None


def _follow(
    url: str,
    nodes: Nodes,
    deployment: Deployment,
    settings: Settings,
    observer: Observer,
    stop: threading.Event,
    engine: Engine,
) -> Position | None:
    follower = started(nodes, engine, deployment, settings, observer, stop)
    if follower is None:
        return None
    logger().info(
        "following",
        block=follower.position.number,
        endpoint=nodes.name,
        mirror=shown(url),
        finality=str(settings.finality),
        verify=str(settings.verify),
        consensus=str(settings.consensus),
    )
    follower.run(stop)
    return follower.position


def replay(
    engine: Engine,
    nodes: Nodes,
    deployment: Deployment,
    settings: Settings,
    observers: Sequence[Observer],
    stop: threading.Event,
    number: int | None = None,
) -> Position | None:
    """Follows until the mirror holds block `number`, or the node's head; None when stopped before.

    Raises NodeBehind when the node's chain ends below `number`, and what the follower raises.
    """
    ended = threading.Event()
    until = Until(ended, number)

    class Either(threading.Event):
        """Set when either is; the follower only asks and waits."""

        def is_set(self) -> bool:
            return stop.is_set() or ended.is_set()

        def wait(self, timeout: float | None = None) -> bool:
            return ended.is_set() or stop.wait(timeout) or ended.is_set()

    both = Either()
    follower = started(nodes, engine, deployment, settings, Observers(until, *observers), both)
    if follower is None:
        return None
    if number is None or follower.position.number < number:
        follower.run(both)
    if stop.is_set():
        return None
    if number is not None and follower.position.number < number:
        raise NodeBehind(nodes.name, follower.position.number, number)
    return follower.position


def refuse_to_wait(url: str) -> Callable[[str], None]:
    """What to do with `on_wait` where waiting makes no sense: raises MirrorInUse."""

    def refuse(holder: str) -> None:
        raise MirrorInUse(shown(url), holder)

    return refuse


def mirror_bytes(url: str, reading: Engine) -> int | None:
    """How large the mirror is, with its write-ahead log; None when that cannot be asked."""
    file = sqlite_file(url)
    if file is not None:
        parts = (file, file.with_name(file.name + "-wal"))
        return sum(part.stat().st_size for part in parts if part.exists())
    try:
        with reading.connect() as conn:
            return int(conn.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    except DBAPIError:
        return None
