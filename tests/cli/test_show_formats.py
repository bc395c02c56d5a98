"""``greentrack show`` in other forms, and the picture of power that a terminal gets."""

import io
import sys
from pathlib import Path

import pytest

from greentrack.model import Device, DeviceUse, Reading, RunInfo
from greentrack.registry import FORMATS
from greentrack.store.batch import Batch
from greentrack.store.writer import Writer
from tests.cli.conftest import HOST, Ask, Keep


@pytest.fixture
def watched(db: Path) -> RunInfo:
    """A run of ten seconds, read every second: 100 W, and from the sixth second on 200 W."""
    run = RunInfo(
        id="019b0000-0000-7000-8000-000000000000",
        name="watched",
        status="finished",
        started_at=1.79e9,
        ended_at=1.79e9 + 10,
        seconds=10.0,
        host=HOST,
        zone="FR",
    )
    use = DeviceUse(device=Device(uid="gpu:0", kind="gpu", name="A GPU"), method="fake")
    readings = [
        Reading(device="gpu:0", at=1.79e9 + second, seconds=1.0, joules=100.0 if second <= 5 else 200.0)
        for second in range(1, 11)
    ]
    writer = Writer(db)
    writer.write(Batch(run_id=run.id, run=run, devices=[use], readings=readings))
    writer.close()
    return run


@pytest.mark.parametrize("form", sorted(FORMATS.keys() - {"html"}))
def test_a_stored_run_in_every_format(ask: Ask, keep: Keep, db: Path, form: str) -> None:
    """Each has the run's id or its name, and no format colours anything where there is no terminal."""
    run = keep()
    answer = ask("show", "--db", db, "--format", form, "--embodied")
    assert (answer.status, answer.err) == (0, "")
    assert form == "modelcard" or run.id in answer.out or run.name in answer.out
    assert "\x1b" not in answer.out


def test_power_over_time_is_drawn(ask: Ask, watched: RunInfo, db: Path) -> None:
    """The lower half of the picture is full, the upper half from the middle on; no line is wider than 80."""
    lines = ask("show", "--db", db).out.splitlines()
    title = next(number for number, line in enumerate(lines) if line.startswith("Power of the devices"))
    assert lines[title + 1] == "       200 ┤" + " " * 34 + "█" * 34
    assert lines[title + 4] == "         0 ┤" + "█" * 68
    assert lines[title + 5].endswith(" 10 s")
    assert max(map(len, lines)) <= 80


def test_the_picture_fits_a_narrow_terminal(
    ask: Ask, watched: RunInfo, db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As wide as COLUMNS says."""
    monkeypatch.setenv("COLUMNS", "50")
    lines = ask("show", "--db", db).out.splitlines()
    assert "       200 ┤" + " " * 19 + "█" * 19 in lines
    assert max(map(len, lines)) <= 50


def test_no_picture_where_it_could_not_be_seen(
    ask: Ask, watched: RunInfo, db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An output that has no such characters gets the report without."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", out)
    ask("show", "--db", db)
    out.flush()
    said = out.buffer.getvalue().decode()
    assert "watched" in said
    assert "Power of the devices" not in said


def test_no_picture_of_the_whole_machine_beside_a_runs_own_share(ask: Ask, watched: RunInfo, db: Path) -> None:
    """They are not the same energy."""
    assert "Power of the devices" not in ask("show", "--db", db, "--scope", "process").out


def test_per_is_of_the_software_carbon_intensity(ask: Ask, keep: Keep, db: Path) -> None:
    """Elsewhere it is refused; a unit that the run did not count is one line."""
    keep()
    assert "--per goes with the format sci" in ask("show", "--db", db, "--per", "tokens").err
    answer = ask("show", "--db", db, "--format", "sci", "--per", "tokens")
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "counted no 'tokens'; known: run" in answer.err
    assert "per run" in ask("show", "--db", db, "--format", "sci", "--per", "run").out


def test_until_goes_with_text_and_json_only(ask: Ask, keep: Keep, db: Path) -> None:
    """The others have no place for it."""
    keep()
    assert "--until goes with" in ask("show", "--db", db, "--format", "csv", "--until", "acc>=1").err


def test_json_does_not_steer_a_terminal(ask: Ask, keep: Keep, db: Path) -> None:
    """What would is escaped, and is the same name again when it is read."""
    import json

    name = "a\x9b2J\u202eb\U000e0041"
    keep(name)
    out = ask("show", "--db", db, "--format", "json").out
    assert all(line.isprintable() for line in out.splitlines())
    assert json.loads(out)["run"]["name"] == name
