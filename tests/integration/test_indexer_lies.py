"""A node that lies: it is caught, the message says how, nothing wrong is committed, and an honest one is asked next."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from sqlalchemy import Engine

from contracts.bindings import fund_ledger
from contracts.bindings.ids import DonationId
from contracts.deployment import Deployment
from indexer.errors import BadAnswer, IndexerError
from indexer.mirror import open_for_writing
from indexer.observer import Progress
from indexer.schema import LEDGER
from tests.chain import Anvil, World, address_of, cash, new_id, new_key
from tests.doubles.branches import Block, BranchNode, Tree
from tests.doubles.contents import check_against, contents
from tests.doubles.following import Heard, following, settle, small_span
from tests.doubles.liar import Liar, Lie
from tests.doubles.lies import ANSWERS, BLOCKS, HEADS, LOGS, giant_answer

pytestmark = pytest.mark.integration

# How each lie is named, by how closely is looked. A lie that is missing under a setting cannot be seen with it, or is
# not told: `full` does not ask for logs, `off` does not ask for receipts.
_ROOT = "the receipts are not those of its header"
_HASH = "its header is not the one of its hash"
_LINK = "does not follow on block"
_OMITS, _ADDS, _CHANGES = "eth_getLogs omits logs", "eth_getLogs adds logs", "eth_getLogs changes the"

FULL = {
    "omits a log from receipts": _ROOT,
    "omits a log from receipts, filters made to fit": _ROOT,
    "omits a log from both": _ROOT,
    "omits a log, header made to fit": _HASH,
    "omits a log, header and hash made to fit": _LINK,
    "adds a log to both": _ROOT,
    "adds a log, header made to fit": _HASH,
    "adds a log, header and hash made to fit": _LINK,
    "changes an amount in receipts": _ROOT,
    "changes an amount in both": _ROOT,
    "changes an amount, header made to fit": _HASH,
    "changes a topic in both": _ROOT,
    "changes a log's index in both": r"log \d+ is counted as \d+",
    "places a log in another block": "is said to be elsewhere",
    "gives a log to another contract": _ROOT,
    "calls a log removed": "is said to be undone",
    "cuts a log short": _ROOT,
    "repeats a log": _ROOT,
    "turns the logs round": _ROOT,
    "swaps two blocks": "where block .* was asked for",
    "repeats a block": "where block .* was asked for",
    "skips a block": "where block .* was asked for",
    "changes a block's number": _HASH,
    "changes a block's time": _HASH,
    "changes a block's parent": _HASH,
    "changes a block's hash": _HASH,
    "cuts a block's hash": "31 bytes",
    "omits the transactions": "transactions are not those of its header",
    "changes a transaction": "transactions are not those of its header",
    "has no such block": "no block",
}
SAMPLED = FULL | {
    "swaps two blocks": "where block .* was asked for|gave two different blocks",
    "omits a log from logs": _OMITS,
    "adds a log to logs": _ADDS,
    "changes an amount in logs": f"{_CHANGES} data",
    "changes a log's index in logs": f"{_CHANGES} logIndex",
}
OFF = {
    "omits a log, header and hash made to fit": _LINK,
    "adds a log, header and hash made to fit": _LINK,
    "places a log in another block": "which its header does not have",
    "gives a log to another contract": "which was not asked for",
    "calls a log removed": "removed",
    "cuts a log short": "too short",
    "repeats a log": "repeated",
    "turns the logs round": "out of order",
    "swaps two blocks": "where block .* was asked for",
    "repeats a block": "where block .* was asked for",
    "skips a block": "where block .* was asked for",
    "changes a block's number": "where block .* was asked for",
    "changes a block's parent": _LINK,
    "changes a block's hash": f"{_LINK}|which its header does not have",
    "cuts a block's hash": "32 bytes",
    "has no such block": "no block",
}
SEEN = {"full": FULL, "sampled:1.0": SAMPLED, "off": OFF}
LIES = LOGS | BLOCKS
CASES = [(lie, verify) for verify, seen in SEEN.items() for lie in seen]


def test_every_lie_is_seen_by_some_setting() -> None:
    assert set(FULL) | set(SAMPLED) | set(OFF) == set(LIES)


class Real(NamedTuple):
    """A chain with gifts, and what an honest node's mirror of it holds."""

    anvil: Anvil
    deployment: Deployment
    about: int
    """A block in the middle with three gifts in one transaction."""
    head: int
    honest: dict[str, set[tuple[Any, ...]]]


def give(world: World, blocks: int) -> None:
    for _ in range(blocks):
        entries = [cash(DonationId(new_id()), address_of(new_key()), 100 + i, 1) for i in range(3)]
        world.send(world.cashier, world.ledger, fund_ledger.donate(world.fund_eur, entries), simulate=False)


@pytest.fixture(scope="module")
def real() -> Iterator[Real]:
    with Anvil(block_time_s=3_600) as anvil:
        world = World.make(anvil.w3)
        give(world, 8)
        head = anvil.w3.eth.block_number
        engine = open_for_writing("sqlite://")
        with following(engine, world.deployment, anvil.url) as follower:
            assert follower.poll().number == head
        yield Real(anvil, world.deployment, head - 4, head, contents(engine))
        engine.dispose()


@pytest.fixture(scope="module")
def memory() -> Iterator[Engine]:
    """A mirror in memory: what a node says does not depend on the database."""
    engine = open_for_writing("sqlite://")
    yield engine
    engine.dispose()


@pytest.fixture
def engine(memory: Engine) -> Engine:
    """The same, empty."""
    with memory.begin() as conn:
        for table in LEDGER.metadata.sorted_tables:
            conn.execute(table.delete())
    return memory


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree()


def many_logs(block: Block) -> bool:
    return bool(block.receipts) and len(block.receipts[0]["logs"]) > 2


def check_nothing_wrong(engine: Engine, honest: dict[str, set[tuple[Any, ...]]]) -> int:
    """Every row is one that an honest node's mirror holds too; the number of blocks held."""
    found = contents(engine)
    found.pop("cursor")
    for name, rows in found.items():
        assert rows <= honest[name], f"{name}: {len(rows - honest[name])} rows that are a lie"
    return len(found["block"])


class UntilDone(Heard):
    """Stops the follower at a block, or after so many refusals."""

    def __init__(self, head: int, refusals: int = 10**9) -> None:
        super().__init__()
        self.stop = threading.Event()
        self._head, self._most = head, refusals

    def advanced(self, progress: Progress) -> None:
        super().advanced(progress)
        if progress.block >= self._head:
            self.stop.set()

    def refused(self, error: IndexerError, url: str) -> None:
        super().refused(error, url)
        if len(self.refusals) >= self._most:
            self.stop.set()


@pytest.mark.parametrize(("name", "verify"), CASES)
def test_a_lie_is_named_and_writes_nothing(name: str, verify: str, real: Real, engine: Engine) -> None:
    with Liar(real.anvil.url) as liar:
        liar.tell(LIES[name], real.about)
        with (
            following(engine, real.deployment, liar.url, verify=verify) as follower,
            pytest.raises(BadAnswer, match=SEEN[verify][name]),
        ):
            follower.run(threading.Event())
        assert liar.told
    check_nothing_wrong(engine, real.honest)


@pytest.mark.parametrize("name", list(FULL)[::2])
def test_a_lie_about_the_newest_blocks_is_named_too(name: str, tree: Tree, engine: Engine) -> None:
    """While following live there is no next block yet, and no range around."""
    tree = Tree()
    start = tree.grow(tree.genesis, 20)
    about = next(
        b for b in tree.grow(start, 60).ancestors()[22:] if len(b.receipts and b.receipts[0]["logs"]) > 2
    )
    before, tip = about.parent, tree.grow(about, 2)
    assert before is not None
    with (
        BranchNode(tree, before) as node,
        Liar(node.url) as liar,
        following(engine, tree.deployment, liar.url) as follower,
    ):
        settle(follower, before)
        liar.tell(LIES[name], about.number)
        node.serve(tip)
        with pytest.raises(BadAnswer, match=FULL[name]):
            follower.run(threading.Event())
        assert liar.told
        liar.be_honest()
        settle(follower, tip)
    check_against(engine, tip)


@pytest.mark.parametrize("name", list(FULL)[1::4])
def test_an_honest_node_is_asked_after_a_liar(name: str, real: Real, engine: Engine) -> None:
    heard = UntilDone(real.head)
    with Liar(real.anvil.url) as liar:
        liar.tell(LIES[name], real.about)
        with following(engine, real.deployment, liar.url, real.anvil.url, heard=heard) as follower:
            follower.run(heard.stop)
    assert heard.refusals[0][1] == liar.url and heard.switches == [real.anvil.url]
    assert len(heard.refusals) == 1
    assert contents(engine) == real.honest


def patience_s(name: str) -> float:
    """How long an answer may take: short where none will come."""
    return 1 if name == "stalls" else 20


@pytest.mark.parametrize("name", ANSWERS)
def test_what_is_no_answer_writes_nothing_and_is_waited_out(name: str, real: Real, engine: Engine) -> None:
    """Such a node may be ill and not a liar: it is asked again, or somebody is told, and once well it is followed."""
    heard = UntilDone(real.head, refusals=3)
    with (
        Liar(real.anvil.url) as liar,
        following(
            engine, real.deployment, liar.url, heard=heard, timeout_s=patience_s(name), span=small_span(2)
        ) as follower,
    ):
        liar.tell(ANSWERS[name])
        follower.run(heard.stop)
        assert liar.told and len(heard.refusals) == 3
        assert check_nothing_wrong(engine, real.honest) == 1, "only where it began"
        liar.be_honest()
        heard.stop.clear()
        follower.run(heard.stop)
    assert contents(engine) == real.honest


@pytest.mark.parametrize("name", list(ANSWERS)[::3])
def test_an_honest_node_is_asked_after_one_that_gives_no_answer(
    name: str, real: Real, engine: Engine
) -> None:
    heard = UntilDone(real.head)
    with Liar(real.anvil.url) as liar:
        liar.tell(ANSWERS[name], after_requests=3)  # it was well at first
        urls = liar.url, real.anvil.url
        with following(
            engine, real.deployment, *urls, heard=heard, timeout_s=patience_s(name), span=small_span(2)
        ) as follower:
            follower.run(heard.stop)
    assert heard.refusals and heard.switches == [real.anvil.url]
    assert contents(engine) == real.honest


def test_a_giant_answer_is_not_read(real: Real, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.node._MOST_BYTES", 1 << 20)
    heard = UntilDone(real.head, refusals=1)
    with Liar(real.anvil.url) as liar:
        liar.tell(giant_answer(megabytes=2))
        with following(engine, real.deployment, liar.url, heard=heard) as follower:
            follower.run(heard.stop)
    assert "more than" in heard.refusals[0][0]
    assert check_nothing_wrong(engine, real.honest) == 1


def test_a_slow_trickle_does_not_hold_the_follower_for_ever(real: Real, engine: Engine) -> None:
    heard = UntilDone(real.head)
    with Liar(real.anvil.url) as liar:
        liar.tell(ANSWERS["stalls"])
        start = time.monotonic()
        urls = liar.url, real.anvil.url
        with following(
            engine, real.deployment, *urls, heard=heard, timeout_s=1, span=small_span(2)
        ) as follower:
            follower.run(heard.stop)
        assert time.monotonic() - start < 30
    assert contents(engine) == real.honest


def test_an_old_head_is_named_and_the_next_node_asked(real: Real, engine: Engine) -> None:
    heard = UntilDone(real.head + 1, refusals=2)
    with Liar(real.anvil.url) as liar, following(engine, real.deployment, liar.url, heard=heard) as follower:
        follower.poll()
        liar.tell(HEADS["serves an old head"], real.about)
        follower.run(heard.stop)
        assert "old head" in heard.refusals[0][0] and str(real.about) in heard.refusals[0][0]
        assert contents(engine) == real.honest, "nothing is undone"


def test_a_head_that_is_not_there_is_named(real: Real, engine: Engine) -> None:
    with Liar(real.anvil.url) as liar:
        liar.tell(HEADS["serves a head that is not there"])
        with (
            following(engine, real.deployment, liar.url) as follower,
            pytest.raises(BadAnswer, match=rf"no block {real.head + 1}.*head that the node named"),
        ):
            follower.run(threading.Event())
    check_nothing_wrong(engine, real.honest)


def test_a_node_that_turns_into_another_chain_is_left(real: Real, engine: Engine) -> None:
    """The connection was lost, and behind the address is another node now."""
    heard = UntilDone(real.head)
    with (
        Liar(real.anvil.url) as liar,
        following(engine, real.deployment, liar.url, real.anvil.url, heard=heard) as follower,
    ):
        liar.tell(HEADS["turns into another chain"])
        follower.poll()
        assert contents(engine) == real.honest
        with pytest.raises(IndexerError, match="genesis"), following(engine, real.deployment, liar.url):
            pass


def test_many_liars_and_one_honest_node(real: Real, engine: Engine) -> None:
    heard = UntilDone(real.head)
    told = ("omits a log from both", "swaps two blocks", "changes a block's time")
    with Liar(real.anvil.url) as one, Liar(real.anvil.url) as two, Liar(real.anvil.url) as three:
        liars: list[Liar] = [one, two, three]
        for liar, name in zip(liars, told, strict=True):
            liar.tell(LIES[name], real.about)
        urls = [*(liar.url for liar in liars), real.anvil.url]
        with following(engine, real.deployment, *urls, heard=heard) as follower:
            follower.run(heard.stop)
    assert [url for _, url in heard.refusals] == urls[:3]
    assert contents(engine) == real.honest


def test_only_liars_stop_the_follower_in_the_end(
    real: Real, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexer.follow._LONGEST_WAIT_S", 0.1)
    lie: Lie = LIES["changes an amount in both"]
    with Liar(real.anvil.url) as one, Liar(real.anvil.url) as two:
        one.tell(lie, real.about)
        two.tell(lie, real.about)
        with (
            following(engine, real.deployment, one.url, two.url) as follower,
            pytest.raises(BadAnswer, match=rf"block {real.about}\b.*{_ROOT}"),
        ):
            follower.run(threading.Event())
    check_nothing_wrong(engine, real.honest)


def test_a_lie_writes_nothing_to_the_database_at_hand(real: Real, mirror_url: str) -> None:
    """As above, on each database there is."""
    engine = open_for_writing(mirror_url)
    heard = UntilDone(real.head)
    with Liar(real.anvil.url) as liar:
        liar.tell(LIES["adds a log to both"], real.about)
        with (
            following(engine, real.deployment, liar.url) as follower,
            pytest.raises(BadAnswer, match=_ROOT),
        ):
            follower.run(threading.Event())
        check_nothing_wrong(engine, real.honest)
        with following(engine, real.deployment, liar.url, real.anvil.url, heard=heard) as follower:
            follower.run(heard.stop)
    assert contents(engine) == real.honest
    engine.dispose()
