"""Forecasts as reports show them: energy, carbon, money and time with their ranges, at the prices of what came."""

import itertools
import json
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.costing.api import summary_of
from greentrack.costing.forecast_costs import came_to, cost_of, cost_so_far, forecast_cost
from greentrack.costing.summary import Summary
from greentrack.model import DeviceUse, Forecast, Record
from greentrack.quantity import Figure, product, quotient
from greentrack.reports import json as as_json
from greentrack.reports import markdown
from greentrack.reports.forecast_text import remarks as remarks_of
from greentrack.reports.html import tables
from greentrack.reports.text import render

KWH = 3.6e6
HOUR = 3600.0
MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]


def forecast(kwh: float = 0.72, seconds: float = 2 * HOUR, off: float = 0.25) -> Forecast:
    """Twice what comes, give or take a quarter, unless said otherwise."""
    return Forecast(
        at=1_790_000_900.0,
        progress=0.1,
        joules=kwh * KWH,
        joules_low=kwh * KWH * (1 - off),
        joules_high=kwh * KWH * (1 + off),
        seconds=seconds,
        seconds_low=seconds * (1 - off),
        seconds_high=seconds * (1 + off),
    )


@pytest.fixture
def made(use: MakeUse, record: MakeRecord) -> Callable[..., Summary]:
    """An hour at 360 W that was forecast once to take twice as much."""

    def make(**options: Any) -> Summary:
        return summary_of(record(use(), forecasts=(forecast(),)), **options)

    return make


def test_a_forecast_costs_what_its_joules_cost_as_a_run(use: MakeUse, record: MakeRecord) -> None:
    """0.72 kWh (0.54 to 0.9) x 1.5 x 0.50 EUR = 0.54 EUR, 27 % each way; its grams are those of a run of 0.72 kWh."""
    options: dict[str, Any] = {"pue": 1.5, "tariff": "0.50 EUR"}
    summary = summary_of(record(use(), forecasts=(forecast(),)), **options)
    twice = summary_of(record(use(watts=720.0)), **options)
    expected = forecast_cost(summary.forecasts[0], summary)
    assert expected.money is not None
    assert expected.money.currency == "EUR"
    value, low, high = expected.money.amount
    assert value == pytest.approx(0.54)
    off = math.hypot(0.25, 0.10)  # of the forecast, and of a PUE
    assert (low, high) == pytest.approx((0.54 * (1 - off), 0.54 * (1 + off)))
    assert expected.g is not None
    assert twice.g is not None
    assert expected.g.value == pytest.approx(twice.g.value)
    assert (expected.seconds.value, expected.seconds.low) == (2 * HOUR, 1.5 * HOUR)


def test_the_range_of_the_carbon_has_the_intensitys_in_it(made: Callable[..., Summary]) -> None:
    """25 % of the joules and what the grid may be off, as independent errors: wider than either."""
    summary = made()
    g = forecast_cost(summary.forecasts[0], summary).g
    assert g is not None
    grid = summary.intensity
    grams = product(Figure(0.72, 0.54, 0.9), Figure(grid.g_per_kwh, grid.low, grid.high))
    assert g == pytest.approx(grams)
    assert g.low < 0.75 * g.value
    assert g.high > 1.25 * g.value


def test_rent_is_for_the_time_that_was_forecast(made: Callable[..., Summary]) -> None:
    """One GPU for 2 h (1.5 to 2.5) at 2.00 USD an hour, whatever the energy: 4 USD (3 to 5)."""
    summary = made(rent="2.00 USD")
    money = forecast_cost(summary.forecasts[0], summary).money
    assert money is not None
    assert money.currency == "USD"
    assert tuple(money.amount) == pytest.approx((4.0, 3.0, 5.0))


def test_a_run_that_measured_nothing_has_no_price_for_its_forecast(use: MakeUse, record: MakeRecord) -> None:
    """Its joules stay as they were said; neither grams nor money are made up."""
    summary = summary_of(record(use(seconds=0.0), forecasts=(forecast(),)))
    expected = forecast_cost(summary.forecasts[0], summary)
    assert (expected.joules is None, expected.g, expected.money) == (False, None, None)
    assert "an energy that was not measured" in " ".join(markdown.render(summary).split())


def test_every_form_has_the_same_forecast_and_what_came(made: Callable[..., Summary]) -> None:
    """0.72 kWh at 0.50 EUR are 0.36 EUR; 0.36 kWh came, for 0.18 EUR."""
    summary = made(tariff="0.50 EUR")
    said = ["720 Wh (540–900)", "0.36 EUR (0.27–0.45)", "2 h (1 h 30 min to 2 h 30 min)"]
    came = ["360 Wh", "0.18 EUR", "1 h"]
    text = render(summary, width=400)
    table = tables.forecasts(summary)
    assert table is not None
    rows = markdown.render(summary).splitlines()
    for first, second in (
        next(pair for pair in itertools.pairwise(text.splitlines()) if "after 10 %" in pair[0]),
        (" ".join(table.rows[0]), " ".join(table.rows[1])),
        next(pair for pair in itertools.pairwise(rows) if "after 10 %" in pair[0]),
    ):
        assert [part for part in said if part not in first] == []
        assert [part for part in came if part not in second] == []
        assert "it came to" in second
    (one,) = as_json.to_dict(summary)["forecasts"]
    assert one["money"]["amount"] == pytest.approx({"value": 0.36, "low": 0.27, "high": 0.45})
    assert one["kwh"] == pytest.approx({"value": 0.72, "low": 0.54, "high": 0.9})
    assert one["seconds"] == {"value": 7200.0, "low": 5400.0, "high": 9000.0}
    ended = json.loads(as_json.render(summary))["came_to"]
    assert (ended["status"], ended["money"]["amount"]["value"], ended["seconds"]["value"]) == (
        "finished", pytest.approx(0.18), 3600.0,
    )  # fmt: skip


def test_without_a_forecast_nothing_is_said_of_one(use: MakeUse, record: MakeRecord) -> None:
    """Neither in text nor in Markdown, and JSON has an empty list and null."""
    summary = summary_of(record(use()))
    assert "\nforecast " not in str(summary)
    assert "forecast of" not in markdown.render(summary)
    assert (as_json.to_dict(summary)["forecasts"], as_json.to_dict(summary)["came_to"]) == ([], None)


def said(summary: Summary) -> list[str]:
    """Return what is said of the forecasts, once every form was seen to say it."""
    remarks = list(remarks_of(summary))
    table = tables.forecasts(summary)
    assert table is not None
    for form in (render(summary, width=400), markdown.render(summary).replace("\\", ""), table.remark):
        assert [remark for remark in remarks if remark not in form] == []
    return remarks


def test_a_runs_own_share_is_not_taken_for_what_was_forecast(use: MakeUse, record: MakeRecord) -> None:
    """A forecast is of the machine; where a report shows the run's own share beside it, it says so."""
    shared = record(use("cpu", "cpu", process=180 * HOUR), forecasts=(forecast(),))
    assert said(summary_of(shared)) == []
    assert said(summary_of(shared, scope="process")) == ["forecasts are of the whole machine, not the run's own share"]


@pytest.mark.parametrize(
    ("options", "remark"),
    [
        ({"pue": 1.5, "tariff": "0.50 EUR"}, ["energies are before a PUE of 1.5, carbon and money after it"]),
        ({"pue": 1.5, "rent": "2.00 USD"}, ["energies are before a PUE of 1.5, carbon after it"]),
        ({"tariff": "0.50 EUR"}, []),
    ],
    ids=["owner", "renter", "no PUE"],
)
def test_what_the_overhead_is_in_is_said(options: Any, remark: list[str], made: Callable[..., Summary]) -> None:
    """0.72 kWh and 0.54 EUR at 0.50 EUR a kWh make sense only to who knows that a PUE of 1.5 is in one of them."""
    assert said(made(**options)) == remark


def test_a_forecast_that_early_stopping_cut_short_is_an_upper_bound(use: MakeUse, record: MakeRecord) -> None:
    """The live line says "at most"; so does the report, or it looks as if the forecast had been wrong by far."""
    early = record(use(), forecasts=(forecast(),), params={"early_stopping": "val_loss"})
    assert said(summary_of(early)) == ["forecasts are upper bounds: early stopping (val_loss) is not foreseen"]


def test_that_a_forecasts_range_is_of_another_kind_is_said(use: MakeUse, record: MakeRecord) -> None:
    """A model is off by half or double, which no forecast of what it will say has in its range."""
    details = {"idle_watts": 2.0, "source": "s", "year": 2020}
    modelled = record(use("cpu", "cpu", method="cpu-model", details=details), forecasts=(forecast(off=0.01),))
    remark = "ranges of forecasts are of what was to come, without the meters' own error"
    assert said(summary_of(modelled)) == [remark]


parts = st.floats(0.0, 0.5)


@given(st.floats(1e-3, 1e9), parts, parts, st.floats(1e-3, 1e3), parts, parts)
def test_a_quotient_undoes_a_product(
    value: float, down: float, up: float, each: float, less: float, more: float
) -> None:
    """What was multiplied comes out again, its range too."""
    part = Figure(value, value * (1 - down), value * (1 + up))
    factor = Figure(each, each * (1 - less), each * (1 + more))
    assert quotient(product(part, factor), part) == pytest.approx(factor, rel=1e-6, abs=1e-7 * each)


def test_nothing_over_something_is_nothing() -> None:
    """A grid of 0 g/kWh has 0 g for each joule."""
    assert quotient(Figure(0.0, 0.0, 0.0), Figure(5.0, 4.0, 6.0)) == Figure(0.0, 0.0, 0.0)


def test_while_a_run_goes_on_what_came_is_what_it_has_come_to_so_far(use: MakeUse, record: MakeRecord) -> None:
    """Its status says that it is not the end."""
    status, so_far = came_to(summary_of(record(use(), status="running", forecasts=(forecast(),))))
    assert (status, so_far.seconds.value) == ("running", HOUR)


@pytest.mark.parametrize("options", [{"tariff": "0.50 EUR"}, {"rent": "2 EUR"}], ids=["owner", "renter"])
def test_two_hosts_cost_twice_what_one_does(options: Any, use: MakeUse, record: MakeRecord) -> None:
    """An hour of two hosts like this one: twice its joules, its grams and its money, by tariff as by rent."""
    like = cost_so_far(summary_of(record(use()), zone="FR", **options))
    assert like.joules is not None
    assert like.g is not None
    assert like.money is not None
    both = cost_of(like.joules * 2, like.seconds, like.of_hosts(2))
    assert both.g is not None
    assert both.money is not None
    assert tuple(both.g) == pytest.approx(tuple(like.g * 2))
    assert tuple(both.money.amount) == pytest.approx(tuple(like.money.amount * 2))
