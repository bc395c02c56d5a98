"""The cost to a target: energy, time and money until a metric first reached a value, for one run or over many."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from greentrack.analysis.difference import Difference, ratio
from greentrack.analysis.error_budget import energy_error
from greentrack.analysis.metrics import best, check_logged, finite
from greentrack.costing.summary import RunPart, Summary
from greentrack.costing.tariffs import Money
from greentrack.errors import ConfigError
from greentrack.model import Metric
from greentrack.quantity import Figure


class Target(NamedTuple):
    """A *metric*, an *operator* (``>=``, ``<=``, ``>`` or ``<``), and the value to reach."""

    metric: str
    operator: str
    threshold: float

    @property
    def is_minimum(self) -> bool:
        """True where the metric has to rise to the threshold."""
        return self.operator.startswith(">")

    def is_met(self, value: float) -> bool:
        """True where *value* reaches the target."""
        if self.operator in (">=", "<="):
            return value >= self.threshold if self.is_minimum else value <= self.threshold
        return value > self.threshold if self.is_minimum else value < self.threshold

    def __str__(self) -> str:
        return f"{self.metric} {self.operator} {self.threshold:g}"


class CostToTarget(NamedTuple):
    """What a run spent to reach *target*. *value* is the first that reached it, or else the best, None without any.

    *joules*, *money* and *seconds* are those up to then, None where not known or where the target was not reached.
    """

    target: Target
    is_reached: bool
    value: float | None
    seconds: float | None = None
    joules: Figure | None = None
    money: Money | None = None


class TrendPoint(NamedTuple):
    """One run of a trend; *change* compares its energy with that of the last run before it that reached the target."""

    summary: Summary
    cost: CostToTarget
    change: Difference | None = None


def parse_target(text: str) -> Target:
    """Parse a target. Raises ConfigError.

    >>> parse_target("val_acc>=0.97")
    Target(metric='val_acc', operator='>=', threshold=0.97)
    """
    found = re.fullmatch(r"\s*([^<>=]+?)\s*(>=|<=|>|<)\s*([^<>=\s]+)\s*", text)
    if found is None:
        raise ConfigError(f"target {text!r} is none; write a metric, >=, <=, > or <, and a number: 'val_acc>=0.97'")
    try:
        threshold = float(found[3])
    except ValueError:
        threshold = math.nan
    if not math.isfinite(threshold):
        raise ConfigError(f"target {text!r}: {found[3]!r} is not a number; write for example 'val_acc>=0.97'")
    return Target(found[1], found[2], threshold)


def cost_to(summary: Summary, to: Target) -> CostToTarget:
    """Return what the run of *summary* spent until its metric first reached the target.

    Raises ConfigError for the scope process: a metric carries the joules of whole devices.
    """
    if summary.scope != "machine":
        raise ConfigError(f"the cost to a target ({to}) is known for the scope machine only; leave the scope out")
    values = finite(summary.metrics.get(to.metric, ()))
    reached = next((metric for metric in values if to.is_met(metric.value)), None)
    if reached is None:
        return CostToTarget(to, is_reached=False, value=best(values, to.is_minimum))
    run = summary.run
    seconds = max(0.0, reached.at - run.started_at) + sum(part.seconds for part in _earlier_parts(summary))
    joules = _joules(summary, reached)
    if joules is None:
        return CostToTarget(to, is_reached=True, value=reached.value, seconds=seconds)
    return CostToTarget(to, True, reached.value, seconds, joules, _money(summary, joules, seconds))


def is_resumed(summary: Summary) -> bool:
    """True where the run resumed an earlier one: its parts before are in its cost to a target."""
    return bool(_earlier_parts(summary))


def _earlier_parts(summary: Summary) -> list[RunPart]:
    return [part for part in summary.parts if part.started_at + part.seconds <= summary.run.started_at]


def _joules(summary: Summary, reached: Metric) -> Figure | None:
    """Return the joules up to then, with the relative range of the whole run; None where they are not known."""
    run, whole = summary.run, (summary.whole or summary).joules
    # a measured rest of the machine is one of the devices; a modelled one is not
    devices = sum(device.joules.value for device in summary.devices if device.joules and device.id != "rest")
    if reached.joules is None or devices <= 0 or summary.joules is None or not whole or whole.value <= 0:
        return None
    end = run.started_at + run.seconds
    others = [part for part in summary.parts if part.id != run.id and part.joules]
    beside = [part for part in others if part.started_at < end and part.started_at + part.seconds > run.started_at]
    at_once = summary.joules.value + sum(part.joules.value for part in beside if part.joules)
    before = sum(part.joules.value for part in _earlier_parts(summary) if part.joules)
    return whole * min(1.0, (before + min(1.0, reached.joules / devices) * at_once) / whole.value)


def _money(summary: Summary, joules: Figure, seconds: float) -> Money | None:
    whole = summary.whole or summary
    money = whole.money
    if money is None or whole.joules is None:
        return None
    if money.basis == "renter":  # rent is for time
        in_all = (summary.whole or summary.run).seconds
        return money._replace(amount=money.amount * (min(1.0, seconds / in_all) if in_all > 0 else 1.0))
    return money._replace(amount=money.amount * (joules.value / whole.joules.value))


def checked_cost_to(summary: Summary, to: Target) -> CostToTarget:
    """Return what ``cost_to`` does. Raises NotFoundError, with suggestions, where the run has no such metric."""
    check_logged(to.metric, summary.metrics, f"run {summary.run.id} ({summary.run.name}) logged no metric")
    return cost_to(summary, to)


def trend(summaries: Sequence[Summary], to: Target) -> list[TrendPoint]:
    """Return the cost to the target of each run, in order of time. Raises NotFoundError where none has the metric."""
    known = dict.fromkeys(name for summary in summaries for name in summary.metrics)
    check_logged(to.metric, known, f"none of these {len(summaries)} runs logged a metric")
    points: list[TrendPoint] = []
    before: TrendPoint | None = None
    for summary in sorted(summaries, key=lambda summary: (summary.run.started_at, summary.run.id)):
        point = TrendPoint(summary, cost_to(summary, to))
        if point.cost.joules is not None:
            if before is not None:
                point = point._replace(change=energy_change(before, point))
            before = point
        points.append(point)
    return points


def energy_change(one: TrendPoint, other: TrendPoint) -> Difference | None:
    """Return the change of the energy to the target from *one* to *other*."""
    if one.cost.joules is None or other.cost.joules is None:
        return None
    error = energy_error([one.summary], [other.summary])
    return ratio([one.cost.joules.value], [other.cost.joules.value], error)
