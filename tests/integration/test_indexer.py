"""The follower on a real node: killed at any moment, shown another chain, or a picky node."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import CliRunner

from indexer.cli import index
from indexer.digest import digests
from indexer.errors import NodeRefused, NodeUnreachable, OtherChain
from indexer.follow import Follower
from indexer.mirror import open_for_reading, open_for_writing
from indexer.node import Call, Node
from indexer.queries.blocks import as_of
from indexer.schema import donation_recorded, fund_opened
from tests.chain import Anvil, World
from tests.doubles.following import wait_until
from tests.doubles.real import donate_many, replayed, rpc

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def chain() -> Iterator[tuple[Anvil, World]]:
    with Anvil() as anvil:
        yield anvil, World.make(anvil.w3)


@pytest.fixture
def mirror(mirror_url: str) -> str:
    """On each of the two databases."""
    return mirror_url


class Process:
    """`amanat index follow` as a process of its own."""

    def __init__(self, anvil: Anvil, world: World, mirror: str, folder: Path) -> None:
        deployment = folder / "deployment.json"
        world.deployment.save(deployment)
        command = [sys.executable, "-c", "from indexer.cli import index; index()", "follow", "--poll", "0.02"]
        options = ["--node", anvil.url, "--deployment", str(deployment), "--mirror", mirror]
        self.log = (folder / "follow.log").open("ab")
        self.popen = subprocess.Popen([*command, *options], stderr=self.log, env=os.environ)

    def kill(self, number: int = signal.SIGKILL) -> int:
        self.popen.send_signal(number)
        code = self.popen.wait(20)
        self.log.close()
        return code


def indexed(mirror: str) -> int:
    try:
        engine = open_for_reading(mirror)
        with engine.connect() as conn:
            number = as_of(conn).number
        engine.dispose()
        return number
    except Exception:
        return -1


@pytest.mark.timeout(180)
def test_a_follower_killed_at_any_moment_loses_and_doubles_nothing(tmp_path: Path, mirror: str) -> None:
    chance = random.Random(7)
    with Anvil() as anvil, Node(anvil.url) as node:
        world = World.make(anvil.w3)
        feeding = threading.Thread(target=donate_many, args=(world, 400))
        feeding.start()
        for _ in range(12):
            process = Process(anvil, world, mirror, tmp_path)
            time.sleep(chance.uniform(0.5, 1.6))
            process.kill()
        feeding.join()
        process = Process(anvil, world, mirror, tmp_path)
        wait_until(lambda: indexed(mirror) >= anvil.w3.eth.block_number)
        assert process.kill(signal.SIGTERM) == 0
        rpc(anvil.w3, "evm_setIntervalMining", 0)  # both sides of the comparison need the same last block
        engine = open_for_writing(mirror)
        Follower(node, engine, world.deployment).poll()
        with engine.connect() as conn:
            assert conn.scalar(select(func.count()).select_from(donation_recorded)) == 1_200
            assert digests(conn) == replayed(node, world)
        engine.dispose()


def test_another_chain_and_another_ledger_are_refused(chain: tuple[Anvil, World], mirror: str) -> None:
    anvil, world = chain
    with Node(anvil.url) as node:
        engine = open_for_writing(mirror)
        Follower(node, engine, world.deployment).poll()
        for other in (
            replace(world.deployment, genesis_hash=b"\x05" * 32),
            replace(world.deployment, chain_id=1),
            replace(world.deployment, fund_ledger=world.deployment.time_bank),
        ):
            with pytest.raises(OtherChain):
                Follower(node, engine, other)
        engine.dispose()


def test_errors_say_whether_to_try_again(chain: tuple[Anvil, World]) -> None:
    anvil, _ = chain
    with Node(anvil.url) as node:
        with pytest.raises(NodeRefused) as refused:
            node.call("eth_thisIsNoMethod")
        assert not refused.value.retry
        assert node.call("eth_chainId") == hex(anvil.chain_id)
    with Node("http://127.0.0.1:9") as nobody, pytest.raises(NodeUnreachable) as unreachable:
        nobody.call("eth_chainId")
    assert unreachable.value.retry


def test_status_says_how_far_the_mirror_is(chain: tuple[Anvil, World], mirror: str) -> None:
    anvil, world = chain
    run = CliRunner()
    options = ["--node", anvil.url, "--mirror", mirror]
    assert run.invoke(index, ["status", *options]).exit_code == 2
    engine = open_for_writing(mirror)
    with Node(anvil.url) as node:
        Follower(node, engine, world.deployment).poll()
    engine.dispose()
    answer = run.invoke(index, ["status", *options])
    assert answer.exit_code == 0, answer.output
    assert "fund_opened" in answer.output
    rpc(anvil.w3, "anvil_mine", hex(30))
    assert run.invoke(index, ["status", *options]).exit_code == 1
    assert run.invoke(index, ["status", *options, "--behind", "1000"]).exit_code == 0


class PickyNode(Node):
    """Answers for few blocks at once."""

    def batch(self, calls: Sequence[Call], most_bytes: int | None = None) -> list[Any]:
        if len(calls) > 4:
            raise NodeRefused(calls[0].method, -32005, "too many blocks")
        return super().batch(calls, most_bytes)


def test_many_bytes_for_many_blocks_are_asked_for_in_parts(
    chain: tuple[Anvil, World], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Memory is bounded by this when blocks grow dense of a sudden. A single block may be as long as it is."""
    anvil, world = chain
    monkeypatch.setattr("indexer.fetch._MOST_RANGE_BYTES", 3_000)
    engine = open_for_writing("sqlite://")
    with Node(anvil.url) as node, caplog.at_level("INFO"):
        assert Follower(node, engine, world.deployment).poll().number > world.deployment.block
        with engine.connect() as conn:
            held = digests(conn)
        now = replayed(node, world)
    assert held | {"block": now["block"]} == now, "but for blocks that came meanwhile"
    assert "answers with more than 3,000 bytes" in caplog.text


def test_a_node_that_answers_for_few_blocks_is_asked_for_few(chain: tuple[Anvil, World]) -> None:
    anvil, world = chain
    engine = open_for_writing("sqlite://")
    with PickyNode(anvil.url) as node:
        follower = Follower(node, engine, world.deployment)
        assert follower.poll().number > world.deployment.block
        with engine.connect() as conn:
            assert conn.execute(select(fund_opened).where(fund_opened.c.fund == world.fund_eur)).one()
    engine.dispose()
