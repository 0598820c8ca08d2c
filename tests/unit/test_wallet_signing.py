"""Signing refuses before it signs; what it signs has one form. The vectors are in test_typed_data.py."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from eth_account import Account
from eth_keys import keys

from contracts.abi import Address, BadValue
from contracts.bindings import (
    case_log,
    debt_relief,
    delivery_ledger,
    field_acceptance,
    fund_ledger,
    time_bank,
)
from contracts.bindings.delivery_ledger import Acceptance
from contracts.bindings.ids import EntitlementId
from wallet import signing
from wallet.errors import BadSignature, Expired, WalletError, WrongChain, WrongSigner
from wallet.signing import HALF_ORDER, ORDER, CompactSignature

NOW = 1_767_139_200
GENESIS = bytes(range(32))
DOMAIN = delivery_ledger.domain(31337, Address(bytes(range(20))))


def acceptance(deadline_unix_s: int = NOW + 60) -> Acceptance:
    entitlement = EntitlementId(secrets.token_bytes(32))
    return Acceptance(Address(secrets.token_bytes(20)), entitlement, 10_000, "SAR", GENESIS, deadline_unix_s)


def test_every_signature_is_low_and_recovers() -> None:
    key = Account.create()
    for _ in range(100):
        struct = acceptance()
        signature = signing.sign(struct, DOMAIN, key, genesis_hash=GENESIS, now_unix_s=NOW)
        assert int.from_bytes(signature.vs, "big") & ((1 << 255) - 1) <= HALF_ORDER
        assert signing.recover(struct, DOMAIN, signature) == bytes.fromhex(key.address[2:])


STRUCTS = [
    (module, name, struct)
    for module in (delivery_ledger, fund_ledger, field_acceptance, time_bank, debt_relief, case_log)
    for name, struct in sorted(vars(module).items())
    if isinstance(struct, type) and hasattr(struct, "struct_hash") and struct.__module__ == module.__name__
]
PLAIN = {"int": 7, "str": "code", "Address": Address(b"\x05" * 20), "Reserve": 1}


@pytest.mark.parametrize(
    ("module", "name", "struct"), STRUCTS, ids=lambda value: getattr(value, "__name__", value)
)
def test_every_struct_that_a_contract_checks_can_be_signed(module: Any, name: str, struct: Any) -> None:
    kinds = {field: kind.__forward_arg__ for field, kind in struct.__annotations__.items()}
    values = {field: PLAIN.get(kind, b"\x06" * 32) for field, kind in kinds.items()}
    said = struct(**values | {"genesis_hash": GENESIS, "deadline_unix_s": NOW + 60})
    domain = module.domain(31337, Address(bytes(range(20))))
    key = Account.create()
    signature = signing.sign(said, domain, key, genesis_hash=GENESIS, now_unix_s=NOW)
    assert signing.recover(said, domain, signature) == bytes.fromhex(key.address[2:])
    for field in struct._fields:  # whatever is signed differently is signed by nobody known
        changed = {"int": 8, "str": "other", "Address": Address(b"\x09" * 20), "Reserve": 2}
        other = said._replace(**{field: changed.get(kinds[field], b"\x09" * 32)})
        assert signing.recover(other, domain, signature) != bytes.fromhex(key.address[2:])


def test_the_structs_are_all_there() -> None:
    assert {name for _, name, _ in STRUCTS} >= {
        "Acceptance",
        "CaseOpening",
        "CaseReopening",
        "Claim",
        "Clearance",
        "Dispute",
        "Forgiveness",
        "HeirNaming",
        "MinutesGift",
        "Reassignment",
        "Redemption",
        "Refusal",
        "ReserveChoice",
        "ServiceReceived",
        "Witnessing",
    }


@pytest.mark.parametrize("parity", [0, 1])
def test_compact_mirrors_a_high_s(parity: int) -> None:
    """Both forms of one signature are the same compact one."""
    digest = secrets.token_bytes(32)
    while True:
        signature = keys.PrivateKey(secrets.token_bytes(32)).sign_msg_hash(digest)
        if signature.v == parity:
            break
    low = signing.compact(signature.r, signature.s, signature.v)
    assert signing.compact(signature.r, ORDER - signature.s, 1 - signature.v) == low


@pytest.mark.parametrize("deadline", [NOW, NOW - 1, 0])
def test_deadline_must_lie_ahead(deadline: int) -> None:
    with pytest.raises(Expired, match=r"^deadline_unix_s: "):
        signing.sign(acceptance(deadline), DOMAIN, Account.create(), genesis_hash=GENESIS, now_unix_s=NOW)


def test_genesis_must_be_the_ledgers() -> None:
    with pytest.raises(WrongChain, match=r"^genesis_hash: "):
        signing.sign(acceptance(), DOMAIN, Account.create(), genesis_hash=bytes(32), now_unix_s=NOW)


def test_values_are_checked_first() -> None:
    struct = acceptance(NOW - 1)._replace(entitlement=EntitlementId(b"\x01"))
    with pytest.raises(BadValue, match="entitlement"):
        signing.sign(struct, DOMAIN, Account.create(), genesis_hash=bytes(32), now_unix_s=NOW)
    short = delivery_ledger.domain(31337, Address(bytes(19)))
    with pytest.raises(BadValue, match="contract"):
        signing.sign(acceptance(), short, Account.create(), genesis_hash=GENESIS, now_unix_s=NOW)


@pytest.mark.parametrize(
    ("r", "vs", "error"),
    [
        (bytes(31), bytes(32), BadValue),
        (bytes(32), bytes(33), BadValue),
        (bytes(32), bytes(32), BadSignature),
        (b"\xff" * 32, b"\x01" * 32, BadSignature),
        (b"\x01" * 32, b"\xff" * 32, BadSignature),
    ],
)
def test_malformed_signatures(r: bytes, vs: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        signing.recover(acceptance(), DOMAIN, CompactSignature(r, vs))


def test_verify_names_both_accounts() -> None:
    struct, key, other = acceptance(), Account.create(), Account.create()
    signature = signing.sign(struct, DOMAIN, key, genesis_hash=GENESIS, now_unix_s=NOW)
    with pytest.raises(WrongSigner) as refused:
        signing.verify(
            struct,
            DOMAIN,
            signature,
            Address(bytes.fromhex(other.address[2:])),
            genesis_hash=GENESIS,
            now_unix_s=NOW,
        )
    assert key.address.lower() in str(refused.value) and other.address.lower() in str(refused.value)


def subclasses(error: type[WalletError]) -> list[type[WalletError]]:
    return [error, *(found for child in error.__subclasses__() for found in subclasses(child))]


@pytest.mark.parametrize("error", subclasses(WalletError), ids=lambda error: error.__name__)
def test_every_error_says_what_and_what_to_do(error: type[WalletError]) -> None:
    text = str(error("detail"))
    assert text.startswith(f"{error.FIELD}: ") and text.endswith(f"; {error.REMEDY}") and "(detail)" in text
    assert "\n" not in text and error.__doc__ and error.__doc__.rstrip().endswith(".")
