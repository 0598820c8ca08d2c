"""Transactions' bytes, hashes and root, on public vectors and on transactions that eth-account signed."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import rlp as rlp_library  # type: ignore[import-untyped]
from eth_account import Account
from eth_account.typed_transactions import TypedTransaction
from eth_utils.crypto import keccak

from indexer.errors import BadAnswer
from indexer.verify.transactions import recomputed, transaction_bytes, transaction_hash, transactions_root
from indexer.verify.trie import EMPTY_ROOT

DATA = Path(__file__).parent.parent / "data"
VECTORS = sorted((DATA / "eth-tests" / "TransactionTests").glob("*.json"))
Json = dict[str, Any]

LEGACY = ("nonce", "gasPrice", "gas", "to", "value", "input", "v", "r", "s")
FEE_MARKET = (
    *("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas", "to", "value", "input"),
    *("accessList", "yParity", "r", "s"),
)
KEY = "0x" + "46" * 32
TO = "0x" + "35" * 20
CALL = {"chainId": 1515, "nonce": 9, "gas": 21_000, "to": TO, "value": 10**18, "data": "0xdeadbeef"}
FEES = {"maxPriorityFeePerGas": 0, "maxFeePerGas": 7}
ACCESS = [
    {"address": TO, "storageKeys": ["0x" + "01" * 32, "0x" + "00" * 32]},
    {"address": KEY[:42], "storageKeys": []},
]


def quantity(data: bytes) -> str:
    return hex(int.from_bytes(data, "big"))


def rpc(raw: bytes) -> Json:
    """A transaction as a node answers it, from its bytes, by the independent library."""
    kind = raw[0] if raw[0] < 0x80 else 0
    names = FEE_MARKET if kind else LEGACY
    items = rlp_library.decode(raw[1:] if kind else raw)
    texts: Json = {"type": hex(kind)}
    for name, item in zip(names, items, strict=True):
        if name == "accessList":
            texts[name] = [
                {"address": "0x" + a.hex(), "storageKeys": ["0x" + k.hex() for k in keys]} for a, keys in item
            ]
        elif name in ("to", "input"):
            texts[name] = None if name == "to" and not item else "0x" + item.hex()
        else:
            texts[name] = quantity(item)
    return texts


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vectors_of_the_ethereum_foundation(path: Path) -> None:
    for case in json.loads(path.read_text()).values():
        raw = bytes.fromhex(case["txbytes"][2:])
        hashes = {result["hash"] for result in case["result"].values() if "hash" in result}
        assert transaction_bytes(rpc(raw)) == raw
        assert {"0x" + transaction_hash(rpc(raw)).hex()} == hashes


def test_besus_blocks_hold_their_transactions() -> None:
    data = (DATA / "besu-chain" / "testBlockchain.blocks").read_bytes()
    seen = 0
    while data:
        block = rlp_library.decode(data, strict=False)
        transactions = [rpc(rlp_library.encode(items)) for items in block[1]]
        assert transactions_root(transactions) == block[0][4]
        seen += len(transactions)
        data = data[len(rlp_library.encode(block)) :]
    assert seen > 30


@pytest.mark.parametrize("file", ["ByNumber_1", "ByHash_00", "ByNumber_32"])
def test_hashes_are_those_that_besu_answers(file: str) -> None:
    """The receipts name the transactions of a block; the blocks' file has the transactions."""
    answer = json.loads((DATA / "besu-chain" / f"eth_getBlockReceipts{file}.json").read_text())
    receipts = answer["response"]["result"]
    number, data = (
        int(receipts[0]["blockNumber"], 16),
        (DATA / "besu-chain" / "testBlockchain.blocks").read_bytes(),
    )
    for _ in range(number):
        data = data[len(rlp_library.encode(rlp_library.decode(data, strict=False))) :]
    transactions = [rpc(rlp_library.encode(items)) for items in rlp_library.decode(data, strict=False)[1]]
    assert ["0x" + hash.hex() for hash in recomputed(transactions).hashes] == [
        r["transactionHash"] for r in receipts
    ]


def authorization() -> Any:
    return Account.from_key(KEY).sign_authorization({"chainId": 1515, "address": TO, "nonce": 3})


UNSIGNED: dict[str, Json] = {
    "before EIP-155": {k: v for k, v in CALL.items() if k != "chainId"} | {"gasPrice": 5},
    "EIP-155": CALL | {"gasPrice": 5},
    "of a contract": {k: v for k, v in CALL.items() if k != "to"} | {"gasPrice": 0, "to": ""},
    "EIP-2930": CALL | {"gasPrice": 5, "accessList": ACCESS, "type": 1},
    "EIP-1559": CALL | FEES | {"accessList": ACCESS, "type": 2},
    "EIP-1559 without a list": CALL | FEES | {"type": 2},
    "EIP-4844": CALL
    | FEES
    | {"maxFeePerBlobGas": 9, "blobVersionedHashes": ["0x01" + "22" * 31], "type": 3, "accessList": ACCESS},
    "EIP-7702": CALL | FEES | {"type": 4, "accessList": ACCESS, "authorizationList": [authorization()]},
}


def as_answered(name: str) -> tuple[Json, bytes, bytes]:
    """A signed transaction as JSON-RPC has it; and its bytes and hash by eth-account."""
    unsigned = UNSIGNED[name]
    signed = Account.from_key(KEY).sign_transaction(unsigned)
    raw = bytes(signed.raw_transaction)
    if "type" not in unsigned:
        return rpc(raw), raw, bytes(signed.hash)
    fields = TypedTransaction.from_bytes(signed.raw_transaction).as_dict()
    answer: Json = {
        "type": hex(unsigned["type"]),
        "input": CALL["data"],
        "to": TO,
        "accessList": unsigned.get("accessList", []),
    }
    for key in ("chainId", "nonce", "gas", "value", "gasPrice", *FEES, "maxFeePerBlobGas"):
        if key in fields:
            answer[key] = hex(fields[key])
    answer |= {"v": hex(signed.v), "yParity": hex(signed.v), "r": hex(signed.r), "s": hex(signed.s)}
    if "blobVersionedHashes" in unsigned:
        answer["blobVersionedHashes"] = unsigned["blobVersionedHashes"]
    if "authorizationList" in unsigned:
        a = unsigned["authorizationList"][0]
        answer["authorizationList"] = [
            {"chainId": hex(a.chain_id), "address": "0x" + a.address.hex(), "nonce": hex(a.nonce)}
            | {"yParity": hex(a.y_parity), "r": hex(a.r), "s": hex(a.s)}
        ]
    return answer, raw, bytes(signed.hash)


@pytest.mark.parametrize("name", UNSIGNED)
def test_signed_by_eth_account(name: str) -> None:
    answer, raw, hash = as_answered(name)
    assert transaction_bytes(answer) == raw
    assert transaction_hash(answer) == hash == keccak(raw)


@pytest.mark.parametrize("name", [name for name in UNSIGNED if "type" in UNSIGNED[name]])
def test_a_node_may_say_v_where_others_say_yparity(name: str) -> None:
    answer, raw, _ = as_answered(name)
    del answer["yParity"]
    assert transaction_bytes(answer) == raw


@pytest.mark.parametrize("name", UNSIGNED)
def test_every_field_is_in_the_hash(name: str) -> None:
    answer, _, hash = as_answered(name)
    other: Any
    for field, value in answer.items():
        if field == "v" and "yParity" in answer:
            continue  # says the same, and is not looked at
        if isinstance(value, list):
            other = value[1:] if value else ACCESS
        elif field == "type":
            other = hex((int(value, 16) + 1) % 2)
        else:
            other = "0x" + "12" * 20 if field in ("to", "input") else hex(int(value, 16) + 1)
        with suppress(BadAnswer):
            assert transaction_hash(answer | {field: other}) != hash, field


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "0x7e"}, "type"),
        ({"nonce": None}, "nonce"),
        ({"nonce": "9"}, "nonce"),
        ({"nonce": "0x_9"}, "nonce"),
        ({"value": 7}, "value"),
        ({"to": "0x1234"}, "to"),
        ({"input": "0x 12"}, "input"),
        ({"accessList": None}, "accessList"),
        ({"accessList": [{"address": TO}]}, "storageKeys"),
        ({"accessList": [7]}, "usable"),
        ({"r": "0x" + "1" * 65}, "r "),
    ],
)
def test_what_is_no_transaction_is_named(change: Json, words: str) -> None:
    answer, _, _ = as_answered("EIP-1559")
    with pytest.raises(BadAnswer, match=words):
        transaction_bytes(answer | change)


def test_the_root_of_no_transactions() -> None:
    assert recomputed([]) == (EMPTY_ROOT, [])
