"""Answers read from the mirror, as JSON: money and positions as decimal strings, ids in hex, the block beside
them, and whether each record is final."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from indexer.queries.blocks import BlockRef
from indexer.queries.deliveries import Entitlement
from indexer.queries.trace import Segment, Trace
from ledger_api.finality import Finality, last_of
from ledger_api.wire import hex_text

TIME = "_unix_s"
COUNTS = ("number", "count", "bps")


def answer(value: Any, final: Finality, name: str = "") -> Any:
    """A query's result as JSON values, with `final` beside each record's block or times.

    Integers are amounts or positions, hence strings, unless their name says that they are times or counts.
    """
    if is_dataclass(value) and not isinstance(value, type):
        parts = {f.name: answer(getattr(value, f.name), final, f.name) for f in fields(value)}
        return parts | _finality(value, final)
    if hasattr(value, "_asdict"):
        return {k: answer(v, final, k) for k, v in value._asdict().items()} | _finality(value, final)
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
        return [answer(v, final, name) for v in value]
    if isinstance(value, dict):
        return {str(k): answer(v, final, str(k)) for k, v in value.items()}
    return value


def _finality(value: Any, final: Finality) -> dict[str, bool]:
    """`final` for what is a record of the mirror; nothing for anything else."""
    if isinstance(value, BlockRef):
        return {"final": final.of_block(value.number)}
    if hasattr(value, "block_number"):
        return {"final": final.of_block(value.block_number)}
    if isinstance(value, Entitlement):
        return {"final": _time_is_final(_last_act(value), final)}
    if isinstance(value, Segment) and value.at_unix_s is not None:
        return {"final": final.of_time(value.at_unix_s)}
    return {}


def _last_act(e: Entitlement) -> int | None:
    """When the last thing happened to it. Its end (`expires`) is nobody's act."""
    words = e.confirmed_at_unix_s, e.disputed_at_unix_s, e.upheld_at_unix_s, e.dismissed_at_unix_s
    return last_of(
        (*words, e.offered_at_unix_s, e.handed_over_at_unix_s, e.refused_at_unix_s, e.cancelled_at_unix_s)
    )


def _time_is_final(at_unix_s: int | None, final: Finality) -> bool:
    # What was only proposed has no time here: it is called final when all is.
    return final.before_unix_s is None if at_unix_s is None else final.of_time(at_unix_s)


def public_trace(trace: Trace, final: Finality) -> dict[str, Any]:
    """A gift's trace for its donor: months instead of times, since an exact time can point at a family (DESIGN
    section 7). Units that nothing happened to yet are as final as the gift."""
    body: dict[str, Any] = answer(trace, final)
    for segment in body["segments"]:
        segment.setdefault("final", body["gift"]["final"])
        segment["month"] = _month(segment.pop("at_unix_s"))
        delivery = segment["delivery"]
        if delivery is not None:
            delivery["handed_over_month"] = _month(delivery.pop("handed_over_at_unix_s"))
            delivery["confirmed_month"] = _month(delivery.pop("confirmed_at_unix_s"))
    return body


def _month(at_unix_s: int | None) -> str | None:
    return None if at_unix_s is None else f"{datetime.fromtimestamp(at_unix_s, UTC):%Y-%m}"
