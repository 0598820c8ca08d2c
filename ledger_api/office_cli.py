"""`amanat office`: a clerk's daily acts from the command line, through the API like every other client.

A refusal is one line, `error: <field>: <what>; <remedy>`, and exit code 2; exit code 3 says that the same
command may succeed later, since the service or the node was not there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger_api import office_files as files
from ledger_api.client import Api, ClerkError
from ledger_api.money import MoneyError, UnknownCurrency, format_minor

REFUSED, RETRY = 2, 3
MAX_ITEMS = 1_000
"""Most items of one request."""

office = typer.Typer(
    name="office",
    help="A clerk's acts: gifts, statements, payment lists, deliveries. Everything may be sent again.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # it may print local variables, a key among them
)

ApiOption = Annotated[str, typer.Option("--api", envvar="AMANAT_API", help="Address of the API.")]
KeyOption = Annotated[
    Path | None,
    typer.Option("--key-file", help="A file whose first line is your API key; else AMANAT_API_KEY holds it."),
]
FundOption = Annotated[str, typer.Option("--fund", help="The fund's id, 0x and 64 hex digits.")]
AmountOption = Annotated[str, typer.Option("--amount", help="Plain decimal, as in 10.50.")]
UnitOption = Annotated[str, typer.Option("--unit", help="The fund's unit, as in EUR.")]
IdOption = Annotated[str, typer.Option("--id", help="The record's id, to send the same again.")]
ListArgument = Annotated[str, typer.Argument(metavar="LIST", help="The payment list's id.")]
SignedArgument = Annotated[Path, typer.Argument(metavar="SIGNED.json", help="The wallet's signed answer.")]

API = "http://127.0.0.1:8000"


@office.command()
def gift(
    fund: FundOption,
    amount: AmountOption,
    unit: UnitOption,
    settled: Annotated[str, typer.Option(help="Day the money arrived, as in 2026-01-31.")],
    channel: Annotated[str, typer.Option(help="How it came, as in bank.")],
    form: Annotated[str, typer.Option(help="What was given: cash, goods, service.")] = "cash",
    value: Annotated[str, typer.Option(help="What goods or a service are worth, as in 10.50.")] = "",
    value_currency: Annotated[str, typer.Option(help="The value's currency, as in EUR.")] = "",
    id: IdOption = "",
    api: ApiOption = API,
    key_file: KeyOption = None,
) -> None:
    """Record one settled gift; prints its receipt's code and page."""
    with _refusals():
        fund, record = files.parse_id(fund, "fund"), files.parse_id(id, "id") if id else files.new_id()
        minor = files.parse_amount(amount, unit, "amount")
        settled_at = _midnight(settled, "settled")
        worth = _worth(value, value_currency)
        clerk = Api(api, _key(key_file))
        _require_unit(_fund_unit(clerk, fund), unit)
        typer.echo(f"id       {record}")  # before sending: with it the same gift can be sent again
        body = {
            "id": record,
            "fund": fund,
            "amount_minor": str(minor),
            "settled_at_unix_s": settled_at,
            "channel": channel,
            "form": form,
        } | worth
        answer = clerk.post("/v1/gifts", body)
        typer.echo(f"receipt  {answer['receipt_code']}")
        typer.echo(f"page     {answer['page']}")
        typer.echo(f"status   {answer['status']}")


@office.command()
def import_statement(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="camt.052, .053 or .054.")],
    fund: Annotated[list[str], typer.Option("--fund", help="A fund for each currency in the file.")],
    api: ApiOption = API,
    key_file: KeyOption = None,
) -> None:
    """Import the gifts of a bank statement; the same file again adds nothing."""
    with _refusals():
        query = [("fund", files.parse_id(f, "fund")) for f in fund]
        data = files.read_bytes(file)
        report = Api(api, _key(key_file)).upload("/v1/statements", data, "application/xml", query)
        gifts = [line for line in report["lines"] if line["gift"]]
        for line in report["lines"]:
            outcome = f"gift {line['gift']}" if line["gift"] else f"no gift: {line['reason']}"
            typer.echo(f"{line['statement']} {line['entry']} {_money(line)}: {outcome}")
        for remark in report["remarks"]:
            typer.echo(f"remark: {remark}")
        typer.echo(f"{len(gifts)} gifts of {len(report['lines'])} entries")


@office.command()
def propose_list(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns household,amount[,id].")],
    fund: FundOption,
    programme: Annotated[str, typer.Option(help="The programme's id.")],
    expires: Annotated[str, typer.Option(help="Last day of the offers, as in 2026-03-31 (UTC).")],
    provider: Annotated[str, typer.Option(help="The body that hands over, unless it is yours.")] = "",
    place: Annotated[str, typer.Option(help="Where the aid goes, as in IR-23-01.")] = "",
    season: Annotated[str, typer.Option(help="Of a seasonal programme, as in 1405-winter.")] = "",
    rule_version: Annotated[int, typer.Option(min=0, help="Of the programme's rule, where it has one.")] = 0,
    api: ApiOption = API,
    key_file: KeyOption = None,
) -> None:
    """Propose a payment list; nothing is sent when one row is bad. The ids are kept in FILE.csv.sent.json."""
    with _refusals():
        fund, programme = files.parse_id(fund, "fund"), files.parse_id(programme, "programme")
        until = _midnight(expires, "expires") + int(timedelta(days=1).total_seconds())
        clerk = Api(api, _key(key_file))
        unit = _fund_unit(clerk, fund)
        rows = files.read_rows(file, unit)
        made = replace(
            _list_of(rows, fund, programme, until),
            provider=files.parse_id(provider, "provider") if provider else None,
            place=place or None,
            season=season or None,
            rule_version=rule_version,
        )
        sent = _kept(file, made)
        try:
            answer = clerk.post("/v1/payment-lists", sent.body())
        except ClerkError as error:
            if sent is made and error.problem and not error.retry:
                files.sent_file(file).unlink()  # nothing was stored: the corrected file is a new list
            raise _at_line(error, rows) from None
        typer.echo(f"list          {answer['id']}")
        typer.echo(f"content hash  {answer['content_hash']}")
        total = _money({"amount_minor": answer["total_minor"], "currency": unit})
        typer.echo(f"{answer['count']} entitlements, {total}")
        typer.echo(f"status        {answer['status']}")


@office.command()
def approve_list(
    list_id: ListArgument,
    content_hash: Annotated[str, typer.Option(help="Of the list that you have checked.")],
    api: ApiOption = API,
    key_file: KeyOption = None,
) -> None:
    """Approve a list that somebody else made."""
    with _refusals():
        list_id = files.parse_id(list_id, "list")
        body = {"content_hash": files.parse_id(content_hash, "content_hash")}
        answer = Api(api, _key(key_file)).post(f"/v1/payment-lists/{list_id}/approval", body)
        typer.echo(f"status {answer['status']}")


@office.command()
def cancel_list(
    list_id: ListArgument,
    reason: Annotated[str, typer.Option(help="A code, as in wrong-families.")],
    api: ApiOption = API,
    key_file: KeyOption = None,
) -> None:
    """End a list; what nobody had taken is free again."""
    with _refusals():
        list_id = files.parse_id(list_id, "list")
        answer = Api(api, _key(key_file)).post(
            f"/v1/payment-lists/{list_id}/cancellation", {"reason": reason}
        )
        typer.echo(f"status {answer['status']}")


@office.command()
def expire_list(list_id: ListArgument, api: ApiOption = API) -> None:
    """Free what an expired list offered and nobody handed over. Anyone may ask."""
    with _refusals():
        list_id = files.parse_id(list_id, "list")
        typer.echo(f"status {Api(api).post(f'/v1/payment-lists/{list_id}/expiry', {})['status']}")


@office.command()
def hand_over(
    list_id: ListArgument,
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE-OR-ID...", help="Entitlements, or files: one id a line, or FILE.csv.sent.json."
        ),
    ],
    api: ApiOption = API,
    key_file: KeyOption = None,
) -> None:
    """Say that aid of a list left for its households."""
    with _refusals():
        list_id = files.parse_id(list_id, "list")
        ids = list(dict.fromkeys(record for text in what for record in _entitlements(text)))
        clerk = Api(api, _key(key_file))
        for start in range(0, len(ids), MAX_ITEMS):
            part = ids[start : start + MAX_ITEMS]
            clerk.post("/v1/hand-overs", {"list": list_id, "entitlements": part})
            typer.echo(f"{start + len(part)} of {len(ids)} handed over")


@office.command()
def accept(signed: SignedArgument, api: ApiOption = API) -> None:
    """Carry a family's signed yes to the ledger. No API key is needed: the signature is enough."""
    _carry(signed, api, "/v1/acceptances")


@office.command()
def refuse(signed: SignedArgument, api: ApiOption = API) -> None:
    """Carry a family's signed no to the ledger."""
    _carry(signed, api, "/v1/refusals")


@office.command()
def dispute(signed: SignedArgument, api: ApiOption = API) -> None:
    """Carry a family's signed objection to a delivery to the ledger."""
    _carry(signed, api, "/v1/disputes")


@office.command()
def take_back(
    fund: FundOption,
    entitlement: Annotated[str, typer.Option(help="The entitlement that was handed over.")],
    amount: AmountOption,
    unit: UnitOption,
    reason: Annotated[str, typer.Option(help="A code, as in undeliverable.")],
    id: IdOption = "",
    api: ApiOption = API,
    key_file: KeyOption = None,
) -> None:
    """Record units of a delivery that came back to the fund."""
    with _refusals():
        fund, record = files.parse_id(fund, "fund"), files.parse_id(id, "id") if id else files.new_id()
        entitlement = files.parse_id(entitlement, "entitlement")
        minor = files.parse_amount(amount, unit, "amount")
        clerk = Api(api, _key(key_file))
        _require_unit(_fund_unit(clerk, fund), unit)
        typer.echo(f"id     {record}")
        item = {"id": record, "entitlement": entitlement, "amount_minor": str(minor), "reason": reason}
        typer.echo(f"status {clerk.post('/v1/returns', {'fund': fund, 'returns': [item]})[0]['status']}")


@office.command()
def refund(
    donation: Annotated[str, typer.Option(help="The gift's id.")],
    amount: AmountOption,
    unit: UnitOption,
    id: IdOption = "",
    api: ApiOption = API,
    key_file: KeyOption = None,
) -> None:
    """Give the undelivered part of a gift, or some of it, back to its donor."""
    with _refusals():
        donation = files.parse_id(donation, "donation")
        record = files.parse_id(id, "id") if id else files.new_id()
        minor = files.parse_amount(amount, unit, "amount")
        clerk = Api(api, _key(key_file))
        _require_unit(str(clerk.get(f"/v1/gifts/{donation}")["fund"]["unit"]), unit)
        typer.echo(f"id     {record}")
        body = {"id": record, "donation": donation, "amount_minor": str(minor)}
        typer.echo(f"status {clerk.post('/v1/refunds', body)['status']}")


@office.command()
def status(
    act: Annotated[str, typer.Argument(metavar="ACT", help="As in donate or propose_list.")],
    record: Annotated[str, typer.Argument(metavar="ID", help="The record's id.")],
    api: ApiOption = API,
) -> None:
    """How far an accepted act is: queued, sent, recorded or rejected."""
    with _refusals():
        size = files.ACCOUNT_BYTES if act == "open_household" else files.ID_BYTES
        answer = Api(api).get(f"/v1/records/{act}/{files.parse_id(record, 'id', size)}")
        typer.echo(answer["state"])
        if problem := answer["problem"]:
            typer.echo(f"{problem['field']}: {problem['title']} {problem['detail']}; {problem['remedy']}")


@contextmanager
def _refusals() -> Iterator[None]:
    """Every refusal is a line on stderr and an exit code."""
    try:
        yield
    except files.BadRows as bad:
        for error in bad.errors:
            _say(error)
        raise typer.Exit(REFUSED) from None
    except MoneyError as error:
        _say(error)
        raise typer.Exit(REFUSED) from None
    except ClerkError as error:
        _say(error)
        raise typer.Exit(RETRY if error.retry else REFUSED) from None


def _say(error: Exception) -> None:
    typer.echo("error: " + " ".join(str(error).split()), err=True)


def _key(path: Path | None) -> str:
    """The API key; raises ClerkError. Never from the command line, which other users can read."""
    text = files.read_text(path, "key-file") if path else os.environ.get("AMANAT_API_KEY", "")
    key = text.partition("\n")[0].strip()
    if not key:
        raise ClerkError("key", "no API key was given", "set AMANAT_API_KEY or name a file with --key-file")
    if not key.isascii():
        raise ClerkError("key", "it is no API key", "copy it again as it was shown when it was made")
    return key


def _midnight(text: str, field: str) -> int:
    """Unix seconds of a day's beginning in UTC; raises ClerkError."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ClerkError(field, f"{text[:40]!r} is no day", "write it as in 2026-01-31") from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _worth(value: str, currency: str) -> dict[str, str]:
    """What a gift that is not cash is worth, as far as it was said; raises MoneyError, ClerkError."""
    if value and not currency:
        raise ClerkError("value_currency", "the value has no currency", "give --value-currency with --value")
    worth = {"value_minor": str(files.parse_amount(value, currency, "value"))} if value else {}
    return worth | ({"value_currency": currency} if currency else {})


def _fund_unit(clerk: Api, fund: str) -> str:
    return str(clerk.get(f"/v1/funds/{fund}/line", limit="1")["fund"]["unit"])


def _require_unit(held: str, given: str) -> None:
    """The API counts in the fund's minor units: another unit would be another amount."""
    if held != given:
        raise ClerkError("unit", f"the fund holds {held}, not {given}", "name a fund of this unit")


def _money(line: dict[str, Any]) -> str:
    amount, unit = int(line["amount_minor"]), line["currency"]
    try:
        return f"{format_minor(amount, unit)} {unit}"
    except UnknownCurrency:
        return f"{amount} {unit}"


def _list_of(rows: Sequence[files.Row], fund: str, programme: str, until: int) -> files.SentList:
    entitlements = tuple(
        {"id": row.id or files.new_id(), "household": row.household, "amount_minor": str(row.amount_minor)}
        for row in rows
    )
    return files.SentList(files.new_id(), fund, programme, until, entitlements)


def _kept(file: Path, made: files.SentList) -> files.SentList:
    """The list with the ids that were made for this file the first time; raises ClerkError."""
    path = files.sent_file(file)
    if not path.exists():
        files.save_sent(path, made)
        return made
    before = files.load_sent(path)
    if not before.same_content(made):
        remedy = "propose the corrected list under another file name"
        raise ClerkError("file", f"{path} shows that this file was sent with other content", remedy)
    return before


def _at_line(error: ClerkError, rows: Sequence[files.Row]) -> ClerkError:
    """The API's refusal with the line of the file that it speaks of, where it speaks of one."""
    values = error.problem.get("values")
    named = set(map(str, values.values())) if isinstance(values, dict) else set()
    line = next((row.line for row in rows if row.household in named or (row.id and row.id in named)), None)
    if line is None:
        return error
    return ClerkError(f"line {line} {error.field}", error.what, error.remedy, retry=error.retry)


def _entitlements(text: str) -> list[str]:
    """The ids that an argument of `hand-over` names; raises ClerkError."""
    if text.startswith("0x"):
        return [files.parse_id(text, "entitlement")]
    path = Path(text)
    if path.suffix == ".json":
        return [files.parse_id(e["id"], "entitlement") for e in files.load_sent(path).entitlements]
    lines = enumerate(files.read_text(path).splitlines(), 1)
    return [files.parse_id(line.strip(), f"line {number}") for number, line in lines if line.strip()]


def _carry(signed: Path, api: str, path: str) -> None:
    with _refusals():
        answer = Api(api).post(path, files.read_object(signed))
        typer.echo(f"status {answer['status']}")
