"""The trace against a model that labels every single unit, through random histories (I1, I2, I3, I7).

The model knows nothing of intervals: a line is a list of units. A refund or reassignment of gift D exchanges, one
by one, the next unit on the line with the next of D's withdrawn units, which then leaves; a return or transfer
moves units to the end of a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.bindings.ids import DonationId, EntitlementId, FundId
from indexer.queries.donors import donors_of
from indexer.queries.line import fund_ends, fund_line
from indexer.queries.organisations import FundTotals, organisation_totals
from indexer.queries.trace import Segment, SegmentState, trace_donation
from tests.model.history import History, id_of
from tests.postgres import Cluster

Unit = tuple[str, int]
"""The gift's name, and the unit's place in the inflow line of the fund that it was given to."""

FUNDS = ("fund", "second fund", "third fund")


@dataclass
class Gift:
    name: str
    fund: Fund
    start: int
    amount: int
    withdrawn: int = 0


@dataclass
class Promise:
    name: str
    plist: PaymentList
    amount: int
    state: str = "offered"
    start: int = -1
    units: list[Unit] = field(default_factory=list)
    """What was handed over."""
    returned: int = 0


@dataclass
class PaymentList:
    name: str
    fund: Fund
    ended: str = ""


@dataclass
class Transfer:
    name: str
    source: Fund
    to: Fund
    units: list[Unit]


@dataclass
class Fund:
    name: str
    line: list[Unit] = field(default_factory=list)
    """Who came in at each place, and since a withdrawal exchanged them, who stands or left there."""
    outflow_end: int = 0
    fees: int = 0
    promises: list[Promise] = field(default_factory=list)

    @property
    def reserved(self) -> int:
        return sum(p.amount for p in self.promises if p.state == "offered")

    @property
    def free(self) -> int:
        return len(self.line) - self.outflow_end - self.reserved


@dataclass
class Model:
    """Three funds, unit by unit, written down in a history as they go."""

    history: History
    funds: list[Fund] = field(default_factory=lambda: [Fund(name) for name in FUNDS])
    at: dict[Unit, tuple[Fund, int]] = field(default_factory=dict)
    """Where each unit stands, or stood when it left."""
    left: dict[Unit, tuple[str, str]] = field(default_factory=dict)
    """How a unit left: in what (delivery, fee, refund, transfer), under which name."""
    gifts: list[Gift] = field(default_factory=list)
    on_their_way: list[Transfer] = field(default_factory=list)
    count: int = 0

    @property
    def promises(self) -> list[Promise]:
        return [promise for fund in self.funds for promise in fund.promises]

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{kind} {self.count}"

    def step(self, act: int, which: int, amount: int) -> None:
        """Does one act if the contract would allow it."""
        acts: tuple[Callable[[Fund, int, int], None], ...] = (
            self.donate, self.donate, self.donate, self.donate, self.fee, self.refund, self.refund, self.reassign,
            self.reassign, self.offer, self.offer, self.offer, self.hand_over, self.hand_over, self.hand_over,
            self.hand_over, self.confirm, self.confirm, self.refuse, self.end_list, self.give_back, self.give_back,
            self.give_back, self.send, self.receive, self.receive, self.come_back, self.dispute, self.dispute,
            self.decide, self.decide)  # fmt: skip
        acts[act % len(acts)](self.funds[which % len(FUNDS)], which // len(FUNDS), amount)

    def donate(self, fund: Fund, which: int, amount: int) -> None:
        gift = Gift(self.name("gift"), fund, len(fund.line), amount)
        self.gifts.append(gift)
        self.history.donate(gift.name, gift.start, amount, fund.name)
        self._arrive(fund, [(gift.name, place) for place in range(gift.start, gift.start + amount)])

    def fee(self, fund: Fund, which: int, amount: int) -> None:
        kept = sum(gift.amount - gift.withdrawn for gift in self.gifts if gift.fund is fund)
        amount = min(
            1 + amount % 3, fund.free, kept - fund.fees
        )  # the fund's cap is all of the gifts it kept
        if amount > 0:
            name = self.name("fee")
            fund.fees += amount
            self.history.fee(name, fund.outflow_end, amount, fund.name)
            self._leave(fund, amount, "fee", name)

    def refund(self, fund: Fund, which: int, amount: int) -> None:
        gift, amount = self._withdrawable(fund, which, amount)
        if gift is None:
            return
        name, first = self.name("refund"), gift.start + gift.amount - gift.withdrawn - amount
        self.history.refund(name, gift.name, fund.outflow_end, amount, first, fund.name)
        for unit in self._withdraw(gift, first, amount):
            self.left[unit] = "refund", name

    def reassign(self, fund: Fund, which: int, amount: int) -> None:
        gift, amount = self._withdrawable(fund, which, amount)
        if gift is None:
            return
        name, first = self.name("reassignment"), gift.start + gift.amount - gift.withdrawn - amount
        to = self._other(fund, which)
        start, starts_at = fund.outflow_end, len(to.line)
        self.history.reassign(name, gift.name, start, amount, first, to.name, starts_at, fund.name)
        self._arrive(to, self._withdraw(gift, first, amount))

    def send(self, fund: Fund, which: int, amount: int) -> None:
        amount = min(amount, fund.free)
        if amount:
            name, to = self.name("transfer"), self._other(fund, which)
            self.history.send(name, fund.outflow_end, amount, to.name, fund.name)
            units = self._leave(fund, amount, "transfer", name)
            self.on_their_way.append(Transfer(name, fund, to, units))

    def receive(self, fund: Fund, which: int, amount: int) -> None:
        if self.on_their_way:
            transfer = self.on_their_way.pop(which % len(self.on_their_way))
            to = transfer.to
            self.history.receive(transfer.name, len(to.line), len(transfer.units), to.name)
            self._arrive(to, transfer.units)

    def come_back(self, fund: Fund, which: int, amount: int) -> None:
        if self.on_their_way:
            transfer = self.on_their_way.pop(which % len(self.on_their_way))
            source = transfer.source
            self.history.come_back(transfer.name, len(source.line), len(transfer.units), source.name)
            self._arrive(source, transfer.units)

    def offer(self, fund: Fund, which: int, amount: int) -> None:
        amounts = [1 + (which + i) % 3 for i in range(1 + amount % 3)]
        if sum(amounts) > fund.free:
            return
        plist = PaymentList(self.name("list"), fund)
        promises = [Promise(self.name("entitlement"), plist, amount) for amount in amounts]
        fund.promises += promises
        self.history.offer(plist.name, {p.name: p.amount for p in promises}, fund.name)

    def hand_over(self, fund: Fund, which: int, amount: int) -> None:
        promise = self._pick(fund, which, "offered")
        if promise is not None:
            promise.state, promise.start = "handed_over", fund.outflow_end
            self.history.hand_over(promise.name, fund.outflow_end, promise.amount, fund.name)
            promise.units = self._leave(fund, promise.amount, "delivery", promise.name)

    def confirm(self, fund: Fund, which: int, amount: int) -> None:
        promise = self._pick(fund, which, "handed_over")
        if promise is not None:
            promise.state = "confirmed"
            self.history.confirm(promise.name)

    def refuse(self, fund: Fund, which: int, amount: int) -> None:
        promise = self._pick(fund, which, "offered")
        if promise is not None:
            promise.state = "refused"
            self.history.refuse(promise.name, promise.amount, fund.name)

    def end_list(self, fund: Fund, which: int, amount: int) -> None:
        lists = {p.plist.name: p.plist for p in fund.promises if not p.plist.ended}
        if not lists:
            return
        plist = list(lists.values())[which % len(lists)]
        plist.ended = "expired" if amount % 2 else "cancelled"
        freed = [p for p in fund.promises if p.plist is plist and p.state == "offered"]
        for promise in freed:
            promise.state = plist.ended
        end = self.history.expire_list if amount % 2 else self.history.cancel_list
        end(plist.name, sum(p.amount for p in freed), fund.name)

    def give_back(self, fund: Fund, which: int, amount: int) -> None:
        promise = self._pick(fund, which, "handed_over", "confirmed", "disputed", "dismissed")
        if promise is None or promise.returned == promise.amount:
            return
        amount = min(amount % 3 + 1, promise.amount - promise.returned)
        continues_from = promise.start + promise.returned
        name = self.name("return")
        self.history.give_back(name, promise.name, len(fund.line), amount, continues_from, fund.name)
        self._return(promise, amount)

    def dispute(self, fund: Fund, which: int, amount: int) -> None:
        promise = self._pick(fund, which, "handed_over", "confirmed")
        if promise is not None:
            promise.state = "disputed"
            self.history.dispute(promise.name)

    def decide(self, fund: Fund, which: int, amount: int) -> None:
        promise = self._pick(fund, which, "disputed")
        if promise is None:
            return
        if amount % 2:
            promise.state = "dismissed"
            self.history.dismiss(promise.name)
            return
        promise.state = "upheld"
        rest, continues_from = promise.amount - promise.returned, promise.start + promise.returned
        if rest:
            where = len(fund.line), rest, continues_from, fund.name
            self.history.uphold(
                promise.name, self.history.returned(self.name("return"), promise.name, *where)
            )
            self._return(promise, rest)
        else:
            self.history.uphold(promise.name)

    def _pick(self, fund: Fund, which: int, *states: str) -> Promise | None:
        found = [promise for promise in fund.promises if promise.state in states]
        return found[which % len(found)] if found else None

    def _other(self, fund: Fund, which: int) -> Fund:
        others = [other for other in self.funds if other is not fund]
        return others[which % len(others)]

    def _withdrawable(self, fund: Fund, which: int, amount: int) -> tuple[Gift | None, int]:
        gifts = [gift for gift in self.gifts if gift.fund is fund]
        if not gifts:
            return None, 0
        gift = gifts[which % len(gifts)]
        end = gift.start + gift.amount - gift.withdrawn
        undelivered = max(0, end - max(gift.start, fund.outflow_end))  # the contract's rule
        amount = min(amount, undelivered, fund.free)
        return (gift, amount) if amount else (None, 0)

    def _withdraw(self, gift: Gift, first: int, amount: int) -> list[Unit]:
        """The gift's own units at [first, first + amount), which leave."""
        fund = gift.fund
        gift.withdrawn += amount
        withdrawn = []
        for place in range(first, first + amount):
            here = fund.outflow_end
            fund.line[here], fund.line[place] = fund.line[place], fund.line[here]
            self.at[fund.line[place]] = fund, place
            assert fund.line[here] == (gift.name, place), "a withdrawal takes the gift's own units"
            withdrawn.append(fund.line[here])
            fund.outflow_end += 1
        return withdrawn

    def _leave(self, fund: Fund, amount: int, kind: str, name: str) -> list[Unit]:
        units = fund.line[fund.outflow_end : fund.outflow_end + amount]
        for unit in units:
            assert unit not in self.left
            self.left[unit] = kind, name
        fund.outflow_end += amount
        return units

    def _arrive(self, fund: Fund, units: list[Unit]) -> None:
        for unit in units:
            self.left.pop(unit, None)
            self.at[unit] = fund, len(fund.line)
            fund.line.append(unit)

    def _return(self, promise: Promise, amount: int) -> None:
        units = promise.units[promise.returned : promise.returned + amount]
        promise.returned += amount
        self._arrive(promise.plist.fund, units)

    def expected(self) -> dict[Unit, tuple[SegmentState, bytes | None, bytes | None, int | None]]:
        """Unit -> its state, the id of what it left in, and its fund and place (None when it was refunded)."""
        states = {
            promise.name: SegmentState.__members__.get(promise.state.upper()) for promise in self.promises
        }
        result: dict[Unit, tuple[SegmentState, bytes | None, bytes | None, int | None]] = {}
        for unit, (fund, place) in self.at.items():
            kind, name = self.left.get(unit, ("", ""))
            where = id_of(fund.name), place
            if kind == "refund":
                result[unit] = SegmentState.REFUNDED, id_of(name), None, None
            elif kind == "fee":
                result[unit] = SegmentState.FEE, id_of(name), *where
            elif kind == "transfer":
                result[unit] = SegmentState.IN_TRANSIT, id_of(name), *where
            elif kind == "delivery":
                state = states[name]
                assert state is not None, "upheld deliveries came back"
                result[unit] = state, id_of(name), *where
            else:
                promised = place < fund.outflow_end + fund.reserved
                result[unit] = SegmentState.RESERVED if promised else SegmentState.WAITING, None, *where
        return result


def units(name: str, segments: tuple[Segment, ...]) -> Iterator[tuple[Unit, object]]:
    """A trace, unit by unit, as the model says it."""
    for s in segments:
        id = s.delivery.entitlement if s.delivery else s.fee or s.refund or s.transfer
        for i in range(s.amount_minor):
            where = (None, None) if s.state is SegmentState.REFUNDED else (s.fund, s.place + i)
            yield (name, s.start + i), (s.state, id, *where)


def check_trace(model: Model) -> None:
    with model.history.connect() as conn:
        traced: dict[Unit, object] = {}
        for gift in model.gifts:
            trace = trace_donation(conn, DonationId(id_of(gift.name)))
            assert sum(trace.amount_in(state) for state in SegmentState) == gift.amount
            traced |= dict(units(gift.name, trace.segments))
    assert traced == model.expected()


def check_donors(model: Model) -> None:
    with model.history.connect() as conn:
        for promise in model.promises:
            if promise.start < 0:
                continue
            shares = donors_of(conn, EntitlementId(id_of(promise.name))).shares
            given = [(s.donation, s.start + i) for s in shares for i in range(s.amount_minor)]
            assert given == [(id_of(name), place) for name, place in promise.units]
            fund_of = {id_of(gift.name): id_of(gift.fund.name) for gift in model.gifts}
            assert all(share.fund == fund_of[share.donation] for share in shares)


def check_lines(model: Model) -> None:
    """Ends, both sides of each line, and the organisation's totals are the sums over the labels."""
    with model.history.connect() as conn:
        totals = {t.fund: t for t in organisation_totals(conn, model.history.charity).funds}
        for fund in model.funds:
            id = FundId(id_of(fund.name))
            ends, line = fund_ends(conn, id), fund_line(conn, id, 0, 1_000)
            assert (ends.inflow_end, ends.outflow_end, ends.reserved) == (
                len(fund.line), fund.outflow_end, fund.reserved)  # fmt: skip
            for side, end in ((line.inflows, len(fund.line)), (line.outflows, fund.outflow_end)):
                assert sum(flow.end - flow.start for flow in side) == end
            check_totals(model, fund, totals[id])


def check_totals(model: Model, fund: Fund, totals: FundTotals) -> None:
    here = [state for state, _, where, _ in model.expected().values() if where == id_of(fund.name)]
    in_state = {state: here.count(state) for state in SegmentState}
    gifts = [gift for gift in model.gifts if gift.fund is fund]
    assert (totals.gifts_count, totals.gifts_minor) == (len(gifts), sum(gift.amount for gift in gifts))
    assert totals.inflow_minor == len(fund.line)
    assert totals.unconfirmed_minor == in_state[SegmentState.HANDED_OVER]
    assert totals.confirmed_minor == in_state[SegmentState.CONFIRMED]
    assert totals.disputed_minor == in_state[SegmentState.DISPUTED]
    assert totals.dismissed_minor == in_state[SegmentState.DISMISSED]
    assert totals.fees_minor == in_state[SegmentState.FEE]
    assert (totals.reserved_minor, totals.waiting_minor) == (fund.reserved, fund.free)
    assert totals.refunds_minor + totals.reassigned_out_minor == sum(gift.withdrawn for gift in gifts)
    assert totals.returned_minor == sum(promise.returned for promise in fund.promises)
    for state in ("refused", "expired", "cancelled"):
        ended = [p.amount for p in fund.promises if p.state == state]
        assert getattr(totals, f"{state}_count") == len(ended)
        assert getattr(totals, f"{state}_minor") == sum(ended)
    for state in ("confirmed", "disputed", "dismissed", "upheld"):
        assert getattr(totals, f"{state}_count") == [p.state for p in fund.promises].count(state)


@pytest.fixture(scope="module")
def history() -> Iterator[History]:
    history = History(FUNDS[1:])
    yield history
    history.close()


@pytest.fixture(scope="module")
def server_history(postgres: Cluster, postgres_template: str) -> Iterator[History]:
    history = History(FUNDS[1:], postgres.database(postgres_template))
    yield history
    history.close()


_SETTINGS = settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
_CHANCE, _LENGTH = st.randoms(use_true_random=True), st.integers(10, 120)


@pytest.mark.timeout(600)
@_SETTINGS
@given(chance=_CHANCE, length=_LENGTH)
def test_every_unit_is_where_the_model_says(history: History, chance: Random, length: int) -> None:
    _check(history, chance, length)


@pytest.mark.timeout(600)
@settings(_SETTINGS, max_examples=20)  # each of a history's blocks is a transaction on a server here
@given(chance=_CHANCE, length=_LENGTH)
def test_every_unit_is_there_on_postgresql_too(server_history: History, chance: Random, length: int) -> None:
    _check(server_history, chance, length)


def _check(history: History, chance: Random, length: int) -> None:
    history.restart()
    model = Model(history)
    for fund in model.funds:
        model.donate(fund, 0, 9)
    for _ in range(length):
        model.step(chance.randrange(31), chance.randrange(18), chance.randint(1, 9))
    check_trace(model)
    check_donors(model)
    check_lines(model)
