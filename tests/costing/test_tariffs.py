"""Tariffs: those that ship, those that users write, and what electricity costs under them."""

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.costing.line_items import electricity
from greentrack.costing.tariffs import CURRENCIES, electricity_cost, household_tariff, parse_tariff, price_of
from greentrack.data.tables import rows
from greentrack.errors import ConfigError
from greentrack.model import Record, RunInfo
from greentrack.quantity import Figure


def test_two_kwh_at_20_cents_are_40_cents() -> None:
    """7.2 MJ x 0.20 EUR/kWh = 0.40 EUR; a price that the user gives adds nothing to the range."""
    tariff = parse_tariff("0.20 EUR")
    energy = Figure(value=7.2e6, low=6.3e6, high=8.1e6)
    money = electricity_cost(energy, tariff.price, tariff, "")
    assert (money.amount.value, money.amount.low, money.amount.high) == pytest.approx((0.40, 0.35, 0.45))
    assert (money.currency, money.basis, money.note) == ("EUR", "owner", "electricity at 0.2 EUR/kWh")


@pytest.mark.parametrize("text", ["0.12 EUR", "0.12EUR", " 0.12 eur ", "0.12 EUR/kWh", ".12 EUR / kWh", "12e-2 EUR"])
def test_a_price_is_read_however_it_is_spaced(text: str) -> None:
    """A number and an ISO 4217 code, per kWh."""
    tariff = parse_tariff(text)
    assert tariff.price == Figure(value=0.12, low=0.12, high=0.12)
    assert tariff.currency == "EUR"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0.12", ["'0.12'", "currency", "tariff = '0.30 EUR'"]),
        ("12 ct", ["'12 ct'", "currency"]),
        ("$0.12", ["currency"]),
        ("EUR", ["''", "not a number"]),
        ("", ["''", "currency"]),
        ("0.12 ERU", ["'ERU'", "did you mean EUR"]),
        ("0,12 EUR", ["decimal point"]),
        ("-0.12 EUR", ["negative"]),
        ("nan EUR", ["not a number"]),
        ("inf EUR", ["not a number"]),
        ("0.12 EUR/MWh", ["per kWh"]),
        ("0.30 EUR; 22:30-6 0.18", ["22:30-6", "whole hours"]),
        ("0.30 EUR; 22-6 0.18 USD", ["whole hours"]),
        ("0.30 EUR; 22-25 0.18", ["22-25"]),
        ("0.30 EUR; 6-6 0.18", ["6-6"]),
        ("0.30 EUR; 1-3 0.1; 2-4 0.2", ["two prices", "2 o'clock"]),
        ("0.30 EUR; 1-3 -0.1", ["negative"]),
        ("0.30 EUR;", ["''"]),
    ],
)
def test_a_tariff_that_cannot_be_read_is_refused_in_one_line(text: str, says: list[str]) -> None:
    """The message has what was written and what would be right; nothing is guessed."""
    with pytest.raises(ConfigError) as caught:
        parse_tariff(text)
    assert "\n" not in str(caught.value)
    for word in says:
        assert word in str(caught.value)


def test_a_night_tariff_holds_across_midnight() -> None:
    """From 22 to 6 o'clock 0.18, else 0.30: eight and sixteen hours, 0.26 on average."""
    tariff = parse_tariff("0.30 EUR; 22-6 0.18")
    assert tariff.hours == (*[0.18] * 6, *[0.30] * 16, *[0.18] * 2)
    assert tariff.price.value == pytest.approx((8 * 0.18 + 16 * 0.30) / 24)


def test_several_windows_and_midnight_as_24() -> None:
    """The currency may be said again; 24 is the end of the day."""
    tariff = parse_tariff("0.30 EUR; 0-6 0.10 EUR; 18-24 0.50 EUR/kWh")
    assert tariff.hours == (*[0.10] * 6, *[0.30] * 12, *[0.50] * 6)


def test_a_file_has_a_price_for_each_hour(tmp_path: Path) -> None:
    """24 rows below hour,EUR."""
    file = tmp_path / "prices.csv"
    file.write_text("# my supplier\nhour,EUR\n" + "".join(f"{hour},{hour / 100}\n" for hour in range(24)))
    tariff = parse_tariff(str(file))
    assert tariff.hours[23] == 0.23
    assert (tariff.currency, tariff.source) == ("EUR", str(file))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read"),
        ("", "hour,EUR"),
        ("0,0.3\n", "hour,EUR"),
        ("hour,price\n0,0.3\n", "hour,EUR"),
        ("hour,EUR\n0,0.3\n1,0.3\n", "no price for the hours 2, 3"),
        ("hour,EUR\n0,0.3\n0,0.3\n", "row 3 has a second price"),
        ("hour,EUR\n24,0.3\n", "row 2"),
        ("hour,EUR\n0;0.3\n", "row 2"),
        ("hour,EUR\n0,-0.3\n", "negative"),
        ("hour,EUR\n0,dear\n", "'dear' is not a number"),
        ("hour,EUR\n0,1_0\n", "'1_0' is not a number"),
    ],
)
def test_a_file_with_holes_or_nonsense_is_refused(tmp_path: Path, text: str | None, says: str) -> None:
    """It names the file, the row, and what is wrong."""
    file = tmp_path / "prices.csv"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError, match=says) as caught:
        parse_tariff(str(file))
    assert str(file) in str(caught.value)


@given(st.text())
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    """No other error gets out of the parser."""
    try:
        tariff = parse_tariff(text)
    except ConfigError:
        return
    assert tariff.price.value >= 0
    assert tariff.currency in CURRENCIES


@given(st.lists(st.floats(0.01, 1), min_size=24, max_size=24), st.floats(0.0, 1), st.floats(0.0, 1))
def test_a_price_by_hour_lies_between_the_least_and_the_most(weights: list[float], base: float, night: float) -> None:
    """However the energy is spread over the day."""
    tariff = parse_tariff(f"{base} EUR; 22-6 {night}")
    shares = [weight / sum(weights) for weight in weights]
    assert min(base, night) - 1e-9 <= price_of(tariff, shares).value <= max(base, night) + 1e-9


def test_germanys_households_pay_38_cents() -> None:
    """Eurostat nrg_pc_204, first half of 2025: 0.3835 EUR, and 15 % more or less by contract."""
    tariff = household_tariff("DE")
    assert tariff is not None
    assert (tariff.price.value, tariff.currency, tariff.until) == (0.3835, "EUR", "2025-06")
    assert (tariff.price.low, tariff.price.high) == pytest.approx((0.3835 * 0.85, 0.3835 * 1.15))
    assert tariff.note == "household price in DE"


def test_a_price_that_nobody_checked_says_so_and_has_a_wider_range() -> None:
    """France's is from no primary source: 30 % each way."""
    tariff = household_tariff("FR")
    assert tariff is not None
    assert tariff.note == "household price in FR, uncertain"
    assert tariff.price.high == pytest.approx(0.27 * 1.3)


@pytest.mark.parametrize("zone", ["US-CA", "aws:us-east-1", "gcp:us-central1", "azure:eastus", "us", "USA"])
def test_a_part_of_a_country_and_a_cloud_region_have_their_countrys_price(zone: str) -> None:
    """California's runs and Virginia's are priced as the United States'."""
    assert household_tariff(zone) == household_tariff("US") is not None


@pytest.mark.parametrize("zone", [None, "WORLD", "IS", "aws:nowhere-1"])
def test_a_place_without_a_row_has_no_tariff(zone: str | None) -> None:
    """Never a neighbour's price."""
    assert household_tariff(zone) is None


def test_the_users_own_price_comes_before_the_tables() -> None:
    """And in whatever currency it is."""
    own, today = parse_tariff("1.50 SEK"), datetime.date(2026, 11, 22)
    kwh = Figure.exact(3.6e6)
    money = electricity(Record(run=RunInfo(id="1", name="run")), kwh, own, zone="DE", readings=None, today=today).money
    assert money is not None
    assert (money.amount.value, money.currency) == (1.5, "SEK")


def test_every_row_of_the_table_is_a_price_with_source_and_date() -> None:
    """A currency that exists, a plausible amount, once a country."""
    table = list(rows("tariffs.csv"))
    assert len({row["country"] for row in table}) == len(table) > 20
    for row in table:
        assert row["currency"] in CURRENCIES
        assert 0.01 < float(row["per_kwh"]) < 1
        assert row["certainty"] in {"checked", "uncertain"}
        assert (row["certainty"] == "uncertain") == ("no primary source" in row["source"])
        assert household_tariff(row["country"]) is not None
