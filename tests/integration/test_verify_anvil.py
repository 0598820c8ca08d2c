"""Blocks of a running node, checked whole: every kind of transaction that it takes."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account

from indexer.errors import BadAnswer
from indexer.node import Node
from indexer.verify.block import check_block
from tests.chain import Anvil

pytestmark = pytest.mark.integration

# Reverts with nothing unless called; as creation code it logs once with one topic and 32 bytes, and makes no code.
LOGS_ONCE = "0x" + "602a600052600760206000a100"
TO = "0x" + "35" * 20


def unsigned(node: Anvil) -> list[dict[str, Any]]:
    """Transactions to send, without their nonces; what the node's hard fork refuses is left out by the test."""
    plain = {"gas": 200_000, "value": 0, "chainId": node.chain_id}
    fees = {"maxFeePerGas": 10**10, "maxPriorityFeePerGas": 0}
    access = [{"address": TO, "storageKeys": ["0x" + "01" * 32]}]
    return [
        plain | {"to": TO, "gasPrice": 10**10},
        plain | {"to": "", "data": LOGS_ONCE, "gasPrice": 10**10},
        plain | {"to": TO, "gasPrice": 10**10, "accessList": access, "type": 1},
        plain | {"to": TO, "accessList": access, "type": 2} | fees,
        plain | {"data": LOGS_ONCE, "to": "", "type": 2} | fees,
    ]


def test_a_running_nodes_blocks_are_as_they_say() -> None:
    with Anvil() as anvil, Node(anvil.url) as node:
        account = Account.create()
        node.call("anvil_setBalance", account.address, hex(10**20))
        hashes = []
        for nonce, transaction in enumerate(unsigned(anvil)):
            signed = account.sign_transaction(transaction | {"nonce": nonce})
            hashes.append(anvil.w3.eth.send_raw_transaction(signed.raw_transaction))
        for hash in hashes:
            anvil.w3.eth.wait_for_transaction_receipt(hash)
        logs = 0
        for number in range(anvil.w3.eth.block_number + 1):
            block = node.call("eth_getBlockByNumber", hex(number), True)
            receipts = node.call("eth_getBlockReceipts", hex(number))
            header, found = check_block(block, receipts)
            assert header.number == number
            logs += len(found)
            for receipt in receipts:
                receipt["logs"].append(receipts[0]["logs"][0] if receipts[0]["logs"] else {})
                with pytest.raises(BadAnswer, match=f"block {number}"):
                    check_block(block, receipts)
        assert logs == 2
