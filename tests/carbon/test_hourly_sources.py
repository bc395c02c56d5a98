"""Hours are asked for once, kept in the database, and there when the network is not."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from greentrack import config
from greentrack.carbon.hourly_sources import forecast, past
from greentrack.errors import ConfigError, SourceError, StoreError
from greentrack.store import intensity_cache as kept
from tests.rig.grid import TOKEN, Server

HOUR = 3600.0
DAY = datetime(2026, 5, 1, tzinfo=UTC).timestamp()
NOW = time.time() // HOUR * HOUR + 60


@pytest.mark.parametrize(("source", "zone", "count"), [("uk", "GB", 6), ("electricitymaps", "FR", 3)])
def test_what_was_asked_once_is_there_offline(server: Server, db: Path, source: str, zone: str, count: int) -> None:
    """With the server gone the same question has the same answer, and the token is nowhere in the file."""
    first = past(source, zone, DAY + HOUR, DAY + 4 * HOUR - 60, db=db, now=NOW)
    assert len(first.hours) == count
    server.stop()
    assert past(source, zone, DAY + HOUR, DAY + 4 * HOUR - 60, db=db, now=NOW + 1) == first
    assert first.note == ""
    assert len(server.asked) == 1
    assert all(TOKEN.encode() not in file.read_bytes() for file in db.parent.iterdir())


def test_only_what_is_missing_is_asked_for(server: Server, db: Path) -> None:
    """A longer run the same day asks for the hours after those that are known."""
    past("uk", "GB", DAY, DAY + 2 * HOUR, db=db, now=NOW)
    found = past("uk", "GB", DAY, DAY + 3 * HOUR, db=db, now=NOW)
    assert server.asked[1] == "/intensity/2026-05-01T02:00Z/2026-05-01T03:00Z"
    assert [hour.g_per_kwh for hour in found.hours] == [100, 100, 110, 110, 120, 120]


def test_a_gap_is_remembered_as_a_gap(server: Server, db: Path) -> None:
    """Where the source has nothing for an hour long ago it is not asked again and again."""
    server.figure = lambda at: None if at.hour == 1 else 50
    for _ in range(2):
        found = past("electricitymaps", "FR", DAY, DAY + 3 * HOUR, db=db, now=NOW)
        assert [hour.start for hour in found.hours] == [DAY, DAY + 2 * HOUR]
    assert len(server.asked) == 1
    assert [row.g_per_kwh for row in kept.read(db, "electricitymaps", "FR", DAY, DAY + 3 * HOUR)] == [50, None, 50]


def test_estimates_of_today_are_asked_for_again(server: Server, db: Path) -> None:
    """An hour ago it was an estimate; the figure that came about takes its place, and is then final."""
    server.estimated = True
    (first,) = past("electricitymaps", "FR", NOW - 2 * HOUR, NOW - 1.5 * HOUR, db=db, now=NOW).hours
    server.estimated = False
    server.figure = lambda at: 77
    (second,) = past("electricitymaps", "FR", NOW - 2 * HOUR, NOW - 1.5 * HOUR, db=db, now=NOW).hours
    assert (first.estimated, second.estimated, second.g_per_kwh) == (True, False, 77.0)
    past("electricitymaps", "FR", NOW - 2 * HOUR, NOW - 1.5 * HOUR, db=db, now=NOW)
    assert len(server.asked) == 2


def test_known_hours_are_used_when_the_rest_cannot_be_had(server: Server, db: Path) -> None:
    """Half a run's hours from the database, and a note why the others are missing."""
    past("uk", "GB", DAY, DAY + HOUR, db=db, now=NOW)
    server.status = 500
    found = past("uk", "GB", DAY, DAY + 2 * HOUR, db=db, now=NOW)
    assert [hour.start for hour in found.hours] == [DAY, DAY + HOUR / 2]
    assert found.note.endswith("answered with HTTP 500; only the hours that were known before are used")


def test_pieces_that_came_are_kept_when_a_later_one_fails(server: Server, db: Path) -> None:
    """Of 20 days the newest 10 come; next time only the others are asked for."""

    def broken(at: datetime) -> int:
        if at.day > 11:
            raise_at_next.append(at)
            return -1
        return 50

    raise_at_next: list[datetime] = []
    server.figure = broken
    found = past("electricitymaps", "FR", DAY, DAY + 20 * 24 * HOUR, db=db, now=NOW)
    assert len(found.hours) == 240
    assert "cannot be used" in found.note
    server.figure = lambda at: 60
    found = past("electricitymaps", "FR", DAY, DAY + 20 * 24 * HOUR, db=db, now=NOW)
    assert len(found.hours) == 480
    assert "start=2026-05-11" in server.asked[-1]


def test_with_nothing_at_all_it_is_an_error(server: Server, db: Path) -> None:
    """Whoever asked decides what stands in."""
    server.stop()
    with pytest.raises(SourceError, match="cannot be reached"):
        past("uk", "GB", DAY, DAY + HOUR, db=db, now=NOW)


def test_a_forecast_is_asked_for_again_after_half_an_hour(server: Server, db: Path) -> None:
    """Until then the database answers; and also later where the source cannot, with its age."""
    first = forecast("uk", "GB", db=db, now=NOW)
    assert len(first.hours) >= 95
    assert forecast("uk", "GB", db=db, now=NOW + 60).hours == first.hours
    assert len(server.asked) == 1
    forecast("uk", "GB", db=db, now=NOW + 2 * HOUR)
    assert len(server.asked) == 2
    server.stop()
    later = forecast("uk", "GB", db=db, now=NOW + 5 * HOUR)
    assert "its forecast of 3.0 h ago is used" in later.note
    assert later.hours[0].end > NOW + 5 * HOUR


def test_a_forecast_gives_way_to_what_came_about_and_never_the_other_way(server: Server, db: Path) -> None:
    """Figures that were forecast count as such until the real ones are asked for."""
    forecast("uk", "GB", db=db, now=NOW)
    later = NOW + 3 * HOUR
    server.figure = lambda at: 77
    found = past("uk", "GB", NOW, NOW + HOUR, db=db, now=later)
    assert {(hour.g_per_kwh, hour.forecast) for hour in found.hours} == {(77.0, False)}
    forecast("uk", "GB", db=db, now=NOW + 2 * HOUR)
    assert not any(hour.forecast for hour in kept.read(db, "uk", "GB", NOW, NOW + HOUR))


def test_a_database_that_cannot_be_written_costs_only_the_memory(
    server: Server, db: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The figures are used and the trouble is logged; next time they are asked for again."""

    def full(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(kept, "keep", full)
    for times in (1, 2):
        assert len(past("uk", "GB", DAY, DAY + HOUR, db=db, now=NOW).hours) == 2
        assert len(server.asked) == times
    assert "hourly figures of uk could not be kept: the disk is full" in caplog.text


def test_a_cloud_region_is_where_it_stands(server: Server, db: Path) -> None:
    """London's region asks for Great Britain."""
    assert past("uk", "aws:eu-west-2", DAY, DAY + HOUR, db=db, now=NOW).zone == "GB"


@pytest.mark.parametrize("zone", ["WORLD", "aws:nowhere-1"])
def test_no_place_has_no_hours(server: Server, db: Path, zone: str) -> None:
    """The world has no hour."""
    with pytest.raises(SourceError, match=f"{zone} is none"):
        past("electricitymaps", zone, DAY, DAY + HOUR, db=db, now=NOW)


def test_a_file_is_read_and_not_kept(db: Path, tmp_path: Path) -> None:
    """It makes no database; one that says another zone than the run's is refused."""
    file = tmp_path / "hours.CSV"
    file.write_text("# zone: FR\ndatetime,g_per_kwh\n2026-05-01T00:00Z,4\n2026-05-01T01:00Z,5\n")
    assert len(past(str(file), "FR", DAY, DAY + HOUR, db=db, now=NOW).hours) == 2
    assert len(forecast(str(file), "aws:eu-west-3", db=db, now=NOW).hours) == 2
    with pytest.raises(SourceError, match="is of FR, not of DE"):
        past(str(file), "DE", DAY, DAY + HOUR, db=db, now=NOW)
    assert not db.exists()


def test_a_file_that_does_not_say_its_zone_is_taken_for_the_runs_and_that_is_said(db: Path, tmp_path: Path) -> None:
    """Carbon of another place would look the same."""
    file = tmp_path / "hours.csv"
    file.write_text("datetime,g_per_kwh\n2026-05-01T00:00Z,4\n2026-05-01T01:00Z,5\n")
    found = past(str(file), "FR", DAY, DAY + HOUR, db=db, now=NOW)
    assert "does not say its zone (# zone: FR); it is taken to be of FR" in found.note
    file.write_text(f"# zone: FR\n{file.read_text()}")
    assert past(str(file), "FR", DAY, DAY + HOUR, db=db, now=NOW).note == ""


def test_a_source_that_does_not_exist_is_named(db: Path) -> None:
    """With what was perhaps meant."""
    with pytest.raises(ConfigError, match=r"'electricitymap' \(did you mean electricitymaps\?\); known: .* \.csv"):
        past("electricitymap", "FR", DAY, DAY + HOUR, db=db, now=NOW)


def test_a_settings_file_names_a_source_or_a_file_beside_it(tmp_path: Path) -> None:
    """A name stays a name, a file lies where the settings do; the token's variable is no mistyped setting."""
    for written, meant in (("uk", "uk"), ("hours.csv", str(tmp_path / "hours.csv"))):
        (tmp_path / "greentrack.toml").write_text(f'hourly = "{written}"\n')
        settings = config.load(env={"GREENTRACK_ELECTRICITYMAPS_TOKEN": TOKEN}, folder=tmp_path)
        assert settings.hourly == meant
