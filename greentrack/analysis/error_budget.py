"""How far the methods' errors can move the ratio of two energies, and what of them cancels because it is common.

A sensor's gain is off by the same part today and tomorrow, so between two runs that the same sensors of one host saw
only what differs is left: the edges of each run, the parts that the sensors have in the sum, and a sensor's scatter. A
model errs alike where the power is alike; where it is twice as high, nothing is known to be common. Between hosts or
methods nothing cancels.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from greentrack.costing.summary import Summary
from greentrack.methods import METHODS
from greentrack.quantity import Figure, quotient

SENSOR_SCATTER = 0.01
"""A sensor beside itself on another day: its offset, its temperature. Judgement, 2026."""

MODEL_SCATTER = 0.15
"""Two programs that load a machine alike differ so much in what they draw, which no model sees. Judgement, 2026."""

_MAX_BELOW = 0.99  # a range may reach down to nothing, and its logarithm not

Key = tuple[str, str, str]
"""A sensor: its host, its device, its method."""


class ErrorBudget(NamedTuple):
    """How far the logarithm of a ratio may lie below and above; *why* says what cancels and what does not.

    *missed* is how much further below and above it may lie by what no meter saw of the runs: that has a direction, so
    neither repeats nor independent errors make it smaller. *alike* is False where some runs lack a device altogether
    that others have: then their ratio says nothing.
    """

    down: float = 0.0
    up: float = 0.0
    why: str = ""
    missed: tuple[float, float] = (0.0, 0.0)
    alike: bool = True

    def also(self, other: "ErrorBudget") -> "ErrorBudget":
        """Return both together, where they are independent of each other."""
        missed = (self.missed[0] + other.missed[0], self.missed[1] + other.missed[1])
        down, up = math.hypot(self.down, other.down), math.hypot(self.up, other.up)
        return ErrorBudget(down, up, self.why or other.why, missed, self.alike and other.alike)


class _Part(NamedTuple):
    """What one sensor has in some runs' energy: its *weight*, its range, its mean power, and what is its edges'."""

    weight: float
    below: float
    above: float
    watts: float
    edge: float
    unseen: float
    measured: bool


def energy_doubt(first: Sequence[Summary], second: Sequence[Summary]) -> ErrorBudget:
    """Return how far the methods may be off in the energy of *second* (one run or repeats) beside that of *first*."""
    ours, theirs = _parts(first), _parts(second)
    common = ours.keys() & theirs.keys()
    down = up = 0.0
    # one method's errors add up, two methods' are independent
    for method in dict.fromkeys(key[2] for key in (*ours, *theirs)):
        shared = [_of_shares(ours[key], theirs[key]) for key in common if key[2] == method]
        low, high = sum(pair[0] for pair in shared), sum(pair[1] for pair in shared)
        one, other = (_own(parts, method, ours, theirs) for parts in (ours, theirs))
        down += low**2 + one[1] ** 2 + other[0] ** 2
        up += high**2 + one[0] ** 2 + other[1] ** 2
    edges = sum(part.edge**2 for part in (*ours.values(), *theirs.values()))
    missed, missed_too = (math.log1p(sum(part.unseen for part in parts.values())) for parts in (ours, theirs))
    unread = {frozenset(row.id for row in run.devices if row.joules is None) for run in (*first, *second)}
    down, up = math.sqrt(down + edges), math.sqrt(up + edges)
    return ErrorBudget(down, up, _why(ours, theirs), (missed, missed_too), alike=len(unread) == 1)


def carbon_doubt(first: Sequence[Summary], second: Sequence[Summary]) -> ErrorBudget:
    """Return the same for their carbon: where all have one intensity, its error is theirs in common."""

    def factors(summaries: Sequence[Summary]) -> Iterator[tuple[object, Figure]]:
        for summary in summaries:
            if summary.g and summary.joules and min(summary.g.value, summary.joules.value) > 0:
                about = (summary.intensity.zone, summary.intensity.source, summary.intensity.year)
                yield about, quotient(summary.g, summary.joules)

    return energy_doubt(first, second).also(_factor_doubt(factors(first), factors(second)))


def money_doubt(first: Sequence[Summary], second: Sequence[Summary]) -> ErrorBudget:
    """Return the same for their money: of energy, or of time where it is rent."""

    def factors(summaries: Sequence[Summary]) -> Iterator[tuple[object, Figure]]:
        for summary in summaries:
            if (money := summary.money) and summary.joules and min(money.amount.value, summary.joules.value) > 0:
                rented = money.basis == "renter"
                each = money.amount / summary.run.seconds if rented else quotient(money.amount, summary.joules)
                yield (money.basis, money.source, money.year), each

    of_prices = _factor_doubt(factors(first), factors(second))
    if any(summary.money and summary.money.basis == "renter" for summary in (*first, *second)):
        return of_prices  # rent is for time, whatever the energy
    return energy_doubt(first, second).also(of_prices)


def _factor_doubt(first: Iterable[tuple[object, Figure]], second: Iterable[tuple[object, Figure]]) -> ErrorBudget:
    """Return how far a factor beside the energy (grams or money each) may be off; nothing where all have the same.

    Each is what it rests on, and the factor with its range.
    """
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


def _parts(summaries: Sequence[Summary]) -> dict[Key, _Part]:
    """Return the sensors' parts in the energy of all of the *summaries* together."""
    whole = sum(summary.joules.value for summary in summaries if summary.joules)
    seconds: dict[Key, float] = {}
    parts: dict[Key, _Part] = {}
    for summary in summaries:
        run = summary.run
        for device in summary.devices:
            figure = device.joules
            if figure is None or figure.value <= 0:
                continue
            below, above = 1 - figure.low / figure.value, figure.high / figure.value - 1
            edge = 0.0
            if device.measured and device.kind != "rest":
                method = METHODS[device.method]
                edge = math.sqrt(max(0.0, above**2 - method.above**2))
                below, above = method.below, method.above
            key = (run.host.id if run.host else run.id, device.id, device.method)
            weight = figure.value / whole
            old = parts.get(key, _Part(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, device.measured))
            seconds[key] = seconds.get(key, 0.0) + device.coverage * run.seconds
            unseen = weight * (1 / max(1 - _MAX_BELOW, device.coverage) - 1)
            parts[key] = _Part(
                weight=old.weight + weight,
                below=max(old.below, below),
                above=max(old.above, above),
                watts=old.watts + figure.value,
                edge=math.hypot(old.edge, weight * edge),
                unseen=old.unseen + unseen,
                measured=device.measured,
            )
    return {
        key: part._replace(watts=part.watts / seconds[key] if seconds[key] > 0 else 0.0) for key, part in parts.items()
    }


def _of_shares(one: _Part, other: _Part) -> tuple[float, float]:
    """Return down and up of what a common error leaves in a ratio: it weighs more where the sensor's part is larger."""
    edges = [
        math.log1p(_least(other.weight * off)) - math.log1p(_least(one.weight * off))
        for off in (max(one.above, other.above), -max(one.below, other.below))
    ]
    return max(0.0, *(-edge for edge in edges)), max(0.0, *edges)


def _own(
    parts: Mapping[Key, _Part], method: str, ours: Mapping[Key, _Part], theirs: Mapping[Key, _Part]
) -> Sequence[float]:
    """Return down and up of what *parts* do not have in common with those of the other side."""
    below = above = 0.0
    for key, part in parts.items():
        if key[2] == method:
            own = _own_part(ours.get(key), theirs.get(key))
            scatter = SENSOR_SCATTER if part.measured else MODEL_SCATTER
            below += part.weight * min(part.below, max(scatter, own * part.below))
            above += part.weight * min(part.above, max(scatter, own * part.above))
    return -math.log1p(_least(-below)), math.log1p(above)


def _own_part(one: _Part | None, other: _Part | None) -> float:
    """Return the part of an error, 0 to 1, that is not common: all of it for another sensor."""
    if one is None or other is None:
        return 1.0
    if one.measured and other.measured:
        return 0.0
    if one.watts <= 0 or other.watts <= 0:
        return 1.0
    return min(1.0, abs(math.log2(other.watts / one.watts)))


def _least(off: float) -> float:
    return max(-_MAX_BELOW, off)


def _why(ours: Mapping[Key, _Part], theirs: Mapping[Key, _Part]) -> str:
    common, all_ = ours.keys() & theirs.keys(), ours.keys() | theirs.keys()
    if not common:
        return "not the same sensors on one host: none of their errors cancels"
    models = not all(ours[key].measured for key in common)
    what = "sensors and models" if models else "sensors"
    if common == all_:
        return f"same {what} on one host: their common error cancels"
    names = ", ".join(sorted(key[1] for key in common))
    return f"same {what} on one host for {names} only: the errors of the others do not cancel"
