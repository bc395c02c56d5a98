"""Student's and Welch's tests, without scipy: do two sets of repeats differ by more than chance?"""

import math
from collections.abc import Sequence
from typing import NamedTuple

CONFIDENCE = 0.95
_TINY = 1e-300  # keeps a continued fraction's denominators off zero
_MAX_TERMS = 10_000

MIN_REPEATS = 3
"""Repeats whose spread a single run can be compared with; with two, t is 12.7 and nothing can be said."""


class MeanDifference(NamedTuple):
    """The difference of two means and its 95 % interval; *p* is the p-value, *df* are the degrees of freedom."""

    difference: float
    low: float
    high: float
    df: float
    p: float


def welch(first: Sequence[float], second: Sequence[float], confidence: float = CONFIDENCE) -> MeanDifference:
    """Return mean(second) - mean(first) with its interval, for repeats whose spreads may differ.

    Welch 1947, with Satterthwaite's degrees of freedom. Raises ValueError for fewer than two values on a side.

    >>> found = welch([9.0, 10.0, 11.0], [19.0, 20.0, 21.0])  # spreads of 1, so 2 x 2 = 4 degrees of freedom
    >>> round(found.difference), round(found.df), round(found.high - found.difference, 3)  # 2.776 x sqrt(2 / 3)
    (10, 4, 2.267)
    """
    if len(first) < 2 or len(second) < 2:
        raise ValueError("a test needs at least two values on each side")
    difference = mean(second) - mean(first)
    one, two = _variance(first) / len(first), _variance(second) / len(second)
    error = math.sqrt(one + two)
    if error == 0:
        return MeanDifference(difference, difference, difference, math.inf, 1.0 if difference == 0 else 0.0)
    # as parts of their sum: the square of a variance may be too small for a float
    a, b = one / (one + two), two / (one + two)
    df = 1 / (a * a / (len(first) - 1) + b * b / (len(second) - 1))
    return _test(difference, error, df, confidence)


def student(first: Sequence[float], second: Sequence[float], confidence: float = CONFIDENCE) -> MeanDifference:
    """Return mean(second) - mean(first) with its interval, where one side is a single run and the other repeats.

    Student's test; the single run is taken to scatter like the repeats. Raises ValueError for other numbers of values.

    >>> found = student([10.0], [19.0, 20.0, 21.0])  # a spread of 1, 2 degrees of freedom
    >>> round(found.difference), round(found.df), round(found.high - found.difference, 3)  # 4.303 x sqrt(1 + 1 / 3)
    (10, 2, 4.968)
    """
    one, many = sorted((first, second), key=len)
    if len(one) != 1 or len(many) < MIN_REPEATS:
        raise ValueError(f"one value is compared with {MIN_REPEATS} or more")
    difference = mean(second) - mean(first)
    error = math.sqrt(_variance(many) * (1 + 1 / len(many)))
    if error == 0:
        return MeanDifference(difference, difference, difference, math.inf, 1.0 if difference == 0 else 0.0)
    return _test(difference, error, len(many) - 1, confidence)


def compare_means(first: Sequence[float], second: Sequence[float]) -> MeanDifference | None:
    """Return the result of ``welch`` or ``student``; None where there are too few repeats for either."""
    if min(len(first), len(second)) > 1:
        return welch(first, second)
    return student(first, second) if max(len(first), len(second)) >= MIN_REPEATS else None


def mean(values: Sequence[float]) -> float:
    """Return the mean, which does not depend on the order of the *values*."""
    if min(values) == max(values):  # a mean that is rounded would look like a spread
        return values[0]
    return math.fsum(values) / len(values)


def t_cdf(t: float, df: float) -> float:
    """Return the chance that Student's t is at most *t* (Abramowitz and Stegun 26.7.1 and 26.5.27).

    >>> t_cdf(0.0, 5), round(t_cdf(1.0, 1), 3)  # with one degree it is Cauchy's: 1/2 + atan(1)/pi
    (0.5, 0.75)
    """
    tail = incomplete_beta(df / 2, 0.5, df / (df + t * t)) / 2
    return 1 - tail if t > 0 else tail


def t_quantile(p: float, df: float) -> float:
    """Return the t that Student's t stays below with chance *p*, between 0 and 1.

    >>> round(t_quantile(0.975, 8), 3)
    2.306
    """
    if not 0 < p < 1:
        raise ValueError(f"p = {p} is not between 0 and 1")
    if p < 0.5:
        return -t_quantile(1 - p, df)
    low, high = 0.0, 1.0
    while t_cdf(high, df) < p and high < 1e15:
        low, high = high, 2 * high
    while high - low > 1e-12 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if t_cdf(middle, df) < p else (low, middle)
    return (low + high) / 2


def incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b) (Abramowitz and Stegun 26.5.8).

    >>> round(incomplete_beta(2, 3, 0.5), 4)  # the chance of 2 heads or more in 4 throws: 11/16
    0.6875
    """
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # beyond it the fraction converges slowly, and that of the other tail fast
        return 1 - incomplete_beta(b, a, 1 - x)
    front = math.exp(a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)) / a
    value = upper = 1.0
    lower = 0.0
    for n in range(1, _MAX_TERMS):
        m, odd = divmod(n, 2)
        if odd:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        upper = 1 + term / upper or _TINY
        lower = 1 / (1 + term * lower or _TINY)
        value *= upper * lower
        if abs(upper * lower - 1) < 1e-15:
            break
    return front / value


def _test(difference: float, error: float, df: float, confidence: float) -> MeanDifference:
    half = t_quantile((1 + confidence) / 2, df) * error
    p = incomplete_beta(df / 2, 0.5, df / (df + (difference / error) ** 2))
    return MeanDifference(difference, difference - half, difference + half, df, p)


def _variance(values: Sequence[float]) -> float:
    centre = mean(values)
    return math.fsum((value - centre) ** 2 for value in values) / (len(values) - 1)
