"""What a result cost: energy, time and money until a metric first reached a value, and whether that gets cheaper."""

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from greentrack.analysis.difference import Difference, ratio
from greentrack.analysis.error_budget import energy_error
from greentrack.analysis.metrics import best, expect, finite
from greentrack.costing.summary import Summary
from greentrack.errors import ConfigError, NotFoundError, did_you_mean
from greentrack.model import Metric
from greentrack.quantity import Figure

if TYPE_CHECKING:
    from greentrack.costing.summary import RunPart
    from greentrack.costing.tariffs import Money


class Target(NamedTuple):
    """A *metric*, how it is to compare (``>=``, ``<=``, ``>`` or ``<``), and the value to reach."""

    metric: str
    sign: str
    threshold: float

    @property
    def higher(self) -> bool:
        """Whether it is reached from below."""
        return self.sign.startswith(">")

    def met(self, value: float) -> bool:
        """Whether *value* reaches it."""
        if self.sign in (">=", "<="):
            return value >= self.threshold if self.higher else value <= self.threshold
        return value > self.threshold if self.higher else value < self.threshold

    def __str__(self) -> str:
        return f"{self.metric} {self.sign} {self.threshold:g}"


class CostToTarget(NamedTuple):
    """What *target* cost a run. Where it was *reached*, *value* is the first that did; else the best there was.

    *joules*, *money* and *seconds* are until then, None where they are not known or it was not reached. *value* is None
    where the run has no such metric.
    """

    target: Target
    reached: bool
    value: float | None
    seconds: float | None = None
    joules: Figure | None = None
    money: "Money | None" = None


class Step(NamedTuple):
    """A run of a trend. *change* is its energy beside that of *before*, the last run ahead of it that got there."""

    summary: Summary
    cost: CostToTarget
    change: Difference | None = None


def target(text: str) -> Target:
    """Read a target. Raises ConfigError for one that is none.

    >>> target("val_acc>=0.97")
    Target(metric='val_acc', sign='>=', threshold=0.97)
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
    """Return what it took the run of *summary* until its metric first reached the target.

    Raises ConfigError for a summary of the run's own share: a metric carries the joules of whole devices.
    """
    if summary.scope != "machine":
        raise ConfigError(f"the cost to a target ({to}) is known for the scope machine only; leave the scope out")
    values = finite(summary.metrics.get(to.metric, ()))
    reached = next((metric for metric in values if to.met(metric.value)), None)
    if reached is None:
        return CostToTarget(to, reached=False, value=best(values, to.higher))
    run = summary.run
    seconds = max(0.0, reached.at - run.started_at) + sum(part.seconds for part in _earlier(summary))
    joules = _joules(summary, reached)
    if joules is None:
        return CostToTarget(to, reached=True, value=reached.value, seconds=seconds)
    return CostToTarget(to, True, reached.value, seconds, joules, _money(summary, joules, seconds))


def is_resumed(summary: Summary) -> bool:
    """True where the run resumed an earlier one: its parts before are in its cost to a target."""
    return bool(_earlier(summary))


def _earlier(summary: Summary) -> "list[RunPart]":
    return [part for part in summary.parts if part.started_at + part.seconds <= summary.run.started_at]


def _joules(summary: Summary, reached: Metric) -> Figure | None:
    """Return the joules of the work until then, as sure as those of the whole of it; None where they are not known."""
    run, whole = summary.run, (summary.whole or summary).joules
    # a rest that was measured is among the devices; one that was worked out from them is not
    devices = sum(device.joules.value for device in summary.devices if device.joules and device.id != "rest")
    if reached.joules is None or devices <= 0 or summary.joules is None or not whole or whole.value <= 0:
        return None
    end = run.started_at + run.seconds
    others = [part for part in summary.parts if part.id != run.id and part.joules]
    beside = [part for part in others if part.started_at < end and part.started_at + part.seconds > run.started_at]
    at_once = summary.joules.value + sum(part.joules.value for part in beside if part.joules)
    before = sum(part.joules.value for part in _earlier(summary) if part.joules)
    return whole * min(1.0, (before + min(1.0, reached.joules / devices) * at_once) / whole.value)


def _money(summary: Summary, joules: Figure, seconds: float) -> "Money | None":
    money, whole = (summary.whole or summary).money, (summary.whole or summary).joules
    if money is None or whole is None:
        return None
    if money.basis == "renter":  # rent is for time
        in_all = (summary.whole or summary.run).seconds
        return money._replace(amount=money.amount * (min(1.0, seconds / in_all) if in_all > 0 else 1.0))
    return money._replace(amount=money.amount * (joules.value / whole.value))


def one_cost(summary: Summary, to: Target) -> CostToTarget:
    """Return what ``cost_to`` does. Raises NotFoundError, with suggestions, where the run has no such metric."""
    expect(to.metric, summary.metrics, f"run {summary.run.id} ({summary.run.name})")
    return cost_to(summary, to)


def trend(summaries: Sequence[Summary], to: Target) -> list[Step]:
    """Return what the target cost each run, in order of time, each beside the last one before it that reached it.

    Raises NotFoundError where no run has such a metric.
    """
    known = dict.fromkeys(name for summary in summaries for name in summary.metrics)
    if to.metric not in known:
        raise NotFoundError(
            f"none of these {len(summaries)} runs logged a metric {to.metric!r}{did_you_mean(to.metric, known)}; "
            f"logged: {', '.join(list(known)[:10]) or 'none'}"
        )
    steps: list[Step] = []
    before: Step | None = None
    for summary in sorted(summaries, key=lambda summary: (summary.run.started_at, summary.run.id)):
        step = Step(summary, cost_to(summary, to))
        if step.cost.joules is not None:
            if before is not None:
                step = step._replace(change=beside(before, step))
            before = step
        steps.append(step)
    return steps


def beside(one: Step, other: Step) -> Difference | None:
    """Return the energy to the target of *other* beside that of *one*."""
    if one.cost.joules is None or other.cost.joules is None:
        return None
    error = energy_error([one.summary], [other.summary])
    return ratio([one.cost.joules.value], [other.cost.joules.value], error)
