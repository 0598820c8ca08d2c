"""Finding a gift by its receipt's code."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, Row, select

from ledger_api import problems
from ledger_api.gifts.receiving import plain_code
from ledger_api.office import gift, label, reading


def gift_by_code(office: Engine, code: str) -> Row[Any]:
    """The office's row of a gift; raises Problem `not-found`."""
    with reading(office) as conn:
        row = conn.execute(select(gift).where(gift.c.receipt_code == plain_code(code))).one_or_none()
    if row is None:
        raise problems.own(
            "not-found", "code", "no gift has this code", "look at the code on the receipt again"
        )
    return row


def names(office: Engine, record: bytes) -> dict[str, str]:
    """What an organisation, programme or fund is called: language -> name."""
    with reading(office) as conn:
        rows = conn.execute(select(label.c.language, label.c.text).where(label.c.id == record))
        return {row.language: row.text for row in rows}
