"""What predictions and tokens cost: figures that can be redone on paper, with their ranges."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.costing.api import summary_of
from greentrack.costing.tariffs import Money
from greentrack.costing.unit_costs import UnitCost, unit_costs
from greentrack.model import DeviceUse, Record
from greentrack.quantity import Figure
from greentrack.reports.json import to_dict
from greentrack.reports.lines import unit_cost

KWH = 3.6e6
MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]


def figure(value: float, low: float | None = None, high: float | None = None) -> Figure:
    return Figure(value=value, low=value if low is None else low, high=value if high is None else high)


def rate(joules: Figure, money: Money | None = None, **work: float) -> UnitCost:
    (made,) = unit_costs(work, joules, money)
    return made


def test_a_kilowatt_hour_for_a_million_predictions_is_3_6_joules_each() -> None:
    """3.6e6 J / 1e6 = 3.6 J; 1e6 a kWh; an hour of room air conditioning (1.0 kWh, 0.6 to 1.5) is worth 1e6 too."""
    made = rate(figure(KWH), predictions=1e6)
    assert made.joules == figure(3.6)
    assert made.per_kwh == figure(1e6)
    air = made.per_air_hour
    assert (air.value, air.low, air.high) == pytest.approx((1e6, 0.6e6, 1.5e6))
    assert unit_cost(made) == (
        "1,000,000 predictions per kWh; about 1,000,000 (600,000–1,500,000) per hour of room air conditioning"
    )


def test_tokens_are_told_by_the_thousand() -> None:
    """7.2 MJ for 2,000,000 tokens is 3,600 J per 1,000 of them and a million tokens per kWh."""
    made = rate(figure(2 * KWH), tokens=2e6)
    assert made.joules.value == pytest.approx(3600)
    assert made.per_kwh.value == pytest.approx(1e6)
    assert unit_cost(made).startswith("3,600 J per 1,000 tokens; ")


def test_money_is_told_by_the_million() -> None:
    """0.30 EUR (0.20 to 0.40) for 500,000 predictions is 0.60 EUR (0.40 to 0.80) per million."""
    money = Money(figure(0.30, 0.20, 0.40), "EUR", "owner", "given by the user", 2026, "")
    made = rate(figure(KWH), money, predictions=5e5)
    assert made.money is not None
    assert (made.money.value, made.money.low, made.money.high) == pytest.approx((0.60, 0.40, 0.80))
    assert unit_cost(made).endswith("; 0.6 EUR (0.4–0.8) per million predictions")


def test_without_a_price_there_is_no_money() -> None:
    """Absent is not zero."""
    made = rate(figure(KWH), requests=10)
    assert (made.money, made.currency) == (None, "")
    assert "million" not in unit_cost(made)


def test_the_least_energy_makes_the_most_predictions() -> None:
    """1 kWh (0.5 to 2) for 100 requests: 50 to 200 per kWh."""
    made = rate(figure(KWH, KWH / 2, KWH * 2), requests=100)
    assert (made.per_kwh.low, made.per_kwh.high) == pytest.approx((50, 200))


def test_a_range_that_begins_at_nothing_has_no_upper_end() -> None:
    """Said in words, not as infinity."""
    made = rate(figure(KWH, 0.0, KWH), requests=100)
    assert math.isinf(made.per_kwh.high)
    assert "100 requests (100 or more) per kWh" in unit_cost(made)


@pytest.mark.parametrize(
    ("work", "joules"),
    [
        ({}, figure(1.0)),
        ({"samples": 10.0, "steps": 2.0}, figure(1.0)),  # a training
        ({"predictions": 0.0}, figure(1.0)),
        ({"predictions": 10.0}, figure(0.0)),
        ({"predictions": 10.0}, None),
    ],
)
def test_nothing_is_said_where_there_is_nothing_to_say(work: dict[str, float], joules: Figure | None) -> None:
    """No predictions, none done, nothing measured."""
    assert unit_costs(work, joules) == ()


def test_samples_are_told_where_predictions_are() -> None:
    """A run that predicts may count both."""
    made = unit_costs({"samples": 8.0, "predictions": 4.0}, figure(KWH))
    assert [(one.unit, one.joules.value) for one in made] == [("predictions", 9e5), ("samples", 4.5e5)]


def test_a_report_tells_each_figure_once(use: MakeUse, record: MakeRecord) -> None:
    """1 kWh for 1,000,000 predictions: 3.6 J with the work, the rates below it, and what an hour of cooling is."""
    summary = summary_of(record(use(watts=1000.0), work={"predictions": 1e6}), tariff="0.20 EUR")
    text = " ".join(str(summary).split())
    assert text.count("3.6 J (3.6–3.6) each that is 1,000,000 predictions per kWh; about 1,000,000") == 1
    assert "0.2 EUR per million predictions" in text
    assert "an hour of room air conditioning, kWh: 1 (0.6 to 1.5)" in text
    (made,) = to_dict(summary)["rates"]
    assert made["joules"] == {"value": 3.6, "low": 3.6, "high": 3.6}
    assert made["money_per_million"]["value"] == pytest.approx(0.20)
    assert made["currency"] == "EUR"


def test_energy_and_money_are_of_one_boundary(use: MakeUse, record: MakeRecord) -> None:
    """1 kWh at a PUE of 1.5 for 1,000,000 predictions: 5.4 J each, and 1.5 x 0.20 EUR a million; it is said."""
    done = record(use(watts=1000.0), work={"predictions": 1e6})
    summary = summary_of(done, tariff="0.20 EUR", pue=1.5)
    (made,) = summary.rates
    assert (made.joules.value, made.per_kwh.value) == pytest.approx((5.4, 1e6 / 1.5))
    assert made.money is not None
    assert made.money.value == pytest.approx(0.30)
    assert unit_cost(made).startswith("5.4 J (")
    assert unit_cost(made).endswith("; all of it with the data centre's overhead")
    assert to_dict(summary)["rates"][0]["overhead"] is True
    (without,) = summary_of(done, tariff="0.20 EUR").rates
    assert without.joules.value == pytest.approx(3.6)
    assert not without.has_overhead
    assert "overhead" not in unit_cost(without)


def test_a_training_has_no_rates(use: MakeUse, record: MakeRecord) -> None:
    """Neither in the text, nor in the JSON, nor among the assumptions."""
    summary = summary_of(record(use(), work={"samples": 1e6}))
    assert to_dict(summary)["rates"] == []
    assert "cooling" not in str(summary)
    assert "an hour of room air conditioning" not in str(summary)


@given(st.floats(1e-3, 1e12), st.floats(1, 1e12), st.floats(0, 0.9))
def test_joules_and_predictions_per_kwh_are_the_same_figure(joules: float, total: float, off: float) -> None:
    """J each x number per kWh is a kWh, at the value and at both ends."""
    made = rate(figure(joules, joules * (1 - off), joules * (1 + off)), predictions=total)
    assert made.joules.value * made.per_kwh.value == pytest.approx(KWH)
    assert made.joules.low * made.per_kwh.high == pytest.approx(KWH)
    assert made.joules.high * made.per_kwh.low == pytest.approx(KWH)
    assert made.per_air_hour.low <= made.per_kwh.low
