"""Hours of the grid in the database."""

from pathlib import Path

from greentrack.store.intensity_cache import CachedHour, keep, read


def test_hours_come_back_by_source_and_zone(path: Path) -> None:
    """In order of time, those that touch the stretch; others' are others'."""
    hours = [CachedHour(start, start + 10, start, fetched_at=99.0) for start in (30.0, 10.0, 20.0, 0.0)]
    keep(path, "uk", "GB", hours)
    keep(path, "electricitymaps", "GB", [CachedHour(20.0, 30.0, 7.0)])
    keep(path, "uk", "FR", [CachedHour(20.0, 30.0, 8.0)])
    assert [hour.start for hour in read(path, "uk", "GB", 15, 30)] == [10.0, 20.0]
    assert read(path, "uk", "GB", 0, 1) == [CachedHour(0.0, 10.0, 0.0, fetched_at=99.0)]


def test_nothing_is_made_by_asking(path: Path) -> None:
    """Where there is no database there are no hours, and none is made."""
    assert read(path, "uk", "GB", 0, 100) == []
    assert not path.exists()


def test_newer_takes_the_place_of_older_but_for_less_sure(path: Path) -> None:
    """A figure that came about is not replaced by a forecast, nor by a gap; the time of asking is the newest."""
    forecast, seen, gap = (
        CachedHour(0, 10, 5.0, forecast=True),
        CachedHour(0, 10, 6.0),
        CachedHour(0, 10, None, fetched_at=50.0),
    )
    for new, then in (
        (CachedHour(0, 10, None), CachedHour(0, 10, None)),
        (forecast, forecast),
        (gap, forecast._replace(fetched_at=50.0)),
        (seen, seen),
        (forecast, seen),
        (gap, seen._replace(fetched_at=50.0)),
    ):
        keep(path, "uk", "GB", [new])
        assert read(path, "uk", "GB", 0, 10) == [then]
