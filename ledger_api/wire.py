"""JSON values of the API: ids and accounts in hex, money as decimal strings of minor units, times in UTC
seconds."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from ledger_api.money import MAX_MINOR

MAX_BATCH = 1000
"""Most items of one request."""


def hex_bytes(size: int) -> BeforeValidator:
    """Parses `0x` and exactly `size` bytes in hex."""

    def parse(value: Any) -> bytes:
        if isinstance(value, bytes) and len(value) == size:
            return value
        # Not `bytes.fromhex` alone: it skips spaces, and fewer bytes would come out.
        if not isinstance(value, str) or not re.fullmatch(f"0x[0-9a-fA-F]{{{2 * size}}}", value):
            raise ValueError(f"give 0x and {2 * size} hex digits")
        return bytes.fromhex(value[2:])

    return BeforeValidator(parse)


def _minor(value: Any) -> int:
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > 19:
        raise ValueError('give whole minor units as a string of digits, e.g. "1050" for 10.50')
    if not 0 < int(value) <= MAX_MINOR:
        raise ValueError("give an amount from 1 to 9223372036854775807 minor units")
    return int(value)


def _code(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 32 or not all("!" <= c <= "~" for c in value):
        raise ValueError("give 1 to 32 printable ASCII characters without spaces")
    return value


def _plain(value: str) -> str:
    """JSON can spell half a surrogate pair and the zero character; neither can be stored everywhere."""
    if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
        raise ValueError("give plain text, without zero characters or halves of characters")
    return value


def hex_text(value: bytes) -> str:
    """`0x` and hex digits."""
    return "0x" + value.hex()


_to_hex = PlainSerializer(hex_text, return_type=str)

Id32 = Annotated[
    bytes,
    hex_bytes(32),
    _to_hex,
    Field(json_schema_extra={"type": "string", "format": None, "pattern": "^0x[0-9a-fA-F]{64}$"}),
]
Account = Annotated[
    bytes,
    hex_bytes(20),
    _to_hex,
    Field(json_schema_extra={"type": "string", "format": None, "pattern": "^0x[0-9a-fA-F]{40}$"}),
]
MinorUnits = Annotated[
    int,
    BeforeValidator(_minor),
    PlainSerializer(str, return_type=str),
    Field(json_schema_extra={"type": "string", "pattern": "^[0-9]{1,19}$"}),
]
MinorOut = Annotated[int, PlainSerializer(str, return_type=str), Field(json_schema_extra={"type": "string"})]
"""An amount in an answer."""
CodeText = Annotated[str, BeforeValidator(_code)]
MAX_UNIX_S = 100_000_000_000
"""Year 5138. Today's time in milliseconds, the usual mistake, is above it."""
UnixSeconds = Annotated[int, Field(ge=0, le=MAX_UNIX_S, strict=True)]
PlainText = Annotated[str, AfterValidator(_plain)]
"""Text that a person wrote."""


class Body(BaseModel):
    """A request body: unknown fields are refused, since a misspelt field would be lost in silence."""

    model_config = ConfigDict(extra="forbid", frozen=True)
