"""What an accepted act answers, and where its way can be followed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ledger_api import outbox
from ledger_api.office import reading
from ledger_api.outbox import Entry
from ledger_api.service import Service
from ledger_api.wire import Body, hex_text


class Accepted(Body):
    """The office has the act and will record it; `status` tells how far it is."""

    act: str
    id: str
    status: str


class RecordStatus(Body):
    """queued, sent, recorded (its event is in the mirror) or rejected (with the contract's reason).

    `final` is null before it is recorded, false while the record can still change for technical reasons.
    """

    act: str
    id: str
    state: str
    problem: dict[str, Any] | None = None
    final: bool | None = None


def accepted(service: Service, entries: Sequence[Entry]) -> list[Accepted]:
    """Checks new acts of one kind and scope with the contract, stores them, and answers for all of them.

    Raises Problem: the contract's refusal, or `conflicting-record`. Then nothing is stored.
    """
    with reading(service.office) as conn:
        fresh = outbox.fresh(conn, entries)
    service.check(fresh)
    with service.office.begin() as conn:
        outbox.add(conn, entries)
    return receipts(entries)


def receipts(entries: Sequence[Entry]) -> list[Accepted]:
    """What accepted acts are answered with."""
    return [Accepted(act=e.act, id=hex_text(e.record), status=status_path(e.act, e.record)) for e in entries]


def status_path(act: str, record: bytes) -> str:
    """Where an act's way can be followed."""
    return f"/v1/records/{act}/{hex_text(record)}"
