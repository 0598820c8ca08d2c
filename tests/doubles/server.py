"""A JSON-RPC server on a free loopback port, for doubles that are nodes: real HTTP, real batches, and every way in
which an answer can arrive broken."""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import orjson

_LONGEST_STALL_S = 60.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What is sent back for one HTTP request."""

    body: bytes
    status: int = 200
    kind: str = "application/json"
    length: int | None = None
    """What Content-Length says, if not the truth; the connection is closed after the body."""
    stalled: bool = False
    """Nothing is sent until the server stops."""


class Refusal(Exception):
    """A JSON-RPC error for one call."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, port: int, owner: RpcServer) -> None:
        self.owner = owner
        self.open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is what these servers are for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        reply = self.server.owner.reply(body)
        if reply.stalled:
            self.server.owner.stopping.wait(_LONGEST_STALL_S)
            self.close_connection = True
            return
        length = len(reply.body) if reply.length is None else reply.length
        head = f"HTTP/1.1 {reply.status} .\r\nContent-Type: {reply.kind}\r\nContent-Length: {length}\r\n\r\n"
        self.wfile.write(head.encode() + reply.body)
        self.close_connection |= length != len(reply.body)

    def log_message(self, *_: object) -> None:
        pass


class RpcServer:
    """Answers JSON-RPC over HTTP while entered. Subclasses give `result`, or `reply` to send something else."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.requests = 0
        """HTTP requests that came so far."""
        self._port = 0
        self._listener: _Listener | None = None

    @property
    def url(self) -> str:
        """The address; the same one after a stop and a start."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listens, on the port it had before if it had one."""
        self.stopping.clear()
        self._listener = _Listener(self._port, self)
        self._port = self._listener.server_address[1]
        threading.Thread(target=self._listener.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Stops listening and breaks every open connection, as a node that dies does."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        self.stopping.set()
        listener.shutdown()
        listener.server_close()
        for connection in list(listener.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # it went meanwhile
                continue

    def result(self, method: str, params: list[Any]) -> Any:
        """One call's result, JSON or orjson.Fragment; raises Refusal."""
        raise Refusal(-32601, f"the method {method} does not exist")

    def reply(self, body: bytes) -> Reply:
        """The answer to one HTTP request: a call or a batch of them."""
        self.requests += 1
        asked = orjson.loads(body)
        answers = [self._answer(call) for call in (asked if isinstance(asked, list) else [asked])]
        return Reply(orjson.dumps(answers if isinstance(asked, list) else answers[0]))

    def _answer(self, call: dict[str, Any]) -> dict[str, Any]:
        answer = {"jsonrpc": "2.0", "id": call["id"]}
        try:
            return answer | {"result": self.result(call["method"], list(call.get("params") or []))}
        except Refusal as refusal:
            return answer | {"error": {"code": refusal.code, "message": str(refusal)}}
