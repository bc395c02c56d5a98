"""The facts of a report: which runs it has, how much of each, and how they are grouped."""

from pathlib import Path

import pytest

from greentrack.analysis.run_report import MAX_COMPARED, MAX_DETAILED, run_report
from greentrack.model import Device, DeviceUse, Host, Reading, RunInfo, Span
from greentrack.store.batch import Batch
from greentrack.store.time_bins import PhaseTime
from greentrack.store.writer import Writer

START = 1_790_000_000.0


def keep(db: Path, count: int) -> list[str]:
    """Store runs of 100 s and 100 J, one after the other; every other one is of the same name."""
    writer = Writer(db)
    ids = [f"019a{number:04x}-0000-7000-8000-000000000000" for number in range(count)]
    for number, run_id in enumerate(ids):
        began = START + 3600 * number
        run = RunInfo(id=run_id, name="ab"[number % 2], project="demo", status="finished", started_at=began,
                      ended_at=began + 100, seconds=100.0, host=Host(id="h", name="box"), zone="FR",
                      rest="off")  # fmt: skip
        use = DeviceUse(device=Device(uid="gpu:0", kind="gpu", name="g"), method="fake")
        reading = Reading(device="gpu:0", at=began + 100, seconds=100.0, joules=100.0)
        span = Span(id=1, name="epoch", started_at=began, ended_at=began + 100)
        times = [PhaseTime("step", began, 50.0, 40.0)]
        writer.write(Batch(run_id=run_id, run=run, devices=[use], readings=[reading], spans=[span], phase_times=times))
    writer.close()
    return ids


def test_a_named_run_has_its_readings_and_no_totals_of_several(db: Path) -> None:
    """The latest where none is named."""
    *_, latest = keep(db, 2)
    report = run_report(db=db)
    (summary,), (detail,) = report.summaries, report.details
    assert (summary.run.id, detail.record.run.id, report.energy) == (latest, latest, None)
    assert [reading.joules for reading in detail.readings["gpu:0"]] == [100.0]
    assert {time.phase for time in detail.phase_times} == {"step"}
    assert sum(time.seconds for time in detail.phase_times) == pytest.approx(40.0)


def test_named_runs_are_groups_of_one_each(db: Path) -> None:
    """In the order in which they were named, each once; runs of one name go by their ids."""
    first, second, third = keep(db, 3)
    report = run_report([third, second, first, third], db=db)
    assert [summary.run.id for summary in report.summaries] == [third, second, first]
    assert [group.name for group in report.groups] == [third[:13], "b", first[:13]]
    assert report.energy is not None
    assert report.energy.joules == pytest.approx(300.0)


def test_a_project_is_grouped_by_name_and_says_how_it_was_selected(db: Path) -> None:
    """The repeats of a name are one group, the oldest first."""
    first, second, third = keep(db, 3)
    report = run_report(project="demo", db=db)
    assert [(group.name, [one.run.id for one in group.summaries]) for group in report.groups] == [
        ("a", [first, third]),
        ("b", [second]),
    ]
    assert (report.project, report.tags) == ("demo", ())


def test_many_runs_have_no_details_and_too_many_no_groups(db: Path) -> None:
    """Nine have neither spans nor readings; a hundred and one are not compared either."""
    ids = keep(db, MAX_COMPARED + 1)
    some = run_report(ids[: MAX_DETAILED + 1], db=db)
    assert (len(some.summaries), some.details, len(some.groups)) == (MAX_DETAILED + 1, (), 2)
    assert {summary.spans for summary in some.summaries} == {()}
    assert len(run_report(ids[:MAX_DETAILED], db=db).details) == MAX_DETAILED
    every = run_report(project="demo", db=db)
    assert (len(every.summaries), every.details, every.groups) == (MAX_COMPARED + 1, (), ())
    assert every.energy is not None
    assert every.energy.joules == pytest.approx(100.0 * (MAX_COMPARED + 1))
