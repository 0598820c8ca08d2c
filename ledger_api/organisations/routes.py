"""Routes of organisations. Public: totals with the block they were computed at."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from contracts.bindings.ids import OrganisationId
from indexer.queries.deliveries import unconfirmed_deliveries
from indexer.queries.organisations import organisation_totals
from ledger_api.answers import answer
from ledger_api.finality import finality
from ledger_api.service import ServiceDep
from ledger_api.staff import CallerDep
from ledger_api.wire import Id32

router = APIRouter(prefix="/v1", tags=["public"])


@router.get("/organisations/{organisation}/totals")
def get_totals(organisation: Id32, service: ServiceDep) -> dict[str, Any]:
    """Totals by fund, from the events alone."""
    with service.mirror.connect() as conn:
        return dict(answer(organisation_totals(conn, OrganisationId(organisation)), finality(conn)))


@router.get("/unconfirmed-deliveries")
def get_unconfirmed(
    service: ServiceDep, caller: CallerDep, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> dict[str, Any]:
    """Deliveries of the caller's organisation that no family has confirmed (systems A02)."""
    with service.mirror.connect() as conn:
        found = unconfirmed_deliveries(conn, OrganisationId(caller.organisation), limit=limit)
        return dict(answer(found, finality(conn)))
