"""Our EIP-712 digests are those of eth_account, and ours refuse what it lets pass (DESIGN section 4)."""

from __future__ import annotations

import json
import random
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.exceptions import BadSignature, ValidationError

from contracts.abi import Address, BadValue, Domain, code_text
from contracts.bindings import delivery_ledger
from contracts.bindings.ids import EntitlementId
from tests.vectors import make_typed_data
from wallet import errors, signing
from wallet.signing import CompactSignature, Signable

VECTORS: dict[str, Any] = json.loads(make_typed_data.FILE.read_text())
CLASSES = make_typed_data.STRUCTS
SOURCES = Path(__file__).parents[2] / "contracts" / "src"


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def struct_of(vector: dict[str, Any]) -> Signable:
    """The generated struct of a vector; its fields stand in the order of the type."""
    values: list[Any] = []
    codes = make_typed_data.codes_of(vector["struct"])
    for name, kind in vector["fields"]:
        text = vector["message"][name]
        if kind.startswith("uint"):
            values.append(int(text))
        else:
            values.append(code_text(raw(text)) if name in codes else raw(text))
    struct: Signable = CLASSES[vector["struct"]](*values)
    return struct


def domain_of(vector: dict[str, Any]) -> Domain:
    domain = vector["domain"]
    contract = Address(raw(domain["verifyingContract"]))
    return Domain(domain["name"], domain["version"], domain["chainId"], contract)


def test_the_file_is_what_its_maker_makes() -> None:
    assert make_typed_data.document() == VECTORS


def test_every_struct_of_every_contract_has_a_vector() -> None:
    """Searched in the sources themselves, in case one is unknown to the generated code."""
    source = " ".join(file.read_text() for file in sorted(SOURCES.rglob("*.sol")))
    in_sources = set(re.findall(r'keccak256\(\s*"(\w+\(.*?\))"\s*\)', source))
    in_vectors = {
        f"{v['struct']}({','.join(f'{kind} {name}' for name, kind in v['fields'])})" for v in VECTORS["good"]
    }
    assert in_sources == in_vectors


def test_domains_are_those_of_the_bindings() -> None:
    for vector in VECTORS["good"]:
        module = make_typed_data.module_of(vector["struct"])
        contract = Address(raw(vector["domain"]["verifyingContract"]))
        assert module.domain(vector["domain"]["chainId"], contract) == domain_of(vector)


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda v: f"{v['struct']}-{v['signer'][:8]}")
def test_good_vector(vector: dict[str, Any]) -> None:
    struct, domain = struct_of(vector), domain_of(vector)
    signature = CompactSignature(raw(vector["r"]), raw(vector["vs"]))
    assert domain.digest(struct.struct_hash()) == raw(vector["digest"]) == make_typed_data.digest_of(vector)
    times = {"genesis_hash": raw(vector["genesis_hash"]), "now_unix_s": vector["now_unix_s"]}
    assert signing.sign(struct, domain, Account.from_key(vector["key"]), **times) == signature
    assert signing.recover(struct, domain, signature) == raw(vector["signer"])
    signing.verify(struct, domain, signature, Address(raw(vector["signer"])), **times)


@pytest.mark.parametrize("vector", [v for v in VECTORS["wrong"] if v["error"]], ids=lambda v: v["why"])
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


@pytest.mark.parametrize("vector", VECTORS["wrong"], ids=lambda v: v["why"])
def test_eth_account_recovers_by_the_curve_alone(vector: dict[str, Any]) -> None:
    """What it does not refuse is why the wallet and the contracts look at more than who signed."""
    vs = int(vector["vs"], 16)
    signature = (27 + (vs >> 255), int(vector["r"], 16), vs & (1 << 255) - 1)
    message = encode_typed_data(full_message=make_typed_data.typed(vector))
    try:
        recovered = Account.recover_message(message, vrs=signature)
    except (BadSignature, ValidationError):
        recovered = make_typed_data.NOBODY
    assert recovered == vector["recovered"]


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_digest_is_the_librarys_for_any_values(name: str) -> None:
    random_values = random.Random(name)
    for _ in range(50):
        vector = make_typed_data.signed(name)
        for field, kind in vector["fields"]:
            if kind.startswith("uint"):
                value = str(random_values.choice([0, 1, random_values.getrandbits(int(kind[4:]))]))
            elif field in make_typed_data.codes_of(name):
                value = make_typed_data.code(
                    "".join(random_values.choices("!aZ~-", k=random_values.randrange(33)))
                )
            else:
                value = "0x" + random_values.randbytes(20 if kind == "address" else 32).hex()
            vector["message"][field] = value
        assert domain_of(vector).digest(struct_of(vector).struct_hash()) == make_typed_data.digest_of(vector)


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

    monkeypatch.setattr(sys.modules[CLASSES[name].__module__], "keccak", hashed)
    tried = 0
    codes = make_typed_data.codes_of(name)
    for position, (field, kind) in enumerate(vector["fields"]):
        values = list(BAD_VALUES["code" if field in codes else "uint" if kind.startswith("uint") else kind])
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
    extra = full | {"message": full["message"] | {"amount": 5}}
    assert encode_typed_data(full_message=extra) == encode_typed_data(full_message=full)
    short = full | {"message": full["message"] | {"entitlement": "0x1234"}}
    encode_typed_data(full_message=short)
    ours = delivery_ledger.Acceptance(*struct_of(vector))._replace(  # type: ignore[misc]
        entitlement=EntitlementId(b"\x12\x34")
    )
    with pytest.raises(BadValue, match="entitlement: give exactly 32 bytes"):
        ours.struct_hash()
