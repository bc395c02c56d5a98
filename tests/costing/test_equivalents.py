"""Equivalents: energy from energy, carbon from carbon, few, and in numbers that say something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.costing.equivalents import Equivalent, constant, constants, equivalents
from greentrack.quantity import Figure


def figure(value: float, spread: float = 0.0) -> Figure:
    return Figure(value=value, low=value * (1 - spread), high=value * (1 + spread))


def of(kwh: float, g: float = 0.0, zone: str = "") -> dict[str, Equivalent]:
    return {shown.what: shown for shown in equivalents(figure(kwh), figure(g), zone)}


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


@pytest.mark.parametrize(
    ("zone", "kwh_a_year", "whose"),
    [
        ("US-CA", 10_260, "a US home's"),  # EIA, FAQ 97, 2023
        ("GB", 2500, "a UK home's"),  # Ofgem's medium household, July 2026
        ("FR", 3600, "an EU home's"),  # Odyssee-Mure, November 2025
        ("CN-BJ", 3000, "a Chinese home's"),  # 1,490 TWh / 490 million households
        ("NO", 10_260, "a US home's"),  # in the car's table of Europe, but no member: nobody's figure is its own
    ],
)
def test_the_home_is_the_readers_own(zone: str, kwh_a_year: float, whose: str) -> None:
    """Twenty days' worth of kWh is 20 days; twenty years' worth is 20 years."""
    days, years = (of(kwh, zone=zone) for kwh in (kwh_a_year / 365 * 20, kwh_a_year * 20))
    assert days[f"days of {whose} electricity"].n == 20
    assert years[f"years of {whose} electricity"].n == 20


@given(st.floats(1e-3, 1e7), st.sampled_from(["GB", "FR", "CN"]))
def test_a_reader_with_a_home_of_their_own_never_gets_another(kwh: float, zone: str) -> None:
    """Also where another's would be the rounder number."""
    assert not [what for what in of(kwh, kwh * 400, zone) if "US" in what and "car" not in what]


def test_the_place_picks_the_car() -> None:
    """106.8 g/km (EEA, 2024) in the EU and Norway, 244 g/km (US EPA, 393 g a mile) elsewhere."""
    assert of(1.0, 1068.0, "FR")["km in a new EU car"].text == "10 km in a new EU car"
    assert of(1.0, 1068.0, "NO")["km in a new EU car"].n == 10
    assert of(1.0, 2440.0, "IN")["km in an average US passenger car"].n == 10


def test_what_is_too_much_for_a_car_flies() -> None:
    """5.7 t is 10 flights from New York to San Francisco at 570 kg each (Green Algorithms), not 23,000 km."""
    (flight,) = (shown for shown in of(10_000.0, 5.7e6, "US").values() if shown.unit == "g CO2e")
    assert (flight.what, flight.n) == ("flights New York to San Francisco", 10)


def test_an_uncertain_constant_widens_the_range_and_says_about() -> None:
    """10 kWh is about 10 hours of room air conditioning; at 1.5 and 0.6 kWh an hour it is 6.7 and 17."""
    assert constant("hours of room air conditioning").about
    air = of(10.0)["hours of room air conditioning"]
    assert (air.n, air.low, air.high) == (10.0, 6.7, 17.0)
    assert air.text.startswith("about 10 hours")
    assert air.source.endswith("; 0.6 to 1.5 kWh")


def test_both_ranges_are_carried() -> None:
    """The run's range and the constant's together are wider than either: 10 % and 33 % below are 35 %."""
    number = constant("hours of room air conditioning").number_in(figure(10.0, 0.1))
    assert number.low == pytest.approx(10 * (1 - (0.1**2 + (1 / 3) ** 2) ** 0.5))
    assert number.high == pytest.approx(10 * (1 + (0.1**2 + (2 / 3) ** 2) ** 0.5))


def test_no_trees() -> None:
    """The usual factor is a seedling's over ten years and is mostly told as a year's."""
    assert not [known.text for known in constants() if "tree" in known.text]


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


def test_every_constant_has_a_source_and_a_year_and_one_that_is_about_has_a_range() -> None:
    """A constant without a source is an opinion, and a rough one without a range a lie."""
    assert all(known.source and 2000 < known.year < 2030 for known in constants())
    assert all(0 < known.figure.low <= known.figure.value <= known.figure.high for known in constants())
    assert all(known.figure.low < known.figure.high for known in constants() if known.about)
