"""The API: routes, and how every refusal becomes an RFC 9457 problem."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from indexer.errors import MirrorMissing, UnknownRecord
from indexer.mirror import open_for_reading

from ledger_api import problems
from ledger_api.chain import Chain
from ledger_api.deliveries.routes import router as deliveries
from ledger_api.funds.routes import router as funds
from ledger_api.gifts.routes import router as gifts
from ledger_api.households.routes import router as households
from ledger_api.keyring import courier
from ledger_api.office import open_office
from ledger_api.organisations.routes import router as organisations
from ledger_api.pages.routes import mount_static
from ledger_api.pages.routes import router as pages
from ledger_api.payment_lists.routes import router as payment_lists
from ledger_api.problems import Problem
from ledger_api.receipts.routes import router as receipts
from ledger_api.records.routes import router as records
from ledger_api.service import Service
from ledger_api.settings import Settings
from ledger_api.statements.routes import router as statements
from ledger_api.time_bank.routes import router as time_bank

MAX_BODY_BYTES = 5 * 1024 * 1024
PROBLEM_JSON = "application/problem+json"


def make_app(settings: Settings) -> FastAPI:
    """The API of one office. Raises MirrorMissing when the indexer has never run."""
    app = FastAPI(title="Amanat", version="0.1.0", docs_url="/docs", redoc_url=None)
    app.state.service = Service(
        settings=settings,
        office=open_office(settings.office_url),
        mirror=open_for_reading(settings.mirror_url),
        chain=Chain(settings.node_url),
        courier=courier(settings.keys),
    )
    app.middleware("http")(_limit_body)
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(UnknownRecord, _unknown)
    app.add_exception_handler(MirrorMissing, _no_mirror)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _broken)
    for router in (
        gifts,
        statements,
        payment_lists,
        deliveries,
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


def _answer(problem: Problem) -> JSONResponse:
    headers = {"WWW-Authenticate": "Bearer"} if problem.kind == "not-signed-in" else None
    return JSONResponse(problem.body(), problem.status, headers, media_type=PROBLEM_JSON)


async def _limit_body(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuses a body that is larger than any route reads, before it is read."""
    size = request.headers.get("content-length")
    if request.method in ("POST", "PUT", "PATCH") and (size is None or not size.isdigit()):
        return _answer(problems.own("malformed-body", "Content-Length", "the body's length must be given"))
    if size is not None and int(size) > MAX_BODY_BYTES:
        return _answer(problems.own("body-too-large", "body", f"{size} bytes; at most {MAX_BODY_BYTES}"))
    return await call_next(request)


async def _problem(_request: Request, error: Any) -> Response:
    return _answer(error)


async def _unknown(_request: Request, error: Any) -> Response:
    return _answer(problems.own("not-found", "id", str(error)))


async def _no_mirror(_request: Request, error: Any) -> Response:
    return _answer(problems.own("mirror-missing", "request", str(error)))


async def _invalid(_request: Request, error: Any) -> Response:
    """The first value that cannot be used is the problem's field; all are listed."""
    found = [
        {
            "field": ".".join(str(part) for part in e["loc"] if part not in ("body", "query", "path")) or "body",
            "message": str(e["msg"]).removeprefix("Value error, "),
        }
        for e in error.errors()
    ]
    kind = "malformed-body" if any(e["type"] == "json_invalid" for e in error.errors()) else "invalid-request"
    first = found[0]
    return _answer(problems.own(kind, first["field"], first["message"], first["message"], errors=found[:100]))


async def _broken(_request: Request, _error: Any) -> Response:
    """A fault of ours: the caller learns no inner detail; the log has it all."""
    return _answer(problems.own("internal-error", "request", "this service failed"))


async def _http(_request: Request, error: Any) -> Response:
    kinds = {404: "not-found", 405: "method-not-allowed"}
    return _answer(problems.own(kinds.get(error.status_code, "malformed-body"), "request", str(error.detail)))
