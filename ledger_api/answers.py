"""Answers read from the mirror, as JSON: money and positions as decimal strings, ids in hex, the block beside
them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from indexer.queries.trace import Trace
from ledger_api.wire import hex_text

TIME = "_unix_s"
COUNTS = ("number", "count", "bps")


def answer(value: Any, name: str = "") -> Any:
    """A query's result as JSON values.

    Integers are amounts or positions, hence strings, unless their name says that they are times or counts.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: answer(getattr(value, f.name), f.name) for f in fields(value)}
    if hasattr(value, "_asdict"):
        return {k: answer(v, k) for k, v in value._asdict().items()}
    if isinstance(value, bytes):
        return hex_text(value)
    if isinstance(value, Enum):
        return value.value if isinstance(value.value, str) else value.name.lower()
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        plain = name.endswith(TIME) or any(part in COUNTS for part in name.split("_"))
        return value if plain else str(value)
    if isinstance(value, list | tuple):
        return [answer(v, name) for v in value]
    if isinstance(value, dict):
        return {str(k): answer(v, str(k)) for k, v in value.items()}
    return value


def public_trace(trace: Trace) -> dict[str, Any]:
    """A gift's trace for its donor: months instead of times, since an exact time can point at a family (DESIGN
    section 7)."""
    body: dict[str, Any] = answer(trace)
    for segment in body["segments"]:
        segment["month"] = _month(segment.pop("at_unix_s"))
        delivery = segment["delivery"]
        if delivery is not None:
            delivery["handed_over_month"] = _month(delivery.pop("handed_over_at_unix_s"))
            delivery["confirmed_month"] = _month(delivery.pop("confirmed_at_unix_s"))
    return body


def _month(at_unix_s: int | None) -> str | None:
    return None if at_unix_s is None else f"{datetime.fromtimestamp(at_unix_s, UTC):%Y-%m}"
