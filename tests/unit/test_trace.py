"""The way of a gift through hand-made histories, unit by unit (I3)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contracts.bindings.ids import DonationId, EntitlementId, FundId
from indexer.errors import InvariantBroken, UnknownRecord
from indexer.queries.donors import donors_of
from indexer.queries.line import InflowKind, fund_ends, fund_line
from indexer.queries.lineage import OutflowKind
from indexer.queries.trace import Segment, SegmentState, Trace, trace_donation
from tests.model.history import History, account, id_of

WAITING, RESERVED, HANDED_OVER, CONFIRMED, FEE, REFUNDED = SegmentState


@pytest.fixture
def history() -> Iterator[History]:
    history = History()
    yield history
    history.close()


def trace(history: History, name: str) -> Trace:
    with history.connect() as conn:
        return trace_donation(conn, DonationId(id_of(name)))


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
    assert third.delivery is not None and third.delivery.confirmed_at_unix_s is None
    assert all(s.delivery is s.fee is s.refund is s.at_unix_s is None for s in standing)
    assert found.as_of.number == history.position.number and found.as_of.timestamp_unix_s == 1_080
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


def test_refusal_and_expiry_free_the_units(history: History) -> None:
    history.donate("a", 0, 10)
    history.offer("list", {"x": 4, "y": 3})
    assert states(history, "a") == [(RESERVED, 0, 7), (WAITING, 7, 3)]
    history.refuse("x", 4)
    assert states(history, "a") == [(RESERVED, 0, 3), (WAITING, 3, 7)]
    history.expire("y", 3)
    assert states(history, "a") == [(WAITING, 0, 10)]


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
    with history.connect() as conn:
        line = fund_line(conn, history.fund)
        later = fund_line(conn, history.fund, 4, 1)
        ends = fund_ends(conn, history.fund)
    assert [(i.kind, i.start, i.end) for i in line.inflows] == [
        (InflowKind.DONATION, 0, 10),
        (InflowKind.DONATION, 10, 20),
    ]
    assert [(o.kind, o.start, o.end) for o in line.outflows] == [
        (OutflowKind.FEE, 0, 3),
        (OutflowKind.REFUND, 3, 5),
        (OutflowKind.DELIVERY, 5, 9),
    ]
    assert [i.start for i in later.inflows] == [0] and [o.start for o in later.outflows] == [3]
    assert (ends.inflow_end, ends.outflow_end, ends.reserved, ends.waiting) == (20, 9, 0, 11)


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


def test_a_delivery_of_no_list_is_named(history: History) -> None:
    history.donate("a", 0, 10)
    history.hand_over("x", 0, 10)
    assert broken(history, "a") == "I5"


def test_segments_are_values() -> None:
    assert Segment(0, 1, WAITING, 0) == Segment(0, 1, WAITING, 0)
