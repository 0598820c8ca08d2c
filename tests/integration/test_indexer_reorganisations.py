"""The chain changes under the follower: rows, derived totals and cursor are those of the branch served, and of no
other."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import Engine

from indexer.errors import BadAnswer, ReorgTooDeep, StaleHead
from indexer.mirror import open_for_writing
from tests.doubles.branches import Block, BranchNode, Tree
from tests.doubles.contents import check_against, contents
from tests.doubles.following import Heard, Undone, following, settle, small_span
from tests.doubles.hashes import raw

pytestmark = pytest.mark.integration

DEPTHS = (1, 2, 31, 32, 33, 255, 256)
"""Around every number in the code: one block, the ancestors asked for at once, the limit."""


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree()


@pytest.fixture(scope="module")
def main(tree: Tree) -> Block:
    """The branch that everything starts from."""
    return tree.grow(tree.genesis, 300)


@pytest.fixture
def engine(mirror_url: str) -> Iterator[Engine]:
    engine = open_for_writing(mirror_url)
    yield engine
    engine.dispose()


@pytest.mark.parametrize("depth", DEPTHS)
def test_a_branch_that_is_shorter_equal_or_longer_takes_the_place_of_the_old_one(
    depth: int, tree: Tree, main: Block, engine: Engine
) -> None:
    heard = Heard()
    with (
        BranchNode(tree, main) as node,
        following(engine, tree.deployment, node.url, heard=heard) as follower,
    ):
        settle(follower, main)
        for length in {max(depth - 2, 1), depth, min(depth + 3, 256)}:  # it is undone again afterwards
            other = tree.grow(main.back(depth), length, f"{depth} deep")
            node.serve(other)
            settle(follower, other)
            check_against(engine, other, final_number=other.number)
            node.serve(main)  # and back to the branch that was left
            settle(follower, main)
            check_against(engine, main, final_number=main.number)
            fork = main.number - depth
            assert heard.undos == [Undone(depth, fork, depth), Undone(length, fork, length)]
            heard.undos.clear()


def test_beyond_the_limit_nothing_is_undone_and_somebody_has_to_look(
    tree: Tree, main: Block, engine: Engine
) -> None:
    with BranchNode(tree, main) as node, following(engine, tree.deployment, node.url) as follower:
        settle(follower, main)
        before = contents(engine)
        for length in (255, 257, 259):
            node.serve(tree.grow(main.back(257), length, "too deep"))
            with pytest.raises(ReorgTooDeep, match=r"at or below block 44.*256 blocks.*delete the mirror"):
                follower.poll()
            assert contents(engine) == before
        node.serve(main)
        assert follower.poll().number == main.number


def test_a_chain_that_changed_below_the_deployment_is_beyond_the_limit_too() -> None:
    tree = Tree(deployed_at=6, salt="late")
    main = tree.grow(tree.genesis, 12)
    engine = open_for_writing("sqlite://")
    with BranchNode(tree, main) as node, following(engine, tree.deployment, node.url) as follower:
        settle(follower, main)
        before = contents(engine)
        node.serve(tree.grow(main.back(9), 11, "other"))
        with pytest.raises(ReorgTooDeep, match="at or below block 5"):
            follower.poll()
        assert contents(engine) == before
    engine.dispose()


def test_a_change_at_any_moment_of_catching_up_leaves_the_new_branch(tree: Tree, engine: Engine) -> None:
    """Between two answers and within one batch, above and below the blocks that were written meanwhile."""
    chance = random.Random(11)
    tip = tree.grow(tree.genesis, 12, "moving")
    with (
        BranchNode(tree, tip) as node,
        following(engine, tree.deployment, node.url, span=small_span(4)) as follower,
    ):
        settle(follower, tip)
        for round in range(40):
            fork = tip.back(chance.randint(0, 4))
            first = tree.grow(fork, 16, f"first {round}")
            second = tree.grow(first.back(chance.randint(1, 18)), 20, f"second {round}")
            node.serve(first)
            node.serve_after(chance.randint(0, 50), second)
            with suppress(BadAnswer, StaleHead):
                follower.poll()  # whatever this one saw of either
            node.serve(second)
            settle(follower, second)
            check_against(engine, second, final_number=second.number)
            tip = second


def test_changes_in_a_row_leave_the_last(tree: Tree, main: Block, engine: Engine) -> None:
    with (
        BranchNode(tree, main) as node,
        following(engine, tree.deployment, node.url, span=small_span(4)) as follower,
    ):
        settle(follower, main)
        for depth in (20, 5, 40):
            node.serve(tree.grow(main.back(depth), depth + 9, f"row {depth}"))
            follower.poll()  # perhaps half-way
        node.serve(main)
        settle(follower, main)
        check_against(engine, main, final_number=main.number)


def test_a_head_that_went_back_is_old_news_and_not_a_reorganisation(
    tree: Tree, main: Block, engine: Engine
) -> None:
    """A node restored from a copy, or behind a balancer, serves what was served before: the mirror knows better."""
    with BranchNode(tree, main) as node, following(engine, tree.deployment, node.url) as follower:
        settle(follower, main)
        before = contents(engine)
        for behind in (1, 7, 280):
            node.serve(main.back(behind))
            with pytest.raises(StaleHead, match=f"old head.*{main.number - behind}.*{main.number}"):
                follower.poll()
            assert contents(engine) == before
        longer = tree.grow(main, 3)
        node.serve(longer)
        settle(follower, longer)
        check_against(engine, longer)


@pytest.mark.parametrize("finality", ["instant", "depth:5", "finalized"])
def test_what_is_final_never_passes_the_bound_and_falls_only_with_an_undo(
    finality: str, tree: Tree, main: Block, engine: Engine
) -> None:
    """A change below what was final is followed all the same, and told."""

    def bound(head: int) -> int:
        return {"instant": head, "depth:5": head - 5, "finalized": head - 9}[finality]

    start, heard = main.back(30), Heard()
    with BranchNode(tree, start) as node:
        node.finalized = start.number - 9
        with following(
            engine, tree.deployment, node.url, finality=finality, heard=heard, span=small_span()
        ) as follower:
            settle(follower, start)
            check_against(engine, start, bound(start.number))
            quiet = tree.grow(start, 1)
            node.serve(quiet)
            node.finalized += 1
            settle(follower, quiet)
            check_against(engine, quiet, bound(quiet.number))
            other = tree.grow(quiet.back(12), 10, f"below {finality}")
            final = bound(quiet.number)
            node.serve(other)
            node.finalized = other.number - 9
            settle(follower, other)
            fork = quiet.number - 12
            assert heard.undos == [Undone(12, fork, final - fork)]
            check_against(engine, other, max(fork, bound(other.number)))
    assert all(p.final <= bound(p.head) or p.final == fork for p in heard.progress)


def test_what_is_final_moves_on_without_a_new_block(tree: Tree, main: Block, engine: Engine) -> None:
    with BranchNode(tree, main) as node:
        node.finalized = 250
        with following(engine, tree.deployment, node.url, finality="finalized") as follower:
            settle(follower, main)
            check_against(engine, main, 250)
            for final, shown in ((260, 260), (255, 260), (10_000, main.number)):
                node.finalized = final
                follower.poll()
                check_against(engine, main, shown)


def test_another_finality_judges_what_is_there_anew(tree: Tree, main: Block, engine: Engine) -> None:
    with BranchNode(tree, main) as node:
        for finality, final in (("instant", 300), ("depth:40", 260), ("depth:2", 298)):
            with following(engine, tree.deployment, node.url, finality=finality) as follower:
                settle(follower, main)
                check_against(engine, main, final)


def test_a_node_without_the_tag_finalized_is_refused_in_words(
    tree: Tree, main: Block, engine: Engine
) -> None:
    with (
        BranchNode(tree, main) as node,
        following(engine, tree.deployment, node.url, finality="finalized") as follower,
        pytest.raises(Exception, match="finalized"),
    ):
        follower.poll()


@pytest.mark.parametrize("verify", ["off", "sampled:0.3"])
def test_less_checking_follows_branches_as_exactly(
    verify: str, tree: Tree, main: Block, engine: Engine
) -> None:
    with (
        BranchNode(tree, main) as node,
        following(engine, tree.deployment, node.url, verify=verify, span=small_span(16)) as follower,
    ):
        for tip in (main, tree.grow(main.back(40), 38, verify), main):
            node.serve(tip)
            settle(follower, tip)
            check_against(engine, tip, final_number=tip.number)


def test_the_double_serves_what_it_says() -> None:
    """The same parent and label give the same block, and another salt another chain."""
    one, same, other = Tree(), Tree(), Tree(salt="other")
    assert one.grow(one.genesis, 5).hash == same.grow(same.genesis, 5).hash
    assert other.genesis.hash != one.genesis.hash
    assert raw(one.genesis.hash) == one.deployment.genesis_hash
