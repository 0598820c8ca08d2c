"""How long after its block a row can be read, while the follower follows live."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from sqlalchemy import LargeBinary, bindparam, func, select
from sqlalchemy.exc import DBAPIError

from contracts.abi import Address
from indexer.databases import database, reading_engine
from scripts.benchmarks.shared_chain import SCHEMA, BenchChain, BenchDeployment

POLL_S = 0.05
_BLOCKS = 100
_EVENTS = 10


def latencies_ms(chain: BenchChain, url: str) -> list[float]:
    """For each of 100 blocks of 10 events: milliseconds from the node's having it until a reader sees its rows. The
    follower polls every 50 ms, and nobody tells it."""
    address, genesis = chain.deployment.addresses()["Bench"].hex(), chain.deployment.genesis_hash.hex()
    command = [sys.executable, "-m", "scripts.benchmarks.live", chain.url, url, address, genesis]
    follower = subprocess.Popen(command, stdin=subprocess.PIPE)
    engine = reading_engine(database(url))
    rows = select(
        *(
            select(func.count())
            .where(table.c.block_hash == bindparam("hash", type_=LargeBinary))
            .scalar_subquery()
            for table in SCHEMA.tables.values()
        )
    )

    def visible(hash: bytes) -> int:
        try:
            with engine.connect() as conn:
                return sum(conn.execute(rows, {"hash": hash}).one())
        except DBAPIError:  # its tables are not made yet
            return 0

    found: list[float] = []
    try:
        _wait(visible, chain.head()[1], 1)
        for i in range(_BLOCKS):
            time.sleep(0.05 + 0.0137 * (i % 7))  # not in step with the polls
            chain.batch(_EVENTS // 2, _EVENTS // 2)
            mined = time.perf_counter()
            _wait(visible, chain.head()[1], _EVENTS)
            found.append((time.perf_counter() - mined) * 1_000)
    finally:
        follower.terminate()
        follower.wait()
        engine.dispose()
    return found


def _wait(visible: Callable[[bytes], int], hash: bytes, events: int) -> None:
    end = time.monotonic() + 120
    while visible(hash) < events:
        if time.monotonic() > end:
            raise RuntimeError("the follower does not keep up")
        time.sleep(0.001)


def quantiles(values: list[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return statistics.median(values), statistics.quantiles(values, n=20)[-1]


def main() -> None:
    """The follower, in a process of its own."""
    from indexer.follow import Follower
    from indexer.lock import only_writer
    from indexer.node import Node
    from indexer.settings import Settings

    node_url, url, address, genesis = sys.argv[1:]
    deployment = BenchDeployment.at(bytes.fromhex(genesis), Address(bytes.fromhex(address)))
    stop = threading.Event()
    with only_writer(url, stop, schema=SCHEMA) as engine, Node(node_url) as node:
        if engine is not None:
            Follower(node, engine, deployment, Settings(poll_s=POLL_S), schema=SCHEMA).run(stop)


if __name__ == "__main__":
    main()
