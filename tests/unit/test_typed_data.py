"""Our EIP-712 digests are those of eth_account, and ours refuse what it lets pass (DESIGN section 4)."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data

from contracts.abi import Address, BadValue, Domain, code_text
from contracts.bindings import fund_ledger, time_bank
from contracts.bindings.ids import EntitlementId
from tests.vectors import make_typed_data
from wallet import errors, signing
from wallet.signing import CompactSignature, Signable

VECTORS: dict[str, Any] = json.loads(make_typed_data.FILE.read_text())
CLASSES: dict[str, Any] = {
    name: cls
    for module in (fund_ledger, time_bank)
    for name, cls in vars(module).items()
    if isinstance(cls, type) and hasattr(cls, "struct_hash")
}
CODES = {"unit", "reason"}


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def struct_of(vector: dict[str, Any]) -> Signable:
    """The generated struct of a vector; its fields stand in the order of the type."""
    values: list[Any] = []
    for name, kind in vector["fields"]:
        text = vector["message"][name]
        if kind.startswith("uint"):
            values.append(int(text))
        else:
            values.append(code_text(raw(text)) if name in CODES else raw(text))
    struct: Signable = CLASSES[vector["struct"]](*values)
    return struct


def domain_of(vector: dict[str, Any]) -> Domain:
    domain = vector["domain"]
    contract = Address(raw(domain["verifyingContract"]))
    return Domain(domain["name"], domain["version"], domain["chainId"], contract)


def library_digest(vector: dict[str, Any]) -> bytes:
    return bytes(_hash_eip191_message(encode_typed_data(full_message=make_typed_data.typed(vector))))


def test_the_file_is_what_its_maker_makes() -> None:
    assert make_typed_data.document() == VECTORS


def test_every_struct_has_a_vector() -> None:
    assert set(CLASSES) == {vector["struct"] for vector in VECTORS["good"]} == set(make_typed_data.STRUCTS)


def test_domains_are_those_of_the_bindings() -> None:
    for vector in VECTORS["good"]:
        module = fund_ledger if vector["struct"] in vars(fund_ledger) else time_bank
        contract = Address(raw(vector["domain"]["verifyingContract"]))
        assert module.domain(vector["domain"]["chainId"], contract) == domain_of(vector)


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda v: f"{v['struct']}-{v['signer'][:8]}")
def test_good_vector(vector: dict[str, Any]) -> None:
    struct, domain = struct_of(vector), domain_of(vector)
    signature = CompactSignature(raw(vector["r"]), raw(vector["vs"]))
    assert domain.digest(struct.struct_hash()) == raw(vector["digest"]) == library_digest(vector)
    times = {"genesis_hash": raw(vector["genesis_hash"]), "now_unix_s": vector["now_unix_s"]}
    assert signing.sign(struct, domain, Account.from_key(vector["key"]), **times) == signature
    assert signing.recover(struct, domain, signature) == raw(vector["signer"])
    signing.verify(struct, domain, signature, Address(raw(vector["signer"])), **times)


@pytest.mark.parametrize("vector", VECTORS["wrong"], ids=lambda v: f"{v['why']}-{v['struct']}")
def test_wrong_vector(vector: dict[str, Any]) -> None:
    with pytest.raises(getattr(errors, vector["error"])):
        signing.verify(
            struct_of(vector),
            domain_of(vector),
            CompactSignature(raw(vector["r"]), raw(vector["vs"])),
            Address(raw(vector["signer"])),
            genesis_hash=raw(vector["genesis_hash"]),
            now_unix_s=vector["now_unix_s"],
        )


@pytest.mark.parametrize("name", sorted(make_typed_data.STRUCTS))
def test_digest_is_the_librarys_for_any_values(name: str) -> None:
    random_values = random.Random(name)
    for _ in range(50):
        vector = make_typed_data.signed(name)
        for field, kind in vector["fields"]:
            if kind.startswith("uint"):
                value = str(random_values.choice([0, 1, random_values.getrandbits(int(kind[4:]))]))
            elif field in CODES:
                value = make_typed_data.code(
                    "".join(random_values.choices("!aZ~-", k=random_values.randrange(33)))
                )
            else:
                value = "0x" + random_values.randbytes(20 if kind == "address" else 32).hex()
            vector["message"][field] = value
        assert domain_of(vector).digest(struct_of(vector).struct_hash()) == library_digest(vector)


BAD_VALUES: dict[str, list[Any]] = {
    "address": [b"", bytes(19), bytes(21), bytes(32), "0x" + "11" * 20, bytearray(20), None, 0],
    "bytes32": [b"", bytes(31), bytes(33), bytes(20), "0x" + "11" * 32, None, 0],
    "uint": [-1, 1.0, True, "1", None, b"\1"],
    "code": ["a" * 33, "two words", "ریال", "a\n", "\0", b"SAR", None],
}


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_values_that_do_not_fit_are_refused_before_hashing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vector = next(v for v in VECTORS["good"] if v["struct"] == name)
    good = list(struct_of(vector))  # type: ignore[call-overload]

    def hashed(*_: object) -> bytes:
        raise AssertionError("hashed a value that does not fit")

    for module in (fund_ledger, time_bank):
        monkeypatch.setattr(module, "keccak", hashed)
    tried = 0
    for position, (field, kind) in enumerate(vector["fields"]):
        values = list(BAD_VALUES["code" if field in CODES else "uint" if kind.startswith("uint") else kind])
        if kind.startswith("uint"):
            values.append(1 << int(kind[4:]))
        for value in values:
            changed = CLASSES[name](*good[:position], value, *good[position + 1 :])
            with pytest.raises(BadValue) as refused:
                changed.struct_hash()
            assert refused.value.field == field
            tried += 1
    assert tried >= 6 * len(good)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_extra_and_missing_fields_are_refused(name: str) -> None:
    good = list(struct_of(next(v for v in VECTORS["good"] if v["struct"] == name)))  # type: ignore[call-overload]
    for values in ([*good, 1], good[:-1], []):
        with pytest.raises(TypeError):
            CLASSES[name](*values)
    with pytest.raises(TypeError):
        CLASSES[name](*good, amount=1)


def test_the_library_lets_pass_what_we_refuse() -> None:
    """Why our words are strict. If this fails the library has become strict, too, and nothing is lost."""
    vector = make_typed_data.signed("Acceptance")
    full = make_typed_data.typed(vector)
    digest = library_digest(vector)
    extra = full | {"message": full["message"] | {"amount": 5}}
    assert bytes(_hash_eip191_message(encode_typed_data(full_message=extra))) == digest
    short = full | {"message": full["message"] | {"entitlement": "0x1234"}}
    encode_typed_data(full_message=short)
    ours = fund_ledger.Acceptance(*struct_of(vector))._replace(  # type: ignore[misc]
        entitlement=EntitlementId(b"\x12\x34")
    )
    with pytest.raises(BadValue, match="entitlement: give exactly 32 bytes"):
        ours.struct_hash()
