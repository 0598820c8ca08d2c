"""The durable outbox: an accepted act is a row, written in the same transaction as the business row it
belongs to.

A row is closed by its event in the mirror, not by the relay's opinion. Its states and moves are this table;
nothing else changes a state.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, literal, select, tuple_, update

from contracts.abi import WORD
from ledger_api import problems
from ledger_api.acts import ACTS
from ledger_api.office import outbox, whole_id
from ledger_api.wire import hex_text


class State(StrEnum):
    """Where an act stands on its way."""

    QUEUED = "queued"
    SENT = "sent"
    RECORDED = "recorded"
    REJECTED = "rejected"


ALLOWED: dict[tuple[State, State], str] = {
    (State.QUEUED, State.SENT): "a transaction that holds it was signed and stored",
    (State.SENT, State.QUEUED): "its transaction failed or was displaced",
    (State.SENT, State.RECORDED): "its event is in the mirror",
    (State.QUEUED, State.RECORDED): "its event is in the mirror",
    (State.QUEUED, State.REJECTED): "the contract refused it",
}

CHUNK = 500
"""Most ids of one SQL statement: below every database's limit of variables."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One act to send. `scope` and `item` are ABI words (`ledger_api.acts`)."""

    act: str
    record: bytes
    lane: bytes
    signer: bytes
    scope: bytes
    item: bytes


def add(conn: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """Stores acts; the same act again is a no-op, and a rejected one may be sent again, corrected or not.

    Returns those that are new. Raises Problem `conflicting-record` when a record's id is taken by another
    content, and then stores nothing (the caller's transaction ends).
    """
    new, rejected = _sorted(conn, entries)
    for start in range(0, len(rejected), CHUNK):
        conn.execute(delete(outbox).where(outbox.c.seq.in_(rejected[start : start + CHUNK])))
    if new:
        now = int(time.time())
        conn.execute(
            insert(outbox),
            [
                {
                    "act": e.act,
                    "record": e.record,
                    "lane": e.lane,
                    "signer": e.signer,
                    "scope": e.scope,
                    "item": e.item,
                    "state": State.QUEUED,
                    "created_at_unix_s": now,
                }
                for e in new
            ],
        )
    return new


def fresh(conn: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """The entries that the outbox does not hold yet, or holds as rejected; raises Problem as `add`."""
    return _sorted(conn, entries)[0]


def _sorted(conn: Connection, entries: Sequence[Entry]) -> tuple[list[Entry], list[int]]:
    """(new entries, each once; rejected rows that they replace)."""
    new: dict[tuple[str, bytes], Entry] = {}
    replaced: list[int] = []
    known = {(row.act, row.record): row for row in _known(conn, entries)}
    for entry in entries:
        key = entry.act, entry.record
        first, row = new.get(key), known.get(key)
        if first is not None:
            if first != entry:
                raise _conflict(entry)
            continue
        if row is not None and not _may_follow(row, entry):
            raise _conflict(entry)
        if row is None or row.state == State.REJECTED:
            new[key] = entry
            replaced += [row.seq] if row is not None else []
    for entry in {e.scope: e for e in new.values() if ACTS[e.act].whole}.values():
        _require_only_scope(conn, entry)
    return list(new.values()), replaced


def _may_follow(row: Row[*tuple[Any, ...]], entry: Entry) -> bool:
    """Whether an entry is the row again, or the correction of a rejected one by the same organisation."""
    same = (row.scope, row.item) == (entry.scope, entry.item)
    return row.lane == entry.lane and (same or row.state == State.REJECTED)


def _require_only_scope(conn: Connection, entry: Entry) -> None:
    """A `whole` act's items stand and fall by their scope, whose first word is its id: one id, one scope."""
    other = select(
        outbox.c.seq
    ).where(
        outbox.c.act == literal(entry.act, literal_execute=True),  # spelled out, or its index is not used
        whole_id == entry.scope[:WORD],
        outbox.c.scope != entry.scope,
        outbox.c.state != State.REJECTED,
    )
    if conn.execute(other.limit(1)).first() is not None:
        raise problems.own("conflicting-record", "id", f"{entry.act} {hex_text(entry.scope[:WORD])}")


def _conflict(entry: Entry) -> problems.Problem:
    return problems.own("conflicting-record", "id", f"{entry.act} {hex_text(entry.record)}")


def _known(conn: Connection, entries: Sequence[Entry]) -> list[Row[*tuple[Any, ...]]]:
    rows: list[Row[*tuple[Any, ...]]] = []
    keys = [(e.act, e.record) for e in entries]
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        rows += conn.execute(select(outbox).where(tuple_(outbox.c.act, outbox.c.record).in_(part)))
    return rows


def move(
    conn: Connection,
    seqs: Sequence[int],
    old: State,
    new: State,
    *,
    transaction: int | None = None,
    refusal: str | None = None,
) -> None:
    """Changes the state of rows that are in `old`; a move that ALLOWED does not list is a bug and raises."""
    if (old, new) not in ALLOWED:
        raise ValueError(f"outbox: no move from {old} to {new}")
    for start in range(0, len(seqs), CHUNK):
        part = seqs[start : start + CHUNK]
        change = update(outbox).where(outbox.c.seq.in_(part), outbox.c.state == old).values(state=new)
        if transaction is not None:
            change = change.values(transaction=transaction)
        conn.execute(change.values(refusal=refusal))


def status(conn: Connection, act: str, record: bytes) -> Row[*tuple[Any, ...]] | None:
    """The row of one act, or None."""
    return conn.execute(select(outbox).where(outbox.c.act == act, outbox.c.record == record)).one_or_none()
