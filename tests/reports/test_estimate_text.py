"""An estimate as text: the word first, each figure with its range, everything within the width."""

from collections.abc import Callable

import pytest

from greentrack.analysis.estimate import estimate_from, estimate_hardware
from greentrack.model import DeviceUse, Record
from greentrack.reports.estimate_text import render
from greentrack.reports.lines import headline

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]


def test_it_says_first_that_it_is_an_estimate() -> None:
    """And once more beside each figure and each device."""
    text = render(estimate_hardware("H100", count=8, hours=72, zone="US", pue=1.2, embodied=True, water=True))
    lines = text.splitlines()
    assert lines[0] == "Estimate: nothing of this was measured"
    labels = ("energy", "facility", "carbon", "embodied", "money", "water", "gpu", "cpu", "rest")
    for label in labels:
        (line,) = [one for one in lines if one.startswith(f"{label} ")]
        assert "estimate" in line


def test_the_figures_are_those_of_the_summary() -> None:
    """302 and 491 kWh, three days."""
    text = " ".join(render(estimate_hardware("H100", count=8, hours=72, zone="US")).split())
    assert "8 x H100 SXM for 72 h, each at 75 % (45 % to 100 %) of the 700 W that it is rated for" in text
    assert "time 3 d" in text
    assert "energy 491 kWh (280–710) estimate, the whole machine" in text
    assert "rated power of H100 SXM, W: 700 [NVIDIA" in text


def test_its_lines_are_worded_as_those_of_a_run() -> None:
    """Beside the word, what is said of a figure is what the report of a run says of it."""
    made = estimate_hardware("H100", count=8, hours=72, zone="US", pue=1.2, embodied=True, water=True)
    text = " ".join(render(made).split())
    said = {line.label: line for line in headline(made.summary)}
    assert list(said) == ["energy", "facility", "carbon", "embodied", "money", "water"]
    for label in said.keys() - {"energy"}:
        assert f"{label} {said[label].figure} estimate, {said[label].about}" in text


def test_a_scaled_run_shows_its_work_and_how_long_it_may_take(use: MakeUse, record: MakeRecord) -> None:
    """100 steps in an hour, 10,000 in 100 h; 36 kJ each."""
    hour = record(use(watts=1000.0), work={"steps": 100.0})
    text = " ".join(str(estimate_from(hour, {"steps": 10_000})).split())
    assert "time 4 d 4 h estimate, 2 d 21 h to 5 d 10 h" in text
    assert "work 10,000 steps 36,000 J (" in text
    assert "range of scaling, beside the run's own: -30 % to +30 %" in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_it_fits(width: int) -> None:
    """Whatever the terminal."""
    made = estimate_hardware("H100", count=8, hours=72, zone="US", pue="world", embodied=True, water=True)
    assert max(map(len, render(made, width=width).splitlines())) <= width
