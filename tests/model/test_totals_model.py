"""Running totals against plain sums over all events, through random histories with blocks undone, however the
blocks were cut into ranges (I1, I2, I11)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from indexer.blocks import Header
from indexer.events import table_name
from indexer.queries.organisations import organisation_totals
from indexer.schema import account_total, fund_total
from indexer.writer import Position, append, undo
from tests.model.history import History
from tests.model.plain_totals import plain_totals
from tests.model.test_line_model import FUNDS, Model

Block = tuple[Header, tuple[Any, ...]]


class Recorded(History):
    """A history that can be written again, and keeps what it wrote."""

    def __init__(self, more_funds: tuple[str, ...] = (), url: str = "sqlite://") -> None:
        self.blocks: list[Block] = []
        super().__init__(more_funds, url)

    def record(self, *events: Any, final_number: int | None = None) -> None:
        parent = self.position
        super().record(*events, final_number=final_number)
        number, hash = self.position.number, self.position.hash
        self.blocks.append((Header(number, hash, parent.hash, 1_000 + 10 * number), events))

    def restart(self) -> None:
        super().restart()
        del self.blocks[self.opened.number :]

    def write(self, blocks: Sequence[Block]) -> None:
        """These blocks as one range."""
        rows: dict[str, list[tuple[Any, ...]]] = {}
        for header, events in blocks:
            for index, event in enumerate(events):
                row = (*event, header.number, header.hash, index)
                rows.setdefault(table_name(type(event).__name__), []).append(row)
        headers = [header for header, _ in blocks]
        with self.engine.begin() as conn:
            self.position = append(conn, headers, rows, headers[-1].number)

    def undo_to(self, number: int) -> None:
        """Back to a block that it wrote."""
        header = self.blocks[number - 1][0]
        with self.engine.begin() as conn:
            self.position = Position(header.number, header.hash)
            undo(conn, self.position)

    def derived(self) -> list[tuple[Any, ...]]:
        """Every row of the derived tables."""
        with self.engine.connect() as conn:
            rows = [row for table in (fund_total, account_total) for row in conn.execute(select(table))]
        return sorted(map(tuple, rows), key=repr)


@pytest.fixture(scope="module")
def histories(module_mirror_url: str) -> Iterator[tuple[Recorded, Recorded]]:
    one, other = Recorded(FUNDS[1:], module_mirror_url), Recorded(FUNDS[1:])
    yield one, other
    one.close()
    other.close()


def check_totals(history: History) -> None:
    with history.connect() as conn:
        running = organisation_totals(conn, history.charity).funds
        assert running == plain_totals(conn, history.charity)


@pytest.mark.timeout(600)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(chance=st.randoms(use_true_random=True), length=st.integers(10, 80))
def test_running_totals_are_the_sums(
    histories: tuple[Recorded, Recorded], chance: Random, length: int
) -> None:
    """One history block by block, the other in ranges; then some blocks are undone and written again, cut
    otherwise."""
    one, other = histories
    for history in histories:
        history.restart()
    model = Model(one)
    for fund in model.funds:
        model.donate(fund, 0, 9)
    for _ in range(length):
        model.step(chance.randrange(31), chance.randrange(18), chance.randint(1, 9))
    check_totals(one)
    opened = one.opened.number
    write_in_ranges(other, one.blocks[opened:], chance)
    assert other.derived() == one.derived()
    other.blocks = list(one.blocks)
    for history in histories:
        back = chance.randint(opened, len(one.blocks) - 1)
        history.undo_to(back)
        check_totals(history)
        write_in_ranges(history, one.blocks[back:], chance)
    check_totals(other)
    assert other.derived() == one.derived()


def write_in_ranges(history: Recorded, blocks: Sequence[Block], chance: Random) -> None:
    at = 0
    while at < len(blocks):
        size = chance.randint(1, 12)
        history.write(blocks[at : at + size])
        at += size
