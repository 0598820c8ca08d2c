"""Whether a follower lives and keeps up, over HTTP: /metrics, /health/live, /health/ready, and nothing else.

The server is for a monitoring system near by, not for the world: it listens where it is told, on this machine unless
another address is named, takes requests of a few kilobytes and answers a few at once.
"""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST

from indexer.errors import BadSetting
from indexer.metrics import Metrics
from indexer.observer import Observer, Progress

_MOST_REQUEST_BYTES = 8 * 1024
_TOO_LONG_A_LINE = 65_537
"""More than http.server takes."""
_MOST_AT_ONCE = 16
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """`HOST:PORT`, `[::1]:PORT`, or `PORT` alone for this machine only. Raises BadSetting."""
        remedy = "give HOST:PORT with a port from 1 to 65535, e.g. 127.0.0.1:9464"
        try:
            parts = urlsplit("//" + (f":{text}" if text.isascii() and text.isdigit() else text))
            host, port = parts.hostname or "127.0.0.1", parts.port
        except ValueError:
            raise BadSetting("metrics", text, remedy) from None
        if not port or parts.path or parts.query or parts.fragment or parts.username is not None:
            raise BadSetting("metrics", text, remedy)
        return cls(host, port)


class Health(Observer):
    """How a follower is doing: what it said last, and when. Read from other threads."""

    def __init__(self, most_lag: int, most_silence_s: float) -> None:
        """Ready while at most `most_lag` blocks behind and the node answered within `most_silence_s`."""
        self._most_lag = most_lag
        self._most_silence_s = most_silence_s
        self._state = "starting"
        self._holder: str | None = None
        self._last: tuple[float, Progress] | None = None

    def standing_by(self, holder: str) -> None:
        """Another indexer (`holder`) writes the mirror; this one waits for its turn."""
        self._state, self._holder = "standing by", holder

    def following(self) -> None:
        """It is this one's turn."""
        self._state, self._holder, self._last = "following", None, None

    def stopping(self) -> None:
        """It was asked to stop."""
        self._state = "stopping"

    def advanced(self, progress: Progress) -> None:
        self._last = time.monotonic(), progress

    def ready(self) -> tuple[bool, dict[str, Any]]:
        """Whether readers are well served, and the reason with the figures behind it."""
        state, last = self._state, self._last
        answer: dict[str, Any] = {"ready": False, "state": state, "reason": None}
        if state == "standing by":
            answer["reason"] = f"standing by: {self._holder} keeps the mirror"
        elif state != "following":
            answer["reason"] = state
        elif last is None:
            answer["reason"] = "the node has not answered yet"
        else:
            silent_s, (block, head, final, *_) = time.monotonic() - last[0], last[1]
            lag = max(head - block, 0)
            answer |= {"block": block, "head": head, "final": final, "lag_blocks": lag}
            answer["last_contact_seconds"] = round(silent_s, 3)
            if silent_s > self._most_silence_s:
                answer["reason"] = f"no usable answer of a node for {silent_s:.0f} s"
            elif lag > self._most_lag:
                answer["reason"] = f"{lag} blocks behind, more than {self._most_lag}"
        answer["ready"] = answer["reason"] is None
        return answer["ready"], answer

    def live(self) -> dict[str, Any]:
        """The process answers; that is all this says."""
        return {"live": True, "state": self._state}


@contextmanager
def serving(address: Address, health: Health, metrics: Metrics) -> Iterator[int]:
    """Serves from a thread meanwhile; gives the port. Raises BadSetting when nothing can listen there."""

    class Handler(_Handler):
        pass

    Handler.health, Handler.metrics = health, metrics
    try:
        server = _Server(address, Handler)
    except OSError as error:
        raise BadSetting(
            "metrics", f"{address.host}:{address.port}", f"cannot listen there ({error}); give a free port"
        ) from None
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="health", daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: Address, handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        self._free = threading.BoundedSemaphore(_MOST_AT_ONCE)
        super().__init__((address.host, address.port), handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that went away is nobody's error."""


class _Limited(io.RawIOBase):
    """Takes so many bytes of a request, and then says of the next line that it is too long: http.server answers
    that with 414 or 431."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._left = _MOST_REQUEST_BYTES

    def readline(self, size: int | None = -1) -> bytes:
        line = self._stream.readline(self._left + 1)
        self._left -= len(line)
        return line if self._left >= 0 else b"x" * _TOO_LONG_A_LINE


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.0: one request, one answer, closed."""

    health: Health
    metrics: Metrics
    timeout = _PATIENCE_S
    server_version = "amanat-index"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.rfile = cast(io.BufferedIOBase, _Limited(cast(BinaryIO, self.rfile)))

    def do_GET(self) -> None:
        if self.headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in self.headers:
            self._json(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": "no body is taken here"})
        elif self.path == "/metrics":
            self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, self.metrics.text())
        elif self.path == "/health/live":
            self._json(HTTPStatus.OK, self.health.live())
        elif self.path == "/health/ready":
            ready, answer = self.health.ready()
            self._json(HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE, answer)
        else:
            self._json(HTTPStatus.NOT_FOUND, {"error": "there are /metrics, /health/live and /health/ready"})

    do_HEAD = do_GET

    def _json(self, status: HTTPStatus, answer: dict[str, Any]) -> None:
        self._answer(status, "application/json", json.dumps(answer).encode() + b"\n")

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: scrapes are no news."""
