"""Any history of a chain that grows, forks and changes its mind: after every poll the mirror is that of the branch
served."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Engine

from indexer.errors import BadAnswer, NodeRefused, ReorgTooDeep, StaleHead
from indexer.invariants import broken
from indexer.mirror import open_for_writing
from indexer.schema import LEDGER
from tests.doubles.branches import Block, BranchNode, Tree
from tests.doubles.contents import check_against, contents
from tests.doubles.following import following, settle, small_span

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.timeout(300)]

MOST_UNDONE = 12
_TREE = Tree(salt="any history")
"""Grown on through all histories: the same block is made once."""
_MEMORY: list[Engine] = []
_BOUNDS = {"instant": 0, "depth:3": 3, "finalized": 6}
"""How far behind the head a block is final."""


def empty_mirror() -> Engine:
    """One in memory, made once for all histories."""
    if not _MEMORY:
        _MEMORY.append(open_for_writing("sqlite://"))
    with _MEMORY[0].begin() as conn:
        for table in LEDGER.metadata.sorted_tables:
            conn.execute(table.delete())
    return _MEMORY[0]


def fork_of(one: Block, other: Block) -> Block:
    """The last block that both branches have."""
    while one is not other:
        if one.number >= other.number:
            one = one.back(1)
        else:
            other = other.back(1)
    return one


class Histories(RuleBasedStateMachine):
    """Says in plain words what a follower has to hold, next to one that works."""

    def __init__(self) -> None:
        super().__init__()
        self.tip = _TREE.genesis
        self.tips: list[Block] = []
        self.held = _TREE.genesis
        self.final = 0
        self.node = BranchNode(_TREE, self.tip)
        self.node.start()

    @initialize(finality=st.sampled_from(sorted(_BOUNDS)), span=st.integers(1, 9), full=st.booleans())
    def begin(self, finality: str, span: int, full: bool) -> None:
        self.behind = _BOUNDS[finality]
        self.node.finalized = 0
        self.engine = empty_mirror()
        self.context = following(
            self.engine,
            _TREE.deployment,
            self.node.url,
            finality=finality,
            verify="full" if full else "sampled:0.5",
            most_undone=MOST_UNDONE,
            span=small_span(span),
        )
        self.follower = self.context.__enter__()

    def serve(self, tip: Block) -> None:
        self.tips.append(self.tip)
        self.tip = tip
        self.node.serve(tip)
        self.node.finalized = max(tip.number - 6, 0)

    @rule(blocks=st.integers(1, 7))
    def grow(self, blocks: int) -> None:
        self.serve(_TREE.grow(self.tip, blocks))

    @rule(depth=st.integers(1, MOST_UNDONE + 3), blocks=st.integers(1, 16), label=st.sampled_from("abc"))
    def fork(self, depth: int, blocks: int, label: str) -> None:
        self.serve(_TREE.grow(self.tip.back(min(depth, self.tip.number)), blocks, label))

    @precondition(lambda self: self.tips)
    @rule(data=st.data())
    def go_back(self, data: st.DataObject) -> None:
        """To any branch that was served before."""
        self.serve(data.draw(st.sampled_from(self.tips)))

    @rule()
    def poll(self) -> None:
        self.look()

    @rule(calls=st.integers(0, 40), depth=st.integers(1, 5), blocks=st.integers(1, 9))
    def poll_while_the_chain_moves(self, calls: int, depth: int, blocks: int) -> None:
        """The branch changes in the middle of a poll; what that poll did is unknown, what follows is not."""
        moved = _TREE.grow(self.tip.back(min(depth, self.tip.number)), blocks, "moved")
        self.node.serve_after(calls, moved)
        with contextlib.suppress(BadAnswer, NodeRefused, ReorgTooDeep, StaleHead):
            self.follower.poll()
        before = self.held
        self.held = next(
            b for b in _TREE.by_hash.values() if b.hash == "0x" + self.follower.position.hash.hex()
        )
        self.final = min(self.final, fork_of(before, self.held).number)
        self.serve(moved)
        self.look(sure_of_final=False)

    def look(self, sure_of_final: bool = True) -> None:
        """Polls, and checks everything."""
        fork = fork_of(self.held, self.tip)
        if fork is self.tip and self.held is not self.tip:
            self.refused(StaleHead)
        elif self.held.number - fork.number > MOST_UNDONE:
            self.refused(ReorgTooDeep)
        else:
            settle(self.follower, self.tip)
            self.held = self.tip
            self.final = max(min(self.final, fork.number), self.tip.number - self.behind, 0)
            check_against(self.engine, self.tip, self.final if sure_of_final else None)
            with self.engine.connect() as conn:
                assert not broken(conn)
                if not sure_of_final:
                    self.final = conn.execute(LEDGER.cursor.select()).mappings().one()["final_number"]

    def refused(self, why: type[Exception]) -> None:
        before = contents(self.engine)
        with pytest.raises(why):
            self.follower.poll()
        assert contents(self.engine) == before

    @invariant()
    def the_follower_knows_where_it_stands(self) -> None:
        if hasattr(self, "follower"):
            assert "0x" + self.follower.position.hash.hex() == self.held.hash

    def teardown(self) -> None:
        if hasattr(self, "context"):
            self.context.__exit__(None, None, None)
        self.node.stop()


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=12,
    stateful_step_count=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking takes minutes; the seed is printed
    suppress_health_check=list(HealthCheck),
)
