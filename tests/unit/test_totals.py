"""Running totals and statements, on hand-made events; and that no question about a large fund reads a whole
table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, event, func, select, text

from contracts.abi import Address
from indexer import accounts
from indexer.accounts import EntryKind
from indexer.databases import reading_engine
from indexer.measures import Measure, Total
from indexer.mirror import open_for_writing
from indexer.queries.donors import Share, donors_of
from indexer.queries.organisations import organisation_totals
from indexer.queries.statement import GiftPage, aid_page, gifts_page, hours_page
from indexer.queries.trace import trace_donation
from indexer.schema import account_total, metadata
from indexer.totals import newest
from indexer.writer import append, begin
from scripts.benchmarks.large_fund import ANCHOR, DEPLOYMENT, LargeFund
from tests.model.history import History, account
from tests.model.plain_totals import plain_totals

LARGE = 20_000
FEW = 1_000
"""A database may read a table of so few rows whole."""


@pytest.fixture
def history() -> Iterator[History]:
    history = History(("other",))
    yield history
    history.close()


def test_a_word_moves_a_delivery_from_one_measure_to_another(history: History) -> None:
    history.donate("a", 0, 100)
    history.offer("list", {"x": 5, "y": 6})
    history.hand_over("x", 0, 5)
    history.confirm("x")
    history.give_back("part", "x", 100, 2, 0)
    with history.connect() as conn:
        assert newest(conn, history.fund)[Measure.CONFIRMED] == Total(1, 3)
    history.dispute("x")
    history.uphold("x", history.returned("rest", "x", 102, 3, 2))
    with history.connect() as conn:
        totals = newest(conn, history.fund)
    assert totals[Measure.CONFIRMED] == totals[Measure.DISPUTED] == Total(0, 0)
    assert totals[Measure.UPHELD] == Total(1, 0) and totals[Measure.RETURNED] == Total(2, 5)


def test_offers_beyond_what_sql_can_add_stop_nobody(history: History) -> None:
    whole = 2**63 - 1
    history.donate("a", 0, whole)
    for n in range(3):
        history.offer(f"list {n}", {f"e{n}": whole})
        history.cancel_list(f"list {n}", whole)
    with history.connect() as conn:
        fund, _ = organisation_totals(conn, history.charity).funds
    assert (fund.cancelled_count, fund.cancelled_minor, fund.reserved_minor) == (3, 3 * whole, 0)


def pages(history: History, owner: Address, most: int) -> list[GiftPage]:
    """All pages of an account's gifts, each of which begins with what the one before carried forward."""
    with history.connect() as conn:
        found = [gifts_page(conn, owner, most=most)]
        while found[-1].next_before is not None:
            found.append(gifts_page(conn, owner, found[-1].next_before, most))
            assert found[-1].balance == found[-2].carried
    return found


def test_pages_of_a_statement_add_up(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "_APART", 4)  # so that few gifts have running totals between them
    giver, wallet, start = account("giver"), account("wallet"), 0
    for n in range(40):
        history.donate(f"g{n}", start, n + 1, donor=giver)
        start += n + 1
    history.donate("kept", start, 7, donor=account("donor of kept"))
    history.claim("kept", wallet)
    with history.connect() as conn:
        assert conn.scalar(select(func.count()).select_from(account_total))
    found = pages(history, giver, 3)
    assert sum(entry.amount_minor for page in found for entry in page.entries) == 820
    assert found[0].balance[0].amount_minor == 820 and found[-1].carried == ()
    assert [entry.amount_minor for entry in found[0].entries] == [40, 39, 38]
    (claimed,) = pages(history, wallet, 3)
    assert [(e.kind, e.amount_minor) for e in claimed.entries] == [(EntryKind.CLAIMED, 7)]
    (away,) = pages(history, account("donor of kept"), 3)
    assert [e.amount_minor for e in away.entries] == [-7, 7] and away.balance == ()


def test_a_statement_says_what_became_of_each_gift(history: History) -> None:
    giver = account("giver")
    history.donate("a", 0, 20, donor=giver)
    history.donate("b", 20, 10, donor=giver)
    history.offer("list", {"x": 5, "y": 6})
    history.hand_over("x", 0, 5)
    history.confirm("x")
    history.fee("f", 5, 1)
    history.refund("r", "b", 6, 2, 28)
    (page,) = pages(history, giver, 5)
    b, a = (entry.became for entry in page.entries)
    assert (b.refunded_minor, b.waiting_minor + b.reserved_minor) == (2, 8)
    assert (a.confirmed_minor, a.fee_minor, a.unread_minor) == (5, 1, 0)
    assert a.waiting_minor + a.reserved_minor == 14


@dataclass
class Large:
    fund: LargeFund
    engine: Engine


@pytest.fixture(scope="module")
def large(module_mirror_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Large]:
    """A fund of 20,000 gifts and as many deliveries, in a file or on a server."""
    url = module_mirror_url
    if url.startswith("sqlite"):
        url = f"sqlite:///{tmp_path_factory.mktemp('large') / 'mirror.db'}"
    writer, fund = open_for_writing(url), LargeFund(LARGE)
    with writer.begin() as conn:
        begin(conn, DEPLOYMENT, ANCHOR, "instant")
    for blocks, rows in fund.ranges():
        with writer.begin() as conn:
            append(conn, blocks, rows, blocks[-1].number)
    if writer.dialect.name == "postgresql":
        with writer.begin() as conn:
            conn.execute(text("ANALYZE"))  # the server does so by itself, but not at once
    writer.dispose()
    engine = reading_engine(writer.url)
    yield Large(fund, engine)
    engine.dispose()


def plans(large: Large, ask: Callable[..., Any], asked: object) -> Iterator[str]:
    """A line for each step by which the database answers."""
    seen: dict[str, Any] = {}

    def remember(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        seen.setdefault(statement, parameters)

    with large.engine.connect() as conn:
        event.listen(large.engine, "before_cursor_execute", remember)
        ask(conn, asked)
        event.remove(large.engine, "before_cursor_execute", remember)
        explain = "EXPLAIN QUERY PLAN " if conn.dialect.name == "sqlite" else "EXPLAIN "
        for statement, parameters in seen.items():
            if statement.startswith("SELECT"):
                for row in conn.exec_driver_sql(explain + statement, parameters):
                    yield row[-1]


def test_no_question_reads_a_whole_table(large: Large) -> None:
    known = large.fund.notable
    with large.engine.connect() as conn:
        counts = {
            name: conn.scalar(select(func.count()).select_from(table)) or 0
            for name, table in metadata.tables.items()
        }
    many = [name for name, count in counts.items() if count > FEW]
    assert {"donation_recorded", "delivery_handed_over", "entitlement_listed"} <= set(many)
    asked: tuple[tuple[Callable[..., Any], object], ...] = (
        (trace_donation, known.gifts[20]),
        (trace_donation, known.refunded_gift),
        (donors_of, known.deliveries[20]),
        (organisation_totals, large.fund.organisation),
        (gifts_page, known.donors[0]),
        (aid_page, known.households[0]),
        (hours_page, known.donors[0]),
    )
    for ask, one in asked:
        for step in plans(large, ask, one):
            words = step.split()
            whole = words[:1] == ["SCAN"] or "Seq Scan" in step
            assert not (whole and any(name in words for name in many)), (ask.__name__, step)


def test_a_large_fund_keeps_its_sums(large: Large) -> None:
    with large.engine.connect() as conn:
        assert organisation_totals(conn, large.fund.organisation).funds == plain_totals(
            conn, large.fund.organisation
        )


@pytest.mark.parametrize("most", [7, 60])
def test_pages_of_a_trace_and_of_donors_are_the_whole(large: Large, most: int) -> None:
    known = large.fund.notable
    assert known.longest_gift is not None and known.largest_delivery is not None
    with large.engine.connect() as conn:
        whole = trace_donation(conn, known.longest_gift)
        segments, at = list(trace_donation(conn, known.longest_gift, most=most).segments), None
        at = trace_donation(conn, known.longest_gift, most=most).next_start
        while at is not None:
            page = trace_donation(conn, known.longest_gift, at, most)
            assert 0 < len(page.segments) <= 3 * most
            segments, at = segments + list(page.segments), page.next_start
        assert sum(s.amount_minor for s in segments) == whole.gift.amount_minor
        assert [s.state for s in segments if s.delivery] == [s.state for s in whole.segments if s.delivery]
        behind = donors_of(conn, known.largest_delivery)
        shares: list[Share] = []
        start: int | None = None
        while True:
            some = donors_of(conn, known.largest_delivery, start, most)
            shares += some.shares
            if (start := some.next_start) is None:
                break
    assert len(behind.shares) > most
    assert {s.donation for s in shares} == {s.donation for s in behind.shares}
    assert sum(s.amount_minor for s in shares) == behind.amount_minor
