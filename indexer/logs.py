"""What the indexer says while it works: JSON lines for machines, plain lines for people; never a secret.

Every line has the time (UTC, ISO 8601), a level, `event` (a short name that does not change) and fields. Lines of
the standard library's `logging` come through the same way: their text is the field `message`, and `extra` may name
the event and add fields (`log.info("…", extra={"event": "range_too_large", "block": 7})`).
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Mapping, MutableMapping
from enum import StrEnum
from typing import Any, TextIO
from urllib.parse import urlsplit

import structlog

from indexer.errors import BadSetting, IndexerError
from indexer.observer import Observer, Progress

EventDict = MutableMapping[str, Any]

_EVERY_S = 10.0
"""Between two lines on a long way to the head."""
_QUIET_S = 30.0
"""For so long the same refusal of the same node is counted, not said again."""
_FAR_BEHIND = 50
CLEAR_LINE = "\r\x1b[K"

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>\\]+")
_ENDS = ").,;:]"
_KEYWORD = re.compile(r"(?i)\b(password|passwd|pwd|secret|token|api_?key)=[^\s&;,\"']+")
_WEB = ("http", "https", "ws", "wss")


class LogStyle(StrEnum):
    """How lines are written."""

    TEXT = "text"
    JSON = "json"

    @classmethod
    def parse(cls, text: str, stream: TextIO) -> LogStyle:
        """The style named; without a name, text on a terminal and JSON otherwise. Raises BadSetting."""
        if not text:
            return cls.TEXT if stream.isatty() else cls.JSON
        if text not in tuple(cls):
            raise BadSetting("log", text, "give text or json")
        return cls(text)


def configure(style: LogStyle, stream: TextIO = sys.stderr, level: int = logging.INFO) -> None:
    """From now on every line of this process is written to `stream` in this style."""
    common: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
    ]
    foreign: list[structlog.typing.Processor] = [_as_message, structlog.stdlib.ExtraAdder()]
    last: list[structlog.typing.Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        _safe,
        structlog.processors.JSONRenderer(sort_keys=False, ensure_ascii=False)
        if style is LogStyle.JSON
        else _plain,
    ]
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[*foreign, *common], processors=last)
    )
    if stream.isatty():
        handler.terminator = "\n"
        handler.addFilter(_LineOfItsOwn(stream))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(max(level, logging.WARNING))  # its steps are no news
    structlog.configure(
        processors=[*common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def logger() -> structlog.stdlib.BoundLogger:
    """The indexer's own: `logger().info("following", block=7)`."""
    result: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger("amanat.index")
    return result


class _LineOfItsOwn(logging.Filter):
    """Wipes a progress line that stands where the line goes; it is drawn again below."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def filter(self, record: logging.LogRecord) -> bool:
        self._stream.write(CLEAR_LINE)
        return True


def without_secrets(text: str) -> str:
    """The text with every address cut to what is no secret: names, passwords and query strings go, and of a web
    address the path too, since providers put their keys there."""
    return _KEYWORD.sub(lambda match: f"{match[1]}=…", _ADDRESS.sub(_bare, text))


def endpoint(url: str) -> str:
    """A node's address as scheme://host:port."""
    return without_secrets(url)


def _bare(match: re.Match[str]) -> str:
    address = match[0].rstrip(_ENDS)
    rest = match[0][len(address) :]
    scheme, _, after = address.partition("://")
    # A password may hold "@", "/" or "?", written badly: all up to the last "@" goes.
    host = after.rpartition("@")[2]
    try:
        parts = urlsplit(f"{scheme}://{host}")
    except ValueError:
        return f"{scheme}://…{rest}"
    path = "" if scheme.lower() in _WEB else parts.path
    return f"{scheme}://{parts.netloc}{path}{rest}"


def _safe(_: Any, __: str, event: EventDict) -> EventDict:
    first = {name: event.pop(name) for name in ("time", "level", "event")}
    return {name: _clean(value) for name, value in (first | dict(event)).items()}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, Mapping):
        return {str(name): _clean(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(part) for part in value]
    return without_secrets(str(value))


def _as_message(_: Any, __: str, event: EventDict) -> EventDict:
    """A line of the standard library: its text is the message; `extra` names the event, if that has a name."""
    event["message"], event["event"] = event["event"], "message"
    return event


def _plain(_: Any, __: str, event: EventDict) -> str:
    """`07:32:13 warning  reorganised: blocks 3, to 17`, the time in UTC."""
    time_, level, name = event.pop("time"), event.pop("level"), event.pop("event")
    said = event.pop("message", None) or str(name).replace("_", " ")
    trace = event.pop("exception", "")
    fields = ", ".join(f"{field} {value}" for field, value in event.items() if value is not None)
    line = f"{str(time_)[:19].replace('T', ' ')} {level:<8} {said}{': ' if fields else ''}{fields}"
    return f"{line}\n{trace}" if trace else line


class LogLines(Observer):
    """Writes down what a follower tells: how far it is while far behind, and everything out of the ordinary."""

    def __init__(self) -> None:
        self._log = logger()
        self._said_at = 0.0
        self._catching_up = False
        self._refusals: dict[tuple[str, str], tuple[float, int]] = {}

    def advanced(self, progress: Progress) -> None:
        behind, now = progress.head - progress.block, time.monotonic()
        fields = progress._asdict() | {"lag": behind}
        if behind > _FAR_BEHIND:
            if not self._catching_up or now - self._said_at >= _EVERY_S:
                self._log.info("catching_up", **fields)
                self._said_at = now
            self._catching_up = True
        elif behind == 0 and self._catching_up:
            self._catching_up = False
            self._log.info("caught_up", **fields)

    def undone(self, blocks: int, to: int, were_final: int) -> None:
        say = self._log.error if were_final else self._log.warning
        say("reorganised", blocks=blocks, to=to, were_final=were_final)

    def refused(self, error: IndexerError, url: str) -> None:
        key, now = (type(error).__name__, endpoint(url)), time.monotonic()
        said_at, unsaid = self._refusals.get(key, (-_QUIET_S, 0))
        if now - said_at < _QUIET_S:
            self._refusals[key] = said_at, unsaid + 1
            return
        self._refusals[key] = now, 0
        self._log.warning(
            "answer_refused",
            error=key[0],
            endpoint=key[1],
            reason=str(error),
            retry=error.retry,
            unsaid=unsaid or None,
        )

    def switched(self, url: str) -> None:
        self._log.warning("endpoint_switched", endpoint=endpoint(url))
