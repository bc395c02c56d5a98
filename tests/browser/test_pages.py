"""The HTML report in a real Chromium: drawn, quiet, offline, readable in any light and at any width, by keyboard."""

import base64
import re
from pathlib import Path

import pytest

from tests.browser.conftest import PICTURES, Open

PAGES = ("one", "two", "many")
CHARTS = {"one": 6, "two": 12, "many": 2}
every_page = pytest.mark.parametrize("name", PAGES)
PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 22, 26)"}
DRAWN = """(chart) => chart.offsetHeight >= 200
    && [...chart.querySelectorAll('.cartesianlayer .trace path')].some((path) => path.getBoundingClientRect().height)"""
GROUNDS = """[getComputedStyle(document.body).backgroundColor,
    ...[...document.querySelectorAll('.chart .main-svg:first-child')].map((svg) => svg.style.background)]"""
WIDTHS = "[...document.querySelectorAll('.chart .main-svg')].map((svg) => svg.clientWidth)"
FILLED = "[...document.querySelectorAll('.chart')].every((chart) => chart.clientWidth === chart.firstChild.clientWidth)"
OVERLAPS = """[...document.querySelectorAll('.chart')].flatMap((chart) => {
    const texts = [...chart.querySelectorAll('.legendtext, .xtitle, .ytitle, .x2title, .bartext, .xtick text')];
    const boxes = texts.map((text) => [text.textContent, text.getBoundingClientRect()]);
    return boxes.flatMap(([one, a], number) => boxes.slice(number + 1)
        .filter(([, b]) => a.left < b.right - 2 && b.left < a.right - 2 && a.top < b.bottom - 4 && b.top < a.bottom - 4)
        .map(([other]) => `${chart.id}: ${one} over ${other}`));
})"""
"""Pairs of texts in a chart, one upon the other; a pixel or so of the boxes round them is empty."""


CLEAR = """[...document.querySelectorAll('.chart')].every((chart) => {
    const [legend, plot] = ['.legend', '.nsewdrag'].map((part) => chart.querySelector(part)?.getBoundingClientRect());
    return !legend || legend.bottom <= plot.top + 1;
})"""
"""Whether every legend is above its lines."""


def keep(name: str, picture: bytes) -> None:
    """Keep a picture of a page for people to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / f"{name}.png").write_bytes(picture)


@every_page
def test_a_page_is_drawn_without_a_complaint_and_asks_for_nothing(
    pages: dict[str, Path], opened: Open, name: str
) -> None:
    """Every chart is there, the console is empty, and the one address that is asked for is the file's own."""
    tab = opened(name)
    assert tab.complaints() == []
    assert tab.requests() == [pages[name].as_uri()]
    assert tab.run("document.querySelectorAll('.chart').length") == CHARTS[name]
    assert tab.run(f"[...document.querySelectorAll('.chart')].filter({DRAWN}).length") == CHARTS[name]
    assert tab.run(OVERLAPS) == []
    keep(f"{name}-desktop", tab.picture())


@every_page
def test_a_page_is_dark_as_soon_as_that_is_preferred(opened: Open, name: str) -> None:
    """The page and its charts, and light again after it."""
    tab = opened(name)
    for scheme in ("dark", "light"):
        tab.scheme(dark=scheme == "dark")
        tab.settled()
        assert set(tab.run(GROUNDS)) == {PAPER[scheme]}
        if scheme == "dark":
            keep(f"{name}-dark", tab.picture())
    assert tab.complaints() == []


def test_lines_of_a_chart_are_told_apart_in_any_light(opened: Open) -> None:
    """Two devices are two colours, and others in the dark than in the light."""
    tab = opened("one")
    lines = "[...document.querySelectorAll('#run-1-power .xy .js-line')].map((line) => line.style.stroke)"
    light = tab.run(lines)
    tab.scheme(dark=True)
    tab.settled()
    dark = tab.run(lines)
    tab.scheme(dark=False)
    tab.settled()
    assert len({*light, *dark}) == 4


def test_phases_are_bands_beneath_the_power_in_any_light(opened: Open) -> None:
    """Two areas, each of its colour and no line's, other ones in the dark; they end where the lines of power do."""
    tab = opened("one")
    fills = "[...document.querySelectorAll('#run-1-power .xy3 .js-fill')].map((area) => area.style.fill)"
    strokes = "[...document.querySelectorAll('#run-1-power .xy .js-line')].map((line) => line.style.stroke)"
    boxes = """['.xy .scatterlayer', '.xy3 .scatterlayer'].map((what) => {
        const box = document.querySelector(`#run-1-power ${what}`).getBoundingClientRect();
        return [box.left, box.right, box.top, box.bottom];
    })"""
    light, lines = {*tab.run(fills)}, {*tab.run(strokes)}
    assert len(light) == len(lines) == 2
    assert not light & lines
    (left, right, _, floor), (band_left, band_right, band_top, _) = tab.run(boxes)
    assert [band_left, band_right] == pytest.approx([left, right], abs=3)
    assert band_top > floor
    tab.scheme(dark=True)
    tab.settled()
    assert len({*tab.run(fills)} - light) == 2
    tab.scheme(dark=False)
    tab.settled()


@every_page
def test_a_page_fits_a_phone(pages: dict[str, Path], show: Open, name: str) -> None:
    """Nothing is wider than 320 pixels, a table that is has its own scroll bar; turned, the charts fill the width."""
    tab = show(pages[name], width=320, height=640)
    assert tab.run("document.documentElement.scrollWidth") <= 320
    assert max(tab.run(WIDTHS)) <= 320
    assert tab.run(OVERLAPS) == []
    assert tab.run(CLEAR)
    keep(f"{name}-phone", tab.picture())
    tab.size(640, 320)
    tab.settled()
    assert tab.run(FILLED)
    assert min(tab.run(WIDTHS)) > 500
    assert tab.run(CLEAR)
    assert tab.run(f"[...document.querySelectorAll('.chart')].every({DRAWN})")
    assert tab.complaints() == []


def test_names_stay_text_in_the_browser(opened: Open) -> None:
    """No script of a name has run, no element of one is there, in the page and in the charts."""
    tab = opened("one")
    assert tab.run("document.title").startswith("<script>")
    assert tab.run("document.images.length") == 0
    assert tab.run("document.querySelectorAll('.chart a').length") == 0
    assert "<script>document.title" in tab.run("document.querySelector('h1').textContent")
    drawn = tab.run("[...document.querySelectorAll('.chart text')].map((text) => text.textContent).join('|')")
    assert "<script>" in drawn


def test_the_table_of_runs_is_sorted_by_keyboard(opened: Open) -> None:
    """Tab to a heading, Enter: least first, Enter again: most first; aria-sort says so."""
    tab = opened("many")
    energies = "[...document.querySelectorAll('.sortable tbody tr')].map((row) => Number(row.cells[5].dataset.key))"
    begun = tab.run(energies)
    for _ in range(30):
        tab.press("Tab", 9)
        if tab.run("document.activeElement.textContent") == "energy":
            break
    assert tab.run("document.activeElement.tagName") == "BUTTON"
    for way, order in (("ascending", sorted(begun)), ("descending", sorted(begun, reverse=True))):
        tab.press("Enter", 13, "\r")
        assert tab.run(energies) == order
        assert tab.run("[...document.querySelectorAll('[aria-sort]')].map((head) => head.ariaSort)") == [way]
    assert tab.run("document.activeElement.textContent") == "energy"


@pytest.mark.parametrize("name", ["two", "many"])
def test_a_page_is_printed_on_white_with_its_tables(opened: Open, name: str) -> None:
    """Even where dark is preferred; nothing is wider than the paper; afterwards the page is as it was."""
    tab = opened(name)
    tab.scheme(dark=True)
    tab.settled()
    pdf = base64.b64decode(tab.ask("Page.printToPDF", printBackground=True)["data"])
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 2
    tab.settled()
    assert tab.run(GROUNDS.partition(",")[0] + "]") == [PAPER["dark"]]
    tab.paper()
    tab.run("dispatchEvent(new Event('beforeprint'))")
    tab.settled()
    assert set(tab.run(GROUNDS)) == {PAPER["light"]}
    assert tab.run("document.documentElement.scrollWidth") <= tab.PAPER_WIDTH
    assert tab.run("[...document.querySelectorAll('details')].every((details) => details.open)")
    keep(f"{name}-print", tab.picture())
    tab.run("dispatchEvent(new Event('afterprint'))")
    tab.scheme(dark=False)
    tab.size(1200, 900)
    tab.settled()
    assert set(tab.run(GROUNDS)) == {PAPER["light"]}
    assert tab.run(FILLED)
    assert tab.run("document.querySelectorAll('details[open]').length") == 0


def test_the_policy_holds(pages: dict[str, Path], show: Open) -> None:
    """What is tried all the same is refused by the page's own policy, and the console says so."""
    tab = show(pages["one"], dark=True)
    assert set(tab.run(GROUNDS)) == {PAPER["dark"]}  # from the start
    tried = "fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')"
    assert tab.run(tried) == "refused"
    tab.run("document.body.append(Object.assign(document.createElement('script'), {text: 'document.title = 1'}))")
    assert tab.run("document.title") != "1"
    said = [complaint for complaint in tab.complaints() if "Content Security Policy" in complaint]
    assert any("127.0.0.1:9" in complaint for complaint in said)
    assert any("inline script" in complaint for complaint in said)
