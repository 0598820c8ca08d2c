"""Roots and hashes recomputed, on the Ethereum Foundation's vectors and on a chain of Besu's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rlp as rlp_library  # type: ignore[import-untyped]
from eth_utils.crypto import keccak

from indexer.errors import BadAnswer
from indexer.verify import rlp
from indexer.verify.header import header_hash
from indexer.verify.receipts import bloom, encoded, receipts_root
from indexer.verify.trie import EMPTY_ROOT, ordered_root, root

DATA = Path(__file__).parent.parent / "data"
VECTORS = DATA / "eth-tests"
Json = dict[str, Any]

# How the vectors name a header's fields, and how JSON-RPC does.
RPC_NAMES = {
    "coinbase": "miner",
    "uncleHash": "sha3Uncles",
    "transactionsTrie": "transactionsRoot",
    "receiptTrie": "receiptsRoot",
    "bloom": "logsBloom",
}


def vectors(name: str) -> Json:
    loaded: Json = json.loads((VECTORS / name).read_text())
    return loaded


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()


def item(value: Any) -> rlp.Item:
    """An input of rlptest.json; `#` marks a number too big for JSON."""
    if isinstance(value, list):
        return [item(part) for part in value]
    if isinstance(value, int):
        return rlp.number(value)
    return rlp.number(int(value[1:])) if value.startswith("#") else value.encode()


@pytest.mark.parametrize("name", vectors("rlptest.json"))
def test_rlp(name: str) -> None:
    case = vectors("rlptest.json")[name]
    assert rlp.encode(item(case["in"])) == bytes.fromhex(case["out"].removeprefix("0x"))


@pytest.mark.parametrize("file", ["trietest.json", "trieanyorder.json"])
def test_tries(file: str) -> None:
    for name, case in vectors(file).items():
        steps = case["in"].items() if isinstance(case["in"], dict) else case["in"]
        values: dict[bytes, bytes] = {}
        for key, value in steps:
            if value is None:
                values.pop(raw(key), None)
            else:
                values[raw(key)] = raw(value)
        assert root(values) == raw(case["root"]), name


def test_the_root_of_nothing() -> None:
    assert ordered_root([]) == EMPTY_ROOT == keccak(b"\x80")


def headers() -> list[Json]:
    """The headers of the valid blocks, by JSON-RPC's names."""
    found = []
    for file in ("shanghaiExample.json", "log1_correct.json"):
        for chain in vectors(file).values():
            blocks = [chain["genesisBlockHeader"], *(b["blockHeader"] for b in chain["blocks"])]
            found += [{RPC_NAMES.get(k, k): v for k, v in header.items()} for header in blocks]
    return found


def test_header_hashes_of_every_fork() -> None:
    for header in headers():
        assert header_hash(header) == raw(header["hash"])


def test_every_field_of_a_header_is_in_its_hash() -> None:
    header = headers()[-1]
    for name in header.keys() - {"hash"}:
        other = header | {name: "0x1234" if header[name] != "0x1234" else "0x4321"}
        assert header_hash(other) != header_hash(header), name


@pytest.mark.parametrize("wrong", [None, 7, "12", "0xzz"])
def test_a_field_that_is_no_hex_text_is_named(wrong: Any) -> None:
    with pytest.raises(BadAnswer, match="stateRoot"):
        header_hash(headers()[0] | {"stateRoot": wrong})


# --- Besu's chain: 33 blocks in RLP one after the other, and what its JSON-RPC answers


def besu_blocks() -> list[Any]:
    data, blocks = (DATA / "besu-chain" / "testBlockchain.blocks").read_bytes(), []
    while data:
        block = rlp_library.decode(data, strict=False)
        blocks.append(block)
        data = data[len(rlp_library.encode(block)) :]
    return blocks


def besu_receipts() -> list[Json]:
    answer = json.loads((DATA / "besu-chain" / "eth_getBlockReceiptsByNumber_32.json").read_text())
    receipts: list[Json] = answer["response"]["result"]
    return receipts


RECEIPTS_ROOT, BLOOM = 5, 6


def test_besus_receipts_are_under_its_headers_root() -> None:
    header = besu_blocks()[32][0]
    assert keccak(rlp_library.encode(header)).hex() == besu_receipts()[0]["blockHash"][2:]
    assert receipts_root(besu_receipts()) == header[RECEIPTS_ROOT]
    logs = [log for receipt in besu_receipts() for log in receipt["logs"]]
    assert bloom((raw(log["address"]), [raw(t) for t in log["topics"]]) for log in logs) == header[BLOOM]


def test_besus_blocks_hold_their_transactions() -> None:
    for header, transactions, _ in besu_blocks():
        assert ordered_root([rlp_library.encode(t) for t in transactions]) == header[4]


def test_any_change_to_a_receipt_changes_the_root() -> None:
    wanted = receipts_root(besu_receipts())

    def changed(edit: Any) -> bytes:
        receipts = besu_receipts()
        edit(receipts)
        return receipts_root(receipts)

    log = besu_receipts()[0]["logs"][0]
    edits = [
        lambda r: r[0]["logs"].clear(),
        lambda r: r[0]["logs"].append(log),
        lambda r: r[0]["logs"][0].update(data=log["data"][:-1] + "b"),
        lambda r: r[0]["logs"][0].update(topics=log["topics"][1:]),
        lambda r: r[0]["logs"][0].update(address="0x" + "11" * 20),
        lambda r: r[0].update(cumulativeGasUsed="0x5c98"),
        lambda r: r.append(r[0]),
        lambda r: r.clear(),
    ]
    for edit in edits:
        assert changed(edit) != wanted


@pytest.mark.parametrize("name", ["logs", "cumulativeGasUsed"])
def test_a_receipt_without_a_field_is_refused_with_its_name(name: str) -> None:
    receipt = dict(besu_receipts()[0])
    del receipt[name]
    with pytest.raises(BadAnswer, match=name):
        encoded(receipt)
