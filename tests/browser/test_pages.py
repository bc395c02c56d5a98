"""The HTML report in a real Chromium: drawn, quiet, offline, readable in any light and at any width, by keyboard."""

import base64
import re
from pathlib import Path

import pytest

from tests.browser.conftest import PICTURES, Open

PAGES = ("one", "two", "many")
CHARTS = {"one": 6, "two": 12, "many": 2}
every_page = pytest.mark.parametrize("name", PAGES)
DRAWN = """(chart) => chart.offsetHeight >= 200
    && [...chart.querySelectorAll('.cartesianlayer .trace path')].some((path) => path.getBoundingClientRect().height)"""
PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 22, 26)"}


def keep(name: str, picture: bytes) -> None:
    """Keep a picture of a page for people to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    (PICTURES / f"{name}.png").write_bytes(picture)


@every_page
def test_a_page_is_drawn_without_a_complaint_and_asks_for_nothing(
    pages: dict[str, Path], show: Open, name: str
) -> None:
    """Every chart is there, the console is empty, and the one address that is asked for is the file's own."""
    tab = show(pages[name])
    assert tab.complaints() == []
    assert set(tab.requests()) <= {pages[name].as_uri()}
    assert tab.run("document.querySelectorAll('.chart').length") == CHARTS[name]
    assert tab.run(f"[...document.querySelectorAll('.chart')].filter({DRAWN}).length") == CHARTS[name]
    keep(f"{name}-desktop", tab.picture())


@every_page
@pytest.mark.parametrize("width", [320, 390])
def test_a_page_fits_a_phone(pages: dict[str, Path], show: Open, name: str, width: int) -> None:
    """Nothing is wider than the screen; a table that is has its own scroll bar."""
    tab = show(pages[name], width=width, height=800)
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.run("Math.max(...[...document.querySelectorAll('.chart svg')].map((svg) => svg.clientWidth))") <= width
    assert tab.complaints() == []
    keep(f"{name}-phone-{width}", tab.picture())


@every_page
def test_a_page_is_dark_where_that_is_preferred(pages: dict[str, Path], show: Open, name: str) -> None:
    """The page and its charts, from the start and when the preference changes."""
    tab = show(pages[name], dark=True)
    grounds = """[getComputedStyle(document.body).backgroundColor,
        ...[...document.querySelectorAll('.chart .main-svg:first-child')].map((svg) => svg.style.background)]"""
    assert set(tab.run(grounds)) == {PAPER["dark"]}
    keep(f"{name}-dark", tab.picture())
    tab.scheme(dark=False)
    tab.settled()
    assert set(tab.run(grounds)) == {PAPER["light"]}


def test_names_stay_text_in_the_browser(pages: dict[str, Path], show: Open) -> None:
    """No script of a name has run, no element of one is there, in the page and in the charts."""
    tab = show(pages["one"])
    assert tab.run("document.title").startswith("<script>")
    assert tab.run("document.images.length") == 0
    assert tab.run("document.querySelectorAll('.chart a').length") == 0
    assert "<script>document.title" in tab.run("document.querySelector('h1').textContent")
    drawn = tab.run("[...document.querySelectorAll('.chart text')].map((text) => text.textContent).join('|')")
    assert "<script>" in drawn


def test_the_table_of_runs_is_sorted_by_keyboard(pages: dict[str, Path], show: Open) -> None:
    """Tab to a heading, Enter: least first, Enter again: most first; aria-sort says so."""
    tab = show(pages["many"])
    energies = "[...document.querySelectorAll('.sortable tbody tr')].map((row) => Number(row.cells[4].dataset.key))"
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


def test_a_page_is_printed_on_white_with_its_tables(pages: dict[str, Path], show: Open) -> None:
    """Even where dark is preferred; afterwards the page is dark again."""
    tab = show(pages["two"], dark=True)
    pdf = base64.b64decode(tab.ask("Page.printToPDF", printBackground=True)["data"])
    assert pdf.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 2
    tab.settled()
    assert tab.run("getComputedStyle(document.body).backgroundColor") == PAPER["dark"]
    tab.run("dispatchEvent(new Event('beforeprint'))")
    tab.settled()
    assert tab.run("getComputedStyle(document.body).backgroundColor") == PAPER["light"]
    assert tab.run("[...document.querySelectorAll('details')].every((details) => details.open)")


def test_the_policy_holds(pages: dict[str, Path], show: Open) -> None:
    """What is tried all the same is refused by the page's own policy, and the console says so."""
    tab = show(pages["one"])
    tried = "fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')"
    assert tab.run(tried) == "refused"
    tab.run("document.body.append(Object.assign(document.createElement('script'), {text: 'document.title = 1'}))")
    assert tab.run("document.title") != "1"
    assert sum("Content Security Policy" in complaint for complaint in tab.complaints()) == 2
