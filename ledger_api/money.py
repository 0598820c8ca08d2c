"""Exact money: text <-> integer minor units, by the exponents of ISO 4217.

Source of the exponents: ISO 4217 "List one" (active currencies and funds), published by SIX Financial
Information as maintenance agency, edition of 2026-01-01, column "Minor unit". It is *not* CLDR (babel): CLDR
gives the digits people usually print, so the rial (IRR) has 0 there and 2 in ISO 4217, the Iraqi dinar (IQD)
0 and 3, the Afghani (AFN) 0 and 2. Banks write statements by ISO 4217, and an amount that passes through two
systems must mean the same in both.

No function here accepts or returns a float.
"""

from __future__ import annotations

import re

MAX_MINOR = 2**63 - 1
"""Largest amount in minor units: exact in Solidity, Python and SQL alike (DESIGN.md, section 2)."""

_MAX_TEXT = 40  # 19 digits, a point and a fraction fit; longer text is an attack on int(), not money

_CODES_BY_EXPONENT: dict[int, str] = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF "
        "CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
        "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL "
        "MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR "
        "PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP "
        "TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
# Absent on purpose: codes whose minor unit is "N.A." (XAU, XDR, XTS, XXX ...): they have no minor unit to
# count in.

_EXPONENTS: dict[str, int] = {
    code: exponent for exponent, codes in _CODES_BY_EXPONENT.items() for code in codes.split()
}

_DECIMAL = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]+)(?:\.(?P<fraction>[0-9]+))?")


class MoneyError(ValueError):
    """An amount or a currency code cannot be used; trying again with the same text cannot help.

    `field` names what was wrong, `problem` says how, `remedy` what to do about it.
    """

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem}; {remedy}")
        self.field = field
        self.problem = problem
        self.remedy = remedy


class UnknownCurrency(MoneyError):
    """The code is not an active ISO 4217 currency with a minor unit."""


class MalformedAmount(MoneyError):
    """The text is not a plain decimal amount that is a whole number of minor units."""


def minor_units(code: str) -> int:
    """Number of decimal digits of the ISO 4217 currency `code` (JPY 0, EUR 2, IRR 2, BHD 3).

    Raises UnknownCurrency.
    """
    exponent = _EXPONENTS.get(code)
    if exponent is None:
        raise UnknownCurrency(
            "currency",
            f"{code[:12]!r} is not an active ISO 4217 code with a minor unit",
            "use the three capital letters of ISO 4217, such as EUR or SAR",
        )
    return exponent


def parse_minor(text: str, code: str, *, signed: bool = False, field: str = "amount") -> int:
    """Minor units of the plain decimal `text` in currency `code`: parse_minor("8.85", "EUR") == 885.

    Zeros beyond the minor unit are harmless ("105.750" EUR is 10575); any other digit there is refused, never
    rounded. A sign is accepted only with `signed=True`. `field` is the name used in the error. Refused:
    exponents, NaN, infinity, separators, spaces, non-ASCII digits, more than MAX_MINOR. Raises
    MalformedAmount, UnknownCurrency.
    """
    exponent = minor_units(code)
    match = _DECIMAL.fullmatch(text) if len(text) <= _MAX_TEXT else None
    if match is None:
        raise MalformedAmount(
            field,
            f"{text[:_MAX_TEXT]!r} is not a plain decimal number",
            "write ASCII digits with at most one point, as in 1234.50",
        )
    if match["sign"] and not signed:
        raise MalformedAmount(field, f"{text!r} has a sign", "write the amount without a sign")
    fraction = match["fraction"] or ""
    if fraction[exponent:].strip("0"):
        raise MalformedAmount(
            field,
            f"{text!r} has a fraction of a minor unit of {code}",
            f"write at most {exponent} decimal places for {code}",
        )
    minor = int(match["whole"] + fraction[:exponent].ljust(exponent, "0"))
    if minor > MAX_MINOR:
        raise MalformedAmount(field, f"{text!r} {code} is more than the ledger can hold", "split the amount")
    return -minor if match["sign"] == "-" else minor


def format_minor(amount: int, code: str) -> str:
    """Plain decimal of `amount` minor units: format_minor(-885, "EUR") == "-8.85"; no separators, no code.

    Inverse of parse_minor(..., signed=True). Raises UnknownCurrency.
    """
    exponent = minor_units(code)
    digits = str(abs(amount)).rjust(exponent + 1, "0")
    whole, fraction = digits[: len(digits) - exponent], digits[len(digits) - exponent :]
    return ("-" if amount < 0 else "") + whole + ("." + fraction if exponent else "")
