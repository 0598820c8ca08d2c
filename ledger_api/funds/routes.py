"""Routes of funds and gifts' traces. Public: nothing here names a person or a household."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from contracts.bindings.ids import DonationId, FundId
from indexer.queries.line import fund_line
from indexer.queries.trace import trace_donation
from ledger_api.answers import answer, public_trace
from ledger_api.finality import finality
from ledger_api.service import ServiceDep
from ledger_api.wire import Id32

router = APIRouter(prefix="/v1", tags=["public"])


@router.get("/gifts/{donation}")
def get_trace(donation: Id32, service: ServiceDep) -> dict[str, Any]:
    """Where each unit of a gift is: waiting, reserved, on its way to another fund, handed over, confirmed, disputed,
    fee or refunded; in whichever fund it stands by now."""
    with service.mirror.connect() as conn:
        return public_trace(trace_donation(conn, DonationId(donation)), finality(conn))


@router.get("/funds/{fund}/line")
def get_line(
    fund: Id32,
    service: ServiceDep,
    from_position: Annotated[int, Query(ge=0, lt=2**63)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """A fund's two ends, in minor units from `from_position`."""
    with service.mirror.connect() as conn:
        return dict(answer(fund_line(conn, FundId(fund), from_position, limit), finality(conn)))
