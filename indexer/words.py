"""What an event says of earlier ones: the families' words on deliveries, what came back of them, and the
entitlements that a list freed when it ended. For running totals (`indexer.totals`).

Events are applied in chain order to the deliveries that they speak of. These are looked up by id, for a whole
range at once; nothing else is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    Select,
    Table,
    bindparam,
    func,
    literal,
    select,
    union_all,
)

from indexer.measures import Change, Measure
from indexer.schema import (
    EVENT_TABLES,
    delivery_confirmed,
    delivery_disputed,
    delivery_handed_over,
    delivery_returned,
    dispute_dismissed,
    dispute_upheld,
    entitlement_listed,
    entitlement_refused,
    payment_list_approved,
    payment_list_cancelled,
    payment_list_expired,
)

Rows = Mapping[str, Sequence[tuple[Any, ...]]]
_Sums = defaultdict[tuple[bytes, Measure, int], list[int]]
"""Records and amount, by fund, measure and block."""

_SAID = {
    delivery_confirmed.name: Measure.CONFIRMED,
    delivery_disputed.name: Measure.DISPUTED,
    dispute_dismissed.name: Measure.DISMISSED,
    dispute_upheld.name: Measure.UPHELD,
}
"""In the order that the contract allows them, UPHELD or DISMISSED at most one."""
_ENDED = {payment_list_expired.name: Measure.EXPIRED, payment_list_cancelled.name: Measure.CANCELLED}

_AT_ONCE = 500
"""Ids in one query: few enough that PostgreSQL seeks each, also in a table that it has no statistics of."""
_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_FIRST = bindparam("first", type_=BigInteger)


@dataclass(slots=True)
class _Delivery:
    fund: bytes
    amount: int
    said: Measure | None = None
    returned: int = 0


class _Event(NamedTuple):
    block_number: int
    log_index: int
    entitlement: bytes
    said: Measure | None
    returned: int


def _place(table: Table, column: str) -> int:
    return table.c.keys().index(column)


_HANDED_OVER = tuple(_place(delivery_handed_over, name) for name in ("entitlement", "fund", "amount_minor"))
_RETURNED = tuple(_place(delivery_returned, name) for name in ("entitlement", "amount_minor"))

_KNOWN = select(
    delivery_handed_over.c.entitlement, delivery_handed_over.c.fund, delivery_handed_over.c.amount_minor
).where(delivery_handed_over.c.entitlement.in_(_IDS), delivery_handed_over.c.block_number < _FIRST)

_BACK = (
    select(delivery_returned.c.entitlement, func.sum(delivery_returned.c.amount_minor))
    .where(delivery_returned.c.entitlement.in_(_IDS), delivery_returned.c.block_number < _FIRST)
    .group_by(delivery_returned.c.entitlement)
)


def _said_before(table: Table, measure: Measure) -> Select[Any]:
    return select(table.c.entitlement, literal(measure.value)).where(
        table.c.entitlement.in_(_IDS), table.c.block_number < _FIRST
    )


_WORDS = union_all(*(_said_before(EVENT_TABLES[name], measure) for name, measure in _SAID.items()))


def _freed() -> Select[Any]:
    """Entitlements of approved lists that nobody took or refused."""
    id = entitlement_listed.c.entitlement
    rows = (
        entitlement_listed.join(
            payment_list_approved, payment_list_approved.c.list == entitlement_listed.c.list
        )
        .outerjoin(delivery_handed_over, delivery_handed_over.c.entitlement == id)
        .outerjoin(entitlement_refused, entitlement_refused.c.entitlement == id)
    )
    return (
        select(entitlement_listed.c.list, func.count())
        .select_from(rows)
        .where(
            entitlement_listed.c.list.in_(_IDS),
            delivery_handed_over.c.entitlement.is_(None),
            entitlement_refused.c.entitlement.is_(None),
        )
        .group_by(entitlement_listed.c.list)
    )


_FREED = _freed()


def changes(conn: Connection, first: int, rows: Rows) -> Iterator[Change]:
    """What the events of a range, which begins at block `first` and is written, change of the measures that
    depend on earlier events."""
    yield from _ended(conn, rows)
    events = sorted(_events(rows))
    if not events:
        return
    known = _deliveries(conn, first, rows, events)
    sums: _Sums = defaultdict(lambda: [0, 0])
    for event in events:
        delivery = known.get(event.entitlement)
        if delivery is not None:  # else the contract let somebody speak of what was not handed over
            _apply(delivery, event, sums)
    for (fund, measure, number), (records, amount) in sums.items():
        yield Change(fund, measure, number, records, amount)


def _events(rows: Rows) -> Iterator[_Event]:
    for name, said in _SAID.items():
        id = _place(EVENT_TABLES[name], "entitlement")
        for row in rows.get(name, ()):
            yield _Event(row[-3], row[-1], row[id], said, 0)
    id, amount = _RETURNED
    for row in rows.get(delivery_returned.name, ()):
        yield _Event(row[-3], row[-1], row[id], None, row[amount])


def _apply(delivery: _Delivery, event: _Event, sums: _Sums) -> None:
    fund, number, said = delivery.fund, event.block_number, delivery.said
    if event.said is not None:
        rest = delivery.amount - delivery.returned
        if said is not None:
            before = sums[fund, said, number]
            before[0] -= 1
            before[1] -= rest
        elif not rest:  # the contract lets nobody speak of what came back whole; a word counts all the same
            whole = sums[fund, Measure.RETURNED_WHOLE, number]
            whole[0] -= 1
            whole[1] -= delivery.amount
        after = sums[fund, event.said, number]
        after[0] += 1
        after[1] += rest
        delivery.said = event.said
        return
    delivery.returned += event.returned
    if said is not None:
        sums[fund, said, number][1] -= event.returned
    elif delivery.returned == delivery.amount:
        whole = sums[fund, Measure.RETURNED_WHOLE, number]
        whole[0] += 1
        whole[1] += delivery.amount


def _deliveries(conn: Connection, first: int, rows: Rows, events: Sequence[_Event]) -> dict[bytes, _Delivery]:
    """The deliveries spoken of, as they were before the range. Those handed over in it need no look-up."""
    id, fund, amount = _HANDED_OVER
    new = {row[id]: _Delivery(row[fund], row[amount]) for row in rows.get(delivery_handed_over.name, ())}
    asked = dict.fromkeys(event.entitlement for event in events if event.entitlement not in new)
    known = {row[0]: _Delivery(row[1], row[2]) for row in _by_ids(conn, _KNOWN, asked, first)}
    for entitlement, returned in _by_ids(conn, _BACK, known, first):
        known[entitlement].returned = int(returned)
    # Nothing can have been said of what is being confirmed: a word may change only at a dispute or later.
    may_change = {event.entitlement for event in events if event.said is not Measure.CONFIRMED} & known.keys()
    order = list(_SAID.values())
    for entitlement, said in _by_ids(conn, _WORDS, sorted(may_change), first):
        delivery, word = known[entitlement], Measure(said)
        if delivery.said is None or order.index(word) > order.index(delivery.said):
            delivery.said = word
    return known | new


def _ended(conn: Connection, rows: Rows) -> Iterator[Change]:
    """Lists that ended. What one frees is counted in entitlements once; nobody takes or refuses any of them
    later."""
    ended = []
    for name, measure in _ENDED.items():
        table = EVENT_TABLES[name]
        places = [_place(table, column) for column in ("list", "fund", "freed_minor")]
        ended += [(measure, row[-3], *(row[place] for place in places)) for row in rows.get(name, ())]
    counts = dict(_by_ids(conn, _FREED, [plist for _, _, plist, _, freed in ended if freed]))
    for measure, number, plist, fund, freed in ended:
        yield Change(fund, measure, number, counts.get(plist, 0), freed)


def _by_ids(conn: Connection, query: Any, ids: Iterable[bytes], first: int | None = None) -> Iterator[Any]:
    wanted = list(ids)
    for at in range(0, len(wanted), _AT_ONCE):
        parameters: dict[str, Any] = {"ids": wanted[at : at + _AT_ONCE]}
        yield from conn.execute(query, parameters if first is None else parameters | {"first": first})
