"""The invariants of DESIGN section 2 that rows can decide, each as one query over the whole mirror (I1-I3, I7, I10).

A query returns the rows that break its rule, with their ids; none when all is well. What is asked of each record at
its own moment (the fee's cap, the units left) is asked of the sums up to that moment, since a later refund changes
what was right when it happened.

I3 speaks of every single unit, which no sum decides. It follows from rules that are local to a record: each place of
a line holds the units of one inflow (I2) and leaves in at most one outflow (I2); an outflow's units go on in at most
one place, since a transfer arrives once, a delivery's returns follow on each other without overlap, and a gift's
withdrawn units are its last ones, each withdrawn once; and a promised amount ends in exactly one way. By induction
over time each unit has one state, and a gift's states add up to its amount.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    Subquery,
    Table,
    case,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
    type_coerce,
    union_all,
)
from sqlalchemy.exc import DatabaseError

from contracts.bindings.time_bank import Reserve
from indexer.schema import (
    delivery_confirmed,
    delivery_disputed,
    delivery_handed_over,
    delivery_returned,
    dispute_dismissed,
    dispute_upheld,
    donation_reassigned,
    donation_recorded,
    donation_refunded,
    entitlement_listed,
    entitlement_refused,
    fee_taken,
    fund_opened,
    minutes_delivered,
    minutes_given,
    minutes_redeemed,
    minutes_taken_back,
    payment_list_approved,
    payment_list_cancelled,
    payment_list_expired,
    reserve_chosen,
    service_confirmed,
    transfer,
    transfer_came_back,
    transfer_received,
    transfer_sent,
)

INVARIANTS = ("I1", "I2", "I3", "I7", "I10")
BPS = 10_000
"""A fund's fee cap is in ten-thousandths of its gifts."""
_NOBODY = bytes(20)
"""ERC-20 mints from here and burns to here."""


class Check(NamedTuple):
    """One rule: `query` selects the rows that break it, by names worth showing."""

    invariant: str
    what: str
    query: Select[Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """A row that breaks an invariant: `ids` holds its ids (bytes) and the figures that do not fit."""

    invariant: str
    what: str
    ids: Mapping[str, bytes | int | str | None]

    def __str__(self) -> str:
        shown = (f"{name} {_shown(value)}" for name, value in self.ids.items())
        return f"{self.invariant} broken: {self.what}: {', '.join(shown)}"


def broken(conn: Connection, most: int = 20) -> list[Broken]:
    """What breaks an invariant, at most `most` rows for each rule in the order of the chain; empty when they hold."""
    return [found for check in CHECKS for found in _broken(conn, check, most)]


def _broken(conn: Connection, check: Check, most: int) -> list[Broken]:
    try:
        with conn.begin_nested():
            rows = conn.execute(check.query.limit(most)).mappings().all()
    except DatabaseError as error:
        # Amounts and positions are kept below 2^63 by the contracts; sums that leave that are no ledger's.
        if "overflow" not in str(error.orig) and "out of range" not in str(error.orig):
            raise
        return [Broken(check.invariant, f"{check.what}; its figures are beyond 2^63 - 1", {})]
    return [Broken(check.invariant, check.what, {k: _plain(v) for k, v in row.items()}) for row in rows]


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) else value  # PostgreSQL's sums are of unbounded size


def _shown(value: bytes | int | str | None) -> str:
    return "0x" + bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)


# --- Words for the queries

Moment = tuple[ColumnElement[int], ColumnElement[int]]


def _moment(table: FromClause) -> Moment:
    return table.c.block_number, table.c.log_index


def _before(one: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Whether a record happened before another."""
    result: ColumnElement[bool] = tuple_(*_moment(one)) < tuple_(*_moment(other))
    return result


def _so_far(amount: ColumnElement[int], of: ColumnElement[bytes], table: FromClause) -> ColumnElement[int]:
    """The sum of `amount` over all records of the same `of` up to and with this one."""
    return func.sum(amount).over(partition_by=of, order_by=_moment(table), rows=(None, 0))


def _union(parts: Iterable[Select[Any]], name: str) -> Subquery:
    return union_all(*parts).subquery(name)


def _in_order(query: Select[Any], table: FromClause) -> Select[Any]:
    return query.order_by(*_moment(table))


# --- The line: I1, I2

_INFLOWS = (
    (donation_recorded, "fund", "donation", "start"),
    (transfer_received, "to", "transfer", "start"),
    (transfer_came_back, "from_", "transfer", "start"),
    (donation_reassigned, "to", "reassignment", "starts_at"),
    (delivery_returned, "fund", "return_id", "start"),
)
_FREE_OUTFLOWS = (
    (fee_taken, "fund", "fee", "start"),
    (donation_refunded, "fund", "refund", "start"),
    (transfer_sent, "from_", "transfer", "start"),
    (donation_reassigned, "from_", "reassignment", "start"),
)
_OUTFLOWS = ((delivery_handed_over, "fund", "entitlement", "start"), *_FREE_OUTFLOWS)

Flow = tuple[Table, str, str, str]


def _side(flows: Iterable[Flow], name: str) -> Subquery:
    """One side of all lines: what it is, its id, and where it stands."""
    parts: list[Select[Any]] = []
    for table, fund, id, start in flows:
        columns: list[Any] = [
            table.c[fund].label("fund"),
            literal(table.name).label("record"),
            table.c[id].label("id"),
            table.c[start].label("start"),
            table.c.amount_minor,
            *_moment(table),
        ]
        parts.append(select(*columns))
    return _union(parts, name)


def _meeting(side: str, flows: Iterable[Flow]) -> Check:
    """Each flow starts where the one recorded before it ends, the first at 0."""
    flow = _side(flows, side)
    end = func.lag(flow.c.start + flow.c.amount_minor)
    before = end.over(partition_by=flow.c.fund, order_by=_moment(flow))
    rows = select(flow, func.coalesce(before, 0).label("expected_start")).subquery()
    query = (
        select(
            *(rows.c[name] for name in ("fund", "record", "id", "start", "expected_start", "amount_minor"))
        )
        .outerjoin(fund_opened, fund_opened.c.fund == rows.c.fund)
        .where(
            or_(
                rows.c.start != rows.c.expected_start,
                rows.c.amount_minor <= 0,
                fund_opened.c.fund.is_(None),
            )
        )
    )
    return Check("I2", f"{side} of a fund do not meet end to end from 0", _in_order(query, rows))


def _changes() -> Subquery:
    """How each record changed its fund's free and reserved units."""
    parts: list[tuple[Table, str, ColumnElement[int], ColumnElement[int]]] = []
    none = literal(0, BigInteger)
    for table, fund, _, _ in _INFLOWS:
        parts.append((table, fund, table.c.amount_minor, none))
    for table, fund, _, _ in _FREE_OUTFLOWS:
        parts.append((table, fund, -table.c.amount_minor, none))
    promised, handed_over = payment_list_approved.c.total_minor, delivery_handed_over.c.amount_minor
    parts.append((payment_list_approved, "fund", -promised, promised))
    parts.append((delivery_handed_over, "fund", none, -handed_over))
    for table, freed in (
        (entitlement_refused, "amount_minor"),
        (payment_list_expired, "freed_minor"),
        (payment_list_cancelled, "freed_minor"),
    ):
        parts.append((table, "fund", table.c[freed], -table.c[freed]))
    return _union(
        (
            select(
                table.c[fund].label("fund"),
                literal(table.name).label("record"),
                free.label("free"),
                reserved.label("reserved"),
                *_moment(table),
            )
            for table, fund, free, reserved in parts
        ),
        "changes",
    )


def _never_overdrawn() -> Check:
    """After every record: outflow end + reserved <= inflow end, that is, free units are not below 0."""
    change = _changes()
    after = select(
        change.c.fund,
        change.c.record,
        _so_far(change.c.free, change.c.fund, change).label("free"),
        _so_far(change.c.reserved, change.c.fund, change).label("reserved"),
        *_moment(change),
    ).subquery()
    query = select(after).where(or_(after.c.free < 0, after.c.reserved < 0))
    return Check("I1", "more left a fund or was promised than came in", _in_order(query, after))


# --- Promises and deliveries: I3


def _left_promise(table: Table, what: str) -> Check:
    """What was handed over or refused is a listed amount of a list approved before, in that list's fund."""
    listed, approved = entitlement_listed, payment_list_approved
    query = (
        select(
            table.c.entitlement,
            table.c.fund,
            table.c.amount_minor,
            listed.c.amount_minor.label("listed_minor"),
            listed.c.list,
        )
        .outerjoin(listed, listed.c.entitlement == table.c.entitlement)
        .outerjoin(approved, approved.c.list == listed.c.list)
        .where(
            or_(
                approved.c.list.is_(None),
                listed.c.amount_minor != table.c.amount_minor,
                approved.c.fund != table.c.fund,
                _before(table, approved),
            )
        )
    )
    return Check("I3", what, _in_order(query, table))


def _two_ends(one: Table, other: Table, what: str) -> Check:
    query = select(one.c.entitlement).join(other, other.c.entitlement == one.c.entitlement)
    return Check("I3", what, _in_order(query, one))


def _after(later: Table, earlier: Table, what: str) -> Check:
    """Every record of `later` follows one of `earlier` for the same entitlement."""
    query = (
        select(later.c.entitlement, *_moment(later))
        .outerjoin(earlier, earlier.c.entitlement == later.c.entitlement)
        .where(or_(earlier.c.entitlement.is_(None), _before(later, earlier)))
    )
    return Check("I3", what, _in_order(query, later))


def _confirmed_in_dispute() -> Check:
    query = (
        select(delivery_confirmed.c.entitlement)
        .join(delivery_disputed, delivery_disputed.c.entitlement == delivery_confirmed.c.entitlement)
        .where(_before(delivery_disputed, delivery_confirmed))
    )
    what = "a delivery was confirmed after it was disputed"
    return Check("I3", what, _in_order(query, delivery_confirmed))


def _list_totals() -> Check:
    listed, approved = entitlement_listed, payment_list_approved
    sums = (
        select(listed.c.list, func.sum(listed.c.amount_minor).label("listed_minor"))
        .group_by(listed.c.list)
        .subquery()
    )
    query = (
        select(approved.c.list, approved.c.fund, approved.c.total_minor, sums.c.listed_minor)
        .outerjoin(sums, sums.c.list == approved.c.list)
        .where(func.coalesce(sums.c.listed_minor, 0) != approved.c.total_minor)
    )
    what = "a list's total is not the sum of its entitlements"
    return Check("I3", what, _in_order(query, approved))


def _freed(ended: Table, what: str) -> Check:
    """What a list frees at its end is what was neither handed over nor refused: no unit ends twice, none is lost."""
    listed, approved = entitlement_listed, payment_list_approved
    left = (
        select(listed.c.list, func.sum(listed.c.amount_minor).label("left_minor"))
        .outerjoin(delivery_handed_over, delivery_handed_over.c.entitlement == listed.c.entitlement)
        .outerjoin(entitlement_refused, entitlement_refused.c.entitlement == listed.c.entitlement)
        .where(delivery_handed_over.c.entitlement.is_(None), entitlement_refused.c.entitlement.is_(None))
        .where(listed.c.list.in_(select(ended.c.list)))
        .group_by(listed.c.list)
        .subquery()
    )
    expected = case((approved.c.list.is_(None), 0), else_=func.coalesce(left.c.left_minor, 0))
    query = (
        select(ended.c.list, ended.c.fund, ended.c.freed_minor, expected.label("left_minor"))
        .outerjoin(approved, approved.c.list == ended.c.list)
        .outerjoin(left, left.c.list == ended.c.list)
        .where(or_(expected != ended.c.freed_minor, approved.c.fund != ended.c.fund))
    )
    return Check("I3", what, _in_order(query, ended))


def _upheld_in_full() -> Check:
    delivered = delivery_handed_over
    came_back = func.coalesce(
        select(func.sum(delivery_returned.c.amount_minor))
        .where(delivery_returned.c.entitlement == dispute_upheld.c.entitlement)
        .scalar_subquery(),
        0,
    )
    query = (
        select(
            dispute_upheld.c.entitlement,
            delivered.c.amount_minor.label("delivered_minor"),
            came_back.label("returned_minor"),
        )
        .join(delivered, delivered.c.entitlement == dispute_upheld.c.entitlement)
        .where(came_back != delivered.c.amount_minor)
    )
    what = "a dispute was upheld and not all of the delivery came back"
    return Check("I3", what, _in_order(query, dispute_upheld))


# --- Where units go on: I3 and I7


def _withdrawn() -> Subquery:
    """Refunds and reassignments beside their gift, and how much of it was withdrawn with them."""
    parts = (
        select(
            table.c[fund].label("fund"),
            literal(table.name).label("record"),
            table.c[id].label("id"),
            table.c.donation,
            table.c.start,
            table.c.amount_minor,
            table.c.continues_at,
            *_moment(table),
        )
        for table, fund, id in (
            (donation_refunded, "fund", "refund"),
            (donation_reassigned, "from_", "reassignment"),
        )
    )
    part, gift = _union(parts, "withdrawal"), donation_recorded
    return (
        select(
            part,
            gift.c.fund.label("gift_fund"),
            gift.c.start.label("gift_start"),
            gift.c.amount_minor.label("gift_minor"),
            case((_before(part, gift), 1), else_=0).label("too_early"),
            _so_far(part.c.amount_minor, part.c.donation, part).label("withdrawn_minor"),
        )
        .outerjoin(gift, gift.c.donation == part.c.donation)
        .subquery("withdrawn")
    )


def _withdrawals() -> list[Check]:
    one = _withdrawn()
    shown = select(
        one.c.donation, one.c.record, one.c.id, one.c.continues_at, one.c.gift_start, one.c.gift_minor
    )
    tail = one.c.gift_start + one.c.gift_minor - one.c.withdrawn_minor
    not_last = or_(
        one.c.gift_start.is_(None),
        one.c.gift_fund != one.c.fund,
        one.c.too_early == 1,
        one.c.continues_at != tail,
    )
    beyond = or_(one.c.withdrawn_minor > one.c.gift_minor, one.c.continues_at < one.c.start)
    return [
        Check(
            "I3",
            "a refund or reassignment does not take the gift's last units, each once",
            _in_order(shown.where(not_last), one),
        ),
        Check(
            "I7",
            "more of a gift was refunded or reassigned than was undelivered",
            _in_order(shown.add_columns(one.c.withdrawn_minor, one.c.start).where(beyond), one),
        ),
    ]


def _arrivals() -> list[Check]:
    """A transfer arrives once: where it was sent to, or back where it came from, as much as was sent."""
    parts = (
        select(
            table.c.transfer,
            literal(table.name).label("record"),
            table.c[fund].label("fund"),
            literal(fund).label("reached"),
            table.c.amount_minor,
            *_moment(table),
        )
        for table, fund in ((transfer_received, "to"), (transfer_came_back, "from_"))
    )
    one, sent = _union(parts, "arrival"), transfer_sent
    due = case((one.c.reached == "to", sent.c.to), else_=sent.c.from_)
    other = or_(
        sent.c.transfer.is_(None),
        sent.c.amount_minor != one.c.amount_minor,
        due != one.c.fund,
        _before(one, sent),
    )
    query = (
        select(
            one.c.transfer,
            one.c.record,
            one.c.fund,
            one.c.amount_minor,
            sent.c.amount_minor.label("sent_minor"),
        )
        .outerjoin(sent, sent.c.transfer == one.c.transfer)
        .where(other)
    )
    twice = select(transfer_received.c.transfer).join(
        transfer_came_back, transfer_came_back.c.transfer == transfer_received.c.transfer
    )
    return [
        Check("I3", "what arrived is not what a transfer sent", _in_order(query, one)),
        Check("I3", "a transfer was received and came back", _in_order(twice, transfer_received)),
    ]


def _returns() -> list[Check]:
    one, delivered = delivery_returned, delivery_handed_over
    so_far = _so_far(one.c.amount_minor, one.c.entitlement, one)
    rows = (
        select(
            one.c.entitlement,
            one.c.return_id,
            one.c.fund,
            one.c.amount_minor,
            one.c.continues_from,
            *_moment(one),
            delivered.c.fund.label("delivered_fund"),
            delivered.c.start.label("delivered_start"),
            delivered.c.amount_minor.label("delivered_minor"),
            case((_before(one, delivered), 1), else_=0).label("too_early"),
            so_far.label("returned_minor"),
        )
        .outerjoin(delivered, delivered.c.entitlement == one.c.entitlement)
        .subquery("returned")
    )
    first = rows.c.delivered_start + rows.c.returned_minor - rows.c.amount_minor
    not_next = or_(
        rows.c.delivered_start.is_(None),
        rows.c.delivered_fund != rows.c.fund,
        rows.c.too_early == 1,
        rows.c.continues_from != first,
    )
    shown = select(rows.c.entitlement, rows.c.return_id, rows.c.delivered_minor, rows.c.returned_minor)
    places = shown.add_columns(rows.c.continues_from, rows.c.delivered_start)
    return [
        Check(
            "I3",
            "a return does not continue its delivery's first units not yet returned",
            _in_order(places.where(not_next), rows),
        ),
        Check(
            "I7",
            "more of a delivery came back than was delivered",
            _in_order(shown.where(rows.c.returned_minor > rows.c.delivered_minor), rows),
        ),
    ]


def _fees() -> Check:
    """FundLine.takeFee: with each fee, all fees so far <= cap x (gifts recorded - gifts refunded or reassigned)."""
    none = literal(0, BigInteger)
    kept_by = (
        (donation_recorded, "fund", donation_recorded.c.amount_minor, none),
        (donation_refunded, "fund", -donation_refunded.c.amount_minor, none),
        (donation_reassigned, "from_", -donation_reassigned.c.amount_minor, none),
        (fee_taken, "fund", none, fee_taken.c.amount_minor),
    )
    change = _union(
        (
            select(
                table.c[fund].label("fund"),
                (table.c.fee if table is fee_taken else literal(None)).label("fee"),
                kept.label("kept"),
                fees.label("fees"),
                *_moment(table),
            )
            # The fees first: their id gives the union's column its type.
            for table, fund, kept, fees in reversed(kept_by)
        ),
        "kept_and_fees",
    )
    after = select(
        change.c.fund,
        change.c.fee,
        cast(_so_far(change.c.kept, change.c.fund, change), BigInteger).label("kept_minor"),
        cast(_so_far(change.c.fees, change.c.fund, change), BigInteger).label("fees_minor"),
        *_moment(change),
    ).subquery()
    cap = type_coerce(fund_opened.c.fee_cap_bps, BigInteger)
    # In two parts, so that nothing leaves 63 bits: kept x cap does from 922 million million units on.
    most = after.c.kept_minor // BPS * cap + after.c.kept_minor % BPS * cap // BPS
    query = (
        select(after.c.fund, after.c.fee, after.c.fees_minor, most.label("cap_minor"))
        .join(fund_opened, fund_opened.c.fund == after.c.fund)
        .where(after.c.fee.is_not(None), after.c.fees_minor > most)
    )
    return Check("I7", "fees are above the fund's cap on the gifts it kept", _in_order(query, after))


# --- Minutes: I10


def _moved_as_told() -> Check:
    """In every block: issued + taken back = minted, redeemed + delivered = burned. So supply = issued - redeemed."""
    none = literal(0, BigInteger)
    minted, burned = transfer.c.from_ == _NOBODY, transfer.c.to == _NOBODY
    parts = [
        (reserve_chosen, reserve_chosen.c.amount, none, reserve_chosen.c.reserve == int(Reserve.MINUTES)),
        (minutes_taken_back, minutes_taken_back.c.amount_minutes, none, None),
        (minutes_redeemed, none, minutes_redeemed.c.amount_minutes, None),
        (minutes_delivered, none, minutes_delivered.c.amount_minutes, None),
        (transfer, -transfer.c.value, none, minted),
        (transfer, none, -transfer.c.value, burned),
    ]
    selects = []
    for table, made, ended, where in parts:
        part = select(made.label("made"), ended.label("ended"), table.c.block_number)
        selects.append(part if where is None else part.where(where))
    one = _union(selects, "minutes")
    made, ended = func.sum(one.c.made), func.sum(one.c.ended)
    query = (
        select(
            one.c.block_number,
            made.label("told_but_not_minted_minutes"),
            ended.label("told_but_not_burned_minutes"),
        )
        .group_by(one.c.block_number)
        .having(or_(made != 0, ended != 0))
        .order_by(one.c.block_number)
    )
    return Check("I10", "minutes issued and redeemed are not those minted and burned", query)


def _never_below_zero() -> Check:
    account = "account"
    one = _union(
        (
            select(transfer.c.from_.label(account), (-transfer.c.value).label("change"), *_moment(transfer)),
            select(transfer.c.to.label(account), transfer.c.value.label("change"), *_moment(transfer)),
        ),
        "moves",
    )
    # Minutes sent to oneself are two rows of one moment; the gain first, as a balance is only looked at after both.
    balance = func.sum(one.c.change).over(
        partition_by=one.c.account, order_by=(*_moment(one), one.c.change.desc()), rows=(None, 0)
    )
    rows = select(one.c.account, balance.label("balance_minutes"), *_moment(one)).subquery()
    query = select(rows).where(rows.c.account != _NOBODY, rows.c.balance_minutes < 0)
    return Check("I10", "an account held less than no minutes", _in_order(query, rows))


def _credited_once() -> list[Check]:
    one, service = reserve_chosen, service_confirmed
    in_minutes = one.c.reserve == int(Reserve.MINUTES)
    query = (
        select(one.c.service, one.c.volunteer, one.c.amount, service.c.service_minutes)
        .outerjoin(service, service.c.service == one.c.service)
        .where(
            or_(
                service.c.service.is_(None),
                service.c.volunteer != one.c.volunteer,
                one.c.amount != case((in_minutes, service.c.service_minutes), else_=1),
                _before(one, service),
            )
        )
    )
    twice = (
        select(one.c.service, func.count().label("credits"))
        .group_by(one.c.service)
        .having(func.count() > 1)
        .order_by(func.min(one.c.block_number))
    )
    return [
        Check("I10", "what was credited is not a confirmed service of this volunteer", _in_order(query, one)),
        Check("I10", "a service was credited more than once", twice),
    ]


def _given_minutes() -> Check:
    gift = donation_recorded
    query = (
        select(
            minutes_given.c.donation,
            minutes_given.c.fund,
            minutes_given.c.volunteer,
            minutes_given.c.amount_minutes,
            gift.c.amount_minor.label("recorded_minutes"),
        )
        .outerjoin(gift, gift.c.donation == minutes_given.c.donation)
        .where(
            or_(
                gift.c.donation.is_(None),
                gift.c.fund != minutes_given.c.fund,
                gift.c.amount_minor != minutes_given.c.amount_minutes,
            )
        )
    )
    return Check("I10", "given minutes are not the gift that was recorded", _in_order(query, minutes_given))


CHECKS: tuple[Check, ...] = (
    _never_overdrawn(),
    _meeting("inflows", _INFLOWS),
    _meeting("outflows", _OUTFLOWS),
    _left_promise(delivery_handed_over, "what was handed over is not what an approved list promised"),
    _left_promise(entitlement_refused, "what was refused is not what an approved list promised"),
    _two_ends(delivery_handed_over, entitlement_refused, "an entitlement was handed over and refused"),
    _list_totals(),
    _freed(payment_list_expired, "an expired list freed other than what was left of it"),
    _freed(payment_list_cancelled, "a cancelled list freed other than what was left of it"),
    _after(delivery_confirmed, delivery_handed_over, "something was confirmed before it was handed over"),
    _after(delivery_disputed, delivery_handed_over, "something was disputed before it was handed over"),
    _after(dispute_upheld, delivery_disputed, "a dispute was upheld before there was one"),
    _after(dispute_dismissed, delivery_disputed, "a dispute was dismissed before there was one"),
    _two_ends(dispute_upheld, dispute_dismissed, "a dispute was upheld and dismissed"),
    _confirmed_in_dispute(),
    _upheld_in_full(),
    *_withdrawals(),
    *_arrivals(),
    *_returns(),
    _fees(),
    _moved_as_told(),
    _never_below_zero(),
    *_credited_once(),
    _given_minutes(),
)
