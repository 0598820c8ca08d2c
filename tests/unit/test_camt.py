"""camt statements: as upstream reads the real files, honest about balances, unbreakable by hostile bytes."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from ledger_api.statements import camt
from ledger_api.statements.camt import (
    BALANCES_ABSENT,
    Entry,
    MalformedStatement,
    Statement,
    StatementDoesNotBalance,
    StatementError,
    UndividedBatches,
    UnsupportedStatement,
    check_balances,
    read_statements,
)

DATA = Path(__file__).parents[1] / "data" / "bank-camt"
FILES = sorted(DATA.glob("*.xml"))
UNDIVIDED = {"camt054.v2.xml", "camt054.v4.xml"}
"""Batches of three payments that do not add up to their entry: refused unless kept whole on request."""
UNBALANCED = {
    "camt053.v2.minimal.xml",
    "camt053.v2.minimal.ultimate.xml",
    "camt053.v3.xml",
    "camt053.v4.xml",
}
BALANCE_NAMES = {
    "OPBD": "opening",
    "CLBD": "closing",
    "OPAV": "opening_available",
    "CLAV": "closing_available",
    "ITBD": "interim",
}


def read(name: str, **options: Any) -> tuple[Statement, ...]:
    return read_statements((DATA / name).read_bytes(), **options)


def edited(name: str, *changes: tuple[str, str]) -> bytes:
    """The file with each text replaced; a text that is not there is a broken test."""
    text = (DATA / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode()


def entry(*changes: tuple[str, str]) -> Entry:
    return read_statements(edited("camt053.v2.minimal.xml", *changes))[0].entries[0]


# --- upstream's reading ---


def moment(node: dict[str, Any] | None) -> int | None:
    return None if node is None else int(datetime.fromisoformat(node["0"]).timestamp())


def money(node: dict[str, Any]) -> tuple[int, str]:
    return int(node["getAmount"]), node["getCurrency"]["getCode"]


def resolved(node: Any, owner: Any) -> Any:
    """Upstream's dump writes __RECURSIVITY__ for an object it printed before: the owner's single one."""
    return owner if node == "__RECURSIVITY__" else node


def expected(path: Path) -> Any:
    return json.loads(path.with_name(path.stem + ".expected.json").read_text())


def upstream_records(name: str) -> list[dict[str, Any]]:
    """Statement, report or notification objects, found where the dump printed them first."""
    dump = expected(DATA / name)
    records = [r for r in dump["getRecords"] if r != "__RECURSIVITY__"]
    return records or [e["getRecord"] for e in dump["getEntries"]]


def upstream_entries(name: str) -> list[dict[str, Any]]:
    return [e for e in expected(DATA / name)["getEntries"] if e != "__RECURSIVITY__"]


def upstream_details(found: dict[str, Any]) -> list[dict[str, Any]]:
    return [resolved(d, found["getTransactionDetail"]) for d in found["getTransactionDetails"]]


def upstream_parties(detail: dict[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """{Debtor | Creditor | Ultimate...: (name, IBAN)}; an account under another scheme has no IBAN."""
    parties: dict[str, tuple[str | None, str | None]] = {}
    for party in detail["getRelatedParties"]:
        node = resolved(party, detail["getRelatedParty"])
        kind = node["getRelatedPartyType"]["__CLASS__"].rpartition("\\")[2]
        account = node["getAccount"] or {}
        parties[kind] = (node["getRelatedPartyType"]["getName"], account.get("getIban", {}).get("getIban"))
    return parties


def upstream_remittance(detail: dict[str, Any]) -> list[str]:
    info = detail["getRemittanceInformation"]
    if info is None:
        return []
    plain = [resolved(b, info["getUnstructuredBlock"])["getMessage"] for b in info["getUnstructuredBlocks"]]
    blocks = [resolved(b, info["getStructuredBlock"]) for b in info["getStructuredBlocks"]]
    references = [
        resolved(b["getCreditorReferenceInformation"], info["getCreditorReferenceInformation"])
        for b in blocks
    ]
    return plain + [r["getRef"] for r in references if r]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.name)
def test_entries_and_balances_equal_upstream(path: Path) -> None:
    statements = read(path.name, undivided_batches="keep")
    records = upstream_records(path.name)
    assert [s.statement_id for s in statements] == [r["getId"] for r in records]
    for statement, record in zip(statements, records, strict=True):
        assert statement.account_iban_or_other == record["getAccount"]["getIdentification"]
        stated = record.get("getBalances", [])
        assert [
            (BALANCE_NAMES[b.code], b.amount_minor, b.currency, b.at_unix_s) for b in statement.balances
        ] == [(b["getType"], *money(b["getAmount"]), moment(b["getDate"])) for b in stated]
    entries = [e for s in statements for e in s.entries]
    assert [
        (e.amount_minor, e.currency, e.status, e.is_reversal, e.booking_unix_s, e.value_unix_s)
        for e in entries
    ] == [
        (
            *money(e["getAmount"]),
            e["getStatus"],
            bool(e["getReversalIndicator"]),
            moment(e["getBookingDate"]),
            moment(e["getValueDate"]),
        )
        for e in upstream_entries(path.name)
    ]


@pytest.mark.parametrize("path", [p for p in FILES if p.name not in UNDIVIDED], ids=lambda p: p.name)
def test_single_details_equal_upstream(path: Path) -> None:
    entries = [e for s in read(path.name) for e in s.entries]
    for ours, theirs in zip(entries, upstream_entries(path.name), strict=True):
        (detail,) = upstream_details(theirs)
        # In camt052.v4 the account itself is the creditor of a debit: then the debtor is the other side.
        credit = ours.amount_minor >= 0 or path.name == "camt052.v4.xml"
        side = "Debtor" if credit else "Creditor"
        parties = upstream_parties(detail)
        name, iban = parties.get(side, parties.get(f"Ultimate{side}", (None, None)))
        assert (ours.counterparty_name, ours.counterparty_iban) == (name, iban)
        assert ours.end_to_end_id == (detail["getReference"] or {}).get("getEndToEndId")
        assert ours.remittance.splitlines() == upstream_remittance(detail)


def test_a_divided_batch_equals_upstream() -> None:
    """camt054.v4 with its entry set to what its three payments add up to."""
    data = edited(
        "camt054.v4.xml",
        (
            '<Amt Ccy="SEK">200000</Amt>\n        <CdtDbtInd>DBIT',
            '<Amt Ccy="CHF">9.50</Amt>\n        <CdtDbtInd>CRDT',
        ),
    )
    (statement,) = read_statements(data)
    details = upstream_details(upstream_entries("camt054.v4.xml")[0])
    assert [e.amount_minor for e in statement.entries] == [310, 320, 320]
    # Upstream signs a payment as its entry (a debit in the file); here the payment's own CdtDbtInd counts.
    assert [-money(d["getAmount"])[0] for d in details] == [310, 320, 320]
    assert [e.remittance.splitlines() for e in statement.entries] == [upstream_remittance(d) for d in details]
    assert [e.end_to_end_id for e in statement.entries] == [
        d["getReference"]["getEndToEndId"] for d in details
    ]
    assert [e.entry_ref for e in statement.entries] == [
        "E2E:UXC06170000006PI00001EE00001",
        "TX2:ASR:ACSR160617103200001",  # the two others share one EndToEndId
        "TX3:ASR:ACSR160617103200001",
    ]
    assert [e.counterparty_name for e in statement.entries] == [
        f"Example Creditor 3 - V{n}" for n in (1, 2, 3)
    ]
    assert {e.batch_size for e in statement.entries} == {None}
    assert len({e.booking_unix_s for e in statement.entries}) == 1


# --- balances ---


@pytest.mark.parametrize("name", sorted(p.name for p in FILES if p.name.startswith("camt053")))
def test_four_of_five_statements_do_not_balance(name: str) -> None:
    (statement,) = read(name)
    if name not in UNBALANCED:
        assert BALANCES_ABSENT in statement.remarks
        check_balances(statement)
        return
    assert BALANCES_ABSENT not in statement.remarks
    with pytest.raises(StatementDoesNotBalance) as caught:
        check_balances(statement)
    assert caught.value.difference_minor is None
    assert caught.value.booked_sum_minor == {"EUR": 885}
    for part in (
        statement.statement_id,
        "18.15 EUR (OPBD)",
        "-27.00 SEK (CLBD)",
        "8.85 EUR",
        "currencies disagree",
    ):
        assert part in str(caught.value)
    assert "ask the bank" in caught.value.remedy


BALANCED = (
    (
        '<Amt Ccy="SEK">27.00</Amt>\n                <CdtDbtInd>DBIT',
        '<Amt Ccy="EUR">27.00</Amt>\n                <CdtDbtInd>CRDT',
    ),
)


def test_a_statement_that_balances_passes() -> None:
    check_balances(read_statements(edited("camt053.v2.minimal.xml", *BALANCED))[0])
    check_balances(read_statements(edited("camt053.v2.minimal.xml", *BALANCED, ("OPBD", "PRCD")))[0])


@pytest.mark.parametrize(
    ("change", "difference"),
    [
        (("8.85", "8.86"), -1),
        (("8.85", "0"), 885),
        (("<Sts>BOOK</Sts>", "<Sts>PDNG</Sts>"), 885),
        (("<Sts>BOOK</Sts>", "<Sts>INFO</Sts>"), 885),
        (
            ("8.85</Amt>\n                <CdtDbtInd>CRDT", "8.85</Amt>\n                <CdtDbtInd>DBIT"),
            1770,
        ),
    ],
)
def test_one_cent_or_one_sign_is_enough_to_refuse(change: tuple[str, str], difference: int) -> None:
    (statement,) = read_statements(edited("camt053.v2.minimal.xml", *BALANCED, change))
    with pytest.raises(StatementDoesNotBalance) as caught:
        check_balances(statement)
    assert caught.value.difference_minor == difference
    assert "the difference is" in str(caught.value)


def test_an_entry_in_another_currency_is_refused_even_without_balances() -> None:
    (statement,) = read_statements(
        edited("camt053.v2.with-account-name.xml", ("<Nm>Account Owner Name</Nm>", "<Ccy>SEK</Ccy>"))
    )
    with pytest.raises(StatementDoesNotBalance, match="currencies disagree"):
        check_balances(statement)


def test_balances_of_several_days_span_the_statement_and_two_values_are_refused() -> None:
    end = "</Bal>\n            <Ntry>"
    later = (
        '</Bal><Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{}</Amt>'
        "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>{}</Dt></Dt>" + end
    )
    (statement,) = read_statements(
        edited("camt053.v2.minimal.xml", *BALANCED, (end, later.format("99.00", "2014-12-30")))
    )
    check_balances(statement)
    with pytest.raises(MalformedStatement, match="CLBD is stated twice"):
        read_statements(
            edited("camt053.v2.minimal.xml", *BALANCED, (end, later.format("99.00", "2014-12-31")))
        )


# --- signs, names, dates ---


@pytest.mark.parametrize(("way", "sign"), [("CRDT", 1), ("DBIT", -1)])
@pytest.mark.parametrize(("reversal", "truth"), [("true", True), ("1", True), ("false", False), ("0", False)])
def test_the_reversal_indicator_never_changes_the_sign(
    way: str, sign: int, reversal: str, truth: bool
) -> None:
    """A reversed credit is DBIT with RvslInd true: it takes, once."""
    old = "<CdtDbtInd>CRDT</CdtDbtInd>\n                <RvslInd>false</RvslInd>"
    found = entry(
        (old, f"<CdtDbtInd>{way}</CdtDbtInd><RvslInd>{reversal}</RvslInd>"),
        ("Dt>2014-12-31</Dt", "Dt>2014-12-31</Dt"),
    )
    assert (found.amount_minor, found.is_reversal) == (sign * 885, truth)


def test_a_reversed_gift_still_names_its_donor() -> None:
    old = "<CdtDbtInd>CRDT</CdtDbtInd>\n                <RvslInd>false</RvslInd>"
    donor = ("<Nm>NAME NAME</Nm>", "<Nm>DONOR</Nm>")
    assert entry(donor).counterparty_name == "DONOR"
    assert (
        entry(donor, (old, "<CdtDbtInd>DBIT</CdtDbtInd><RvslInd>true</RvslInd>")).counterparty_name == "DONOR"
    )
    assert entry(donor, (old, "<CdtDbtInd>DBIT</CdtDbtInd>")).counterparty_name == "Company Name"


def test_the_account_itself_is_no_counterparty() -> None:
    """A returned payment: the account is named as debtor although money comes in."""
    gap = "\n                                "
    debtor = f"<DbtrAcct>{gap}<Id>{gap}    <IBAN>NL56AGDH9619008421"
    found = entry((debtor, debtor.replace("NL56AGDH9619008421", "NL26VAYB8060476890")))
    assert (found.counterparty_name, found.counterparty_iban) == ("Company Name", "NL56AGDH9619008421")


def test_version_8_nests_status_and_parties() -> None:
    found = entry(
        ("<Sts>BOOK</Sts>", "<Sts><Cd>BOOK</Cd></Sts>"),
        ("camt.053.001.02", "camt.053.001.08"),
        ("<Dbtr>", "<Dbtr><Pty>"),
        ("</Dbtr>", "</Pty></Dbtr>"),
    )
    assert (found.status, found.counterparty_name) == ("BOOK", "NAME NAME")


def test_namespace_prefixes_envelopes_and_their_absence_make_no_difference() -> None:
    plain = read("camt053.v2.minimal.xml")
    namespace = ' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"'
    assert read_statements(edited("camt053.v2.minimal.xml", (namespace, ""))) == plain
    text = edited(
        "camt053.v2.minimal.xml",
        ("<Document", "<Envelope><AppHdr/><Document"),
        ("</Document>", "</Document></Envelope>"),
    )
    assert read_statements(text) == plain
    text16 = edited("camt053.v2.minimal.xml", ("UTF-8", "UTF-16")).decode().encode("utf-16")
    assert read_statements(text16) == plain


@pytest.mark.parametrize(
    ("text", "unix_s"),
    [
        ("<Dt>2014-12-31</Dt>", 1419984000),
        ("<Dt>2014-12-31+01:00</Dt>", 1419984000),
        ("<DtTm>2014-12-31T01:30:00+01:00</DtTm>", 1419985800),
        ("<DtTm>2014-12-31T00:30:00.999Z</DtTm>", 1419985800),
        ("<DtTm>2014-12-31T00:30:00</DtTm>", 1419985800),
    ],
)
def test_dates_are_utc_unix_seconds(text: str, unix_s: int) -> None:
    old = "<BookgDt>\n                    <Dt>2014-12-31</Dt>"
    assert entry((old, f"<BookgDt>{text}")).booking_unix_s == unix_s


def test_names_of_entries_are_unique_and_stable() -> None:
    one = (
        "<Ntry>"
        + edited("camt053.v2.minimal.xml").decode().split("<Ntry>")[1].split("</Ntry>")[0]
        + "</Ntry>"
    )
    with_refs = one.replace("<Refs>", "<Refs><AcctSvcrRef>A1</AcctSvcrRef><EndToEndId>E1</EndToEndId>")
    many = [
        one,
        with_refs,
        one.replace("<Refs>", "<Refs><AcctSvcrRef>A1</AcctSvcrRef><EndToEndId>E2</EndToEndId>"),
        one.replace("<Ntry>", "<Ntry><NtryRef>POS:1</NtryRef>"),
        one.replace("<Refs>", "<Refs><EndToEndId>NOTPROVIDED</EndToEndId>"),
        one.replace("<BkTxCd>", "<AcctSvcrRef>A2</AcctSvcrRef><BkTxCd>", 1),
    ]
    data = edited("camt053.v2.minimal.xml", (one, "".join(many)))
    refs = [e.entry_ref for e in read_statements(data)[0].entries]
    assert refs == ["POS:1", "E2E:E1", "E2E:E2", "NTRY:POS:1", "POS:5", "ASR:A2"]
    assert read_statements(data) == read_statements(data)


# --- what must not pass ---


@pytest.mark.parametrize("name", sorted(UNDIVIDED))
def test_a_batch_that_does_not_add_up_is_refused_or_kept_whole_in_sight(name: str) -> None:
    with pytest.raises(MalformedStatement, match="itemises 3 payments"):
        read(name)
    (statement,) = read(name, undivided_batches="keep")
    (found,) = statement.entries
    assert (found.counterparty_name, found.end_to_end_id, found.remittance) == (None, None, "")
    assert any("kept whole" in remark for remark in statement.remarks)


def test_a_batch_off_by_one_cent_is_refused() -> None:
    data = edited(
        "camt054.v4.xml",
        (
            '<Amt Ccy="SEK">200000</Amt>\n        <CdtDbtInd>DBIT',
            '<Amt Ccy="CHF">9.51</Amt>\n        <CdtDbtInd>CRDT',
        ),
    )
    with pytest.raises(MalformedStatement, match=r"of 9\.51 CHF itemises payments of 9\.50"):
        read_statements(data)


def test_odd_amounts_in_a_single_detail_are_remarked() -> None:
    (remark,) = [r for r in read("camt053.v3.xml")[0].remarks if "detail states" in r]
    assert "105.75 EUR" in remark
    assert "8.85 EUR" in remark
    (batch,) = [r for r in read("camt052.v2.xml")[0].remarks if "20 payments" in r]
    assert "1 itemised" in batch
    assert read("camt052.v2.xml")[0].entries[0].batch_size == 20


def test_one_bad_statement_refuses_the_whole_file() -> None:
    text = (DATA / "camt053.v2.minimal.xml").read_text()
    one = text[text.index("<Stmt>") : text.index("</Stmt>") + len("</Stmt>")]
    other = one.replace("253EURNL26VAYB8060476890", "SECOND")
    assert len(read_statements(text.replace(one, one + other).encode())) == 2
    with pytest.raises(MalformedStatement):
        read_statements(text.replace(one, one + other.replace("8.85", "8.855")).encode())
    with pytest.raises(MalformedStatement, match="names two statements"):
        read_statements(text.replace(one, one + one).encode())


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('<Amt Ccy="EUR">8.85', '<Amt Ccy="EUR">8.855', "Ntry[1]/Amt"),
        ('<Amt Ccy="EUR">8.85', '<Amt Ccy="EUR">-8.85', "Ntry[1]/Amt"),
        ('<Amt Ccy="EUR">8.85', '<Amt Ccy="EUR">8e2', "Ntry[1]/Amt"),
        ('<Amt Ccy="EUR">8.85', '<Amt Ccy="EUR">8.<b/>85', "Ntry[1]/Amt"),
        ('<Amt Ccy="EUR">8.85', '<Amt Ccy="EUR">1</Amt><Amt Ccy="EUR">8.85', "Ntry[1]/Amt"),
        ('<Amt Ccy="EUR">8.85', '<Amt Ccy="QQQ">8.85', "Ntry[1]/Amt/@Ccy"),
        ('<Amt Ccy="EUR">8.85', "<Amt>8.85", "Ntry[1]/Amt/@Ccy"),
        ("<RvslInd>false", "<RvslInd>no", "Ntry[1]/RvslInd"),
        ("<Sts>BOOK", "<Sts>DONE", "Ntry[1]/Sts"),
        ("<Sts>BOOK</Sts>", "", "Ntry[1]/Sts"),
        ("<Dt>2015-01-02</Dt>", "<Dt>2015-02-30</Dt>", "Ntry[1]/ValDt"),
        ("<Dt>2015-01-02</Dt>", "<Dt>0001-01-01</Dt>", "Ntry[1]/ValDt"),
        ("<Dt>2015-01-02</Dt>", "<DtTm>2015-01-02T00:00:00+99:00</DtTm>", "Ntry[1]/ValDt"),
        ("<Dt>2015-01-02</Dt>", "<Dt>٢٠١٥-٠١-٠٢</Dt>", "Ntry[1]/ValDt"),
        ("<IBAN>NL26VAYB8060476890</IBAN>", "<IBAN>../etc</IBAN>", "Acct/Id/IBAN"),
        ("<IBAN>NL26VAYB8060476890</IBAN>", "", "Acct/Id/Othr"),
        ("<Id>253EURNL26VAYB8060476890</Id>", "<Id> </Id>", "Stmt[1]/Id"),
        ("<Cd>OPBD</Cd>", "", "Bal[1]/Tp"),
        ("BkToCstmrStmt", "CstmrCdtTrfInitn", "Document"),
        ("<Stmt>", "<Stmt/><Stmt>", "Stmt[1]/Id"),
    ],
)
def test_a_fault_is_named_with_its_field(old: str, new: str, field: str) -> None:
    with pytest.raises((MalformedStatement, UnsupportedStatement)) as caught:
        read_statements(edited("camt053.v2.minimal.xml", (old, new)))
    assert field in caught.value.field
    assert caught.value.remedy


LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE Document>",
        f'<!DOCTYPE Document [<!ENTITY a0 "ha">{LAUGHS}]>',
        '<!DOCTYPE Document [<!ENTITY a11 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Document SYSTEM "http://127.0.0.1:9/x.dtd" [<!ENTITY a11 "x">]>',
        '<!DOCTYPE Document [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p; <!ENTITY a11 "x">]>',
    ],
)
@pytest.mark.parametrize("place", ["<Nm>NAME NAME</Nm>", 'Ccy="EUR"'])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_hostile_xml_is_refused(doctype: str, place: str, encoding: str) -> None:
    used = "<Nm>&a11;</Nm>" if "Nm" in place else 'Ccy="&a11;"'
    if "[" not in doctype or ("SYSTEM" in doctype and "Ccy" in place):
        used = place
    text = edited("camt053.v2.minimal.xml", ("<Document", doctype + "<Document"), (place, used)).decode()
    with pytest.raises(MalformedStatement):
        read_statements(text.replace("UTF-8", encoding).encode(encoding))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<",
        b"\x00",
        b"{}",
        b"PK\x03\x04",
        b"<a/>",
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b"<a>" * 10_000,
    ],
)
def test_what_is_no_statement_is_refused(data: bytes) -> None:
    with pytest.raises(StatementError):
        read_statements(data)


def test_a_file_too_large_is_not_even_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camt, "MAX_BYTES", 1000)
    with pytest.raises(MalformedStatement, match="more than 1000"):
        read("camt053.v2.minimal.xml")


# --- mutations ---

ORIGINALS = [path.read_bytes() for path in FILES]
TEXTS = [
    "",
    "0",
    "-1",
    "1e9",
    "NaN",
    "BOOK",
    "DBIT",
    "99999999999999999999",
    "2014-13-01",
    "0001-01-01",
    "\u0661",
    "x" * 99,
]
FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


BATCHES: tuple[UndividedBatches, ...] = ("refuse", "keep")


def only_statement_errors(data: bytes) -> None:
    for batches in BATCHES:
        try:
            for statement in read_statements(data, undivided_batches=batches):
                refs = [e.entry_ref for e in statement.entries]
                assert len(set(refs)) == len(refs)
                check_balances(statement)
        except StatementError as error:
            assert error.field
            assert error.remedy


@FUZZ
@given(
    st.sampled_from(ORIGINALS),
    st.lists(st.tuples(st.integers(0, 2**16), st.integers(0, 3), st.binary(max_size=8)), max_size=4),
)
def test_mutated_bytes_escape_only_as_statement_errors(
    data: bytes, cuts: list[tuple[int, int, bytes]]
) -> None:
    for at, length, replacement in cuts:
        start = at % len(data)
        data = data[:start] + replacement + data[start + length :]
    only_statement_errors(data)


@FUZZ
@given(
    st.sampled_from(ORIGINALS),
    st.lists(
        st.tuples(st.integers(0, 2**16), st.integers(0, 5), st.sampled_from(TEXTS)), min_size=1, max_size=4
    ),
)
def test_mutated_elements_escape_only_as_statement_errors(
    data: bytes, moves: list[tuple[int, int, str]]
) -> None:
    root = etree.fromstring(data)
    for at, move, text in moves:
        elements = list(root.iter("*"))
        element = elements[at % len(elements)]
        parent = element.getparent()
        if move == 0 and parent is not None:
            parent.remove(element)
        elif move == 1 and parent is not None:
            parent.append(etree.fromstring(etree.tostring(element)))
        elif move == 2:
            element.set("Ccy", text)
        elif move == 3 and parent is not None:
            elements[(at // 7) % len(elements)].append(etree.fromstring(etree.tostring(element)))
        else:
            element.text = text
    only_statement_errors(etree.tostring(root))
