"""The follower is killed at every commit boundary and at random moments, 200 times: nothing is lost, nothing doubled,
and after a restart rows, derived totals and cursor are those of a mirror that was never disturbed."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine, select

from indexer.databases import database, writing_engine
from indexer.mirror import open_for_writing
from indexer.schema import LEDGER
from tests.doubles.branches import Block, BranchNode, Tree
from tests.doubles.contents import check_against, contents
from tests.doubles.following import following, settle
from tests.doubles.forker import IN_COMMIT, Forker, Order

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]

AT_BOUNDARIES = 50
AT_RANDOM = 50
"""Of each, on each of two databases."""


class Chain(NamedTuple):
    """Two branches, each with blocks that the other has not, and what an undisturbed mirror of each holds."""

    tree: Tree
    node: BranchNode
    branches: tuple[Block, Block]
    clean: dict[str, dict[str, set[tuple[Any, ...]]]]
    """By the hash of the branch's tip."""
    by_hash: dict[bytes, Block]


@pytest.fixture(scope="module")
def chain() -> Iterator[Chain]:
    tree = Tree(salt="crashes")
    stem = tree.grow(tree.genesis, 12)
    branches = tree.grow(stem, 18, "one"), tree.grow(stem.back(3), 25, "other")
    clean = {}
    with BranchNode(tree, branches[0]) as node:
        for tip in branches:
            node.serve(tip)
            engine = open_for_writing("sqlite://")
            with following(engine, tree.deployment, node.url) as follower:
                settle(follower, tip)
            check_against(engine, tip)
            clean[tip.hash] = contents(engine)
            engine.dispose()
        by_hash = {bytes.fromhex(hash[2:]): block for hash, block in tree.by_hash.items()}
        yield Chain(tree, node, branches, clean, by_hash)


@pytest.fixture(scope="module")
def forker() -> Iterator[Forker]:
    with Forker() as forker:
        yield forker


@pytest.fixture
def order(chain: Chain, mirror_url: str, tmp_path: Path) -> Order:
    """A run to the end of the first branch, on each database."""
    file = tmp_path / "deployment.json"
    chain.tree.deployment.save(file)
    return Order(mirror_url, (chain.node.url,), str(file), chain.branches[0].hash)


def to(chain: Chain, order: Order, tip: Block) -> Order:
    """The same order for another branch, which the node now serves."""
    chain.node.serve(tip)
    return replace(order, until=tip.hash)


def check_whole(chain: Chain, engine: Engine) -> None:
    """After a kill: the mirror holds one branch up to some block, as if it had stopped there by itself."""
    with engine.connect() as conn:
        hash = conn.execute(select(LEDGER.cursor.c.block_hash)).scalar_one()
    check_against(engine, chain.by_hash[hash])


def check_restarted(chain: Chain, forker: Forker, order: Order, engine: Engine) -> None:
    """A restart brings the mirror to where one that was never disturbed stands."""
    forker.follow(replace(order, kill_at=None, kill_after_s=None))
    assert contents(engine) == chain.clean[order.until]


def boundaries(labels: Sequence[str], most: int, chance: random.Random) -> list[int]:
    """The places to die at: all that are around BEGIN and COMMIT, where cursor and totals are written, first and last
    statement of each transaction; of the many others a choice."""
    edges = {
        near
        for at, label in enumerate(labels)
        if label in ("before BEGIN", "before COMMIT", IN_COMMIT, "after COMMIT")
        or "cursor" in label
        or "total" in label
        for near in (
            at,
            at + 1 if label == "before BEGIN" else at,
            at - 1 if label == "before COMMIT" else at,
        )
    }
    places = sorted(place for place in edges if 0 <= place < len(labels))
    others = [place for place in range(len(labels)) if place not in edges]
    if len(places) > most * 4 // 5:
        places = chance.sample(places, most * 4 // 5)
    return sorted([*places, *chance.sample(others, min(len(others), most - len(places)))])


@pytest.fixture
def mirror(mirror_url: str) -> Iterator[Engine]:
    """For looking into the mirror."""
    engine = writing_engine(database(mirror_url))
    yield engine
    engine.dispose()


def test_killed_at_every_boundary(chain: Chain, forker: Forker, order: Order, mirror: Engine) -> None:
    """While it appends, and while it leaves one branch for another."""
    chance = random.Random(1)
    forker.follow(to(chain, order, chain.branches[0]))
    labels = {}
    for tip in reversed(chain.branches):
        labels[tip.hash] = forker.follow(to(chain, order, tip)).labels
    assert all(IN_COMMIT in found and any("DELETE" in x for x in found) for found in labels.values())
    killed = 0
    plans = [boundaries(labels[tip.hash], AT_BOUNDARIES // 2, chance) for tip in chain.branches]
    for places in zip(*plans, strict=True):
        for tip, place in reversed(list(zip(chain.branches, places, strict=True))):
            run = to(chain, order, tip)
            delay_s = chance.uniform(0, 0.001)
            killed += forker.follow(replace(run, kill_at=place, delay_s=delay_s)).killed
            check_whole(chain, mirror)
            check_restarted(chain, forker, run, mirror)
    # A delayed kill within the last COMMIT may come after the end.
    assert killed >= AT_BOUNDARIES * 9 // 10


def test_killed_at_random_moments(chain: Chain, forker: Forker, order: Order, mirror: Engine) -> None:
    chance = random.Random(2)
    forker.follow(to(chain, order, chain.branches[0]))
    longest_s = max(forker.follow(to(chain, order, tip)).seconds for tip in reversed(chain.branches))
    killed = 0
    for round in range(4 * AT_RANDOM):  # a run may end before its time comes
        run = to(chain, order, chain.branches[1 - round % 2])
        killed += forker.follow(replace(run, kill_after_s=chance.uniform(0, longest_s))).killed
        check_whole(chain, mirror)
        if round % 5 == 4:  # mostly killed again before it came to the end
            check_restarted(chain, forker, run, mirror)
        if killed == AT_RANDOM:
            break
    assert killed == AT_RANDOM
    check_restarted(chain, forker, to(chain, order, chain.branches[0]), mirror)


@pytest.mark.parametrize("name", ["sqlite", "postgresql"])
def test_killed_while_the_mirror_is_made(
    name: str, chain: Chain, forker: Forker, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Within the first migration and the first cursor: the next start finds nothing, or all."""
    chance = random.Random(3)
    tip = chain.branches[0]
    chain.node.serve(tip)
    file = tmp_path / "deployment.json"
    chain.tree.deployment.save(file)
    made: Callable[[int], str] = lambda n: f"sqlite:///{tmp_path / f'new-{n}.db'}"  # noqa: E731
    if name == "postgresql":
        server = request.getfixturevalue("postgres")
        made = lambda n: str(server.database())  # noqa: E731
    order = Order(made(0), (chain.node.url,), str(file), tip.hash)
    labels = forker.follow(order).labels
    end = [at for at, label in enumerate(labels) if label == "after COMMIT"][1]
    edges = [at for at in range(end + 1) if labels[at].startswith(("before", "in ", "after"))]
    places = [*edges, *chance.sample(range(end), 3)]
    for n, place in enumerate(places):
        run = replace(order, mirror=made(n + 1))
        assert forker.follow(replace(run, kill_at=place)).killed or labels[place] == IN_COMMIT
        engine = writing_engine(database(run.mirror))
        check_restarted(chain, forker, run, engine)
        engine.dispose()


def test_two_followers_killed_in_turns_leave_exact_rows(chain: Chain, order: Order, mirror: Engine) -> None:
    """One works, the other waits and goes on when the first is killed: whoever is next."""
    chance = random.Random(4)
    stop = threading.Event()
    failures: list[BaseException] = []

    def indexer(seed: int) -> None:
        own = random.Random(seed)
        try:
            with Forker() as one:
                while not stop.is_set():
                    one.follow(replace(order, kill_after_s=own.uniform(0.02, 0.4), until="0x"))
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=indexer, args=(seed,)) for seed in (5, 6)]
    for thread in threads:
        thread.start()
    try:
        for round in range(6):
            chain.node.serve(chain.branches[round % 2])
            stop.wait(chance.uniform(0.1, 0.4))
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert not failures
    with Forker() as last:
        run = to(chain, order, chain.branches[0])
        last.follow(run)
    check_against(mirror, chain.branches[0])
    assert contents(mirror) == chain.clean[run.until]
