"""From a statement's entries to gifts: the same file gives the same gifts, and every entry is accounted for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ledger_api.statements.camt import MalformedStatement, StatementDoesNotBalance
from ledger_api.statements.gifts import NoFundForCurrency, read_gifts

FILE = Path(__file__).parents[1] / "data" / "bank-camt" / "camt053.v2.minimal.xml"
BALANCED = (
    '<Amt Ccy="SEK">27.00</Amt>\n                <CdtDbtInd>DBIT',
    '<Amt Ccy="EUR">27.00</Amt>\n                <CdtDbtInd>CRDT',
)
ORGANISATION, FUND = b"O" * 32, b"F" * 32


def statement(*changes: tuple[str, str]) -> bytes:
    text = FILE.read_text()
    for old, new in (BALANCED, *changes):
        assert old in text
        text = text.replace(old, new)
    return text.encode()


def test_a_booked_credit_becomes_a_gift() -> None:
    (line,) = read_gifts(statement(), ORGANISATION, {"EUR": FUND})
    assert line.gift is not None and line.reason == ""
    assert (line.fund, line.gift.amount_minor, line.gift.channel) == (FUND, 885, "bank")
    assert (line.gift.form, line.gift.value_minor, line.gift.value_currency) == ("cash", None, None)


def test_the_same_entry_has_the_same_id_and_each_organisation_its_own() -> None:
    first, again = (read_gifts(statement(), ORGANISATION, {"EUR": FUND})[0].gift for _ in range(2))
    other = read_gifts(statement(), b"P" * 32, {"EUR": FUND})[0].gift
    assert first is not None and other is not None
    assert first == again and first.id != other.id


def test_a_statement_that_does_not_balance_gives_no_gift() -> None:
    with pytest.raises(StatementDoesNotBalance):
        read_gifts(FILE.read_bytes(), ORGANISATION, {"EUR": FUND})


def test_a_currency_without_a_fund_is_refused_by_name() -> None:
    with pytest.raises(NoFundForCurrency) as caught:
        read_gifts(statement(), ORGANISATION, {"SAR": FUND})
    assert (caught.value.field, "EUR" in caught.value.remedy) == ("fund", True)


def test_a_date_that_no_calendar_of_the_ledger_holds_is_refused_and_no_fault() -> None:
    # Both of the entry's dates, wherever they stand; the balances keep theirs.
    head, tail = statement().decode().split("<Ntry>", 1)
    entry, rest = tail.split("</Ntry>", 1)
    entry = re.sub("[0-9]{4}(-[0-9]{2}-[0-9]{2})", r"9999\1", entry)
    with pytest.raises(MalformedStatement, match="5138"):
        read_gifts(f"{head}<Ntry>{entry}</Ntry>{rest}".encode(), ORGANISATION, {"EUR": FUND})
