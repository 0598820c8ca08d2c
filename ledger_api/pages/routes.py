"""Routes of the public pages. Nothing needs a script, sets a cookie or is fetched from elsewhere."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy import Connection, Row
from sqlalchemy.exc import DatabaseError
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from contracts.bindings.ids import DonationId, FundId, OrganisationId
from indexer.errors import InvariantBroken, MirrorMissing, UnknownRecord
from indexer.queries.blocks import as_of
from indexer.queries.gifts import gift as recorded_gift
from indexer.queries.line import fund_opening
from indexer.queries.trace import trace_donation
from ledger_api.finality import finality, steps_are_final
from ledger_api.gifts.receiving import plain_code
from ledger_api.office import reading
from ledger_api.pages import fund as funds
from ledger_api.pages import gift as gifts
from ledger_api.pages import queries
from ledger_api.pages.language import CODES, Language, choose, language
from ledger_api.pages.pictures import bar, side
from ledger_api.service import Service, ServiceDep

_HERE = Path(__file__).parent
_STATIC = _HERE / "static"
_DAY_S = 24 * 3600

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # a gift's address is its secret
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "interest-cohort=()",
    "Vary": "Accept-Language",
}
_PRIVATE = {"Cache-Control": "private, no-cache", "X-Robots-Tag": "noindex, nofollow"}
_RETRY = {"Retry-After": "30", "Cache-Control": "no-store"}


class NoSuchPage(Exception):
    """There is nothing at this address; `kind` chooses the words: "code", "record" or "page"."""

    def __init__(self, kind: str, typed: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.typed = typed


class PageRoute(APIRoute):
    """A route that answers people: its errors are pages, and every answer carries HEADERS."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await handle(request)
            except (NoSuchPage, MirrorMissing, InvariantBroken, DatabaseError) as error:
                response = _error_page(request, error)
            response.headers.update(HEADERS)
            return response

        return answer


router = APIRouter(route_class=PageRoute, include_in_schema=False, default_response_class=HTMLResponse)


class _Static(StaticFiles):
    """The style sheet and the font; the style sheet's address holds its hash."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = f"public, max-age={30 * _DAY_S}"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def mount_static(app: FastAPI) -> None:
    """Serves the pages' own files under /static."""
    app.mount("/static", _Static(directory=_STATIC), name="static")


def _language(request: Request) -> Language:
    return choose(request.query_params.get("lang"), request.headers.get("accept-language", ""))


LanguageDep = Annotated[Language, Depends(_language)]


@router.get("/")
def start_page(request: Request, service: ServiceDep, words: LanguageDep) -> Response:
    """What this is, a place for a receipt's code, and the organisations."""
    with _mirror(service) as mirror, reading(service.office) as office:
        now = as_of(mirror)
        overviews = [queries.overview(mirror, id) for id in queries.organisations(mirror)]
        names = queries.names(office, [overview.totals.organisation for overview in overviews], words)
        shown = [(overview.totals.organisation, _by_unit(overview)) for overview in overviews]
    return _page(request, words, "start.html", as_of=now, organisations=shown, names=names)


@router.get("/g")
def find_gift(code: str = "", lang: str = "") -> Response:
    """What the form of a receipt's code asks for."""
    asked = f"?lang={lang}" if lang in CODES else ""
    plain = _plain(code)
    return RedirectResponse(f"/g/{plain}{asked}" if plain else f"/{asked}", status_code=303)


@router.get("/g/{code}")
def gift_page(code: str, request: Request, service: ServiceDep, words: LanguageDep) -> Response:
    """Where each unit of a gift is."""
    with _mirror(service) as mirror, reading(service.office) as office:
        row = _gift(office, code)
        now = as_of(mirror)
        try:
            trace = trace_donation(mirror, DonationId(row.id))
        except UnknownRecord:
            refused = queries.recording_refused(office, DonationId(row.id))
            names = queries.names(office, [row.organisation, row.fund], words)
            unit = _unit(mirror, FundId(row.fund))
            return _page(
                request,
                words,
                "pending.html",
                _PRIVATE,
                gift=row,
                refused=refused,
                unit=unit,
                names=names,
                as_of=now,
            )
        final = finality(mirror, now)
        aid = gifts.aid(mirror, trace)
        ids = [trace.fund.organisation, trace.fund.id, *(row.programme for row in aid if row.programme)]
        ids += [fund.id for fund in trace.funds]
        names = queries.names(office, ids, words)
    return _page(
        request,
        words,
        "gift.html",
        _PRIVATE,
        code=row.receipt_code,
        gift=trace.gift,
        fund=trace.fund,
        states=gifts.states(trace),
        elsewhere=trace.funds,
        final=final.of_block(trace.gift.block_number),
        steps_final=steps_are_final(trace, final),
        aid=aid,
        names=names,
        as_of=now,
    )


@router.get("/r/{code}")
def receipt_page(code: str, request: Request, service: ServiceDep, words: LanguageDep) -> Response:
    """A receipt to print, with the way to the gift's page."""
    with _mirror(service) as mirror, reading(service.office) as office:
        row = _gift(office, code)
        state = _recorded_state(mirror, DonationId(row.id))
        unit = _unit(mirror, FundId(row.fund))
        names = queries.names(office, [row.organisation, row.fund], words)
    address = f"{service.settings.public_url}/g/{row.receipt_code}"
    drawn = segno.make(address, error="m", micro=False).svg_inline(border=4, light="#fff", omitsize=True)
    return _page(
        request,
        words,
        "receipt.html",
        _PRIVATE,
        gift=row,
        state=state,
        unit=unit,
        names=names,
        address=address,
        qr=Markup(drawn),  # noqa: S704 - a drawing of squares, no text in it
    )


@router.get("/o/{organisation}")
def organisation_page(
    organisation: str, request: Request, service: ServiceDep, words: LanguageDep
) -> Response:
    """An organisation's totals, fund by fund."""
    id = OrganisationId(_id(organisation))
    with _mirror(service) as mirror, reading(service.office) as office:
        overview = queries.overview(mirror, id)
        totals = overview.totals
        if not totals.funds:
            raise NoSuchPage("record")
        names = queries.names(office, [id, *(fund.fund for fund in totals.funds)], words)
    return _page(
        request,
        words,
        "organisation.html",
        organisation=id,
        funds=[(fund, funds.states(fund)) for fund in totals.funds],
        unconfirmed=overview.unconfirmed,
        fewest=queries.FEWEST_HOUSEHOLDS,
        simulated=overview.simulated,
        names=names,
        as_of=totals.as_of,
    )


@router.get("/f/{fund}")
def fund_page(
    fund: str,
    request: Request,
    service: ServiceDep,
    words: LanguageDep,
    from_position: Annotated[str, Query(alias="from")] = "0",
) -> Response:
    """A fund's line: what came in above, what went out below."""
    id = FundId(_id(fund))
    start = int(from_position) if re.fullmatch("[0-9]{1,18}", from_position) else 0
    with _mirror(service) as mirror, reading(service.office) as office:
        try:
            stretch = funds.stretch(mirror, id, start)
        except UnknownRecord:
            raise NoSuchPage("record") from None
        overview = queries.overview(mirror, stretch.fund.organisation)
        totals = next(totals for totals in overview.totals.funds if totals.fund == id)
        names = queries.names(office, [id, stretch.fund.organisation, stretch.fund.programme], words)
    return _page(
        request,
        words,
        "fund.html",
        fund=stretch.fund,
        restricted=any(stretch.fund.programme),
        stretch=stretch,
        totals=totals,
        states=funds.states(totals),
        simulated=id in overview.simulated,
        names=names,
        as_of=overview.totals.as_of,
    )


def not_found_page(request: Request) -> Response:
    """The page for an address that no route knows, for the application's own handler."""
    response = _error_page(request, NoSuchPage("page"))
    response.headers.update(HEADERS)
    return response


def _plain(typed: str) -> str:
    """The code as it is printed, from one that may be typed in Persian or Arabic digits."""
    digits = (str(unicodedata.digit(c)) if unicodedata.digit(c, None) is not None else c for c in typed[:200])
    return plain_code("".join(c for c in digits if c.isascii()))


def _gift(office: Connection, code: str) -> Row[Any]:
    row = queries.gift_by_code(office, _plain(code))
    if row is None:
        raise NoSuchPage("code", code[:64])
    return row


def _id(text: str) -> bytes:
    if not re.fullmatch("(0x)?[0-9a-fA-F]{64}", text):
        raise NoSuchPage("record")
    return bytes.fromhex(text.removeprefix("0x"))


def _recorded_state(mirror: Connection, donation: DonationId) -> str:
    """How far a gift's record is, as in the strings `receipt.state…`: "received", "recorded" or "final"."""
    try:
        recorded = recorded_gift(mirror, donation)
    except UnknownRecord:
        return "received"
    return "final" if finality(mirror).of_block(recorded.block_number) else "recorded"


def _unit(mirror: Connection, fund: FundId) -> str | None:
    """The fund's unit; None while the fund itself is on its way to the mirror."""
    try:
        return fund_opening(mirror, fund).unit
    except UnknownRecord:
        return None


@dataclass
class _Sum:
    """An organisation's funds of one unit, added up."""

    given: int = 0
    states: dict[str, int] = field(default_factory=lambda: dict.fromkeys(funds.STATES, 0))
    simulated: bool = False


def _by_unit(overview: queries.Overview) -> dict[str, _Sum]:
    """An organisation's funds added up by unit, in the order they were opened."""
    sums: dict[str, _Sum] = defaultdict(_Sum)
    for totals in overview.totals.funds:
        sum_ = sums[totals.unit]
        sum_.given += totals.gifts_minor
        sum_.simulated |= totals.fund in overview.simulated
        for state, amount in funds.states(totals):
            sum_.states[state] += amount
    return sums


@contextmanager
def _mirror(service: Service) -> Iterator[Connection]:
    """One state of the chain, from the page's first query to its last."""
    with service.mirror.connect() as conn:
        yield conn


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = hashlib.sha256((_STATIC / "pages.css").read_bytes()).hexdigest()[:12]
    environment.globals.update(
        bar=bar, side=side, style=f"/static/pages.css?v={style}", languages=[language(code) for code in CODES]
    )
    return environment


def _link(words: Language, path: str, **values: object) -> str:
    """An address of ours that keeps the language."""
    query = "&".join(f"{key.rstrip('_')}={value}" for key, value in (values | {"lang": words.code}).items())
    return f"{path}?{query}"


def _page(
    request: Request,
    words: Language,
    template: str,
    headers: dict[str, str] | None = None,
    status: int = 200,
    **values: object,
) -> Response:
    html = (
        _templates()
        .get_template(template)
        .render(
            words=words,
            t=words.text,
            link=partial(_link, words),
            here="/" + request.url.path.lstrip("/"),  # "//elsewhere" would lead there
            position=request.query_params.get("from", ""),
            **values,
        )
    )
    return HTMLResponse(html, status, {"Content-Language": words.code} | (headers or {}))


def _error_page(request: Request, error: Exception) -> Response:
    """The page of what went wrong, in words for whoever asked."""
    words = _language(request)
    if isinstance(error, NoSuchPage):
        return _page(request, words, "missing.html", status=404, kind=error.kind, typed=error.typed)
    if isinstance(error, InvariantBroken):
        return _page(request, words, "error.html", _RETRY, 500, kind="broken")
    return _page(request, words, "error.html", _RETRY, 503, kind="unavailable")
