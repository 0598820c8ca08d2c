"""Measures the questions that donors, charities and families ask, in a fund of a million gifts and a million
deliveries, on SQLite and on PostgreSQL as it comes.

    python -m scripts.benchmarks.queries      # AMANAT_BENCH_ROWS=20000 for a smaller fund

The fund is made by `large_fund` and written by the production writer. AMANAT_BENCH_POSTGRES names an empty
database to use; otherwise a server with stock settings is started for the run. Nothing is warmed but by opening.
Each figure stands beside the bound, and beside the same question asked of the events without an index on the
line or running totals.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, func, select

from indexer.mirror import open_for_reading, open_for_writing
from indexer.queries.donors import donors_of
from indexer.queries.organisations import organisation_totals
from indexer.queries.statement import statement
from indexer.queries.trace import trace_donation
from indexer.schema import delivery_handed_over, donation_recorded, fund_opened
from indexer.writer import append, begin
from scripts.benchmarks.large_fund import ANCHOR, DEPLOYMENT, LargeFund
from tests.model.plain_totals import plain_totals
from tests.postgres import cluster

ROWS = int(os.environ.get("AMANAT_BENCH_ROWS", "1000000"))
BOUND_MS = 20
ASKED = 2_000
PAGE = 200
"""Segments or shares of a page: nearly every gift and delivery has fewer."""
_NAIVE_RUNS = 5

Ask = Callable[[Connection, Any], object]


class Question(NamedTuple):
    """What is asked, of whom at random, of whom at worst, and how one would ask without care."""

    name: str
    ask: Ask
    usual: Sequence[Any]
    worst: Sequence[tuple[str, Any]]
    naive: Ask


def main() -> None:
    """Prints the figures, one a line."""
    with tempfile.TemporaryDirectory(prefix="amanat-bench-") as folder, _postgres() as postgres:
        urls = {"SQLite": f"sqlite:///{Path(folder) / 'mirror.db'}", "PostgreSQL": postgres}
        fund = _fill(urls)
        print(
            f"{'':22}{'database':12}{'p50':>9}{'p99':>9}{'max':>9}{'bound':>7}{'naive':>11}{'ratio':>8}   ms"
        )
        for question in questions(fund):
            for name, url in urls.items():
                engine = open_for_reading(url)
                _measure(question, name, engine)
                engine.dispose()


@contextmanager
def _postgres() -> Iterator[str]:
    given = os.environ.get("AMANAT_BENCH_POSTGRES")
    if given:
        yield given
        return
    with cluster({"listen_addresses": ""}) as server:  # all else as it comes
        yield server.database()


def _fill(urls: dict[str, str]) -> LargeFund:
    """Writes the same fund into each database, and says how fast."""
    fund = LargeFund(ROWS)
    engines = {name: open_for_writing(url) for name, url in urls.items()}
    seconds = dict.fromkeys(engines, 0.0)
    for engine in engines.values():
        with engine.begin() as conn:
            begin(conn, DEPLOYMENT, ANCHOR, "instant")
    for blocks, rows in fund.ranges():
        for name, engine in engines.items():
            start = time.perf_counter()
            with engine.begin() as conn:
                append(conn, blocks, rows, blocks[-1].number)
            seconds[name] += time.perf_counter() - start
    rates = "; ".join(f"{name} {fund.events / taken:,.0f} a second" for name, taken in seconds.items())
    print(f"fund: {fund.wanted:,} gifts, {fund.deliveries:,} deliveries, {fund.events:,} events; {rates}")
    for engine in engines.values():
        engine.dispose()
    return fund


def questions(fund: LargeFund) -> list[Question]:
    """The four of the design, each with its worst cases."""
    known = fund.notable
    first_page: dict[str, Any] = {"most": PAGE}
    return [
        Question(
            "trace of a gift",
            lambda conn, gift: trace_donation(conn, gift, **first_page),
            known.gifts,
            [
                ("oldest", known.first_gift),
                ("newest", known.last_gift),
                ("refunded", known.refunded_gift),
                ("longest, a page", known.longest_gift),
            ],
            _naive_trace,
        ),
        Question(
            "donors of a delivery",
            lambda conn, delivery: donors_of(conn, delivery, **first_page),
            known.deliveries,
            [
                ("oldest", known.first_delivery),
                ("newest", known.last_delivery),
                ("largest, a page", known.largest_delivery),
            ],
            _naive_donors,
        ),
        Question("organisation's totals", organisation_totals, [fund.organisation], [], plain_totals),
        Question(
            "statement",
            statement,
            [*known.donors, *known.households],
            [("biggest donor", known.donors[0]), ("a family", known.households[0])],
            _naive_statement,
        ),
    ]


def _measure(question: Question, database: str, engine: Engine) -> None:
    chance = Random(1)  # noqa: S311
    asked = [chance.choice(question.usual) for _ in range(ASKED)]
    with engine.connect() as conn:
        times = sorted(_times(conn, question.ask, asked))
        naive = statistics.median(_times(conn, question.naive, asked[:_NAIVE_RUNS]))
        worst = [
            (name, max(_times(conn, question.ask, [id] * 20)))
            for name, id in question.worst
            if id is not None
        ]
    p50, p99 = statistics.median(times), times[len(times) * 99 // 100]
    print(
        f"{question.name:22}{database:12}{p50:9.2f}{p99:9.2f}{times[-1]:9.2f}{BOUND_MS:7}{naive:11.1f}"
        f"{naive / p50:8.0f}",
        flush=True,
    )
    for name, slowest in worst:
        print(f"  {name:20}{database:12}{'':18}{slowest:9.2f}{BOUND_MS:7}", flush=True)


def _times(conn: Connection, ask: Ask, asked: Sequence[Any]) -> list[float]:
    """Milliseconds of each."""
    times = []
    for one in asked:
        start = time.perf_counter()
        ask(conn, one)
        times.append((time.perf_counter() - start) * 1e3)
    return times


def _naive_trace(conn: Connection, gift: Any) -> object:
    """Deliveries that overlap the gift, found by comparing ends: only a scan can answer that."""
    row = conn.execute(select(donation_recorded).where(donation_recorded.c.donation == gift)).one()
    d = delivery_handed_over.c
    over = d.start + 0 < row.start + row.amount_minor, d.start + d.amount_minor > row.start
    return conn.execute(select(delivery_handed_over).where(d.fund == row.fund, *over)).all()


def _naive_donors(conn: Connection, delivery: Any) -> object:
    row = conn.execute(
        select(delivery_handed_over).where(delivery_handed_over.c.entitlement == delivery)
    ).one()
    g = donation_recorded.c
    over = g.start + 0 < row.start + row.amount_minor, g.start + g.amount_minor > row.start
    return conn.execute(select(donation_recorded).where(g.fund == row.fund, *over)).all()


def _naive_statement(conn: Connection, account: Any) -> object:
    """The account's gifts added up by unit, when no index leads to them."""
    mine = func.substr(donation_recorded.c.donor, 1) == account
    sums = select(fund_opened.c.unit, func.count(), func.sum(donation_recorded.c.amount_minor))
    rows = sums.join(donation_recorded, donation_recorded.c.fund == fund_opened.c.fund)
    return conn.execute(rows.where(mine).group_by(fund_opened.c.unit)).all()


if __name__ == "__main__":
    main()
