"""Following a sealed chain: a branch that is consistent but sealed by nobody who may is not taken."""

from __future__ import annotations

import pytest

from indexer.errors import BadAnswer
from indexer.mirror import open_for_writing
from indexer.settings import Consensus
from tests.doubles.branches import BranchNode, Seal, Tree
from tests.doubles.contents import check_against, contents
from tests.doubles.following import following, settle, small_span
from tests.doubles.hashes import raw
from tests.doubles.sealing import clique, qbft

pytestmark = pytest.mark.integration

_UNSEALED = "sealed|signed|signer|validator"
NETWORKS = pytest.mark.parametrize(
    ("consensus", "seal"), [(Consensus.QBFT, qbft), (Consensus.CLIQUE, clique)], ids=["qbft", "clique"]
)


@NETWORKS
@pytest.mark.parametrize("verify", ["full", "sampled:0.2"])
def test_a_sealed_chain_is_followed_from_genesis_on_and_after_a_restart(
    consensus: Consensus, seal: Seal, verify: str, mirror_url: str
) -> None:
    tree = Tree(seal=seal)
    tip = tree.grow(tree.genesis, 40)
    engine = open_for_writing(mirror_url)
    with BranchNode(tree, tip) as node:
        for blocks in (0, 25):
            tip = tree.grow(tip, blocks)
            node.serve(tip)
            asked = {"verify": verify, "consensus": consensus, "span": small_span(9)}
            with following(engine, tree.deployment, node.url, **asked) as follower:  # type: ignore[arg-type]
                settle(follower, tip)
    check_against(engine, tip)
    engine.dispose()


@NETWORKS
def test_an_invented_branch_is_refused_and_nothing_is_undone(consensus: Consensus, seal: Seal) -> None:
    tree = Tree(seal=seal)
    engine = open_for_writing("sqlite://")
    tip = tree.grow(tree.genesis, 20)
    for invented in (tree.grow(tip.back(5), 12, "invented"), tree.grow(tip, 3, "invented")):
        with (
            BranchNode(tree, tip) as node,
            following(engine, tree.deployment, node.url, consensus=consensus) as follower,
        ):
            settle(follower, tip)
            before = contents(engine)
            node.serve(invented)
            with pytest.raises(BadAnswer, match=_UNSEALED):
                follower.poll()
            assert contents(engine) == before
            assert follower.position.hash == raw(tip.hash)
            sealed = tree.grow(tip.back(2), 6, "another branch of theirs")
            node.serve(sealed)
            settle(follower, sealed)
        check_against(engine, sealed)
        tip = sealed
    engine.dispose()


@NETWORKS
def test_a_mirror_does_not_begin_on_invented_blocks(consensus: Consensus, seal: Seal) -> None:
    tree = Tree(deployed_at=10, seal=seal)
    invented = tree.grow(tree.grow(tree.genesis, 3), 20, "invented")
    engine = open_for_writing("sqlite://")
    with (
        BranchNode(tree, invented) as node,
        pytest.raises(BadAnswer, match=_UNSEALED),
        following(engine, tree.deployment, node.url, consensus=consensus),
    ):
        raise AssertionError("it began")
    engine.dispose()


def test_without_seals_an_invented_branch_cannot_be_told() -> None:
    """Why the setting exists: hashes, links and roots of the invented branch are right."""
    tree = Tree(seal=clique)
    tip = tree.grow(tree.genesis, 10)
    invented = tree.grow(tip.back(2), 5, "invented")
    engine = open_for_writing("sqlite://")
    with BranchNode(tree, tip) as node, following(engine, tree.deployment, node.url) as follower:
        settle(follower, tip)
        node.serve(invented)
        settle(follower, invented)
    check_against(engine, invented)
    engine.dispose()
