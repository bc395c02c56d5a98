"""Forecasts by the figures of made-up trainings, whose end is known."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.integrations.training.forecast import (
    DRIFT,
    MAX_MARKS,
    MIN_RANGE,
    Forecaster,
    LiveForecast,
    Plan,
    WorkCost,
)
from greentrack.quantity import Figure

WATTS = 400.0

costs = st.floats(1e-3, 1e6)
counts = st.integers(1, 50)


def cost(joules: float) -> WorkCost:
    """What so many joules are on a machine of WATTS."""
    return WorkCost(joules, joules / WATTS)


def made(forecast: LiveForecast | None) -> LiveForecast:
    """The forecast, which is there."""
    assert forecast is not None
    return forecast


def close(value: float) -> Any:
    """The same figure, but for what floats lose."""
    return pytest.approx(value, rel=1e-9)


def test_nothing_is_said_before_the_first_epoch_is_done() -> None:
    """Neither of a training that has just begun nor of one that nobody ends."""
    fresh = Forecaster()
    assert fresh.forecast(cost(100), Plan(30)) is None
    fresh.add_epoch(10, cost(100))
    assert fresh.forecast(cost(100), Plan(float("inf"))) is None


@given(costs, costs, st.integers(1, 20), counts, st.integers(1, 4), st.integers(0, 5))
def test_constant_epochs_are_forecast_exactly(
    per_batch: float, validation: float, epochs: int, left: int, every: int, batches: int
) -> None:
    """Every epoch costs the same and every validation too: the end is known from the first epoch on."""
    batches, forecaster = batches + 1, Forecaster()
    for number in range(1, epochs + 1):
        forecaster.add_epoch(batches, cost(per_batch * batches))
        if number % every == 0:
            forecaster.add_validation(cost(validation))
    validations = ((epochs + left) // every - epochs // every) if epochs >= every else 0
    spent = epochs * batches * per_batch + epochs // every * validation
    forecast = made(forecaster.forecast(cost(spent), Plan(left * batches, validations, 3)))
    whole = spent + left * batches * per_batch + validations * validation
    assert forecast.joules.value == close(whole)
    assert forecast.seconds.value == close(whole / WATTS)
    assert forecast.progress == close(spent / whole)
    assert forecast.joules.low < forecast.joules.value < forecast.joules.high


def test_the_first_epoch_counts_only_while_it_is_the_only_one() -> None:
    """It takes 1500 J where others take 1000; from the second on, the 8 that are left are taken to be 1000 J each."""
    forecaster = Forecaster()
    forecaster.add_epoch(10, cost(1500))
    assert made(forecaster.forecast(cost(1500), Plan(90))).joules.value == close(1500 + 9 * 1500)
    forecaster.add_epoch(10, cost(1000))
    assert made(forecaster.forecast(cost(2500), Plan(80))).joules.value == close(2500 + 8 * 1000)


def test_the_first_epoch_is_judged_by_its_second_half() -> None:
    """Its first batch compiles for 500 J, and each of ten takes 100 J: 9 epochs more are 9 kJ, not 13.5 kJ."""
    forecaster = Forecaster()
    for batch in range(1, 11):
        forecaster.add_mark(batch, cost(500 + 100 * batch))
    forecaster.add_epoch(10, cost(1500))
    forecast = made(forecaster.forecast(cost(1500), Plan(90)))
    assert forecast.joules.value == close(1500 + 9000)
    assert forecast.joules.high >= 1500 + 13_500  # had it not been a warm-up, this would be right


@given(st.integers(2, 100_000), st.floats(0.0, 20.0))
def test_a_first_epoch_of_any_length_has_a_mark_to_be_judged_by(batches: int, start: float) -> None:
    """Where it is marked when that is wanted, the cost of its start (20 epochs) is not taken to come again."""
    forecaster = Forecaster()
    wanted = [batch for batch in range(1, batches + 1) if forecaster.wants_mark(batch)]
    for batch in wanted:
        forecaster.add_mark(batch, cost(start * batches + batch))
    spent = cost((start + 1) * batches)
    forecaster.add_epoch(batches, spent)
    forecast = made(forecaster.forecast(spent, Plan(9 * batches)))
    assert len(wanted) <= 17
    assert forecast.joules.value == close((start + 10) * batches)
    assert not forecaster.wants_mark(1)


def test_a_first_epoch_whose_half_nobody_saw_may_have_been_mostly_its_start() -> None:
    """One batch of 1000 J, 800 J of them for the start: the nine others of 200 J each are in the range."""
    forecaster = Forecaster()
    forecaster.add_epoch(1, cost(1000))
    forecast = made(forecaster.forecast(cost(1000), Plan(9)))
    assert forecast.joules.low <= 1000 + 9 * 200
    assert forecast.joules.value == close(10_000)


def test_marks_of_a_long_first_epoch_stay_few() -> None:
    """A hundred thousand of them: the half is still found within a few per cent."""
    forecaster = Forecaster()
    for batch in range(1, 100_001):
        forecaster.add_mark(batch, cost(50_000.0 + batch if batch > 50_000 else 2.0 * batch))
    forecaster.add_epoch(100_000, cost(150_000.0))
    assert len(forecaster._marks) <= MAX_MARKS
    assert made(forecaster.forecast(cost(150_000), Plan(100_000))).joules.value == pytest.approx(250_000, rel=0.03)


def test_a_validation_that_was_never_seen_is_guessed_from_the_training() -> None:
    """A batch of it is half a training batch, which is a guess: the range is wide."""
    forecaster = Forecaster()
    forecaster.add_epoch(10, cost(1000))
    forecaster.add_epoch(10, cost(1000))
    forecast = made(forecaster.forecast(cost(2000), Plan(10, validations=2, validation_batches=4)))
    assert forecast.joules.value == close(2000 + 1000 + 2 * 4 * 50)
    assert forecast.joules.low <= 2000 + 1000 * (1 - MIN_RANGE) + 2 * 4 * 20
    assert forecast.joules.high >= 2000 + 1000 + 2 * 4 * 100


def test_a_limit_of_time_ends_what_would_go_on() -> None:
    """Ten epochs of 2.5 s are left and 10 s to do them in: 4 kJ more at 400 W, and the end is in 10 s."""
    forecaster = Forecaster()
    forecaster.add_epoch(10, cost(1000))
    forecaster.add_epoch(10, cost(1000))
    forecast = made(forecaster.forecast(cost(2000), Plan(100, seconds=10.0)))
    assert forecast.joules.value == close(2000 + 4000)
    assert forecast.seconds == Figure(15.0, 15.0, 15.0)
    over = made(forecaster.forecast(cost(2000), Plan(100, seconds=-1.0)))
    assert over.joules == (2000, 2000, 2000)
    assert made(forecaster.forecast(cost(2000), Plan(10, seconds=1e9))).joules.value == close(3000)


@given(
    st.lists(st.tuples(counts, costs, costs), min_size=1, max_size=6),
    st.lists(st.tuples(costs, costs), max_size=4),
    st.floats(0, 1e6),
    st.floats(0, 100),
    st.one_of(st.none(), st.floats(-10, 1e7)),
)
def test_a_range_holds_its_value_and_begins_at_what_was_spent(
    epochs: list[tuple[int, float, float]],
    validations: list[tuple[float, float]],
    batches: float,
    to_come: float,
    limit: float | None,
) -> None:
    """Whatever the epochs were: what was used cannot come back."""
    forecaster = Forecaster()
    spent = WorkCost()
    for number, joules, seconds in epochs:
        forecaster.add_epoch(number, WorkCost(joules, seconds))
        spent = WorkCost(spent.joules + joules, spent.seconds + seconds)
    for joules, seconds in validations:
        forecaster.add_validation(WorkCost(joules, seconds))
        spent = WorkCost(spent.joules + joules, spent.seconds + seconds)
    forecast = made(forecaster.forecast(spent, Plan(batches, to_come, 5, limit)))
    for figure, used in ((forecast.joules, spent.joules), (forecast.seconds, spent.seconds)):
        assert used <= figure.low * (1 + 1e-9)
        assert figure.low <= figure.value * (1 + 1e-9)
        assert figure.value <= figure.high * (1 + 1e-9)
    assert 0 <= forecast.progress <= 1


def test_other_hosts_are_in_it_by_their_part() -> None:
    """The epochs were told with the 400 W of one of four hosts alike: what is to come is four times as much."""
    forecaster = Forecaster()
    forecaster.add_epoch(10, cost(1000))
    forecast = made(forecaster.forecast(WorkCost(4000, 2.5), Plan(10), scale=4.0))
    assert forecast.joules.value == close(4000 + 4000)
    assert forecast.seconds.value == close(5.0)


@pytest.mark.parametrize("done", [3, 5, 10])
@pytest.mark.parametrize("noise", [0.01, 0.1, 0.3])
def test_the_range_holds_what_varies_by_chance(done: int, noise: float) -> None:
    """Nineteen times in twenty: of 1000 trainings whose epochs vary, after *done* of 20 (a warm-up is the first)."""
    chance = random.Random(7)
    held = 0
    for _ in range(1000):
        epochs = [max(1.0, chance.gauss(1000, 1000 * noise)) for _ in range(20)]
        epochs[0] *= 1.4
        forecaster = Forecaster()
        for joules in epochs[:done]:
            forecaster.add_epoch(10, cost(joules))
        _, low, high = made(forecaster.forecast(cost(sum(epochs[:done])), Plan(10 * (20 - done)))).joules
        held += low <= sum(epochs) <= high
    assert held >= 930


@pytest.mark.parametrize("done", [1, 2, 3, 5, 10])
def test_the_range_holds_power_that_varies_until_a_limit_of_time(done: int) -> None:
    """Epochs of 10 s and 100 batches, 5 % apart in power: after *done* there are 100 s left, but work for far more.

    Each has its own watts, and drifts by a tenth from what went to what comes: nineteen times in twenty it is held.
    """
    chance = random.Random(7)
    held = 0
    for _ in range(1000):
        drift = chance.choice([0.9, 1.1])
        went = [max(1.0, chance.gauss(400, 20)) for _ in range(done)]
        comes = [max(1.0, chance.gauss(400 * drift, 20)) for _ in range(10)]
        forecaster = Forecaster()
        for watts in went:
            forecaster.add_epoch(100, WorkCost(10 * watts, 10.0))
        spent = WorkCost(10 * sum(went), 10.0 * done)
        value, low, high = made(forecaster.forecast(spent, Plan(1e6, seconds=100.0))).joules
        assert low <= value <= high
        held += low <= spent.joules + 10 * sum(comes) <= high
    assert held >= 930


@pytest.mark.parametrize("done", [1, 2])
def test_the_range_of_one_or_two_epochs_holds_for_what_trainings_usually_vary_by(done: int) -> None:
    """3 % from epoch to epoch: after one or two there is no spread to go by, so the range is a judgement."""
    chance = random.Random(7)
    held = 0
    for _ in range(1000):
        epochs = [chance.gauss(1000, 30) for _ in range(20)]
        forecaster = Forecaster()
        for joules in epochs[:done]:
            forecaster.add_epoch(10, cost(joules))
        _, low, high = made(forecaster.forecast(cost(sum(epochs[:done])), Plan(10 * (20 - done)))).joules
        held += low <= sum(epochs) <= high
    assert held >= 930


@pytest.mark.parametrize("epochs", [10, 20, 300])
@pytest.mark.parametrize("change", [0.3, -0.3])
def test_the_range_holds_a_slow_drift(epochs: int, change: float) -> None:
    """Epochs get 30 % dearer or cheaper from the first to the last: at 10, 30 and 60 % the end is in the range."""
    joules = [1000 * (1 + change * number / (epochs - 1)) for number in range(epochs)]
    widths = []
    for percent in (10, 30, 60, 90, 100):
        done, forecaster = epochs * percent // 100, Forecaster()
        for used in joules[:done]:
            forecaster.add_epoch(10, cost(used))
        _, low, high = made(forecaster.forecast(cost(sum(joules[:done])), Plan(10 * (epochs - done)))).joules
        if percent <= 60:
            assert low <= sum(joules) <= high
        widths.append(high - low)
    assert widths[1] > widths[2] > widths[3] > widths[4] == 0


def test_room_for_a_drift_gets_less_as_more_was_seen() -> None:
    """Epochs of 1000 J each: 25 % around the 19 to come after one, 12.5 % around 10 after the 10 that count."""
    forecaster = Forecaster()
    forecaster.add_mark(5, cost(500))
    forecaster.add_epoch(10, cost(1000))
    assert made(forecaster.forecast(cost(1000), Plan(190))).joules.low == close(1000 + 19_000 * (1 - DRIFT))
    for _ in range(10):
        forecaster.add_epoch(10, cost(1000))
    assert made(forecaster.forecast(cost(11_000), Plan(100))).joules.high == close(11_000 + 10_000 * (1 + DRIFT / 2))


def test_neighbouring_epochs_that_are_alike_say_little() -> None:
    """Thirty epochs of 1000 J, then thirty of 1300 J: the end may be as far off as either, not as sixty dice say."""
    forecaster = Forecaster()
    used = [1000.0] * 31 + [1300.0] * 30
    for joules in used:
        forecaster.add_epoch(10, cost(joules))
    _, low, high = made(forecaster.forecast(cost(sum(used)), Plan(300))).joules
    assert low <= sum(used) + 30 * 1000
    assert high >= sum(used) + 30 * 1300
