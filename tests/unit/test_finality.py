"""Only final records are shown as final: in answers, on receipts, and in the pages' words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import insert

from indexer.mirror import open_for_writing
from indexer.queries.blocks import as_of
from indexer.queries.deliveries import list_entitlements
from indexer.schema import entitlement_listed
from indexer.writer import mark_final
from ledger_api.answers import answer
from ledger_api.finality import Finality, finality
from ledger_api.funds.routes import router as funds
from ledger_api.office import outbox
from ledger_api.organisations.routes import router as organisations
from ledger_api.pages import language as languages
from ledger_api.receipts.routes import router as receipts
from ledger_api.records.routes import router as records
from tests.browser.small_ledger import SmallLedger, at, id32
from tests.unit.test_pages import get, plain

STRINGS = Path(languages.__file__).parent / "strings"
FAMILIES = [f"family {n}" for n in range(12)]
CODES = ("en", "fa", "ar")


def words(code: str, key: str, **values: str) -> str:
    text: str = json.loads((STRINGS / f"{code}.json").read_text())[key]
    return " ".join(text.format(**values).split())


@dataclass(frozen=True)
class Office:
    """One fund with a final gift and a gift that is not; the first one's delivery is not final either."""

    ledger: SmallLedger
    app: FastAPI
    old: str
    new: str
    taken: str
    fund: bytes
    final: int
    """The highest final block."""
    new_id: bytes


@pytest.fixture
def office(tmp_path: Path) -> Office:
    small = SmallLedger(tmp_path)
    line = small.fund("general", "House of Mercy")
    _, old = small.give(line, 24_000)
    final = small.final = small.block
    small.today = at("2025-11-03")
    small.hand_over(small.approve(line, "food", FAMILIES, 1_000))
    new_id, new = small.give(line, 9_900)
    _, taken = small.take(line, 500, "2025-11-03")
    app = small.app()
    for router in (receipts, funds, organisations, records):
        app.include_router(router)
    return Office(small, app, old, new, taken, line.id, final, new_id)


def settle(office: Office) -> None:
    """Everything becomes final."""
    engine = open_for_writing(office.app.state.service.settings.mirror_url)
    with engine.begin() as conn:
        mark_final(conn, office.ledger.block)
    engine.dispose()


def test_a_block_is_final_up_to_the_last_final_one_and_a_time_before_the_first_open_one() -> None:
    final = Finality(7, 1_000)
    assert [final.of_block(n) for n in (6, 7, 8)] == [True, True, False]
    assert [final.of_time(t) for t in (999, 1_000, 1_001)] == [True, False, False]
    assert Finality(7, None).of_time(2_000)


def test_the_mirror_says_where_finality_ends(office: Office) -> None:
    with office.app.state.service.mirror.connect() as conn:
        assert finality(conn) == Finality(office.final, at("2025-11-03"))
    settle(office)
    with office.app.state.service.mirror.connect() as conn:
        assert finality(conn) == Finality(office.ledger.block, None)


def test_a_receipt_is_final_only_when_its_gift_is(office: Office) -> None:
    def receipt(code: str) -> tuple[str, bool]:
        body = get(office.app, f"/v1/receipts/{code}").json()
        return body["state"], body["final"]

    assert receipt(office.old) == ("final", True)
    assert receipt(office.new) == ("recorded", False)
    assert receipt(office.taken) == ("received", False)
    settle(office)
    assert receipt(office.new) == ("final", True)
    assert receipt(office.taken) == ("received", False)


def test_answers_say_of_each_record_whether_it_is_final(office: Office) -> None:
    trace = get(office.app, f"/v1/receipts/{office.old}").json()["trace"]
    assert (trace["as_of"]["final"], trace["as_of"]["final_number"]) == (False, office.final)
    assert trace["gift"]["final"] is True
    # Half of it was handed over in a block that is not final; the rest only waits, since the gift came.
    assert {(s["state"], s["final"]) for s in trace["segments"]} == {
        ("handed_over", False),
        ("waiting", True),
    }
    assert all("at_unix_s" not in segment for segment in trace["segments"])

    line = get(office.app, f"/v1/funds/0x{office.fund.hex()}/line").json()
    assert [inflow["final"] for inflow in line["inflows"]] == [True, False]
    assert {outflow["final"] for outflow in line["outflows"]} == {False}
    totals = get(office.app, f"/v1/organisations/0x{id32('House of Mercy').hex()}/totals").json()
    assert totals["as_of"]["final"] is False

    settle(office)
    trace = get(office.app, f"/v1/receipts/{office.old}").json()["trace"]
    assert trace["as_of"]["final"] and all(segment["final"] for segment in trace["segments"])


def test_deliveries_are_final_when_the_last_that_happened_to_them_is(office: Office) -> None:
    with office.app.state.service.mirror.connect() as conn:
        plist = conn.execute(entitlement_listed.select()).first()
        assert plist is not None
        found = list_entitlements(conn, plist.list)
        before, after = Finality(1, at("2025-11-03")), Finality(1, at("2025-11-03") + 1)
        for judged, expected in ((before, False), (after, True), (finality(conn), False)):
            body = answer(found, judged)
            assert {item["final"] for item in body["items"]} == {expected}
        assert as_of(conn).final_number == office.final


def test_an_act_is_final_when_its_record_is(office: Office) -> None:
    row = {
        "act": "donate",
        "record": office.new_id,
        "lane": b"",
        "signer": b"",
        "scope": b"",
        "item": b"",
        "state": "recorded",
        "created_at_unix_s": 1,
        "changed_at_unix_s": 1,
    }
    columns = {column.name for column in outbox.columns}
    with office.app.state.service.office.begin() as conn:
        conn.execute(insert(outbox), {name: value for name, value in row.items() if name in columns})

    def status() -> tuple[str, bool | None]:
        body = get(office.app, f"/v1/records/donate/0x{office.new_id.hex()}").json()
        return body["state"], body["final"]

    assert status() == ("recorded", False)
    settle(office)
    assert status() == ("recorded", True)
    with office.app.state.service.office.begin() as conn:
        conn.execute(outbox.update().values(state="sent"))
    assert status() == ("sent", None)


@pytest.mark.parametrize("code", CODES)
def test_the_pages_say_in_plain_words_what_is_not_final(office: Office, code: str) -> None:
    def page(path: str) -> str:
        return plain(get(office.app, f"{path}?lang={code}"))

    not_final, newest = words(code, "final.gift"), words(code, "final.steps")
    assert not_final in page(f"/g/{office.new}") and newest not in page(f"/g/{office.new}")
    assert newest in page(f"/g/{office.old}") and not_final not in page(f"/g/{office.old}")
    assert words(code, "receipt.state.recorded") in page(f"/r/{office.new}")
    assert words(code, "receipt.state.final") in page(f"/r/{office.old}")
    assert words(code, "receipt.state.received") in page(f"/r/{office.taken}")
    still_open = words(code, "computed.open", block="\0").split("\0")[0]
    everywhere = (
        "/",
        f"/f/0x{office.fund.hex()}",
        f"/o/0x{id32('House of Mercy').hex()}",
        f"/g/{office.old}",
    )
    assert all(still_open in page(path) for path in everywhere)

    settle(office)
    for path in (*everywhere, f"/g/{office.new}"):
        text = page(path)
        assert not_final not in text and newest not in text and still_open not in text
    assert words(code, "receipt.state.final") in page(f"/r/{office.new}")
