"""One block as a node answers it, checked whole: what its header says, and what stands in no root but by its place.

Not checked, because nothing here uses it and no root of the block holds it: a transaction's sender and effective price,
a receipt's `gasUsed`, `from`, `to` and `contractAddress`, uncles, withdrawals, a log's `blockTimestamp`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from indexer.blocks import Header
from indexer.errors import BadAnswer
from indexer.settings import Consensus
from indexer.verify import hextext, qbft_extra, receipts, transactions
from indexer.verify.header import header_hash
from indexer.verify.naming import naming
from indexer.verify.trie import ordered_root

Json = dict[str, Any]

_HASH = 32


def check_header(answer: Json, consensus: Consensus = Consensus.NONE) -> Header:
    """The header of `eth_getBlockBy…`, whose hash is what its fields come to (QBFT: without round and seals).

    Raises BadAnswer naming the block.
    """
    with naming(answer):
        return _header(answer, consensus)


def check_block(
    answer: Json, block_receipts: list[Json], consensus: Consensus = Consensus.NONE
) -> tuple[Header, list[Json]]:
    """A block with full transactions and its receipts: its header, and all its logs in their order.

    All that is used of a log is either under the header's roots or follows from its place, so it cannot be made up,
    left out or moved without another block hash. Raises BadAnswer naming the block and what is wrong.
    """
    with naming(answer):
        header = _header(answer, consensus)
        hashes = _check_transactions(answer)
        if not isinstance(block_receipts, list):
            raise BadAnswer("no list of receipts")
        if len(block_receipts) != len(hashes):
            raise BadAnswer(f"{len(block_receipts)} receipts for {len(hashes)} transactions")
        _check_receipts(answer, block_receipts)
        return header, _placed(header, hashes, block_receipts)


def _header(answer: Json, consensus: Consensus) -> Header:
    if not isinstance(answer, dict):
        raise BadAnswer("no block")
    hash = qbft_extra.block_hash(answer) if consensus is Consensus.QBFT else header_hash(answer)
    if hash != hextext.data(answer["hash"], _HASH):
        raise BadAnswer("its header is not the one of its hash")
    return Header(
        hextext.number(answer["number"]),
        hash,
        hextext.data(answer["parentHash"], _HASH),
        hextext.number(answer["timestamp"]),
    )


def _check_transactions(answer: Json) -> list[bytes]:
    listed = answer["transactions"]
    if not isinstance(listed, list) or not all(isinstance(transaction, dict) for transaction in listed):
        raise BadAnswer("no list of full transactions")
    root, hashes = transactions.recomputed(listed)
    if root != hextext.data(answer["transactionsRoot"]):
        raise BadAnswer("the transactions are not those of its header (transactionsRoot)")
    for place, (transaction, hash) in enumerate(zip(listed, hashes, strict=True)):
        if hextext.data(transaction["hash"]) != hash:
            raise BadAnswer(f"transaction {place} has another hash than the node says (hash)")
    return hashes


def _check_receipts(answer: Json, block_receipts: Sequence[Json]) -> None:
    encoded = [receipts.encode(receipt) for receipt in block_receipts]
    if ordered_root([receipt.data for receipt in encoded]) != hextext.data(answer["receiptsRoot"]):
        raise BadAnswer("the receipts are not those of its header (receiptsRoot)")
    bits = 0
    for receipt in encoded:
        bits |= receipt.bloom
    if bits.to_bytes(receipts.BLOOM_BYTES, "big") != hextext.data(answer["logsBloom"]):
        raise BadAnswer("the logs are not those of its header's filter (logsBloom)")


class _Place(NamedTuple):
    """Where a transaction is, as receipts and logs have to say it."""

    block_hash: str
    block_number: str
    transaction_hash: str
    transaction_index: str


def _placed(header: Header, hashes: Sequence[bytes], block_receipts: Sequence[Json]) -> list[Json]:
    """All logs in order, each of which says rightly where it is. Raises BadAnswer."""
    found: list[Json] = []
    for index, (hash, receipt) in enumerate(zip(hashes, block_receipts, strict=True)):
        place = _Place("0x" + header.hash.hex(), hex(header.number), "0x" + hash.hex(), hex(index))
        _check_place(f"receipt {index}", receipt, place)
        for log in receipt["logs"]:
            number = len(found)
            # Mostly just so, letter by letter. What differs is looked at again: 0x01 and 0X are one number too many
            # ways to write, but capital letters in a hash are not a lie.
            if (
                log["blockHash"] != place.block_hash
                or log["transactionHash"] != place.transaction_hash
                or log["transactionIndex"] != place.transaction_index
                or log["blockNumber"] != place.block_number
            ):
                _check_place(f"log {number}", log, place)
            if log["logIndex"] != hex(number) and hextext.number(log["logIndex"]) != number:
                raise BadAnswer(f"log {number} is counted as {hextext.number(log['logIndex'])} (logIndex)")
            if log.get("removed"):
                raise BadAnswer(f"log {number} is said to be undone (removed)")
            found.append(log)
    return found


def _check_place(what: str, values: Mapping[str, Any], place: _Place) -> None:
    for name, wanted, read in (
        ("blockHash", place.block_hash, hextext.data),
        ("blockNumber", place.block_number, hextext.number),
        ("transactionHash", place.transaction_hash, hextext.data),
        ("transactionIndex", place.transaction_index, hextext.number),
    ):
        if read(values[name]) != read(wanted):
            raise BadAnswer(f"{what} is said to be elsewhere ({name} {values[name]})")
