"""The node or the database goes away under the follower, and comes back: it waits, and goes on where it stood."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, text

from indexer.errors import MirrorAway, MirrorInUse
from indexer.keep import keep
from indexer.mirror import open_for_reading, open_for_writing
from indexer.nodes import Nodes
from indexer.schema import LEDGER
from indexer.settings import Settings
from tests.doubles.branches import Block, BranchNode, Tree
from tests.doubles.contents import check_against, contents
from tests.doubles.following import Heard, following, settle, wait_until
from tests.doubles.hashes import raw
from tests.postgres import Cluster, NoPostgres, cluster

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree(salt="outages")


@contextmanager
def kept(mirror: str, tree: Tree, *urls: str) -> Iterator[Heard]:
    """A mirror that is kept, by a thread of this process, as `amanat index follow` keeps it."""
    stop, heard = threading.Event(), Heard()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            with Nodes.of(urls) as nodes:
                settings = Settings(poll_s=0.02)
                keep(
                    mirror,
                    nodes,
                    tree.deployment,
                    settings,
                    heard,
                    stop,
                    on_wait=lambda holder: None,
                    on_turn=lambda: None,
                )
        except BaseException as error:
            failures.append(error)
            traceback.print_exc()  # the test will wait in vain, and should show why

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield heard
    finally:
        stop.set()
        thread.join(60)
    assert not failures and not thread.is_alive(), failures


def stands_at(engine: Engine, tip: Block) -> Callable[[], bool]:
    def true() -> bool:
        try:
            with engine.connect() as conn:
                return conn.execute(select(LEDGER.cursor.c.block_hash)).scalar() == raw(tip.hash)
        except Exception:  # the database is away, or has no tables yet
            return False

    return true


def test_a_node_that_is_restarted_is_waited_for(tree: Tree, mirror_url: str) -> None:
    tip = tree.grow(tree.genesis, 10)
    engine = open_for_writing(mirror_url)
    with BranchNode(tree, tip) as node, kept(mirror_url, tree, node.url) as heard:
        for round in range(3):
            wait_until(stands_at(engine, tip))
            node.stop()
            said = len(heard.refusals)
            wait_until(lambda said=said: len(heard.refusals) > said)  # type: ignore[misc]
            tip = tree.grow(tip.back(round), 6, f"round {round}")
            node.serve(tip)
            node.start()
        wait_until(stands_at(engine, tip))
        assert all("no answer from the node" in message for message, _ in heard.refusals)
    check_against(engine, tip)
    engine.dispose()


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    """A server of its own, that may be stopped."""
    try:
        context = cluster()
        server = context.__enter__()
    except NoPostgres as missing:
        pytest.skip(str(missing))
    yield server
    context.__exit__(None, None, None)


def restart(server: Cluster) -> None:
    folder = server._folder
    server._run(
        "pg_ctl", "-D", str(folder / "data"), "-l", str(folder / "log"), "-m", "fast", "-w", "restart"
    )


def test_a_database_that_is_restarted_is_waited_for(tree: Tree, server: Cluster) -> None:
    mirror = server.database()
    tip = tree.grow(tree.genesis, 10)
    open_for_writing(mirror).dispose()
    engine = open_for_reading(mirror)
    with BranchNode(tree, tip) as node, kept(mirror, tree, node.url) as heard:
        for round in range(2):
            wait_until(stands_at(engine, tip))
            restart(server)
            tip = tree.grow(tip.back(round), 6, f"restart {round}")
            node.serve(tip)
        wait_until(stands_at(engine, tip), 60)
        assert heard.refusals
    engine.dispose()
    engine = open_for_reading(mirror)
    check_against(engine, tip)
    engine.dispose()


def test_sessions_that_are_ended_at_any_moment_cost_nothing(tree: Tree, server: Cluster) -> None:
    """The administrator ends the writer's session again and again while the chain changes."""
    mirror = server.database()
    tip = tree.grow(tree.genesis, 10)
    open_for_writing(mirror).dispose()
    engine = open_for_reading(mirror)
    with BranchNode(tree, tip) as node, kept(mirror, tree, node.url), server.connect() as admin:
        for round in range(12):
            tip = tree.grow(tip.back(round % 3), 5, f"ended {round}")
            node.serve(tip)
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [server.name(mirror)],
            )
            if round % 4 == 3:
                wait_until(stands_at(engine, tip), 60)
        wait_until(stands_at(engine, tip), 60)
    engine.dispose()
    engine = open_for_reading(mirror)
    check_against(engine, tip)
    engine.dispose()


def test_a_full_disk_is_waited_out(tree: Tree, tmp_path: Path) -> None:
    """SQLite says so by the same error when the file may not grow."""
    engine = open_for_writing(f"sqlite:///{tmp_path / 'mirror.db'}")
    start, tip = tree.grow(tree.genesis, 10), tree.grow(tree.genesis, 200)
    with BranchNode(tree, start) as node, following(engine, tree.deployment, node.url) as follower:
        settle(follower, start)
        before = contents(engine)
        with engine.connect() as conn:
            pages = conn.execute(text("PRAGMA page_count")).scalar_one()
            conn.execute(text(f"PRAGMA max_page_count = {pages + 4}"))
        node.serve(tip)
        for _ in range(3):
            with pytest.raises(MirrorAway, match="full"):
                follower.poll()
            assert contents(engine) == before
        with engine.connect() as conn:
            conn.execute(text("PRAGMA max_page_count = 1000000"))
        settle(follower, tip)
    check_against(engine, tip)
    engine.dispose()


def test_a_cursor_moved_by_another_is_found_and_followed(tree: Tree, mirror_url: str) -> None:
    """Two that both believe they hold the lock: the fence stops the one that is behind, and it reads where to go on."""
    tip = tree.grow(tree.genesis, 20)
    engine = open_for_writing(mirror_url)
    with (
        BranchNode(tree, tip.back(10)) as node,
        following(engine, tree.deployment, node.url) as one,
        following(engine, tree.deployment, node.url) as other,
    ):
        settle(one, tip.back(10))
        node.serve(tip)
        with pytest.raises(MirrorInUse):
            other.poll()
        settle(other, tip)
        branch = tree.grow(tip.back(5), 9, "another")
        node.serve(branch)
        settle(other, branch)
        with pytest.raises(MirrorInUse):
            one.poll()
        settle(one, branch)
    check_against(engine, branch)
    engine.dispose()
