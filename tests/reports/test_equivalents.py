"""Equivalents: energy from energy, carbon from carbon, few, and in numbers that say something."""

from hypothesis import given
from hypothesis import strategies as st

from greentrack.reports.equivalents import CONSTANTS, equivalents
from greentrack.reports.figures import Figure


def figure(value: float, spread: float = 0.0) -> Figure:
    return Figure(value=value, low=value * (1 - spread), high=value * (1 + spread))


def test_a_kilowatt_hour_is_nine_kettles() -> None:
    """1 kWh / 0.11 kWh is 9.1 litres of water boiled; the range goes along."""
    kettle = equivalents(figure(1.0, 0.1), figure(0.0))[0]
    assert (kettle.n, kettle.low, kettle.high) == (9.1, 8.2, 10.0)
    assert kettle.text == "9.1 litres of water boiled in a kettle (8.2–10)"
    assert (kettle.constant, kettle.unit) == (0.11, "kWh")


def test_kilometres_come_from_grams_only() -> None:
    """2.44 kg is 10 km in a US car, whatever the energy was; a run without carbon has no kilometres."""
    for kwh in (0.5, 50.0):
        shown = [item for item in equivalents(figure(kwh), figure(2440.0)) if item.unit == "g CO2e"]
        assert [item.n for item in shown] == [10.0]
    assert all(item.unit == "kWh" for item in equivalents(figure(5.0), figure(0.0)))


def test_the_place_picks_the_home_and_the_car() -> None:
    """A run in Britain is compared with a UK home, one in France with a new EU car, others with the US ones."""
    uk = [item.what for item in equivalents(figure(400.0), figure(0.0), "GB")]
    us = [item.what for item in equivalents(figure(400.0), figure(0.0), "US-CA")]
    assert "days of a UK home's electricity" in uk
    assert "days of a US home's electricity" in us
    assert equivalents(figure(1.0), figure(1068.0), "FR")[-1].text == "10 km in a new EU car"


def test_a_tiny_run_is_seconds_of_light_or_nothing() -> None:
    """3 Wh is 18 minutes of a small lamp; 1 mJ is like nothing in a household."""
    assert equivalents(figure(0.003), figure(0.1))[0].text == "18 minutes of a 10 W lamp"
    assert equivalents(figure(1e-3 / 3.6e6), figure(1e-9)) == ()


@given(st.floats(0, 1e9), st.floats(0, 1e12), st.floats(0, 0.9), st.sampled_from(["", "GB", "FR", "US-CA", "WORLD"]))
def test_never_more_than_three_and_always_in_range(kwh: float, grams: float, spread: float, zone: str) -> None:
    """At most three, 0.1 <= n <= 1000, two significant digits, low <= n <= high, one carbon at most."""
    shown = equivalents(figure(kwh, spread), figure(grams, spread), zone)
    assert len(shown) <= 3
    assert sum(item.unit == "g CO2e" for item in shown) <= 1
    for item in shown:
        assert 0.1 <= item.n <= 1000
        assert item.low <= item.n <= item.high
        assert float(f"{item.n:.2g}") == item.n


def test_every_constant_has_a_source_and_a_year() -> None:
    """A constant without a source is an opinion."""
    assert all(constant.source and 2000 < constant.year < 2030 and constant.each > 0 for constant in CONSTANTS)
