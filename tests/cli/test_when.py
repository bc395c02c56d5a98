"""``greentrack when`` and ``--hourly`` from the outside."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.conftest import Ask, Keep
from tests.rig.grid import Server, serving

HOUR = 3600.0
MIDNIGHT = 1_780_012_800.0  # 2026-05-29T00:00Z


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A grid with 100 g/kWh at midnight UTC and 10 more with every hour."""
    with serving(monkeypatch) as made:
        yield made


@pytest.fixture(autouse=True)
def _in_london(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is that of London."""
    monkeypatch.setenv("TZ", "Europe/London")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_the_best_hours_are_ranked(ask: Ask, db: Path, server: Server) -> None:
    """The work of three hours at 300 W is best begun at midnight UTC: 110 g/kWh, 99 g."""
    found = ask("when", "--hourly", "uk", "--zone", "GB", "--power", "300W", "--db", db)
    assert (found.status, found.err) == (0, "")
    lines = found.out.splitlines()
    assert lines[0].startswith("Best starts of the next 24 h for 3 h and 900 Wh in GB, by UK Carbon Intensity")
    head = next(number for number, line in enumerate(lines) if line.startswith("start"))
    assert lines[head].split() == ["start", "in", "g/kWh", "CO2e", "saved"]
    first = datetime.fromisoformat(" ".join(lines[head + 1].split()[:2]))
    assert (first.astimezone(UTC).hour, first.minute) == (0, 0)
    assert " 110   99 g " in lines[head + 1]
    assert " now " in found.out
    assert "may be off by 10 %" in found.out
    assert "chimneys only" in found.out
    assert max(map(len, lines)) <= 80


def test_json_has_all_of_them(ask: Ask, db: Path, server: Server) -> None:
    """24 starts, each with its offset, and what starting now would be."""
    found = ask("when", "--hourly", "uk", "--zone", "GB", "--format", "json", "--db", db)
    made = json.loads(found.out)
    assert (len(made["best"]), made["best"][0]["g_per_kwh"], made["kwh"]) == (24, pytest.approx(110), None)
    assert made["best"][0]["at"].endswith("+00:00")
    assert made["now"]["saved"] == 0


def test_a_past_run_says_how_long_and_how_much(ask: Ask, db: Path, server: Server, keep: Keep) -> None:
    """Two hours at 360 W in Great Britain, its rest left out: 0.72 kWh; for one hour half of it."""
    keep(seconds=7200.0, zone="GB", rest="off")
    made = json.loads(ask("when", "--hourly", "uk", "--like", "digits", "--format", "json", "--db", db).out)
    assert (made["zone"], made["hours"], made["kwh"]["value"]) == ("GB", 2.0, pytest.approx(0.72))
    half = ask("when", "--hourly", "uk", "--like", "digits", "--hours", 1, "--format", "json", "--db", db)
    assert json.loads(half.out)["kwh"]["value"] == pytest.approx(0.36)


def test_the_forecast_is_there_offline(ask: Ask, db: Path, server: Server) -> None:
    """Asked once, it is known for half an hour without a network."""
    question = ("when", "--hourly", "electricitymaps", "--zone", "FR", "--format", "json", "--db", db)
    first = json.loads(ask(*question).out)
    server.stop()
    again = json.loads(ask(*question).out)
    assert [start["g_per_kwh"] for start in again["best"]] == [start["g_per_kwh"] for start in first["best"]]
    assert (len(server.asked), again["boundary"]) == (1, "life-cycle")


def test_a_guessed_zone_is_said(ask: Ask, db: Path, server: Server) -> None:
    """A clock in London means Great Britain, as a guess."""
    found = ask("when", "--hourly", "uk", "--db", db)
    assert "the zone GB is guessed from the time zone Europe/London" in " ".join(found.out.split())


def test_a_file_that_reaches_into_the_future_will_do(ask: Ask, tmp_path: Path, db: Path) -> None:
    """From now on every hour has 10 g/kWh less than the one before."""
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    rows = [f"{begin + timedelta(hours=n):%Y-%m-%dT%H:%MZ},{500 - 10 * n}" for n in range(30)]
    (tmp_path / "ahead.csv").write_text("\n".join(("# zone: FR", "datetime,g_per_kwh", *rows)))
    found = ask("when", "--hourly", "ahead.csv", "--hours", 1, "--format", "json", "--db", db)
    made = json.loads(found.out)
    assert made["zone"] == "FR"
    assert made["best"][0]["g_per_kwh"] in (500 - 240, 500 - 250)  # the latter where an hour begins meanwhile
    assert not db.exists()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ((), "no source of forecasts is named"),
        (("--hourly", "ukk"), "did you mean uk"),
        (("--hourly", "uk", "--zone", "FR"), "knows only GB"),
        (("--hourly", "uk", "--zone", "GX"), "no carbon intensity is known for zone 'GX'"),
        (("--hourly", "absent.csv"), "absent.csv cannot be read"),
        (("--hourly", "uk", "--zone", "GB", "--power", "300"), "write for example 300W"),
        (("--hourly", "uk", "--zone", "GB", "--power", "1W", "--like", "x"), "give one of them"),
        (("--hourly", "uk", "--zone", "GB", "--like", "absent"), "no runs yet"),
        (("--hourly", "uk", "--zone", "GB", "--hours", "0"), "--hours"),
        (("--hourly", "uk", "--zone", "GB", "--hours", "nan"), "--hours"),
        (("--hourly", "uk", "--zone", "GB", "--hours", "100"), "covers no 4 d 4 h from now"),
    ],
)
def test_what_cannot_be_answered_is_one_line(
    ask: Ask, db: Path, server: Server, arguments: tuple[str, ...], what: str
) -> None:
    """It says what to do, with status 2."""
    found = ask("when", *arguments, "--db", db)
    assert (found.status, found.out) == (2, "")
    assert what in found.err
    assert found.err.count("\n") == 1


def test_a_source_that_fails_is_one_line(ask: Ask, db: Path, server: Server) -> None:
    """Without a forecast there is nothing to rank."""
    server.status = 500
    found = ask("when", "--hourly", "uk", "--zone", "GB", "--db", db)
    assert (found.status, found.err.count("\n")) == (2, 1)
    assert "answered with HTTP 500" in found.err


def test_show_takes_the_hours_of_the_run(ask: Ask, db: Path, server: Server, keep: Keep) -> None:
    """An hour at 360 W from midnight UTC on, at 100 g/kWh: 36 g."""
    keep(started_at=MIDNIGHT, zone="GB", rest="off")
    found = ask("show", "--hourly", "uk", "--db", db)
    assert "36 g CO2e" in found.out
    assert "hour by hour" in found.out
    server.stop()
    assert ask("show", "--hourly", "uk", "--db", db).out == found.out
