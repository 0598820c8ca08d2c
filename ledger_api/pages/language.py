"""A page in Persian, Arabic or English: its words, digits, amounts, percentages and dates.

Babel knows the words and the separators; it always writes ASCII digits, so those are replaced here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import jdatetime  # type: ignore[import-untyped]
from babel import Locale
from babel.dates import format_date
from babel.numbers import (
    format_decimal,
    get_currency_name,
    get_currency_precision,
    get_currency_symbol,
)
from hijridate import Gregorian
from markupsafe import Markup, escape

from ledger_api.money import UnknownCurrency, format_minor, minor_units

CODES = ("en", "fa", "ar")
"""The languages, the default one first."""

MINUTES = "MIN"
"""The unit of given time (contracts/src/types/Ids.sol)."""

_STRINGS = Path(__file__).parent / "strings"
_NUMBERING = {"en": "latn", "fa": "arabext", "ar": "arab"}
_DIGITS = {"fa": "۰۱۲۳۴۵۶۷۸۹", "ar": "٠١٢٣٤٥٦٧٨٩"}

Month = tuple[int, int]
"""Year and month of the Gregorian calendar, in UTC."""


def month_of(time_unix_s: int) -> Month:
    """The month that a time falls in."""
    day = datetime.fromtimestamp(time_unix_s, UTC)
    return day.year, day.month


def month_bounds(month: Month) -> tuple[int, int]:
    """Unix seconds of the month's first moment and of the next month's."""
    year, number = month
    first = datetime(year, number, 1, tzinfo=UTC)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return int(first.timestamp()), int(end.timestamp())


@dataclass(frozen=True)
class Language:
    """One language of the pages."""

    code: str
    direction: str
    locale: Locale
    strings: dict[str, str]
    plurals: dict[str, dict[str, str]]

    def text(self, key: str, **values: object) -> Markup:
        """The words under a key; values are escaped, and isolated by whoever made them."""
        return _filled(self.strings[key], values)

    def counted(self, key: str, n: int) -> Markup:
        """The words for `n` things, in the language's own plural form (Arabic has six)."""
        return _filled(self.plurals[key][self.locale.plural_form(n)], {"n": self.number(n)})

    def digits(self, text: str) -> str:
        """The text with the language's digits."""
        own = _DIGITS.get(self.code)
        return text.translate(str.maketrans("0123456789", own)) if own else text

    def number(self, value: int | Decimal, decimals: int = 0) -> str:
        """A number with separators and exactly so many decimals."""
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        plain = format_decimal(value, pattern, self.locale, numbering_system=_NUMBERING[self.code])
        return self.digits(plain)

    def percent(self, part: int, whole: int) -> Markup:
        """A share in whole percent. Never 0 for something, nor 100 for less than all."""
        if whole == 0:
            return self._percent(0)
        percent = (200 * part + whole) // (2 * whole)
        if part and not percent:
            return self.text("share.less", share=self._percent(1))
        if part < whole and percent == 100:
            return self.text("share.more", share=self._percent(99))
        return self._percent(percent)

    def bps(self, value: int) -> Markup:
        """A share in hundredths of a percent."""
        return self._percent(Decimal(value) / 100, 2 if value % 100 else 0)

    def _percent(self, value: int | Decimal, decimals: int = 0) -> Markup:
        sign = "٪" if self.code in _DIGITS else "%"
        return Markup('<bdi dir="{}">{}</bdi>').format(
            self.direction, f"{self.number(value, decimals)}{sign}"
        )

    def amount(self, minor: int, unit: str) -> Markup:
        """An amount with its unit: money by ISO 4217, minutes as time, anything else by its code."""
        if unit == MINUTES:
            words: str = self._time(minor)
        else:
            try:
                minor_units(unit)
            except UnknownCurrency:
                words = Markup('{}\N{NO-BREAK SPACE}<bdi dir="ltr">{}</bdi>').format(self.number(minor), unit)
            else:
                words = self._money(minor, unit)
        # Digits alone would make the isolate left to right, and its unit stand on the wrong side.
        return Markup('<bdi class="amount" dir="{}">{}</bdi>').format(self.direction, words)

    def _money(self, minor: int, currency: str) -> str:
        """Persian and Arabic write the currency's name behind the number; English its sign before it."""
        value, decimals = Decimal(format_minor(minor, currency)), minor_units(currency)
        if value == value.to_integral_value() and (
            get_currency_precision(currency) == 0 or self.code in _DIGITS
        ):
            decimals = 0  # nobody prints hundredths of a rial, though banks count them
        number = self.number(value, decimals)
        if self.code in _DIGITS:
            return f"{number}\N{NO-BREAK SPACE}{get_currency_name(currency, value, self.locale)}"
        sign = get_currency_symbol(currency, self.locale)
        return f"{sign}\N{NO-BREAK SPACE}{number}" if sign.isalpha() else f"{sign}{number}"

    def _time(self, minutes: int) -> str:
        hours, rest = divmod(minutes, 60)
        if not hours:
            return self.counted("minutes", rest)
        if not rest:
            return self.counted("hours", hours)
        return self.text("and", first=self.counted("hours", hours), second=self.counted("minutes", rest))

    def day(self, time_unix_s: int) -> Markup:
        """The day in UTC; in Persian the Jalali date leads, in Arabic the Hijri date follows."""
        try:
            day = datetime.fromtimestamp(time_unix_s, UTC).date()
        except (OverflowError, OSError, ValueError):  # the chain takes any uint64 for a time
            return Markup("—")
        gregorian = self.digits(format_date(day, "long", self.locale))
        own = self._own_date(day)
        first, second = (own, gregorian) if self.code == "fa" else (gregorian, own)
        words = f"{first} ({second})" if own else gregorian
        return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), words)

    def _own_date(self, day: date) -> str:
        """The day in the language's own calendar; "" where there is none or its tables end."""
        try:
            if self.code == "fa":
                jalali = jdatetime.date.fromgregorian(date=day)
                return self.digits(f"{jalali.day} {_jalali_month(jalali.month)} {jalali.year}")
            if self.code == "ar":
                hijri = Gregorian.fromdate(day).to_hijri()
                return self.digits(f"{hijri.day} {hijri.month_name('ar')} {hijri.year} هـ")
        except (OverflowError, ValueError):
            pass
        return ""

    def month(self, month: Month) -> Markup:
        """A Gregorian month, and the own months that it overlaps.

        A month of another calendar instead would overlap this one: two languages would tell half a month.
        """
        first = date(*month, 1)
        last = datetime.fromtimestamp(month_bounds(month)[1], UTC).date() - timedelta(days=1)
        words = self.digits(format_date(first, "LLLL y", self.locale))
        own = self._own_months(first, last)
        return Markup('<time datetime="{}">{}</time>').format(
            f"{first:%Y-%m}", f"{words} ({own})" if own else words
        )

    def _own_months(self, first: date, last: date) -> str:
        try:
            if self.code == "fa":
                ends = [jdatetime.date.fromgregorian(date=day) for day in (first, last)]
                return self._span([(_jalali_month(day.month), day.year) for day in ends])
            if self.code == "ar":
                lunar = [Gregorian.fromdate(day).to_hijri() for day in (first, last)]
                return self._span([(day.month_name("ar"), day.year) for day in lunar])
        except (OverflowError, ValueError):
            pass
        return ""

    def _span(self, ends: Sequence[tuple[str, int]]) -> str:
        (first, first_year), (last, last_year) = ends
        start = first if first_year == last_year else f"{first} {first_year}"
        return self.digits(f"{start} – {last} {last_year}" if ends[0] != ends[1] else f"{last} {last_year}")


def _filled(words: str, values: dict[str, Any]) -> Markup:
    return escape(words).format(**values)


def _jalali_month(number: int) -> str:
    name: str = jdatetime.date.j_months_fa[number - 1]
    return name


@cache
def language(code: str) -> Language:
    """One of CODES."""
    locale = Locale.parse(code)
    strings = json.loads((_STRINGS / f"{code}.json").read_text(encoding="utf-8"))
    return Language(
        code,
        locale.text_direction,
        locale,
        {key: words for key, words in strings.items() if isinstance(words, str)},
        {key: forms for key, forms in strings.items() if isinstance(forms, dict)},
    )


def choose(asked: str | None, accepted: str) -> Language:
    """The language asked for by name, else the one that the browser likes best, else the default."""
    if asked in CODES:
        return language(asked)
    best, best_weight = CODES[0], 0.0
    for part in accepted.split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        code = tag.split("-")[0].lower()
        try:
            weight = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if code in CODES and weight > best_weight:
            best, best_weight = code, weight
    return language(best)
