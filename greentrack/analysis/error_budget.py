"""The error budget of a comparison: how far the methods' errors can move the ratio of two energies.

A sensor's gain is off by the same factor every day, so it cancels between two runs that the same sensors of one host
read. The edges of each run, the sensors' parts of the sum, and a sensor's scatter remain. A model has the same error at
the same power; at twice the power, nothing is known to be common. Between hosts or methods nothing cancels.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from greentrack.costing.assumptions import spread_of
from greentrack.costing.summary import Summary
from greentrack.methods import METHODS
from greentrack.quantity import Figure, quotient

SENSOR_SCATTER = 0.01
"""How far a sensor differs from itself on another day: offset, temperature. Judgement, 2026."""

MODEL_SCATTER = 0.15
"""How far the power of two programs with the same load differs, which no model sees. Judgement, 2026."""

_MAX_BELOW = 0.99  # a range may reach down to nothing; its logarithm may not

SensorKey = tuple[str, str, str]
"""A sensor: its host, its device, its method."""


class SharedSensors(NamedTuple):
    """The *devices* that the same sensors of one host read on both sides of a ratio; their common error cancels."""

    devices: tuple[str, ...]
    are_all: bool
    has_models: bool


class ErrorBudget(NamedTuple):
    """How far the true logarithm of a ratio may lie *below* and *above* the one that was found.

    *shared* are the sensors whose errors cancel, None where no sensor matters. *unseen* is how much further it may lie
    either way because meters missed a part of the runs; repeats and independent errors do not make that smaller.
    *is_comparable* is False where some runs lack a device that others have.
    """

    below: float = 0.0
    above: float = 0.0
    shared: SharedSensors | None = None
    unseen: tuple[float, float] = (0.0, 0.0)
    is_comparable: bool = True

    def plus(self, other: "ErrorBudget") -> "ErrorBudget":
        """Return the sum of two independent error budgets."""
        return ErrorBudget(
            math.hypot(self.below, other.below),
            math.hypot(self.above, other.above),
            other.shared if self.shared is None else self.shared,
            (self.unseen[0] + other.unseen[0], self.unseen[1] + other.unseen[1]),
            self.is_comparable and other.is_comparable,
        )


class _SensorPart(NamedTuple):
    """One sensor's part of some runs' energy: its *weight*, relative range, mean power, and the error of its edges."""

    weight: float
    below: float
    above: float
    watts: float
    edge: float
    unseen: float
    is_measured: bool


_Parts = Mapping[SensorKey, _SensorPart]


def energy_error(first: Sequence[Summary], second: Sequence[Summary]) -> ErrorBudget:
    """Return the methods' error in the ratio of the energy of *second* (one run or repeats) to that of *first*."""
    ours, theirs = _parts(first), _parts(second)
    common = ours.keys() & theirs.keys()
    below = above = 0.0  # squares
    # one method's errors add up, two methods' are independent
    for method in dict.fromkeys(key[2] for key in (*ours, *theirs)):
        shared = [_common_error(ours[key], theirs[key]) for key in common if key[2] == method]
        low, high = sum(pair[0] for pair in shared), sum(pair[1] for pair in shared)
        one, other = (_own_error(parts, method, ours, theirs) for parts in (ours, theirs))
        below += low**2 + one[1] ** 2 + other[0] ** 2
        above += high**2 + one[0] ** 2 + other[1] ** 2
    edges = sum(part.edge**2 for part in (*ours.values(), *theirs.values()))
    unseen = tuple(math.log1p(sum(part.unseen for part in parts.values())) for parts in (ours, theirs))
    unread = {frozenset(row.id for row in run.devices if row.joules is None) for run in (*first, *second)}
    return ErrorBudget(
        math.sqrt(below + edges),
        math.sqrt(above + edges),
        _shared_sensors(ours, theirs),
        (unseen[0], unseen[1]),
        is_comparable=len(unread) == 1,
    )


def carbon_error(first: Sequence[Summary], second: Sequence[Summary]) -> ErrorBudget:
    """Return the same for their carbon. Where all have one grid intensity, its error cancels."""

    def factors(summaries: Sequence[Summary]) -> Iterator[tuple[object, Figure]]:
        for summary in summaries:
            if summary.g and summary.joules and min(summary.g.value, summary.joules.value) > 0:
                about = (summary.intensity.zone, summary.intensity.source, summary.intensity.year)
                yield about, quotient(summary.g, summary.joules)

    return energy_error(first, second).plus(_factor_error(factors(first), factors(second)))


def money_error(first: Sequence[Summary], second: Sequence[Summary]) -> ErrorBudget:
    """Return the same for their money: of energy, or of time where a run pays rent."""

    def factors(summaries: Sequence[Summary]) -> Iterator[tuple[object, Figure]]:
        for summary in summaries:
            if (money := summary.money) and summary.joules and min(money.amount.value, summary.joules.value) > 0:
                rented = money.basis == "renter"
                each = money.amount / summary.run.seconds if rented else quotient(money.amount, summary.joules)
                yield (money.basis, money.source, money.year), each

    price_error = _factor_error(factors(first), factors(second))
    if any(summary.money and summary.money.basis == "renter" for summary in (*first, *second)):
        return price_error  # rent is for time, whatever the energy
    return energy_error(first, second).plus(price_error)


def _factor_error(first: Iterable[tuple[object, Figure]], second: Iterable[tuple[object, Figure]]) -> ErrorBudget:
    """Return the error of a factor (grams or money for a joule), given with its source; none if all have the same."""
    one, other = list(first), list(second)
    if not one or not other or len({(about, f"{factor.value:.9g}") for about, factor in (*one, *other)}) <= 1:
        return ErrorBudget()
    (below, above), (below_too, above_too) = (
        (
            max(-math.log(max(1 - _MAX_BELOW, figure.low / figure.value)) for _, figure in side),
            max(math.log(figure.high / figure.value) for _, figure in side),
        )
        for side in (one, other)
    )
    return ErrorBudget(math.hypot(above, below_too), math.hypot(below, above_too))


def _parts(summaries: Sequence[Summary]) -> dict[SensorKey, _SensorPart]:
    """Return each sensor's part of the energy of all *summaries* together."""
    whole = sum(summary.joules.value for summary in summaries if summary.joules)
    seconds: dict[SensorKey, float] = {}
    parts: dict[SensorKey, _SensorPart] = {}
    for summary in summaries:
        run = summary.run
        for device in summary.devices:
            figure = device.joules
            if figure is None or figure.value <= 0:
                continue
            below, above = spread_of(figure)
            edge = 0.0
            if device.measured and device.kind != "rest":
                method = METHODS[device.method]
                edge = math.sqrt(max(0.0, above**2 - method.above**2))
                below, above = method.below, method.above
            key = (run.host.id if run.host else run.id, device.id, device.method)
            weight = figure.value / whole
            old = parts.get(key, _SensorPart(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, device.measured))
            seconds[key] = seconds.get(key, 0.0) + device.coverage * run.seconds
            unseen = weight * (1 / max(1 - _MAX_BELOW, device.coverage) - 1)
            parts[key] = _SensorPart(
                weight=old.weight + weight,
                below=max(old.below, below),
                above=max(old.above, above),
                watts=old.watts + figure.value,
                edge=math.hypot(old.edge, weight * edge),
                unseen=old.unseen + unseen,
                is_measured=device.measured,
            )
    return {
        key: part._replace(watts=part.watts / seconds[key] if seconds[key] > 0 else 0.0) for key, part in parts.items()
    }


def _common_error(one: _SensorPart, other: _SensorPart) -> tuple[float, float]:
    """Return what a common error leaves in a ratio, below and above: it does not cancel where the weights differ."""
    edges = [
        math.log1p(_bounded(other.weight * off)) - math.log1p(_bounded(one.weight * off))
        for off in (max(one.above, other.above), -max(one.below, other.below))
    ]
    return max(0.0, *(-edge for edge in edges)), max(0.0, *edges)


def _own_error(parts: _Parts, method: str, ours: _Parts, theirs: _Parts) -> tuple[float, float]:
    """Return the error of *parts*, below and above, that the other side does not have too."""
    below = above = 0.0
    for key, part in parts.items():
        if key[2] == method:
            fraction = _own_fraction(ours.get(key), theirs.get(key))
            scatter = SENSOR_SCATTER if part.is_measured else MODEL_SCATTER
            below += part.weight * min(part.below, max(scatter, fraction * part.below))
            above += part.weight * min(part.above, max(scatter, fraction * part.above))
    return -math.log1p(_bounded(-below)), math.log1p(above)


def _own_fraction(one: _SensorPart | None, other: _SensorPart | None) -> float:
    """Return the fraction of an error, 0 to 1, that is not common: all of it for another sensor."""
    if one is None or other is None:
        return 1.0
    if one.is_measured and other.is_measured:
        return 0.0
    if one.watts <= 0 or other.watts <= 0:
        return 1.0
    return min(1.0, abs(math.log2(other.watts / one.watts)))


def _bounded(off: float) -> float:
    return max(-_MAX_BELOW, off)


def _shared_sensors(ours: _Parts, theirs: _Parts) -> SharedSensors:
    common = ours.keys() & theirs.keys()
    return SharedSensors(
        devices=tuple(sorted(key[1] for key in common)),
        are_all=common == ours.keys() | theirs.keys(),
        has_models=not all(ours[key].is_measured for key in common),
    )
