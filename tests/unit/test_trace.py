"""The way of a gift through hand-made histories, unit by unit (I3)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.bindings.ids import DonationId, EntitlementId, FundId
from indexer.errors import InvariantBroken, UnknownRecord
from indexer.queries.donors import donors_of
from indexer.queries.gifts import gifts_owned
from indexer.queries.line import InflowKind, fund_ends, fund_line
from indexer.queries.lineage import OutflowKind
from indexer.queries.trace import Segment, SegmentState, Trace, deliveries, trace_donation
from tests.model.history import History, account, id_of

WAITING, RESERVED, IN_TRANSIT, HANDED_OVER, CONFIRMED, DISPUTED, DISMISSED, FEE, REFUNDED = SegmentState


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


def trace(history: History, name: str) -> Trace:
    with history.connect() as conn:
        return trace_donation(conn, DonationId(id_of(name)))


def places(history: History, name: str) -> list[tuple[bytes, int]]:
    return [(s.fund, s.place) for s in trace(history, name).segments]


def states(history: History, name: str) -> list[tuple[SegmentState, int, int]]:
    return [(s.state, s.start, s.amount_minor) for s in trace(history, name).segments]


def donors(history: History, entitlement: str) -> list[tuple[bytes, int, int]]:
    with history.connect() as conn:
        shares = donors_of(conn, EntitlementId(id_of(entitlement))).shares
    return [(share.donation, share.start, share.amount_minor) for share in shares]


def test_a_gift_waits_whole(history: History) -> None:
    history.donate("a", 0, 100)
    assert states(history, "a") == [(WAITING, 0, 100)]
    assert trace(history, "a").amount_in(WAITING) == 100


def test_each_state_in_the_order_of_the_units(history: History) -> None:
    history.donate("a", 0, 100)
    fee = history.fee("fee", 0, 5)
    plist = history.offer("list", {"x": 20, "y": 30, "z": 10})
    delivered = history.hand_over("x", 5, 20)
    history.confirm("x")
    history.hand_over("y", 25, 30)
    found = trace(history, "a")
    assert [(s.state, s.start, s.amount_minor) for s in found.segments] == [
        (FEE, 0, 5),
        (CONFIRMED, 5, 20),
        (HANDED_OVER, 25, 30),
        (RESERVED, 55, 10),
        (WAITING, 65, 35),
    ]
    first, second, third, *standing = found.segments
    assert first.fee == fee and first.at_unix_s == 1_030
    assert second.delivery is not None
    assert (second.delivery.entitlement, second.delivery.list) == (delivered, plist)
    assert second.delivery.programme == history.programme
    assert (second.delivery.handed_over_at_unix_s, second.delivery.confirmed_at_unix_s) == (1_060, 1_070)
    assert second.at_unix_s == 1_070
    assert second.delivery.organisation == history.charity and second.delivery.state == "confirmed"
    assert third.delivery is not None and third.delivery.confirmed_at_unix_s is None
    assert third.delivery.state == "handed_over" and third.at_unix_s == 1_080
    assert all((s.delivery, s.fee, s.refund, s.at_unix_s) == (None,) * 4 for s in standing)
    assert found.as_of.number == history.position.number and found.as_of.timestamp_unix_s == 1_080
    assert found.funds == () and all(s.fund == history.fund for s in found.segments)
    assert found.gift.donor == account("donor of a") and found.fund.unit == "EUR"


def test_a_delivery_across_two_gifts_is_cut_at_their_border(history: History) -> None:
    history.donate("a", 0, 10)
    history.donate("b", 10, 10)
    history.offer("list", {"x": 14})
    history.hand_over("x", 0, 14)
    assert states(history, "a") == [(HANDED_OVER, 0, 10)]
    assert states(history, "b") == [(HANDED_OVER, 10, 4), (WAITING, 14, 6)]
    assert donors(history, "x") == [(id_of("a"), 0, 10), (id_of("b"), 10, 4)]


def test_what_a_refund_of_another_gift_took_continues_at_that_gifts_refunded_units(history: History) -> None:
    history.donate("a", 0, 10)
    history.donate("b", 10, 10)
    refund = history.refund("r", "b", 0, 4, 16)  # takes units 0 to 4 of a, which continue at 16 to 20
    assert states(history, "a") == [(WAITING, 0, 4), (WAITING, 4, 6)]
    assert [s.place for s in trace(history, "a").segments] == [16, 4]
    assert states(history, "b") == [(WAITING, 10, 6), (REFUNDED, 16, 4)]
    assert trace(history, "b").segments[1].refund == refund
    history.offer("list", {"x": 14, "y": 2})
    history.hand_over("x", 4, 14)
    assert states(history, "a") == [(HANDED_OVER, 0, 2), (RESERVED, 2, 2), (HANDED_OVER, 4, 6)]
    assert states(history, "b") == [(HANDED_OVER, 10, 6), (REFUNDED, 16, 4)]
    assert donors(history, "x") == [(id_of("a"), 4, 6), (id_of("b"), 10, 6), (id_of("a"), 0, 2)]


def test_units_moved_twice_keep_their_giver(history: History) -> None:
    history.donate("a", 0, 4)
    history.donate("b", 4, 4)
    history.donate("c", 8, 4)
    history.refund("r1", "b", 0, 2, 6)  # units 0, 1 of a continue at 6, 7
    history.refund("r2", "c", 2, 2, 10)  # units 2, 3 of a continue at 10, 11
    history.fee("fee", 4, 2)  # b's own two
    history.refund("r3", "c", 6, 2, 8)  # a's, at 6 and 7, continue at 8, 9
    assert states(history, "a") == [(WAITING, 0, 2), (WAITING, 2, 2)]
    assert [s.place for s in trace(history, "a").segments] == [8, 10]
    assert states(history, "b") == [(FEE, 4, 2), (REFUNDED, 6, 2)]
    assert states(history, "c") == [(REFUNDED, 8, 2), (REFUNDED, 10, 2)]
    history.offer("list", {"x": 4})
    history.hand_over("x", 8, 4)
    assert donors(history, "x") == [(id_of("a"), 0, 2), (id_of("a"), 2, 2)]


def test_a_gifts_own_refund_takes_its_own_front(history: History) -> None:
    history.donate("a", 0, 10)
    history.refund("r", "a", 0, 3, 7)
    assert states(history, "a") == [(WAITING, 0, 3), (WAITING, 3, 4), (REFUNDED, 7, 3)]
    assert trace(history, "a").segments[0].place == 7
    history.offer("list", {"x": 7})
    history.hand_over("x", 3, 7)
    assert states(history, "a") == [(HANDED_OVER, 0, 3), (HANDED_OVER, 3, 4), (REFUNDED, 7, 3)]
    assert donors(history, "x") == [(id_of("a"), 3, 4), (id_of("a"), 0, 3)]


def test_a_refund_longer_than_what_it_leaves_takes_units_of_its_own_tail(history: History) -> None:
    history.donate("a", 0, 2)
    history.donate("b", 2, 4)
    history.refund("r", "b", 0, 4, 2)  # the tail is b itself, [2, 6); taken are a and half of the tail
    assert states(history, "b") == [(REFUNDED, 2, 4)]
    assert states(history, "a") == [(WAITING, 0, 2)]
    assert trace(history, "a").segments[0].place == 4


def test_a_gift_refunded_whole_where_it_stands(history: History) -> None:
    history.donate("a", 0, 10)
    history.refund("r", "a", 0, 10, 0)
    assert states(history, "a") == [(REFUNDED, 0, 10)]


def test_a_refund_just_behind_a_single_unit_turns_at_once(history: History) -> None:
    history.donate("a", 0, 3)
    history.donate("b", 3, 10**15)
    history.refund("r", "b", 0, 10**15, 3)  # step by step this would be 3 * 10^14 steps
    assert states(history, "b") == [(REFUNDED, 3, 10**15)]
    assert states(history, "a") == [(WAITING, 0, 1), (WAITING, 1, 2)]
    assert [s.place for s in trace(history, "a").segments] == [10**15 + 2, 10**15]
    history.offer("list", {"x": 3})
    history.hand_over("x", 10**15, 3)
    assert donors(history, "x") == [(id_of("a"), 1, 2), (id_of("a"), 0, 1)]


def test_refusal_and_the_end_of_a_list_free_the_units(history: History) -> None:
    history.donate("a", 0, 10)
    history.offer("list", {"x": 4, "y": 3})
    history.offer("another", {"z": 2})
    assert states(history, "a") == [(RESERVED, 0, 9), (WAITING, 9, 1)]
    history.refuse("x", 4)
    assert states(history, "a") == [(RESERVED, 0, 5), (WAITING, 5, 5)]
    history.expire_list("list", 3)
    assert states(history, "a") == [(RESERVED, 0, 2), (WAITING, 2, 8)]
    history.cancel_list("another", 2)
    assert states(history, "a") == [(WAITING, 0, 10)]


def test_units_of_an_expired_list_stay_reserved_until_somebody_ends_it(history: History) -> None:
    history.donate("a", 0, 10)
    history.offer("list", {"x": 4}, expires=1_010)
    assert states(history, "a") == [(RESERVED, 0, 4), (WAITING, 4, 6)]


def hand_over(history: History, name: str, start: int, amount: int) -> None:
    history.offer("list of " + name, {name: amount})
    history.hand_over(name, start, amount)


def test_what_came_back_in_parts_helps_a_second_family(history: History) -> None:
    history.donate("a", 0, 10)
    hand_over(history, "x", 0, 6)
    history.give_back("r1", "x", 10, 2, 0)
    history.give_back("r2", "x", 12, 1, 2)
    assert states(history, "a") == [(WAITING, 0, 2), (WAITING, 2, 1), (HANDED_OVER, 3, 3), (WAITING, 6, 4)]
    assert [s.place for s in trace(history, "a").segments] == [10, 12, 3, 6]
    hand_over(history, "y", 6, 6)
    assert states(history, "a") == [
        (HANDED_OVER, 0, 2), (WAITING, 2, 1), (HANDED_OVER, 3, 3), (HANDED_OVER, 6, 4)]  # fmt: skip
    assert donors(history, "y") == [(id_of("a"), 6, 4), (id_of("a"), 0, 2)]
    assert donors(history, "x") == [(id_of("a"), 0, 6)], "they still gave what came back"


def test_a_transfer_is_on_its_way_until_it_is_received(history: History) -> None:
    history.donate("b", 0, 5, "other")
    history.donate("a", 0, 10)
    sent = history.send("t", 0, 4, "other")
    first, second = trace(history, "a").segments
    assert (first.state, first.transfer, first.fund, first.place) == (IN_TRANSIT, sent, history.fund, 0)
    assert first.at_unix_s == 1_040 and second.state is WAITING
    history.receive("t", 5, 4, "other")
    other = FundId(id_of("other"))
    assert states(history, "a") == [(WAITING, 0, 4), (WAITING, 4, 6)]
    assert places(history, "a") == [(other, 5), (history.fund, 4)]
    assert [fund.id for fund in trace(history, "a").funds] == [other]
    history.offer("list", {"x": 7}, "other")
    history.hand_over("x", 0, 7, "other")
    assert states(history, "a") == [(HANDED_OVER, 0, 2), (WAITING, 2, 2), (WAITING, 4, 6)]
    assert donors(history, "x") == [(id_of("b"), 0, 5), (id_of("a"), 0, 2)]


def test_a_transfer_that_came_back_goes_on_behind_what_came_in_since(history: History) -> None:
    history.donate("a", 0, 10)
    history.send("t", 0, 4, "other")
    history.donate("b", 10, 5)
    history.come_back("t", 15, 4)
    assert states(history, "a") == [(WAITING, 0, 4), (WAITING, 4, 6)]
    assert places(history, "a") == [(history.fund, 15), (history.fund, 4)]
    hand_over(history, "x", 4, 13)
    assert donors(history, "x") == [(id_of("a"), 4, 6), (id_of("b"), 10, 5), (id_of("a"), 0, 2)]


def test_reassigned_units_go_on_in_the_fund_of_the_new_wish(history: History) -> None:
    history.donate("a", 0, 4)
    history.donate("b", 4, 10)
    history.refund("r", "b", 0, 2, 12)  # a's units 0 and 1 go on at 12
    history.reassign(
        "s", "b", 2, 5, 7, "other", 0
    )  # a's 2 and 3 and b's 4 to 6 go on at 7, b's 7 to 11 in "other"
    assert states(history, "b") == [(WAITING, 4, 3), (WAITING, 7, 5), (REFUNDED, 12, 2)]
    assert places(history, "b") == [
        (history.fund, 9), (id_of("other"), 0), (history.fund, 12)]  # fmt: skip
    assert places(history, "a") == [(history.fund, 12), (history.fund, 7)]
    history.offer("list", {"x": 3}, "other")
    history.hand_over("x", 0, 3, "other")
    assert states(history, "b")[1:3] == [(HANDED_OVER, 7, 3), (WAITING, 10, 2)]
    with history.connect() as conn:
        (share,) = donors_of(conn, EntitlementId(id_of("x"))).shares
    assert (share.donation, share.start, share.amount_minor, share.fund) == (id_of("b"), 7, 3, history.fund)


def test_a_dispute_stays_visible_whatever_was_decided(history: History) -> None:
    history.donate("a", 0, 10)
    hand_over(history, "x", 0, 3)
    hand_over(history, "y", 3, 3)
    history.dispute("x")
    history.dispute("y")
    assert states(history, "a") == [(DISPUTED, 0, 3), (DISPUTED, 3, 3), (WAITING, 6, 4)]
    assert trace(history, "a").segments[0].at_unix_s == 1_090
    history.dismiss("x")
    history.uphold("y", history.returned("back", "y", 10, 3, 3))
    assert states(history, "a") == [(DISMISSED, 0, 3), (WAITING, 3, 3), (WAITING, 6, 4)]
    assert places(history, "a")[1] == (history.fund, 10)
    with history.connect() as conn:
        notes = deliveries(conn, [EntitlementId(id_of("x")), EntitlementId(id_of("y"))])
    assert [note.state for note in notes.values()] == ["dismissed", "upheld"]


def test_a_claimed_gift_belongs_to_the_donors_wallet(history: History) -> None:
    history.donate("a", 0, 10)
    history.donate("b", 10, 10)
    wallet = account("wallet")
    history.claim("a", wallet)
    given = trace(history, "a").gift
    assert (given.donor, given.owner) == (account("donor of a"), wallet)
    assert trace(history, "b").gift.owner == account("donor of b")
    with history.connect() as conn:
        owned = {
            owner: [gift.id for gift in gifts_owned(conn, owner).items]
            for owner in (wallet, account("donor of a"), account("donor of b"))
        }
    assert list(owned.values()) == [[id_of("a")], [], [id_of("b")]]


def test_a_list_reserves_nothing_before_it_is_approved(history: History) -> None:
    history.donate("a", 0, 10)
    history.propose("list", {"x": 4})
    assert states(history, "a") == [(WAITING, 0, 10)]


def test_the_line_is_answered_from_any_position(history: History) -> None:
    history.donate("a", 0, 10)
    history.donate("b", 10, 10)
    history.fee("fee", 0, 3)
    history.refund("r", "b", 3, 2, 18)
    history.offer("list", {"x": 4})
    history.hand_over("x", 5, 4)
    history.give_back("back", "x", 20, 1, 5)
    history.send("t", 9, 2, "other")
    history.come_back("t", 21, 2)
    history.reassign("s", "b", 11, 1, 17, "other", 0)
    history.send("u", 0, 1, "fund", "other")
    history.receive("u", 23, 1, "fund")
    with history.connect() as conn:
        line = fund_line(conn, history.fund)
        later = fund_line(conn, history.fund, 4, 1)
        ends = fund_ends(conn, history.fund)
    assert [(i.kind, i.start, i.end) for i in line.inflows] == [
        (InflowKind.DONATION, 0, 10),
        (InflowKind.DONATION, 10, 20),
        (InflowKind.RETURN, 20, 21),
        (InflowKind.TRANSFER, 21, 23),
        (InflowKind.TRANSFER, 23, 24),
    ]
    assert [i.id for i in line.inflows[2:]] == [id_of("back"), id_of("t"), id_of("u")]
    assert [i.from_place for i in line.inflows] == [0, 10, 5, 9, 0]
    assert [(o.kind, o.start, o.end) for o in line.outflows] == [
        (OutflowKind.FEE, 0, 3),
        (OutflowKind.REFUND, 3, 5),
        (OutflowKind.DELIVERY, 5, 9),
        (OutflowKind.TRANSFER, 9, 11),
        (OutflowKind.REASSIGNMENT, 11, 12),
    ]
    assert [(o.continues_in, o.continues_at) for o in line.outflows] == [
        (None, 0), (history.fund, 18), (None, 0), (history.fund, 21), (history.fund, 17)]  # fmt: skip
    assert [i.start for i in later.inflows] == [0] and [o.start for o in later.outflows] == [3]
    assert (ends.inflow_end, ends.outflow_end, ends.reserved, ends.waiting) == (24, 12, 0, 12)


def test_what_nobody_recorded_is_unknown(history: History) -> None:
    with history.connect() as conn:
        with pytest.raises(UnknownRecord) as error:
            trace_donation(conn, DonationId(id_of("nothing")))
        assert error.value.retry
        with pytest.raises(UnknownRecord):
            donors_of(conn, EntitlementId(id_of("nothing")))
        with pytest.raises(UnknownRecord):
            fund_ends(conn, FundId(id_of("nothing")))


def broken(history: History, name: str) -> str:
    with pytest.raises(InvariantBroken) as error:
        trace(history, name)
    return error.value.invariant


def test_rows_that_contradict_the_line_are_named_not_answered(history: History) -> None:
    history.donate("a", 0, 10)
    history.fee("fee", 3, 2)  # units 0 to 3 left in nothing
    assert broken(history, "a") == "I2"


def test_overlapping_outflows_are_named(history: History) -> None:
    history.donate("a", 0, 10)
    history.fee("fee 1", 0, 4)
    history.fee("fee 2", 3, 2)
    assert broken(history, "a") == "I2"


def test_more_promised_than_there_is_is_named(history: History) -> None:
    history.donate("a", 0, 10)
    history.offer("list", {"x": 11})
    assert broken(history, "a") == "I1"


def test_refunds_that_are_not_the_last_units_are_named(history: History) -> None:
    history.donate("a", 0, 10)
    history.refund("r", "a", 0, 2, 5)
    assert broken(history, "a") == "I7"


def test_units_that_would_go_round_in_a_circle_are_named(history: History) -> None:
    history.donate("a", 0, 4)
    history.send("t", 0, 2, "other")
    history.receive("t", 0, 2, "other")
    history.send("u", 0, 2, "fund", "other")
    history.receive("u", 0, 2, "fund")  # to where they came from
    assert broken(history, "a") == "I3"
    history.hand_over("x", 0, 2, "other")
    with history.connect() as conn, pytest.raises(InvariantBroken):
        donors_of(conn, EntitlementId(id_of("x")))


def test_units_that_came_back_twice_are_named(history: History) -> None:
    history.donate("a", 0, 10)
    hand_over(history, "x", 0, 6)
    history.give_back("r1", "x", 10, 4, 0)
    history.give_back("r2", "x", 14, 4, 2)
    assert broken(history, "a") == "I3"


def test_an_upheld_delivery_that_did_not_come_back_is_named(history: History) -> None:
    history.donate("a", 0, 10)
    hand_over(history, "x", 0, 6)
    history.dispute("x")
    history.uphold("x")
    assert broken(history, "a") == "I7"


def test_a_delivery_of_no_list_is_named(history: History) -> None:
    history.donate("a", 0, 10)
    history.hand_over("x", 0, 10)
    assert broken(history, "a") == "I5"


def test_segments_are_values() -> None:
    fund = FundId(id_of("fund"))
    assert Segment(0, 1, WAITING, 0, fund) == Segment(0, 1, WAITING, 0, fund)
