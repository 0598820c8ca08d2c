"""Deliveries, totals, records and volunteers, read from hand-made histories."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.bindings.delivery_ledger import AcceptanceMethod
from contracts.bindings.ids import (
    DonationId,
    EntitlementId,
    OrganisationId,
    PaymentListId,
    RedemptionId,
    ServiceId,
)
from contracts.bindings.licence_registry import LicenceGranted, OperatorAppointed
from contracts.bindings.time_bank import (
    MinutesDelivered,
    MinutesRedeemed,
    MinutesTakenBack,
    Reserve,
    ReserveChosen,
    ServiceConfirmed,
    Transfer,
)
from indexer.errors import InvariantBroken, UnknownRecord
from indexer.queries.deliveries import (
    EntitlementState,
    entitlement,
    household_statement,
    list_entitlements,
    unconfirmed_deliveries,
)
from indexer.queries.income import IncomeRow, income
from indexer.queries.lists import payment_list, payment_lists
from indexer.queries.organisations import organisation_totals
from indexer.queries.records import KEYS, RecordKey, RecordKind, find
from indexer.queries.volunteers import NOBODY, minutes_supply, volunteer_statement
from indexer.schema import EVENT_TABLES
from tests.model.history import History, account, id_of


@pytest.fixture(scope="module")
def mirror(module_mirror_url: str) -> Iterator[History]:
    history = History(("other",), module_mirror_url)
    yield history
    history.close()


@pytest.fixture
def history(mirror: History) -> History:
    """Empty but for the two funds."""
    mirror.restart()
    return mirror


def fill(history: History) -> None:
    history.donate("a", 0, 100)
    history.offer("list", {"v": 5, "x": 7, "y": 8, "z": 9})
    history.propose("draft", {"u": 50})
    history.refuse("v", 5)
    history.offer("old", {"w": 6}, expires=1_010)
    history.expire_list("old", 6)
    history.hand_over("x", 0, 7)
    history.hand_over("y", 7, 8)
    history.confirm("y")


def test_a_list_shows_each_entitlement_where_it_stands(history: History) -> None:
    fill(history)
    with history.connect() as conn:
        items = list_entitlements(conn, PaymentListId(id_of("list"))).items
        draft = list_entitlements(conn, PaymentListId(id_of("draft"))).items
        with pytest.raises(UnknownRecord):
            list_entitlements(conn, PaymentListId(id_of("nothing")))
        one = entitlement(conn, EntitlementId(id_of("v")))
        (old,) = list_entitlements(conn, PaymentListId(id_of("old"))).items
    assert [item.state for item in items] == ["refused", "handed_over", "confirmed", "offered"]
    assert old.state == "expired" and old.expired_at_unix_s == 1_010
    assert [item.state for item in draft] == [EntitlementState.LISTED]
    assert one == items[0] and one.refusal_reason == "moved" and one.unit == "EUR"
    assert one.organisation == history.charity and one.programme == history.programme
    assert (one.provider, one.place, one.season) == (history.provider, "ir-23", "1405-winter")
    assert items[2].method is AcceptanceMethod.HOUSEHOLD_KEY and items[1].method is None


def state_of(history: History, name: str) -> str:
    with history.connect() as conn:
        return entitlement(conn, EntitlementId(id_of(name))).state


def test_an_offer_expires_with_the_time_of_its_list_and_is_cancelled_with_it(history: History) -> None:
    history.donate("a", 0, 100)
    history.offer("short", {"s": 1, "t": 2, "u": 3}, expires=1_070)  # the block after the next two
    history.hand_over("s", 0, 1)
    history.refuse("t", 2)
    assert [state_of(history, name) for name in "stu"] == ["handed_over", "refused", "offered"]
    history.confirm("s")
    assert [state_of(history, name) for name in "stu"] == ["confirmed", "refused", "expired"]
    history.offer("long", {"v": 1, "w": 1})
    history.hand_over("v", 1, 1)
    history.cancel_list("long", 1)
    assert [state_of(history, name) for name in "vw"] == ["handed_over", "cancelled"]
    history.propose("never approved", {"x": 1})
    assert state_of(history, "x") == "listed"
    history.cancel_list("never approved", 0)
    assert state_of(history, "x") == "cancelled"


def test_a_disputed_delivery_shows_what_was_said_and_what_came_back(history: History) -> None:
    history.donate("a", 0, 100)
    history.offer("list", {"x": 5, "y": 6, "z": 7})
    history.hand_over("x", 0, 5)
    history.hand_over("y", 5, 6)
    history.hand_over("z", 11, 7)
    history.confirm("x", AcceptanceMethod.CARD)
    history.confirm("y", AcceptanceMethod.WITNESSES)
    history.dispute("x")
    history.dispute("y")
    history.dismiss("x")
    history.uphold("y", history.returned("back", "y", 100, 6, 5))
    history.give_back("whole", "z", 106, 7, 11)
    with history.connect() as conn:
        x, y, z = list_entitlements(conn, PaymentListId(id_of("list"))).items
        assert unconfirmed_deliveries(conn, history.charity).items == ()
    assert (x.state, x.method, x.returned_minor) == ("dismissed", AcceptanceMethod.CARD, 0)
    assert (y.state, y.method, y.returned_minor) == ("upheld", AcceptanceMethod.WITNESSES, 6)
    assert (x.dispute_reason, x.dismissed_at_unix_s, y.dismissed_at_unix_s) == ("short", 1_120, None)
    assert (z.state, z.method, z.returned_minor) == ("returned", None, 7)


def test_a_payment_list_shows_maker_checkers_and_its_end(history: History) -> None:
    history.donate("a", 0, 100)
    history.propose("small", {"x": 5})
    history.approve("small", 5)
    history.propose("large", {"y": 50, "z": 10})
    history.check_first("large")
    with history.connect() as conn:
        assert payment_list(conn, PaymentListId(id_of("large"))).state == "checked"
        with pytest.raises(UnknownRecord):
            payment_list(conn, PaymentListId(id_of("nothing")))
    history.approve("large", 60)
    history.cancel_list("large", 60)
    with history.connect() as conn:
        large, small = payment_lists(conn, history.charity).items
        assert payment_lists(conn, history.charity, limit=1, skip=1).items == (small,)
    checkers = account("first checker"), account("checker")
    assert (large.maker, large.checker, large.second_checker) == (account("maker"), *checkers)
    assert (small.checker, small.second_checker, small.state) == (account("checker"), None, "approved")
    assert (large.state, large.cancel_reason, large.freed_minor) == ("cancelled", "mistake", 60)
    assert (large.count, large.listed_count, large.total_minor) == (2, 2, 60)
    assert (large.provider, large.place, large.season) == (history.provider, "ir-23", "1405-winter")


def test_income_by_head_form_and_channel_comes_out_of_the_gifts(history: History) -> None:
    history.donate("a", 0, 100)
    history.donate("b", 100, 50, channel="ussd")
    history.donate("c", 150, 7, channel="ussd", settled_at_unix_s=899)
    history.donate("late", 157, 3, settled_at_unix_s=2_000)
    history.donate("never", 160, 4, settled_at_unix_s=2**64 - 1)
    wheat = {"form": "goods", "channel": "depot", "value_currency": "IRR"}
    zakat = history.open_fund("zakat", unit="KG", head="zakat")
    history.donate("g", 0, 20, "zakat", value_minor=900, **wheat)
    history.donate("h", 20, 30, "zakat", value_minor=2_000, **wheat)
    history.refund("r", "a", 0, 10, 90)
    with history.connect() as conn:
        found = income(conn, history.charity, 900, 2_000)
        assert income(conn, OrganisationId(id_of("other")), 0, 2**63).rows == ()
        whole = income(conn, history.charity, 0, 2**64)
    assert zakat and [tuple(getattr(row, name) for name in IncomeRow.__slots__) for row in found.rows] == [
        ("sadaqat", "cash", "bank", "EUR", "EUR", 1, 100, 100),
        ("sadaqat", "cash", "ussd", "EUR", "EUR", 1, 50, 50),
        ("zakat", "goods", "depot", "KG", "IRR", 2, 50, 2_900),
    ]
    assert sum(row.gifts_count for row in whole.rows) == 6


def test_shares_of_income_are_sums_of_its_rows(history: History) -> None:
    """E02: electronic cash of all cash. E09: obligatory zakat of all zakat, without fitriya and kaffara."""
    for head in ("zakat", "zakat-fitr", "kaffara", "zakat-other"):
        history.open_fund(head, unit="EUR", head=head)
    history.donate("a", 0, 30, "zakat", channel="card-reader")
    history.donate("b", 0, 900, "zakat-fitr", channel="ussd")
    history.donate("c", 0, 800, "kaffara", channel="box")
    history.donate("d", 0, 70, "zakat-other", channel="box")
    with history.connect() as conn:
        rows = income(conn, history.charity, 0, 2**63).rows
    zakat = {row.head: row.value_minor for row in rows if row.head in ("zakat", "zakat-other")}
    assert zakat["zakat"] / sum(zakat.values()) == 0.3
    cash = [row for row in rows if row.form == "cash"]
    electronic = sum(row.value_minor for row in cash if row.channel in ("card-reader", "ussd"))
    assert (electronic, sum(row.value_minor for row in cash)) == (930, 1800)


def test_only_what_no_family_confirmed_is_unconfirmed(history: History) -> None:
    fill(history)
    with history.connect() as conn:
        found = unconfirmed_deliveries(conn, history.charity).items
        assert [item.id for item in found] == [id_of("x")]
        assert unconfirmed_deliveries(conn, history.charity, limit=10, skip=1).items == ()
        assert unconfirmed_deliveries(conn, OrganisationId(id_of("other"))).items == ()


def test_a_household_sees_what_was_offered_to_it(history: History) -> None:
    fill(history)
    with history.connect() as conn:
        assert [item.state for item in household_statement(conn, account("y")).items] == ["confirmed"]
        assert household_statement(conn, account("u")).items == ()


def test_totals_of_an_organisation_add_up(history: History) -> None:
    fill(history)
    with history.connect() as conn:
        fund, other = organisation_totals(conn, history.charity).funds
        assert other.inflow_minor == 0
        assert organisation_totals(conn, OrganisationId(id_of("other"))).funds == ()
    assert (fund.gifts_count, fund.inflow_minor, fund.handed_over_minor, fund.confirmed_minor) == (
        1,
        100,
        15,
        8,
    )
    assert (fund.refused_minor, fund.expired_minor, fund.reserved_minor, fund.waiting_minor) == (5, 6, 9, 76)
    assert fund.handed_over_count == 2 and fund.confirmed_count == 1 and fund.expired_count == 1


def test_totals_count_every_way_in_and_out(history: History) -> None:
    fill(history)
    history.send("t", 15, 10, "other")
    history.receive("t", 0, 10, "other")
    history.send("back", 0, 4, "fund", "other")
    history.come_back("back", 10, 4, "other")
    history.reassign("s", "a", 25, 5, 95, "other", 14)
    history.give_back("r", "y", 100, 3, 7)
    history.refund("f", "a", 30, 2, 93)
    with history.connect() as conn:
        fund, other = organisation_totals(conn, history.charity).funds
    assert (fund.gifts_minor, fund.returned_minor, fund.inflow_minor) == (100, 3, 103)
    assert (fund.sent_minor, fund.reassigned_out_minor, fund.refunds_minor) == (10, 5, 2)
    assert (fund.handed_over_minor, fund.confirmed_minor, fund.unconfirmed_minor) == (15, 5, 7)
    assert (fund.reserved_minor, fund.waiting_minor) == (9, 103 - 15 - 17 - 9)
    assert (other.received_minor, other.came_back_minor, other.reassigned_in_minor) == (10, 4, 5)
    assert (other.inflow_minor, other.sent_count, other.waiting_minor) == (19, 1, 15)


def test_totals_with_a_gap_in_the_line_are_named(history: History) -> None:
    history.donate("a", 10, 100)
    with history.connect() as conn, pytest.raises(InvariantBroken, match="I2"):
        organisation_totals(conn, history.charity)


def test_every_kind_of_record_names_columns_that_exist() -> None:
    assert KEYS.keys() == set(RecordKind)
    for kind, names in KEYS.items():
        table = EVENT_TABLES[kind]
        assert set(names) <= set(table.c.keys())
        assert any(next(iter(index.columns)).name == names[0] for index in table.indexes), kind


def test_thousands_of_records_are_found_at_once(history: History) -> None:
    fill(history)
    known = [
        RecordKey(RecordKind.DONATION, (id_of("a"),)),
        RecordKey(RecordKind.LIST_APPROVED, (id_of("list"),)),
        RecordKey(RecordKind.CONFIRMED, (id_of("y"),)),
    ]
    unknown = [RecordKey(RecordKind.DONATION, (id_of(str(n)),)) for n in range(12_000)]
    unknown += [
        RecordKey(RecordKind.LIST_APPROVED, (id_of("draft"),)),
        RecordKey(RecordKind.CONFIRMED, (id_of("x"),)),
    ]
    with history.connect() as conn:
        found = find(conn, [*unknown, *known])
    assert set(found.block_numbers) == set(known)
    assert found.block_numbers[known[0]] == 2


def test_an_act_without_an_id_is_found_by_all_it_says_at_its_last_block(history: History) -> None:
    operator = account("operator")
    again = OperatorAppointed(history.charity, operator, 4, 2**64 - 1)
    history.record(again)
    history.record(OperatorAppointed(history.charity, operator, 0, 0))
    history.record(again)
    nobody = OrganisationId(bytes(32))
    licence = LicenceGranted(history.charity, account("admin"), nobody, "charity", "", 63, 5, 2**64 - 1)
    history.record(licence)
    keys = [
        RecordKey(RecordKind.OPERATOR, tuple(again)),
        RecordKey(RecordKind.OPERATOR, (history.charity, operator, 8, 2**64 - 1)),
        RecordKey(RecordKind.LICENCE, tuple(licence)),
    ]
    with history.connect() as conn:
        assert find(conn, keys).block_numbers == {keys[0]: 4, keys[2]: 5}


def volunteer(history: History) -> None:
    ana, house, desk = account("ana"), account("house"), account("desk")
    for name, minutes in (("s1", 90), ("s2", 30), ("s3", 10)):
        history.record(
            ServiceConfirmed(ServiceId(id_of(name)), history.charity, ana, house, desk, "care", minutes, 500)
        )
    history.record(Transfer(NOBODY, ana, 90), ReserveChosen(ServiceId(id_of("s1")), ana, Reserve.MINUTES, 90))
    history.record(ReserveChosen(ServiceId(id_of("s2")), ana, Reserve.GOOD_COIN, 1))
    history.record(Transfer(ana, account("ben"), 20))
    history.record(
        Transfer(ana, NOBODY, 30), MinutesRedeemed(RedemptionId(id_of("r")), history.charity, ana, 30)
    )


def test_a_volunteers_statement(history: History) -> None:
    volunteer(history)
    with history.connect() as conn:
        ana = volunteer_statement(conn, account("ana"))
        ben = volunteer_statement(conn, account("ben"))
        supply = minutes_supply(conn)
    assert (ana.balance_minutes, ana.redeemed_minutes, ana.good_coins) == (40, 30, 1)
    assert [(s.service_minutes, s.reserve, s.kind) for s in ana.services] == [
        (90, Reserve.MINUTES, "care"),
        (30, Reserve.GOOD_COIN, "care"),
        (10, Reserve.NONE, "care"),
    ]
    assert (ben.balance_minutes, ben.services) == (20, ())
    assert (supply.issued_minutes, supply.redeemed_minutes, supply.supply_minutes) == (90, 30, 60)
    ledger = account("ledger")
    history.record(Transfer(account("ben"), ledger, 20))
    history.record(Transfer(ledger, NOBODY, 20), MinutesDelivered(20))
    history.record(Transfer(NOBODY, ledger, 5), MinutesTakenBack(5))
    with history.connect() as conn:
        supply = minutes_supply(conn)
    assert (supply.issued_minutes, supply.redeemed_minutes, supply.supply_minutes) == (90, 45, 45)


def test_minutes_from_nowhere_are_named(history: History) -> None:
    history.record(Transfer(NOBODY, account("ana"), 5))
    with history.connect() as conn, pytest.raises(InvariantBroken, match="I10"):
        minutes_supply(conn)
    history.record(Transfer(account("ana"), account("ben"), 6))
    with history.connect() as conn, pytest.raises(InvariantBroken, match="I10"):
        volunteer_statement(conn, account("ana"))


def test_a_donation_is_not_a_fee(history: History) -> None:
    donation = history.donate("a", 0, 1)
    with history.connect() as conn:
        assert find(conn, [RecordKey(RecordKind.FEE, (DonationId(donation),))]).block_numbers == {}
