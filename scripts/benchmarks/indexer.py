"""Measures the indexer on the chain that other indexers were measured on, from block 0, beside the floor and them.

    scripts/bench indexer

    AMANAT_BENCH_EVENTS=20000    another number of events (200,000 is the shared chain)
    AMANAT_BENCH_LONG=2000000    the long chain that memory is compared on; 0 leaves it out
    AMANAT_BENCH_POSTGRES=URL    a database on a server of yours; else a throw-away server with stock settings
    AMANAT_BENCH_PEERS=FOLDER    the shared peer benchmark, set up: Ponder and Subsquid run in the same turns

Everything runs in turns in processes of its own, so that ratios hold on a machine that others use too. "From start"
counts the interpreter's start, as the peers' figures count theirs; the floor has none in its figure.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from scripts.benchmarks.floor import postgres_floor, sqlite_floor
from scripts.benchmarks.live import POLL_S, latencies_ms, quantiles
from scripts.benchmarks.processes import measured
from scripts.benchmarks.shared_chain import SHARED_EVENTS, SHARED_HEAD, BenchChain

EVENTS = int(os.environ.get("AMANAT_BENCH_EVENTS", str(SHARED_EVENTS)))
LONG = int(os.environ.get("AMANAT_BENCH_LONG", "2000000"))
PEERS = os.environ.get("AMANAT_BENCH_PEERS", "")
RUNS = int(os.environ.get("AMANAT_BENCH_RUNS", "3"))
_PORT = 38645
_LONG_BLOCK = 1_000
"""Events in a block of the long part: the node takes longer for a block the more it has."""
_NAIVE_EVENTS = 10_000
"""The naive baseline's pace does not change with the chain's length, and it would take minutes for all of it."""
_RECORDED = json.loads(Path(__file__).with_name("peers.json").read_text())
DATABASES = ("sqlite", "postgresql")
MODES = ("off", "full")


@dataclass
class Bench:
    """A chain and two places for mirrors."""

    chain: BenchChain
    folder: Path
    postgres: str
    """URL of a database that may be emptied."""
    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _made: int = 0

    def fresh(self, database: str) -> str:
        """The URL of an empty database."""
        self._made += 1
        if database == "sqlite":
            return f"sqlite:///{self.folder / f'mirror{self._made}.db'}"
        url = make_url(self.postgres)
        name = f"{url.database}_{self._made}"
        with _server(self.postgres) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
            connection.execute("CHECKPOINT")
        return url.set(database=name).render_as_string(hide_password=False)

    def cold(self, kind: str, database: str, events: int) -> dict[str, Any]:
        """One run of ours, or of the naive one, into an empty database."""
        deployment = self.chain.deployment
        place = deployment.addresses()["Bench"].hex(), deployment.genesis_hash.hex()
        url = self.fresh(database)
        result = measured("scripts.benchmarks.cold", kind, self.chain.url, url, str(events), *place)
        if kind != "naive" and result["events"] != self.chain.events:
            raise RuntimeError(f"{result['events']} rows of {self.chain.events} events")
        self._forget(url)
        return result

    def floor(self, database: str) -> dict[str, Any]:
        """One run of the floor."""
        address, (head, _) = self.chain.deployment.addresses()["Bench"], self.chain.head()
        url = self.fresh(database)
        if database == "sqlite":
            seconds = sqlite_floor(self.chain.url, address, head, Path(str(make_url(url).database)))
        else:
            seconds = postgres_floor(self.chain.url, address, head, _dsn(url))
        self._forget(url)
        return {"events": self.chain.events, "seconds": seconds, "whole_seconds": seconds}

    def _forget(self, url: str) -> None:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            for file in self.folder.glob(f"{Path(str(parsed.database)).name}*"):
                file.unlink()
        else:
            name = sql.Identifier(str(parsed.database))
            with _server(self.postgres) as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def main() -> None:
    """Prints the figures, one a line."""
    with (
        tempfile.TemporaryDirectory(prefix="amanat-bench-") as folder,
        _postgres() as postgres,
        BenchChain(_PORT, hosts=40 if PEERS else 1) as chain,
    ):
        chain.grow(EVENTS)
        same = " (the shared one)" if chain.head()[1] == SHARED_HEAD else ""
        print(f"chain: {chain.events:,} events in {chain.head()[0]:,} blocks{same}", flush=True)
        bench = Bench(chain, Path(folder), postgres)
        _measure(bench)
        _print_rates(bench)
        _print_live(bench)
        if LONG:
            _print_memory(bench)


def _measure(bench: Bench) -> None:
    turns: dict[str, Callable[[], dict[str, Any]]] = {}
    for database in DATABASES:
        turns[f"floor {database}"] = lambda database=database: bench.floor(database)  # type: ignore[misc]
        for mode in MODES:
            turns[f"{mode} {database}"] = lambda mode=mode, database=database: bench.cold(  # type: ignore[misc]
                mode, database, EVENTS
            )
    turns["naive sqlite"] = lambda: bench.cold("naive", "sqlite", _NAIVE_EVENTS)
    if PEERS:
        turns["Subsquid postgresql"] = lambda: _peer("run_subsquid.py")
        turns["Ponder postgresql"] = lambda: _peer("run_ponder.py", "--db", "postgres", "--urls", "40")
        turns["Ponder embedded"] = lambda: _peer("run_ponder.py", "--db", "pglite", "--urls", "40")
    for _ in range(RUNS):
        for name, turn in turns.items():
            bench.runs.setdefault(name, []).append(turn())


def _peer(script: str, *arguments: str) -> dict[str, Any]:
    """One cold run of a peer by the shared harness, which prints a line of JSON."""
    home = os.environ.get("IDXBENCH") or str(Path(tempfile.gettempdir()) / "idxbench")
    environment = os.environ | {"IDXBENCH": home, "IDXBENCH_RPC_PORT": str(_PORT)}
    node = Path(home) / "n22" / "node"
    if node.exists():
        environment["IDXBENCH_NODE"] = str(node)
    python = str(Path(home) / "v11" / "bin" / "python")
    command = [python, str(Path(PEERS) / script), "--runs", "1", *arguments]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, cwd=PEERS)
    line = json.loads(answer.stdout.strip().splitlines()[-1])
    if not line.get("events_s"):
        raise RuntimeError(f"{script} did not finish: {line}")
    seconds = SHARED_EVENTS / line["events_s"]
    return {
        "events": SHARED_EVENTS, "seconds": seconds, "whole_seconds": seconds, "peak_mib": line.get("peak_rss_mb", 0)
    }  # fmt: skip


def _rate(bench: Bench, name: str, clock: str = "seconds") -> float:
    return float(statistics.median(run["events"] / run[clock] for run in bench.runs[name]))


def _print_rates(bench: Bench) -> None:
    print(f"cold from block 0, events/s, median of {RUNS} in turns (from start; peak memory)")
    for name, runs in bench.runs.items():
        peak = max(run.get("peak_mib", 0) for run in runs)
        print(
            f"  {name:<22} {_rate(bench, name):>9,.0f}  ({_rate(bench, name, 'whole_seconds'):>9,.0f}; "
            f"{f'{peak:,.0f} MiB' if peak else 'not looked at'})"
        )
    for database in DATABASES:
        floor = _rate(bench, f"floor {database}")
        for mode in MODES:
            rate, whole = (
                _rate(bench, f"{mode} {database}", clock) for clock in ("seconds", "whole_seconds")
            )
            print(f"ratio: {database}, verify {mode}: {rate / floor:.2f} of the floor in the same run")
            _print_peers(bench, database, mode, whole, floor)
    print(
        f"ratio: {_rate(bench, 'off sqlite') / _rate(bench, 'naive sqlite'):.1f} times the naive one, SQLite"
    )


def _print_peers(bench: Bench, database: str, mode: str, rate: float, floor: float) -> None:
    """Against peers of this run, and against their recorded figures by way of the floor of each machine."""
    for name in bench.runs:
        peer, _, where = name.partition(" ")
        if peer in ("Ponder", "Subsquid") and (
            where == database or (where, database) == ("embedded", "sqlite")
        ):
            print(f"       {rate / _rate(bench, name, 'whole_seconds'):6.1f} times {name}, in the same run")
    scale = floor / _RECORDED["floor"][database]
    for peer in _RECORDED["peers"]:
        embedded = "sqlite" if "embedded" in peer["database"] else peer["database"]
        if embedded == database or (mode == "full" and peer["name"] == "Subsquid"):
            ratio = rate / (peer["events_per_s"] * scale)
            print(
                f"       {ratio:6.1f} times {peer['name']}, {peer['database']}: "
                f"{peer['events_per_s']:,} there, {peer['events_per_s'] * scale:,.0f} by the floors' ratio"
            )


def _print_live(bench: Bench) -> None:
    for database in DATABASES:
        median, high = quantiles(latencies_ms(bench.chain, bench.fresh(database)))
        print(
            f"live, {database}, verify full: from block to visible row {median:.0f} ms median, {high:.0f} ms 95th "
            f"percentile, a poll every {POLL_S * 1_000:.0f} ms included"
        )


def _print_memory(bench: Bench) -> None:
    """With full verification, which is the default and holds most."""
    short = bench.chain.events
    before = {
        database: max(run["peak_mib"] for run in bench.runs[f"full {database}"]) for database in DATABASES
    }
    bench.chain.grow(LONG, _LONG_BLOCK)
    for database, peak in before.items():
        run = bench.cold("full", database, LONG)
        print(
            f"memory, {database}, verify full: peak {peak:,.0f} MiB at {short:,} events, {run['peak_mib']:,.0f} MiB "
            f"at {bench.chain.events:,} ({run['events'] / run['seconds']:,.0f} events/s there)",
            flush=True,
        )


@contextmanager
def _postgres() -> Iterator[str]:
    given = os.environ.get("AMANAT_BENCH_POSTGRES")
    if given:
        yield given
        return
    from tests.postgres import cluster

    with cluster({"listen_addresses": ""}) as server:
        yield server.url("postgres")


@contextmanager
def _server(url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(_dsn(url), autocommit=True) as connection:
        yield connection


def _dsn(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


if __name__ == "__main__":
    main()
