"""Measures the indexer: a real anvil chain into a SQLite mirror, beside what one writes first with web3.py.

    python -m scripts.benchmarks.indexer          # AMANAT_BENCH_EVENTS=20000 for a shorter chain

Both read the same chain from block 0 in processes of their own, in turns, so that the ratio holds on any
machine. The naive baseline decodes with `contract.events.X().process_log` and inserts row by row, committing
once a range; it makes no index but the primary key.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.bindings import fund_ledger
from contracts.bindings.ids import DonationId
from contracts.deployment import Deployment
from indexer.follow import Follower
from indexer.mirror import open_for_writing
from indexer.node import Node

if TYPE_CHECKING:  # the indexer's own process must not carry web3 in its memory
    from tests.chain import World

ARTIFACTS = Path(__file__).resolve().parents[2] / ".build" / "contracts"
EVENTS = int(os.environ.get("AMANAT_BENCH_EVENTS", "50000"))
A_TRANSACTION = 200
RUNS = 3
_IN_FLIGHT = 20
_NAIVE_BLOCKS = 50
"""About as many events at once as the indexer asks for."""
_NAIVE_EVENTS = 10_000
"""The baseline's pace does not change with the chain's length, and it would take minutes for all of it."""


def main() -> None:
    """Prints the figures, one a line."""
    from tests.chain import Anvil, World

    with tempfile.TemporaryDirectory(prefix="amanat-bench-") as folder, Anvil(block_time_s=3_600) as anvil:
        world = World.make(anvil.w3)
        deployment = Path(folder) / "deployment.json"
        world.deployment.save(deployment)
        seconds = _donate(world, EVENTS)
        print(f"chain: {EVENTS:,} gifts, {A_TRANSACTION} a transaction, made in {seconds:.0f} s", flush=True)
        runs: dict[str, list[dict[str, float]]] = {"indexer": [], "naive": []}
        for i in range(RUNS):
            for kind, results in runs.items():
                database = Path(folder) / f"{kind}{i}.db"
                results.append(_in_own_process(kind, anvil.url, deployment, database))
        rates = {kind: statistics.median(r["events"] / r["seconds"] for r in rs) for kind, rs in runs.items()}
        for kind, results in runs.items():
            peak = max(r["peak_mib"] for r in results)
            print(
                f"{kind}: {rates[kind]:,.0f} events/s, median of {RUNS}; {results[0]['events']:,.0f} events; "
                f"peak {peak:,.0f} MiB; database {results[0]['size_mib']:,.0f} MiB"
            )
        print(f"ratio: {rates['indexer'] / rates['naive']:.1f} times the naive baseline")


def _donate(world: World, count: int) -> float:
    """Batches of gifts, a few transactions ahead of their blocks; the seconds it took."""
    from eth_utils import to_checksum_address

    from tests.chain import address_of, cash, new_id, new_key

    start, w3 = time.perf_counter(), world.w3
    donors = [address_of(new_key()) for _ in range(50)]
    for nonce, first in enumerate(range(0, count, A_TRANSACTION)):
        entries = [
            cash(DonationId(new_id()), donors[i % len(donors)], 100 + i % 900, 1)
            for i in range(first, min(first + A_TRANSACTION, count))
        ]
        signed = world.cashier.sign_transaction(
            {
                "chainId": w3.eth.chain_id,
                "nonce": nonce,
                "gas": 60_000_000,
                "gasPrice": 0,
                "value": 0,
                "to": to_checksum_address(world.ledger),
                "data": fund_ledger.donate(world.fund_eur, entries),
            }
        )
        w3.eth.send_raw_transaction(signed.raw_transaction)
        while nonce - w3.eth.get_transaction_count(world.cashier.address) >= _IN_FLIGHT:
            time.sleep(0.01)
    while w3.eth.get_transaction_count(world.cashier.address) * A_TRANSACTION < count:
        time.sleep(0.01)
    return time.perf_counter() - start


def _in_own_process(kind: str, url: str, deployment: Path, database: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "scripts.benchmarks.indexer", kind, url, str(deployment), str(database)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(answer.stdout)
    return result | {"size_mib": database.stat().st_size / 2**20}


def _measure(kind: str, url: str, deployment: Deployment, database: Path) -> None:
    """In the process of its own: prints what it did as JSON."""
    start = time.perf_counter()
    run = _indexer if kind == "indexer" else _naive
    events = run(url, deployment, database)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"events": events, "seconds": seconds, "peak_mib": peak}))


def _indexer(url: str, deployment: Deployment, database: Path) -> int:
    events = 0

    def progress(now: object) -> None:
        nonlocal events
        events = now.events  # type: ignore[attr-defined]

    engine = open_for_writing(f"sqlite:///{database}")
    with Node(url) as node:
        Follower(node, engine, deployment, on_progress=progress).poll()
    engine.dispose()
    return events


def _naive(url: str, deployment: Deployment, database: Path) -> int:
    from eth_utils import to_checksum_address
    from hexbytes import HexBytes
    from web3 import Web3

    w3 = Web3(Web3.HTTPProvider(url))
    events: dict[HexBytes, Any] = {}
    for name in deployment.addresses():
        contract = w3.eth.contract(abi=json.loads((ARTIFACTS / f"{name}.json").read_text())["abi"])
        named: Any = contract.events  # an iterable, though its type says that `iter` gives another iterable
        events |= {HexBytes(event.topic): event for event in named}
    places = [to_checksum_address(address) for address in deployment.addresses().values()]
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    made: set[str] = set()
    head, count = w3.eth.block_number, 0
    for first in range(deployment.block, head + 1, _NAIVE_BLOCKS):
        if count >= _NAIVE_EVENTS:
            break
        last = min(first + _NAIVE_BLOCKS - 1, head)
        for log in w3.eth.get_logs({"address": places, "fromBlock": first, "toBlock": last}):
            if log["topics"][0] not in events:
                continue
            event = events[log["topics"][0]]().process_log(log)
            values = {
                **event["args"],
                "block": log["blockNumber"],
                "hash": log["blockHash"],
                "at": log["logIndex"],
            }
            _insert(connection, event["event"], values, made)
            count += 1
        connection.commit()
    connection.close()
    return count


def _insert(connection: sqlite3.Connection, name: str, values: dict[str, object], made: set[str]) -> None:
    columns = ", ".join(f'"{column}"' for column in values)
    if name not in made:
        made.add(name)
        connection.execute(f'CREATE TABLE "{name}" ({columns}, PRIMARY KEY ("hash", "at"))')
    slots = ", ".join("?" * len(values))
    connection.execute(f'INSERT INTO "{name}" VALUES ({slots})', list(values.values()))  # noqa: S608


if __name__ == "__main__":
    if len(sys.argv) == 5:
        _measure(sys.argv[1], sys.argv[2], Deployment.load(Path(sys.argv[3])), Path(sys.argv[4]))
    else:
        main()
