"""One writer for each mirror, on each database: another process waits, and takes over when the first is gone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from indexer.errors import BadSetting, MirrorInUse
from indexer.lock import holder, only_writer
from indexer.mirror import open_for_reading
from indexer.queries.blocks import as_of
from indexer.schema import block, cursor
from tests.postgres import Cluster

pytestmark = pytest.mark.integration

_TAKEN_OVER_WITHIN_S = 3.0

_WRITER = """
import hashlib, sys, threading, time
from indexer.blocks import Header
from indexer.lock import only_writer
from indexer.writer import append, begin
from tests.model.history import ANCHOR, DEPLOYMENT

def say(text):
    print(text, flush=True)

with only_writer(sys.argv[1], threading.Event(), lambda holder: say(f"waits for {holder}")) as engine:
    with engine.begin() as conn:
        position = begin(conn, DEPLOYMENT, ANCHOR, "instant")
    say(f"writes after {position.number}")
    while True:
        number = position.number + 1
        header = Header(number, hashlib.sha256(b"block %d" % number).digest(), position.hash, number)
        with engine.begin() as conn:
            position = append(conn, [header], {}, number)
        time.sleep(0.002)
"""


class Writer:
    """A process that adds empty blocks while it holds the lock."""

    def __init__(self, url: str) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", _WRITER, url], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.pid = self.popen.pid

    def says(self) -> str:
        assert self.popen.stdout is not None
        return self.popen.stdout.readline().strip()

    def end(self) -> None:
        self.popen.kill()
        self.popen.communicate(timeout=20)


@pytest.fixture
def writer(mirror_url: str) -> Iterator[Callable[[], Writer]]:
    """Starts writers of the one mirror."""
    started: list[Writer] = []

    def start() -> Writer:
        started.append(Writer(mirror_url))
        return started[-1]

    yield start
    for one in started:
        one.end()


def last(url: str) -> int:
    engine = open_for_reading(url)
    with engine.connect() as conn:
        number = as_of(conn).number
    engine.dispose()
    return number


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


def assert_no_gap(url: str) -> None:
    engine = open_for_reading(url)
    with engine.connect() as conn:
        count, top = conn.execute(select(func.count(), func.max(block.c.number))).one()
        assert count == top + 1
        child = block.alias("child")
        joined = block.join(
            child, (child.c.number == block.c.number + 1) & (child.c.parent_hash == block.c.hash)
        )
        assert conn.scalar(select(func.count()).select_from(joined)) == top
    engine.dispose()


def test_the_second_waits_and_takes_over_without_a_gap(mirror_url: str, writer: Callable[[], Writer]) -> None:
    first = writer()
    assert first.says() == "writes after 0"
    second, third = writer(), writer()
    for waiting in (second, third):
        told = waiting.says()
        assert told.startswith(f"waits for process {first.pid}"), told
    assert f"process {first.pid}" in (holder(mirror_url) or "")
    wait_until(lambda: last(mirror_url) > 20)
    killed = time.monotonic()
    first.popen.send_signal(signal.SIGKILL)
    wait_until(
        lambda: (holder(mirror_url) or f"process {first.pid}").split(" on ")[0] != f"process {first.pid}"
    )
    taken = time.monotonic() - killed
    assert taken < _TAKEN_OVER_WITHIN_S, f"taken over after {taken:.1f} s"
    follower = second if f"process {second.pid}" in (holder(mirror_url) or "") else third
    said = follower.says()
    assert said.startswith("writes after ")
    went_on = int(said.removeprefix("writes after "))
    wait_until(lambda: last(mirror_url) > went_on)
    assert_no_gap(mirror_url)


def test_a_third_is_told_who_holds_it_and_may_give_up(mirror_url: str, writer: Callable[[], Writer]) -> None:
    first = writer()
    assert first.says() == "writes after 0"

    def give_up(who: str) -> None:
        raise MirrorInUse("the mirror", who)

    told = f"process {first.pid}.* is following into this mirror"
    with pytest.raises(MirrorInUse, match=told), only_writer(mirror_url, threading.Event(), give_up):
        pass
    stop, heard = threading.Event(), list[str]()
    threading.Timer(1.2, stop.set).start()
    with only_writer(mirror_url, stop, heard.append) as engine:
        assert engine is None
    assert len(heard) == 1, "it is said once"
    first.popen.send_signal(signal.SIGKILL)
    with only_writer(mirror_url, threading.Event()) as engine:
        assert engine is not None
        assert f"process {os.getpid()}" in (holder(mirror_url) or "")
    assert holder(mirror_url) is None


def test_another_mirror_has_another_lock(new_mirror: Callable[[], str]) -> None:
    one, other = new_mirror(), new_mirror()
    with only_writer(one, threading.Event()) as first, only_writer(other, threading.Event()) as second:
        assert first is not None and second is not None


def test_schemas_of_one_database_have_their_own_mirrors_and_locks(postgres: Cluster) -> None:
    url = postgres.database()
    name = postgres.name(url)
    urls = [f"{url}&options=-c%20search_path%3D{schema}" for schema in ("one", "two")]
    with pytest.raises(BadSetting, match="search_path"), only_writer(urls[0], threading.Event()):
        pass
    with postgres.connect(name) as conn:
        conn.execute("CREATE SCHEMA one")
        conn.execute("CREATE SCHEMA two")
    with only_writer(urls[0], threading.Event()) as first, only_writer(urls[1], threading.Event()) as second:
        assert first is not None and second is not None
        assert holder(urls[0]) == holder(urls[1]) != None  # noqa: E711


def _cut(server: Cluster, url: str) -> None:
    """Ends the sessions of writers, as a server that restarts does."""
    with server.connect(server.name(url)) as conn:
        ended = conn.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name LIKE 'amanat-index process%' AND datname = current_database()"
        ).fetchone()
        assert ended is not None and ended[0] > 0


def test_a_cut_connection_does_not_write_before_it_has_the_lock_again(
    postgres: Cluster, postgres_template: str
) -> None:
    url = postgres.database(postgres_template)
    with only_writer(url, threading.Event()) as engine:
        assert engine is not None
        move = cursor.insert().values(
            {
                c.name: 1 if c.type.python_type is int else "x" if c.type.python_type is str else b"x"
                for c in cursor.c
            }
        )
        with pytest.raises(DBAPIError), engine.begin() as conn:
            conn.execute(move)
            _cut(postgres, url)
            conn.execute(select(cursor))
        other = threading.Event()
        with only_writer(url, other) as second:  # it was free: the one that was cut has no lock any more
            assert second is not None
            for _ in range(3):
                with pytest.raises(MirrorInUse, match=f"process {os.getpid()}"), engine.begin() as conn:
                    conn.execute(move)
            with second.connect() as conn:
                assert conn.execute(select(cursor)).all() == [], "what was not committed is gone"
        with engine.begin() as conn:  # free again
            conn.execute(move)
        assert holder(url) is not None
    assert holder(url) is None


def test_a_waiting_indexer_bears_a_restart_of_the_server(postgres: Cluster, postgres_template: str) -> None:
    url = postgres.database(postgres_template)
    first = Writer(url)
    try:
        assert first.says() == "writes after 0"
        second = Writer(url)
        try:
            assert second.says().startswith("waits for process")
            _cut(postgres, url)
            assert second.says().startswith("writes after ")
        finally:
            second.end()
        assert_no_gap(url)
    finally:
        first.end()


def test_a_mirror_in_memory_needs_no_lock(tmp_path: Path) -> None:
    with only_writer("sqlite://", threading.Event()) as engine:
        assert engine is not None
        with engine.connect() as conn:
            assert conn.execute(select(cursor)).all() == []
    assert holder("sqlite://") is None
    assert holder(f"sqlite:///{tmp_path / 'none.db'}") is None
    assert list(tmp_path.iterdir()) == []
