"""Two people's approvals of one record, where the regulator wants two checkers."""

from __future__ import annotations

from dataclasses import replace

from indexer.queries.records import RecordKey, find
from ledger_api import outbox
from ledger_api.acts import ACTS, SECOND
from ledger_api.office import reading
from ledger_api.outbox import Entry, State
from ledger_api.service import Service


def approval(service: Service, entry: Entry) -> Entry:
    """The act that an approval is: the second checker's, when somebody else's stands first and was not enough.

    Whether one is enough is the contract's to say; here two people's approvals are only kept apart. What is
    approved already stays the first one's act, so that sending it again is a no-op for every checker.
    """
    with reading(service.office) as conn:
        first = outbox.status(conn, entry.act, entry.record)
    if first is None or first.state == State.REJECTED or first.signer == entry.signer:
        return entry
    approved = RecordKey(ACTS[entry.act].closed_by, (entry.record,))
    with service.mirror.connect() as conn:
        done = approved in find(conn, [approved]).block_numbers
    return entry if done else replace(entry, act=SECOND[entry.act])
