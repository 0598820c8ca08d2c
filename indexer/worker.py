"""A process of its own that prepares ranges, so that checking and decoding take another core than writing.

The follower starts one with `python -m indexer.worker` and speaks with it over its pipes: first what to prepare and
from which node, then ranges; each is answered by its rows or by the error. The pipes are the leash: when the follower
dies, however it dies, the worker reads the end of its input and ends too.
"""

from __future__ import annotations

import contextlib
import logging
import marshal
import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
from typing import IO

from indexer.blocks import Header
from indexer.errors import IndexerError
from indexer.node import Node
from indexer.prepare import Preparation, Prepared

log = logging.getLogger("amanat.index")

_LENGTH = struct.Struct(">Q")
_RANGE = struct.Struct(">QQ")
_READY = b"ready"
_ROWS, _ERROR = b"r", b"e"
_PLAIN = 2
"""marshal's format without back references: rows share nothing that is worth looking for."""


class WorkerGone(Exception):
    """The worker ended; its range is to be prepared in another way."""


class Worker:
    """The follower's end. `prepare` is for one thread at a time."""

    def __init__(self, prepare: Preparation, node: Node) -> None:
        """Starts the process and goes on; `ready` says when it can be asked."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "indexer.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._to, self._from = _pipe(self._process.stdin), _pipe(self._process.stdout)
        self.ready = threading.Event()
        self._closed = False
        self._setup = pickle.dumps((prepare, node))
        threading.Thread(target=self._greet, name="worker", daemon=True).start()

    def _greet(self) -> None:
        try:
            _send(self._to, self._setup)
            if _receive(self._from) == _READY:
                self.ready.set()
        except (OSError, EOFError, ValueError) as error:
            if not self._closed:  # what it fetched for was done sooner
                text = "a range worker did not start (%s); going on without"
                log.warning(text, error, extra={"event": "no_worker"})

    def prepare(self, first: int, last: int) -> Prepared:
        """As Preparation, in the worker. Raises NodeError, WorkerGone."""
        try:
            self._to.write(_RANGE.pack(first, last))
            self._to.flush()
            answer = memoryview(_receive(self._from))
        except (OSError, EOFError, ValueError) as error:
            self.ready.clear()
            raise WorkerGone(str(error)) from None
        if answer[:1] == _ERROR:
            raise pickle.loads(answer[1:])  # noqa: S301 - from a process that we started
        headers, rows, sealed, events = marshal.loads(answer[1:])  # noqa: S302 - the same
        return Prepared([Header(*header) for header in headers], rows, sealed, events)

    def close(self) -> None:
        """Ends the process; whatever it still does is thrown away."""
        self._closed = True
        self.ready.clear()
        self._process.kill()
        self._process.wait()
        for pipe in (self._to, self._from):
            with contextlib.suppress(OSError):
                pipe.close()


def main() -> None:
    """The worker's end: standard input and output belong to the protocol, errors go where the follower's go."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends it to both; the follower decides
    given, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    sys.stdout = sys.stderr
    try:
        prepare, node = pickle.loads(_receive(given))  # noqa: S301 - from the follower that started us
        _send(answers, _READY)
        while True:
            first, last = _RANGE.unpack(_exactly(given, _RANGE.size))
            _send(answers, _answer(prepare, node, first, last))
    except (EOFError, BrokenPipeError):
        os._exit(0)


def _answer(prepare: Preparation, node: Node, first: int, last: int) -> bytes:
    try:
        headers, rows, sealed, events = prepare(node, first, last)
    except IndexerError as error:
        return _ERROR + pickle.dumps(error)
    return _ROWS + marshal.dumps(([tuple(header) for header in headers], rows, sealed, events), _PLAIN)


def _send(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    return _exactly(pipe, length)


def _exactly(pipe: IO[bytes], length: int) -> bytes:
    data = pipe.read(length)
    if len(data) != length:
        raise EOFError("its pipe ended")
    return data


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("a pipe was asked for")
    return pipe


if __name__ == "__main__":
    main()
