"""The outbox: four states, five moves, one row for each act whatever is sent how often."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, func, select

from ledger_api import outbox
from ledger_api.acts import ACTS
from ledger_api.office import open_office, reading
from ledger_api.office import outbox as table
from ledger_api.outbox import ALLOWED, Entry, State, add, fresh, move
from ledger_api.problems import Problem


def entry(number: int = 1, **changes: object) -> Entry:
    made = Entry("donate", bytes([number]) * 32, b"L" * 32, b"S" * 20, b"F" * 32, bytes([number]) * 192)
    return replace(made, **changes)  # type: ignore[arg-type]


def listed(number: int, content: bytes = b"c", list_id: bytes = b"I" * 32) -> Entry:
    return entry(number, act="propose_list", scope=list_id + content * 32)


@pytest.fixture
def office(tmp_path: Path) -> Engine:
    return open_office(f"sqlite:///{tmp_path / 'office.db'}")


@pytest.fixture
def conn(office: Engine) -> Iterator[Connection]:
    with office.begin() as conn:
        yield conn


def states(conn: Connection) -> list[str]:
    return list(conn.scalars(select(table.c.state).order_by(table.c.seq)))


def put(conn: Connection, state: State, item: Entry | None = None) -> int:
    """A row in a state, put there behind the table of moves."""
    add(conn, [item or entry()])
    seq = conn.scalar(select(func.max(table.c.seq)))
    conn.execute(table.update().where(table.c.seq == seq).values(state=state))
    return int(seq or 0)


# --- Moves


@pytest.mark.parametrize(("old", "new"), list(product(State, State)))
def test_only_the_allowed_moves_can_be_made(conn: Connection, old: State, new: State) -> None:
    seq = put(conn, old)
    if (old, new) in ALLOWED:
        move(conn, [seq], old, new)
        assert states(conn) == [new]
    else:
        with pytest.raises(ValueError, match="no move"):
            move(conn, [seq], old, new)
        assert states(conn) == [old]


def test_recorded_and_rejected_are_final() -> None:
    assert {old for old, _ in ALLOWED} == {State.QUEUED, State.SENT}
    assert len(ALLOWED) == 5


def test_a_move_leaves_rows_that_are_in_another_state(conn: Connection) -> None:
    first, second = put(conn, State.QUEUED, entry(1)), put(conn, State.RECORDED, entry(2))
    move(conn, [first, second], State.QUEUED, State.REJECTED, refusal="{}")
    assert states(conn) == ["rejected", "recorded"]


def test_a_move_of_more_rows_than_one_statement_takes(conn: Connection) -> None:
    many = [entry(1, record=n.to_bytes(32, "big")) for n in range(1, 2 * outbox.CHUNK + 2)]
    assert len(add(conn, many)) == len(many)
    seqs = list(conn.scalars(select(table.c.seq)))
    move(conn, seqs, State.QUEUED, State.RECORDED)
    assert set(states(conn)) == {"recorded"} and fresh(conn, many) == []


# --- Sending again


@pytest.mark.parametrize("state", [State.QUEUED, State.SENT, State.RECORDED])
def test_the_same_act_again_is_a_no_op(conn: Connection, state: State) -> None:
    put(conn, state)
    assert fresh(conn, [entry()]) == []
    assert add(conn, [entry()]) == []
    assert add(conn, [entry(signer=b"T" * 20)]) == [], "a colleague may send it again"
    assert states(conn) == [state]


@pytest.mark.parametrize("state", [State.QUEUED, State.SENT, State.RECORDED])
@pytest.mark.parametrize("change", [{"item": b"x" * 192}, {"scope": b"G" * 32}, {"lane": b"M" * 32}], ids=str)
def test_the_same_id_with_another_content_is_a_conflict(
    conn: Connection, state: State, change: dict[str, bytes]
) -> None:
    put(conn, state)
    for ask in (fresh, add):
        with pytest.raises(Problem) as caught:
            ask(conn, [entry(2), entry(**change)])
        assert (caught.value.kind, caught.value.status, caught.value.field) == (
            "conflicting-record",
            409,
            "id",
        )
    assert states(conn) == [state]


def test_a_conflict_takes_the_whole_transaction_with_it(office: Engine) -> None:
    with office.begin() as conn:
        add(conn, [entry()])
    with pytest.raises(Problem), office.begin() as conn:
        add(conn, [entry(2)])
        add(conn, [entry(item=b"x")])
    with reading(office) as conn:
        assert states(conn) == ["queued"]


def test_one_id_of_two_kinds_of_act_is_two_acts(conn: Connection) -> None:
    assert len(add(conn, [entry(act="hand_over"), entry(act="accept")])) == 2


def test_one_act_twice_at_once_is_one_and_two_contents_are_a_conflict(conn: Connection) -> None:
    assert add(conn, [entry(), entry()]) == [entry()]
    with pytest.raises(Problem):
        add(conn, [entry(2), entry(2, item=b"x")])
    assert states(conn) == ["queued"]


@pytest.mark.parametrize("item", [entry().item, b"corrected".ljust(192)], ids=["unchanged", "corrected"])
def test_a_rejected_act_may_be_replaced(conn: Connection, item: bytes) -> None:
    put(conn, State.REJECTED)
    again = entry(item=item)
    assert fresh(conn, [again]) == [again] == add(conn, [again])
    row = conn.execute(select(table)).one()
    assert (row.state, row.item, row.refusal) == ("queued", item, None)


def test_a_rejected_act_is_not_replaced_by_another_organisation(conn: Connection) -> None:
    put(conn, State.REJECTED)
    with pytest.raises(Problem):
        add(conn, [entry(lane=b"M" * 32)])


# --- Whole lists


def test_a_list_id_has_one_content(conn: Connection) -> None:
    add(conn, [listed(1), listed(2)])
    with pytest.raises(Problem) as caught:
        fresh(conn, [listed(3, b"d"), listed(4, b"d")])
    assert caught.value.kind == "conflicting-record"
    assert len(add(conn, [listed(3), listed(5, b"e", b"J" * 32)])) == 2


def test_a_rejected_list_may_be_proposed_again_with_other_content(conn: Connection) -> None:
    put(conn, State.REJECTED, listed(1))
    assert add(conn, [listed(1, b"d"), listed(2, b"d")]) == [listed(1, b"d"), listed(2, b"d")]


def test_looking_for_a_lists_other_content_uses_its_index(office: Engine) -> None:
    asked: list[tuple[str, Any]] = []

    @event.listens_for(office, "before_cursor_execute")
    def _keep(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    with reading(office) as conn:
        fresh(conn, [listed(1)])
        statement, parameters = next(a for a in asked if "substr" in a[0])
        plan = [row[3] for row in conn.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)]
    assert any("outbox_proposed" in line for line in plan), plan


def test_every_act_has_room_for_its_gas_and_a_batch_that_fits_a_block() -> None:
    for act in ACTS.values():
        assert act.batch >= 1 and act.gas_per_item * act.batch <= 100_000_000
