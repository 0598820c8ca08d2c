"""A real node re-organises its chain under the follower."""

from __future__ import annotations

import threading

import pytest

from indexer.digest import digests
from indexer.errors import ReorgTooDeep, StaleHead
from indexer.follow import Follower
from indexer.mirror import open_for_writing
from indexer.node import Node
from indexer.queries.records import RecordKey, RecordKind, find
from tests.chain import Anvil, World
from tests.doubles.real import donate_many, replayed, rpc

pytestmark = pytest.mark.integration


@pytest.fixture
def mirror(mirror_url: str) -> str:
    """On each of the two databases."""
    return mirror_url


@pytest.mark.parametrize("how", ["evm_revert", "anvil_reorg"])
def test_a_reorganisation_leaves_exactly_the_rows_of_the_new_chain(how: str, mirror: str) -> None:
    with Anvil(block_time_s=3_600) as anvil, Node(anvil.url) as node:
        world = World.make(anvil.w3)
        kept = world.donate(world.fund_eur, 1_000)
        kept_at, snapshot = anvil.w3.eth.block_number, rpc(anvil.w3, "evm_snapshot")
        gone = world.donate(world.fund_eur, 2_000)
        donate_many(world, 20)
        engine = open_for_writing(mirror)
        follower = Follower(node, engine, world.deployment)
        before = follower.poll()
        if how == "evm_revert":
            rpc(anvil.w3, "evm_revert", snapshot)
        else:
            depth = anvil.w3.eth.block_number - kept_at
            rpc(anvil.w3, "anvil_reorg", depth, [])
        if how == "evm_revert":
            # A shorter chain is what a node that lags behind shows too. Nothing is undone for it, until the node shows
            # another block in the place of one that was indexed.
            with pytest.raises(StaleHead):
                follower.poll()
        else:
            follower.poll()
        other = world.donate(world.fund_eur, 3_000)
        donate_many(world, 25, each=2)
        after = follower.poll()
        assert after.number == anvil.w3.eth.block_number and after != before
        keys = [RecordKey(RecordKind.DONATION, (id,)) for id in (kept, gone, other)]
        with engine.connect() as conn:
            assert set(find(conn, keys).block_numbers) == {keys[0], keys[2]}
            assert digests(conn) == replayed(node, world)
        engine.dispose()


def test_a_change_too_deep_stops_the_follower_and_undoes_nothing(mirror: str) -> None:
    with Anvil(block_time_s=3_600) as anvil, Node(anvil.url) as node:
        world = World.make(anvil.w3)
        snapshot = rpc(anvil.w3, "evm_snapshot")
        world.donate(world.fund_eur, 1_000)
        rpc(anvil.w3, "anvil_mine", hex(300))
        engine = open_for_writing(mirror)
        follower = Follower(node, engine, world.deployment)
        before = follower.poll()
        with engine.connect() as conn:
            rows = digests(conn)
        rpc(anvil.w3, "evm_revert", snapshot)
        for more in (5, 310):  # a shorter chain, then a longer one
            rpc(anvil.w3, "anvil_mine", hex(more))
            with pytest.raises(ReorgTooDeep):
                follower.run(threading.Event())
        with engine.connect() as conn:
            assert digests(conn) == rows and follower.position == before
        engine.dispose()


def test_a_reorganisation_of_any_depth_leaves_exactly_the_rows_of_the_new_chain(mirror: str) -> None:
    """The node makes as many other blocks, without the gifts that the old ones held."""
    with Anvil(block_time_s=3_600) as anvil, Node(anvil.url) as node:
        world = World.make(anvil.w3)
        donate_many(world, 70)
        engine = open_for_writing(mirror)
        follower = Follower(node, engine, world.deployment)
        follower.poll()
        for depth in (1, 2, 7, 31, 32, 33, 64):
            rpc(anvil.w3, "anvil_reorg", depth, [])
            donate_many(world, 2)
            while follower.position.number < anvil.w3.eth.block_number:
                follower.poll()
            with engine.connect() as conn:
                assert digests(conn) == replayed(node, world), f"after a change {depth} blocks deep"
        engine.dispose()
