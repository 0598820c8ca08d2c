"""Followers that are killed: a process which has imported everything forks one for each order, so that a run takes a
tenth of a second instead of two.

    with Forker() as forker:
        labels = forker.follow(order)                     # runs to the end
        forker.follow(replace(order, kill_at=17))         # killed at the 17th boundary
        forker.follow(replace(order, kill_after_s=0.05))  # killed by the parent at that moment

A boundary is any moment around what the follower does to its database: before BEGIN, before each statement, before
COMMIT, within it, after it. They are found by SQLAlchemy's own events in the forked process; the follower knows nothing
of them.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

ROOT = Path(__file__).resolve().parents[2]
IN_COMMIT = "in COMMIT"
_LONGEST_RUN_S = 60.0


@dataclass(frozen=True, slots=True)
class Order:
    """One follower's run."""

    mirror: str
    nodes: tuple[str, ...]
    deployment: str
    """The file's path."""
    until: str
    """The block hash to stop at, in hex."""
    commit_blocks: int = 5
    """Blocks in one transaction."""
    kill_at: int | None = None
    """The boundary to die at, counted from 0."""
    delay_s: float = 0.0
    """How long after that boundary, if it is one in COMMIT."""
    kill_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended."""

    killed: bool
    code: int
    """Exit code, 0 when it came to its block; or the signal's number."""
    labels: tuple[str, ...]
    """The boundaries it came by, if it was not to be killed."""
    seconds: float


class Forker:
    """The parent of followers. It has one thread, so forking it is safe whatever the test process runs."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-c", "from tests.doubles.forker import serve; serve()"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def follow(self, order: Order) -> Outcome:
        """Runs one follower to its end; raises AssertionError when it neither came to its block nor was killed."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(asdict(order)) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        outcome = Outcome(answer["killed"], answer["code"], tuple(answer["labels"]), answer["seconds"])
        meant = order.kill_at is not None or order.kill_after_s is not None
        assert outcome.code == 0 or (outcome.killed and meant), f"ended with {outcome.code}: {answer['said']}"
        return outcome


def serve() -> None:
    """The forker's own process: an order a line, an outcome a line."""
    _warm_up()
    for line in sys.stdin:
        order = json.loads(line)
        print(json.dumps(_run(Order(**order | {"nodes": tuple(order["nodes"])}))), flush=True)


def _warm_up() -> None:
    """Imports everything and makes a mirror for nothing, so that no child has to begin with that."""
    import_module("tests.doubles.following")  # which brings the follower and all of the doubles
    from indexer.mirror import open_for_writing
    from indexer.schema import LEDGER

    with tempfile.TemporaryDirectory() as folder:
        open_for_writing(f"sqlite:///{folder}/mirror.db").dispose()
    LEDGER.digest()


def _run(order: Order) -> dict[str, Any]:
    reading, writing = os.pipe()
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(order, writing)
    os.close(writing)
    limit = _LONGEST_RUN_S if order.kill_after_s is None else order.kill_after_s
    time_up = start + limit
    status = _waited(child, time_up)
    with os.fdopen(reading) as pipe:
        said = pipe.read().splitlines()
    killed = os.WIFSIGNALED(status)
    return {
        "killed": killed,
        "code": os.WTERMSIG(status) if killed else os.WEXITSTATUS(status),
        "labels": [line[2:] for line in said if line.startswith("- ")],
        "said": "\n".join(line for line in said if not line.startswith("- ")),
        "seconds": time.monotonic() - start,
    }


def _waited(child: int, time_up: float) -> int:
    """The child's status; it is killed when its time is up."""
    handle = os.pidfd_open(child)
    try:
        ended, _, _ = select.select([handle], [], [], max(0.0, time_up - time.monotonic()))
        if not ended:
            os.kill(child, signal.SIGKILL)
        return os.waitpid(child, 0)[1]
    finally:
        os.close(handle)


def _child(order: Order, pipe: int) -> NoReturn:
    import traceback

    try:
        boundaries = _Boundaries(order, pipe)
        boundaries.watch()
        _follow(order)
        code = 0
    except BaseException:
        os.write(pipe, traceback.format_exc().encode())
        code = 3
    os._exit(code)


def _follow(order: Order) -> None:
    """What `amanat index follow` does, in small commits."""
    from contracts.deployment import Deployment
    from indexer import ahead, follow, lock
    from indexer.nodes import Nodes
    from indexer.settings import Settings
    from tests.doubles.following import small_span

    follow._COMMIT_BLOCKS = order.commit_blocks
    ahead._WORTH_PROCESSES_S = 3_600.0  # starting workers takes longer than a run
    lock._RETRY_S = 0.02
    ledger = Deployment.load(Path(order.deployment))
    with lock.only_writer(order.mirror, threading.Event()) as engine, Nodes.of(order.nodes) as nodes:
        assert engine is not None
        span = small_span(order.commit_blocks)
        follower = follow.Follower(nodes, engine, ledger, Settings(poll_s=0.01), span=span)
        while "0x" + follower.position.hash.hex() != order.until:
            follower.poll()


class _Boundaries:
    """Counts the boundaries, and dies at one."""

    def __init__(self, order: Order, pipe: int) -> None:
        self._order = order
        self._pipe = pipe
        self._count = 0

    def watch(self) -> None:
        from sqlalchemy import Engine, event
        from sqlalchemy.engine.default import DefaultDialect

        event.listen(Engine, "begin", lambda conn: self._at("before BEGIN"))
        event.listen(
            Engine,
            "before_cursor_execute",
            lambda conn, cursor, statement, *_: self._at(" ".join(statement.split())[:60]),
        )
        commit: Any = DefaultDialect.do_commit

        def watched(dialect: DefaultDialect, connection: Any) -> None:
            self._at("before COMMIT")
            self._at(IN_COMMIT)
            commit(dialect, connection)
            self._at("after COMMIT")

        DefaultDialect.do_commit = watched  # type: ignore[method-assign]

    def _at(self, label: str) -> None:
        if self._order.kill_at is None and self._order.kill_after_s is None:
            os.write(self._pipe, f"- {label}\n".encode())
        elif self._count == self._order.kill_at:
            if label == IN_COMMIT:
                # The default action of this signal ends the process without a word, whatever it is doing then.
                signal.signal(signal.SIGALRM, signal.SIG_DFL)
                signal.setitimer(signal.ITIMER_REAL, max(self._order.delay_s, 1e-6))
            else:
                os.kill(os.getpid(), signal.SIGKILL)
        self._count += 1


__all__ = ["IN_COMMIT", "Forker", "Order", "Outcome", "replace"]
