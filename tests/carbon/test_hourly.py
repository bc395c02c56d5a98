"""Joules at the carbon of their hours."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.carbon.base import Intensity, NotHourly
from greentrack.carbon.hourly import Series, applied
from greentrack.store.intensity_cache import CachedHour

HOUR = 3600.0
NOON = 1_790_000_000.0 // HOUR * HOUR
YEARLY = Intensity(zone="GB", name="United Kingdom", g_per_kwh=200.0, source="Ember", year=2025)


def series(*figures: float | None, boundary: str = "life-cycle", forecast: bool = False) -> Series:
    """Hours from NOON on; None is a gap."""
    hours = (
        CachedHour(NOON + number * HOUR, NOON + (number + 1) * HOUR, figure, forecast)
        for number, figure in enumerate(figures)
    )
    return Series("GB", tuple(hour for hour in hours if hour.g_per_kwh is not None), "a source", boundary)


def test_each_joule_counts_at_its_own_hour() -> None:
    """3 kWh at 100 g and 1 kWh at 300 g are 600 g: 150 g/kWh, not the 200 of the hours' own mean."""
    stretches = [(NOON + HOUR, HOUR, 3 * 3.6e6), (NOON + 2 * HOUR, HOUR, 1 * 3.6e6)]
    found = applied(stretches, series(100, 300), YEARLY)
    assert found.g_per_kwh * 4 == pytest.approx(600)
    assert (found.hourly_share, found.yearly, found.zone, found.source) == (1.0, None, "GB", "a source")
    assert found.how == "hour by hour; zone given"


def test_a_reading_across_two_hours_is_split_by_time() -> None:
    """A quarter of it before one o'clock, three quarters after: 0.25 x 100 + 0.75 x 300 = 250 g/kWh."""
    found = applied([(NOON + HOUR + 900, 1200, 5.0)], series(100, 300), YEARLY)
    assert found.g_per_kwh == pytest.approx(250)


def test_rounding_is_no_gap() -> None:
    """A Unix time is kept to 0.24 us, a millionth of a short reading: what lies within the hours is all covered."""
    stretches = [(NOON + 0.2 * n, 0.2, 60.0) for n in range(1, 100)]
    found = applied(stretches, series(100, 300), YEARLY)
    assert (found.hourly_share, found.yearly, found.note) == (1.0, None, "")


def test_several_devices_add_up() -> None:
    """Two devices in the same hour are one amount of energy: 2 J at 100 g, 2 J at 300 g are 200 g/kWh."""
    first, second = (NOON + HOUR, HOUR, 1.0), (NOON + 2 * HOUR, HOUR, 2.0)
    assert applied([first, first, second], series(100, 300), YEARLY).g_per_kwh == pytest.approx(200)


def test_hours_without_a_figure_count_at_the_yearly_average_and_are_said() -> None:
    """One kWh at 100 g and one in a gap at 200 g: 150 g/kWh, and half of it is hourly."""
    stretches = [(NOON + HOUR, HOUR, 3.6e6), (NOON + 2 * HOUR, HOUR, 3.6e6)]
    found = applied(stretches, series(100, None), YEARLY)
    assert (found.g_per_kwh, found.hourly_share) == pytest.approx((150, 0.5))
    assert found.yearly == YEARLY
    assert "50 % of the energy" in found.note
    assert "yearly average (200 g/kWh, life-cycle, 2025)" in found.note
    assert (found.low, found.high) == pytest.approx((95 + 180 - 275 / 2, 105 + 220 - 325 / 2))  # 5 % and 10 %, by half


def test_hours_before_and_after_the_series_are_gaps_too() -> None:
    """A run from eleven to two of which only noon to one is known: a third."""
    found = applied([(NOON + 2 * HOUR, 3 * HOUR, 9.0)], series(100), YEARLY)
    assert found.hourly_share == pytest.approx(1 / 3)


def test_nothing_that_fits_is_the_yearly_average_with_a_note() -> None:
    """Another day's file changes nothing, and says so; so does a run without joules."""
    for stretches in ([(NOON - HOUR, HOUR, 1.0)], [(NOON + HOUR, HOUR, 0.0)], []):
        found = applied(stretches, series(100), YEARLY)
        assert (found.g_per_kwh, found.source, found.hourly_share) == (200.0, "Ember", 0.0)
        assert (found.note, found.not_hourly) == ("", NotHourly("no figure", "a source"))


def test_an_hour_without_carbon_is_no_gap() -> None:
    """0 g/kWh is a figure."""
    found = applied([(NOON + HOUR, HOUR, 1.0)], series(0.0), YEARLY)
    assert (found.g_per_kwh, found.low, found.high, found.hourly_share) == (0.0, 0.0, 0.0, 1.0)


def test_forecasts_and_estimates_are_said_and_less_sure() -> None:
    """10 % each way instead of 5 %."""
    sure, forecast = (applied([(NOON + HOUR, HOUR, 1.0)], series(100, forecast=told), YEARLY) for told in (False, True))
    assert (sure.low, sure.high, sure.note) == (95.0, 105.0, "")
    assert (forecast.low, forecast.high) == pytest.approx((90.0, 110.0))
    assert "forecasts or estimates" in forecast.note


def test_another_boundary_is_said() -> None:
    """Figures that count chimneys only are not taken for life-cycle ones."""
    found = applied([(NOON + HOUR, HOUR, 1.0)], series(100, boundary="direct"), YEARLY)
    assert found.boundary == "direct"
    assert "chimneys only" in found.note


def test_a_mean_needs_every_hour() -> None:
    """From half past twelve to half past one it is 200 g/kWh; with a gap in it there is none."""
    assert series(100, 300).mean(NOON + 1800, NOON + 5400) == pytest.approx(200)
    assert series(100, None, 300).mean(NOON + 1800, NOON + 5400) is None
    assert series(100, 300).mean(NOON - 1, NOON + 1800) is None


stretches_ = st.lists(
    st.tuples(st.floats(NOON - 2 * HOUR, NOON + 6 * HOUR), st.floats(0.001, 5 * HOUR), st.floats(0.001, 1e9)),
    min_size=1,
    max_size=20,
)


@given(stretches_, st.lists(st.none() | st.floats(0, 2000), min_size=1, max_size=5))
def test_the_mean_lies_between_the_least_and_the_most(
    stretches: Sequence[tuple[float, float, float]], figures: list[float | None]
) -> None:
    """Whatever the hours and gaps: no figure comes from outside of those that went in, and shares are shares."""
    found = applied(stretches, series(*figures), YEARLY)
    used = [figure for figure in figures if figure is not None] + [YEARLY.g_per_kwh]
    assert min(used) - 1e-6 <= found.g_per_kwh <= max(used) + 1e-6
    assert found.hourly_share is not None
    assert 0 <= found.hourly_share <= 1 + 1e-9
    assert found.low - 1e-9 <= found.g_per_kwh <= found.high + 1e-9


@given(stretches_)
def test_a_constant_grid_is_that_constant(stretches: Sequence[tuple[float, float, float]]) -> None:
    """Hours that all have the yearly figure change nothing, whatever part of the energy they cover."""
    found = applied(stretches, series(200, 200, None, 200), YEARLY)
    assert found.g_per_kwh == pytest.approx(200)
