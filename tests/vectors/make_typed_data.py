"""Writes typed_data.json: `python -m tests.vectors.make_typed_data`. Run it again only when a struct changes.

Every EIP-712 struct that the generated bindings hold is in it. Digests and signatures come from eth_account, not from
our code. Four implementations read the file: ours and eth_account in tests/unit/test_typed_data.py, viem in
tests/integration/test_viem.py, Solidity and the contracts in tests/forge/SignedVectors.t.sol.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_keys import keys
from eth_keys.exceptions import BadSignature, ValidationError
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from contracts import bindings
from contracts.abi import Address, Domain

FILE = Path(__file__).with_name("typed_data.json")
NOTE = (
    "EIP-712 structs of Amanat, signed by eth_account. The keys are keccak256 of a sentence of its maker, "
    "so they are public: they hold nothing and must never be used. Integers of messages are decimal strings."
)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
NOW = 1_767_139_200
DEADLINE = 1_767_225_600
CHAIN_ID = 31337
NOBODY = "0x" + 40 * "0"

Vector = dict[str, Any]


def word(name: str) -> str:
    """32 bytes made of a name."""
    return "0x" + keccak(text=name).hex()


def code(text: str) -> str:
    """A Code as bytes32."""
    return "0x" + text.encode().ljust(32, b"\0").hex()


def account(name: str) -> str:
    """An address made of a name."""
    return to_checksum_address(keccak(text=name)[12:])


GENESIS = word("amanat vector genesis")


def structs() -> dict[str, Any]:
    """Every struct that people sign, by name: its generated class, wherever it is."""
    names = [module.name for module in pkgutil.iter_modules(bindings.__path__)]
    modules = [importlib.import_module(f"{bindings.__name__}.{name}") for name in names]
    found = [
        c for m in modules for c in vars(m).values() if isinstance(c, type) and hasattr(c, "struct_hash")
    ]
    by_name = {cls.__name__: cls for cls in found}
    if len(by_name) != len(found):
        raise ValueError("two structs have the same name")
    return by_name


STRUCTS = structs()


def module_of(struct: str) -> Any:
    """The generated module of the contract that checks the struct."""
    return importlib.import_module(STRUCTS[struct].__module__)


def fields_of(struct: str) -> list[tuple[str, str]]:
    """Names and types as the struct's EIP-712 text has them."""
    return list(getattr(module_of(struct), f"{struct.upper()}_FIELDS"))


def codes_of(struct: str) -> set[str]:
    """The fields that are codes: short texts for our code, 32 bytes for EIP-712."""
    kinds = get_type_hints(STRUCTS[struct]).values()
    return {name for (name, _), kind in zip(fields_of(struct), kinds, strict=True) if kind is str}


def message(struct: str, signer: str) -> dict[str, str]:
    """Some value for every field; the first field is the account that the struct speaks for."""
    values = {}
    for name, kind in fields_of(struct):
        if name in codes_of(struct):
            values[name] = code(name)
        elif kind.startswith("uint"):
            bits = min(int(kind[4:]), 63)  # amounts and times end at 2^63-1
            values[name] = str(int.from_bytes(keccak(text=name)) % 2**bits)
        else:
            values[name] = account(name) if kind == "address" else word(name)
    first = fields_of(struct)[0][0]
    return values | {first: signer, "genesisHash": GENESIS, "deadlineUnixS": str(DEADLINE)}


def typed(vector: Vector) -> dict[str, Any]:
    """The vector as eth_signTypedData_v4 takes it."""
    kinds = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
    fields = [{"name": name, "type": kind} for name, kind in vector["fields"]]
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in kinds.items()],
            vector["struct"]: fields,
        },
        "primaryType": vector["struct"],
        "domain": vector["domain"],
        "message": {
            name: int(vector["message"][name]) if kind.startswith("uint") else vector["message"][name]
            for name, kind in vector["fields"]
        },
    }


def digest_of(vector: Vector) -> bytes:
    """The library's digest."""
    return bytes(_hash_eip191_message(encode_typed_data(full_message=typed(vector))))


def signed(struct: str, key_name: str = "first") -> Vector:
    """A good vector."""
    key = "0x" + keccak(text=f"amanat public test key, {key_name}").hex()
    signer = Account.from_key(key).address
    contract = account(module_of(struct).__name__)
    domain: Domain = module_of(struct).domain(CHAIN_ID, Address(bytes.fromhex(contract[2:])))
    vector: Vector = {
        "struct": struct,
        "domain": {"name": domain.name, "version": domain.version, "chainId": CHAIN_ID}
        | {"verifyingContract": contract},
        "fields": [list(field) for field in fields_of(struct)],
        "message": message(struct, signer),
        "key": key,
        "genesis_hash": GENESIS,
        "now_unix_s": NOW,
    }
    signature = Account.sign_message(encode_typed_data(full_message=typed(vector)), key)
    return vector | {
        "digest": "0x" + bytes(signature.message_hash).hex(),
        "signer": signer,
        "r": f"0x{signature.r:064x}",
        "vs": f"0x{signature.v - 27 << 255 | signature.s:064x}",
    }


def recovered(vector: Vector) -> str:
    """Whose signature this is by the curve alone, which knows no high s, no deadline and no genesis; zero: nobody's."""
    r, vs = int(vector["r"], 16), int(vector["vs"], 16)
    try:
        signature = keys.Signature(vrs=(vs >> 255, r, vs & (1 << 255) - 1))
        return signature.recover_public_key_from_msg_hash(digest_of(vector)).to_checksum_address()
    except (BadSignature, ValidationError):
        return NOBODY


def malleated(vector: Vector) -> Vector:
    """The other s that verifies. It has 256 bits, so its highest one falls on the bit of the parity."""
    vs = int(vector["vs"], 16)
    return vector | {"vs": f"0x{ORDER - (vs & ((1 << 255) - 1)):064x}"}


def off_curve_r() -> str:
    """An r that is the x of no point."""
    for r in range(1, 100):
        try:
            keys.Signature(vrs=(0, r, 1)).recover_public_key_from_msg_hash(bytes(31) + b"\1")
        except BadSignature:
            return f"0x{r:064x}"
    raise AssertionError("half of all r are on no point")


# What the wallet raises, the error of the contracts, and what is wrong. An empty name means no objection: the wallet
# does not know what was sent before, and a contract takes a signature up to the second of its deadline.
NEGATIVE: dict[str, tuple[str, str, Callable[[Vector], Vector]]] = {
    "s one above half the order": (
        "BadSignature",
        "SignedActsWrongSigner",
        lambda v: v | {"vs": f"0x{ORDER // 2 + 1:064x}"},
    ),
    "high s of the same signature": ("WrongSigner", "SignedActsWrongSigner", malleated),
    "s zero": ("BadSignature", "SignedActsWrongSigner", lambda v: v | {"vs": f"0x{1 << 255:064x}"}),
    "r zero": ("BadSignature", "SignedActsWrongSigner", lambda v: v | {"r": f"0x{0:064x}"}),
    "r is the order": ("BadSignature", "SignedActsWrongSigner", lambda v: v | {"r": f"0x{ORDER:064x}"}),
    "r on no point": ("BadSignature", "SignedActsWrongSigner", lambda v: v | {"r": off_curve_r()}),
    "other parity": (
        "WrongSigner",
        "SignedActsWrongSigner",
        lambda v: v | {"vs": f"0x{int(v['vs'], 16) ^ 1 << 255:064x}"},
    ),
    "other chain id": (
        "WrongSigner",
        "SignedActsWrongSigner",
        lambda v: v | {"domain": v["domain"] | {"chainId": CHAIN_ID + 1}},
    ),
    "other contract": (
        "WrongSigner",
        "SignedActsWrongSigner",
        lambda v: v | {"domain": v["domain"] | {"verifyingContract": account("other")}},
    ),
    "other contract's name": (
        "WrongSigner",
        "SignedActsWrongSigner",
        lambda v: v | {"domain": v["domain"] | {"name": "Amanat"}},
    ),
    "other version": (
        "WrongSigner",
        "SignedActsWrongSigner",
        lambda v: v | {"domain": v["domain"] | {"version": "2"}},
    ),
    "expired": ("Expired", "SignedActsExpired", lambda v: v | {"now_unix_s": DEADLINE + 1}),
    "in its last second": ("Expired", "", lambda v: v | {"now_unix_s": DEADLINE}),
    "wrong genesis": (
        "WrongChain",
        "SignedActsWrongSigner",
        lambda v: v | {"genesis_hash": word("another genesis")},
    ),
    "other genesis signed": (
        "WrongSigner",
        "SignedActsWrongSigner",
        lambda v: v | {"message": v["message"] | {"genesisHash": word("x")}, "genesis_hash": word("x")},
    ),
    "other signer": (
        "WrongSigner",
        "SignedActsWrongSigner",
        lambda v: v | {"signer": account("volunteer")},
    ),
    "other deadline": (
        "WrongSigner",
        "SignedActsWrongSigner",
        lambda v: v | {"message": v["message"] | {"deadlineUnixS": str(DEADLINE + 1)}},
    ),
    "replayed": ("", "TimeBankAlreadyDone", lambda v: v | {"sent_before": True}),
}
# The heir's naming needs nothing on the chain beforehand, so the contract itself is tried with these.
NEGATIVE_STRUCT = "HeirNaming"


def wrong(why: str) -> Vector:
    """A vector that the wallet or the contracts refuse."""
    error, solidity, change = NEGATIVE[why]
    vector = change(signed(NEGATIVE_STRUCT))
    del vector["key"]
    judged = {"why": why, "error": error, "solidity": solidity, "recovered": recovered(vector)}
    return judged | vector | {"digest": "0x" + digest_of(vector).hex()}


def document() -> dict[str, Any]:
    """What the file holds."""
    good = [signed(struct, key) for struct in sorted(STRUCTS) for key in ("first", "second")]
    return {"note": NOTE, "good": good, "wrong": [wrong(why) for why in NEGATIVE]}


if __name__ == "__main__":
    FILE.write_text(json.dumps(document(), indent=1) + "\n")
