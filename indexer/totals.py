"""Running totals of every fund: for each measure what it was after each block that changed it.

A total is the newest row of its measure, so a question about a fund reads a few rows however long its line is.
Rows are only added, by `derive`, in the transaction of the events that they count; undoing a block is deleting
its rows, like everything else. A row depends on the events up to its block and on nothing else, so a replay
gives the same rows however its blocks were cut into ranges (I11).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, LargeBinary, bindparam, literal, select, union_all

from contracts.bindings.ids import FundId
from indexer.accounts import account_rows
from indexer.blocks import Header
from indexer.decode import Rows
from indexer.measures import NOTHING, Change, Measure, Total, parts, whole
from indexer.schema import EVENT_TABLES, account_total, fund_total
from indexer.words import changes
from indexer.writer import write


class _Source(NamedTuple):
    """Where a measure stands in the rows of an event: places of the fund and of the amount."""

    table: str
    measure: Measure
    fund: int
    amount: int


def _source(table: str, measure: Measure, fund: str = "fund", amount: str = "amount_minor") -> _Source:
    names = EVENT_TABLES[table].c.keys()
    return _Source(table, measure, names.index(fund), names.index(amount))


_SOURCES = (
    _source("donation_recorded", Measure.GIFTS),
    _source("transfer_received", Measure.RECEIVED, "to"),
    _source("transfer_came_back", Measure.CAME_BACK, "from_"),
    _source("donation_reassigned", Measure.REASSIGNED_IN, "to"),
    _source("delivery_returned", Measure.RETURNED),
    _source("delivery_handed_over", Measure.HANDED_OVER),
    _source("fee_taken", Measure.FEES),
    _source("donation_refunded", Measure.REFUNDS),
    _source("transfer_sent", Measure.SENT, "from_"),
    _source("donation_reassigned", Measure.REASSIGNED_OUT, "from_"),
    _source("payment_list_approved", Measure.APPROVED, amount="total_minor"),
    _source("entitlement_refused", Measure.REFUSED),
)
_FROM_THE_END_BLOCK = -3
"""Every row ends with its block's number and hash and its log index."""


def _newest(measure: Measure) -> Any:
    """The last row of one measure of fund :fund: one seek in the primary key."""
    columns = literal(measure.value), fund_total.c.count, fund_total.c.amount_minor, fund_total.c.amount_high
    rows = select(*columns).where(
        fund_total.c.fund == bindparam("fund", type_=LargeBinary), fund_total.c.measure == measure.value
    )
    last = rows.order_by(fund_total.c.block_number.desc()).limit(1).subquery()
    return select(last)


_NEWEST = union_all(*map(_newest, Measure))


def newest(conn: Connection, fund: FundId) -> dict[Measure, Total]:
    """Every measure of a fund at the last block indexed; zero for what never happened."""
    found = {
        Measure(measure): Total(count, whole(amount, high))
        for measure, count, amount, high in conn.execute(_NEWEST, {"fund": fund})
    }
    return {measure: found.get(measure, NOTHING) for measure in Measure}


def reserved_units(totals: Mapping[Measure, Total]) -> int:
    """Units that approved lists promise and that were not handed over: less what was refused, freed with an
    ended list, or taken."""
    freed = Measure.REFUSED, Measure.EXPIRED, Measure.CANCELLED, Measure.HANDED_OVER
    return totals[Measure.APPROVED].amount - sum(totals[measure].amount for measure in freed)


def derive(conn: Connection, blocks: Sequence[Header], rows: Rows) -> None:
    """Adds the totals after each of these blocks, and those of accounts (`indexer.accounts`); in the transaction
    of their events, when these are written and those of no later block."""
    by_fund: dict[bytes, dict[Measure, dict[int, Total]]] = defaultdict(lambda: defaultdict(dict))
    for fund, measure, number, records, amount in (*_plain(rows), *changes(conn, blocks[0].number, rows)):
        by_block = by_fund[fund][measure]
        before = by_block.get(number, NOTHING)
        by_block[number] = Total(before.records + records, before.amount + amount)
    added = [row for fund, measures in by_fund.items() for row in _running(conn, fund, measures)]
    for table, new in ((fund_total, added), (account_total, list(account_rows(conn, rows)))):
        if new:
            write(conn, table, new)


def _plain(rows: Mapping[str, Sequence[tuple[Any, ...]]]) -> Iterable[Change]:
    """Changes that an event says by itself, summed over each block."""
    for table, measure, fund, amount in _SOURCES:
        sums: dict[tuple[bytes, int], list[int]] = {}
        for row in rows.get(table, ()):
            key = row[fund], row[_FROM_THE_END_BLOCK]
            known = sums.get(key)
            if known is None:
                sums[key] = [1, row[amount]]
            else:
                known[0] += 1
                known[1] += row[amount]
        for (id, number), (count, total) in sums.items():
            yield Change(id, measure, number, count, total)


def _running(
    conn: Connection, fund: bytes, measures: Mapping[Measure, Mapping[int, Total]]
) -> Iterable[tuple[Any, ...]]:
    """The rows after each block that changed something."""
    last = newest(conn, FundId(fund))
    for measure, by_block in measures.items():
        records, amount = last[measure]
        for number in sorted(by_block):
            change = by_block[number]
            if change == NOTHING:
                continue
            records, amount = records + change.records, amount + change.amount
            yield fund, measure.value, number, records, *parts(amount)
