"""A stored run's carbon by the hours of its readings."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from greentrack.carbon import base
from greentrack.config import Settings
from greentrack.costing import engine
from greentrack.costing.api import summarize, summary_of
from greentrack.costing.options import parse_options
from greentrack.errors import ConfigError
from greentrack.model import Device, DeviceUse, Reading, RunInfo
from greentrack.reports import json as json_report
from greentrack.store.batch import Batch
from greentrack.store.reader import Reader
from greentrack.store.writer import Writer
from tests.rig.grid import Server, serving

HOUR = 3600.0
MIDNIGHT = 1_780_012_800.0  # 2026-05-29T00:00Z, a Friday
KWH = 3.6e6
GPU = DeviceUse(device=Device(uid="gpu:0", kind="gpu", name="A GPU"), method="fake")

KeepRun = Callable[..., str]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A grid with 100 g/kWh at midnight UTC and 10 more with every hour."""
    with serving(monkeypatch) as made:
        yield made


@pytest.fixture
def keep(db: Path) -> KeepRun:
    """Store a run from midnight on that used so many kWh in each of its hours; ``fake`` has no range."""

    def make(*kwh: float, started_at: float = MIDNIGHT, **facts: Any) -> str:
        length = len(kwh) * HOUR
        usual: dict[str, Any] = {"name": "x", "status": "finished", "zone": "GB", "rest": "off", "seconds": length}
        run = RunInfo(id="01-a", started_at=started_at, ended_at=started_at + length, **(usual | facts))
        readings = [
            Reading(device="gpu:0", at=started_at + (n + 1) * HOUR, seconds=HOUR, joules=amount * KWH)
            for n, amount in enumerate(kwh)
        ]
        writer = Writer(db)
        writer.write(Batch(run_id=run.id, run=run, devices=[GPU], readings=readings))
        writer.close()
        return run.id

    return make


@pytest.fixture
def hours(tmp_path: Path) -> Path:
    """A file that knows the first two hours of the 29th: 100 and 300 g/kWh, life-cycle."""
    file = tmp_path / "hours.csv"
    rows = "2026-05-29T00:00Z,100\n2026-05-29T01:00Z,300\n"
    file.write_text(f"# boundary: life-cycle\ndatetime,g_per_kwh\n{rows}")
    return file


def test_carbon_is_the_sum_over_the_hours(keep: KeepRun, db: Path, hours: Path) -> None:
    """3 kWh at 100 g and 1 kWh at 300 g: 600 g, where the end's 300 g x 4 kWh would be 1,200."""
    summary = summarize(keep(3, 1), db=db, hourly=str(hours))
    assert summary.g is not None
    assert summary.joules is not None
    assert (summary.g.value, summary.joules.value) == pytest.approx((600, 4 * KWH))
    assert summary.intensity.hourly_share == 1


def test_joules_do_not_depend_on_hours(keep: KeepRun, db: Path, hours: Path) -> None:
    """Carbon by the hour is another intensity and nothing else."""
    run = keep(3, 1)
    plain, hourly = summarize(run, db=db), summarize(run, db=db, hourly=str(hours))
    assert (plain.joules, plain.devices, plain.money) == (hourly.joules, hourly.devices, hourly.money)
    assert plain.intensity.hourly_share is None


def test_an_overhead_is_applied_to_hours_too(keep: KeepRun, db: Path, hours: Path) -> None:
    """600 g with a PUE of 1.5 are 900 g."""
    summary = summarize(keep(3, 1), db=db, hourly=str(hours), pue=1.5)
    assert summary.g is not None
    assert summary.g.value == pytest.approx(900)


def test_hours_without_a_figure_count_at_the_yearly_average_and_are_said(keep: KeepRun, db: Path, hours: Path) -> None:
    """A third hour is not in the file: its kWh counts at the year's g/kWh, in the notes and the assumptions."""
    summary = summarize(keep(1, 1, 1), db=db, hourly=str(hours))
    yearly = summarize("x", db=db).intensity
    assert summary.g is not None
    assert summary.g.value == pytest.approx(100 + 300 + yearly.g_per_kwh)
    assert any("33 % of the energy fell into hours without a figure" in note for note in summary.notes)
    assert any(
        item.name.startswith("grid intensity of GB in hours without a figure") and item.value == yearly.g_per_kwh
        for item in summary.assumptions
    )
    made = json.loads(json_report.render(summary))
    assert made["carbon"]["hourly_share"] == pytest.approx(2 / 3)
    assert "hour by hour" in str(summary)


def test_a_source_on_the_network_is_asked_by_a_report(keep: KeepRun, db: Path, server: Server) -> None:
    """100 g at midnight, 110 at one: 210 g for 1 kWh each, of CO2 from chimneys only; offline the same."""
    run = keep(1, 1)
    first = summarize(run, db=db, hourly="uk")
    assert first.g is not None
    assert first.g.value == pytest.approx(210)
    assert first.intensity.boundary == "direct"
    assert any("chimneys only" in note for note in first.notes)
    server.stop()
    assert summarize(run, db=db, hourly="uk").g == first.g


def test_a_setting_names_the_source(
    keep: KeepRun, db: Path, server: Server, monkeypatch: pytest.MonkeyPatch, hours: Path
) -> None:
    """As an option does, and the option comes first."""
    run = keep(1, 1)
    monkeypatch.setenv("GREENTRACK_HOURLY", "uk")
    assert summarize(run, db=db).intensity.source.startswith("UK Carbon Intensity")
    assert summarize(run, db=db, hourly=str(hours)).intensity.source == "hours.csv"


@pytest.mark.parametrize("status", [500, 429])
def test_a_source_that_fails_leaves_the_yearly_average_and_a_note(
    keep: KeepRun, db: Path, server: Server, status: int
) -> None:
    """The report is made all the same."""
    run = keep(1, 1)
    server.status = status
    summary = summarize(run, db=db, hourly="uk")
    assert summary.g == summarize(run, db=db).g
    assert summary.intensity.hourly_share == 0
    assert any(f"HTTP {status}" in note and "the yearly average is used" in note for note in summary.notes)


def test_another_place_than_the_sources_is_said(keep: KeepRun, db: Path, server: Server) -> None:
    """A run in France under a setting for Great Britain gets France's yearly average; nobody is asked."""
    summary = summarize(keep(1, zone="FR"), db=db, hourly="uk")
    assert (summary.intensity.zone, server.asked) == ("FR", [])
    assert any("knows only GB" in note for note in summary.notes)


def test_a_training_never_waits_for_the_network(keep: KeepRun, db: Path, server: Server) -> None:
    """What is not read from the database is costed by the year, and says so."""
    with Reader(db) as reader:
        record = reader.record(keep(1))
    summary = summary_of(record, settings=Settings(hourly="uk"))
    assert server.asked == []
    assert any("for stored runs only" in note for note in summary.notes)


def test_several_runs_of_one_question_wait_once(
    keep: KeepRun, db: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source that hangs costs its limit once, however many runs are costed under the same options."""
    monkeypatch.setattr(base, "LIMIT_S", 0.3)
    server.hanging = True
    with Reader(db) as reader:
        run = keep(1)
        record, readings = reader.record(run), reader.readings(run)
    options = parse_options(Settings(db=str(db), hourly="uk"))
    for _ in range(3):
        summary = engine.cost(record, options, readings=readings)
        assert any("did not answer in time" in note for note in summary.notes)
    assert len(server.asked) == 1


def test_what_is_the_users_to_mend_is_an_error(keep: KeepRun, db: Path, tmp_path: Path) -> None:
    """A file that is not there, a source that does not exist."""
    run = keep(1)
    with pytest.raises(ConfigError, match=r"absent\.csv cannot be read"):
        summarize(run, db=db, hourly=str(tmp_path / "absent.csv"))
    with pytest.raises(ConfigError, match="did you mean uk"):
        summarize(run, db=db, hourly="ukk")
