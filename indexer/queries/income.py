"""Income by head, form and channel, out of the gifts' events alone (systems E01, E02, E09)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, Connection, LargeBinary, bindparam, func, select

from contracts.bindings.ids import OrganisationId
from indexer.queries.blocks import BlockRef, as_of
from indexer.queries.sums import total
from indexer.schema import INT63_END, donation_recorded, fund_opened


@dataclass(frozen=True, slots=True)
class IncomeRow:
    """Gifts of one head, form, channel and unit. `value_minor` is what they are worth, in minor units of
    `value_currency`: for cash and for minutes the amount itself."""

    head: str
    form: str
    channel: str
    unit: str
    value_currency: str
    gifts_count: int
    amount_minor: int
    value_minor: int


@dataclass(frozen=True, slots=True)
class Income:
    """What an organisation was given from a second until another; shares (of a channel, of a head) are sums of
    rows of one currency, divided."""

    as_of: BlockRef
    organisation: OrganisationId
    from_unix_s: int
    to_unix_s: int
    rows: tuple[IncomeRow, ...]


_KEY = (
    fund_opened.c.head,
    donation_recorded.c.form,
    donation_recorded.c.channel,
    fund_opened.c.unit,
    donation_recorded.c.value_currency,
)
# A time beyond 2^63 is kept as a negative number, so no gift settled then is in any period asked for.
_INCOME = (
    select(
        *_KEY,
        func.count(),
        total(donation_recorded.c.amount_minor),
        total(donation_recorded.c.value_minor),
    )
    .join(fund_opened, fund_opened.c.fund == donation_recorded.c.fund)
    .where(
        fund_opened.c.organisation == bindparam("organisation", type_=LargeBinary),
        donation_recorded.c.settled_at_unix_s >= bindparam("from_unix_s", type_=BigInteger),
        donation_recorded.c.settled_at_unix_s < bindparam("to_unix_s", type_=BigInteger),
    )
    .group_by(*_KEY)
)


def income(conn: Connection, organisation: OrganisationId, from_unix_s: int, to_unix_s: int) -> Income:
    """Gifts settled from a second (included) until another (excluded), by head, form, channel and unit.

    Gifts are counted as they were given: what was refunded or reassigned later is not taken off, and what came
    from another organisation is no income.
    """
    period = {"from_unix_s": max(from_unix_s, 0), "to_unix_s": min(to_unix_s, INT63_END - 1)}
    rows = []
    found = map(tuple, conn.execute(_INCOME, {"organisation": organisation} | period))
    for *key, count, amount, value in sorted(found):  # here, since databases differ in how they sort text
        head, form, channel, unit, currency = key
        worth = (currency, value) if currency else (unit, amount)
        rows.append(IncomeRow(head, form, channel, unit, worth[0], count, amount, worth[1]))
    return Income(as_of(conn), organisation, from_unix_s, to_unix_s, tuple(rows))
