"""``greentrack calibrate`` and what runs show because of it, and the doctor's self-test."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from greentrack.host import facts
from tests.cli.conftest import HOST, Ask, Keep
from tests.cli.test_app import refused


@pytest.fixture(autouse=True)
def _virtual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two virtual devices that draw 368 W."""
    monkeypatch.setenv("GREENTRACK_METERS", "fake:gpu=300,cpu=68")
    monkeypatch.setenv("GREENTRACK_ZONE", "FR")


def rest(ask: Ask, db: Path, *more: str) -> tuple[Any, str]:
    """The kWh of the rest of the machine in the latest run, and the method."""
    made = json.loads(ask("show", "--format", "json", "--db", db, *more).out)
    (row,) = [device for device in made["devices"] if device["kind"] == "rest"]
    return made["energy"]["by_kind"]["rest"], row["method"]


def test_a_steady_load_is_watched_and_kept(ask: Ask, db: Path) -> None:
    """368 W are seen beside the 455 W that the user reads, for this machine."""
    answer = ask("calibrate", "--wall-watts", 455, "--seconds", 1, "--db", db)
    assert answer.status == 0, answer
    assert "components  368 W: fake:cpu:0, fake:gpu:0" in answer.out
    assert "rest        87 W now" in answer.out
    assert "calibrated at the wall on" in answer.out
    rows = sqlite3.connect(db).execute("SELECT host, round(components_watts), wall_watts FROM calibrations").fetchall()
    assert rows == [(facts.host().id, 368.0, 455.0)]
    listed = ask("calibrate", "--list", "--db", db).out
    assert "455 W shown, watched for 1 s" in listed


def test_runs_of_that_machine_show_it_and_others_do_not(ask: Ask, keep: Keep, db: Path) -> None:
    """An hour at 360 W beside 432 W: 0.072 kWh of rest instead of a server's 0.09, in show and in runs alike."""
    keep()
    assert rest(ask, db) == (pytest.approx(0.09), "rest-model")
    answer = ask("calibrate", "--run", "digits", "--wall-watts", 432, "--db", db)
    assert answer.status == 0, answer
    assert rest(ask, db) == (pytest.approx(0.072), "rest-calibrated")
    assert rest(ask, db, "--rest", "server") == (pytest.approx(0.09), "rest-model")
    assert json.loads(ask("runs", "--format", "json", "--db", db).out)[0]["kwh"] == pytest.approx(0.432)
    keep(name="elsewhere", host=None, rest="server")
    assert rest(ask, db) == (pytest.approx(0.09), "rest-model")


def test_a_run_of_other_devices_is_listed_as_its_kind(ask: Ask, keep: Keep, db: Path) -> None:
    """The list and the summary agree that the calibration was made with another GPU."""
    keep()
    ask("calibrate", "--run", "digits", "--wall-watts", 432, "--db", db)
    keep(name="other", uid="gpu:1")
    assert rest(ask, db, "other") == (pytest.approx(0.09), "rest-model")
    by_name = {run["name"]: run["kwh"] for run in json.loads(ask("runs", "--format", "json", "--db", db).out)}
    assert by_name == {"digits": pytest.approx(0.432), "other": pytest.approx(0.45)}


def test_kwh_readings_of_a_run_do_as_well(ask: Ask, keep: Keep, db: Path) -> None:
    """0.432 kWh between two readings, over an hour."""
    keep()
    kwh = ("--wall-kwh-start", "12.340", "--wall-kwh-stop", "12.772")
    answer = ask("calibrate", "--run", "digits", *kwh, "--db", db)
    assert "wall        432 W (12.340 to 12.772 kWh" in answer.out
    assert f"kept        for {HOST.name} in {db}" in answer.out
    assert rest(ask, db)[0] == pytest.approx(0.072)


def test_what_is_forgotten_is_no_longer_used(ask: Ask, keep: Keep, db: Path) -> None:
    """By its number; then the run is a server's again."""
    keep()
    ask("calibrate", "--run", "digits", "--wall-watts", 432, "--db", db)
    assert ask("calibrate", "--forget", "1", "--db", db).out == f"forgot number 1 in {db}\n"
    assert rest(ask, db)[1] == "rest-model"
    answer = ask("calibrate", "--list", "--db", db)
    assert (answer.status, answer.out) == (0, "")
    assert "no calibrations" in answer.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--wall-watts", "0"], ["--wall-watts", "greentrack calibrate --help"]),
        (["--wall-watts", "455", "--seconds", "0.1"], ["--seconds"]),
        (["--wall-watts", "nan"], ["--wall-watts", "is not a number"]),
        (["--wall-watts", "455", "--seconds", "nan"], ["--seconds", "is not a number"]),
        (["--forget", "9" * 30], ["--forget", "greentrack calibrate --list"]),
        (["--run", "digits"], ["--run takes --wall-watts, or --wall-kwh-start"]),
        (["--run", "digits", "--wall-kwh-start", "1"], ["go together"]),
        (["--wall-kwh-start", "1", "--wall-kwh-stop", "2"], ["go together"]),
        (["--run", "digits", "--wall-watts", "4", "--wall-kwh-start", "1", "--wall-kwh-stop", "2"], ["--run takes"]),
        (["--run", "digits", "--wall-watts", "300"], ["less than its parts"]),
        (["--run", "digits", "--wall-watts", "4550"], ["something else as well"]),
        (["--run", "digitz", "--wall-watts", "455"], ["did you mean digits?"]),
        (["--forget", "7"], ["no calibration 7", "--list"]),
        (["--forget", "all"], ["this machine has no calibration"]),
        (["--forget", "this"], ["neither a number", "nor all"]),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_kept(
    args: list[str], words: list[str], ask: Ask, keep: Keep, db: Path
) -> None:
    """Exit status 2, the way out, and no calibration."""
    keep()
    refused(ask("calibrate", *args, "--db", db), *words)
    assert sqlite3.connect(db).execute("SELECT count(*) FROM calibrations").fetchone() == (0,)


def test_nobody_is_asked_where_nobody_is(ask: Ask, db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal the watts must be given; nothing is watched first."""
    refused(ask("calibrate", "--db", db), "nobody can be asked here", "--wall-watts")
    assert not db.exists()


def test_the_self_test_says_what_it_found_and_keeps_it(ask: Ask, db: Path) -> None:
    """Lateness, updates, and what they mean; the tested sensors are in the database afterwards."""
    answer = ask("doctor", "--self-test", "--seconds", 2, "--db", db)
    assert answer.status == 0, answer
    for words in (
        "\nSelf-test\n",
        "were late by",
        "fake:gpu:0 virtual gpu",
        "Its counter moves every",
        "Windows of 1 s",
    ):
        assert words in answer.out
    assert [line for line in answer.out.splitlines() if len(line) > 80 and str(db) not in line] == []
    kept = dict(sqlite3.connect(db).execute("SELECT uid, update_seconds FROM self_tests").fetchall())
    assert kept.keys() == {"fake:gpu:0", "fake:cpu:0"}
    assert all(0 < update < 0.1 for update in kept.values())


def test_the_self_test_is_in_the_json_too(ask: Ask, db: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With its sensors; where it cannot be kept it is still shown, with the reason."""
    (tmp_path / "file").write_text("")
    answer = ask("doctor", "--self-test", "--seconds", 2, "--format", "json", "--db", tmp_path / "file" / "runs.db")
    found = json.loads(answer.out)["self_test"]
    assert [sensor["uid"] for sensor in found["sensors"]] == ["fake:gpu:0", "fake:cpu:0"]
    assert found["ticks"] > 0
    assert "GREENTRACK_DB" in found["not_kept"]


def test_seconds_go_with_the_self_test(ask: Ask, db: Path) -> None:
    """Alone they mean nothing."""
    refused(ask("doctor", "--seconds", 5, "--db", db), "--seconds goes with --self-test")
