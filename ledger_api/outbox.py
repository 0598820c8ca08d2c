"""The durable outbox: an accepted act is a row, written in the same transaction as the business row it belongs to.

A row is closed by its event in the mirror, not by the relay's opinion. Its states and moves are this table; nothing
else changes a state.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Row, delete, insert, select, tuple_, update

from ledger_api import problems
from ledger_api.office import outbox
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


def add(conn: Connection, entries: Sequence[Entry]) -> int:
    """Stores acts; the same act again is a no-op, and a rejected one may be sent again, corrected or not.

    Returns how many are new. Raises Problem `conflicting-record` when a record's id is taken by another content, and
    then stores nothing (the caller's transaction ends).
    """
    known = {(row.act, row.record): row for row in _known(conn, entries)}
    fresh = []
    for entry in entries:
        row = known.get((entry.act, entry.record))
        if row is not None and row.state != State.REJECTED:
            if (row.scope, row.item, row.lane) != (entry.scope, entry.item, entry.lane):
                raise problems.own("conflicting-record", "id", f"{entry.act} {hex_text(entry.record)}")
            continue
        if row is not None:
            conn.execute(delete(outbox).where(outbox.c.seq == row.seq))
        fresh.append(entry)
    if fresh:
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
                for e in fresh
            ],
        )
    return len(fresh)


def fresh(conn: Connection, entries: Sequence[Entry]) -> list[Entry]:
    """The entries that the outbox does not hold yet, or holds as rejected."""
    known = {(row.act, row.record) for row in _known(conn, entries) if row.state != State.REJECTED}
    return [e for e in entries if (e.act, e.record) not in known]


def _known(conn: Connection, entries: Sequence[Entry]) -> list[Row[tuple[object, ...]]]:
    rows: list[Row[tuple[object, ...]]] = []
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


def status(conn: Connection, act: str, record: bytes) -> Row[tuple[object, ...]] | None:
    """The row of one act, or None."""
    return conn.execute(select(outbox).where(outbox.c.act == act, outbox.c.record == record)).one_or_none()
