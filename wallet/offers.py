"""What a field worker carries to a household, and what comes back signed. All of it works offline.

An offer and a signed answer are JSON objects with exactly the fields below: an unknown, missing or repeated
field is refused, and so is a number where a text belongs. Money is a decimal string of minor units, time
whole UTC seconds (DESIGN section 3). The signed answer is the body of POST /v1/acceptances, POST /v1/refusals
or POST /v1/disputes, unchanged.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from contracts.abi import Address, BadValue, Domain, code_word
from contracts.bindings import delivery_ledger
from contracts.bindings.delivery_ledger import Acceptance, Dispute, Refusal
from contracts.bindings.ids import EntitlementId
from contracts.deployment import Deployment
from wallet import signing
from wallet.errors import NotTheDocument, OtherOffer, WrongChain
from wallet.signing import CompactSignature

OFFER = (
    "household",
    "entitlement",
    "amount_minor",
    "unit",
    "deadline_unix_s",
    "chain_id",
    "genesis_hash",
    "contract",
)
SIGNED_ACCEPTANCE = ("entitlement", "amount_minor", "unit", "deadline_unix_s", "r", "vs")
SIGNED_REFUSAL = ("entitlement", "reason", "deadline_unix_s", "r", "vs")
"""Of a dispute, too: what it is, says where it is sent and what was signed."""

MAX_BYTES = 16 * 1024
"""Of an offer or a signed answer; a real one has some 500 bytes."""
MAX_AMOUNT = 2**63 - 1
"""In minor units (DESIGN section 2)."""
MAX_UNIX_S = 100_000_000_000
"""Year 5138. Today's time in milliseconds, the usual mistake, is above it; a deadline there would never
come."""
MAX_CHAIN_ID = 2**63 - 1

DECIMALS = {
    "AED": 2,
    "AFN": 2,
    "BHD": 3,
    "EUR": 2,
    "GBP": 2,
    "IQD": 3,
    "IRR": 2,
    "JOD": 3,
    "KWD": 3,
    "LBP": 2,
    "OMR": 3,
    "PKR": 2,
    "QAR": 2,
    "SAR": 2,
    "SYP": 2,
    "TRY": 2,
    "USD": 2,
    "YER": 2,
}
"""Digits after the point by ISO 4217, for the plain words only. Amounts of other units are shown as they
are."""

WORDS = {
    "en": {
        "accept": "By signing, the household accepts:",
        "refuse": "By signing, the household refuses:",
        "dispute": "By signing, the household objects to this delivery:",
        "amount": "amount",
        "reason": "reason",
        "household": "household account",
        "entitlement": "entitlement",
        "deadline": "to be signed and recorded before",
    },
    "fa": {
        "accept": "خانوار با امضای خود می‌پذیرد:",
        "refuse": "خانوار با امضای خود رد می‌کند:",
        "dispute": "خانوار با امضای خود به این تحویل اعتراض می‌کند:",
        "amount": "مقدار",
        "reason": "دلیل",
        "household": "حساب خانوار",
        "entitlement": "شناسهٔ سهم",
        "deadline": "مهلت امضا و ثبت",
    },
    "ar": {
        "accept": "بالتوقيع تقبل الأسرة:",
        "refuse": "بالتوقيع ترفض الأسرة:",
        "dispute": "بالتوقيع تعترض الأسرة على هذا التسليم:",
        "amount": "المقدار",
        "reason": "السبب",
        "household": "حساب الأسرة",
        "entitlement": "معرّف الاستحقاق",
        "deadline": "آخر موعد للتوقيع والتسجيل",
    },
}


@dataclass(frozen=True, slots=True)
class Offer:
    """An entitlement as it is put to its household: so much, until then, in this contract of this ledger."""

    household: Address
    entitlement: EntitlementId
    amount_minor: int
    unit: str
    deadline_unix_s: int
    chain_id: int
    genesis_hash: bytes
    contract: Address

    @classmethod
    def parse(cls, text: bytes) -> Offer:
        """Raises NotTheDocument, and BadValue naming the field."""
        fields = _Fields(text, OFFER)
        return cls(
            household=fields.address("household"),
            entitlement=EntitlementId(fields.hex("entitlement", 32)),
            amount_minor=fields.amount("amount_minor"),
            unit=fields.code("unit"),
            deadline_unix_s=fields.time("deadline_unix_s"),
            chain_id=fields.whole("chain_id", 1, MAX_CHAIN_ID),
            genesis_hash=fields.hex("genesis_hash", 32),
            contract=fields.address("contract"),
        )

    def to_json(self) -> str:
        """The file; `parse` reads it back."""
        values = {
            "household": _hex(self.household),
            "entitlement": _hex(self.entitlement),
            "amount_minor": str(self.amount_minor),
            "unit": self.unit,
            "deadline_unix_s": self.deadline_unix_s,
            "chain_id": self.chain_id,
            "genesis_hash": _hex(self.genesis_hash),
            "contract": _hex(self.contract),
        }
        return json.dumps(values, indent=2) + "\n"

    def domain(self) -> Domain:
        """Of the contract that will check the signature."""
        return delivery_ledger.domain(self.chain_id, self.contract)

    def acceptance(self) -> Acceptance:
        """What a household signs to say yes."""
        return Acceptance(
            self.household,
            self.entitlement,
            self.amount_minor,
            self.unit,
            self.genesis_hash,
            self.deadline_unix_s,
        )

    def refusal(self, reason: str) -> Refusal:
        """What a household signs to say no. Raises BadValue when the reason is no code."""
        _code(reason, "reason")
        return Refusal(self.household, self.entitlement, reason, self.genesis_hash, self.deadline_unix_s)

    def dispute(self, reason: str) -> Dispute:
        """What a household signs to object after the hand-over. Raises BadValue when the reason is no code."""
        _code(reason, "reason")
        return Dispute(self.household, self.entitlement, reason, self.genesis_hash, self.deadline_unix_s)

    def require_deployment(self, deployment: Deployment) -> None:
        """Raises WrongChain unless the offer is of this very ledger."""
        if self.genesis_hash != deployment.genesis_hash:
            raise WrongChain(_hex(self.genesis_hash))
        if self.chain_id != deployment.chain_id:
            raise WrongChain(str(self.chain_id), field="chain_id")
        if self.contract != deployment.delivery_ledger:
            raise WrongChain(_hex(self.contract), field="contract")

    def describe(self, language: str = "en", reason: str = "", *, dispute: bool = False) -> str:
        """What is being accepted, or refused or disputed for `reason`, in plain words; `language` is one of
        WORDS."""
        words = WORDS[language]
        said = ("dispute" if dispute else "refuse") if reason else "accept"
        deadline = datetime.fromtimestamp(self.deadline_unix_s, UTC)
        lines = [
            words[said],
            f"  {words['amount']}: {amount_text(self.amount_minor, self.unit)}",
            *([f"  {words['reason']}: {reason}"] if reason else []),
            f"  {words['household']}: {to_checksum_address(self.household)}",
            f"  {words['entitlement']}: {_hex(self.entitlement)}",
            f"  {words['deadline']}: {deadline:%Y-%m-%d %H:%M} UTC",
        ]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class SignedAnswer:
    """A household's yes (`reason` empty), no or objection (`reason` a code) to one entitlement."""

    entitlement: EntitlementId
    deadline_unix_s: int
    signature: CompactSignature
    amount_minor: int = 0
    """Only of a yes, like `unit`."""
    unit: str = ""
    reason: str = ""
    dispute: bool = False
    """An objection, not a refusal; the file does not tell them apart, but the signature does."""

    @classmethod
    def parse(cls, text: bytes, *, dispute: bool = False) -> SignedAnswer:
        """Raises NotTheDocument, and BadValue naming the field."""
        refused = dispute or "reason" in _object(text)
        fields = _Fields(text, SIGNED_REFUSAL if refused else SIGNED_ACCEPTANCE)
        return cls(
            entitlement=EntitlementId(fields.hex("entitlement", 32)),
            deadline_unix_s=fields.time("deadline_unix_s"),
            signature=CompactSignature(fields.hex("r", 32), fields.hex("vs", 32)),
            amount_minor=0 if refused else fields.amount("amount_minor"),
            unit="" if refused else fields.code("unit"),
            reason=fields.code("reason") if refused else "",
            dispute=dispute,
        )

    def body(self) -> dict[str, str | int]:
        """The body of POST /v1/refusals (or /v1/disputes) when there is a reason, else of POST /v1/acceptances."""
        what = (
            {"reason": self.reason}
            if self.reason
            else {"amount_minor": str(self.amount_minor), "unit": self.unit}
        )
        return {
            "entitlement": _hex(self.entitlement),
            **what,
            "deadline_unix_s": self.deadline_unix_s,
            "r": _hex(self.signature.r),
            "vs": _hex(self.signature.vs),
        }

    def to_json(self) -> str:
        """The file; `parse` reads it back."""
        return json.dumps(self.body(), indent=2) + "\n"


def sign_acceptance(
    offer: Offer, key: LocalAccount, *, now_unix_s: int, deployment: Deployment | None = None
) -> SignedAnswer:
    """The household's yes. Raises Expired, BadValue, and WrongChain when the offer is not of `deployment`.

    Without a deployment the offer's own words are signed: they bind the answer to the ledger they name, so
    an offer that lies about its ledger only gets an answer that no contract takes.
    """
    if deployment:
        offer.require_deployment(deployment)
    struct = offer.acceptance()
    signature = signing.sign(
        struct, offer.domain(), key, genesis_hash=offer.genesis_hash, now_unix_s=now_unix_s
    )
    return SignedAnswer(offer.entitlement, offer.deadline_unix_s, signature, offer.amount_minor, offer.unit)


def sign_refusal(
    offer: Offer, reason: str, key: LocalAccount, *, now_unix_s: int, deployment: Deployment | None = None
) -> SignedAnswer:
    """The household's no, with a code as its reason. Raises Expired, BadValue, WrongChain as
    `sign_acceptance`."""
    if deployment:
        offer.require_deployment(deployment)
    struct = offer.refusal(reason)
    signature = signing.sign(
        struct, offer.domain(), key, genesis_hash=offer.genesis_hash, now_unix_s=now_unix_s
    )
    return SignedAnswer(offer.entitlement, offer.deadline_unix_s, signature, reason=reason)


def sign_dispute(
    offer: Offer, reason: str, key: LocalAccount, *, now_unix_s: int, deployment: Deployment | None = None
) -> SignedAnswer:
    """The household's objection to a hand-over, with a code as its reason. Raises Expired, BadValue, WrongChain
    as `sign_acceptance`."""
    if deployment:
        offer.require_deployment(deployment)
    signature = signing.sign(
        offer.dispute(reason), offer.domain(), key, genesis_hash=offer.genesis_hash, now_unix_s=now_unix_s
    )
    return SignedAnswer(offer.entitlement, offer.deadline_unix_s, signature, reason=reason, dispute=True)


def check(answer: SignedAnswer, offer: Offer, signer: Address, *, now_unix_s: int) -> None:
    """Returns when `signer` gave this answer to this offer. Raises OtherOffer naming the first field that
    differs, BadSignature, WrongSigner, Expired."""
    same = ["entitlement", "deadline_unix_s", *([] if answer.reason else ["amount_minor", "unit"])]
    for name in same:
        signed, offered = getattr(answer, name), getattr(offer, name)
        if signed != offered:
            shown = (_hex(v) if isinstance(v, bytes) else str(v) for v in (signed, offered))
            raise OtherOffer(", not ".join(shown), field=name)
    signing.verify(
        _said(answer, offer),
        offer.domain(),
        answer.signature,
        signer,
        genesis_hash=offer.genesis_hash,
        now_unix_s=now_unix_s,
    )


def _said(answer: SignedAnswer, offer: Offer) -> Acceptance | Refusal | Dispute:
    if answer.dispute:
        return offer.dispute(answer.reason)
    return offer.refusal(answer.reason) if answer.reason else offer.acceptance()


def amount_text(amount_minor: int, unit: str) -> str:
    """Minor units in plain words: 10000 SAR -> `100.00 SAR`, 90 MIN -> `90 MIN`."""
    digits = DECIMALS.get(unit, 0)
    whole, rest = divmod(amount_minor, 10**digits)
    return f"{whole:,}.{rest:0{digits}d} {unit}" if digits else f"{whole:,} {unit}"


def parse_address(text: str, field: str) -> Address:
    """20 bytes in hex; with mixed case the checksum of EIP-55 must fit. Raises BadValue."""
    value = Address(_bytes(text, 20, field))
    if text[2:] not in (text[2:].lower(), text[2:].upper()) and text != to_checksum_address(value):
        raise BadValue(field, "its checksum does not fit (EIP-55); copy the address again")
    return value


class _Fields:
    """The fields of one document, each read by its kind; every method raises BadValue."""

    def __init__(self, text: bytes, names: tuple[str, ...]) -> None:
        self._values = _object(text)
        for name in self._values:
            if name not in names:
                raise BadValue(name[:40], f"no such field here; give exactly {', '.join(names)}")
        for name in names:
            if name not in self._values:
                raise BadValue(name, "it is missing")

    def hex(self, name: str, size: int) -> bytes:
        return _bytes(self._text(name), size, name)

    def address(self, name: str) -> Address:
        return parse_address(self._text(name), name)

    def code(self, name: str) -> str:
        return _code(self._text(name), name)

    def amount(self, name: str) -> int:
        """Minor units, from 1."""
        text = self._text(name)
        if not re.fullmatch("[1-9][0-9]{0,18}", text) or int(text) > MAX_AMOUNT:
            wanted = 'give minor units as a text of the digits 0-9, such as "10000", from 1 to 2^63-1'
            raise BadValue(name, wanted)
        return int(text)

    def time(self, name: str) -> int:
        """UTC seconds since 1970."""
        return self.whole(name, 1, MAX_UNIX_S)

    def whole(self, name: str, least: int, most: int) -> int:
        value = self._values[name]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise BadValue(name, f"give a whole number from {least} to {most}, without quotation marks")
        return value

    def _text(self, name: str) -> str:
        value = self._values[name]
        if not isinstance(value, str):
            raise BadValue(name, "give a text in quotation marks")
        return value


def _object(text: bytes) -> dict[str, Any]:
    if len(text) > MAX_BYTES:
        raise NotTheDocument(f"more than {MAX_BYTES} bytes")
    try:
        value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, BadValue):
            raise
        raise NotTheDocument("no JSON text in UTF-8") from None
    if not isinstance(value, dict):
        raise NotTheDocument("no JSON object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers disagree on which of two equal names counts, so a file that has them is refused."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise BadValue(name[:40], "it is given twice")
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _bytes(text: str, size: int, field: str) -> bytes:
    """`0x` and exactly `size` bytes in hex, not all zero: zero is never an id, an account or a hash."""
    if not re.fullmatch(f"0x[0-9a-fA-F]{{{2 * size}}}", text) or not any(bytes.fromhex(text[2:])):
        raise BadValue(field, f"give 0x and exactly {2 * size} hexadecimal digits, not all zero")
    return bytes.fromhex(text[2:])


def _code(text: str, field: str) -> str:
    code_word(text, field)
    if not text:
        raise BadValue(field, "give 1 to 32 printable ASCII characters without spaces")
    return text


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
