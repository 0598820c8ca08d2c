"""What stands around the routes: faults are answered, bodies are limited, callers are slowed; on a live server."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import Body, FastAPI
from starlette.responses import StreamingResponse
from starlette.types import Message, Scope

from ledger_api import body_limit, rate_limit
from ledger_api.app import HANDLERS
from ledger_api.body_limit import MAX_BODY_BYTES, BodyLimit
from ledger_api.faults import Faults
from ledger_api.rate_limit import RateLimit, TokenBuckets, caller_of
from tests.integration.small_office import served

SECRET_PATH = "7F3X-BGA9-5430-SVCJ"


def small_app() -> FastAPI:
    """The office's middleware and handlers around a few routes."""
    app = FastAPI()
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(BodyLimit)
    app.add_middleware(Faults)

    @app.post("/v1/broken/{code}")
    def broken(code: str, body: Any = Body()) -> None:
        raise RuntimeError("the inner reason")

    @app.get("/v1/half")
    def half() -> StreamingResponse:
        def parts() -> Iterator[bytes]:
            yield b"one"
            raise RuntimeError("after the first part")

        return StreamingResponse(parts())

    @app.post("/v1/size")
    def size(data: bytes = Body(media_type="application/xml")) -> int:
        return len(data)

    return app


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(small_app()) as url:
        yield url


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30) as client:
        yield client


# --- Faults


def test_a_fault_is_answered_and_the_connection_stays_open(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "amanat.api")
    streams = set()
    for _ in range(200):  # a closed connection shows as a reset at the next request on it, not at once
        answer = client.post(f"/v1/broken/{SECRET_PATH}", json={"a": 1})
        assert answer.status_code == 500
        assert answer.headers["content-type"] == "application/problem+json"
        streams.add(answer.extensions["network_stream"].get_extra_info("client_addr"))
    problem = answer.json()
    assert (problem["type"], problem["retry"]) == ("/problems/internal-error", True)
    assert "inner" not in answer.text, "the caller learns no inner detail"
    assert len(streams) == 1, "one connection carried all requests"
    assert "the inner reason" in caplog.text, "the log has it all"
    assert "POST /v1/broken/{code} failed" in caplog.text and SECRET_PATH not in caplog.messages[0]


def test_a_fault_in_the_middle_of_an_answer_breaks_the_answer_and_not_the_server(
    client: httpx.Client,
) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/v1/half")
    assert client.post("/v1/size", content=b"abc", headers={"Content-Type": "application/xml"}).json() == 3


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v1/none", 404), ("GET", "/v1/size", 405)])
def test_what_no_route_takes_is_a_problem(client: httpx.Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert ("allow" in answer.headers) == (status == 405)


# --- Bodies

XML = {"Content-Type": "application/xml"}
PIECE = 65_536


def pieces(size: int) -> list[bytes]:
    return [b"x" * PIECE] * (size // PIECE) + [b"x" * (size % PIECE)]


@pytest.mark.parametrize("chunked", [False, True])
def test_the_largest_body_is_read_and_one_byte_more_is_not(client: httpx.Client, chunked: bool) -> None:
    for size, status in ((MAX_BODY_BYTES, 200), (MAX_BODY_BYTES + 1, 413), (3 * MAX_BODY_BYTES, 413)):
        content: Any = iter(pieces(size)) if chunked else b"x" * size
        answer = client.post("/v1/size", content=content, headers=XML)
        assert answer.status_code == status
    problem = answer.json()
    assert (problem["type"], problem["field"]) == ("/problems/body-too-large", "body")
    assert answer.headers["connection"] == "close"


def test_who_asks_before_sending_is_refused_without_being_read(url: str) -> None:
    host, port = url.removeprefix("http://").split(":")
    head = f"POST /v1/size HTTP/1.1\r\nHost: x\r\nContent-Length: {10**12}\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection((host, int(port)), 10) as s:
        s.sendall(head.encode())
        assert s.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize("announced", [True, False])
def test_the_rest_of_a_refused_body_is_read_and_thrown_away(announced: bool) -> None:
    left = pieces(2 * MAX_BODY_BYTES)
    headers = [(b"content-length", str(2 * MAX_BODY_BYTES).encode())] if announced else []
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": left.pop(), "more_body": bool(left)}

    async def send(message: Message) -> None:
        sent.append(message)

    headers.append((b"content-type", b"application/xml"))
    scope = {"type": "http", "method": "POST", "path": "/v1/size", "query_string": b"", "headers": headers}
    asyncio.run(small_app()(scope, receive, send))
    assert (sent[0]["status"], left) == (413, []), (
        "who is still sending would see a reset instead of the reason"
    )


def test_who_never_stops_sending_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body_limit, "LINGER_S", 0.05)
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.sleep(0.01)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    async def nothing(*_: Any) -> None:
        raise AssertionError("the application is not asked")

    scope = {"type": "http", "method": "POST", "headers": [(b"content-length", b"999999999")]}
    asyncio.run(asyncio.wait_for(BodyLimit(nothing)(scope, receive, send), 5))
    assert sent[0]["status"] == 413


# --- Rate


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_and_fills_again() -> None:
    clock = Clock()
    buckets = TokenBuckets(2.0, 3, clock)
    assert [buckets.wait_s("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.wait_s("b") == 0, "everybody has a bucket"
    clock.now += 0.5
    assert [buckets.wait_s("a"), buckets.wait_s("a")] == [0, 0.5]
    clock.now += 1000
    assert [buckets.wait_s("a") for _ in range(4)] == [0, 0, 0, 0.5], "no more than the burst is saved up"


def test_the_memory_of_callers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "MAX_CALLERS", 3)
    buckets = TokenBuckets(1.0, 1, Clock())
    assert [buckets.wait_s(c) for c in "abcd"] == [0, 0, 0, 0]
    assert len(buckets._buckets) == 3
    assert [buckets.wait_s("d"), buckets.wait_s("a")] == [1, 0], "the one longest away is forgotten"


def scope_of(peer: str, *forwarded: str) -> Scope:
    headers = [(b"x-forwarded-for", text.encode()) for text in forwarded]
    return {"type": "http", "client": (peer, 1234), "headers": headers}


@pytest.mark.parametrize(
    ("scope", "caller"),
    [
        (scope_of("127.0.0.1"), None),
        (scope_of("::1"), None),
        (scope_of("::ffff:127.0.0.1"), None),
        (scope_of("203.0.113.9"), "203.0.113.9/32"),
        (scope_of("203.0.113.9", "198.51.100.1"), "203.0.113.9/32"),
        (scope_of("2001:db8:1:2:3::4"), "2001:db8:1:2::/64"),
        (scope_of("127.0.0.1", "6.6.6.6, 198.51.100.1"), "198.51.100.1/32"),
        (scope_of("127.0.0.1", "6.6.6.6", "198.51.100.1"), "198.51.100.1/32"),
        (scope_of("127.0.0.1", "made up"), "made up"),
    ],
)
def test_a_caller_is_an_address_that_cannot_be_made_up(scope: Scope, caller: str | None) -> None:
    assert caller_of(scope) == caller


def test_a_caller_who_asks_too_often_is_told_when_to_come_again() -> None:
    app = small_app()
    app.add_middleware(RateLimit, TokenBuckets(0.5, 5))
    with served(app) as url, httpx.Client(base_url=url, timeout=30) as client:
        proxied = {"X-Forwarded-For": "198.51.100.7"}
        answers = [client.get("/v1/none", headers=proxied) for _ in range(7)]
        assert [a.status_code for a in answers] == [404] * 5 + [429] * 2
        problem = answers[-1].json()
        assert (problem["type"], problem["retry"]) == ("/problems/too-many-requests", True)
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 2
        assert client.get("/v1/none", headers={"X-Forwarded-For": "198.51.100.8"}).status_code == 404
        assert client.get("/v1/none").status_code == 404, "our own programs are not limited"
