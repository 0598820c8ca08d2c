"""JSON-RPC's two ways to write a value as hex text, read strictly: what is not written so raises ValueError.

Python reads more than is meant: `int` takes signs, spaces, underscores and other scripts' digits, `bytes.fromhex` takes
spaces. A node that writes such a thing is refused, so that nobody after us reads it in another way.
"""

from __future__ import annotations

import re
from typing import Any

_NUMBER = re.compile(r"0x[0-9a-fA-F]+", re.ASCII).fullmatch
_MOST_DIGITS = 64
"""No number on the chain has more than 256 bits."""


def number(text: Any) -> int:
    """A number, `0x0` or with any digits. Raises ValueError."""
    if not isinstance(text, str) or len(text) > _MOST_DIGITS + 2 or not _NUMBER(text):
        raise ValueError(f"no number in hex: {_shown(text)}")
    return int(text, 16)


def data(text: Any, length: int | None = None) -> bytes:
    """Bytes, and exactly so many where a length is given. Raises ValueError."""
    if not isinstance(text, str) or not text.startswith("0x"):
        raise ValueError(f"no bytes in hex: {_shown(text)}")
    try:
        value = bytes.fromhex(text[2:])
    except ValueError:
        raise ValueError(f"no bytes in hex: {_shown(text)}") from None
    if 2 * len(value) + 2 != len(text):  # `fromhex` leaves out spaces
        raise ValueError(f"no bytes in hex: {_shown(text)}")
    if length is not None and len(value) != length:
        raise ValueError(f"{len(value)} bytes instead of {length}")
    return value


def _shown(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 40 else shown[:40] + "…"
