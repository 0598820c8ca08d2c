"""Route of bank statements."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Query

from contracts.bindings.ids import FundId
from indexer.queries.line import fund_opening
from ledger_api import problems
from ledger_api.gifts.routes import take
from ledger_api.service import ServiceDep
from ledger_api.staff import CallerDep
from ledger_api.statements.camt import StatementError
from ledger_api.statements.gifts import Line, read_gifts
from ledger_api.statements.schemas import StatementLine, StatementReport
from ledger_api.wire import Id32, hex_text

router = APIRouter(prefix="/v1", tags=["statements"])


@router.post("/statements", status_code=202)
def post_statement(
    data: Annotated[bytes, Body(media_type="application/xml")],
    fund: Annotated[list[Id32], Query(min_length=1, max_length=20)],
    service: ServiceDep,
    caller: CallerDep,
) -> StatementReport:
    """Imports the gifts of a bank statement (ISO 20022 camt.052, .053, .054): one fund for each currency in
    it."""
    with service.mirror.connect() as conn:
        units = [(fund_opening(conn, FundId(f)).unit, f) for f in dict.fromkeys(fund)]
    funds = dict(units)
    for unit, named in units:
        if funds[unit] != named:
            remedy = "name one fund for each currency"
            raise problems.own("invalid-request", "fund", f"two funds hold {unit}", remedy)
    try:
        lines = read_gifts(data, caller.organisation, funds)
    except StatementError as error:
        raise problems.own("statement-refused", error.field, error.problem, error.remedy) from None
    by_fund: dict[bytes, list[Line]] = {}
    for line in lines:
        if line.fund is not None:
            by_fund.setdefault(line.fund, []).append(line)
    take(service, caller, [(f, [line.gift for line in part if line.gift]) for f, part in by_fund.items()])
    return StatementReport(
        remarks=sorted(
            {f"{line.statement.statement_id}: {r}" for line in lines for r in line.statement.remarks}
        ),
        lines=[
            StatementLine(
                statement=line.statement.statement_id,
                entry=line.entry.entry_ref,
                amount_minor=str(line.entry.amount_minor),
                currency=line.entry.currency,
                gift=hex_text(line.gift.id) if line.gift else None,
                reason=line.reason,
            )
            for line in lines
        ],
    )
