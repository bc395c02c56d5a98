"""Phases beneath the power over time: shares of each piece of time, in a chart, in words and in a table."""

import json
import math
import re
from pathlib import Path

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.model import Device, DeviceUse, Phase, Reading, RunInfo
from greentrack.reports.html.phases import MAX_PHASES, OTHERS, lines, shares, table
from greentrack.store.batch import Batch
from greentrack.store.time_bins import PhaseTime
from greentrack.store.writer import Writer
from tests.reports.html.pages import report
from tests.reports.html.test_page import Page

BEGAN = 1_790_000_000.0
RUN = RunInfo(id="r", name="r", status="finished", started_at=BEGAN, ended_at=BEGAN + 100, seconds=100.0, rest="off")
HALVES = [
    PhaseTime("data", BEGAN, 50.0, 10.0),
    PhaseTime("step", BEGAN, 50.0, 40.0),
    PhaseTime("step", BEGAN + 50, 50.0, 25.0),
]
"""20 % of waiting in the first half; in the second, half of the time was in no phase."""


def page(db: Path, run: RunInfo, times: list[PhaseTime], names: tuple[str, ...] = ("data", "step")) -> Page:
    """Return the page of a run that drew 100 W all the time."""
    use = DeviceUse(device=Device(uid="gpu:0", kind="gpu", name="A GPU"), method="fake")
    reading = Reading(device="gpu:0", at=BEGAN + run.seconds, seconds=run.seconds, joules=100 * run.seconds)
    phases = {name: Phase(name=name, calls=1, seconds=1.0) for name in names}
    writer = Writer(db)
    writer.write(Batch(run_id=run.id, run=run, devices=[use], readings=[reading], phases=phases, phase_times=times))
    writer.close()
    return Page(report([run.id], db=db, zone="FR"))


def test_the_band_lies_on_the_time_of_the_power(db: Path) -> None:
    """Areas on an axis of their own beneath the lines: 20 % data and 80 % step, then 50 % step, over 100 s."""
    chart = page(db, RUN, HALVES).figures["run-1-power"]
    power, step, data = chart["data"]
    assert (power["name"], step["name"], data["name"]) == ("gpu A GPU", "step", "data")
    assert {trace["stackgroup"] for trace in (step, data)} == {"phases"}
    drawn = {at: (one, other) for at, one, other in zip(step["x"], step["y"], data["y"], strict=True)}
    assert (drawn[0], drawn[50], drawn[100]) == ((80, 20), (50, 0), (0, 0))
    below, above = chart["layout"]["yaxis3"]["domain"], chart["layout"]["yaxis"]["domain"]
    assert 0 == below[0] < below[1] < above[0] < above[1] == 1
    assert chart["layout"]["xaxis"]["anchor"] == "y3"
    assert len({power["line"]["color"], step["fillcolor"], data["fillcolor"]}) == 3
    go.Figure(json.loads(re.sub(r'"--[a-z0-9]+"', '"#123456"', json.dumps(chart))))


def test_the_band_can_be_read_without_seeing_it(db: Path) -> None:
    """The chart's text says what each phase took of the whole, a table what it took of each tenth."""
    made = page(db, RUN, HALVES)
    (alt,) = (attrs["aria-label"] for attrs in made.all("div") if attrs.get("id") == "run-1-power")
    assert alt is not None
    assert "above a band of the time that phases took: step 65 %, data 10 %" in alt
    assert "in pieces of 1 s; where it is empty, none was on" in made.text
    assert "Phases over time, by their share of it" in made.text
    assert "up to step data 10 s 80 % 20 % 20 s 80 % 20 %" in " ".join(made.text.split())
    assert "1 min 40 s 50 % 0 %" in " ".join(made.text.split())


def test_what_was_not_kept_is_said(db: Path) -> None:
    """Runs of before have phases and nothing on when they were; a run without phases has nothing to say of them."""
    old = page(db, RUN, [])
    assert len(old.figures["run-1-power"]["data"]) == 1
    assert "yaxis3" not in old.figures["run-1-power"]["layout"]
    assert "When phases took their time was not kept" in old.text
    assert "hases" not in page(db.with_name("none.db"), RUN, [], names=()).text


def test_many_phases_are_a_few_colours(db: Path) -> None:
    """Those that took longest have their own, the others one together; nothing is left out."""
    times = [PhaseTime(f"p{number:02}", BEGAN, 100.0, 1.0 + number / 10) for number in range(12)]
    made = shares(times, RUN)
    assert made is not None
    assert made.names == (*(f"p{number:02}" for number in range(11, 11 - MAX_PHASES, -1)), OTHERS)
    assert all(math.fsum(piece.shares.values()) == pytest.approx(0.186) for piece in made.bins)
    assert len(page(db, RUN, times).figures["run-1-power"]["data"]) == 1 + MAX_PHASES + 1


def test_phases_of_several_threads_share_the_time() -> None:
    """Two threads that load all the time, beside a step of half of it, are 80 % and 20 %; and it is said."""
    made = shares([PhaseTime("load", BEGAN, 100.0, 200.0), PhaseTime("step", BEGAN, 100.0, 50.0)], RUN)
    assert made is not None
    assert made.is_overlapping
    assert made.bins[0].shares == pytest.approx({"load": 0.8, "step": 0.2})


def test_pieces_end_with_the_run_and_gaps_stay_empty() -> None:
    """Slots of 64 s reach over both edges of a run of 100 s, of which only its own time counts."""
    assert BEGAN % 64 == 0
    run = RUN._replace(started_at=BEGAN + 30)
    made = shares([PhaseTime("step", BEGAN, 64, 1.0), PhaseTime("step", BEGAN + 128, 64, 1.0)], run)
    assert made is not None
    first, last = made.bins
    assert (first.since, first.until, last.since, last.until) == (0.0, 34.0, 98.0, 100.0)
    assert lines(made) == ((0.0, 34.0, 98.0, 100.0), {"step": (1 / 34, 0.0, 1 / 2, 0.0)})
    assert shares([PhaseTime("step", BEGAN + 192, 64, 1.0)], run) is None


TIME = st.builds(
    PhaseTime,
    st.sampled_from([f"p{number}" for number in range(9)]),
    st.integers(0, 150).map(lambda second: BEGAN - 20 + second) | st.just(-1e11),
    st.sampled_from([0, -5, 0.5, 1, 4, 64, 1e11]),
    st.sampled_from([-1.0, 0.0, 1e-30, 0.5, 3.0, 1e11]),
)


@given(st.lists(TIME, max_size=40))
def test_whatever_the_database_holds_the_band_stays_in_its_frame(times: list[PhaseTime]) -> None:
    """Shares from 0 to 100 %, in all no more than that, in order of time, between the edges of the run."""
    made = shares(times, RUN)
    if made is None:
        return
    at, steps = lines(made)
    assert list(at) == sorted(set(at))
    assert 0 <= at[0] <= at[-1] <= 100
    for each in zip(*steps.values(), strict=True):
        assert min(each) >= 0
        assert math.fsum(each) <= 1 + 1e-9
    table(made, RUN)
