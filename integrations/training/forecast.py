"""Forecasts of what a training will have used at its end, from what its epochs have used so far.

An epoch's cost is split into training (by batch) and validation (each). The first epoch is slower than the others
(compilation, caches, worker processes), so it counts only while there is no other, and then by its second half.
"""

import itertools
import math
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import NamedTuple

from greentrack.quantity import Figure

# Student's t for a two-sided 95 % interval by degrees of freedom; any table of the distribution has it
_T95 = (12.71, 4.30, 3.18, 2.78)

MAX_BLOCKS = len(_T95) + 1
"""Maximum number of blocks whose means judge the epochs: neighbours are alike, and say less than their number."""

MIN_RANGE = 0.03
"""Minimum range as a part of what is left: epochs to come may differ from those that went."""

DRIFT = 0.25
"""How much slower or faster a shared machine may become later; less as more was seen. A judgement."""

MIN_WITHOUT_START = 0.2
"""Minimum part of a first epoch, if its half was not seen, that later epochs cost; the rest is start. A judgement."""

VALIDATION_BATCH = (0.5, 0.2, 1.0)
"""Cost of a validation batch in training batches before one was seen, and its range. A judgement: forward only."""

MAX_MARKS = 64
"""Maximum number of moments within the first epoch that are remembered."""


class WorkCost(NamedTuple):
    """Joules and seconds."""

    joules: float = 0.0
    seconds: float = 0.0

    def minus(self, other: "WorkCost") -> "WorkCost":
        """Return the difference."""
        return WorkCost(self.joules - other.joules, self.seconds - other.seconds)


class Plan(NamedTuple):
    """What is left to do: training *batches* and *validations* of *validation_batches* each, within *seconds*."""

    batches: float
    validations: float = 0.0
    validation_batches: float = 0.0
    seconds: float | None = None


class LiveForecast(NamedTuple):
    """What the training will have used at its end, and its progress (0 to 1)."""

    progress: float
    joules: Figure
    seconds: Figure


class Forecaster:
    """Forecasts a training from the cost of its epochs and validations so far."""

    def __init__(self) -> None:
        self._epochs: list[tuple[float, WorkCost]] = []  # batches and cost of each epoch's training
        self._validations: list[WorkCost] = []
        self._marks: list[tuple[float, WorkCost]] = []
        self._stride = 1
        self._skip = 0

    def wants_mark(self, batches: int) -> bool:
        """Return True if a mark is due after *batches* of an epoch: in the first epoch, at powers of two.

        However short the epoch is, one of these lies between a quarter and a half of it.
        """
        return not self._epochs and batches & (batches - 1) == 0

    def add_mark(self, batches: float, cost: WorkCost) -> None:
        """Remember *batches* of the first epoch and their *cost*. Later epochs need no marks."""
        if self._epochs:
            return
        self._skip += 1
        if self._skip >= self._stride:
            self._skip = 0
            self._marks.append((batches, cost))
            if len(self._marks) >= MAX_MARKS:
                self._marks, self._stride = self._marks[::2], self._stride * 2

    def add_epoch(self, batches: float, cost: WorkCost) -> None:
        """Add an epoch: its training *batches* and their *cost*, without validations."""
        if batches > 0:
            self._epochs.append((batches, cost))

    def add_validation(self, cost: WorkCost) -> None:
        """Add the cost of a validation."""
        self._validations.append(cost)

    def validation_cost(self) -> WorkCost:
        """Return the mean cost of a validation; nothing before the first."""
        if not self._validations:
            return WorkCost()
        return WorkCost(fmean(one.joules for one in self._validations), fmean(one.seconds for one in self._validations))

    def batch_seconds(self) -> float:
        """Return the seconds of a training batch to come; 0 before the end of the first epoch."""
        return self._training(1, 1.0).value if self._epochs else 0.0

    def forecast(self, spent: WorkCost, plan: Plan, scale: float = 1.0) -> LiveForecast | None:
        """Return the forecast of the whole, *spent* having been used so far; None before the end of the first epoch.

        *scale* is the ratio of the joules of all hosts to those of the epochs added here.
        """
        if not self._epochs or not math.isfinite(plan.batches):
            return None
        joules, seconds = (
            Figure.total(
                [
                    self._training(field, plan.batches),
                    self._validating(field, plan.validations, plan.validation_batches),
                ]
            )
            for field in (0, 1)
        )
        if plan.seconds is not None and seconds.value > 0:  # whatever is not done by then is not done
            limit = max(0.0, plan.seconds)
            cut = min(1.0, limit / seconds.value)
            watts, (below, above) = joules.value / seconds.value, self._power(limit)
            joules = Figure(
                joules.value * cut,
                min(joules.low, watts * min(limit, seconds.low) * below),
                min(joules.high, max(watts * limit * above, joules.value * cut)),
            )
            seconds = Figure(*(min(part, limit) for part in seconds))
        whole = Figure(*(spent.seconds + part for part in seconds))
        progress = spent.seconds / whole.value if whole.value > 0 else 1.0
        return LiveForecast(progress, Figure(*(spent.joules + part * scale for part in joules)), whole)

    def _power(self, seconds: float) -> tuple[float, float]:
        """Return the range of the watts in *seconds* to come, as parts of the epochs' mean."""
        some = [cost for _, cost in self._epochs[1:] or self._epochs if cost.joules > 0 and cost.seconds > 0]
        watts = [cost.joules / cost.seconds for cost in some]
        if len(watts) < 2:
            return 1 - DRIFT, 1 + DRIFT
        mean, low, high = _interval(watts, 1.0, seconds / fmean(cost.seconds for cost in some))
        return low / mean, high / mean

    def _training(self, field: int, batches: float) -> Figure:
        """Return joules (field 0) or seconds (field 1) of *batches* to come."""
        if batches <= 0:
            return Figure.exact(0.0)
        rates = [cost[field] / n for n, cost in self._epochs]
        if len(rates) == 1:
            late = self._second_half(field)
            value = rates[0] if late is None else late
            low, high = min(value, rates[0]) * (1 - DRIFT), max(value, rates[0]) * (1 + DRIFT)
            if late is None:
                low = min(low, value * MIN_WITHOUT_START)
            return Figure(value, low, high) * batches
        return _interval(rates[1:], batches, batches / self._epochs[-1][0])

    def _second_half(self, field: int) -> float | None:
        """Return the cost of a batch in the second half of the first epoch; None if no mark lies near its middle."""
        batches, cost = self._epochs[0]
        half = min(self._marks, key=lambda mark: abs(mark[0] - batches / 2), default=None)
        if half is None or not 0.25 <= half[0] / batches <= 0.75:
            return None
        return max(0.0, cost.minus(half[1])[field]) / (batches - half[0])

    def _validating(self, field: int, validations: float, batches: float) -> Figure:
        if validations <= 0:
            return Figure.exact(0.0)
        if self._validations:
            seen = [one[field] for one in self._validations]
            if len(seen) > 2:
                seen = seen[1:]  # the first one warms up, as an epoch does
            if len(seen) == 1:
                return Figure.around(seen[0] * validations, DRIFT, DRIFT)
            return _interval(seen, validations, validations)
        rate = self._training(field, 1.0)
        value, low, high = (part * validations * batches for part in VALIDATION_BATCH)
        return Figure(rate.value * value, rate.low * low, rate.high * high)


def _interval(seen: Sequence[float], amount: float, future: float) -> Figure:
    """Return *amount* times the mean of what was *seen*, with the range of the mean of *future* more of them.

    The range holds chance, by blocks of what was seen, and a drift that has not begun yet: ``DRIFT`` at first, half of
    it once as much was seen as is to come.
    """
    mean = fmean(seen)
    off = max(MIN_RANGE, DRIFT * future / (len(seen) + future)) * mean
    if len(seen) > 1:
        means = _blocks(seen)
        n, left = len(means), future * len(means) / len(seen)
        off += _T95[n - 2] * stdev(means) * math.sqrt(1 / n + 1 / max(1.0, left))
    return Figure(mean, max(0.0, mean - off), mean + off) * amount


def _blocks(seen: Sequence[float]) -> list[float]:
    """Return the means of MAX_BLOCKS even parts of what was *seen*, or each one if there are fewer."""
    n = min(MAX_BLOCKS, len(seen))
    edges = [len(seen) * part // n for part in range(n + 1)]
    return [fmean(seen[begin:end]) for begin, end in itertools.pairwise(edges)]
