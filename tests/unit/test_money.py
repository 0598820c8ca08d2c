"""Amounts are exact: every currency by its ISO 4217 exponent, every doubtful text refused."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger_api.money import (
    MAX_MINOR,
    MalformedAmount,
    MoneyError,
    UnknownCurrency,
    format_minor,
    minor_units,
    parse_minor,
)

CODES = ["EUR", "SAR", "JPY", "IRR", "IQD", "BHD", "CLF"]


@pytest.mark.parametrize(
    ("code", "digits"),
    [
        ("JPY", 0),
        ("KRW", 0),
        ("EUR", 2),
        ("SEK", 2),
        ("SAR", 2),
        ("AFN", 2),  # CLDR: 0
        ("IRR", 2),  # CLDR: 0
        ("IQD", 3),  # CLDR: 0
        ("JOD", 3),
        ("BHD", 3),
        ("KWD", 3),
        ("CLF", 4),
    ],
)
def test_exponents_are_those_of_iso_4217_not_of_cldr(code: str, digits: int) -> None:
    assert minor_units(code) == digits


@pytest.mark.parametrize("code", ["", "eur", "EURO", "XXX", "XAU", "XDR", "€", "EU R", "ABC"])
def test_a_code_without_minor_unit_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency) as caught:
        minor_units(code)
    assert caught.value.field == "currency"


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [
        ("8.85", "EUR", 885),
        ("105.750", "EUR", 10575),  # zeros beyond the minor unit do not change the value
        ("6.3", "CHF", 630),
        ("200000", "SEK", 20_000_000),
        ("2700", "JPY", 2700),
        ("2700.00", "JPY", 2700),
        ("1.234", "BHD", 1234),
        ("1", "IRR", 100),
        ("0", "EUR", 0),
        ("007.10", "EUR", 710),
        ("92233720368547758.07", "EUR", MAX_MINOR),
    ],
)
def test_text_becomes_minor_units(text: str, code: str, minor: int) -> None:
    assert parse_minor(text, code) == minor


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.001", "EUR"),
        ("0.5", "JPY"),
        ("1.2345", "BHD"),
        ("1e3", "EUR"),
        ("NaN", "EUR"),
        ("inf", "EUR"),
        ("-Infinity", "EUR"),
        ("", "EUR"),
        (" 1", "EUR"),
        ("1 ", "EUR"),
        ("1\n", "EUR"),
        ("1,50", "EUR"),
        ("1_000", "EUR"),
        ("1.000.000", "EUR"),
        (".5", "EUR"),
        ("5.", "EUR"),
        ("0x10", "EUR"),
        ("۱۲", "EUR"),  # Persian digits are read at the edge, never here
        ("١٢", "EUR"),
        ("+1", "EUR"),
        ("-1", "EUR"),
        ("92233720368547758.08", "EUR"),
        ("9" * 5000, "EUR"),
    ],
)
def test_doubtful_text_is_refused(text: str, code: str) -> None:
    with pytest.raises(MalformedAmount) as caught:
        parse_minor(text, code, field="Ntry/Amt")
    assert caught.value.field == "Ntry/Amt"
    assert caught.value.remedy
    assert len(str(caught.value)) < 300


def test_a_sign_is_read_only_where_the_caller_says_so() -> None:
    assert parse_minor("-1.50", "EUR", signed=True) == -150
    assert parse_minor("+1.50", "EUR", signed=True) == 150
    with pytest.raises(MalformedAmount):
        parse_minor("--1", "EUR", signed=True)


@given(st.integers(-MAX_MINOR, MAX_MINOR), st.sampled_from(CODES))
def test_format_and_parse_are_inverse(minor: int, code: str) -> None:
    assert parse_minor(format_minor(minor, code), code, signed=True) == minor


@pytest.mark.parametrize(
    ("minor", "code", "text"),
    [
        (5, "EUR", "0.05"),
        (-885, "EUR", "-8.85"),
        (-2700, "JPY", "-2700"),
        (0, "BHD", "0.000"),
        (-1, "EUR", "-0.01"),
    ],
)
def test_format_is_a_plain_decimal(minor: int, code: str, text: str) -> None:
    assert format_minor(minor, code) == text


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(MoneyError):
        assert 0 <= parse_minor(text, "EUR") <= MAX_MINOR
