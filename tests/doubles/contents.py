"""Everything that a mirror holds, to compare it with what should be in it: every row of every table, so that a
difference is shown and not only found."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Engine, select

from contracts.bindings.ids import OrganisationId
from indexer.events import table_name
from indexer.queries.organisations import organisation_totals
from indexer.schema import LEDGER
from tests.doubles.branches import Block
from tests.doubles.hashes import raw
from tests.doubles.story import CHARITY, FUNDS

Rows = set[tuple[Any, ...]]


def contents(engine: Engine) -> dict[str, Rows]:
    """Table name -> its rows, for every table of the mirror that has any; `block`, `cursor` and derived ones too."""
    with engine.connect() as conn:
        return contents_of(conn)


def contents_of(conn: Connection) -> dict[str, Rows]:
    """As `contents`, within one transaction."""
    found = {t.name: set(map(tuple, conn.execute(select(t)))) for t in LEDGER.metadata.sorted_tables}
    return {name: rows for name, rows in found.items() if rows}


def told(tip: Block, first: int = 0) -> dict[str, Rows]:
    """What the double's own word puts into `block` and the event tables, from block `first` to `tip`."""
    rows: dict[str, Rows] = {"block": set()}
    for block in tip.ancestors()[first:]:
        hash = raw(block.hash)
        place = block.number, hash
        parent, time = raw(block.header["parentHash"]), int(block.header["timestamp"], 16)
        rows["block"].add((*place, parent, time))
        for index, event in block.told:
            rows.setdefault(table_name(event.name), set()).add((*event.values, *place, index))
    return rows


def check_against(engine: Engine, tip: Block, final_number: int | None = None) -> None:
    """Asserts that the mirror holds exactly the branch of `tip`: rows, derived totals, cursor and finality."""
    with engine.connect() as conn:
        found = contents_of(conn)
        (at,) = conn.execute(select(LEDGER.cursor)).mappings()
        totals = organisation_totals(conn, OrganisationId(CHARITY))
    where = at["block_number"], at["block_hash"]
    assert where == (tip.number, raw(tip.hash)), f"the cursor is at {where[0]}, not at {tip}"
    final = at["final_number"]
    assert final_number in (None, final), f"final up to {final}, not {final_number}"
    expected = told(tip)
    kept = {LEDGER.block.name, *LEDGER.tables}
    for name in kept:
        wrong = found.get(name, set()) ^ expected.get(name, set())
        assert not wrong, f"{name}: {len(wrong)} rows differ, such as {next(iter(wrong))}"
    for fund in totals.funds:
        shown = {name: n for name, n in asdict(fund).items() if isinstance(n, int) and n}
        due = tip.state.expected(FUNDS.index(fund.fund))
        assert shown == due, f"totals (indexed, told): {dict(shown.items() ^ due.items())}"
    assert len(totals.funds) == len(tip.state.lines)
