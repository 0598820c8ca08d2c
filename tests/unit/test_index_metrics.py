"""Figures, health and the progress line: what they say of a follower, and how the server answers callers."""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import socket
import time
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from indexer import progress as progress_module
from indexer.errors import BadAnswer, BadSetting, NodeUnreachable
from indexer.health import Address, Health, serving
from indexer.metrics import Metrics
from indexer.observer import Progress
from indexer.progress import ProgressLine


def figures(metrics: Metrics) -> dict[str, float]:
    """Sample name, with its labels' values -> value."""
    samples = [
        s for family in text_string_to_metric_families(metrics.text().decode()) for s in family.samples
    ]
    return {
        "|".join((s.name, *(s.labels[name] for name in sorted(s.labels, reverse=True)))): s.value
        for s in samples
        if not s.name.endswith("_created")
    }


def test_figures_count_what_a_follower_tells() -> None:
    metrics = Metrics(lambda: 4_096)
    now = int(time.time())
    metrics.advanced(Progress(10, 20, 8, 100, now - 50))
    metrics.advanced(Progress(15, 20, 12, 160, now - 30))
    metrics.undone(3, 12, 0)
    metrics.advanced(Progress(14, 20, 12, 170, now - 30))
    metrics.undone(5, 9, 3)
    metrics.refused(BadAnswer("block 7"), "http://me:secret@127.0.0.1:8545/key?a=b")
    metrics.refused(BadAnswer("block 8"), "http://127.0.0.1:8545")
    metrics.refused(NodeUnreachable("x", "y"), "https://node.example/v3/key")
    metrics.switched("http://127.0.0.1:8546")
    found = figures(metrics)
    prefix = "amanat_index_"
    expected = {
        "head_block": 20,
        "indexed_block": 9,
        "final_block": 12,
        "lag_blocks": 6,
        "blocks_total": 7,
        "events_total": 170,
        "reorganisations_total": 2,
        "undone_blocks_total": 8,
        "undone_final_blocks_total": 3,
        "refusals_total|BadAnswer|http://127.0.0.1:8545": 2,
        "refusals_total|NodeUnreachable|https://node.example": 1,
        "endpoint_switches_total": 1,
        "mirror_size_bytes": 4_096,
        "indexed_block_timestamp_seconds": now - 30,
    }
    assert {name: found[prefix + name] for name in expected} == expected
    assert 29 <= found[prefix + "lag_seconds"] <= 40
    metrics.advanced(Progress(20, 20, 20, 200, now - 3_000))
    assert figures(metrics)[prefix + "lag_seconds"] == 0, "a chain at rest is no lag"
    assert b"secret" not in metrics.text()


def test_every_figure_says_what_it_is() -> None:
    families = list(text_string_to_metric_families(Metrics().text().decode()))
    assert all(family.name.startswith("amanat_index_") and family.documentation for family in families)


def test_ready_only_while_readers_are_well_served() -> None:
    health = Health(10, 0.2)
    assert health.ready()[1]["reason"] == "starting"
    health.standing_by("process 7")
    assert health.ready()[1]["reason"] == "standing by: process 7 keeps the mirror"
    health.following()
    assert health.ready()[1]["reason"] == "the node has not answered yet"
    health.advanced(Progress(80, 100, 80, 1, 1))
    assert "20 blocks behind" in health.ready()[1]["reason"]
    health.advanced(Progress(95, 100, 80, 1, 1))
    ready, answer = health.ready()
    assert ready and answer["ready"] and answer["reason"] is None
    assert (answer["block"], answer["head"], answer["final"], answer["lag_blocks"]) == (95, 100, 80, 5)
    time.sleep(0.3)
    assert "no usable answer of a node" in health.ready()[1]["reason"]
    health.stopping()
    assert health.ready() == (False, health.ready()[1]) and health.live()["live"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:9464", Address("127.0.0.1", 9464)),
        ("9464", Address("127.0.0.1", 9464)),
        (":9464", Address("127.0.0.1", 9464)),
        ("[::1]:9464", Address("::1", 9464)),
        ("0.0.0.0:80", Address("0.0.0.0", 80)),
    ],
)
def test_where_to_listen(text: str, expected: Address) -> None:
    assert Address.parse(text) == expected


@pytest.mark.parametrize(
    "text", ["here", "a:b", "host:0", "host:65536", "http://h:1", "h:1/x", "u:p@h:1", "", "1:2:3"]
)
def test_where_nobody_can_listen_is_refused(text: str) -> None:
    with pytest.raises(BadSetting, match=r"--metrics .*HOST:PORT"):
        Address.parse(text)


@pytest.fixture
def port() -> Iterator[int]:
    health = Health(10, 60)
    health.following()
    with serving(Address("127.0.0.1", 0), health, Metrics()) as port:
        yield port


def ask(
    port: int, method: str, path: str, body: bytes | None = None, **headers: str
) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, headers)
    return connection.getresponse()


def test_the_server_answers_three_addresses_and_nothing_else(port: int) -> None:
    assert ask(port, "GET", "/metrics").read().startswith(b"# HELP amanat_index_")
    assert json.loads(ask(port, "GET", "/health/live").read()) == {"live": True, "state": "following"}
    answer = ask(port, "GET", "/health/ready")
    assert answer.status == 503 and json.loads(answer.read())["reason"] == "the node has not answered yet"
    head = ask(port, "HEAD", "/health/live")
    assert head.status == 200 and head.read() == b""
    for path in ("/", "/metrics/", "/metrics?x=1", "/health", "/../etc/passwd", "/metric"):
        assert ask(port, "GET", path).status == 404
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert ask(port, method, "/metrics").status in (405, 501)
    assert ask(port, "GET", "/metrics", b"x" * 10).status == 413


def test_a_long_or_slow_request_holds_nobody_up(port: int) -> None:
    assert ask(port, "GET", "/" + "a" * 20_000).status == 414
    with socket.create_connection(("127.0.0.1", port), 10) as long:
        long.sendall(b"GET /metrics HTTP/1.0\r\n" + b"X: " + b"a" * 7_000 + b"\r\nY: " + b"b" * 70_000)
        assert b" 431 " in long.recv(100)
    slow = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(40)]
    for one in slow:
        one.sendall(b"GET /met")
    time.sleep(0.2)
    for one in slow[-10:]:
        one.settimeout(10)
        with contextlib.suppress(ConnectionResetError):
            assert one.recv(10) == b"", "more than are served at once are sent away"
    for one in slow:
        one.close()
    end = time.monotonic() + 10
    while True:
        try:
            assert ask(port, "GET", "/health/live").status == 200
            break
        except (OSError, http.client.HTTPException):
            assert time.monotonic() < end


def test_a_taken_port_is_refused_with_the_remedy(port: int) -> None:
    with (
        pytest.raises(BadSetting, match="give a free port"),
        serving(Address("127.0.0.1", port), Health(1, 1), Metrics()),
    ):
        pass


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(stream: io.StringIO) -> list[str]:
    return [line for line in stream.getvalue().split("\r\x1b[K") if line]


def test_a_long_way_to_the_head_is_shown_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("indexer.progress.time.monotonic", lambda: now[0])
    stream = Terminal()
    line = ProgressLine(stream)
    for block in range(0, 1_001, 100):
        line.advanced(Progress(block, 1_000, 0, block * 3, 1))
        now[0] += 1
    shown = drawn(stream)
    assert shown[0].startswith("[........................]   0%  block 0 of 1,000")
    assert shown[5] == (
        "[############............]  50%  block 500 of 1,000, 100 blocks/s, 300 events/s, 5 s left"
    )
    assert shown[-1] == "block 1,000: caught up\n"
    line.advanced(Progress(1_001, 1_001, 0, 3_003, 1))
    line.close()
    assert drawn(stream) == shown, "following the head shows nothing"


def test_a_line_cut_off_is_left_whole() -> None:
    stream = Terminal()
    line = ProgressLine(stream)
    line.advanced(Progress(10, 1_000, 0, 0, 1))
    line.close()
    line.close()
    assert drawn(stream)[-1] == "block 10 of 1,000: stopped\n"


def test_nothing_is_drawn_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    line = ProgressLine(stream)
    for block in (0, 500, 1_000):
        line.advanced(Progress(block, 1_000, 0, 0, 1))
    line.close()
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (89, "89 s"), (100, "2 min"), (5_000, "83 min"), (9_000, "2 h 30 min")],
)
def test_times_left_are_round(seconds: float, said: str) -> None:
    assert progress_module._duration(seconds) == said
