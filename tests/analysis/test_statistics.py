"""Student's t and Welch's test, against published tables and figures that can be checked in the head."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from greentrack.analysis.statistics import compare_means, incomplete_beta, mean, student, t_cdf, t_quantile, welch

TABLE = [  # Student's t, upper critical values: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2
    (0.975, 1, 12.706),
    (0.975, 2, 4.303),
    (0.975, 4, 2.776),
    (0.975, 8, 2.306),
    (0.975, 30, 2.042),
    (0.95, 8, 1.860),
    (0.995, 8, 3.355),
    (0.999, 3, 10.215),
    (0.975, 1e6, 1.960),
]
values = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8)


@pytest.mark.parametrize(("p", "df", "t"), TABLE)
def test_quantiles_are_those_of_the_table(p: float, df: float, t: float) -> None:
    """To the three digits that the table prints."""
    assert t_quantile(p, df) == pytest.approx(t, abs=0.0006)


@given(st.floats(0.001, 0.999), st.floats(1, 500))
def test_the_quantile_of_a_chance_has_that_chance(p: float, df: float) -> None:
    """One is the other's inverse, and t is symmetric about zero."""
    t = t_quantile(p, df)
    assert t_cdf(t, df) == pytest.approx(p, abs=1e-9)
    assert t_cdf(-t, df) == pytest.approx(1 - p, abs=1e-9)


@given(st.integers(1, 20), st.integers(1, 20), st.floats(0, 1))
def test_the_beta_function_of_whole_numbers_is_a_binomial_tail(a: int, b: int, x: float) -> None:
    """I_x(a, b) is the chance of a or more successes in a + b - 1 tries (Abramowitz and Stegun 26.5.24)."""
    n = a + b - 1
    tail = math.fsum(math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
    assert incomplete_beta(a, b, x) == pytest.approx(tail, abs=1e-10)


def test_welch_of_equal_spreads_is_students_test() -> None:
    """Means of 10 and 7, variances of 1, n = 2 x 5: an error of sqrt(2/5), 8 degrees of freedom, t = 2.306."""
    first, second = [10 + step for step in (-1, -1, 0, 1, 1)], [7 + step for step in (-1, -1, 0, 1, 1)]
    found = welch(first, second)
    assert found.difference == pytest.approx(-3)
    assert found.df == pytest.approx(8)
    assert found.high - found.difference == pytest.approx(2.306 * math.sqrt(0.4), abs=0.001)
    assert found.p == pytest.approx(0.0015, abs=0.0001)  # two-sided, t = 4.743


def test_welchs_degrees_of_freedom_are_those_of_the_noisier_side() -> None:
    """A side without any spread adds nothing to the error, and n - 1 = 2 are left."""
    found = welch([5.0, 5.0, 5.0], [9.0, 10.0, 11.0])
    assert found.df == pytest.approx(2)
    assert found.high - found.difference == pytest.approx(4.303 / math.sqrt(3), abs=0.001)


def test_repeats_without_any_spread_leave_nothing_open() -> None:
    """Virtual devices repeat exactly; nothing is divided by zero."""
    assert welch([1.0, 1.0], [2.0, 2.0])[:3] == (1.0, 1.0, 1.0)
    assert welch([1.0, 1.0], [1.0, 1.0]).p == 1.0


def test_one_repeat_is_no_test() -> None:
    """A spread takes two values."""
    with pytest.raises(ValueError, match="two values"):
        welch([1.0], [1.0, 2.0])


def test_one_run_beside_three_has_their_spread() -> None:
    """10 beside 19, 20, 21: an error of sqrt(1 + 1/3), 2 degrees of freedom, t = 4.303; and so the other way round."""
    found = student([10.0], [19.0, 20.0, 21.0])
    assert (found.difference, found.df) == pytest.approx((10, 2))
    assert found.high - found.difference == pytest.approx(4.303 * math.sqrt(4 / 3), abs=0.001)
    back = student([19.0, 20.0, 21.0], [10.0])
    assert (back.low, back.high, back.p) == pytest.approx((-found.high, -found.low, found.p))


def test_one_run_beside_many_is_an_interval_for_another_repeat() -> None:
    """Of 1,000 repeats with a spread of 1 another lies within 1.96: the mean itself is known to 0.03."""
    spread = math.sqrt(999 / 1000)  # of 500 times +1 and 500 times -1 over n - 1
    found = student([0.0], [1 * spread, -1 * spread] * 500)
    assert found.high == pytest.approx(1.962, abs=0.002)


def test_a_spread_takes_three_repeats_where_there_is_one_run_beside_them() -> None:
    """With fewer nothing can be said; with two on each side Welch's test can."""
    assert compare_means([1.0], [1.0, 2.0]) is None
    assert compare_means([1.0], [2.0]) is None
    assert compare_means([1.0], [2.0, 2.0, 2.0]) == (1.0, 1.0, 1.0, math.inf, 0.0)
    assert compare_means([1.0, 1.0], [2.0, 2.0]) == welch([1.0, 1.0], [2.0, 2.0])
    with pytest.raises(ValueError, match="3 or more"):
        student([1.0], [1.0, 2.0])


@given(values, values)
def test_the_other_way_round_is_the_opposite(first: list[float], second: list[float]) -> None:
    """Exactly, whatever the order of the values."""
    there, back = welch(first, second), welch(second[::-1], first[::-1])
    assert (there.difference, there.low, there.high) == (-back.difference, -back.high, -back.low)


@given(values)
def test_nothing_differs_from_itself(of: list[float]) -> None:
    """Zero is always in the interval."""
    found = welch(of, sorted(of))
    assert found.low <= 0 <= found.high


@given(values, st.floats(-1e3, 1e3))
def test_p_is_below_5_percent_where_the_interval_leaves_zero_out(of: list[float], shift: float) -> None:
    """The two ways to say it agree."""
    assume(max(of) - min(of) > 1)
    found = welch(of, [value + shift for value in of])
    assume(abs(found.p - 0.05) > 1e-6)
    assert (found.p < 0.05) == (not found.low <= 0 <= found.high)


def test_a_mean_does_not_depend_on_the_order() -> None:
    """0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1 in floats."""
    assert mean([0.1, 0.2, 0.3]) == mean([0.3, 0.2, 0.1])
