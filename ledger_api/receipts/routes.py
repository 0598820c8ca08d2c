"""Route of a receipt as JSON. Whoever holds the code holds the receipt."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter

from contracts.bindings.ids import DonationId
from indexer.errors import UnknownRecord
from indexer.queries.trace import trace_donation
from ledger_api.answers import public_trace
from ledger_api.finality import finality
from ledger_api.gifts.receiving import opening
from ledger_api.gifts.schemas import Gift
from ledger_api.receipts.queries import gift_by_code, names
from ledger_api.service import ServiceDep
from ledger_api.wire import hex_text

router = APIRouter(prefix="/v1", tags=["receipts"])


@router.get("/receipts/{code}")
def get_receipt(code: str, service: ServiceDep) -> dict[str, Any]:
    """A gift's receipt: what was given, what opens its commitment on chain, and where its units are.

    `state` is `received` until the gift is on chain (`trace` is null), `recorded` while its record can still change
    for technical reasons, and `final` from then on: only then is it a receipt for what the ledger holds.
    """
    row = gift_by_code(service.office, code)
    given = Gift(
        id=row.id,
        amount_minor=str(row.amount_minor),  # the wire form
        settled_at_unix_s=row.settled_at_unix_s,
        channel=row.channel,
        form=row.form,
        value_minor=None if row.value_minor is None else str(row.value_minor),
        value_currency=row.value_currency,
        reference=row.reference,
    )
    with service.mirror.connect() as conn:
        try:
            trace = public_trace(trace_donation(conn, DonationId(row.id)), finality(conn))
            state = "final" if trace["gift"]["final"] else "recorded"
        except UnknownRecord:
            trace, state = None, "received"
    return {
        "code": row.receipt_code,
        "state": state,
        "final": state == "final",
        "page": f"{service.settings.public_url}/g/{row.receipt_code}",
        "organisation": {"id": hex_text(row.organisation), "names": names(service.office, row.organisation)},
        "fund": {"id": hex_text(row.fund), "names": names(service.office, row.fund)},
        "donor_account": hex_text(row.donor),
        "opening": {
            "record": json.loads(opening(row.id, row.fund, given)),
            "salt": hex_text(row.salt),
            "commitment": hex_text(row.commitment),
            "rule": "commitment = keccak256(salt || record as JSON with sorted keys and no spaces, UTF-8)",
        },
        "trace": trace,
    }
