"""The invariants in SQL: true on what the contracts allow, and each named with its ids when it is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import pytest
from sqlalchemy import update

from contracts.abi import Address
from contracts.bindings.fund_ledger import DonationRecorded, FundOpened
from contracts.bindings.ids import DonationId, FundId, OrganisationId, ProgrammeId, RedemptionId, ServiceId
from contracts.bindings.time_bank import (
    MinutesDelivered,
    MinutesGiven,
    MinutesRedeemed,
    MinutesTakenBack,
    Reserve,
    ReserveChosen,
    ServiceConfirmed,
    Transfer,
)
from indexer.invariants import CHECKS, INVARIANTS, broken
from indexer.schema import donation_recorded
from indexer.writer import Position, undo
from tests.model.history import NONE, History, account, id_of
from tests.model.test_line_model import FUNDS, Model

OTHER = "second fund"
NOBODY = Address(bytes(20))
LEDGER = account("the fund ledger")


@pytest.fixture(scope="module")
def empty(module_mirror_url: str) -> Iterator[History]:
    history = History(FUNDS[1:], module_mirror_url)
    yield history
    history.close()


@pytest.fixture(scope="module")
def told(empty: History) -> Position:
    """A fund in which everything happened once: its inflow end is 155, its outflow end 85, nothing is reserved."""
    story(empty)
    return empty.position


@pytest.fixture
def history(empty: History, told: Position) -> History:
    """The story, and nothing that another test added to it."""
    with empty.engine.begin() as conn:
        undo(conn, told)
    empty.position = told
    return empty


def story(h: History) -> None:
    h.donate("A", 0, 100)
    h.donate("B", 100, 50)
    h.fee("fee", 0, 10)
    h.offer("list", {"e1": 20, "e2": 15, "e3": 5})
    h.hand_over("e1", 10, 20)
    h.confirm("e1")
    h.refuse("e3", 5)
    h.hand_over("e2", 30, 15)
    h.give_back("return", "e2", 150, 5, 30)
    h.refund("refund", "B", 45, 10, 140)
    h.send("transfer", 55, 20, OTHER)
    h.receive("transfer", 0, 20, OTHER)
    h.reassign("reassignment", "B", 75, 10, 130, OTHER, 20)
    h.dispute("e2")
    h.dismiss("e2")
    h.offer("ended", {"e4": 6, "e5": 4})
    h.refuse("e5", 4)
    h.expire_list("ended", 6)
    h.propose("never approved", {"e6": 9})
    h.cancel_list("never approved", 0)
    volunteer, heir = account("volunteer"), account("heir")
    serve(h, "service", 90)
    h.record(Transfer(volunteer, heir, 5), Transfer(heir, heir, 5), Transfer(heir, volunteer, 5))
    h.record(
        Transfer(volunteer, NOBODY, 30),
        MinutesRedeemed(RedemptionId(id_of("redemption")), h.charity, volunteer, 30),
    )
    h.open_fund("minutes", "MIN")
    gift = FundId(id_of("minutes")), DonationId(id_of("hour")), volunteer
    h.record(
        Transfer(volunteer, LEDGER, 60),
        MinutesGiven(gift[1], gift[0], volunteer, 60),
        DonationRecorded(*gift, 0, 60, 900, "service", "time-bank", 0, "", NONE),
    )
    h.record(Transfer(LEDGER, NOBODY, 60), MinutesDelivered(60))
    h.record(Transfer(NOBODY, LEDGER, 20), MinutesTakenBack(20))


def serve(
    h: History, name: str, minutes: int, credited: int | None = None, minted: int | None = None
) -> None:
    """A confirmed act, its minutes, and the tokens minted for them."""
    service, volunteer = ServiceId(id_of(name)), account("volunteer")
    credited = minutes if credited is None else credited
    who = volunteer, account("receiver"), account("coordinator")
    h.record(
        ServiceConfirmed(service, h.charity, *who, "driving", minutes, 900),
        Transfer(NOBODY, volunteer, credited if minted is None else minted),
        ReserveChosen(service, volunteer, Reserve.MINUTES, credited),
    )


def capped_fund(h: History, fee: int) -> None:
    """A fee after 1,000 were given and 500 of them paid back, where 7 percent are allowed."""
    fund, programme = FundId(id_of("capped")), ProgrammeId(NONE)
    h.record(FundOpened(fund, h.charity, programme, "EUR", "sadaqat", "", "", 0, 0, 0, 700))
    h.donate("C", 0, 1_000, "capped")
    h.fee("first fee", 0, 35, "capped")
    h.refund("half", "C", 35, 500, 500, "capped")
    h.fee("second fee", 535, fee, "capped")


def unequal_lists(h: History) -> None:
    h.propose("short", {"e7": 3})
    h.approve("short", 4)


Breaking = Callable[[History], object]


def then(*acts: Breaking) -> Breaking:
    def all_of_them(h: History) -> None:
        for act in acts:
            act(h)

    return all_of_them


BREAKINGS: list[tuple[str, str, str, Breaking]] = [
    ("I1", "more left a fund", "fund", lambda h: h.fee("big", 85, 71)),
    ("I1", "more left a fund", "fund", lambda h: h.offer("big", {"e7": 71})),
    ("I2", "inflows", "C", lambda h: h.donate("C", 156, 1)),
    ("I2", "inflows", "C", lambda h: h.donate("C", 154, 1)),
    ("I2", "inflows", "C", lambda h: h.donate("C", 155, 0)),
    ("I2", "inflows", "C", lambda h: h.donate("C", 0, 1, "a fund that nobody opened")),
    ("I2", "outflows", "gap", lambda h: h.fee("gap", 86, 1)),
    ("I2", "outflows", "twice", lambda h: h.fee("twice", 84, 1)),
    ("I3", "what was handed over", "stranger", lambda h: h.hand_over("stranger", 85, 5)),
    ("I3", "what was refused", "stranger", lambda h: h.refuse("stranger", 5)),
    ("I3", "handed over and refused", "e1", lambda h: h.refuse("e1", 20)),
    ("I3", "a list's total", "short", unequal_lists),
    (
        "I3",
        "an expired list freed",
        "open",
        then(lambda h: h.offer("open", {"e7": 3}), lambda h: h.expire_list("open", 2)),
    ),
    (
        "I3",
        "a cancelled list freed",
        "open",
        then(lambda h: h.offer("open", {"e7": 3}), lambda h: h.cancel_list("open", 4)),
    ),
    ("I3", "confirmed before it was handed over", "e3", lambda h: h.confirm("e3")),
    ("I3", "disputed before it was handed over", "e3", lambda h: h.dispute("e3")),
    ("I3", "upheld before there was one", "e1", lambda h: h.uphold("e1")),
    ("I3", "dismissed before there was one", "e1", lambda h: h.dismiss("e1")),
    ("I3", "upheld and dismissed", "e2", lambda h: h.uphold("e2")),
    ("I3", "confirmed after it was disputed", "e2", lambda h: h.confirm("e2")),
    (
        "I3",
        "not all of the delivery came back",
        "e1",
        then(lambda h: h.dispute("e1"), lambda h: h.uphold("e1")),
    ),
    ("I3", "the gift's last units", "again", lambda h: h.refund("again", "A", 85, 5, 90)),
    ("I3", "the gift's last units", "again", lambda h: h.refund("again", "B", 85, 5, 130)),
    ("I3", "the gift's last units", "again", lambda h: h.refund("again", "no gift", 85, 5, 130)),
    (
        "I3",
        "what arrived",
        "lost",
        then(lambda h: h.send("lost", 85, 9, OTHER), lambda h: h.receive("lost", 30, 8, OTHER)),
    ),
    (
        "I3",
        "what arrived",
        "lost",
        then(lambda h: h.send("lost", 85, 9, OTHER), lambda h: h.receive("lost", 155, 9, "fund")),
    ),
    ("I3", "what arrived", "never sent", lambda h: h.come_back("never sent", 155, 9)),
    ("I3", "received and came back", "transfer", lambda h: h.come_back("transfer", 155, 20)),
    ("I3", "a return does not continue", "again", lambda h: h.give_back("again", "e2", 155, 5, 30)),
    ("I3", "a return does not continue", "again", lambda h: h.give_back("again", "e3", 155, 5, 30)),
    ("I7", "more of a gift was refunded", "again", lambda h: h.refund("again", "A", 85, 20, 80)),
    ("I7", "more of a gift was refunded", "again", lambda h: h.refund("again", "B", 85, 31, 99)),
    ("I7", "more of a delivery came back", "again", lambda h: h.give_back("again", "e2", 155, 11, 35)),
    ("I7", "fees are above", "second fee", lambda h: capped_fund(h, 1)),
    ("I10", "not those minted", "", lambda h: serve(h, "more", 60, minted=61)),
    ("I10", "not those minted", "", lambda h: h.record(MinutesDelivered(1))),
    (
        "I10",
        "less than no minutes",
        "volunteer",
        lambda h: h.record(Transfer(account("volunteer"), LEDGER, 1)),
    ),
    ("I10", "what was credited", "more", lambda h: serve(h, "more", 60, credited=61)),
    (
        "I10",
        "what was credited",
        "unknown",
        lambda h: h.record(ReserveChosen(ServiceId(id_of("unknown")), account("x"), Reserve.GOOD_COIN, 1)),
    ),
    (
        "I10",
        "given minutes",
        "lost",
        lambda h: h.record(MinutesGiven(DonationId(id_of("lost")), h.fund, account("x"), 1)),
    ),
]


def test_everything_that_may_happen_breaks_nothing(history: History) -> None:
    with history.connect() as conn:
        assert [str(one) for one in broken(conn)] == []


@pytest.mark.parametrize(
    ("invariant", "what", "name", "act"),
    BREAKINGS,
    ids=[f"{n} {case[0]} {case[1]}" for n, case in enumerate(BREAKINGS)],
)
def test_what_breaks_an_invariant_is_named_with_its_ids(
    history: History, invariant: str, what: str, name: str, act: Breaking
) -> None:
    act(history)
    with history.connect() as conn:
        found = [one for one in broken(conn) if one.invariant == invariant and what in one.what]
    assert len(found) == 1, found
    if name:
        ids = {id_of(name), account(name)}
        assert ids & {bytes(v) for v in found[0].ids.values() if isinstance(v, bytes | memoryview)}
        assert any("0x" + id.hex() in str(found[0]) for id in ids)


def test_a_fee_within_the_cap_when_it_was_taken_stays_right(history: History) -> None:
    fund = FundId(id_of("capped"))
    terms = OrganisationId(id_of("charity")), ProgrammeId(NONE), "EUR", "sadaqat", "", "", 0, 0, 0, 700
    history.record(FundOpened(fund, *terms))
    history.donate("C", 0, 1_000, "capped")
    history.fee("first fee", 0, 70, "capped")
    history.refund("half", "C", 70, 500, 500, "capped")
    with history.connect() as conn:
        assert broken(conn) == []


def test_an_upheld_dispute_of_which_all_came_back_is_right(history: History) -> None:
    history.dispute("e1")
    history.uphold("e1", history.returned("all of it", "e1", 155, 20, 10))
    with history.connect() as conn:
        assert broken(conn) == []


def test_figures_beyond_63_bits_are_named_and_stop_nothing(history: History) -> None:
    history.donate("C", 155, 1)
    history.donate("D", 156, 1)
    with history.connect() as conn, conn.begin() as changes:
        at = donation_recorded.c.donation == id_of("C")
        conn.execute(update(donation_recorded).where(at).values(amount_minor=2**63 - 1))
        found = broken(conn)
        changes.rollback()
    assert {"I2"} <= {one.invariant for one in found} <= set(INVARIANTS)


def test_at_most_so_many_rows_are_shown_for_each_rule(history: History) -> None:
    for n in range(5):
        history.confirm(f"nobody {n}")
    with history.connect() as conn:
        assert len(broken(conn, most=3)) == 3


@pytest.mark.timeout(300)
def test_random_histories_of_the_model_break_nothing(empty: History) -> None:
    for seed in range(6 if empty.engine.dialect.name == "sqlite" else 2):
        empty.restart()
        chance, model = Random(seed), Model(empty)
        for fund in model.funds:
            model.donate(fund, 0, 9)
        for _ in range(120):
            model.step(chance.randrange(31), chance.randrange(18), chance.randint(1, 9))
        with empty.connect() as conn:
            assert [str(one) for one in broken(conn)] == []


def test_each_invariant_has_a_rule_and_each_rule_was_broken_above() -> None:
    assert {check.invariant for check in CHECKS} == set(INVARIANTS)
    unbroken = [
        check.what
        for check in CHECKS
        if not any(i == check.invariant and what in check.what for i, what, _, _ in BREAKINGS)
    ]
    # The mirror's unique index refuses a second credit before any query could find it.
    assert unbroken == ["a service was credited more than once"]
