"""The API: routes, and how every refusal becomes an RFC 9457 problem."""

from __future__ import annotations

import re
import sys
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from contracts.abi import BadValue
from indexer.errors import MirrorMissing, UnknownRecord
from indexer.mirror import open_for_reading
from ledger_api import problems
from ledger_api.body_limit import CONTENT_TOO_LARGE, BodyLimit, too_large
from ledger_api.chain import Chain
from ledger_api.deliveries.routes import router as deliveries
from ledger_api.faults import Faults
from ledger_api.funds.routes import router as funds
from ledger_api.gifts.routes import router as gifts
from ledger_api.households.routes import router as households
from ledger_api.keyring import courier
from ledger_api.office import open_office
from ledger_api.organisations.routes import router as organisations
from ledger_api.pages.routes import mount_static, not_found_page
from ledger_api.pages.routes import router as pages
from ledger_api.payment_lists.routes import router as payment_lists
from ledger_api.problem_response import ProblemResponse
from ledger_api.problems import Problem
from ledger_api.rate_limit import RateLimit, TokenBuckets
from ledger_api.receipts.routes import router as receipts
from ledger_api.records.routes import router as records
from ledger_api.service import Service
from ledger_api.settings import Settings
from ledger_api.statements.routes import router as statements
from ledger_api.time_bank.routes import router as time_bank
from ledger_api.transfers.routes import router as transfers

NOT_A_FIELD = ("body", "query", "path", "header", "cookie")
"""Where a value stands, as FastAPI says it before the value's name."""
MAX_FIELD = 200
MAX_ERRORS = 100
RECURSION_LIMIT = 1_000
"""Python's own default."""


def make_app(settings: Settings) -> FastAPI:
    """The API of one office. Raises MirrorMissing when the indexer has never run."""
    # py_ecc, which web3 imports, raises the limit to 100,000: then a body of deeply nested brackets overflows the C
    # stack of the JSON reader and ends the process.
    sys.setrecursionlimit(RECURSION_LIMIT)
    app = FastAPI(title="Amanat", version="0.1.0", docs_url="/docs", redoc_url=None)
    app.state.service = Service(
        settings=settings,
        office=open_office(settings.office_url),
        mirror=open_for_reading(settings.mirror_url),
        chain=Chain(settings.node_url),
        courier=courier(settings.keys),
    )
    for kind, handler in HANDLERS.items():
        app.add_exception_handler(kind, handler)
    # The last added is the first to see a request.
    app.add_middleware(BodyLimit)
    if settings.rate_per_s:
        app.add_middleware(RateLimit, TokenBuckets(settings.rate_per_s, settings.rate_burst))
    app.add_middleware(Faults)
    for router in (
        gifts,
        statements,
        payment_lists,
        deliveries,
        transfers,
        households,
        time_bank,
        funds,
        organisations,
        receipts,
        records,
    ):
        app.include_router(router)
    app.add_api_route("/v1/problems", problems.documented, methods=["GET"], tags=["public"])
    app.include_router(pages)
    mount_static(app)
    return app


async def _problem(_request: Request, error: Any) -> Response:
    return ProblemResponse(error)


async def _unknown(_request: Request, error: Any) -> Response:
    field = error.kind.rpartition(" ")[2]  # "payment list" is `list` in every body
    return ProblemResponse(problems.own("not-found", field, str(error)))


async def _no_mirror(_request: Request, _error: Any) -> Response:
    # The error's text holds the database's address, which is nobody's business here.
    return ProblemResponse(problems.own("mirror-missing", "request", "nothing is indexed yet"))


async def _bad_value(_request: Request, error: Any) -> Response:
    field = re.sub("(?=[A-Z])", "_", error.field).lower()  # the bindings name it as the contract does
    return ProblemResponse(problems.own("invalid-request", field, error.wanted, error.wanted))


async def _invalid(_request: Request, error: Any) -> Response:
    """The first value that cannot be used is the problem's field; all are listed."""
    every = error.errors()
    if any(e["type"] == "json_invalid" for e in every):
        reason = str(every[0].get("ctx", {}).get("error", "no JSON"))
        return ProblemResponse(problems.own("malformed-body", "body", reason))
    found = [
        {"field": _field(e["loc"]), "message": str(e["msg"]).removeprefix("Value error, ")}
        for e in every[:MAX_ERRORS]
    ]
    field, message = found[0]["field"], found[0]["message"]
    return ProblemResponse(problems.own("invalid-request", field, message, message, errors=found))


def _field(place: tuple[int | str, ...]) -> str:
    """`("body", "gifts", 3, "id")` -> `gifts.3.id`."""
    named = place[1:] if place and place[0] in NOT_A_FIELD else place
    return ".".join(map(str, named))[:MAX_FIELD] or "body"


async def _http(request: Request, error: Any) -> Response:
    """What Starlette refuses by itself: an unknown address, a method, a body that cannot be read."""
    status = error.status_code
    people = not request.url.path.startswith("/v1/") and "text/html" in request.headers.get("accept", "")
    if status == 404 and people:
        return not_found_page(request)
    if status == CONTENT_TOO_LARGE:
        return ProblemResponse(too_large(str(error.detail)), error.headers)
    kinds = {404: "not-found", 405: "method-not-allowed"}
    kind = kinds.get(status, "malformed-body" if status < 500 else "internal-error")
    return ProblemResponse(problems.own(kind, "request", str(error.detail)), error.headers)


HANDLERS = {
    Problem: _problem,
    UnknownRecord: _unknown,
    MirrorMissing: _no_mirror,
    BadValue: _bad_value,
    RequestValidationError: _invalid,
    HTTPException: _http,
}
