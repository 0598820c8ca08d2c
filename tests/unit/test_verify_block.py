"""Whole blocks: three of Besu's as they are, one of ours with several transactions, and lies of every kind."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import rlp as rlp_library  # type: ignore[import-untyped]
from eth_account import Account
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.blocks import Header
from indexer.errors import BadAnswer
from indexer.settings import Consensus
from indexer.verify.block import check_block, check_header
from indexer.verify.receipts import bloom, encoded
from indexer.verify.trie import ordered_root

BESU = Path(__file__).parent.parent / "data" / "besu-chain"
Json = dict[str, Any]
Block = tuple[Json, list[Json]]

FIELDS = (
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom"),
    *("difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce"),
)
NUMBERS = ("difficulty", "number", "gasLimit", "gasUsed", "timestamp")
LEGACY = ("nonce", "gasPrice", "gas", "to", "value", "input", "v", "r", "s")


def named(names: tuple[str, ...], items: list[bytes], numbers: tuple[str, ...]) -> Json:
    return {
        name: hex(int.from_bytes(item, "big")) if name in numbers else "0x" + item.hex()
        for name, item in zip(names, items, strict=True)
    }


def transaction(items: list[bytes]) -> Json:
    answer = named(LEGACY, items, ("nonce", "gasPrice", "gas", "value", "v", "r", "s"))
    answer["to"] = None if answer["to"] == "0x" else answer["to"]
    return answer | {"type": "0x0", "hash": "0x" + keccak(rlp_library.encode(items)).hex()}


@cache
def besu(name: str) -> Block:
    """A block of Besu's chain as its JSON-RPC answers it, made from its bytes; its receipts are Besu's own answer."""
    receipts = json.loads((BESU / f"eth_getBlockReceipts{name}.json").read_text())["response"]["result"]
    data = (BESU / "testBlockchain.blocks").read_bytes()
    for _ in range(int(receipts[0]["blockNumber"], 16)):
        data = data[len(rlp_library.encode(rlp_library.decode(data, strict=False))) :]
    header, transactions, _ = rlp_library.decode(data, strict=False)
    answer = named(FIELDS, header, NUMBERS) | {"hash": "0x" + keccak(rlp_library.encode(header)).hex()}
    return answer | {"transactions": [transaction(items) for items in transactions]}, receipts


def sealed(answer: Json) -> Json:
    """With the hash that its fields come to, by the independent library."""
    items = []
    for name in FIELDS:
        value = bytes.fromhex(answer[name][2:].zfill(len(answer[name][2:]) + len(answer[name][2:]) % 2))
        items.append(value.lstrip(b"\0") if name in NUMBERS else value)
    return answer | {"hash": "0x" + keccak(rlp_library.encode(items)).hex()}


def place(answer: Json, receipts: list[Json]) -> Block:
    """Sets what a block's hash and order say of its receipts and logs."""
    count = 0
    for index, receipt in enumerate(receipts):
        where = {
            "blockHash": answer["hash"],
            "blockNumber": answer["number"],
            "transactionHash": answer["transactions"][index]["hash"],
            "transactionIndex": hex(index),
        }
        receipt.update(where)
        for log in receipt["logs"]:
            log.update(where | {"logIndex": hex(count), "removed": False})
            count += 1
    return answer, receipts


def word(number: int) -> str:
    return "0x" + number.to_bytes(32, "big").hex()


@cache
def ours() -> Block:
    """A block with 20 transactions, which have 0 to 5 logs each with 0 to 4 topics."""
    account = Account.from_key("0x" + "46" * 32)
    transactions, receipts, logs = [], [], []
    for n in range(20):
        raw = account.sign_transaction(
            {"nonce": n, "gasPrice": 0, "gas": 90_000, "to": "0x" + "35" * 20, "value": 0, "chainId": 1515}
        ).raw_transaction
        transactions.append(transaction(rlp_library.decode(bytes(raw))))
        receipt: Json = {
            "type": "0x0",
            "status": hex(n % 7 > 0),
            "cumulativeGasUsed": hex(n * 30_000),
            "logs": [],
        }
        for i in range(n % 6):
            topics = [word(1000 * n + t) for t in range((n + i) % 5)]
            data = "0x" + bytes([n * 12 + i]).hex() * (0, 1, 96, 55, 56, 300)[i]
            receipt["logs"].append({"address": "0x" + f"{i:02x}" * 20, "topics": topics, "data": data})
        receipts.append(receipt)
        logs += receipt["logs"]
    raw_logs = [
        (bytes.fromhex(log["address"][2:]), [bytes.fromhex(t[2:]) for t in log["topics"]]) for log in logs
    ]
    answer = besu("ByNumber_32")[0] | {
        "number": "0x21",
        "transactions": transactions,
        "transactionsRoot": "0x"
        + ordered_root([rlp_library.encode(items(transaction)) for transaction in transactions]).hex(),
        "receiptsRoot": "0x" + ordered_root([encoded(receipt) for receipt in receipts]).hex(),
        "logsBloom": "0x" + bloom(raw_logs).hex(),
    }
    return place(sealed(answer), receipts)


def items(transaction: Json) -> list[bytes]:
    values = []
    for name in LEGACY:
        text = (transaction[name] or "0x")[2:]
        value = bytes.fromhex(text.zfill(len(text) + len(text) % 2))
        values.append(value if name in ("to", "input") else value.lstrip(b"\0"))
    return values


@pytest.mark.parametrize("name", ["ByNumber_1", "ByHash_00", "ByNumber_32"])
def test_besus_blocks_are_as_they_say(name: str) -> None:
    answer, receipts = besu(name)
    header, logs = check_block(answer, receipts)
    assert header.number == int(receipts[0]["blockNumber"], 16)
    assert "0x" + header.hash.hex() == receipts[0]["blockHash"]
    assert logs == [log for receipt in receipts for log in receipt["logs"]]
    assert check_header(answer) == header


def test_a_block_with_many_transactions() -> None:
    answer, receipts = ours()
    header, logs = check_block(answer, receipts)
    assert header == Header(
        33,
        bytes.fromhex(answer["hash"][2:]),
        bytes.fromhex(answer["parentHash"][2:]),
        int(answer["timestamp"], 16),
    )
    assert [int(log["logIndex"], 16) for log in logs] == list(range(len(logs)))
    assert len(logs) == 3 * 15 + 1


def test_an_empty_block() -> None:
    answer = ours()[0] | {"transactions": [], "logsBloom": "0x" + "00" * 256}
    answer["transactionsRoot"] = answer["receiptsRoot"] = "0x" + ordered_root([]).hex()
    assert check_block(sealed(answer), [])[1] == []


def test_capital_letters_are_no_lie() -> None:
    answer, receipts = copy.deepcopy(ours())
    for log in receipts[5]["logs"]:
        log["blockHash"] = "0x" + log["blockHash"][2:].upper()
        log["topics"] = ["0x" + topic[2:].upper() for topic in log["topics"]]
    check_block(answer, receipts)


Lie = Callable[[Json, list[Json]], Any]


def moved(receipts: list[Json]) -> None:
    """A log goes to the next transaction."""
    receipts[12]["logs"].append(receipts[11]["logs"].pop())


def with_root(answer: Json, receipts: list[Json]) -> None:
    """A header that is consistent in itself, with the right roots, and a filter in which the logs are not."""
    answer.update(sealed(answer | {"logsBloom": "0x" + "00" * 256}))
    place(answer, receipts)


LIES: list[tuple[str, Lie]] = [
    ("its header is not the one of its hash", lambda a, r: a.update(timestamp="0x1")),
    ("its header is not the one of its hash", lambda a, r: a.update(hash=word(1))),
    ("its header is not the one of its hash", lambda a, r: a.update(baseFeePerGas="0x7")),
    ("transactionsRoot", lambda a, r: a["transactions"].pop()),
    ("transactionsRoot", lambda a, r: a["transactions"].reverse()),
    ("transactionsRoot", lambda a, r: a["transactions"][3].update(value="0x1")),
    ("transaction 3 has another hash", lambda a, r: a["transactions"][3].update(hash=word(3))),
    ("full transactions", lambda a, r: a.update(transactions=[t["hash"] for t in a["transactions"]])),
    ("19 receipts for 20 transactions", lambda a, r: r.pop()),
    ("21 receipts for 20 transactions", lambda a, r: r.append(r[0])),
    ("receiptsRoot", lambda a, r: r.reverse()),
    ("receiptsRoot", lambda a, r: moved(r)),
    ("receiptsRoot", lambda a, r: r[5]["logs"].pop()),
    ("receiptsRoot", lambda a, r: r[5]["logs"].append(r[4]["logs"][0])),
    ("receiptsRoot", lambda a, r: r[5]["logs"].reverse()),
    ("receiptsRoot", lambda a, r: r[5]["logs"][2].update(data="0x" + "11" * 96)),
    ("receiptsRoot", lambda a, r: r[5]["logs"][2]["topics"].reverse()),
    ("receiptsRoot", lambda a, r: r[5]["logs"][2].update(address="0x" + "99" * 20)),
    ("receiptsRoot", lambda a, r: r[7].update(status="0x1")),
    ("receiptsRoot", lambda a, r: r[7].update(type="0x2")),
    ("logsBloom", with_root),
    (
        r"receipt 4 is said to be elsewhere \(transactionHash",
        lambda a, r: r[4].update(transactionHash=word(4)),
    ),
    (
        r"receipt 4 is said to be elsewhere \(transactionIndex",
        lambda a, r: r[4].update(transactionIndex="0x5"),
    ),
    (r"receipt 4 is said to be elsewhere \(blockHash", lambda a, r: r[4].update(blockHash=word(4))),
    (r"receipt 4 is said to be elsewhere \(blockNumber", lambda a, r: r[4].update(blockNumber="0x20")),
    (
        r"log 0 is said to be elsewhere \(transactionHash",
        lambda a, r: r[1]["logs"][0].update(transactionHash=word(4)),
    ),
    (
        r"log 0 is said to be elsewhere \(transactionIndex",
        lambda a, r: r[1]["logs"][0].update(transactionIndex="0x0"),
    ),
    (r"log 0 is said to be elsewhere \(blockHash", lambda a, r: r[1]["logs"][0].update(blockHash=word(4))),
    (r"log 0 is said to be elsewhere \(blockNumber", lambda a, r: r[1]["logs"][0].update(blockNumber="0x22")),
    ("log 1 is counted as 0", lambda a, r: r[2]["logs"][0].update(logIndex="0x0")),
    ("log 1 is counted as 2", lambda a, r: r[2]["logs"][0].update(logIndex="0x2")),
    ("log 0 is said to be undone", lambda a, r: r[1]["logs"][0].update(removed=True)),
]


@pytest.mark.parametrize(("words", "lie"), LIES, ids=range(len(LIES)))
def test_a_lie_is_named(words: str, lie: Lie) -> None:
    answer, receipts = copy.deepcopy(ours())
    lie(answer, receipts)
    with pytest.raises(BadAnswer, match="block 33: .*" + words):
        check_block(answer, receipts)


@pytest.mark.parametrize("wrong", [None, 7, "0x", [], {}, {"number": 7}, {"number": "0x1"}, [[]]])
def test_what_is_no_block_is_refused(wrong: Any) -> None:
    for consensus in Consensus:
        with pytest.raises(BadAnswer):
            check_header(wrong, consensus)
        with pytest.raises(BadAnswer):
            check_block(wrong, ours()[1], consensus)


@pytest.mark.parametrize("wrong", [None, 7, "0x", {}, [None] * 20, [[]] * 20, [{}] * 20, ["0x"] * 20])
def test_what_are_no_receipts_is_refused(wrong: Any) -> None:
    with pytest.raises(BadAnswer, match="block 33"):
        check_block(ours()[0], wrong)


# --- any change of any value anywhere is refused, or changes nothing that is used

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.sampled_from(
        ["0x", "0x0", "0x00", "0x1", "0x_1", "0x 1", "0X1", "-0x1", "0x-1", "0x١", "0x" + "0" * 64, "0xg"]
    ),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
)
USED = (
    "address",
    "topics",
    "data",
    "blockHash",
    "blockNumber",
    "transactionHash",
    "transactionIndex",
    "logIndex",
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to every value in an answer."""
    found = [path] if path else []
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, part in entries:
        found += places(part, (*path, key))
    return found


def changed(text: str, at: int, letter: str) -> str:
    at %= max(1, len(text))
    return text[:at] + letter + text[at + 1 :]


@st.composite
def mutated(draw: st.DrawFn) -> Block:
    """Our block with one value dropped, replaced by junk, with another letter, doubled, or swapped for another."""
    block = copy.deepcopy(list(ours()))
    paths = places(block)
    *path, last = draw(st.sampled_from(paths))
    holder: Any = block
    for key in path:
        holder = holder[key]
    act = draw(st.sampled_from(["drop", "junk", "letter", "double", "other"]))
    value = holder[last]
    if act == "drop":
        del holder[last]
    elif act == "letter" and isinstance(value, str):
        holder[last] = changed(
            value, draw(st.integers(0, 600)), draw(st.sampled_from("0123456789abcdefABCDEFx _"))
        )
    elif act == "double" and isinstance(holder, list):
        holder.insert(last, value)
    elif act == "other":
        other: Any = block
        for key in draw(st.sampled_from(paths)):
            other = other[key]
        holder[last] = copy.deepcopy(other)
    else:
        holder[last] = draw(JUNK)
    return tuple(block)  # type: ignore[return-value]


def as_used(log: Json) -> tuple[Any, ...]:
    """What a decoder makes of a log."""
    return (
        *(bytes.fromhex(log[name][2:]) for name in ("address", "data", "blockHash", "transactionHash")),
        [bytes.fromhex(topic[2:]) for topic in log["topics"]],
        *(int(log[name], 16) for name in ("blockNumber", "transactionIndex", "logIndex")),
    )


@given(mutated())
@settings(max_examples=400, deadline=None)
def test_any_change_is_refused_or_changes_nothing(block: Any) -> None:
    try:
        answer, receipts = block
        header, logs = check_block(answer, receipts)
    except BadAnswer:
        return
    except ValueError:  # not two answers any more: that is the test's own doing
        assert len(block) != 2
        return
    right, right_logs = check_block(*ours())
    assert header == right
    assert [as_used(log) for log in logs] == [as_used(log) for log in right_logs]
