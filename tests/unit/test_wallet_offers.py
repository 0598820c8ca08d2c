"""Offers and signed answers: read strictly, said plainly, and exactly what the API takes."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from typing import Any

import pytest
from eth_account import Account

from contracts.abi import Address, BadValue
from contracts.bindings.ids import EntitlementId
from contracts.deployment import CONTRACTS, Deployment, field_of
from ledger_api import money
from wallet import offers
from wallet.errors import Expired, NotTheDocument, OtherOffer, WalletError, WrongChain, WrongSigner
from wallet.offers import Offer, SignedAnswer

NOW = 1_767_139_200
KEY = Account.create()
SIGNER = Address(bytes.fromhex(KEY.address[2:]))
OFFER = Offer(
    household=Address(secrets.token_bytes(20)),
    entitlement=EntitlementId(secrets.token_bytes(32)),
    amount_minor=10_000,
    unit="SAR",
    deadline_unix_s=1_767_225_600,
    chain_id=31337,
    genesis_hash=secrets.token_bytes(32),
    contract=Address(secrets.token_bytes(20)),
)
GOOD: dict[str, Any] = json.loads(OFFER.to_json())


def encoded(**changes: Any) -> bytes:
    return json.dumps(GOOD | changes).encode()


def test_offer_is_read_back() -> None:
    assert Offer.parse(OFFER.to_json().encode()) == OFFER
    assert tuple(GOOD) == offers.OFFER
    assert GOOD["amount_minor"] == "10000"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("household", "0x" + "1" * 39),
        ("household", "0x" + "1" * 64),
        ("household", "1" * 40),
        ("household", "0X" + "1" * 40),
        ("household", "0x" + "0" * 40),
        ("household", "0x" + "g" * 40),
        ("household", "0x52908400098527886E0F7030069857D2E4169Ee7"),
        ("household", 5),
        ("entitlement", "0x1234"),
        ("entitlement", "0x" + "1" * 66),
        ("entitlement", "0x" + "0" * 64),
        ("entitlement", None),
        ("entitlement", "0x" + "1" * 63 + "\n"),
        ("amount_minor", 10000),
        ("amount_minor", "-1"),
        ("amount_minor", "0"),
        ("amount_minor", "1.5"),
        ("amount_minor", "1e3"),
        ("amount_minor", "010"),
        ("amount_minor", " 10"),
        ("amount_minor", "+10"),
        ("amount_minor", "10\n"),
        ("amount_minor", "1_000"),
        ("amount_minor", ""),
        ("amount_minor", "۱۰۰"),
        ("amount_minor", str(2**63)),
        ("amount_minor", "9" * 5000),
        ("unit", ""),
        ("unit", "S R"),
        ("unit", "ریال"),
        ("unit", "x" * 33),
        ("unit", 1),
        ("deadline_unix_s", "1767225600"),
        ("deadline_unix_s", 1767225600.0),
        ("deadline_unix_s", 1767225600000),
        ("deadline_unix_s", 0),
        ("deadline_unix_s", -1),
        ("deadline_unix_s", True),
        ("deadline_unix_s", 10**30),
        ("chain_id", "31337"),
        ("chain_id", 0),
        ("chain_id", 1.5),
        ("genesis_hash", "0x12"),
        ("contract", "0x12"),
        ("extra", 1),
        ("amount", "1"),
    ],
    ids=repr,
)
def test_a_value_that_does_not_fit_is_named(field: str, value: object) -> None:
    with pytest.raises(BadValue) as refused:
        Offer.parse(encoded(**{field: value}))
    assert refused.value.field == field


@pytest.mark.parametrize("field", offers.OFFER)
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(BadValue, match=f"{field}: it is missing"):
        Offer.parse(json.dumps({k: v for k, v in GOOD.items() if k != field}).encode())


def test_a_field_given_twice_is_refused() -> None:
    text = encoded().replace(b'"unit"', b'"amount_minor": "1", "unit"')
    with pytest.raises(BadValue, match="amount_minor: it is given twice"):
        Offer.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"a"',
        b"\xff",
        b"[" * 10_000,
        b" " * 20_000,
        encoded(chain_id=float("nan")),
    ],
    ids=["empty", "cut", "array", "null", "text", "binary", "deep", "long", "nan"],
)
def test_not_the_document(text: bytes) -> None:
    for parse in (Offer.parse, SignedAnswer.parse):
        with pytest.raises(NotTheDocument):
            parse(text)


def test_a_checksummed_address_is_read() -> None:
    address = "0x52908400098527886E0F7030069857D2E4169EE7"
    for text in (address, address.lower()):
        assert Offer.parse(encoded(household=text)).household.hex() == address[2:].lower()


def test_acceptance_is_the_body_of_the_api() -> None:
    answer = offers.sign_acceptance(OFFER, KEY, now_unix_s=NOW)
    body = answer.body()
    assert list(body) == ["entitlement", "amount_minor", "unit", "deadline_unix_s", "r", "vs"]
    assert body["amount_minor"] == "10000" and body["unit"] == "SAR"
    assert body["deadline_unix_s"] == 1_767_225_600
    assert all(len(str(body[name])) == 66 for name in ("entitlement", "r", "vs"))
    assert SignedAnswer.parse(answer.to_json().encode()) == answer
    offers.check(answer, OFFER, SIGNER, now_unix_s=NOW)


def test_refusal_is_the_body_of_the_api() -> None:
    answer = offers.sign_refusal(OFFER, "not-needed", KEY, now_unix_s=NOW)
    assert list(answer.body()) == ["entitlement", "reason", "deadline_unix_s", "r", "vs"]
    assert SignedAnswer.parse(answer.to_json().encode()) == answer
    offers.check(answer, OFFER, SIGNER, now_unix_s=NOW)


def test_dispute_is_the_body_of_the_api() -> None:
    answer = offers.sign_dispute(OFFER, "never-arrived", KEY, now_unix_s=NOW)
    assert list(answer.body()) == ["entitlement", "reason", "deadline_unix_s", "r", "vs"]
    assert SignedAnswer.parse(answer.to_json().encode(), dispute=True) == answer
    offers.check(answer, OFFER, SIGNER, now_unix_s=NOW)


def test_a_dispute_is_no_refusal() -> None:
    """Their files look alike; their signatures do not."""
    for sign, dispute in ((offers.sign_dispute, False), (offers.sign_refusal, True)):
        answer = sign(OFFER, "never-arrived", KEY, now_unix_s=NOW)
        other = SignedAnswer.parse(answer.to_json().encode(), dispute=dispute)
        with pytest.raises(WrongSigner):
            offers.check(other, OFFER, SIGNER, now_unix_s=NOW)


def test_an_acceptance_is_no_dispute() -> None:
    answer = offers.sign_acceptance(OFFER, KEY, now_unix_s=NOW)
    with pytest.raises(BadValue, match="amount_minor"):
        SignedAnswer.parse(answer.to_json().encode(), dispute=True)


@pytest.mark.parametrize("reason", ["", "two words", "x" * 33, "نه"])
def test_a_reason_is_a_code(reason: str) -> None:
    for sign in (offers.sign_refusal, offers.sign_dispute):
        with pytest.raises(BadValue, match="reason"):
            sign(OFFER, reason, KEY, now_unix_s=NOW)


def test_a_yes_is_no_no() -> None:
    """The signature of one answer does not carry another."""
    yes = offers.sign_acceptance(OFFER, KEY, now_unix_s=NOW)
    no = SignedAnswer(OFFER.entitlement, OFFER.deadline_unix_s, yes.signature, reason="not-needed")
    with pytest.raises(WrongSigner):
        offers.check(no, OFFER, SIGNER, now_unix_s=NOW)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"entitlement": b"\x01" * 32}, OtherOffer),
        ({"amount_minor": 1}, OtherOffer),
        ({"unit": "EUR"}, OtherOffer),
        ({"deadline_unix_s": NOW + 5}, OtherOffer),
        ({"household": Address(b"\x01" * 20)}, WrongSigner),
        ({"chain_id": 1}, WrongSigner),
        ({"genesis_hash": b"\x01" * 32}, WrongSigner),
        ({"contract": Address(b"\x01" * 20)}, WrongSigner),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else value.__name__,
)
def test_check_against_another_offer(change: dict[str, Any], error: type[WalletError]) -> None:
    answer = offers.sign_acceptance(OFFER, KEY, now_unix_s=NOW)
    with pytest.raises(error) as refused:
        offers.check(answer, replace(OFFER, **change), SIGNER, now_unix_s=NOW)
    if error is OtherOffer:
        assert refused.value.field in change


def test_expired() -> None:
    answer = offers.sign_acceptance(OFFER, KEY, now_unix_s=NOW)
    with pytest.raises(Expired):
        offers.check(answer, OFFER, SIGNER, now_unix_s=OFFER.deadline_unix_s)
    with pytest.raises(Expired):
        offers.sign_acceptance(OFFER, KEY, now_unix_s=OFFER.deadline_unix_s)


@pytest.mark.parametrize("field", ["genesis_hash", "chain_id", "contract"])
def test_offer_of_another_ledger(field: str) -> None:
    places = dict.fromkeys(map(field_of, CONTRACTS), Address(bytes(20))) | {"delivery_ledger": OFFER.contract}
    ours = Deployment(OFFER.chain_id, OFFER.genesis_hash, 1, **places)
    OFFER.require_deployment(ours)
    value: Any = 1 if field == "chain_id" else Address(b"\x01" * 20) if field == "contract" else b"\x01" * 32
    other = replace(OFFER, **{field: value})
    with pytest.raises(WrongChain) as refused:
        offers.sign_acceptance(other, KEY, now_unix_s=NOW, deployment=ours)
    assert refused.value.field == field
    for sign in (offers.sign_refusal, offers.sign_dispute):
        with pytest.raises(WrongChain):
            sign(other, "no", KEY, now_unix_s=NOW, deployment=ours)


@pytest.mark.parametrize("language", offers.WORDS)
def test_plain_words_say_everything(language: str) -> None:
    assert set(offers.WORDS[language]) == set(offers.WORDS["en"])
    text = OFFER.describe(language)
    for part in ("100.00 SAR", OFFER.household.hex(), OFFER.entitlement.hex(), "2026-01-01 00:00 UTC"):
        assert part in text.lower() or part in text
    assert "not-needed" in OFFER.describe(language, "not-needed")
    heads = {
        OFFER.describe(language).partition("\n")[0],
        OFFER.describe(language, "not-needed").partition("\n")[0],
        OFFER.describe(language, "not-needed", dispute=True).partition("\n")[0],
    }
    assert len(heads) == 3


@pytest.mark.parametrize(
    ("amount", "unit", "text"),
    [
        (1, "SAR", "0.01 SAR"),
        (123_456_789, "EUR", "1,234,567.89 EUR"),
        (5, "KWD", "0.005 KWD"),
        (90, "MIN", "90 MIN"),
        (1500, "food-parcel", "1,500 food-parcel"),
        (2**63 - 1, "IRR", "92,233,720,368,547,758.07 IRR"),
    ],
)
def test_amounts_in_plain_words(amount: int, unit: str, text: str) -> None:
    assert offers.amount_text(amount, unit) == text


def test_decimals_are_those_of_the_ledger() -> None:
    assert {unit: money.minor_units(unit) for unit in offers.DECIMALS} == offers.DECIMALS
