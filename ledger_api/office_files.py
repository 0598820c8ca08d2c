"""A clerk's files: payment lists as CSV, what was sent of them, and families' signed answers."""

from __future__ import annotations

import csv
import json
import os
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger_api.client import ClerkError
from ledger_api.money import MAX_MINOR, MalformedAmount, MoneyError, UnknownCurrency, minor_units, parse_minor

COLUMNS = ("household", "amount", "id")
MAX_ROWS = 5_000
"""Most rows of one payment list; the API reads no more."""
MAX_BRACKETS = MAX_ROWS + 100
MAX_FILE_BYTES = 5 * 1024 * 1024
ID_BYTES, ACCOUNT_BYTES = 32, 20
FIRST_ROW = 2
"""Line of the first row, below the column names."""
OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list: its line in the file, and what it says. `id` is empty when the sender makes it."""

    line: int
    household: str
    amount_minor: int
    id: str


@dataclass(frozen=True, slots=True)
class SentList:
    """A payment list as it was, or is about to be, sent: the body of POST /v1/payment-lists."""

    id: str
    fund: str
    programme: str
    expires_at_unix_s: int
    entitlements: tuple[dict[str, str], ...]
    provider: str | None = None
    place: str | None = None
    season: str | None = None
    rule_version: int = 0

    def body(self) -> dict[str, Any]:
        """As JSON values; what was not given is left out."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def same_content(self, other: SentList) -> bool:
        """Whether two lists are the same but for the ids that the sender made."""
        mine, theirs = (
            s.body() | {"id": "", "entitlements": [_said(e) for e in s.entitlements]} for s in (self, other)
        )
        return mine == theirs


class BadRows(Exception):
    """Rows of a file that cannot be used: all of them, in the order of the file."""

    def __init__(self, errors: Sequence[ClerkError]) -> None:
        super().__init__(f"{len(errors)} errors")
        self.errors = errors


def parse_amount(text: str, unit: str, field: str) -> int:
    """Minor units, from 1, of a plain decimal; units outside ISO 4217 (minutes, goods) are counted whole.

    Raises MoneyError.
    """
    try:
        minor_units(unit)
    except UnknownCurrency:
        if not re.fullmatch("[0-9]{1,19}", text) or int(text) > MAX_MINOR:
            remedy = "write ASCII digits only, at most 9223372036854775807"
            raise MalformedAmount(field, f"{text[:40]!r} is no whole number of {unit}", remedy) from None
        minor = int(text)
    else:
        minor = parse_minor(text, unit, field=field)
    if minor == 0:
        raise MalformedAmount(field, "0 is no amount", "write an amount above zero")
    return minor


def parse_id(text: str, field: str, size: int = ID_BYTES) -> str:
    """`0x` and hex digits in small letters; raises ClerkError."""
    if not re.fullmatch(f"0x[0-9a-fA-F]{{{2 * size}}}", text):
        raise ClerkError(field, f"{text[:80]!r} cannot be used", f"give 0x and {2 * size} hex digits")
    return text.lower()


def new_id() -> str:
    """A fresh record id: 32 random bytes in hex."""
    return "0x" + secrets.token_hex(ID_BYTES)


def read_bytes(path: Path, field: str = "file") -> bytes:
    """A file that the API would still read; raises ClerkError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ClerkError(
            field, f"{path}: {error.strerror}", "check its name and that you may read it"
        ) from None
    if len(data) > MAX_FILE_BYTES:
        raise ClerkError(field, f"{path} has more than {MAX_FILE_BYTES} bytes", "send it in parts")
    return data


def read_text(path: Path, field: str = "file") -> str:
    """A text file in UTF-8, with or without the mark that spreadsheets put first; raises ClerkError."""
    try:
        return read_bytes(path, field).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ClerkError(field, f"{path} is not UTF-8", "save it as CSV UTF-8") from None


def read_object(path: Path) -> dict[str, Any]:
    """A file with one JSON object; raises ClerkError."""
    text = read_text(path)
    try:
        # Real files nest three deep. Some libraries raise Python's limit on recursion so far that the JSON reader
        # would end the process on a file of brackets.
        value = json.loads(text) if text.count("[") + text.count("{") <= MAX_BRACKETS else None
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise ClerkError("file", f"{path} holds no JSON object", "name the file as the wallet wrote it")
    return value


def read_rows(path: Path, unit: str) -> list[Row]:
    """A payment list's rows, amounts in `unit`. Raises ClerkError, and BadRows with all that are wrong."""
    reader = csv.reader(read_text(path).splitlines(), strict=True)
    try:
        lines = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise ClerkError(f"line {reader.line_num}", str(error), "save the file as CSV again") from None
    names = tuple(name.lower() for name in lines[0][1]) if lines else ()
    if names not in (COLUMNS, COLUMNS[:2]):
        remedy = "name the columns household,amount or household,amount,id in the first line"
        raise ClerkError("line 1", f"the columns are {','.join(names)[:80] or 'missing'}", remedy)
    rows, errors = [], []
    seen: dict[str, int] = {}
    for number, cells in lines[1:]:
        if not any(cells):
            continue
        found, wrong = _row(number, cells, len(names), unit, seen)
        rows += [found] if found else []
        errors += wrong
    if not rows and not errors:
        errors = [ClerkError("file", f"{path} holds no row", "give at least one household")]
    if len(rows) > MAX_ROWS:
        errors = [ClerkError("file", f"{len(rows)} rows; at most {MAX_ROWS}", "make several lists of them")]
    if errors:
        raise BadRows(errors)
    return rows


def _row(
    line: int, cells: list[str], width: int, unit: str, seen: dict[str, int]
) -> tuple[Row | None, list[ClerkError]]:
    """The row, or everything that is wrong with it. `seen` keeps the line of each id."""
    if len(cells) != width:
        remedy = f"give {width} cells"
        return None, [ClerkError(f"line {line}", f"{len(cells)} cells", remedy)]
    household, amount, record = [*cells, ""][:3]
    errors: list[ClerkError] = []
    try:
        household = parse_id(household, f"line {line} household", ACCOUNT_BYTES)
    except ClerkError as error:
        errors.append(error)
    minor = 0
    try:
        minor = parse_amount(amount, unit, f"line {line} amount")
    except MoneyError as error:
        errors.append(ClerkError(error.field, error.problem, error.remedy))
    try:
        record = parse_id(record, f"line {line} id") if record else ""
    except ClerkError as error:
        errors.append(error)
    if record and seen.setdefault(record, line) != line:
        what = f"the same as in line {seen[record]}"
        errors.append(ClerkError(f"line {line} id", what, "give every row an id of its own"))
    return (None if errors else Row(line, household, minor, record)), errors


def sent_file(path: Path) -> Path:
    """Where the ids are kept that were made for a list's file."""
    return path.with_name(path.name + ".sent.json")


def load_sent(path: Path) -> SentList:
    """Raises ClerkError when the file is not one that `save_sent` wrote."""
    value = read_object(path)
    try:
        entitlements = tuple(
            {k: str(e[k]) for k in ("id", "household", "amount_minor")} for e in value["entitlements"]
        )
        return SentList(
            value["id"],
            value["fund"],
            value["programme"],
            int(value["expires_at_unix_s"]),
            entitlements,
            value.get("provider"),
            value.get("place"),
            value.get("season"),
            int(value.get("rule_version", 0)),
        )
    except (KeyError, TypeError, ValueError):
        what = f"{path} is not what was written there"
        raise ClerkError("file", what, "restore it; only when nothing was sent, move it away") from None


def save_sent(path: Path, sent: SentList) -> None:
    """Writes the file whole, and onto the disk, before anything is sent; raises ClerkError."""
    part = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ONLY), "w") as file:
            file.write(json.dumps(sent.body(), indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        what = f"{path}: {error.strerror}"
        raise ClerkError("file", what, "make room there: the ids must be kept before sending") from None


def _said(entitlement: dict[str, str]) -> tuple[str, str]:
    return entitlement["household"], entitlement["amount_minor"]
