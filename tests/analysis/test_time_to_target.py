"""The cost to a target: when it was first reached, in proportion, and run by run."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from greentrack.analysis.time_to_target import (
    Target,
    checked_cost_to,
    cost_to,
    is_resumed,
    parse_target,
    trend,
)
from greentrack.costing.api import summary_of
from greentrack.costing.summary import MultipartRun, RunPart, Summary
from greentrack.errors import ConfigError, NotFoundError
from greentrack.formatting.units import digits
from greentrack.model import DeviceUse, Metric, Record
from greentrack.quantity import Figure
from greentrack.reports import target_json, target_text
from greentrack.reports.json import render as as_json
from greentrack.reports.text import render as as_text

MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]
MakeRun = Callable[..., Summary]
START = 1_790_000_000.0
TO = parse_target("val_acc>=0.9")


@pytest.fixture
def run(use: MakeUse, record: MakeRecord) -> MakeRun:
    """A run of an hour at 1,000 W (1 kWh), and its accuracy after each quarter."""

    def make(*values: float, name: str = "val_acc", joules: bool = True, knobs: Any = None, **facts: Any) -> Summary:
        start = facts.get("started_at", START)
        metrics = tuple(
            Metric(name=name, at=start + 900 * n, value=value, joules=900e3 * n if joules else None)
            for n, value in enumerate(values, 1)
        )
        return summary_of(record(use(watts=1000), metrics=metrics, **facts), **(knobs or {}))

    return make


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("val_acc>=0.97", Target("val_acc", ">=", 0.97)),
        (" val loss <= 1e-3 ", Target("val loss", "<=", 0.001)),
        ("loss<.5", Target("loss", "<", 0.5)),
        ("a/b.c>-1", Target("a/b.c", ">", -1.0)),
    ],
)
def test_a_target_is_a_metric_a_sign_and_a_number(text: str, made: Target) -> None:
    """With or without spaces."""
    assert parse_target(text) == made


@pytest.mark.parametrize(
    "text", ["", "val_acc", "val_acc=0.9", "val_acc==0.9", "val_acc>=", ">=0.9", "a>=1>2", "a>=x", "a>=nan", "a<inf"]
)
def test_what_is_no_target_is_refused_with_an_example(text: str) -> None:
    """In one line."""
    with pytest.raises(ConfigError, match=r"val_acc>=0\.97") as error:
        parse_target(text)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("sign", "met"), [(">=", (False, True, True)), (">", (False, False, True))])
@pytest.mark.parametrize("mirrored", [False, True])
def test_signs_mean_what_they_say(sign: str, met: tuple[bool, ...], mirrored: bool) -> None:
    """0.5 is >= 0.5 and not > 0.5; the other way round likewise."""
    factor = -1 if mirrored else 1
    to = Target("m", sign.replace(">", "<") if mirrored else sign, 0.5 * factor)
    assert tuple(to.is_met(factor * value) for value in (0.4, 0.5, 0.6)) == met


def test_half_of_the_run_is_half_of_its_energy_and_money(run: MakeRun) -> None:
    """0.9 first after two quarters of 1 kWh at 0.30 EUR: 0.5 kWh, 0.15 EUR, half an hour; later values do not count."""
    cost = cost_to(run(0.8, 0.92, 0.7, 0.95, knobs={"tariff": "0.30 EUR"}), TO)
    assert cost.is_reached
    assert cost.value == 0.92
    assert cost.seconds == pytest.approx(1800)
    assert cost.joules is not None
    assert cost.joules.value == pytest.approx(1.8e6)
    assert cost.money is not None
    assert cost.money.amount.value == pytest.approx(0.15)
    assert cost.money.currency == "EUR"


def test_the_rest_of_the_machine_comes_in_proportion(use: MakeUse, record: MakeRecord) -> None:
    """A server's rest is a quarter: 1.25 kWh in all, 0.625 of them by the half."""
    metrics = (Metric(name="val_acc", at=START + 1800, value=0.9, joules=1.8e6),)
    summary = summary_of(record(use(watts=1000), chassis="server", rest="auto", metrics=metrics))
    cost = cost_to(summary, TO)
    assert cost.joules is not None
    assert summary.joules is not None
    assert cost.joules.value == pytest.approx(0.625 * 3.6e6)
    assert cost.joules.high / summary.joules.high == pytest.approx(0.5)


def test_rent_is_for_time(use: MakeUse, record: MakeRecord) -> None:
    """A GPU-hour at 2 EUR: half an hour is 1 EUR, whatever the power was by then."""
    metrics = (Metric(name="val_acc", at=START + 1800, value=0.9, joules=3.0e6),)
    cost = cost_to(summary_of(record(use(watts=1000), metrics=metrics), rent="2 EUR"), TO)
    assert cost.money is not None
    assert cost.money.amount.value == pytest.approx(1)


def test_what_was_not_reached_has_its_best(run: MakeRun) -> None:
    """And no cost, not a cost of zero."""
    cost = cost_to(run(0.8, 0.89, 0.85), TO)
    assert (cost.is_reached, cost.value, cost.joules, cost.seconds) == (False, 0.89, None, None)
    assert cost_to(run(0.8, 0.5, 0.6, name="loss"), parse_target("loss<0.4")).value == 0.5


def test_a_metric_without_joules_has_its_time_only(run: MakeRun) -> None:
    """Nothing had been read by then."""
    cost = cost_to(run(0.95, joules=False), TO)
    assert (cost.is_reached, cost.joules, cost.seconds) == (True, None, 900)


def test_nan_reaches_nothing(run: MakeRun) -> None:
    """A training that broke down did not get there."""
    assert not cost_to(run(float("nan")), parse_target("val_acc<=1")).is_reached


def test_a_metric_that_the_run_does_not_have_is_named(run: MakeRun) -> None:
    """With what was meant, perhaps."""
    with pytest.raises(NotFoundError, match=r"'val_ac' \(did you mean val_acc"):
        checked_cost_to(run(0.9), parse_target("val_ac>1"))


def test_the_runs_own_share_is_refused(run: MakeRun) -> None:
    """A metric carries the joules of whole devices."""
    with pytest.raises(ConfigError, match="scope"):
        cost_to(run(0.9, knobs={"scope": "process"}), TO)


def test_earlier_parts_of_a_resumed_work_are_counted(run: MakeRun) -> None:
    """1 kWh and an hour before, half of an hour at 1 kW after: 1.5 kWh, 5,400 s; and it is said that it was resumed."""
    summary = run(0.8, 0.9)
    joules = Figure(value=3.6e6, low=3.6e6, high=3.6e6)
    first = RunPart("a", "interrupted", "box", START - 7200, 3600.0, joules, None)
    second = RunPart(summary.run.id, "finished", "box", START, 3600.0, joules, 3.6e6)
    whole = MultipartRun("finished", 7200.0, joules * 2, None, None)
    summary = summary._replace(parts=(first, second), whole=whole)
    cost = cost_to(summary, TO)
    assert is_resumed(summary)
    assert cost.joules is not None
    assert (cost.joules.value, cost.seconds) == pytest.approx((1.5 * 3.6e6, 5400))


def test_a_host_beside_is_counted_for_as_long(run: MakeRun) -> None:
    """Two hosts of 1 kWh each, half-way: 1 kWh, half an hour, and nothing was resumed."""
    summary = run(0.8, 0.9)
    joules = Figure(value=3.6e6, low=3.6e6, high=3.6e6)
    parts = tuple(RunPart(i, "finished", i, START, 3600.0, joules, None) for i in (summary.run.id, "b"))
    summary = summary._replace(parts=parts, whole=MultipartRun("finished", 3600.0, joules * 2, None, None))
    cost = cost_to(summary, TO)
    assert not is_resumed(summary)
    assert cost.joules is not None
    assert (cost.joules.value, cost.seconds) == pytest.approx((3.6e6, 1800))


@pytest.fixture
def runs(run: MakeRun) -> list[Summary]:
    """Three runs a day apart, out of order: 0.9 after 4, 2 and no quarters of 1 kWh."""
    day = 86_400.0
    return [
        run(0.8, 0.9, started_at=START + day, id="b", name="val_acc"),
        run(0.8, 0.8, started_at=START + 2 * day, id="c"),
        run(0.7, 0.8, 0.8, 0.9, started_at=START, id="a"),
    ]


def test_a_trend_is_in_order_of_time_and_beside_the_last_that_got_there(runs: list[Summary]) -> None:
    """1 kWh, then half of it, then not reached."""
    steps = trend(runs, TO)
    assert [step.summary.run.id for step in steps] == ["a", "b", "c"]
    assert [step.cost.is_reached for step in steps] == [True, True, False]
    first, second, third = (step.change for step in steps)
    assert first is None
    assert third is None
    assert second is not None
    assert second.change == pytest.approx(-0.5)
    text = target_text.trend(steps, TO)
    assert "the same result gets cheaper: 50 % less energy" in text
    assert "not reached (best 0.8)" in text


def test_a_trend_that_the_methods_could_explain_is_not_claimed(use: MakeUse, record: MakeRecord) -> None:
    """Two models of 3 % difference."""
    made = [
        summary_of(
            record(
                use("cpu", "cpu", watts=watts, method="cpu-model"),
                metrics=(Metric(name="val_acc", at=START + n + 60, value=0.9, joules=60 * watts),),
                started_at=START + n,
            )
        )
        for n, watts in enumerate((100, 97))
    ]
    text = target_text.trend(trend(made, TO), TO)
    assert "not clear" in text
    assert "First to last: no difference can be claimed" in text


def test_a_trend_of_a_metric_that_nobody_logged_is_an_error(runs: list[Summary]) -> None:
    """With what they did log."""
    with pytest.raises(NotFoundError, match="none of these 3 runs logged a metric 'acc'"):
        trend(runs, parse_target("acc>0.9"))


def test_what_a_target_cost_has_its_range(use: MakeUse, record: MakeRecord) -> None:
    """Half of an hour of a modelled 100 W, at 0.20 EUR a kWh: 50 Wh and 0.01 EUR, as unsure as the whole."""
    metrics = (Metric(name="val_acc", at=START + 1800, value=0.9, joules=1.8e5),)
    summary = summary_of(
        record(use("cpu", "cpu", watts=100, method="cpu-model"), metrics=metrics, started_at=START), tariff="0.20 EUR"
    )
    assert summary.joules is not None
    low, high = (digits(end / summary.joules.value * 50, 2) for end in (summary.joules.low, summary.joules.high))
    text = as_text(summary, until=checked_cost_to(summary, parse_target("val_acc>=0.9")))
    assert f"Until val_acc >= 0.9: 50 Wh ({low}–{high}), 30 min, 0.01 EUR (" in text
    assert f" 50 Wh ({low}–{high}) " in target_text.trend(trend([summary], TO), TO)
    made = json.loads(as_json(summary, until=checked_cost_to(summary, parse_target("val_acc>=0.9"))))["until"]
    assert made["money"]["low"] < made["money"]["value"] < made["money"]["high"]


def test_the_trends_json_is_strict(runs: list[Summary]) -> None:
    """What was not reached is null."""
    made = json.loads(target_json.trend(trend(runs, TO), TO))
    assert [run["reached"] for run in made["runs"]] == [True, True, False]
    assert made["runs"][2]["joules"] is None
    assert made["first_to_last"]["change"] == pytest.approx(-0.5)


def test_a_report_gets_the_cost_to_a_target_in_its_own_format(run: MakeRun) -> None:
    """A line beneath the text; a key in the JSON."""
    summary = run(0.8, 0.9)
    text = as_text(summary, until=checked_cost_to(summary, parse_target("val_acc>=0.9")))
    assert "\n\nUntil val_acc >= 0.9: 500 Wh, 30 min" in text
    made = json.loads(as_json(summary, until=checked_cost_to(summary, parse_target("val_acc>=0.9"))))
    assert made["until"]["seconds"] == 1800
    assert made["until"]["joules"]["value"] == pytest.approx(1.8e6)
    assert "not reached (best 0.9)" in as_text(summary, until=checked_cost_to(summary, parse_target("val_acc>=1")))
