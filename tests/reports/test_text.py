"""The text report: it fits, it says where figures come from, and it shows the costliest first."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.model import DeviceUse, Energy, Metric, Phase, Record, Span
from greentrack.reports.summary import summary_of
from greentrack.reports.text import MOST_ROWS, render
from greentrack.reports.units import digits, duration, energy

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


def test_a_model_is_never_shown_as_a_measurement(long: Record) -> None:
    """Each row says which it is."""
    rows = [row for row in str(summary_of(long)).splitlines() if row.startswith(("gpu ", "cpu ", "rest "))]
    assert ["measured" in row for row in rows] == [True, False, False]
    assert ["modelled" in row for row in rows] == [False, True, True]


def test_the_costliest_spans_come_first_and_the_rest_is_counted(long: Record) -> None:
    """Thirty names: twelve are shown, the dearest first, and eighteen are said to be left out."""
    text = render(summary_of(long), width=120)
    assert text.index("number 29") < text.index("number 28")
    assert "number 3 " not in text
    assert f"… and {30 - MOST_ROWS} more" in text


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
