"""Differences: their ranges, and when one may be claimed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.analysis.difference import Difference, metric_difference, ratio
from greentrack.analysis.error_budget import ErrorBudget
from greentrack.reports.difference_text import brief, sentence

amounts = st.lists(st.floats(1, 1000), min_size=1, max_size=6)
unseen = st.tuples(st.floats(0, 1), st.floats(0, 1))
errors = st.builds(ErrorBudget, st.floats(0, 2), st.floats(0, 2), st.none(), unseen, st.just(True))
TEN_PERCENT = ErrorBudget(math.log(1.1), math.log(1.1))


def changed(first: list[float], second: list[float], error: ErrorBudget = ErrorBudget()) -> Difference:  # noqa: B008  # frozen
    found = ratio(first, second, error)
    assert found is not None
    return found


def test_69_joules_are_31_percent_less_than_100() -> None:
    """One run each, read without error."""
    found = changed([100.0], [69.0])
    assert (found.change, found.low, found.high) == pytest.approx((-0.31, -0.31, -0.31))
    assert found.is_claimed
    assert sentence(found, "energy") == "31 % less energy"


def test_repeats_have_an_interval_from_their_spread() -> None:
    """Logarithms of variance 0.0004, n = 5+5: t(0.975, 8) = 2.306 times sqrt(2 x 0.0004 / 5) = 2.95 % each way."""
    spread = [math.exp(0.02 * step) for step in (-1, -1, 0, 1, 1)]
    found = changed([100 * part for part in spread], [69 * part for part in spread])
    half = 2.306 * math.sqrt(2 * 0.0004 / 5)
    assert found.change == pytest.approx(-0.31)
    assert found.interval == pytest.approx((0.69 * math.exp(-half) - 1, 0.69 * math.exp(half) - 1), abs=1e-4)
    assert sentence(found, "energy per sample") == "31 % less energy per sample (95 % CI 29 to 33 %, n = 5+5)"


def test_one_run_beside_repeats_is_held_against_their_spread() -> None:
    """5 repeats of variance 0.0004 in logarithms: t(0.975, 4) = 2.776 times sqrt(0.0004 x 6 / 5), 6.1 %, each way."""
    repeats = [100 * math.exp(0.02 * step) for step in (-1, -1, 0, 1, 1)]
    found = changed([69.0], repeats)
    half = 2.776 * math.sqrt(0.0004 * 1.2)
    assert found.interval == pytest.approx((math.exp(-half) / 0.69 - 1, math.exp(half) / 0.69 - 1), abs=1e-3)
    assert sentence(found) == "45 % more (95 % CI 36 to 54 %, n = 1+5, the one taken to scatter like the 5)"
    assert not changed([95.0], repeats).is_claimed  # another repeat could have been that
    assert metric_difference([0.9], [0.91, 0.92, 0.93]).interval is not None


def test_two_repeats_say_too_little_of_the_one_beside_them() -> None:
    """Chance stays unknown."""
    assert changed([69.0], [99.0, 101.0]).interval is None


def test_a_difference_that_the_methods_could_explain_is_not_claimed() -> None:
    """3 % less where the methods leave 10 % open."""
    found = changed([100.0], [97.0], TEN_PERCENT)
    assert not found.is_claimed
    said = sentence(found, "energy")
    assert said == "no difference can be claimed: 3 % less energy, while the methods leave 12 % less to 6.7 % more open"
    assert brief(found) == "not clear"


def test_a_difference_that_chance_could_explain_is_not_claimed() -> None:
    """Repeats that overlap."""
    found = changed([95.0, 100.0, 105.0], [93.0, 98.0, 103.0])
    assert not found.is_claimed
    assert sentence(found).startswith("no difference can be claimed: 2 % less (95 % CI ")
    assert "methods" not in sentence(found)


def test_chance_and_methods_add_up_as_independent_errors() -> None:
    """Equal halves of an interval and of the methods make sqrt(2) of one."""
    spread = [math.exp(0.02 * step) for step in (-1, -1, 0, 1, 1)]
    half = 2.306 * math.sqrt(2 * 0.0004 / 5)
    found = changed(spread, spread, ErrorBudget(half, half))
    assert math.log1p(found.high) == pytest.approx(math.sqrt(2) * half, rel=1e-3)


def test_a_claim_says_what_the_methods_do_to_it() -> None:
    """31 % less, and 10 % of error in the ratio: 37 to 24 %."""
    assert sentence(changed([100.0], [69.0], TEN_PERCENT)) == "31 % less (24 to 37 % by the methods' error)"


def test_nothing_at_all_has_no_ratio() -> None:
    """A device that used no joules cannot be the base of a percentage."""
    assert ratio([0.0], [1.0], ErrorBudget()) is None
    assert ratio([1.0], [1.0, 0.0], ErrorBudget()) is None


@given(amounts, errors)
def test_runs_beside_themselves_never_differ(of: list[float], error: ErrorBudget) -> None:
    """Whatever the error and the spread, in whatever order."""
    found = changed(of, of[::-1], error)
    assert not found.is_claimed
    assert found.low <= 0 <= found.high


@given(amounts, amounts, errors)
def test_the_other_way_round_the_ratio_is_inverted(first: list[float], second: list[float], error: ErrorBudget) -> None:
    """Half as much one way is twice as much the other, and so are the ends of the range."""
    turned = ErrorBudget(error.above, error.below, None, error.unseen[::-1])
    there, back = changed(first, second, error), changed(second, first, turned)
    assert (1 + there.change) * (1 + back.change) == pytest.approx(1)
    if back.high < 1e6:  # beyond, the other end is as near to -1 as floats come
        assert (1 + there.low) * (1 + back.high) == pytest.approx(1)
    assert there.is_claimed == back.is_claimed


@given(amounts, amounts, errors)
def test_a_range_never_shrinks_when_the_methods_err(
    first: list[float], second: list[float], error: ErrorBudget
) -> None:
    """And what is claimed despite an error is claimed without it."""
    without, found = changed(first, second), changed(first, second, error)
    assert found.low <= without.low <= without.high <= found.high
    assert without.is_claimed or not found.is_claimed


def test_the_interval_of_repeats_has_room_for_what_was_not_seen_of_them() -> None:
    """5+5 repeats of 100 J; of the second's 1 J in 11 was lost at the start, so 110 J were used: 10 % more, not 0."""
    spread = [math.exp(0.02 * step) for step in (-1, -1, 0, 1, 1)]
    of_all = [100 * part for part in spread]
    seen = changed(of_all, of_all, ErrorBudget(unseen=(0.0, math.log(1.1))))
    half = 2.306 * math.sqrt(2 * 0.0004 / 5)
    assert seen.interval == pytest.approx((math.exp(-half) - 1, 1.1 * math.exp(half) - 1), abs=1e-4)
    assert (seen.low, seen.high) == pytest.approx(seen.interval)
    assert seen.change == pytest.approx(0)
    found = changed(of_all, [95 * part for part in spread], ErrorBudget(unseen=(0.0, math.log(1.1))))
    assert not found.is_claimed  # what looks like 5 % less may be 4 % more
    assert sentence(found).startswith("no difference can be claimed: 5 % less (95 % CI 7.7 % less to 7.6 % more")


@given(amounts, amounts, errors)
def test_the_interval_of_repeats_is_within_the_range(
    first: list[float], second: list[float], error: ErrorBudget
) -> None:
    """The methods' errors come on top of it, and never take from it."""
    found = changed(first, second, error)
    if found.interval is not None:
        assert found.low <= found.interval[0] + 1e-9 * (1 + abs(found.low))
        assert found.interval[1] <= found.high + 1e-9 * (1 + abs(found.high))


def test_an_interval_beyond_all_bounds_is_still_a_number() -> None:
    """Two repeats of which one used a billion times as much say nothing, and break nothing."""
    found = changed([1e-9, 1e30], [1.0, 1.0])
    assert not found.is_claimed
    assert math.isfinite(found.high)


def test_an_outcome_differs_by_a_plain_difference() -> None:
    """0.953 beside 0.950: +0.003, not a percentage."""
    found = metric_difference([0.950], [0.953])
    assert found.change == pytest.approx(0.003)
    assert sentence(found) == "+0.003"
    assert sentence(metric_difference([0.5], [0.5])) == "no difference"


def test_an_outcome_of_repeats_has_its_interval() -> None:
    """t(0.975, 2) = 4.303 times an error of 0.001: nothing can be claimed of +0.002."""
    found = metric_difference([0.949, 0.951], [0.951, 0.953])
    assert found.low == pytest.approx(0.002 - 4.303 * math.sqrt(2) * 0.001, abs=1e-5)
    assert sentence(found).startswith("no difference can be claimed: +0.002 (95 % CI −0.00")


def test_values_without_any_spread_have_no_interval() -> None:
    """One trained model read five times says nothing of chance; 0.1 added up thrice is not 0.3 for a float."""
    assert sentence(metric_difference([0.9] * 5, [0.8] * 5), "acc") == "acc: −0.1 (the same in all runs, n = 5+5)"
    assert sentence(changed([100.0] * 3, [69.0] * 3)) == "31 % less (the same in all runs, n = 3+3)"
    lost = ErrorBudget(unseen=(0.0, math.log(1.1)))
    said = "31 % less (the same in all runs, n = 3+3; 24 to 31 % with the methods' error)"
    assert sentence(changed([100.0] * 3, [69.0] * 3, lost)) == said
    assert sentence(metric_difference([0.1] * 3, [0.7] * 3)) == "+0.6 (the same in all runs, n = 3+3)"
    assert sentence(metric_difference([0.1] * 3, [0.1] * 5), "acc") == "no difference in acc"
