"""Route of an act's way."""

from __future__ import annotations

import json

from fastapi import APIRouter

from indexer.queries.records import find
from ledger_api import outbox, problems
from ledger_api.acts import ACTS
from ledger_api.office import reading
from ledger_api.outbox import State
from ledger_api.records.schemas import RecordStatus
from ledger_api.service import Service, ServiceDep

router = APIRouter(prefix="/v1", tags=["records"])


@router.get("/records/{act}/{record}")
def get_record(act: str, record: str, service: ServiceDep) -> RecordStatus:
    """How far an accepted act is."""
    try:
        key = bytes.fromhex(record.removeprefix("0x"))
    except ValueError:
        key = b""
    with reading(service.office) as conn:
        row = outbox.status(conn, act, key) if act in ACTS and key else None
    if row is None:
        raise problems.own("not-found", "record", f"{act} {record}"[:200])
    return RecordStatus(
        act=row.act,
        id="0x" + row.record.hex(),
        state=row.state,
        problem=json.loads(row.refusal) if row.refusal else None,
        final=_is_final(service, act, key) if row.state == State.RECORDED else None,
    )


def _is_final(service: Service, act: str, record: bytes) -> bool:
    """Whether the record is in a final block; not when a re-organisation took it back."""
    with service.mirror.connect() as conn:
        found = find(conn, ACTS[act].closing(record))
    numbers = found.block_numbers.values()
    return bool(numbers) and max(numbers) <= found.as_of.final_number
