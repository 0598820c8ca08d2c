"""Deliveries, totals, records and volunteers, read from hand-made histories."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

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
    MinutesRedeemed,
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
from indexer.queries.organisations import organisation_totals
from indexer.queries.records import KEYS, RecordKey, RecordKind, find
from indexer.queries.volunteers import NOBODY, minutes_supply, volunteer_statement
from indexer.schema import EVENT_TABLES
from tests.model.history import History, account, id_of


@pytest.fixture
def history() -> Iterator[History]:
    history = History()
    yield history
    history.close()


def fill(history: History) -> None:
    history.donate("a", 0, 100)
    history.offer("list", {"v": 5, "w": 6, "x": 7, "y": 8, "z": 9})
    history.propose("draft", {"u": 50})
    history.refuse("v", 5)
    history.expire("w", 6)
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
    assert [item.state for item in items] == ["refused", "expired", "handed_over", "confirmed", "offered"]
    assert [item.state for item in draft] == [EntitlementState.LISTED]
    assert one == items[0] and one.refusal_reason == "moved" and one.unit == "EUR"
    assert one.organisation == history.charity and one.programme == history.programme


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
        (fund,) = organisation_totals(conn, history.charity).funds
        assert organisation_totals(conn, OrganisationId(id_of("other"))).funds == ()
    assert (fund.gifts_count, fund.inflow_minor, fund.handed_over_minor, fund.confirmed_minor) == (
        1,
        100,
        15,
        8,
    )
    assert (fund.refused_minor, fund.expired_minor, fund.reserved_minor, fund.waiting_minor) == (5, 6, 9, 76)
    assert fund.handed_over_count == 2 and fund.confirmed_count == 1


def test_totals_with_a_gap_in_the_line_are_named(history: History) -> None:
    history.donate("a", 10, 100)
    with history.connect() as conn, pytest.raises(InvariantBroken, match="I2"):
        organisation_totals(conn, history.charity)


def test_every_kind_of_record_names_columns_that_exist() -> None:
    assert KEYS.keys() == set(RecordKind)
    for kind, names in KEYS.items():
        assert set(names) <= set(EVENT_TABLES[kind].c.keys())


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
    licence = LicenceGranted(history.charity, account("admin"), "charity", 5, 2**64 - 1)
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
            ServiceConfirmed(ServiceId(id_of(name)), history.charity, ana, house, desk, minutes, 500)
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
    assert [(s.service_minutes, s.reserve) for s in ana.services] == [
        (90, Reserve.MINUTES),
        (30, Reserve.GOOD_COIN),
        (10, Reserve.NONE),
    ]
    assert (ben.balance_minutes, ben.services) == (20, ())
    assert (supply.issued_minutes, supply.redeemed_minutes, supply.supply_minutes) == (90, 30, 60)


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
