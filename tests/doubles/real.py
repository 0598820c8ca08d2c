"""Short words for a real chain under test."""

from __future__ import annotations

import time
from typing import Any

from eth_utils import to_checksum_address
from web3 import Web3

from contracts.bindings import fund_ledger
from contracts.bindings.ids import DonationId
from indexer.digest import digests
from indexer.fetch import Span
from indexer.follow import Follower
from indexer.mirror import open_for_writing
from indexer.node import Node
from tests.chain import World, address_of, cash, new_id, new_key


def rpc(w3: Web3, method: str, *params: Any) -> Any:
    """Any method's result; fails on an error."""
    answer = w3.provider.make_request(method, list(params))  # type: ignore[arg-type]
    assert "error" not in answer, answer
    return answer["result"]


def donate_many(world: World, blocks: int, each: int = 3) -> None:
    """One transaction a block, without waiting for receipts one by one."""
    w3 = world.w3
    nonce = w3.eth.get_transaction_count(world.cashier.address)
    for i in range(blocks):
        entries = [cash(DonationId(new_id()), address_of(new_key()), 100 + k, 1) for k in range(each)]
        signed = world.cashier.sign_transaction(
            {
                "chainId": w3.eth.chain_id,
                "nonce": nonce + i,
                "gas": 50_000_000,
                "gasPrice": 0,
                "value": 0,
                "to": to_checksum_address(world.ledger),
                "data": fund_ledger.donate(world.fund_eur, entries),
            }
        )
        w3.eth.send_raw_transaction(signed.raw_transaction)
    while w3.eth.get_transaction_count(world.cashier.address) < nonce + blocks:
        time.sleep(0.01)


def replayed(node: Node, world: World) -> dict[str, bytes]:
    """Digests of a mirror made from nothing."""
    engine = open_for_writing("sqlite://")
    follower = Follower(node, engine, world.deployment, span=Span(wanted_logs=50))
    follower.poll()
    with engine.connect() as conn:
        result = digests(conn)
    engine.dispose()
    return result
