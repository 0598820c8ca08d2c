"""What became of a bank statement."""

from __future__ import annotations

from ledger_api.wire import Body


class StatementLine(Body):
    """One entry: the gift it became, or the reason why none. Amounts are signed minor units."""

    statement: str
    entry: str
    amount_minor: str
    currency: str
    gift: str | None
    reason: str


class StatementReport(Body):
    """All entries of a file, and what a clerk must know about it."""

    remarks: list[str]
    lines: list[StatementLine]
