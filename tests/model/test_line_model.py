"""The trace against a model that labels every single unit, through random histories (I1, I2, I3).

The model knows nothing of intervals: a line is a list of units, and a refund of gift D exchanges, one by one,
the next unit on the line with the next of D's refunded units, which then leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.bindings.ids import DonationId, EntitlementId
from indexer.queries.donors import donors_of
from indexer.queries.line import fund_ends, fund_line
from indexer.queries.organisations import organisation_totals
from indexer.queries.trace import Segment, SegmentState, trace_donation
from tests.model.history import History, id_of

Unit = tuple[str, int]
"""The gift's name, and the unit's place in the fund's inflow line."""


@dataclass
class Gift:
    name: str
    start: int
    amount: int
    refunded: int = 0


@dataclass
class Promise:
    name: str
    amount: int
    state: str = "offered"
    start: int = -1


@dataclass
class Model:
    """One fund, unit by unit, written down in a history as it goes."""

    history: History
    line: list[Unit] = field(default_factory=list)
    left: dict[Unit, tuple[str, str]] = field(default_factory=dict)
    """How a unit left: in what (delivery, fee, refund), under which name."""
    gifts: list[Gift] = field(default_factory=list)
    promises: list[Promise] = field(default_factory=list)
    outflow_end: int = 0
    count: int = 0

    @property
    def reserved(self) -> int:
        return sum(p.amount for p in self.promises if p.state == "offered")

    @property
    def free(self) -> int:
        return len(self.line) - self.outflow_end - self.reserved

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind} {self.count}"

    def step(self, act: int, which: int, amount: int) -> bool:
        """Does one act if the contract would allow it; whether it did."""
        acts = (self.donate, self.donate, self.fee, self.refund, self.refund, self.offer, self.hand_over,
                self.hand_over, self.confirm, self.refuse, self.expire)  # fmt: skip
        return acts[act % len(acts)](which, amount)

    def donate(self, which: int, amount: int) -> bool:
        gift = Gift(self.name("gift"), len(self.line), amount)
        self.gifts.append(gift)
        self.line += [(gift.name, place) for place in range(gift.start, gift.start + amount)]
        self.history.donate(gift.name, gift.start, amount)
        return True

    def fee(self, which: int, amount: int) -> bool:
        amount = min(amount, self.free)
        if amount == 0:
            return False
        name = self.name("fee")
        self.history.fee(name, self.outflow_end, amount)
        self._leave(amount, "fee", name)
        return True

    def refund(self, which: int, amount: int) -> bool:
        if not self.gifts:
            return False
        gift = self.gifts[which % len(self.gifts)]
        end = gift.start + gift.amount - gift.refunded
        undelivered = max(0, end - max(gift.start, self.outflow_end))  # the contract's rule
        amount = min(amount, undelivered, self.free)
        if amount == 0:
            return False
        name = self.name("refund")
        gift.refunded += amount
        first = end - amount
        self.history.refund(name, gift.name, self.outflow_end, amount, first)
        for place in range(first, first + amount):
            here = self.outflow_end
            self.line[here], self.line[place] = self.line[place], self.line[here]
            assert self.line[here] == (gift.name, place), "a refund pays with the gift's own units"
            self._leave(1, "refund", name)
        return True

    def offer(self, which: int, amount: int) -> bool:
        amounts = [1 + (which + i) % 3 for i in range(1 + amount % 3)]
        if sum(amounts) > self.free:
            return False
        promises = [Promise(self.name("entitlement"), amount) for amount in amounts]
        self.promises += promises
        self.history.offer(self.name("list"), {p.name: p.amount for p in promises})
        return True

    def hand_over(self, which: int, amount: int) -> bool:
        promise = self._pick("offered", which)
        if promise is None:
            return False
        promise.state, promise.start = "handed over", self.outflow_end
        self.history.hand_over(promise.name, self.outflow_end, promise.amount)
        self._leave(promise.amount, "delivery", promise.name)
        return True

    def confirm(self, which: int, amount: int) -> bool:
        return self._end("handed over", "confirmed", which)

    def refuse(self, which: int, amount: int) -> bool:
        return self._end("offered", "refused", which)

    def expire(self, which: int, amount: int) -> bool:
        return self._end("offered", "expired", which)

    def _end(self, state: str, end: str, which: int) -> bool:
        promise = self._pick(state, which)
        if promise is None:
            return False
        promise.state = end
        if end == "confirmed":
            self.history.confirm(promise.name)
        elif end == "refused":
            self.history.refuse(promise.name, promise.amount)
        else:
            self.history.expire(promise.name, promise.amount)
        return True

    def _pick(self, state: str, which: int) -> Promise | None:
        found = [promise for promise in self.promises if promise.state == state]
        return found[which % len(found)] if found else None

    def _leave(self, amount: int, kind: str, name: str) -> None:
        for unit in self.line[self.outflow_end : self.outflow_end + amount]:
            assert unit not in self.left
            self.left[unit] = kind, name
        self.outflow_end += amount

    def expected(self) -> dict[Unit, tuple[SegmentState, bytes | None, int | None]]:
        """Unit -> its state, the id of what it left in, its place on the line (None when it was refunded)."""
        confirmed = {promise.name for promise in self.promises if promise.state == "confirmed"}
        result: dict[Unit, tuple[SegmentState, bytes | None, int | None]] = {}
        for place, unit in enumerate(self.line):
            kind, name = self.left.get(unit, ("", ""))
            if kind == "refund":
                result[unit] = SegmentState.REFUNDED, id_of(name), None
            elif kind == "fee":
                result[unit] = SegmentState.FEE, id_of(name), place
            elif kind == "delivery":
                state = SegmentState.CONFIRMED if name in confirmed else SegmentState.HANDED_OVER
                result[unit] = state, id_of(name), place
            else:
                promised = place < self.outflow_end + self.reserved
                result[unit] = SegmentState.RESERVED if promised else SegmentState.WAITING, None, place
        return result


def units(name: str, segments: tuple[Segment, ...]) -> Iterator[tuple[Unit, object]]:
    """A trace, unit by unit, as the model says it."""
    for s in segments:
        id = s.delivery.entitlement if s.delivery else s.fee or s.refund
        for i in range(s.amount_minor):
            place = None if s.state is SegmentState.REFUNDED else s.place + i
            yield (name, s.start + i), (s.state, id, place)


def check(model: Model) -> None:
    with model.history.connect() as conn:
        expected = model.expected()
        traced: dict[Unit, object] = {}
        for gift in model.gifts:
            trace = trace_donation(conn, DonationId(id_of(gift.name)))
            traced |= dict(units(gift.name, trace.segments))
        assert traced == expected
        for promise in model.promises:
            if promise.start < 0:
                continue
            shares = donors_of(conn, EntitlementId(id_of(promise.name))).shares
            given = [(s.donation, s.start + i) for s in shares for i in range(s.amount_minor)]
            labels = model.line[promise.start : promise.start + promise.amount]
            assert given == [(id_of(name), place) for name, place in labels]
        ends = fund_ends(conn, model.history.fund)
        assert (ends.inflow_end, ends.outflow_end, ends.reserved) == (
            len(model.line), model.outflow_end, model.reserved)  # fmt: skip


def check_totals(model: Model) -> None:
    """The organisation's totals are the sums over the labels."""
    in_state = dict.fromkeys(SegmentState, 0)
    for state, _, _ in model.expected().values():
        in_state[state] += 1
    with model.history.connect() as conn:
        (totals,) = organisation_totals(conn, model.history.charity).funds
        line = fund_line(conn, model.history.fund, 0, 1_000)
    assert (totals.gifts_count, totals.inflow_minor) == (len(model.gifts), len(model.line))
    assert totals.refunds_minor == in_state[SegmentState.REFUNDED]
    assert totals.fees_minor == in_state[SegmentState.FEE]
    assert totals.confirmed_minor == in_state[SegmentState.CONFIRMED]
    assert totals.handed_over_minor == totals.confirmed_minor + in_state[SegmentState.HANDED_OVER]
    assert (totals.reserved_minor, totals.waiting_minor) == (model.reserved, model.free)
    assert totals.refused_minor == sum(p.amount for p in model.promises if p.state == "refused")
    assert totals.expired_minor == sum(p.amount for p in model.promises if p.state == "expired")
    assert [(i.start, i.end) for i in line.inflows] == [(g.start, g.start + g.amount) for g in model.gifts]
    assert sum(o.end - o.start for o in line.outflows) == model.outflow_end


@pytest.fixture(scope="module")
def history() -> Iterator[History]:
    history = History()
    yield history
    history.close()


STEPS = st.lists(st.tuples(st.integers(0, 10), st.integers(0, 7), st.integers(1, 9)), min_size=4, max_size=24)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(steps=STEPS)
def test_every_unit_is_where_the_model_says(history: History, steps: list[tuple[int, int, int]]) -> None:
    history.restart()
    model = Model(history)
    model.donate(0, 5)
    for step in steps:
        if model.step(*step):
            check(model)
    check_totals(model)
