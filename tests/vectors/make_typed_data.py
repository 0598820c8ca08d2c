"""Writes typed_data.json: `python -m tests.vectors.make_typed_data`. Run it again only when a struct changes.

Digests and signatures come from eth_account, not from our code: tests/unit/test_typed_data.py proves the
two against each other; any other implementation (Solidity, JavaScript) can read the same file.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys import keys
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from contracts.bindings import fund_ledger as ledger
from contracts.bindings import time_bank as bank

FILE = Path(__file__).with_name("typed_data.json")
NOTE = (
    "EIP-712 structs of Amanat, signed by eth_account. The keys are keccak256 of a sentence of its maker, "
    "so they are public: they hold nothing and must never be used. Integers of messages are decimal strings."
)
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
NOW = 1_767_139_200
DEADLINE = 1_767_225_600
CHAIN_ID = 31337

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
COMMON = {"genesisHash": GENESIS, "deadlineUnixS": str(DEADLINE)}
STRUCTS: dict[str, tuple[str, tuple[tuple[str, str], ...], dict[str, str]]] = {
    "Acceptance": (
        "FundLedger",
        ledger.ACCEPTANCE_FIELDS,
        {"household": account("household"), "entitlement": word("entitlement"), "amountMinor": "10000"}
        | {"unit": code("SAR")},
    ),
    "Refusal": (
        "FundLedger",
        ledger.REFUSAL_FIELDS,
        {"household": account("household"), "entitlement": word("entitlement"), "reason": code("not-needed")},
    ),
    "ServiceReceived": (
        "TimeBank",
        bank.SERVICERECEIVED_FIELDS,
        {"receiver": account("household"), "service": word("service"), "volunteer": account("volunteer")}
        | {"serviceMinutes": "90", "servedAtUnixS": str(NOW - 3600)},
    ),
    "ReserveChoice": (
        "TimeBank",
        bank.RESERVECHOICE_FIELDS,
        {"volunteer": account("volunteer"), "service": word("service"), "reserve": "1"},
    ),
    "Redemption": (
        "TimeBank",
        bank.REDEMPTION_FIELDS,
        {"volunteer": account("volunteer"), "redemption": word("redemption")}
        | {"organisation": word("organisation"), "amountMinutes": "60"},
    ),
    "MinutesGift": (
        "TimeBank",
        bank.MINUTESGIFT_FIELDS,
        {"volunteer": account("volunteer"), "donation": word("donation"), "fund": word("fund")}
        | {"amountMinutes": str(2**63 - 1), "commitment": word("commitment")},
    ),
}


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


def signed(struct: str, key_name: str = "first") -> Vector:
    """A good vector."""
    contract, fields, message = STRUCTS[struct]
    vector: Vector = {
        "struct": struct,
        "domain": {
            "name": f"Amanat {contract}",
            "version": "1",
            "chainId": CHAIN_ID,
            "verifyingContract": account(contract),
        },
        "fields": [list(field) for field in fields],
        "message": message | COMMON,
        "key": "0x" + keccak(text=f"amanat public test key, {key_name}").hex(),
        "genesis_hash": GENESIS,
        "now_unix_s": NOW,
    }
    message_to_sign = encode_typed_data(full_message=typed(vector))
    signature = Account.sign_message(message_to_sign, vector["key"])
    parity = signature.v - 27
    return vector | {
        "digest": "0x" + bytes(signature.message_hash).hex(),
        "signer": Account.from_key(vector["key"]).address,
        "r": f"0x{signature.r:064x}",
        "vs": f"0x{parity << 255 | signature.s:064x}",
    }


def malleated(vector: Vector) -> Vector:
    """The other s that verifies. It has 256 bits, so its highest one falls on the bit of the parity."""
    vs = int(vector["vs"], 16)
    return vector | {"vs": f"0x{ORDER - (vs & ((1 << 255) - 1)):064x}"}


def off_curve_r() -> str:
    """An r that is the x of no point."""
    for r in range(1, 100):
        try:
            keys.Signature(vrs=(0, r, 1)).recover_public_key_from_msg_hash(bytes(31) + b"\1")
        except Exception:
            return f"0x{r:064x}"
    raise AssertionError("half of all r are on no point")


NEGATIVE: dict[str, tuple[str, Callable[[Vector], Vector]]] = {
    "s one above half the order": ("BadSignature", lambda v: v | {"vs": f"0x{ORDER // 2 + 1:064x}"}),
    "high s of the same signature": ("WrongSigner", malleated),
    "s zero": ("BadSignature", lambda v: v | {"vs": f"0x{1 << 255:064x}"}),
    "r zero": ("BadSignature", lambda v: v | {"r": f"0x{0:064x}"}),
    "r is the order": ("BadSignature", lambda v: v | {"r": f"0x{ORDER:064x}"}),
    "r on no point": ("BadSignature", lambda v: v | {"r": off_curve_r()}),
    "other parity": ("WrongSigner", lambda v: v | {"vs": f"0x{int(v['vs'], 16) ^ 1 << 255:064x}"}),
    "other chain id": ("WrongSigner", lambda v: v | {"domain": v["domain"] | {"chainId": CHAIN_ID + 1}}),
    "other contract": (
        "WrongSigner",
        lambda v: v | {"domain": v["domain"] | {"verifyingContract": account("other")}},
    ),
    "other contract's name": ("WrongSigner", lambda v: v | {"domain": v["domain"] | {"name": "Amanat"}}),
    "other version": ("WrongSigner", lambda v: v | {"domain": v["domain"] | {"version": "2"}}),
    "expired": ("Expired", lambda v: v | {"now_unix_s": DEADLINE}),
    "wrong genesis": ("WrongChain", lambda v: v | {"genesis_hash": word("another genesis")}),
    "other genesis signed": (
        "WrongSigner",
        lambda v: v | {"message": v["message"] | {"genesisHash": word("x")}, "genesis_hash": word("x")},
    ),
    "other signer": ("WrongSigner", lambda v: v | {"signer": account("volunteer")}),
    "other deadline": (
        "WrongSigner",
        lambda v: v | {"message": v["message"] | {"deadlineUnixS": str(DEADLINE + 1)}},
    ),
}


def document() -> dict[str, Any]:
    """What the file holds."""
    good = [signed(struct, key) for struct in STRUCTS for key in ("first", "second")]
    wrong = [
        {"why": why, "error": error} | change(signed(struct))
        for why, (error, change) in NEGATIVE.items()
        for struct in ("Acceptance", "MinutesGift")
    ]
    for vector in wrong:
        del vector["key"], vector["digest"]  # of the good vector, not of what it became
    return {"note": NOTE, "good": good, "wrong": wrong}


if __name__ == "__main__":
    FILE.write_text(json.dumps(document(), indent=1) + "\n")
