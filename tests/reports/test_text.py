"""The text report: it fits, it says where figures come from, and it shows the costliest first."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.costing.api import summary_of
from greentrack.formatting.layout import display_width
from greentrack.formatting.units import digits, duration, energy
from greentrack.model import DeviceUse, Energy, Metric, Phase, Record, Span
from greentrack.registry import FORMATS, load
from greentrack.reports.text import MAX_ROWS, render

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]


@pytest.fixture
def long(use: MakeUse, record: MakeRecord) -> Record:
    span = [
        Span(id=n, name=f"a rather long name of a span number {n}", started_at=0.0, ended_at=1.0 + n,
             energy={"gpu:0": Energy(joules=n, seconds=1)})
        for n in range(30)
    ]  # fmt: skip
    return record(
        use(note="a note about this device that is longer than a line of eighty characters, so that it is wrapped"),
        use("cpu", "cpu", method="cpu-model", details={"idle_watts": 2.0, "source": "s", "year": 2020}),
        chassis="desktop",
        rest="auto",
        spans=tuple(span),
        phases=(Phase(name="step", calls=3, seconds=1.0),),
        metrics=(Metric(name="accuracy", at=1.0, value=0.97, joules=3600.0),),
        work={"samples": 10.0},
        project="demo",
        tags=("a", "b"),
        error="ValueError: " + "x " * 100,
    )


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_asked_and_none_has_trailing_spaces(long: Record, width: int) -> None:
    """The report fits the terminal."""
    lines = render(summary_of(long), width=width).splitlines()
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("width", [40, 80])
def test_a_model_is_never_shown_as_a_measurement(long: Record, width: int) -> None:
    """Each row says which it is, also where other columns have no room."""
    lines = render(summary_of(long), width=width).splitlines()
    rows = [row for row in lines if row.startswith(("gpu ", "cpu ", "rest "))]
    assert ["measured" in row for row in rows] == [True, False, False]
    assert ["modelled" in row for row in rows] == [False, True, True]


@pytest.mark.parametrize("width", range(40, 80, 4))
def test_no_table_shows_half_a_number(width: int, long: Record) -> None:
    """A column that has no room is left out: "61.9 m…" could be milliwatt-hours, or megawatt-hours."""
    lines = render(summary_of(long), width=width).splitlines()
    names = [line for line in lines if line.startswith(("a ", "step ", "accuracy "))]
    devices = [line for line in lines if line.startswith(("gpu ", "cpu ", "rest "))]
    assert (len(names), len(devices)) == (14, 3)
    for rows, name in ((names, 0), (devices, 1)):
        parts = [part for row in rows for column, part in enumerate(re.split(" {2,}", row)) if column != name]
        assert [part for part in parts if "…" in part] == []


def test_the_costliest_spans_come_first_and_the_rest_is_counted(long: Record) -> None:
    """Thirty names: twelve are shown, the dearest first, and eighteen are said to be left out."""
    text = render(summary_of(long), width=120)
    assert text.index("number 29") < text.index("number 28")
    assert "number 3 " not in text
    assert f"… and {30 - MAX_ROWS} more" in text


def test_spans_of_one_name_are_one_row(use: MakeUse, record: MakeRecord) -> None:
    """Two epochs of 400 J are 800 J, 400 J each."""
    spans = tuple(
        Span(id=n, name="epoch", started_at=0, ended_at=1, energy={"gpu:0": Energy(joules=1800.0, seconds=1)})
        for n in (1, 2)
    )
    row = next(row for row in str(summary_of(record(use(), spans=spans))).splitlines() if row.startswith("epoch"))
    assert row.split() == ["epoch", "2", "2", "s", "1", "Wh", "<", "1", "%", "500", "mWh", "each"]


def test_no_colour(long: Record) -> None:
    """Colour is the terminal's affair."""
    assert "\x1b" not in str(summary_of(long))


@given(st.floats(0, 1e15))
def test_units_are_readable_at_any_size(amount: float) -> None:
    """Never an exponent, never more than nine digits' worth of text below a million units."""
    for text in (energy(amount), duration(amount), digits(amount)):
        assert "e" not in text.split()[0]
        assert text


@given(st.floats(1e-6, 1e15))
def test_digits_round_by_less_than_half_a_percent(amount: float) -> None:
    """Three significant digits are what they say."""
    assert float(digits(amount).replace(",", "")) == pytest.approx(amount, rel=0.005)


def test_names_are_on_one_line_and_not_endless(use: MakeUse, record: MakeRecord) -> None:
    """Line ends, escapes and 10 kB: wherever a name can be, the tables keep their rows and the figures are in sight."""
    for name in ("a\nb\x1b[31m\u202e", "x" * 10_240):
        one = use()
        made = record(
            one._replace(device=one.device._replace(name=name)),
            name=name,
            project=name,
            tags=(name,),
            error=name,
            work={name: 1.0},
            spans=(Span(id=1, name=name, started_at=0.0, ended_at=1.0),),
            phases=(Phase(name=name, calls=3, seconds=1.0),),
            metrics=(Metric(name=name, at=1.0, value=0.97),),
        )
        lines = render(summary_of(made)).split("\n")
        assert all(line.isprintable() for line in lines)
        assert max(map(len, lines)) <= 80
        (energy_line,) = [number for number, line in enumerate(lines) if line.startswith("energy ")]
        assert energy_line < 15
        assert len([line for line in lines if line.startswith("gpu ")]) == 1


def test_a_wide_letter_takes_two_columns(use: MakeUse, record: MakeRecord) -> None:
    """Rows of names in Chinese and in Latin letters end in the same column, and none beyond the width."""
    names = ("日本語" * 20, "epoch")
    spans = tuple(
        Span(id=n, name=name, started_at=0.0, ended_at=1.0, energy={"gpu:0": Energy(joules=3.6, seconds=1)})
        for n, name in enumerate(names)
    )
    text = render(summary_of(record(use(), name=names[0], spans=spans)))
    rows = [line for line in text.splitlines() if line.endswith("1 mWh each")]
    assert [display_width(row) for row in rows] == [80, 80]
    assert display_width(text.splitlines()[0]) <= 80
    assert "finished  1 h" in text.splitlines()[0]


def test_devices_of_one_name_are_told_apart(use: MakeUse, record: MakeRecord) -> None:
    """Of two equal GPUs each has its number, however narrow the table; a processor needs none."""
    made = summary_of(record(use("gpu:0"), use("gpu:1"), use("cpu", "cpu")))
    for form in ("text", "markdown", "latex", "html"):
        report = load(FORMATS, form, "format")(made)
        assert [number in report for number in ("1 of 2: ", "2 of 2: ", "1 of 1: ")] == [True, True, False]
