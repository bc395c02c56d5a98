"""The HTML report without a browser: its words, its safety, its figures; ``tests/browser`` has a real one."""

import base64
import hashlib
import html
import json
import math
import re
import sys
import time
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.analysis.compare import compare
from greentrack.analysis.groups import chosen
from greentrack.analysis.run_report import grouped
from greentrack.costing.api import summary_of
from greentrack.costing.summary import Summary
from greentrack.errors import ConfigError, NotFoundError
from greentrack.model import Device, DeviceUse, Energy, Forecast, Metric, Phase, Reading, Record, RunInfo, Span
from greentrack.reports import comparison_text, text
from greentrack.reports.html.charts import epochs
from greentrack.reports.html.page import TEMPLATES, render
from greentrack.reports.html.plot import label
from greentrack.reports.html.power import MAX_POINTS, traces
from greentrack.store.batch import Batch
from greentrack.store.writer import Writer
from tests.reports.html.pages import report

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]
Keep = Callable[..., RunInfo]

BEGAN, HOUR = 1_790_000_000.0, 3600.0
EVIL = "<script>evil()</script><img src=x onerror=evil()></title>"
HOSTILE = (
    EVIL,
    '=cmd("x")',
    "\x1b[31mred\x1b[0m",
    "a\u202egnp.exe",
    "x" * 10_240,
    "--ink",
    "%{x} $a$ </script>",
    "]]>",
)


class Page(HTMLParser):
    """What a browser would find: elements with their attributes, the texts of scripts, and what is read."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._words: list[str] = []
        self._in = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._words.append(" ")
        if tag in ("script", "style"):
            self._in = tag
            if tag == "script":
                self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._words.append(" ")
        if tag == self._in:
            self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in == "script":
            self.scripts[-1] += data
        elif not self._in:
            self._words.append(data)

    @property
    def text(self) -> str:
        return words("".join(self._words))

    @property
    def figures(self) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(self.scripts[0])
        return made

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.elements if tag in tags]


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture
def full(use: MakeUse, record: MakeRecord) -> Summary:
    """An hour of a measured GPU and a modelled processor, with everything that a report can show."""
    epochs = tuple(
        Span(
            id=n,
            name="epoch",
            started_at=BEGAN + 600 * n,
            ended_at=BEGAN + 600 * (n + 1),
            attrs={"index": n},
            energy={"gpu:0": Energy(joules=216_000.0, seconds=600)},
        )
        for n in range(6)
    )
    made = record(
        use(),
        use("cpu", "cpu", watts=36.0, method="cpu-model", details={"idle_watts": 2.0, "source": "s", "year": 2020}),
        chassis="desktop",
        rest="auto",
        spans=epochs,
        phases=(Phase(name="data", calls=30, seconds=900.0, energy={"gpu:0": Energy(joules=324_000.0, seconds=900)}),),
        metrics=tuple(
            Metric(name="val_acc", at=BEGAN + 600 * n, value=0.5 + n / 20, joules=216_000.0 * n) for n in range(1, 7)
        ),
        forecasts=tuple(
            Forecast(at=BEGAN + 900 * n, progress=n / 4, joules=1.8e6, joules_low=1.5e6, joules_high=2.1e6,
                     seconds=3700.0, seconds_low=3500.0, seconds_high=3900.0)
            for n in (1, 2)
        ),
        work={"samples": 3600.0, "tokens": 1e6},
        project="demo",
        tags=("baseline",),
        params={"lr": 1e-3},
        error="ValueError: no",
    )  # fmt: skip
    return summary_of(made, pue="1.5", tariff="0.20 EUR", embodied=True, water=True)


@pytest.fixture
def keep(db: Path) -> Keep:
    """Store an hour of one GPU in readings of *each* seconds, without the rest of the machine."""
    writer = Writer(db)

    def make(
        number: int,
        name: str = "digits",
        *,
        watts: float | None = 360.0,
        each: float = 60.0,
        metrics: tuple[float, ...] = (),
        **facts: Any,
    ) -> RunInfo:
        began = facts.pop("began", BEGAN + 7200 * number)
        run = RunInfo(
            **{
                "id": f"019a{number:04x}-0000-7000-8000-000000000000",
                "name": name,
                "project": "demo",
                "status": "finished",
                "started_at": began,
                "ended_at": began + HOUR,
                "seconds": HOUR,
                "boot_id": "b1",
                "zone": "FR",
                "rest": "off",
                **facts,
            }
        )
        readings = [
            Reading(device="gpu:0", at=began + each * n, seconds=each, joules=watts * each)
            for n in range(1, 1 + round(HOUR / each))
            if watts is not None
        ]
        logged = [
            Metric(name="val_acc", at=began + 60 * n, value=value, joules=None if watts is None else watts * 60 * n)
            for n, value in enumerate(metrics, 1)
        ]
        use = DeviceUse(device=Device(uid="gpu:0", kind="gpu", name="A GPU"), method="fake")
        writer.write(Batch(run_id=run.id, run=run, devices=[use], readings=readings, metrics=logged))
        writer.close()
        return run

    return make


def test_the_page_says_what_the_text_report_says(full: Summary) -> None:
    """Every cell of every line: labels, figures, ranges, remarks, notes, assumptions; tables may have split a line."""
    page = Page(render(full)).text
    lines = (line.removeprefix("- ").removesuffix("]") for line in text.render(full, width=10_000).splitlines())
    cells = [cell for line in lines for cell in re.split(r"\s{2,}| \[", line) if cell not in ("", "likewise")]
    assert len(cells) > 100
    left = [cell for cell in cells if cell not in page and not all(part in page for part in re.split("[:,] ", cell))]
    assert left == []


def test_a_page_of_one_run_has_every_chart(full: Summary) -> None:
    """Waterfall, epochs, the metric, the forecast; without readings there is no power over time."""
    page = Page(render(full))
    assert list(page.figures) == ["run-1-waterfall", "run-1-epochs", "run-1-metric-0", "run-1-forecast"]
    assert {attrs["id"] for attrs in page.all("div") if attrs.get("class") == "chart"} == set(page.figures)


def test_what_has_one_label_has_it_once(full: Summary) -> None:
    """Three things that the run is as much as and two kinds of work stand beneath one label each."""
    page = render(full)
    labels = re.findall(r"<dt>(.+?)</dt>", page)
    assert labels.count("as much as") == labels.count("work") == 1
    (like,) = re.findall(r"<div><dt>as much as</dt>(.+?)</div>", page, re.DOTALL)
    assert like.count("<dd>") == like.count("</dd>") == len(full.equivalents) + 1
    assert page.count("<div>") + page.count("<div ") == page.count("</div>")


def test_a_forecast_has_its_carbon_and_money_in_the_page(full: Summary) -> None:
    """0.5 kWh (0.42 to 0.58) x 1.5 x 0.20 EUR are 0.15 EUR."""
    (table,) = re.findall(r"<caption>Forecasts of the whole work</caption>(.+?)</table>", render(full), re.DOTALL)
    head = re.findall(r"<th scope=\"col\"[^>]*>(.+?)</th>", table)
    assert head == ["energy", "carbon", "money", "time"]
    assert "after 25 %" in table
    assert "0.15 EUR (0.12–0.18)" in table
    assert "1 h 1 min (58 min 20 s to 1 h 5 min)" in table


def test_the_waterfall_leads_from_the_chips_to_the_facility(full: Summary) -> None:
    """0.36 + 0.036 kWh of devices, (0.396 + 0.05) / 0.9 = 0.496 at the wall, x 1.5 = 0.743 in the facility."""
    (trace,) = Page(render(full)).figures["run-1-waterfall"]["data"]
    steps = dict(zip(trace["y"], trace["x"], strict=True))
    assert steps == pytest.approx(
        {"gpu": 360, "cpu": 36, "devices": 396, "rest": 99.56, "whole machine": 495.56, "overhead (PUE)": 247.78,
         "facility": 743.33},
        rel=1e-3,
    )  # fmt: skip
    added = sum(value for value, kind in zip(trace["x"], trace["measure"], strict=True) if kind == "relative")
    assert added == pytest.approx(steps["facility"], rel=1e-3)


def test_charts_are_what_plotly_takes(full: Summary, keep: Keep, db: Path) -> None:
    """Its own validators know every key and value, once colours stand where the page's variables are."""
    keep(1, "a", metrics=(0.5, 0.6))
    keep(2, "b", metrics=(0.5, 0.7))
    figures = [*Page(render(full)).figures.values(), *Page(report(project="demo", db=db)).figures.values()]
    assert len(figures) == 4 + 2 + 2 * 3
    for figure in figures:
        go.Figure(json.loads(re.sub(r'"--[a-z0-9]+"', '"#123456"', json.dumps(figure))))


def test_every_variable_of_a_chart_is_a_colour_of_the_page(full: Summary) -> None:
    """In light and in dark: a chart would else be black on black."""
    used = set(re.findall(r'"(--[a-z0-9]+)"', Page(render(full)).scripts[0]))
    assert all(used <= colours.keys() for colours in themes())


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_contrast_is_enough(theme: int) -> None:
    """4.5 for text, 3 for lines and marks (WCAG 2.2, 1.4.3 and 1.4.11)."""
    colours = themes()[theme]
    paper = colours.pop("--paper")
    colours.pop("--grid")  # decoration
    for name, colour in colours.items():
        least = 4.5 if name in ("--ink", "--muted", "--accent", "--bad") else 3.0
        assert contrast(colour, paper) >= least, f"{name} {colour}: {contrast(colour, paper):.2f}"


def test_names_are_shown_as_text(use: MakeUse, record: MakeRecord) -> None:
    """Scripts, formulas, escapes, reversed writing, ends of elements, 10 kB: wherever a name can be."""
    name = "".join(HOSTILE)
    hostile = summary_of(
        record(
            use(note=EVIL),
            name=name,
            project=name,
            tags=HOSTILE,
            params={name: name},
            error=name,
            git_commit=name,
            spans=tuple(
                Span(id=n, name=EVIL, started_at=BEGAN, ended_at=BEGAN + n, energy={"gpu:0": Energy(joules=n)})
                for n in (1, 2)
            ),
            phases=(Phase(name=EVIL, calls=1, seconds=1.0),),
            metrics=tuple(Metric(name=EVIL, at=BEGAN + n, value=float(n), joules=float(n)) for n in (1, 2)),
            work={EVIL: 3.0},
        )
    )
    whole = render(hostile)
    page = Page(whole)
    assert len(page.scripts) == 3
    assert page.all("img") == []
    assert EVIL in page.text
    assert '=cmd("x")' in page.text
    assert not {"\x1b", "\u202e"} & set(whole.partition("application/json")[0])
    assert len(whole) - len("".join(page.scripts[1:])) < 60_000
    charts = json.dumps(page.figures)
    assert "<script" not in charts
    assert "&lt;script" in charts


def test_nothing_is_fetched(full: Summary) -> None:
    """The policy allows this page's own scripts by their hashes, and nothing else; no element names another place."""
    page = Page(render(full))
    (policy,) = [attrs["content"] for attrs in page.all("meta") if "http-equiv" in attrs]
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    hashes = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in page.scripts[1:]}
    assert set(rules["script-src"].split()) == {f"'sha256-{digest}'" for digest in hashes}
    for _, attrs in page.elements:
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            assert (attrs.get(name) or "#").startswith(("#", "data:,")), attrs
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    assert "url(" not in style
    assert "@import" not in style


def test_the_page_can_be_read_without_seeing_it(full: Summary, keep: Keep, db: Path) -> None:
    """A language, one h1, no skipped heading, a text and a table for each chart, headed columns and rows."""
    keep(1, "a", metrics=(0.5, 0.6))
    keep(2, "b", metrics=(0.5, 0.7))
    for whole in (render(full), report(project="demo", db=db)):
        page = Page(whole)
        assert page.all("html") == [{"lang": "en"}]
        levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(below - above <= 1 for above, below in pairwise(levels))
        charts = [attrs for attrs in page.all("div") if attrs.get("class") == "chart"]
        assert all(attrs["role"] == "img" and attrs["aria-label"] for attrs in charts)
        assert len(page.all("details")) == len([attrs for attrs in charts if attrs["id"] != "energies"])
        assert len(page.all("caption")) == len(page.all("table"))
        assert {attrs["scope"] for attrs in page.all("th")} == {"col", "row"}
        ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
        assert len(ids) == len(set(ids))
        for _, attrs in page.elements:
            assert set((attrs.get("aria-labelledby") or "").split()) <= set(ids)


def test_what_was_not_measured_is_said(use: MakeUse, record: MakeRecord) -> None:
    """No chart of nothing, no zero."""
    page = Page(render(summary_of(record(use(seconds=0.0)))))
    assert "nothing was measured" in page.text
    assert page.figures == {}
    assert "0 Wh" not in page.text


def test_power_is_drawn_with_its_gaps(use: MakeUse, record: MakeRecord) -> None:
    """360 W for a minute, nothing seen for a minute, 180 W for a minute."""
    readings = [
        Reading(device="gpu:0", at=BEGAN + 60, seconds=60.0, joules=21_600.0),
        Reading(device="gpu:0", at=BEGAN + 180, seconds=60.0, joules=10_800.0),
    ]
    (trace,) = traces(record(use()), {"gpu:0": readings})
    assert trace.at == (0.0, 60.0, 60.0, 120.0, 180.0)
    assert trace.watts == (360.0, 360.0, None, 180.0, 180.0)
    assert (trace.min_watts, trace.mean_watts, trace.max_watts) == (180.0, 270.0, 360.0)


def test_power_is_that_of_the_method_that_is_believed(use: MakeUse, record: MakeRecord) -> None:
    """A counter that was found wrong is not drawn: its power, integrated beside it, is."""
    reading = Reading(device="gpu:0", at=BEGAN + 60, seconds=60.0, joules=60.0, cross_check=6000.0)
    (trace,) = traces(record(use(method="nvml-counter", check=1.0, counter_valid=False)), {"gpu:0": [reading]})
    assert trace.watts == (100.0, 100.0)


@given(
    st.lists(
        st.tuples(st.floats(0.1, 1000), st.floats(0, 1e4), st.sampled_from([0.0, 0.0, 0.0, 0.2, 50.0])),
        min_size=1,
        max_size=120,
    ),
    st.integers(10, 60),
)
def test_thinned_power_keeps_its_joules_and_is_short(readings: list[tuple[float, float, float]], most: int) -> None:
    """However many readings and gaps: no more points than allowed, times in order, joules as they were."""
    use = DeviceUse(device=Device(uid="d", kind="gpu", name="d"), method="fake", energy=Energy(joules=1, seconds=1))
    at, made = 0.0, []
    for seconds, watts, gap in readings:
        at += gap + seconds
        made.append(Reading(device="d", at=at, seconds=seconds, joules=watts * seconds))
    record = Record(run=RunInfo(id="r", name="r", seconds=at), devices=(use,))
    (trace,) = traces(record, {"d": made}, most=most)
    assert len(trace.at) == len(trace.watts) <= most
    assert list(trace.at) == sorted(trace.at)
    if not any(gap for _, _, gap in readings):
        steps = zip(trace.at, trace.at[1:], trace.watts[1:], strict=False)
        drawn = math.fsum((until - since) * (watts or 0.0) for since, until, watts in steps)
        rounded = 1e-3 * math.fsum(watts or 0.0 for watts in trace.watts)  # each edge is drawn to the millisecond
        assert drawn == pytest.approx(math.fsum(reading.joules for reading in made), rel=2e-3, abs=rounded + 0.01)


def test_power_in_the_scope_of_the_process_is_the_runs_own(use: MakeUse, record: MakeRecord) -> None:
    """A quarter of a device was the run's: 90 of 360 W."""
    reading = Reading(device="gpu:0", at=BEGAN + 60, seconds=60.0, joules=21_600.0)
    shared = record(use(process=0.25 * 360 * HOUR))
    (trace,) = traces(shared, {"gpu:0": [reading]}, scope="process")
    assert trace.watts == (90.0, 90.0)


def test_a_resumed_work_shows_its_parts_and_the_whole(keep: Keep, db: Path) -> None:
    """Two hours at 360 W: the run's own 0.36 kWh, and 0.72 in all, on the page of the run and of the project."""
    first = keep(1)
    second = keep(2, continues=first.id)
    page = Page(report([second.id], db=db)).text
    assert "This run is part 2 of 2: in all 720 Wh" in page
    assert first.id[:13] in page
    many = Page(report(project="demo", db=db)).text
    assert "1 run · 2 h · 720 Wh" in many
    assert "digits (2 parts)" in many
    apart = Page(report([first.id, second.id], db=db)).text
    assert "2 runs · 2 h · 720 Wh" in apart
    assert "in all" not in apart


def test_a_long_run_is_thinned(keep: Keep, db: Path) -> None:
    """7,200 readings of a device are at most 2,000 points, and the page says 360 W still."""
    run = keep(1, each=0.5)
    page = Page(report([run.id], db=db))
    (trace,) = page.figures["run-1-power"]["data"]
    assert MAX_POINTS / 2 < len(trace["x"]) <= MAX_POINTS
    assert set(trace["y"]) == {360.0}
    assert trace["x"][-1] == 60.0  # minutes


def test_a_projects_page_has_all_its_runs_and_what_they_come_to(keep: Keep, db: Path) -> None:
    """Ten runs of 0.36 kWh are 3.6 kWh; more than eight have no part of their own."""
    for number in range(10):
        keep(number, f"run {number % 2}", status="failed" if number == 9 else "finished")
    page = Page(report(project="demo", db=db))
    assert "10 runs · 10 h · 3.6 kWh" in page.text
    assert len([attrs for attrs in page.all("table") if attrs.get("class") == "sortable"]) == 1
    assert [attrs["data-key"] for attrs in page.all("th") if "data-key" in attrs] == ["run 1", "run 0"] * 5
    assert not [attrs for attrs in page.all("section") if attrs.get("class") == "run"]
    assert "run 1 beside run 0" in page.text


def test_what_was_not_measured_is_left_out_of_the_sum_and_said(keep: Keep, db: Path) -> None:
    """Two runs of 0.36 kWh in France, at 41.44 g: 30 g; a third that nothing was read of, and then it alone."""
    keep(1, "a")
    keep(2, "b")
    keep(3, "unread", watts=None)
    assert "3 runs · 3 h · 720 Wh · 30 g CO2e" in (page := Page(report(["a", "b", "unread"], db=db)).text)
    assert "nothing was measured of 1 of them" in page
    keep(4, "unread too", watts=None)
    assert "2 runs · 2 h · energy not known · CO2e not known" in Page(report(["unread", "unread too"], db=db)).text


def test_joules_that_two_runs_saw_count_once(keep: Keep, db: Path) -> None:
    """Two runs watched one GPU of a host for the same hour: 0.36 kWh in all, and the page says so."""
    keep(1, "a")
    keep(2, "b", began=BEGAN + 7200)
    page = Page(report(["a", "b"], db=db)).text
    assert "2 runs · 2 h · 360 Wh" in page
    assert "runs overlapped: 360 Wh that more than one of them saw counts once" in page


def test_a_comparison_is_in_the_words_of_compare(keep: Keep, db: Path) -> None:
    """All figures and sentences of ``greentrack compare`` for the same runs."""
    for number in range(6):
        keep(number, "ab"[number % 2], watts=360.0 - 100 * (number % 2) + number, metrics=(0.5, 0.6 + number / 100))
    page = Page(report(project="demo", db=db))
    choice = chosen(db=db, project="demo")
    said = comparison_text.render(compare(choice.groups), width=10_000)
    for line in said.splitlines():
        for cell in re.split(r"\s{2,}", line.removeprefix("- ")):
            assert words(cell) in page.text


def test_named_runs_are_compared_one_by_one(full: Summary) -> None:
    """Two runs of one name are told apart by their ids."""
    groups = grouped([full, full], each=True)
    assert [group.name for group in groups] == [full.run.id[:13]] * 2


def test_what_cannot_be_reported_is_one_line(keep: Keep, db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No such run, no such project, both at once, a knob that cannot be read, a library that is not there."""
    with pytest.raises(NotFoundError, match="no runs yet"):
        report(db=db)
    keep(1)
    with pytest.raises(NotFoundError, match="did you mean digits"):
        report(["digist"], db=db)
    with pytest.raises(NotFoundError, match="did you mean demo"):
        report(project="dmeo", db=db)
    with pytest.raises(ConfigError, match="not both"):
        report(["digits"], project="demo", db=db)
    with pytest.raises(ConfigError, match="from 1 to 10"):
        report(["digits"], db=db, pue="0.5")
    for library in ("plotly.offline", "jinja2"):
        monkeypatch.setitem(sys.modules, library, None)
        with pytest.raises(ConfigError, match=r"pip install 'greentrack\[report\]'"):
            report(["digits"], db=db)


def test_a_long_name_has_both_its_ends_in_the_table_and_is_no_page_long(keep: Keep, db: Path) -> None:
    """The seed at its end tells it from the next; 48 characters are enough for that."""
    for number in (1, 2):
        keep(number, f"begin{'n' * 10_000}seed={number}")
    rows = re.findall(
        r'<th scope="row" data-key="[^"]*"><a href="#run-\d"><bdi>(.+?)</bdi>', report(project="demo", db=db)
    )
    assert sorted(text[-6:] for text in rows) == ["seed=1", "seed=2"]
    assert {len(text) for text in rows} == {48}
    assert label(f"begin{'n' * 100}seed=1").endswith("seed=1")


def test_five_hundred_runs_are_a_page_in_time(keep: Keep, db: Path) -> None:
    """At most 5 s of processor time and 12 MB, Plotly's 4.8 MB among them."""
    writer = Writer(db)
    for number in range(500):
        began = BEGAN + 7200 * number
        run = RunInfo(id=f"019a{number:04x}-0000-7000-8000-000000000000", name="y" * 10_240, project="demo",
                  status="finished", started_at=began, ended_at=began + HOUR, seconds=HOUR, zone="FR", rest="off",
                  tags=("z" * 10_240,))  # fmt: skip
        use = DeviceUse(device=Device(uid="gpu:0", kind="gpu", name="A GPU"), method="fake")
        reading = Reading(device="gpu:0", at=began + HOUR, seconds=HOUR, joules=3.6e5)
        writer.write(Batch(run_id=run.id, run=run, devices=[use], readings=[reading]))
    writer.close()
    before = time.process_time()
    page = report(project="demo", db=db)
    assert time.process_time() - before < 5
    assert len(page.encode()) < 12e6
    assert page.count("<tr>") > 500
    assert "500 runs are too many to compare on a page" in page


def test_an_escaped_name_stays_itself() -> None:
    """What is escaped for Plotly reads the same once it is unescaped."""
    assert html.unescape(label("a <b> & c")) == "a <b> & c"


def themes() -> tuple[dict[str, str], dict[str, str]]:
    """The colours of the page by the names of their variables: light, dark."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"(--[a-z0-9]+): (#[0-9a-f]{6})", block)) for block in
                   re.findall(r":root[^{]*\{([^}]*)\}", style))  # fmt: skip
    return light, dark


def contrast(one: str, other: str) -> float:
    """The ratio of two colours' luminances, as WCAG 2 defines it."""

    def luminance(colour: str) -> float:
        parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_a_thinned_table_says_that_what_is_shown_is_spread_evenly(use: MakeUse, record: MakeRecord) -> None:
    """40 of 100 epochs from the first to the last: none of them is "more" beneath the last."""
    spans = tuple(
        Span(
            id=n,
            name="epoch",
            started_at=BEGAN + 36 * n,
            ended_at=BEGAN + 36 * (n + 1),
            energy={"gpu:0": Energy(joules=12_960.0, seconds=36)},
        )
        for n in range(100)
    )
    chart = epochs(summary_of(record(use(), spans=spans)))
    assert chart is not None
    assert chart.table is not None
    assert (chart.table.rows[0][0], chart.table.rows[-1][0], len(chart.table.rows)) == ("0", "99", 40)
    assert chart.table.remark == "40 of 100 are shown, evenly spread"
