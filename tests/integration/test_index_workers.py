"""Catching up with processes of its own gives the same rows, and leaves none of them behind."""

from __future__ import annotations

import marshal
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from contracts.abi import Address
from contracts.deployment import CONTRACTS
from indexer import ahead
from indexer.decode import Decoders
from indexer.digest import digests
from indexer.errors import BadAnswer
from indexer.fetch import Span
from indexer.follow import Follower
from indexer.lock import only_writer
from indexer.node import Node
from indexer.prepare import Preparation
from indexer.settings import Settings, Verify
from indexer.worker import Worker
from scripts.benchmarks.shared_chain import SCHEMA, BenchChain
from tests.integration.test_kill import free_ports

pytestmark = pytest.mark.integration

EVENTS = 6_000


@pytest.fixture(scope="module")
def chain() -> Iterator[BenchChain]:
    with BenchChain(free_ports(1)[0]) as chain:
        chain.grow(EVENTS)
        yield chain


@pytest.fixture(scope="module")
def honest(chain: BenchChain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Digests of a mirror that was filled without any worker, block by block verified."""
    return followed(chain, f"sqlite:///{tmp_path_factory.mktemp('honest') / 'mirror.db'}", "full")


def followed(chain: BenchChain, url: str, verify: str) -> dict[str, bytes]:
    with only_writer(url, threading.Event(), schema=SCHEMA) as engine, Node(chain.url) as node:
        assert engine is not None
        settings = Settings(verify=Verify.parse(verify))
        span = Span(wanted_logs=500)
        Follower(node, engine, chain.deployment, settings, span=span, schema=SCHEMA).poll()
        return held(engine)


def held(engine: Engine) -> dict[str, bytes]:
    with engine.connect() as conn:
        return digests(conn, SCHEMA)


def children(pid: int) -> list[int]:
    found = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        found += [int(text) for text in file.read_text().split()]
    return found


@pytest.mark.parametrize("verify", ["full", "off", "sampled:0.5"])
def test_workers_prepare_the_same_rows(
    chain: BenchChain,
    honest: dict[str, bytes],
    new_database: Callable[[], str],
    verify: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done = []
    prepare = Worker.prepare
    monkeypatch.setattr(ahead, "_WORTH_PROCESSES_S", -1.0)
    monkeypatch.setattr(Worker, "prepare", lambda worker, *span: done.append(span) or prepare(worker, *span))
    monkeypatch.setattr(threading.Event, "is_set", waiting_a_little(threading.Event.is_set))
    assert followed(chain, new_database(), verify) == honest
    assert done, "no range was prepared by a worker"
    assert not [pid for pid in children(os.getpid()) if b"indexer.worker" in command(pid)]


def waiting_a_little(is_set: object) -> object:
    """Lets the first ranges wait for their workers, which a chain this short would otherwise not need."""

    def patient(event: threading.Event) -> bool:
        if threading.current_thread().name.startswith("prepare"):
            event.wait(20)
        return is_set(event)  # type: ignore[operator,no-any-return]

    return patient


def command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_worker_that_is_killed_is_done_without(
    chain: BenchChain,
    honest: dict[str, bytes],
    new_database: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed = []
    prepare = Worker.prepare

    def kill_first(worker: Worker, first: int, last: int) -> object:
        killed.append(worker._process.pid)
        worker._process.kill()
        return prepare(worker, first, last)

    monkeypatch.setattr(ahead, "_WORTH_PROCESSES_S", -1.0)
    monkeypatch.setattr(Worker, "prepare", kill_first)
    monkeypatch.setattr(threading.Event, "is_set", waiting_a_little(threading.Event.is_set))
    assert followed(chain, new_database(), "full") == honest
    assert killed


def test_a_workers_error_comes_back_as_it_is(chain: BenchChain) -> None:
    with Node(chain.url) as node:
        addresses = chain.deployment.addresses()
        prepare = Preparation(Settings(), Decoders(addresses, SCHEMA.events), list(addresses.values()))
        worker = Worker(prepare, node)
        try:
            assert worker.ready.wait(30)
            assert worker.prepare(1, 3) == prepare(node, 1, 3)
            beyond = chain.head()[0] + 1
            with pytest.raises(BadAnswer, match=f"no block {beyond}"):
                worker.prepare(beyond, beyond)
            assert worker.prepare(2, 2) == prepare(node, 2, 2), "an error does not end it"
        finally:
            worker.close()


def test_rows_of_every_event_can_be_sent() -> None:
    decoders = Decoders({name: Address(bytes([n]) * 20) for n, name in enumerate(CONTRACTS)})
    for known in decoders.by_address.values():
        for decoder in known.values():
            topics = ["0x" + "0" * 64] * (decoder.topics_length // 66)
            row = decoder.decode(topics, "0x" + "0" * (decoder.data_length - 2))
            assert marshal.loads(marshal.dumps(tuple(row))) == tuple(row), decoder.table
            assert {type(value) for value in row} <= {bytes, str, int, bool}, decoder.table


def test_a_follower_that_is_killed_leaves_no_worker_behind(chain: BenchChain, tmp_path: Path) -> None:
    program = f"""
import sys, threading, time
sys.path.insert(0, {str(Path.cwd())!r})
from contracts.abi import Address
from contracts.deployment import CONTRACTS
from indexer import ahead
from indexer.decode import Decoders
from tests.integration.test_index_workers import Node, Worker, Settings, SCHEMA
from indexer.decode import Decoders
from indexer.prepare import Preparation
from scripts.benchmarks.shared_chain import BenchDeployment
d = BenchDeployment.at(bytes.fromhex({chain.deployment.genesis_hash.hex()!r}), bytes(20))
w = Worker(Preparation(Settings(), Decoders(d.addresses(), SCHEMA.events), []), Node({chain.url!r}))
w.ready.wait(30)
print(w._process.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    assert b"indexer.worker" in command(worker)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    end = time.monotonic() + 20
    while b"indexer.worker" in command(worker):
        assert time.monotonic() < end, "the worker lives on without its follower"
        time.sleep(0.05)
