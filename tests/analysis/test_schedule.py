"""The best hours to start: ranked by the mean of what follows."""

import pytest

from greentrack.analysis.schedule import ranked, watts_of
from greentrack.carbon.hourly import Series
from greentrack.errors import ConfigError, SourceError
from greentrack.quantity import Figure
from greentrack.reports.schedule_json import to_dict
from greentrack.reports.schedule_notes import schedule_notes
from greentrack.store.intensity_cache import CachedHour

HOUR = 3600.0
NOON = 1_790_000_000.0 // HOUR * HOUR
KWH = Figure(value=2.0, low=2.0, high=2.0)


def forecast(*figures: float, step: float = HOUR) -> Series:
    hours = (CachedHour(NOON + n * step, NOON + (n + 1) * step, figure, True) for n, figure in enumerate(figures))
    return Series("GB", tuple(hours), "a forecast")


def test_the_least_mean_comes_first_and_is_held_against_now() -> None:
    """Two hours from noon on are 250 g/kWh, from two o'clock 100: 2 kWh are 500 g now and 200 g then, 60 % less."""
    found = ranked(forecast(300, 200, 100, 100, 400), now=NOON, hours=2, kwh=KWH)
    assert [((start.at - NOON) / HOUR, start.g_per_kwh) for start in found.best] == [(2, 100), (1, 150), (3, 250)]
    first = found.best[0]
    assert first.g is not None
    assert found.now is not None
    assert found.now.g is not None
    assert (first.g.value, first.saved, found.now.g.value) == pytest.approx((200, 0.6, 500))
    assert (first.g.low, first.g.high) == pytest.approx((180, 220))  # a forecast may be 10 % off


def test_a_worse_start_saves_less_than_nothing() -> None:
    """From 100 to 150 g/kWh is half as much again."""
    found = ranked(forecast(100, 150), now=NOON, hours=1, kwh=None)
    assert [start.saved for start in found.best] == pytest.approx([-0.5])
    assert found.best[0].g is None


def test_only_starts_that_the_forecast_covers_to_the_end_are_ranked() -> None:
    """Of a forecast of five hours, work of three hours can begin now, at one and at two."""
    found = ranked(forecast(1, 2, 3, 4, 5), now=NOON + 60, hours=3, kwh=None)
    assert sorted((start.at - NOON) / HOUR for start in found.best) == [1, 2]
    assert found.now is not None


def test_starts_are_whole_hours_of_the_next_day() -> None:
    """Of half hours every second one, and none that is more than 24 hours away."""
    found = ranked(forecast(*range(96), step=HOUR / 2), now=NOON + 60, hours=1, kwh=None)
    assert sorted((start.at - NOON) / HOUR for start in found.best) == list(range(1, 25))


def test_without_a_figure_for_now_savings_are_not_known() -> None:
    """A forecast that begins in an hour says so."""
    found = ranked(forecast(1, 2, 3), now=NOON - HOUR, hours=1, kwh=None)
    assert found.now is None
    assert {start.saved for start in found.best} == {None}
    assert "savings are not known" in list(schedule_notes(found))[-1]


def test_a_clean_hour_now_leaves_nothing_to_save() -> None:
    """Of 0 g/kWh no part can be saved."""
    found = ranked(forecast(0, 2), now=NOON, hours=1, kwh=None)
    assert {start.saved for start in found.best} == {None}


def test_a_forecast_that_is_too_short_is_told_with_its_end() -> None:
    """Two hours of it for work of three; likewise one that is over, and none."""
    for series, now in ((forecast(1, 2), NOON), (forecast(1, 2, 3), NOON + 9 * HOUR), (forecast(), NOON)):
        with pytest.raises(SourceError, match=r"covers no 3 h from now .*; it (ends at 20|is empty)"):
            ranked(series, now=now, hours=3, kwh=None)


def test_a_file_that_reaches_far_is_looked_at_for_a_day() -> None:
    """A year of hours takes no longer to rank than the day that matters."""
    assert len(ranked(forecast(*[1.0] * 8760), now=NOON, hours=3, kwh=None).best) == 24


def test_json_has_every_start_in_the_order_of_carbon() -> None:
    """With what is not known as null."""
    made = to_dict(ranked(forecast(300, 200, 100), now=NOON, hours=1, kwh=None))
    assert [start["g_per_kwh"] for start in made["best"]] == [100, 200]  # type: ignore[attr-defined]
    assert (made["kwh"], made["zone"], made["hours"]) == (None, "GB", 1)


@pytest.mark.parametrize("wrong", ["", "300", "300 J", "300mW", "-3W", "0W", "nanW", "1e3W", "W"])
def test_a_power_needs_a_number_and_its_unit(wrong: str) -> None:
    """What is no power is refused with an example, and mW too: megawatts are MW, and no training draws milliwatts."""
    with pytest.raises(ConfigError, match="300W"):
        watts_of(wrong)
