"""Answers read from the mirror, as JSON: money and positions as decimal strings, ids in hex, the block beside
them."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from ledger_api.wire import hex_text

TIMES = ("_unix_s", "_at")
COUNTS = ("number", "count", "bps", "gifts", "households")


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
        plain = name.endswith(TIMES) or any(part in COUNTS for part in name.split("_"))
        return value if plain else str(value)
    if isinstance(value, list | tuple):
        return [answer(v, name) for v in value]
    if isinstance(value, dict):
        return {str(k): answer(v, str(k)) for k, v in value.items()}
    return value
