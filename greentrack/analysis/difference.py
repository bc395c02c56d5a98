"""The difference between two sets of runs: how large it is, its range, and whether it can be claimed."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from greentrack.analysis.error_budget import ErrorBudget, SharedSensors
from greentrack.analysis.statistics import compare_means, mean


class Difference(NamedTuple):
    """The second set compared with the first: *change* is relative (-0.31 is 31 % less), or a plain difference.

    *low* and *high* are its range with all known errors. *interval* is the 95 % interval of the repeats, widened by
    what no meter saw of them, None where their scatter is not known; *p* is its p-value without that. *runs* are the
    number of runs on each side. *is_claimed* is True where the range excludes that there is no difference.
    """

    change: float
    low: float
    high: float
    interval: tuple[float, float] | None
    p: float | None
    runs: tuple[int, int]
    is_claimed: bool
    is_relative: bool
    shared_sensors: SharedSensors | None = None


def ratio(first: Sequence[float], second: Sequence[float], error: ErrorBudget) -> Difference | None:
    """Return the relative change from *first* to *second*, amounts of one run or of repeats.

    None where an amount is not above 0, and where the runs did not read the same devices. Means are geometric, so that
    the change back is the inverse.
    """
    if not error.is_comparable or not all(value > 0 for value in (*first, *second)):
        return None
    one, other = [math.log(value) for value in first], [math.log(value) for value in second]
    centre = mean(other) - mean(one)
    interval = p = None
    below = above = 0.0
    least, most = centre - error.unseen[0], centre + error.unseen[1]  # repeats cannot tell what no meter saw
    if (test := compare_means(one, other)) is not None:
        below, above = centre - test.low, test.high - centre
        interval, p = (_relative(least - below), _relative(most + above)), test.p
        if test.low == test.high:  # no spread, so no interval: how the next run would differ is unknown
            interval = (_relative(test.low), _relative(test.high))
    low, high = least - math.hypot(below, error.below), most + math.hypot(above, error.above)
    return Difference(
        change=_relative(centre),
        low=_relative(low),
        high=_relative(high),
        interval=interval,
        p=p,
        runs=(len(first), len(second)),
        is_claimed=not low <= 0 <= high,
        is_relative=True,
        shared_sensors=error.shared,
    )


def metric_difference(first: Sequence[float], second: Sequence[float]) -> Difference:
    """Return the plain difference of a metric (an accuracy, a loss), which has no measurement error."""
    centre = mean(second) - mean(first)
    low = high = centre
    interval = p = None
    if (test := compare_means(first, second)) is not None:
        interval, p, low, high = (test.low, test.high), test.p, test.low, test.high
    return Difference(
        change=centre,
        low=low,
        high=high,
        interval=interval,
        p=p,
        runs=(len(first), len(second)),
        is_claimed=not low <= 0 <= high,
        is_relative=False,
    )


def _relative(logarithm: float) -> float:
    """Return the relative change of a logarithm; a float holds no more than e^709."""
    return math.expm1(min(logarithm, 700.0))
