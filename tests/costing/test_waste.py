"""Waste: only what is more than a twentieth of the run, with what to do about it."""

import json
from collections.abc import Callable

import pytest

from greentrack.costing.api import summary_of
from greentrack.costing.summary import RunPart
from greentrack.costing.waste import waste
from greentrack.model import DeviceUse, Energy, Phase, Record
from greentrack.reports.json import render as as_json
from greentrack.reports.text import render
from greentrack.reports.waste import stated

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]
HOUR_AT_360_W = 1_296_000.0


def waiting(part: float, name: str = "data") -> tuple[Phase, ...]:
    """A phase with that part of the joules of an hour at 360 W."""
    energy = {"gpu:0": Energy(joules=part * HOUR_AT_360_W, seconds=60)}
    return (Phase(name=name, calls=9, seconds=60.0, energy=energy),)


def test_waiting_for_data_is_waste(use: MakeUse, record: MakeRecord) -> None:
    """A quarter of the devices' joules, and of the rest of the machine's with them: 0.25 x 450 Wh."""
    summary = summary_of(record(use(), chassis="server", rest="auto", phases=waiting(0.25)))
    (found,) = waste(summary)
    assert found.share == pytest.approx(0.25)
    assert found.joules == pytest.approx(0.25 * 1.25 * HOUR_AT_360_W)
    assert "workers" in stated(found).remedy


@pytest.mark.parametrize(("part", "name"), [(0.05, "data"), (0.0, "data"), (0.9, "step")])
def test_little_of_it_and_work_are_none(use: MakeUse, record: MakeRecord, part: float, name: str) -> None:
    """Five percent are not worth anybody's time."""
    assert waste(summary_of(record(use(), phases=waiting(part, name)))) == ()


@pytest.mark.parametrize(("status", "what"), [("failed", "failed"), ("interrupted", "interrupted")])
def test_a_run_that_came_to_nothing_is_waste_as_a_whole(
    use: MakeUse, record: MakeRecord, status: str, what: str
) -> None:
    """And it is the first of two."""
    first, second = waste(summary_of(record(use(), status=status, phases=waiting(0.5))))
    assert (first.share, second.share) == pytest.approx((1.0, 0.5))
    assert what in stated(first).what
    assert "checkpoint" in stated(first).remedy


@pytest.mark.parametrize("status", ["finished", "stopped", "running"])
def test_a_run_that_did_what_it_was_to_do_is_none(use: MakeUse, record: MakeRecord, status: str) -> None:
    """A budget's stop is a decision."""
    assert waste(summary_of(record(use(), status=status))) == ()


def test_a_run_that_was_resumed_was_not_for_nothing(use: MakeUse, record: MakeRecord) -> None:
    """A later part carried on with what it had saved."""
    summary = summary_of(record(use(), status="interrupted"))
    later = RunPart("b", "finished", "box", summary.run.started_at + 9e3, 1.0, None, None)
    assert waste(summary._replace(parts=(later,))) == ()


@pytest.mark.parametrize(("idle", "shares"), [(0.3, [0.3]), (0.05, []), (0.0, [])])
def test_gpus_that_idled_are_waste(use: MakeUse, record: MakeRecord, idle: float, shares: list[float]) -> None:
    """Three tenths of a GPU's joules, and of the rest of the machine's with them: 0.3 x 450 Wh; not 5 %."""
    gpu = use(idle=Energy(joules=idle * HOUR_AT_360_W, seconds=60.0))
    found = waste(summary_of(record(gpu, chassis="server", rest="auto")))
    assert [one.share for one in found] == pytest.approx(shares)
    assert [one.joules for one in found] == pytest.approx([0.3 * 1.25 * HOUR_AT_360_W][: len(shares)])


def test_idle_gpus_are_a_part_of_all_devices(use: MakeUse, record: MakeRecord) -> None:
    """One of two GPUs idled all the time at 40 W beside 320 W and a processor of 40 W: a tenth, as a text says."""
    gpus = use("gpu:0", watts=320, idle=Energy()), use("gpu:1", watts=40, idle=Energy(joules=144_000.0, seconds=3600.0))
    summary = summary_of(record(*gpus, use("cpu", "cpu", watts=40)))
    (found,) = waste(summary)
    assert (found.joules, found.share) == pytest.approx((144_000, 0.1))
    assert "GPUs idled, less than 10 % busy: about 40 Wh, 10 % of the run; give them" in flat(render(summary))


def test_a_gpu_that_does_not_tell_how_busy_it_was_and_an_idle_processor_are_none(
    use: MakeUse, record: MakeRecord
) -> None:
    """Unknown is not idle; and what a processor waits for is often the GPU."""
    processor = use("cpu", "cpu", watts=360, idle=Energy(joules=HOUR_AT_360_W, seconds=3600.0))
    assert waste(summary_of(record(use(), processor))) == ()


def test_a_counter_found_wrong_wastes_in_proportion(use: MakeUse, record: MakeRecord) -> None:
    """It showed half of the joules, idle ones too: half of what is believed was idle, 180 Wh."""
    idle = Energy(joules=0.25 * HOUR_AT_360_W, seconds=60.0)
    gpu = use(watts=180, check=HOUR_AT_360_W, counter_valid=False, method="nvml-distrusted", idle=idle)
    (found,) = waste(summary_of(record(gpu)))
    assert (found.share, found.joules) == pytest.approx((0.5, 0.5 * HOUR_AT_360_W))


def test_nothing_measured_is_nothing_wasted_that_anybody_knows(record: MakeRecord) -> None:
    """Absent is not zero, nor is it waste."""
    assert waste(summary_of(record(status="failed"))) == ()


def flat(text: str) -> str:
    """Return *text* as one line."""
    return " ".join(text.split())


def test_both_reports_show_it(use: MakeUse, record: MakeRecord) -> None:
    """One block, with the energy, the part and the remedy."""
    summary = summary_of(record(use(), phases=waiting(0.25)))
    text = flat(render(summary))
    assert "Waste - waiting for data, by its share of the time: about 90 Wh, 25 % of the run; load it" in text
    assert json.loads(as_json(summary))["waste"][0]["share"] == pytest.approx(0.25)
    assert "Waste" not in render(summary_of(record(use())))
