"""Running totals of what an account gave: written now and then, so that few gifts are added up to answer.

A donor may have given hundreds of thousands of gifts, and nearly all gave a few. A row for each gift would cost
the writer a look-up for each; so a row is written only at one entry in 256 on average, chosen by the hash of its
block, which neither donor nor charity can choose. It holds what the account gave up to the end of that block,
and whoever asks adds the entries behind the newest row. Like all derived rows they are only added, depend on
the chain alone, and go with their block.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Integer,
    LargeBinary,
    Select,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    tuple_,
    union_all,
)

from indexer.measures import NOTHING, Total, parts, whole
from indexer.queries.sums import total
from indexer.schema import account_total, donation_claimed, donation_recorded, fund_opened

Moment = tuple[int, int]
"""Block number and log index."""

FIRST: Moment = (-1, -1)
_BEHIND_ALL = 2**31 - 1
"""Above every log index."""
_HALF_BITS = 32
_SHIFT: ColumnElement[int] = literal_column(str(_HALF_BITS), Integer)
"""Written out: PostgreSQL shifts by an integer only, not by a bigint."""
_APART = 256
"""Entries of an account between two rows, on average."""


class EntryKind(StrEnum):
    """How a gift became or ceased to be an account's own: recorded for it, claimed to it with the key on the
    receipt, or claimed away to the donor's wallet."""

    GIVEN = "given"
    CLAIMED = "claimed"
    CLAIMED_AWAY = "claimed_away"


class Entry(NamedTuple):
    """One change of what an account gave."""

    block_number: int
    log_index: int
    kind: EntryKind
    donation: bytes
    unit: str
    amount_minor: int

    @property
    def moment(self) -> Moment:
        return self.block_number, self.log_index

    @property
    def change(self) -> Total:
        """What it adds to the account's gifts."""
        sign = -1 if self.kind is EntryKind.CLAIMED_AWAY else 1
        return Total(sign, sign * self.amount_minor)


_ACCOUNT = bindparam("account", type_=LargeBinary)
_BLOCK, _INDEX = bindparam("block", type_=BigInteger), bindparam("index", type_=BigInteger)
_SINCE = bindparam("since", type_=BigInteger)
_MOST = bindparam("most", type_=BigInteger)


def _where(event: FromClause, account: ColumnElement[bytes]) -> tuple[ColumnElement[bool], ...]:
    """At (:block, :index) or earlier and in a block after :since: a stretch of the index on account and moment."""
    moment = tuple_(event.c.block_number, event.c.log_index)
    return account == _ACCOUNT, moment <= tuple_(_BLOCK, _INDEX), event.c.block_number > _SINCE


def _entries(kind: EntryKind, rows: FromClause, event: FromClause, account: ColumnElement[bytes]) -> Any:
    """The last :most entries of one kind."""
    moment = event.c.block_number, event.c.log_index
    query: Select[Any] = (
        select(
            *moment,
            literal(kind.value),
            donation_recorded.c.donation,
            fund_opened.c.unit,
            donation_recorded.c.amount_minor,
        )
        .select_from(rows.join(fund_opened, fund_opened.c.fund == donation_recorded.c.fund))
        .where(*_where(event, account))
        .order_by(*(column.desc() for column in moment))
        .limit(_MOST)
    )
    return select(query.subquery())


def _sums(kind: EntryKind, rows: FromClause, event: FromClause, account: ColumnElement[bytes]) -> Any:
    """What the entries of one kind add up to, by unit; in halves, since amounts of several funds may together
    exceed what SQL can add."""
    amount = donation_recorded.c.amount_minor
    return (
        select(
            literal(kind.value),
            fund_opened.c.unit,
            func.count(),
            total(amount.bitwise_rshift(_SHIFT)),
            total(amount.bitwise_and((1 << _HALF_BITS) - 1)),
        )
        .select_from(rows.join(fund_opened, fund_opened.c.fund == donation_recorded.c.fund))
        .where(*_where(event, account))
        .group_by(fund_opened.c.unit)
    )


_CLAIMS = donation_claimed.join(
    donation_recorded, donation_recorded.c.donation == donation_claimed.c.donation
)
_KINDS: tuple[tuple[EntryKind, FromClause, FromClause, ColumnElement[bytes]], ...] = (
    (EntryKind.GIVEN, donation_recorded, donation_recorded, donation_recorded.c.donor),
    (EntryKind.CLAIMED, _CLAIMS, donation_claimed, donation_claimed.c.wallet),
    (EntryKind.CLAIMED_AWAY, _CLAIMS, donation_claimed, donation_claimed.c.claim_key),
)
_ENTRIES = union_all(*(_entries(*kind) for kind in _KINDS))
_SUMS = union_all(*(_sums(*kind) for kind in _KINDS))

_NEWEST_BLOCK = (
    select(func.max(account_total.c.block_number))
    .where(account_total.c.account == _ACCOUNT, account_total.c.block_number < _BLOCK)
    .scalar_subquery()
)
_NEWEST = select(
    account_total.c.block_number,
    account_total.c.unit,
    account_total.c.count,
    account_total.c.amount_minor,
    account_total.c.amount_high,
).where(account_total.c.account == _ACCOUNT, account_total.c.block_number == _NEWEST_BLOCK)


def entries(conn: Connection, account: bytes, to: Moment, most: int) -> list[Entry]:
    """The last `most` entries of an account at `to` or earlier, the newest first."""
    where = {"account": account, "block": to[0], "index": to[1], "since": -1, "most": most}
    found = [
        Entry(number, index, EntryKind(kind), *rest)
        for number, index, kind, *rest in conn.execute(_ENTRIES, where)
    ]
    return sorted(found, reverse=True)[:most]


def given_until(conn: Connection, account: bytes, to: Moment) -> dict[str, Total]:
    """What was an account's own gift at `to` (that event included), by unit, gross of refunds."""
    rows = conn.execute(_NEWEST, {"account": account, "block": to[0]}).all()
    totals = {unit: Total(count, whole(amount, high)) for _, unit, count, amount, high in rows}
    since = rows[0][0] if rows else -1
    where = {"account": account, "block": to[0], "index": to[1], "since": since}
    for kind, unit, count, high, low in conn.execute(_SUMS, where):
        sign = -1 if kind == EntryKind.CLAIMED_AWAY else 1
        add(totals, unit, Total(sign * count, sign * ((high << _HALF_BITS) + low)))
    return totals


def add(totals: dict[str, Total], unit: str, change: Total) -> None:
    """Adds to the total of one unit, in place."""
    before = totals.get(unit, NOTHING)
    totals[unit] = Total(before.records + change.records, before.amount + change.amount)


_DONOR = donation_recorded.c.keys().index("donor")
_CLAIMED = tuple(donation_claimed.c.keys().index(name) for name in ("claim_key", "wallet"))


def account_rows(conn: Connection, rows: dict[str, list[tuple[Any, ...]]]) -> Iterator[tuple[Any, ...]]:
    """The rows of `account_total` for events that are written, in the order of its columns."""
    for account, number in sorted(_due(rows)):
        totals = given_until(conn, account, (number, _BEHIND_ALL))
        for unit in sorted(totals):
            count, amount = totals[unit]
            yield account, unit, number, count, *parts(amount)


def _due(rows: dict[str, list[tuple[Any, ...]]]) -> set[tuple[bytes, int]]:
    """Accounts, each with a block after which its total is written."""
    due = {(row[_DONOR], row[-3]) for row in _chosen(rows.get(donation_recorded.name, ()))}
    for row in _chosen(rows.get(donation_claimed.name, ())):
        due |= {(row[place], row[-3]) for place in _CLAIMED}
    return due


def _chosen(rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    return (row for row in rows if not (row[-2][-1] + row[-1]) % _APART)
