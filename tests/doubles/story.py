"""A charity's life, made up as it goes: gifts, payment lists, deliveries, refunds and returns that make sense together.

`State.next` invents what the next block records and `State.totals` keeps the sums by plain addition, so that what the
indexer says of the same events can be compared with something it did not compute. Events are encoded with `eth_abi`
from the compiled interfaces.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from eth_abi import encode
from eth_utils.crypto import keccak

ARTIFACTS = Path(__file__).resolve().parents[2] / ".build" / "contracts"

ZERO = bytes(32)
CHARITY = hashlib.sha256(b"charity").digest()
FUNDS = tuple(hashlib.sha256(b"fund %d" % n).digest() for n in range(3))
_OPEN_AT_MOST = 24
_FEE_CAP_BPS = 1_000


class Told(NamedTuple):
    """One event: its contract, its name, and its values in the interface's order. Codes are text."""

    contract: str
    name: str
    values: tuple[Any, ...]


class _Interface(NamedTuple):
    topic: str
    types: tuple[str, ...]
    indexed: tuple[bool, ...]


@cache
def _events(contract: str) -> dict[str, _Interface]:
    entries = json.loads((ARTIFACTS / f"{contract}.json").read_text())["abi"]
    found = {}
    for entry in entries:
        if entry["type"] == "event":
            types = tuple(i["type"] for i in entry["inputs"])
            topic = "0x" + keccak(text=f"{entry['name']}({','.join(types)})").hex()
            found[entry["name"]] = _Interface(topic, types, tuple(i["indexed"] for i in entry["inputs"]))
    return found


def encoded(told: Told) -> tuple[list[str], str]:
    """Topics and data of the event's log."""
    event = _events(told.contract)[told.name]
    values = [v.encode().ljust(32, b"\0") if isinstance(v, str) else v for v in told.values]
    columns = list(zip(event.types, values, event.indexed, strict=True))
    topics = [event.topic, *("0x" + encode([t], [v]).hex() for t, v, indexed in columns if indexed)]
    plain = [(t, v) for t, v, indexed in columns if not indexed]
    return topics, "0x" + encode([t for t, _ in plain], [v for _, v in plain]).hex()


@dataclass(slots=True)
class Line:
    """A fund's line."""

    inflow_end: int = 0
    outflow_end: int = 0
    reserved: int = 0
    fees: int = 0

    @property
    def free(self) -> int:
        return self.inflow_end - self.outflow_end - self.reserved


class Gift(NamedTuple):
    id: bytes
    fund: int
    start: int
    amount: int


class Promised(NamedTuple):
    """An item of a list that has not ended."""

    id: bytes
    household: bytes
    amount: int


class PaymentList(NamedTuple):
    id: bytes
    fund: int
    items: tuple[Promised, ...]


class HandedOver(NamedTuple):
    item: Promised
    fund: int
    start: int


@dataclass(slots=True)
class State:
    """Everything that later events depend on; a block keeps the one after it, so that any block can be built upon."""

    lines: tuple[Line, ...] = ()
    gifts: list[Gift] = field(default_factory=list)
    """The latest gifts that nothing was refunded of."""
    proposed: list[PaymentList] = field(default_factory=list)
    approved: list[PaymentList] = field(default_factory=list)
    unconfirmed: list[HandedOver] = field(default_factory=list)
    disputed: list[HandedOver] = field(default_factory=list)
    totals: Counter[tuple[int, str]] = field(default_factory=Counter)
    """(fund's place in FUNDS, name of the field of `indexer.queries.organisations.FundTotals`) -> its value."""

    def copy(self) -> State:
        lines = tuple(Line(x.inflow_end, x.outflow_end, x.reserved, x.fees) for x in self.lines)
        return State(
            lines,
            list(self.gifts),
            list(self.proposed),
            list(self.approved),
            list(self.unconfirmed),
            list(self.disputed),
            Counter(self.totals),
        )

    def next(self, seed: bytes, time_unix_s: int) -> list[list[Told]]:
        """What a block records, a list for each of its transactions, and changes the state to after it."""
        chance = random.Random(seed)
        if not self.lines:
            self.lines = tuple(Line() for _ in FUNDS)
            return [[_opening(fund) for fund in FUNDS]]
        chosen = chance.choices(_ACTS, k=chance.choice((0, 1, 1, 2, 2, 3)))
        return [act(self, chance, time_unix_s) for act in chosen]

    def count(self, fund: int, name: str, amount: int, number: int = 1) -> None:
        self.totals[fund, f"{name}_count"] += number
        self.totals[fund, f"{name}_minor"] += amount

    def expected(self, fund: int) -> dict[str, int]:
        """The fund's totals as `FundTotals` names them; what is zero is left out."""
        line = self.lines[fund]
        found = {name: n for (of, name), n in self.totals.items() if of == fund}
        found |= {
            "inflow_minor": line.inflow_end,
            "reserved_minor": line.reserved,
            "waiting_minor": line.free,
        }
        return {name: n for name, n in found.items() if n}

    def inflow(self, fund: int, amount: int) -> int:
        start = self.lines[fund].inflow_end
        self.lines[fund].inflow_end += amount
        return start

    def outflow(self, fund: int, amount: int) -> int:
        start = self.lines[fund].outflow_end
        self.lines[fund].outflow_end += amount
        return start


def _opening(fund: bytes) -> Told:
    values = (fund, CHARITY, ZERO, "EUR", "sadaqat", "", "", 0, 0, 0, _FEE_CAP_BPS)
    return Told("FundLedger", "FundOpened", values)


def _donate(state: State, chance: random.Random, now: int) -> list[Told]:
    told, fund = [], chance.randrange(len(FUNDS))
    for _ in range(chance.randint(1, 4)):
        amount = chance.choice((1, 250, 1_000, 123_456_789_012))
        gift = Gift(chance.randbytes(32), fund, state.inflow(fund, amount), amount)
        state.gifts = [*state.gifts[1 - _OPEN_AT_MOST :], gift]
        state.count(fund, "gifts", amount)
        place = (FUNDS[fund], gift.id, chance.randbytes(20), gift.start, amount)
        values = (*place, now, "cash", "bank", 0, "", chance.randbytes(32))
        told.append(Told("FundLedger", "DonationRecorded", values))
    return told


def _propose(state: State, chance: random.Random, now: int) -> list[Told]:
    if len(state.proposed) >= 3:
        return _approve(state, chance, now)
    fund, size = chance.randrange(len(FUNDS)), chance.randint(1, 4)
    items = tuple(
        Promised(chance.randbytes(32), chance.randbytes(20), chance.randint(1, 90)) for _ in range(size)
    )
    plist = PaymentList(chance.randbytes(32), fund, items)
    state.proposed.append(plist)
    total = sum(item.amount for item in items)
    terms = ("ir-23", "1405-winter", 0, chance.randbytes(20), chance.randbytes(32), total, now + 10**6, size)
    head = Told("DeliveryLedger", "PaymentListProposed", (plist.id, FUNDS[fund], ZERO, CHARITY, *terms))
    return [head, *(Told("DeliveryLedger", "EntitlementListed", (plist.id, *item)) for item in items)]


def _approve(state: State, chance: random.Random, now: int) -> list[Told]:
    for plist in state.proposed:
        total = sum(item.amount for item in plist.items)
        if total <= state.lines[plist.fund].free and len(state.approved) < _OPEN_AT_MOST:
            state.proposed.remove(plist)
            state.approved.append(plist)
            state.lines[plist.fund].reserved += total
            values = (plist.id, FUNDS[plist.fund], chance.randbytes(20), total)
            return [Told("DeliveryLedger", "PaymentListApproved", values)]
    return _donate(state, chance, now)


def _take_item(state: State, plist: PaymentList) -> Promised:
    """The list's next item, which is no longer promised."""
    item, rest = plist.items[0], plist.items[1:]
    place = state.approved.index(plist)
    state.approved[place : place + 1] = [plist._replace(items=rest)] if rest else []
    state.lines[plist.fund].reserved -= item.amount
    return item


def _hand_over(state: State, chance: random.Random, now: int) -> list[Told]:
    if not state.approved or len(state.unconfirmed) >= _OPEN_AT_MOST:
        return _answer(state, chance, now) if state.unconfirmed else _approve(state, chance, now)
    plist = chance.choice(state.approved)
    item = _take_item(state, plist)
    given = HandedOver(item, plist.fund, state.outflow(plist.fund, item.amount))
    state.unconfirmed.append(given)
    state.count(plist.fund, "handed_over", item.amount)
    values = (FUNDS[plist.fund], item.id, chance.randbytes(20), given.start, item.amount)
    return [Told("DeliveryLedger", "DeliveryHandedOver", values)]


def _refuse(state: State, chance: random.Random, now: int) -> list[Told]:
    if not state.approved:
        return _approve(state, chance, now)
    plist = chance.choice(state.approved)
    item = _take_item(state, plist)
    state.count(plist.fund, "refused", item.amount)
    return [Told("DeliveryLedger", "EntitlementRefused", (item.id, FUNDS[plist.fund], item.amount, "moved"))]


def _cancel(state: State, chance: random.Random, now: int) -> list[Told]:
    if not state.approved:
        return _donate(state, chance, now)
    plist = state.approved.pop(0)
    freed = sum(item.amount for item in plist.items)
    state.lines[plist.fund].reserved -= freed
    state.count(plist.fund, "cancelled", freed, len(plist.items))
    values = (plist.id, FUNDS[plist.fund], chance.randbytes(20), freed, "mistake")
    return [Told("DeliveryLedger", "PaymentListCancelled", values)]


def _answer(state: State, chance: random.Random, now: int) -> list[Told]:
    """A family says yes, or that something is wrong."""
    if not state.unconfirmed:
        return _donate(state, chance, now)
    given = state.unconfirmed.pop(chance.randrange(len(state.unconfirmed)))
    signed = (now + 1_000, chance.randbytes(32), chance.randbytes(32))
    if chance.random() < 0.8:
        state.count(given.fund, "confirmed", given.item.amount)
        values: tuple[Any, ...] = (given.item.id, given.item.household, chance.randint(0, 1), *signed)
        return [Told("DeliveryLedger", "DeliveryConfirmed", values)]
    state.disputed.append(given)
    state.count(given.fund, "disputed", given.item.amount)
    return [
        Told("DeliveryLedger", "DeliveryDisputed", (given.item.id, given.item.household, "short", *signed))
    ]


def _decide(state: State, chance: random.Random, now: int) -> list[Told]:
    if not state.disputed:
        return _answer(state, chance, now)
    given = state.disputed.pop()
    state.count(given.fund, "disputed", -given.item.amount, -1)
    desk = (given.item.id, CHARITY, chance.randbytes(20))
    if chance.random() < 0.5:
        state.count(given.fund, "dismissed", given.item.amount)
        return [Told("DeliveryLedger", "DisputeDismissed", desk)]
    state.totals[given.fund, "upheld_count"] += 1
    return [Told("DeliveryLedger", "DisputeUpheld", desk), _returned(state, chance, given, "upheld")]


def _returned(state: State, chance: random.Random, given: HandedOver, why: str) -> Told:
    start = state.inflow(given.fund, given.item.amount)
    state.count(given.fund, "returned", given.item.amount)
    ids = FUNDS[given.fund], chance.randbytes(32), given.item.id
    return Told("DeliveryLedger", "DeliveryReturned", (*ids, start, given.item.amount, given.start, why))


def _give_back(state: State, chance: random.Random, now: int) -> list[Told]:
    """A parcel that reached nobody comes back whole."""
    if not state.unconfirmed:
        return _hand_over(state, chance, now) if state.approved else _donate(state, chance, now)
    given = state.unconfirmed.pop(0)
    state.totals[given.fund, "returned_whole_count"] += 1
    return [_returned(state, chance, given, "undeliverable")]


def _refund(state: State, chance: random.Random, now: int) -> list[Told]:
    """The end of a late gift goes back: the next units on the line leave and go on where the gift's were."""
    for gift in reversed(state.gifts):
        line = state.lines[gift.fund]
        amount = max(1, gift.amount // 2)
        if amount <= line.free and gift.start >= line.outflow_end + line.reserved + amount:
            state.gifts.remove(gift)
            start = state.outflow(gift.fund, amount)
            state.count(gift.fund, "refunds", amount)
            values = (FUNDS[gift.fund], chance.randbytes(32), gift.id, start, amount)
            return [Told("FundLedger", "DonationRefunded", (*values, gift.start + gift.amount - amount))]
    return _donate(state, chance, now)


def _fee(state: State, chance: random.Random, now: int) -> list[Told]:
    fund = chance.randrange(len(FUNDS))
    line = state.lines[fund]
    amount = min(line.free, line.inflow_end * _FEE_CAP_BPS // 10_000 - line.fees, 40)
    if amount < 1:
        return _donate(state, chance, now)
    line.fees += amount
    start = state.outflow(fund, amount)
    state.count(fund, "fees", amount)
    return [Told("FundLedger", "FeeTaken", (FUNDS[fund], chance.randbytes(32), start, amount))]


_ACTS: tuple[Callable[[State, random.Random, int], list[Told]], ...] = (
    *(_donate, _donate, _propose, _approve, _hand_over, _hand_over, _answer, _answer),
    *(_decide, _refund, _fee, _refuse, _cancel, _give_back),
)
