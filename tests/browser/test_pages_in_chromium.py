"""The public pages in a real browser: they fit a small screen, read the right way, fetch nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
import uvicorn

from ledger_api.pages.language import CODES, language
from tests.browser.chromium import BINARY, Chromium
from tests.browser.small_ledger import Shown, SmallLedger, fill

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(BINARY is None, reason="no chromium on the PATH; on Debian: apt-get install chromium"),
]

START_TIMEOUT_S = 10.0
LEAST_TYPE_PX = 16.0
LEAST_CONTRAST = 4.5
"""WCAG 2.2, level AA."""

# Contrast after WCAG 2.2, of every element's own text on the first opaque background behind it.
CONTRAST = """(() => {
  const rgb = text => text.match(/[0-9.]+/g).map(Number);
  const light = c => c.slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = e => {
    for (; e; e = e.parentElement) {
      const c = rgb(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > 0) return c;
    }
    return [255, 255, 255];
  };
  const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  return [...document.body.querySelectorAll('*')].filter(e => own(e) && !e.closest('svg')).map(e => {
    const [a, b] = [light(rgb(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    const size = parseFloat(getComputedStyle(e).fontSize);
    return [(a + 0.05) / (b + 0.05), size, e.textContent.slice(0, 40)];
  });
})()"""


@dataclass(frozen=True)
class Site:
    """The pages on a port of this machine."""

    url: str
    shown: Shown

    def paths(self) -> list[str]:
        shown = self.shown
        codes = (
            shown.whole,
            shown.many,
            shown.pending,
            shown.simulated,
            shown.goods,
            shown.rial,
            shown.minutes,
        )
        return [
            "/",
            *(f"/g/{code}" for code in codes),
            "/g/wrong-code",
            f"/r/{shown.simulated}",
            f"/o/0x{shown.organisation.hex()}",
            f"/f/0x{shown.fund.hex()}",
        ]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    small = SmallLedger(tmp_path_factory.mktemp("site"))
    shown = fill(small)
    server = uvicorn.Server(uvicorn.Config(small.app(), host="127.0.0.1", port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + START_TIMEOUT_S
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Site(f"http://127.0.0.1:{port}", shown)
    server.should_exit = True
    thread.join(START_TIMEOUT_S)


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as chromium:
        yield chromium


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("width", [320, 360, 1100])
def test_pages_fit_the_screen_and_read_the_right_way(
    site: Site, browser: Chromium, code: str, width: int
) -> None:
    for path in site.paths():
        browser.open(f"{site.url}{path}?lang={code}", width)
        wide, screen = browser.run("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= screen == width, path
        assert browser.run("[document.documentElement.lang, getComputedStyle(document.body).direction]") == [
            code,
            language(code).direction,
        ]


@pytest.mark.parametrize("code", CODES)
def test_the_font_is_ours_and_nothing_comes_from_elsewhere(site: Site, browser: Chromium, code: str) -> None:
    for path in site.paths():
        browser.open(f"{site.url}{path}?lang={code}", 360)
        loaded = "[...document.fonts].map(f => [f.family, f.status])"
        assert browser.run(loaded) == [["Vazirmatn", "loaded"]], path
        assert browser.run("document.fonts.check('16px Vazirmatn', document.title)")
        assert browser.hosts() == {urlsplit(site.url).netloc}, path
        unexpected = [text for text in browser.complaints() if "status of 404" not in text]
        assert not unexpected, path
        assert browser.run("document.cookie + document.scripts.length") == "0"


@pytest.mark.parametrize("dark", [False, True])
def test_words_are_large_and_clear_enough(site: Site, browser: Chromium, dark: bool) -> None:
    for path in site.paths():
        browser.open(f"{site.url}{path}?lang=fa", 360, dark=dark)
        for ratio, size, text in browser.run(CONTRAST):
            assert ratio >= LEAST_CONTRAST, (path, text, ratio)
            assert size >= LEAST_TYPE_PX, (path, text, size)


@pytest.mark.parametrize("code", CODES)
def test_the_first_unit_stands_where_reading_begins(site: Site, browser: Chromium, code: str) -> None:
    browser.open(f"{site.url}/g/{site.shown.whole}?lang={code}", 360)
    rectangles = "[...document.querySelectorAll('svg.bar > rect')]"
    states = browser.run(f"{rectangles}.map(r => [r.getBoundingClientRect().x, r.getAttribute('fill')])")
    in_order = [fill for _, fill in sorted(states, reverse=language(code).direction == "rtl")]
    assert in_order == [f"url(#p-{s})" for s in ("confirmed", "handed_over", "fee", "reserved", "waiting")]


def test_a_receipt_prints_on_one_page_without_the_sites_furniture(site: Site, browser: Chromium) -> None:
    browser.open(f"{site.url}/r/{site.shown.whole}?lang=ar", 560)
    browser.ask("Emulation.setEmulatedMedia", media="print")
    assert browser.run("getComputedStyle(document.querySelector('header')).display") == "none"
    assert browser.run("document.querySelector('.qr svg').getBoundingClientRect().width") > 80
    assert browser.run("document.documentElement.scrollHeight") < 210 / 25.4 * 96
