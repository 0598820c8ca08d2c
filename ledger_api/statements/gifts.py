"""From a bank statement's entries to gifts. A statement that does not add up gives none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from eth_utils.crypto import keccak

from ledger_api.gifts.schemas import Donor, Gift
from ledger_api.statements.camt import (
    Entry,
    MalformedStatement,
    Statement,
    StatementError,
    check_balances,
    read_statements,
)
from ledger_api.wire import MAX_UNIX_S

CHANNEL = "bank"


class NoFundForCurrency(StatementError):
    """The statement holds gifts in a currency for which no fund was named."""


@dataclass(frozen=True, slots=True)
class Line:
    """What becomes of one entry: a gift into a fund, or the reason why there is none."""

    statement: Statement
    entry: Entry
    fund: bytes | None
    gift: Gift | None
    reason: str


def read_gifts(data: bytes, organisation: bytes, funds: Mapping[str, bytes]) -> list[Line]:
    """Reads camt.053 and its kin. `funds` maps a currency to the fund that takes its gifts.

    Raises StatementError: malformed, unsupported, unbalanced, or a currency without a fund. Gifts' ids come
    from the account, the statement and the entry, so that the same file twice adds nothing.
    """
    statements = read_statements(data, undivided_batches="keep")
    for statement in statements:
        check_balances(statement)
    return [_line(organisation, s, entry, funds) for s in statements for entry in s.entries]


def _line(organisation: bytes, statement: Statement, entry: Entry, funds: Mapping[str, bytes]) -> Line:
    reason = _no_gift(entry)
    if reason:
        return Line(statement, entry, None, None, reason)
    if entry.currency not in funds:
        raise NoFundForCurrency(
            "fund",
            f"statement {statement.statement_id} holds gifts in {entry.currency}",
            f"name a fund whose unit is {entry.currency}",
        )
    source = "\0".join((statement.account_iban_or_other, statement.statement_id, entry.entry_ref))
    donor = None
    if entry.counterparty_name:
        donor = Donor(name=entry.counterparty_name[:200], reference=(entry.counterparty_iban or "")[:64])
    settled = entry.value_unix_s if entry.value_unix_s is not None else entry.booking_unix_s
    if settled is None or settled > MAX_UNIX_S:
        raise MalformedStatement(
            f"statement {statement.statement_id}, entry {entry.entry_ref}",
            "its date lies beyond the year 5138",
            "ask the bank for a corrected statement",
        )
    gift = Gift(
        id=keccak(b"amanat statement\0" + organisation + source.encode()),
        amount_minor=str(entry.amount_minor),  # parsed from the wire form, limits and all
        settled_at_unix_s=settled,
        channel=CHANNEL,
        reference=entry.remittance[:500],
        donor=donor,
    )
    return Line(statement, entry, funds[entry.currency], gift, "")


def _no_gift(entry: Entry) -> str:
    """Why an entry is no gift; empty when it is one."""
    if entry.status != "BOOK":
        return "not booked yet"
    if entry.is_reversal:
        return "a reversal: the clerk decides what it takes back"
    if entry.amount_minor <= 0:
        return "money that left the account"
    if entry.batch_size is not None and entry.batch_size > 1:
        return f"a batch of {entry.batch_size} payments without their details"
    if entry.value_unix_s is None and entry.booking_unix_s is None:
        return "neither a value date nor a booking date"
    return ""
