"""The public pages: what a donor is shown, what nobody is shown, and in which words."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from string import Formatter
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import insert

from contracts.bindings import delivery_ledger
from contracts.bindings.ids import EntitlementId, OrganisationId
from indexer.mirror import open_for_writing
from indexer.queries.trace import SegmentState, trace_donation
from ledger_api.office import outbox
from ledger_api.pages import fund as funds
from ledger_api.pages import gift as gifts
from ledger_api.pages import language as languages
from ledger_api.pages import pictures
from ledger_api.pages.language import CODES, choose, language
from ledger_api.pages.pictures import Run
from tests.browser.small_ledger import NOBODY, Shown, SmallLedger, at, fill, id32

STRINGS = Path(languages.__file__).parent / "strings"
MARKS = re.compile(r"<[^>]+>")


@dataclass(frozen=True)
class World:
    """A filled ledger and its pages."""

    ledger: SmallLedger
    shown: Shown
    app: FastAPI

    def get(self, path: str, **headers: str) -> httpx.Response:
        return get(self.app, path, **headers)


def get(app: FastAPI, path: str, **headers: str) -> httpx.Response:
    """One request, answered in this process."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://pages.test") as client:
            return await client.get(path, headers=headers)

    return asyncio.run(ask())


def plain(response: httpx.Response) -> str:
    """The words of a page as they are read, without its markup."""
    return " ".join(MARKS.sub(" ", response.text).replace("\N{NO-BREAK SPACE}", " ").split())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    small = SmallLedger(tmp_path_factory.mktemp("pages"))
    shown = fill(small)
    return World(small, shown, small.app())


def paths(shown: Shown) -> list[str]:
    codes = [value for value in vars_of(shown).values() if isinstance(value, str)]
    return [
        "/",
        *(f"/g/{code}" for code in codes),
        f"/r/{shown.whole}",
        f"/o/0x{shown.organisation.hex()}",
        f"/f/0x{shown.fund.hex()}",
        f"/f/0x{shown.fund.hex()}?from=1000000",
        f"/f/0x{shown.young_fund.hex()}",
    ]


def vars_of(shown: Shown) -> dict[str, Any]:
    return {name: getattr(shown, name) for name in shown.__dataclass_fields__}


# Words


def strings(code: str) -> dict[str, Any]:
    words: dict[str, Any] = json.loads((STRINGS / f"{code}.json").read_text())
    return words


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_language_has_the_same_words_with_the_same_values() -> None:
    english = strings("en")
    for code in CODES:
        other = strings(code)
        assert list(other) == list(english)
        for key, words in other.items():
            assert isinstance(words, dict) == isinstance(english[key], dict), key
            if isinstance(words, str):
                assert fields(words) == fields(english[key]), key
                assert words.strip(), key


def test_counted_words_have_every_plural_form_of_their_language() -> None:
    for code in CODES:
        spoken = language(code)
        for key, forms in spoken.plurals.items():
            assert set(forms) == {*spoken.locale.plural_form.tags, "other"}, key
        assert {n: str(language("ar").counted("deliveries", n)) for n in (1, 2, 3, 11, 100)} == {
            1: "تسليم واحد",
            2: "تسليمان",
            3: "٣ تسليمات",
            11: "١١ تسليمًا",
            100: "١٠٠ تسليم",
        }


def test_every_state_has_a_word_a_pattern_and_an_icon(world: World) -> None:
    page = world.get("/").text
    assert set(gifts.STATES) == set(SegmentState)
    for state in SegmentState:
        assert f'id="p-{state}"' in page
        assert f'id="i-{state}"' in page
        for code in CODES:
            assert language(code).text(f"state.{state}")
            assert language(code).text(f"help.{state}")


@pytest.mark.parametrize(
    ("minor", "unit", "en", "fa", "ar"),
    [
        (50_000, "EUR", "€500.00", "۵۰۰ یورو", "٥٠٠ يورو"),
        (123_456_789, "USD", "$1,234,567.89", "۱٬۲۳۴٬۵۶۷٫۸۹ دلار آمریکا", "١٬٢٣٤٬٥٦٧٫٨٩ دولار أمريكي"),
        (1_234_500, "IRR", "IRR 12,345", "۱۲٬۳۴۵ ریال ایران", "١٢٬٣٤٥ ريال إيراني"),
        (1_234_501, "IRR", "IRR 12,345.01", "۱۲٬۳۴۵٫۰۱ ریال ایران", "١٢٬٣٤٥٫٠١ ريال إيراني"),
        (1_500, "JPY", "¥1,500", "۱٬۵۰۰ ین ژاپن", "١٬٥٠٠ ين ياباني"),
        (1_500, "KWD", "KWD 1.500", "۱٫۵۰۰ دینار کویت", "١٫٥٠٠ دينار كويتي"),
        (2**63 - 1, "EUR", "€92,233,720,368,547,758.07", None, None),
        (1, "MIN", "1 minute", "۱ دقیقه", "دقيقة واحدة"),
        (120, "MIN", "2 hours", "۲ ساعت", "ساعتان"),
        (200, "MIN", "3 hours and 20 minutes", "۳ ساعت و ۲۰ دقیقه", "٣ ساعات و٢٠ دقيقة"),
        (1_250, "RICE-KG", "1,250 RICE-KG", "۱٬۲۵۰ RICE-KG", "١٬٢٥٠ RICE-KG"),
    ],
)
def test_amounts_in_the_words_of_the_language(
    minor: int, unit: str, en: str, fa: str | None, ar: str | None
) -> None:
    for code, expected in (("en", en), ("fa", fa), ("ar", ar)):
        if expected is not None:
            amount = MARKS.sub("", language(code).amount(minor, unit))
            assert amount.replace("\N{NO-BREAK SPACE}", " ") == expected


def test_a_share_is_never_rounded_to_nothing_or_to_all() -> None:
    share = {(part, whole): MARKS.sub("", language("en").percent(part, whole)) for part, whole in
             ((0, 10), (1, 10_000), (9_999, 10_000), (1, 3), (10, 10))}  # fmt: skip
    assert list(share.values()) == ["0%", "less than 1%", "more than 99%", "33%", "100%"]


def test_dates_in_the_calendar_of_the_language() -> None:
    day = at("2025-11-22")
    assert MARKS.sub("", language("en").day(day)) == "November 22, 2025"
    assert MARKS.sub("", language("fa").day(day)) == "۱ آذر ۱۴۰۴ (۲۲ نوامبر ۲۰۲۵)"
    assert MARKS.sub("", language("ar").day(day)) == "٢٢ نوفمبر ٢٠٢٥ (١ جمادى الآخرة ١٤٤٧ هـ)"
    assert MARKS.sub("", language("fa").month((2026, 3))) == "مارس ۲۰۲۶ (اسفند ۱۴۰۴ – فروردین ۱۴۰۵)"
    for code in CODES:  # the chain takes any uint64 for the time of a gift
        assert language(code).day(2**63) == "—"
        assert language(code).day(at("1800-01-01"))


@pytest.mark.parametrize(
    ("asked", "accepted", "expected"),
    [
        (None, "", "en"),
        (None, "fr, de;q=0.9", "en"),
        (None, "fa-IR,fa;q=0.9,en;q=0.8", "fa"),
        (None, "en;q=0.3, ar-SA;q=0.8", "ar"),
        (None, "fa;q=nonsense, ar", "ar"),
        ("fa", "ar", "fa"),
        ("../etc", "ar", "ar"),
    ],
)
def test_the_language_asked_for_then_the_browsers(asked: str | None, accepted: str, expected: str) -> None:
    assert choose(asked, accepted).code == expected


# Pictures


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_a_bar_fills_its_width_and_begins_where_reading_begins(direction: str) -> None:
    blocks = pictures.bar([("confirmed", 999_999), ("fee", 1), ("waiting", 1_000_000)], direction)
    assert [block.state for block in blocks] == ["confirmed", "fee", "waiting"]
    assert sum(block.width for block in blocks) == pytest.approx(100, abs=0.01)
    assert min(block.width for block in blocks) > 1
    starts = [block.x for block in blocks]
    assert starts == sorted(starts, reverse=direction == "rtl")
    edge = blocks[0].x if direction == "ltr" else 100 - blocks[0].x - blocks[0].width
    assert edge == pytest.approx(0, abs=0.01)


def test_narrow_neighbours_are_drawn_as_one() -> None:
    runs = [Run("confirmed", n, n + 1) for n in range(1000)]
    joined = pictures.merged(runs, 1000)
    assert len(joined) == 100
    assert sum(run.records for run in joined) == 1000
    assert (joined[0].start, joined[-1].end) == (0, 1000)
    assert pictures.merged(runs, 1000, whole=True) == [Run("confirmed", 0, 1000, 1000)]


# The gift's page


@pytest.mark.parametrize("code", CODES)
def test_a_gift_shows_every_state_with_its_amount(world: World, code: str) -> None:
    response = world.get(f"/g/{world.shown.whole}?lang={code}")
    assert response.status_code == 200
    spoken, text = language(code), plain(response)
    assert f'<html lang="{code}" dir="{spoken.direction}">' in response.text
    whole = 0
    for state, amount in (("confirmed", 19_400), ("handed_over", 14_000), ("fee", 2_000), ("reserved", 4_100),
                          ("waiting", 10_500)):  # fmt: skip
        whole += amount
        words = MARKS.sub("", spoken.amount(amount, "EUR")).replace("\N{NO-BREAK SPACE}", " ")
        assert f"{spoken.text(f'state.{state}')} {words}" in text
        assert f"{spoken.text(f'state.{state}')}: {words}" in response.text.replace("\N{NO-BREAK SPACE}", " ")
    assert whole == 50_000


@pytest.mark.parametrize("code", CODES)
def test_objections_returns_and_transfers_are_shown_to_the_donor(tmp_path: Path, code: str) -> None:
    small = SmallLedger(tmp_path)
    line, other = small.fund("f", "o"), small.fund("g", "p")
    small.name(other.id, en="Another fund", fa="صندوقی دیگر", ar="صندوق آخر")
    donation, receipt = small.give(line, 20_000)
    aid = small.approve(line, "food", [f"h{n}" for n in range(14)], 1_000)
    small.hand_over(aid)
    small.confirm(aid[:4])
    small.dispute(aid[4:8])
    small.decide(aid[4], upheld=True)
    small.decide(aid[5], upheld=False)
    small.take_back(aid[8], 400)
    small.send(line, other, 700, received=True)
    small.send(line, other, 50, received=False)
    spoken, page = language(code), get(small.app(), f"/g/{receipt}?lang={code}")
    text = plain(page)
    for state, amount in (("confirmed", 4_000), ("handed_over", 5_600), ("disputed", 2_000), ("dismissed", 1_000),
                          ("in_transit", 50), ("waiting", 7_350)):  # fmt: skip
        words = MARKS.sub("", spoken.amount(amount, "EUR")).replace("\N{NO-BREAK SPACE}", " ")
        assert f"{spoken.text(f'state.{state}')} {words}" in text, state
    assert "Another fund" in text or code != "en"
    assert str(spoken.text("aid.disputed")) in text.split(str(spoken.text("aid.title")))[1]
    with small.service().mirror.connect() as conn:
        trace = trace_donation(conn, donation)
    assert sum(amount for _, amount in gifts.states(trace)) == 20_000
    (row,) = gifts.aid(*_asked(small, donation))
    assert (row.count, row.amount_minor, row.confirmed_minor, row.disputed_minor, row.said_minor) == (
        13, 12_600, 4_000, 2_000, 6_600
    )  # fmt: skip


def _asked(small: SmallLedger, donation: Any) -> tuple[Any, Any]:
    conn = small.service().mirror.connect()
    return conn, trace_donation(conn, donation)


def test_a_fund_shows_what_moved_and_what_came_back(tmp_path: Path) -> None:
    small = SmallLedger(tmp_path)
    line, other = small.fund("f", "o"), small.fund("g", "p")
    small.give(line, 20_000)
    aid = small.approve(line, "food", [f"h{n}" for n in range(12)], 1_000)
    small.hand_over(aid)
    small.dispute(aid[4:6])
    small.decide(aid[4], upheld=True)
    small.take_back(aid[8], 400)
    small.take_back(aid[9], 1_000)
    small.send(line, other, 700, received=True)
    app = small.app()
    text = plain(get(app, f"/f/{line.id.hex()}"))
    for words in ("Given €200.00 · 1 gift", "Came in besides €24.00", "Came back to the fund €24.00",
                  "Between funds €7.00", "The family objects €10.00"):  # fmt: skip
        assert words in text, words
    assert "Came in besides €7.00" in plain(get(app, f"/f/{other.id.hex()}"))
    assert "Given: €200.00" in plain(get(app, "/"))
    page = plain(get(app, f"/o/0x{id32('o').hex()}"))
    assert "9 deliveries are not yet confirmed" in page
    with small.service().mirror.connect() as conn:
        stretch = funds.stretch(conn, line.id, 0)
    ours = [(run.state, run.amount_minor) for run in stretch.outflows]
    assert ("returned", 400) in ours and ("returned", 1_000) in ours and ("moved", 700) in ours
    assert sum(run.records for run in stretch.outflows) == 13, "a delivery counts once, however it is cut"
    came_in = [(run.state, run.amount_minor) for run in stretch.inflows]
    back = [("returned", amount) for amount in (1_000, 400, 1_000)]
    assert came_in == [("given", 20_000), *back]


def test_what_a_card_confirmed_and_the_family_disputes_is_not_shown_as_confirmed(tmp_path: Path) -> None:
    small = SmallLedger(tmp_path)
    line = small.fund("f", "o")
    donation, _ = small.give(line, 10_000)
    aid = small.approve(line, "food", [f"h{n}" for n in range(10)], 1_000)
    small.hand_over(aid)
    small.confirm(aid)
    small.dispute(aid[:1])
    rows = gifts.aid(*_asked(small, donation))
    assert sum(row.confirmed_minor for row in rows) == 9_000
    assert sum(row.disputed_minor for row in rows) == 1_000


def test_a_gift_that_arrived_says_so(world: World) -> None:
    assert "All of it reached families" in plain(world.get(f"/g/{world.shown.confirmed}"))
    assert "All of it was paid back" in plain(world.get(f"/g/{world.shown.refunded}"))


def test_aid_is_grouped_by_kind_and_month_with_totals(world: World) -> None:
    text = plain(world.get(f"/g/{world.shown.many}"))
    for month, deliveries, confirmed in (
        ("October", 190, 150),
        ("November", 191, 110),
        ("December", 192, 70),
    ):
        assert f"{month} 2025 {deliveries} deliveries" in text
        assert f"Family confirmed {confirmed} deliveries" in text
        assert f"Agency says; not yet confirmed {deliveries - confirmed} deliveries" in text


def test_few_deliveries_are_listed_one_by_one(tmp_path: Path) -> None:
    small = SmallLedger(tmp_path)
    line = small.fund("f", "o")
    _, code = small.give(line, 3_000)
    listed = small.approve(line, "food", [f"h{n}" for n in range(10)], 700)
    small.hand_over(listed[:10])
    small.confirm(listed[:3])
    page = get(small.app(), f"/g/{code}").text
    rows = page.split("<tbody")[1].split("</tbody>")[0].split("<tr")[1:]
    assert len(rows) == 5  # four whole deliveries and a part of the fifth
    assert sum("Family confirmed" in row for row in rows) == 3
    assert sum("Agency says" in row for row in rows) == 2
    assert not any("Family confirmed" in row and "Agency says" in row for row in rows)


def test_nothing_is_said_of_few_households(world: World) -> None:
    for code, kind, other in (("en", "Wheelchairs", "Other aid"), ("fa", "صندلی", "یاری‌های دیگر")):
        for gift in (world.shown.small_programme, world.shown.whole):
            text = plain(world.get(f"/g/{gift}?lang={code}"))
            assert kind not in text
            assert other in text
    text = plain(world.get(f"/g/{world.shown.small_programme}"))
    assert "deliver" not in text.split("What it became")[1].split("Total")[0]
    assert "November 2025" not in text.split("What it became")[1].split("Total")[0]


def test_a_month_of_few_households_is_not_named(tmp_path: Path) -> None:
    small = SmallLedger(tmp_path)
    small.name(id32("food"), en="Food parcels")
    line = small.fund("f", "o")
    donation, code = small.give(line, 100_000)
    for month, households in (("10", range(9)), ("11", range(5, 11)), ("12", range(12))):
        small.today = at(f"2025-{month}-07")
        small.hand_over(small.approve(line, "food", [f"h{n}" for n in households], 100))
    text = plain(get(small.app(), f"/g/{code}")).split("What it became")[1]
    assert "Food parcels December 2025 12 deliveries" in text
    assert "Food parcels in various months 15 deliveries" in text
    assert "October" not in text.split("Total")[0] and "November" not in text.split("Total")[0]
    with small.service().mirror.connect() as conn:
        aid = gifts.aid(conn, trace_donation(conn, donation))
    assert sum(row.amount_minor for row in aid) == 27 * 100


def test_households_of_other_lists_count_when_the_gift_met_few(tmp_path: Path) -> None:
    small = SmallLedger(tmp_path)
    line = small.fund("f", "o")
    donation, _ = small.give(line, 200)
    small.give(line, 10_000)
    for n in range(4):
        small.hand_over(small.approve(line, "food", [f"h{3 * n + i}" for i in range(3)], 100))
    with small.service().mirror.connect() as conn:
        aid = gifts.aid(conn, trace_donation(conn, donation))
    assert [(row.programme, row.month, row.amount_minor) for row in aid] == [
        (id32("food"), (2025, 10), 100)
    ] * 2


def test_the_same_family_twice_is_one_household(tmp_path: Path) -> None:
    small = SmallLedger(tmp_path)
    line = small.fund("f", "o")
    donation, _ = small.give(line, 100_000)
    for _ in range(4):
        small.hand_over(small.approve(line, "food", ["a", "b", "c"], 100))
    with small.service().mirror.connect() as conn:
        (other,) = gifts.aid(conn, trace_donation(conn, donation))
    assert other == gifts.Aid(None, None, None, 1_200, 0, 0)


def test_pages_tell_nothing_of_persons_places_and_times(world: World) -> None:
    households = {id32(f"{kind} {n}")[:20].hex() for kind in ("family", "house") for n in range(202)}
    exact = re.compile(
        r"\d\d:\d\d|\d-\d\dT|" + "|".join(str(at(f"2025-{day}")) for day in ("10-05", "11-03"))
    )
    for path in paths(world.shown):
        page = world.get(path).text
        assert not any(account in page for account in households), path
        assert "Zahra" not in page and "IBAN" not in page, path
        assert not exact.search(page), path


def test_the_block_of_the_answer_is_named(world: World) -> None:
    text = plain(world.get(f"/g/{world.shown.whole}"))
    assert re.search(r"as it stood at block [0-9,]+, December 7, 2025 ?\. 0x[0-9a-f]{64}", text)


def test_a_simulated_gift_is_marked_wherever_it_counts(world: World) -> None:
    shown = world.shown
    assert "Simulated gift" in plain(world.get(f"/g/{shown.simulated}"))
    assert "Simulated gift" in plain(world.get(f"/r/{shown.simulated}"))
    assert "simulated gifts" in plain(world.get(f"/o/{shown.organisation.hex()}"))
    assert "Simulated gifts are among" in plain(world.get("/"))
    assert "imulated" not in plain(world.get(f"/g/{shown.whole}"))
    assert "imulated" not in plain(world.get(f"/f/{shown.fund.hex()}"))


def test_a_gift_on_its_way_to_the_chain_is_received_and_being_recorded(tmp_path: Path) -> None:
    small = SmallLedger(tmp_path)
    line = small.fund("f", "o")
    donation, code = small.take(line, 2_550, "2025-10-01")
    app = small.app()
    response = get(app, f"/g/{code}")
    assert response.status_code == 200
    assert "€25.50" in plain(response) and "is being recorded" in plain(response)
    empty: dict[str, Any] = dict.fromkeys(("lane", "signer", "scope", "item"), b"")
    with small.office.begin() as conn:
        row = {"act": "donate", "record": donation, "state": "rejected", "created_at_unix_s": 0}
        conn.execute(insert(outbox), row | empty)
    assert "The organisation must correct it" in plain(get(app, f"/g/{code}"))


# Codes and addresses


def test_a_code_may_be_typed_as_people_type(world: World) -> None:
    code = world.shown.whole
    persian = code.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    arabic = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    unlike = code.lower().replace("0", "o").replace("1", "l")
    for typed in (code.lower(), code.replace("-", ""), code.replace("-", " "), persian, arabic, unlike):
        assert world.get(f"/g/{typed}").status_code == 200, typed
        found = world.get(f"/g?code={typed}&lang=fa")
        assert (found.status_code, found.headers["location"]) == (303, f"/g/{code}?lang=fa"), typed
    assert world.get("/g?code=&lang=ar").headers["location"] == "/?lang=ar"
    assert world.get("/g?code=https://elsewhere.example").headers["location"].startswith("/g/")


@pytest.mark.parametrize(
    "path",
    [
        "/g/0000-0000",
        "/g/%3Cscript%3E",
        "/g/%00",
        "/g/" + "x" * 5000,
        "/r/nothing",
        "/o/0x12",
        "/o/" + "00" * 32,
        "/f/abc",
        "/f/" + "00" * 32,
    ],
)
def test_an_address_without_anything_is_a_kind_404(world: World, path: str) -> None:
    for code in CODES:
        response = world.get(f"{path}?lang={code}")
        assert response.status_code == 404
        assert response.headers["content-type"].startswith("text/html")
        assert '<form class="code-form"' in response.text
        assert "<script" not in response.text


@pytest.mark.parametrize("where", ["-1", "abc", "1e9", "9" * 40, "٣", str(10**17)])
def test_a_position_beyond_the_line_is_no_error(world: World, where: str) -> None:
    assert world.get(f"/f/{world.shown.fund.hex()}?from={where}").status_code == 200


def test_links_keep_the_language(world: World) -> None:
    for path in paths(world.shown):
        page = world.get(path, **{"accept-language": "fa"}).text
        switches = page.split("<nav")[1].split("</nav>")[0]
        for link in re.findall(r'href="(/[^"]*)"', page.replace(switches, "")):
            assert link.startswith("/static/") or "lang=fa" in link, link
        assert len(re.findall(r"lang=(?:en|fa|ar)\"", switches)) == 3


# A fund's line


def test_a_funds_stretches_cover_its_line(world: World) -> None:
    with world.app.state.service.mirror.connect() as conn:
        start, stretches = 0, []
        while True:
            stretch = funds.stretch(conn, world.shown.fund, start, most=100)
            stretches.append(stretch)
            if stretch.next is None:
                break
            start = stretch.next
    assert len(stretches) > 5
    end = 0
    for stretch in stretches:
        assert stretch.start == end
        for side in (stretch.inflows, stretch.outflows):
            assert side[0].start == stretch.start and side[-1].end == stretch.end
            assert all(left.end == right.start for left, right in pairwise(side))
        end = stretch.end
    assert end == 5_000_000 + sum(1_000 + 37 * (n % 11) for n in range(700))


def test_deliveries_of_few_households_are_drawn_without_borders(world: World) -> None:
    with world.app.state.service.mirror.connect() as conn:
        young = funds.stretch(conn, world.shown.young_fund, 0)
    assert [(run.state, run.records) for run in young.outflows] == [
        ("confirmed", 1),
        ("handed_over", 1),
        ("waiting", 1),
    ]
    text = plain(world.get(f"/f/{world.shown.young_fund.hex()}"))
    assert "records" not in text


def test_an_organisation_shows_its_funds_and_what_is_unconfirmed(world: World) -> None:
    text = plain(world.get(f"/o/0x{world.shown.organisation.hex()}"))
    assert "12 deliveries are not yet confirmed" in text
    assert "33 deliveries" in text
    assert "Families refused €9.00" in text
    for fund in ("Bread and school", "Zakat", "Trial", "Hours given"):
        assert fund in text


# The receipt


def test_a_receipt_names_what_was_given_and_is_no_tax_receipt(world: World) -> None:
    response = world.get(f"/r/{world.shown.whole}?lang=fa")
    text = plain(response)
    for words in (
        "۵۰۰ یورو",
        "خانهٔ مهر",
        "نان و مدرسه",
        "۹ مهر ۱۴۰۴",
        world.shown.whole,
        "رسید مالیاتی نیست",
    ):
        assert words in text
    assert f"https://amanat.example/g/{world.shown.whole}" in text
    assert 'class="qrline"' in response.text


# Safety and errors


def test_every_answer_is_locked_down(world: World) -> None:
    for path in (*paths(world.shown), "/g/none", "/o/none"):
        response = world.get(path)
        policy = response.headers["content-security-policy"]
        assert policy.startswith("default-src 'none';") and "unsafe" not in policy
        assert response.headers["referrer-policy"] == "no-referrer"
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in response.headers
        assert "<script" not in response.text and " style=" not in response.text, path
        assert "javascript:" not in response.text and not re.search(
            r'(src|href)="(https?:)?//', response.text
        )
    for path in (f"/g/{world.shown.whole}", f"/r/{world.shown.whole}"):
        assert "noindex" in world.get(path).headers["x-robots-tag"]


def test_names_cannot_break_out_of_their_place(tmp_path: Path) -> None:
    small = SmallLedger(tmp_path)
    line = small.fund("f", "o")
    small.name(id32("o"), en='<script>alert(1)</script>"{t}')
    _, code = small.give(line, 100)
    app = small.app()
    for path in ("/", f"/g/{code}", f"/r/{code}", f"/o/{id32('o').hex()}"):
        page = get(app, path).text
        assert "<script" not in page and "&lt;script&gt;" in page


def test_without_a_mirror_the_pages_say_come_back(tmp_path: Path) -> None:
    small = SmallLedger(tmp_path)
    app = small.app()
    assert get(app, "/").status_code == 200
    with open_for_writing(app.state.service.settings.mirror_url).begin() as conn:
        conn.exec_driver_sql("DELETE FROM cursor")
    empty = get(app, "/?lang=ar")
    with open_for_writing(app.state.service.settings.mirror_url).begin() as conn:
        conn.exec_driver_sql("DROP TABLE block")
    gone = get(app, "/?lang=ar")
    for response in (empty, gone):
        assert response.status_code == 503
        assert response.headers["retry-after"] == "30"
        assert 'dir="rtl"' in response.text and "نعود بعد لحظات" in response.text
        assert "content-security-policy" in response.headers


def test_figures_that_do_not_add_up_are_not_shown(tmp_path: Path) -> None:
    small = SmallLedger(tmp_path)
    line = small.fund("f", "o")
    _, code = small.give(line, 1_000)
    small.write(delivery_ledger.DeliveryHandedOver(line.id, EntitlementId(id32("e")), NOBODY, 500, 100))
    app = small.app()
    for path in (f"/g/{code}", f"/o/{OrganisationId(id32('o')).hex()}", f"/f/{line.id.hex()}"):
        response = get(app, path)
        assert response.status_code == 500, path
        assert "would rather show nothing than something wrong" in plain(response)


def test_the_style_sheet_and_the_font_are_our_own(world: World) -> None:
    sheet = world.get(re.findall(r'href="(/static/pages.css[^"]*)"', world.get("/").text)[0])
    assert sheet.status_code == 200
    assert re.findall(r"url\(([^)]*)\)", sheet.text) == ['"vazirmatn.woff2"']
    assert "@import" not in sheet.text
    assert not re.search(r"(margin|padding|border)-(left|right)|text-align: (left|right)", sheet.text)
    assert world.get("/static/vazirmatn.woff2").content[:4] == b"wOF2"
    assert "SIL OPEN FONT LICENSE" in world.get("/static/vazirmatn-OFL.txt").text
