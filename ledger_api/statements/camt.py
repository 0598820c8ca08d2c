"""Reads bank statements, ISO 20022 camt.052, camt.053 and camt.054 of any version, into frozen dataclasses.

Pure: no network, no database, no clock. A file is read whole or refused whole with one error; whatever looks
odd but does not hinder reading stays visible in `Statement.remarks`. Amounts are signed integers in minor
units (ISO 4217), times are UTC unix seconds.

Error tree:

    StatementError            field, problem, remedy; sending the same bytes again never helps
      MalformedStatement      not XML, hostile XML, or not what the standard allows
      UnsupportedStatement    well formed, but something this reader does not know
      StatementDoesNotBalance opening balance + booked entries is not the closing balance

Sign of an entry. `CdtDbtInd` says what the entry itself does to the account: CRDT adds, DBIT takes. `RvslInd`
tells only why: ISO 20022 (definition of ReversalIndicator) says that CRDT with `RvslInd` true is the reversal
of an earlier *debit*, and DBIT with `RvslInd` true that of an earlier *credit*. So a reversed credit arrives
as DBIT and is negative already; turning its sign again would count it as a second gift. `RvslInd` therefore
sets `Entry.is_reversal` and never touches the sign. (MT940 is different in spelling, not in sense: its RC is
a debit.)

Name of an entry (`Entry.entry_ref`), the same for the same bytes and unique in the statement: the first of
`ASR:`+AcctSvcrRef, `NTRY:`+NtryRef, `E2E:`+EndToEndId that no other entry of the statement also bears; else
`POS:`+its number in the file (1, 2 ...). A part of a divided batch is named by its own AcctSvcrRef or
EndToEndId on the same terms, else `TX`+its number+`:`+the name of its entry.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from lxml import etree

from ledger_api.money import MoneyError, UnknownCurrency, format_minor, parse_minor

MAX_BYTES = 16 * 1024 * 1024
"""Largest file read: a year of one charity's entries is far below."""

BALANCES_ABSENT = "balances absent: not proven"

MessageKind = Literal["camt.052", "camt.053", "camt.054"]
Status = Literal["BOOK", "PDNG", "INFO", "FUTR"]
UndividedBatches = Literal["refuse", "keep"]

_KINDS: dict[str, tuple[MessageKind, str]] = {
    "BkToCstmrAcctRpt": ("camt.052", "Rpt"),
    "BkToCstmrStmt": ("camt.053", "Stmt"),
    "BkToCstmrDbtCdtNtfctn": ("camt.054", "Ntfctn"),
}
_STATUSES: dict[str, Status] = {"BOOK": "BOOK", "PDNG": "PDNG", "INFO": "INFO", "FUTR": "FUTR"}
_NO_REFERENCE = frozenset({"NOTPROVIDED", "NONREF"})  # what banks write where the standard demands some text
_XML_SPACE = " \t\r\n"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_DATETIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Za-z0-9]{1,30}")  # pattern of IBAN2007Identifier
_CURRENCY = re.compile(r"[A-Z]{3}")  # pattern of ActiveOrHistoricCurrencyCode


class StatementError(ValueError):
    """A statement cannot be used. `field` says where, `problem` what, `remedy` what to do about it."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem}; {remedy}")
        self.field = field
        self.problem = problem
        self.remedy = remedy


class MalformedStatement(StatementError):
    """The file is not well-formed, harmless XML that says what ISO 20022 demands of a statement."""


class UnsupportedStatement(StatementError):
    """The file is well formed but holds a message, currency or status this reader does not know."""


class StatementDoesNotBalance(StatementError):
    """Opening balance plus booked entries is not the closing balance, or their currencies disagree."""

    def __init__(self, statement: Statement, booked: dict[str, int], difference_minor: int | None) -> None:
        sums = " and ".join(f"{format_minor(v, c)} {c}" for c, v in sorted(booked.items())) or "none"
        if difference_minor is None or statement.opening is None:
            wrong = f"their currencies disagree (account {statement.currency or 'not stated'})"
        else:
            currency = statement.opening.currency
            wrong = f"the difference is {format_minor(difference_minor, currency)} {currency}"
        super().__init__(
            f"statement {statement.statement_id}",
            f"opening {_spell(statement.opening)}, booked entries {sums}, "
            f"closing {_spell(statement.closing)}: {wrong}",
            "ask the bank for a complete, corrected statement; nothing of this one was taken in",
        )
        self.statement_id = statement.statement_id
        self.opening = statement.opening
        self.closing = statement.closing
        self.booked_sum_minor = booked
        """Sum of the booked entries by currency, minor units."""
        self.difference_minor = difference_minor
        """closing - (opening + booked), minor units; None when the currencies disagree."""


@dataclass(frozen=True, slots=True)
class Balance:
    """One stated balance; `code` as in the file (OPBD, CLBD, OPAV ...), the amount negative if DBIT."""

    code: str
    currency: str
    amount_minor: int
    at_unix_s: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A movement on the account, or a part of a divided batch; `amount_minor` is what it adds."""

    entry_ref: str
    amount_minor: int
    currency: str
    booking_unix_s: int | None
    value_unix_s: int | None
    status: Status
    is_reversal: bool
    remittance: str
    """Unstructured lines, then structured creditor references, one a line; empty if there are none."""
    creditor_references: tuple[str, ...]
    counterparty_name: str | None
    counterparty_iban: str | None
    end_to_end_id: str | None
    batch_size: int | None
    """Payments the bank says this entry stands for; None if it says nothing, and once it is divided."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One Stmt, Rpt or Ntfctn; `currency` is None if the file does not tell the account's."""

    statement_id: str
    message_kind: MessageKind
    account_iban_or_other: str
    currency: str | None
    opening: Balance | None
    closing: Balance | None
    balances: tuple[Balance, ...]
    entries: tuple[Entry, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Node:
    """An element and the path naming it in errors; finds by local name, so in every version."""

    element: etree._Element
    path: str

    def many(self, name: str) -> list[_Node]:
        found = [child for child in self.element if _local(child) == name]
        return [_Node(child, f"{self.path}/{name}[{n}]") for n, child in enumerate(found, 1)]

    def one(self, *names: str) -> _Node | None:
        """The element down `names`, None if absent. Two of them would be ambiguous: MalformedStatement."""
        node = self
        for name in names:
            found = node.many(name)
            if not found:
                return None
            if len(found) > 1:
                raise MalformedStatement(
                    f"{node.path}/{name}", "stands there more than once", "state it once"
                )
            node = _Node(found[0].element, f"{node.path}/{name}")
        return node

    def need(self, *names: str) -> _Node:
        node = self.one(*names)
        if node is None:
            raise MalformedStatement(
                f"{self.path}/{'/'.join(names)}", "is missing", "ask the bank for a full statement"
            )
        return node

    def text(self, *names: str) -> str | None:
        """Text of the element down `names`; None if it is absent or blank. Never the text of a part of it."""
        node = self.one(*names)
        if node is None:
            return None
        if len(node.element):
            raise MalformedStatement(node.path, "holds elements instead of text", "send plain text in it")
        return (node.element.text or "").strip(_XML_SPACE) or None

    def need_text(self, *names: str) -> str:
        text = self.need(*names).text()
        if text is None:
            raise MalformedStatement(
                f"{self.path}/{'/'.join(names)}", "is empty", "ask the bank for a full statement"
            )
        return text


@dataclass(frozen=True, slots=True)
class _Draft:
    """An Ntry before names are given: names it could bear, and its parts with names of their own."""

    base: tuple[str, ...]
    parts: tuple[tuple[tuple[str, ...], Entry], ...]


def read_statements(data: bytes, *, undivided_batches: UndividedBatches = "refuse") -> tuple[Statement, ...]:
    """All statements in the file, in file order; all or none.

    An entry that itemises several payments becomes those payments if their signed amounts add up to it. If
    they do not, the file is refused, because the money of several people must not be booked to one;
    `undivided_batches="keep"` keeps such an entry whole, without a counterparty, and says so in the remarks.
    Balances are *not* checked here: call check_balances for each statement. Raises MalformedStatement,
    UnsupportedStatement.
    """
    container = _container(_parse(data))
    kind, record = _KINDS[_container_name(container.element)]
    nodes = container.many(record)
    if not nodes:
        raise MalformedStatement(
            f"{container.path}/{record}", "is missing", "send a file with a statement in it"
        )
    file_remarks = _paging(container, "GrpHdr", "MsgPgntn")
    statements = tuple(_statement(node, kind, undivided_batches, file_remarks) for node in nodes)
    twice = [
        key
        for key, n in Counter((s.statement_id, s.account_iban_or_other) for s in statements).items()
        if n > 1
    ]
    if twice:
        raise MalformedStatement(
            f"{record}/Id", f"{twice[0][0]!r} names two statements", "send each statement once"
        )
    return statements


def check_balances(statement: Statement) -> None:
    """Proves opening balance (OPBD, else PRCD) + booked entries = closing balance (CLBD), in one currency.

    Returns None when that holds, and also when a booked balance is absent: nothing is proven then, and the
    statement carries the remark BALANCES_ABSENT. Pending and informational entries do not count. Raises
    StatementDoesNotBalance.
    """
    booked: dict[str, int] = {}
    for entry in statement.entries:
        if entry.status == "BOOK":
            booked[entry.currency] = booked.get(entry.currency, 0) + entry.amount_minor
    if len(_currencies(statement)) > 1:
        raise StatementDoesNotBalance(statement, booked, None)
    if statement.opening is None or statement.closing is None:
        return
    expected = statement.opening.amount_minor + sum(booked.values())
    if expected != statement.closing.amount_minor:
        raise StatementDoesNotBalance(statement, booked, statement.closing.amount_minor - expected)


def _currencies(statement: Statement) -> set[str]:
    """Every currency that takes part in the balance check."""
    named = {statement.currency} | {e.currency for e in statement.entries if e.status == "BOOK"}
    named |= {b.currency for b in (statement.opening, statement.closing) if b is not None}
    return {currency for currency in named if currency is not None}


def _spell(balance: Balance | None) -> str:
    if balance is None:
        return "absent"
    return f"{format_minor(balance.amount_minor, balance.currency)} {balance.currency} ({balance.code})"


def _parse(data: bytes) -> etree._Element:
    """Root element of harmless XML: nothing is fetched, no entity expands, a DOCTYPE is refused.

    The parser keeps libxml2's own limits (depth, length of text, growth by entities): `huge_tree` is off.
    """
    if len(data) > MAX_BYTES:
        problem = f"has {len(data)} bytes, more than {MAX_BYTES}"
        raise MalformedStatement("file", problem, "send it in parts by date")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:  # the last two: an unknown encoding
        problem = f"is not well-formed XML ({str(error)[:120]})"
        raise MalformedStatement("file", problem, "send the bank's file unchanged") from error
    if root.getroottree().docinfo.doctype:
        raise MalformedStatement("file", "declares a DOCTYPE", "send it without DOCTYPE and entities")
    return root


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname


def _container_name(element: etree._Element) -> str:
    return re.sub(r"V[0-9]{2}$", "", _local(element))  # version 1 wrote BkToCstmrStmtV01


def _container(root: etree._Element) -> _Node:
    """The message inside Document, which may itself lie in an envelope beside a business header."""
    documents = [e for e in root.iter() if _local(e) == "Document"]
    if len(documents) != 1:
        raise UnsupportedStatement(
            "Document", f"found {len(documents)} of them", "send one ISO 20022 document a file"
        )
    messages = list(documents[0])
    if len(messages) != 1 or _container_name(messages[0]) not in _KINDS:
        named = ", ".join(_local(m)[:40] for m in messages[:3]) or "nothing"
        raise UnsupportedStatement(
            "Document", f"holds {named}", "send a camt.052, camt.053 or camt.054 message"
        )
    return _Node(messages[0], _local(messages[0]))


def _statement(
    node: _Node, kind: MessageKind, undivided: UndividedBatches, file_remarks: list[str]
) -> Statement:
    statement_id = node.need_text("Id")
    account = _account(node)
    balances = tuple(_balance(b) for b in node.many("Bal"))
    opening = _pick(node, balances, "OPBD", earliest=True) or _pick(node, balances, "PRCD", earliest=True)
    closing = _pick(node, balances, "CLBD", earliest=False)
    remarks = list(file_remarks)
    drafts = [_draft(n, entry, account, undivided, remarks) for n, entry in enumerate(node.many("Ntry"), 1)]
    entries = _named(drafts)
    if opening is None or closing is None:
        remarks.append(BALANCES_ABSENT)
    if (copy := node.text("CpyDplctInd")) is not None:
        remarks.append(f"the bank marks this statement as a copy or duplicate: {copy[:4]}")
    for name in ("StmtPgntn", "RptPgntn", "NtfctnPgntn"):
        remarks += _paging(node, name)
    return Statement(
        statement_id=statement_id,
        message_kind=kind,
        account_iban_or_other=account,
        currency=_account_currency(node, opening, closing, entries),
        opening=opening,
        closing=closing,
        balances=balances,
        entries=entries,
        remarks=tuple(remarks),
    )


def _account(node: _Node) -> str:
    identification = node.need("Acct", "Id")
    iban = _iban(identification.one("IBAN"))
    return iban if iban is not None else identification.need_text("Othr", "Id")


def _account_currency(
    node: _Node, opening: Balance | None, closing: Balance | None, entries: tuple[Entry, ...]
) -> str | None:
    """Currency of the account: as stated, else that of a booked balance, else the only one of the entries."""
    stated = node.text("Acct", "Ccy")
    if stated is not None and not _CURRENCY.fullmatch(stated):
        problem = f"{stated[:12]!r} is not a currency code"
        raise MalformedStatement(f"{node.path}/Acct/Ccy", problem, "use ISO 4217")
    balance = opening or closing
    of_entries = {entry.currency for entry in entries}
    if stated is None and balance is not None:
        return balance.currency
    return next(iter(of_entries)) if stated is None and len(of_entries) == 1 else stated


def _iban(node: _Node | None) -> str | None:
    """IBAN without spaces. Its check digits are the bank's business: the account exists whatever they say."""
    if node is None:
        return None
    iban = (node.text() or "").replace(" ", "")
    if not _IBAN.fullmatch(iban):
        raise MalformedStatement(
            node.path, f"{iban[:40]!r} is not an IBAN", "ask the bank to name the account rightly"
        )
    return iban


def _paging(node: _Node, *names: str) -> list[str]:
    page = node.one(*names)
    if page is None or (page.text("PgNb") == "1" and page.text("LastPgInd") in ("true", "1")):
        return []
    last = "the last" if page.text("LastPgInd") in ("true", "1") else "not the last"
    return [
        f"{'/'.join(names)}: page {(page.text('PgNb') or '?')[:5]}, {last}; a page proves no whole statement"
    ]


def _balance(node: _Node) -> Balance:
    kinds = (("CdOrPrtry", "Cd"), ("CdOrPrtry", "Prtry"), ("Cd",), ("Prtry",))
    code = next((text for names in kinds if (text := node.text("Tp", *names))), None)
    if code is None:
        raise MalformedStatement(
            f"{node.path}/Tp", "does not say which balance it is", "ask for OPBD and CLBD balances"
        )
    amount, currency = _amount(node.need("Amt"))
    at = _moment(node.need("Dt"))
    return Balance(code, currency, _sign(node) * amount, at)


def _pick(node: _Node, balances: tuple[Balance, ...], code: str, *, earliest: bool) -> Balance | None:
    """The earliest (latest) balance of that code: a statement over several days may state one a day."""
    of_code = [b for b in balances if b.code == code]
    if not of_code:
        return None
    at = (min if earliest else max)(b.at_unix_s for b in of_code)
    candidates = {b for b in of_code if b.at_unix_s == at}
    if len(candidates) > 1:
        raise MalformedStatement(
            f"{node.path}/Bal", f"{code} is stated twice with two values", "ask the bank which holds"
        )
    return candidates.pop()


def _amount(node: _Node) -> tuple[int, str]:
    """(minor units, currency) of an Amt. ISO 20022 amounts are never negative: the sign is in CdtDbtInd."""
    currency = node.element.get("Ccy")
    if currency is None:
        raise MalformedStatement(f"{node.path}/@Ccy", "is missing", "state the currency of the amount")
    try:
        return parse_minor(node.text() or "", currency, field=node.path), currency
    except UnknownCurrency as error:
        raise UnsupportedStatement(f"{node.path}/@Ccy", error.problem, error.remedy) from error
    except MoneyError as error:
        raise MalformedStatement(error.field, error.problem, error.remedy) from error


def _sign(node: _Node) -> int:
    indicator = node.need_text("CdtDbtInd")
    if indicator not in ("CRDT", "DBIT"):
        raise MalformedStatement(
            f"{node.path}/CdtDbtInd", f"{indicator[:12]!r} is no direction", "use CRDT or DBIT"
        )
    return 1 if indicator == "CRDT" else -1


def _truth(node: _Node, name: str) -> bool:
    text = node.text(name)
    if text not in (None, "true", "false", "1", "0"):
        raise MalformedStatement(
            f"{node.path}/{name}", f"{text[:12]!r} is no truth value", "use true or false"
        )
    return text in ("true", "1")


def _moment(node: _Node) -> int:
    """UTC unix seconds of a Dt or DtTm choice.

    A date is its midnight in UTC (an offset on a date is dropped: the printed day counts). A time without
    offset is taken as UTC, since the file does not say where the bank's clock stands. Fractions of a second
    are dropped.
    """
    day, time = node.text("Dt"), node.text("DtTm")
    match = _DATE.fullmatch(day) if day is not None else _DATETIME.fullmatch(time or "")
    if match is None or (day is not None and time is not None):
        raise MalformedStatement(
            node.path, "is not one ISO 8601 date or time", "write 2014-12-31 or 2014-12-31T12:00:00Z"
        )
    offset = "+00:00" if day is not None else match[2] or "+00:00"
    text = match[1] + ("T00:00:00" if day is not None else "") + offset
    try:
        seconds = (datetime.fromisoformat(text) - _EPOCH) // timedelta(seconds=1)
    except (ValueError, OverflowError) as error:
        raise MalformedStatement(
            node.path, f"{text!r} does not exist", "write a date of the calendar"
        ) from error
    if seconds < 0:
        raise MalformedStatement(node.path, f"{text!r} lies before 1970", "write the date of the movement")
    return seconds


def _status(node: _Node) -> Status:
    """Plain text up to version 7 (<Sts>BOOK</Sts>), nested from version 8 on (<Sts><Cd>BOOK</Cd></Sts>)."""
    status = node.need("Sts")
    text = (status.text("Cd") or status.text("Prtry")) if len(status.element) else status.text()
    if text not in _STATUSES:
        raise UnsupportedStatement(
            status.path, f"{(text or '')[:12]!r} is no known status", "use BOOK, PDNG, INFO or FUTR"
        )
    return _STATUSES[text]


def _draft(number: int, node: _Node, account: str, undivided: UndividedBatches, remarks: list[str]) -> _Draft:
    """The entry, or the payments it itemises. `remarks` receives what a reader should know about it."""
    amount, currency = _amount(node.need("Amt"))
    batches = node.many("NtryDtls")
    details = node.many("TxDtls") + [d for batch in batches for d in batch.many("TxDtls")]
    whole = Entry(
        entry_ref="",
        amount_minor=_sign(node) * amount,
        currency=currency,
        booking_unix_s=_moment(node.need("BookgDt")) if node.one("BookgDt") else None,
        value_unix_s=_moment(node.need("ValDt")) if node.one("ValDt") else None,
        status=_status(node),
        is_reversal=_truth(node, "RvslInd"),
        remittance="",
        creditor_references=(),
        counterparty_name=None,
        counterparty_iban=None,
        end_to_end_id=None,
        batch_size=_batch_size(batches),
    )
    if len(details) > 1:
        parts = _divided(node, whole, details, account, undivided, remarks)
        if parts:
            return _Draft((*_entry_names(node, None), f"POS:{number}"), parts)
    detail = details[0] if len(details) == 1 else None
    if detail is not None:
        whole = _described(whole, detail, account)
        _remark_amount(node, whole, detail, remarks)
    if whole.batch_size is not None and whole.batch_size > 1:
        remarks.append(
            f"{node.path}: one entry for {whole.batch_size} payments, {len(details)} itemised; kept whole"
        )
    return _Draft((*_entry_names(node, detail), f"POS:{number}"), (((), whole),))


def _batch_size(batches: list[_Node]) -> int | None:
    """Sum of NbOfTxs (Max15NumericText) over the entry's batches; None if the bank does not say."""
    total = 0
    for batch in batches:
        text = batch.text("Btch", "NbOfTxs")
        if text is not None and not re.fullmatch(r"[0-9]{1,15}", text):
            raise MalformedStatement(
                f"{batch.path}/Btch/NbOfTxs", f"{text[:20]!r} is no count", "write digits only"
            )
        total += int(text or 0)
    return total or None


def _entry_names(node: _Node, detail: _Node | None) -> tuple[str, ...]:
    """Names an entry could bear, best first; its only payment may hold what the entry leaves out."""
    servicer = _reference(node, "AcctSvcrRef") or (detail and _reference(detail, "Refs", "AcctSvcrRef"))
    entry = _reference(node, "NtryRef")
    end_to_end = detail and _reference(detail, "Refs", "EndToEndId")
    return tuple(
        f"{prefix}:{text}"
        for prefix, text in (("ASR", servicer), ("NTRY", entry), ("E2E", end_to_end))
        if text
    )


def _part_names(node: _Node, detail: _Node) -> tuple[str, ...]:
    """Names of one payment of a batch; a reference that only repeats the batch's does not name it."""
    servicer = _reference(detail, "Refs", "AcctSvcrRef")
    end_to_end = _reference(detail, "Refs", "EndToEndId")
    own = None if servicer == _reference(node, "AcctSvcrRef") else servicer
    return tuple(f"{prefix}:{text}" for prefix, text in (("ASR", own), ("E2E", end_to_end)) if text)


def _reference(node: _Node, *names: str) -> str | None:
    text = node.text(*names)
    return None if text in _NO_REFERENCE else text


def _divided(
    node: _Node,
    whole: Entry,
    details: list[_Node],
    account: str,
    undivided: UndividedBatches,
    remarks: list[str],
) -> tuple[tuple[tuple[str, ...], Entry], ...]:
    """One entry per payment; () when they do not add up and the caller keeps such entries whole."""
    amounts = [_detail_amount(d, whole) for d in details]
    known = [a for a in amounts if a is not None]
    if len(known) == len(amounts) and sum(known) == whole.amount_minor:
        return tuple(
            (_part_names(node, d), replace(_described(whole, d, account), amount_minor=a, batch_size=None))
            for d, a in zip(details, known, strict=True)
        )
    total = f"{format_minor(whole.amount_minor, whole.currency)} {whole.currency}"
    missing = len(amounts) - len(known)
    wrong = (
        f"itemises {len(details)} payments but {missing} of them state no amount in {whole.currency}"
        if missing
        else f"itemises payments of {format_minor(sum(known), whole.currency)} in all"
    )
    if undivided == "refuse":
        raise MalformedStatement(
            node.path,
            f"of {total} {wrong}",
            "ask the bank to itemise the batch in full, or have it kept whole and divide it by hand",
        )
    for detail in details:
        _described(
            whole, detail, account
        )  # read all the same, so that a broken detail is not carried in unseen
    remarks.append(f"{node.path}: {total} {wrong}; kept whole, without counterparty")
    return ()


def _stated_amounts(detail: _Node) -> list[tuple[int, str]]:
    """Amounts of a payment, best first: its own (version 3 on), the transaction's, the countervalue."""
    paths = (("Amt",), ("AmtDtls", "TxAmt", "Amt"), ("AmtDtls", "CntrValAmt", "Amt"))
    return [_amount(found) for names in paths if (found := detail.one(*names)) is not None]


def _detail_amount(detail: _Node, whole: Entry) -> int | None:
    """Signed minor units of one payment in the entry's currency, None if not stated.

    Without a CdtDbtInd of its own (version 2) it goes the way of its entry.
    """
    amount = next((minor for minor, currency in _stated_amounts(detail) if currency == whole.currency), None)
    if amount is None:
        return None
    if detail.one("CdtDbtInd") is not None:
        return _sign(detail) * amount
    return amount if whole.amount_minor >= 0 else -amount


def _remark_amount(node: _Node, whole: Entry, detail: _Node, remarks: list[str]) -> None:
    """The entry's amount is what moved; a differing amount in its only detail is reported, never used."""
    stated = _stated_amounts(detail)
    if not stated or _detail_amount(detail, whole) == whole.amount_minor:
        return
    minor, currency = stated[0]
    way = detail.text("CdtDbtInd") or "no direction"
    remarks.append(
        f"{node.path}: the detail states {format_minor(minor, currency)} {currency} ({way[:4]}), the entry "
        f"{format_minor(whole.amount_minor, whole.currency)} {whole.currency}; the entry's was taken"
    )


def _described(whole: Entry, detail: _Node, account: str) -> Entry:
    """`whole` with what the detail tells about the payment: who, why, under which reference."""
    name, iban = _counterparty(whole, detail, account)
    lines: list[str] = []
    references: list[str] = []
    for info in detail.many("RmtInf"):
        lines += [text for line in info.many("Ustrd") if (text := line.text())]
        for block in info.many("Strd"):
            if (reference := block.text("CdtrRefInf", "Ref")) is not None:
                references.append(reference)
    return replace(
        whole,
        remittance="\n".join(lines + references),
        creditor_references=tuple(references),
        counterparty_name=name,
        counterparty_iban=iban,
        end_to_end_id=_reference(detail, "Refs", "EndToEndId"),
    )


def _counterparty(whole: Entry, detail: _Node, account: str) -> tuple[str | None, str | None]:
    """(name, IBAN) of the other side: the debtor of a credit, the creditor of a debit.

    A reversal names the parties of the payment it reverses, so there the sides change. If that side is the
    account itself and the other is not, the other is meant (banks differ on returned payments).
    """
    pays = (whole.amount_minor >= 0) != whole.is_reversal
    first, second = ("Dbtr", "Cdtr") if pays else ("Cdtr", "Dbtr")
    name, iban = _party(detail, first)
    other_name, other_iban = _party(detail, second)
    if iban == account and other_iban not in (None, account):
        return other_name, other_iban
    return name, iban


def _party(detail: _Node, side: str) -> tuple[str | None, str | None]:
    parties = detail.one("RltdPties")
    if parties is None:
        return None, None
    names = (
        (side, "Nm"),
        (side, "Pty", "Nm"),  # version 8 on
        (side, "Agt", "FinInstnId", "Nm"),
        (f"Ultmt{side}", "Nm"),
        (f"Ultmt{side}", "Pty", "Nm"),
    )
    name = next((text for path in names if (text := parties.text(*path))), None)
    return name, _iban(parties.one(f"{side}Acct", "Id", "IBAN"))


def _named(drafts: list[_Draft]) -> tuple[Entry, ...]:
    """Entries with their names: see the module's docstring."""
    borne = Counter(
        ref for draft in drafts for refs in (draft.base, *(own for own, _ in draft.parts)) for ref in refs
    )
    entries: list[Entry] = []
    for draft in drafts:
        base = next(ref for ref in draft.base if borne[ref] == 1)  # POS: is always unique
        for number, (own, entry) in enumerate(draft.parts, 1):
            fallback = base if len(draft.parts) == 1 else f"TX{number}:{base}"
            entries.append(replace(entry, entry_ref=next((r for r in own if borne[r] == 1), fallback)))
    return tuple(entries)
