"""What the indexer logs: the same fields in both styles, and never a secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from indexer.errors import BadAnswer, BadSetting, NodeUnreachable
from indexer.logs import CLEAR_LINE, LogLines, LogStyle, configure, logger, without_secrets
from indexer.observer import Progress

SECRETS = [
    "http://me:hidden@node.example:8545",
    "https://node.example/v3/hidden",
    "https://node.example:8545/?key=hidden",
    "wss://hidden@node.example/ws",
    "postgresql+psycopg://me:hidden@db.example/mirror?password=hidden&sslmode=require",
    "postgresql://me:hid/den?@hidden@db.example/mirror",
    "host=db.example password=hidden dbname=mirror",
    "https://node.example/rpc?api_key=hidden, which rests",
]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def logging_kept() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before
    structlog.reset_defaults()


@pytest.mark.parametrize("text", SECRETS)
def test_an_address_is_cut_to_what_is_no_secret(text: str) -> None:
    said = without_secrets(f"no answer from {text} (refused)")
    assert "hid" not in said and ".example" in said
    assert said.startswith("no answer from ") and said.endswith("(refused)")


def test_what_is_no_secret_stays() -> None:
    for text in (
        "http://127.0.0.1:8545",
        "sqlite:////var/lib/amanat/mirror.db",
        "postgresql://db.example:5432/mirror",
        "block 7: its receiptsRoot is 0x00, not 0x01",
    ):
        assert without_secrets(text) == text


@pytest.mark.parametrize("style", list(LogStyle))
@pytest.mark.parametrize("secret", SECRETS)
def test_no_line_of_either_style_holds_a_secret(style: LogStyle, secret: str) -> None:
    stream = io.StringIO()
    configure(style, stream)
    logger().info("following", endpoint=secret, mirror=[secret, {"url": secret}])
    logging.getLogger("amanat.other").warning("asked %s", secret, extra={"event": "asked", "url": secret})
    try:
        raise ValueError(secret)
    except ValueError:
        logger().exception("failed")
    LogLines().refused(NodeUnreachable(secret, "away"), secret)
    assert "hid" not in stream.getvalue() and ".example" in stream.getvalue()


def test_json_lines_have_time_level_event_and_fields() -> None:
    stream = io.StringIO()
    configure(LogStyle.JSON, stream)
    logger().info("following", block=7, hash=b"\x01\x02", finality="depth:3")
    logging.getLogger("amanat.other").warning(
        "less at once: %d", 9, extra={"event": "range_too_large", "block": 8}
    )
    logging.getLogger("amanat.other").error("something")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert all(line["time"].endswith("Z") and "T" in line["time"] for line in lines)
    for line in lines:
        del line["time"]
    assert lines == [
        {"level": "info", "event": "following", "block": 7, "hash": "0x0102", "finality": "depth:3"},
        {"level": "warning", "event": "range_too_large", "message": "less at once: 9", "block": 8},
        {"level": "error", "event": "message", "message": "something"},
    ]
    assert list(json.loads(stream.getvalue().splitlines()[0]))[:3] == ["time", "level", "event"]


def test_plain_lines_are_read_by_people_and_wipe_a_progress_line() -> None:
    stream = Terminal()
    configure(LogStyle.parse("", stream), stream)
    logger().warning("endpoint_switched", endpoint="http://127.0.0.1:8545", unsaid=None)
    line = stream.getvalue()
    assert line.startswith(CLEAR_LINE)
    assert line.endswith(" warning  endpoint switched: endpoint http://127.0.0.1:8545\n")


def test_the_style_goes_by_the_stream_unless_it_is_named() -> None:
    assert LogStyle.parse("", Terminal()) is LogStyle.TEXT
    assert LogStyle.parse("", io.StringIO()) is LogStyle.JSON
    assert LogStyle.parse("json", Terminal()) is LogStyle.JSON
    with pytest.raises(BadSetting, match="--log yaml: give text or json"):
        LogStyle.parse("yaml", io.StringIO())


def test_a_follower_tells_what_is_out_of_the_ordinary_once() -> None:
    stream = io.StringIO()
    configure(LogStyle.JSON, stream)
    lines = LogLines()
    for block in (10, 60, 99, 200, 200):
        lines.advanced(Progress(block, 200, block, block, 1))
    for _ in range(5):
        lines.refused(BadAnswer("block 7: two logs with one place"), "http://me:x@127.0.0.1:8545/key")
    lines.undone(3, 197, 0)
    lines.undone(3, 194, 2)
    lines.switched("http://127.0.0.1:8546")
    said = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(one["level"], one["event"]) for one in said] == [
        ("info", "catching_up"),
        ("info", "caught_up"),
        ("warning", "answer_refused"),
        ("warning", "reorganised"),
        ("error", "reorganised"),
        ("warning", "endpoint_switched"),
    ]
    assert said[0]["block"] == 10 and said[0]["lag"] == 190
    assert said[2]["error"] == "BadAnswer" and said[2]["endpoint"] == "http://127.0.0.1:8545"
    assert "block 7" in said[2]["reason"]
    assert (said[4]["blocks"], said[4]["to"], said[4]["were_final"]) == (3, 194, 2)
