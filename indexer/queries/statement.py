"""The statement of one account: what it gave and what became of it, what it was given, and its hours.

Each part is read in pages, the newest entry first. A page begins with the account's balance at its top and ends
with what is carried forward: the balance less the page's entries, with which the next page begins. So the pages
add up, and neither balance is found by reading all gifts, however many there are (`indexer.accounts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from contracts.abi import Address
from indexer.accounts import EntryKind, Moment, add, entries, given_until
from indexer.measures import Total
from indexer.queries.became import Became, became_of
from indexer.queries.blocks import BlockRef, as_of
from indexer.queries.deliveries import Entitlement, household_page, household_received
from indexer.queries.gifts import Gift, gifts_by_id
from indexer.queries.volunteers import Service, held, served, services_page

PAGE = 10
"""Entries of a page, unless told."""
_STEPS = 200
"""Parts of gifts that one page follows: a gift that went to more families is on it as far as that."""
NOW: Moment = (2**62, 0)
"""Behind every block."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Records of one unit, and their minor units together."""

    unit: str
    count: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class GiftEntry:
    """A gift that became the account's own, or was claimed away from it: then `amount_minor` is negative."""

    kind: EntryKind
    gift: Gift
    unit: str
    amount_minor: int
    became: Became
    block_number: int
    log_index: int


@dataclass(frozen=True, slots=True)
class GiftPage:
    """`balance` is of gifts that were the account's own at the top of the page, gross of refunds; `carried` is
    what is left of it below the page. Give `next_before` to read on; None: there is no more."""

    as_of: BlockRef
    account: Address
    balance: tuple[Balance, ...]
    entries: tuple[GiftEntry, ...]
    carried: tuple[Balance, ...]
    next_before: Moment | None


@dataclass(frozen=True, slots=True)
class AidPage:
    """What was offered to the account. The balances are of what it received and kept, by the time of listing."""

    as_of: BlockRef
    account: Address
    balance: tuple[Balance, ...]
    entries: tuple[Entitlement, ...]
    carried: tuple[Balance, ...]
    next_before: Moment | None


@dataclass(frozen=True, slots=True)
class HoursPage:
    """The account's confirmed acts; the balances are of acts and their minutes. What it holds is as of now."""

    as_of: BlockRef
    account: Address
    held_minutes: int
    redeemed_minutes: int
    good_coins: int
    balance: Balance
    entries: tuple[Service, ...]
    carried: Balance
    next_before: Moment | None


@dataclass(frozen=True, slots=True)
class Statement:
    """The first page of each part: everything given to and by one account."""

    gifts: GiftPage
    aid: AidPage
    hours: HoursPage


def statement(conn: Connection, account: Address, most: int = PAGE) -> Statement:
    """The newest `most` entries of each part; all empty for an account that nobody knows."""
    return Statement(
        gifts_page(conn, account, most=most),
        aid_page(conn, account, most=most),
        hours_page(conn, account, most=most),
    )


def gifts_page(conn: Connection, account: Address, before: Moment = NOW, most: int = PAGE) -> GiftPage:
    """At most `most` entries before a moment, and fewer when what became of them is long to tell. Raises
    InvariantBroken (I1, I2, I3, I7)."""
    top = before[0], before[1] - 1
    found = entries(conn, account, top, most=most + 1)
    more, found = len(found) > most, found[:most]
    ids = list(dict.fromkeys(entry.donation for entry in found))
    gifts = gifts_by_id(conn, ids)
    known = dict(zip(ids, became_of(conn, [gifts[id] for id in ids], _STEPS), strict=False))
    lines = []
    for entry in found:
        if entry.donation not in known:
            more = True
            break
        lines.append(
            GiftEntry(
                entry.kind,
                gifts[entry.donation],
                entry.unit,
                entry.change.amount,
                known[entry.donation],
                *entry.moment,
            )
        )
    balance = given_until(conn, account, top) if found else {}
    carried = dict(balance)
    for entry in found[: len(lines)]:
        add(carried, entry.unit, Total(-entry.change.records, -entry.change.amount))
    next_before = found[len(lines) - 1].moment if more else None
    sides = _balances(balance), tuple(lines), _balances(carried)
    return GiftPage(as_of(conn), account, *sides, next_before)


def aid_page(conn: Connection, account: Address, before: Moment = NOW, most: int = PAGE) -> AidPage:
    """At most `most` entitlements that were listed before a moment."""
    items, next_before = household_page(conn, account, before, most)
    # Most accounts are a donor's, a family's or a volunteer's and nobody else's: nothing is asked in vain.
    balance = household_received(conn, account, before) if items else {}
    carried = household_received(conn, account, next_before) if next_before else {}
    return AidPage(as_of(conn), account, _balances(balance), tuple(items), _balances(carried), next_before)


def hours_page(conn: Connection, account: Address, before: Moment = NOW, most: int = PAGE) -> HoursPage:
    """At most `most` acts that were confirmed before a moment. Raises InvariantBroken (I10)."""
    acts, next_before = services_page(conn, account, before, most)
    balance = served(conn, account, before) if acts else (0, 0)
    carried = served(conn, account, next_before) if next_before else (0, 0)
    sides = Balance("MIN", *balance), tuple(acts), Balance("MIN", *carried)
    return HoursPage(as_of(conn), account, *held(conn, account), *sides, next_before)


def _balances(totals: Mapping[str, tuple[int, int]]) -> tuple[Balance, ...]:
    return tuple(Balance(unit, *totals[unit]) for unit in sorted(totals) if totals[unit] != (0, 0))
