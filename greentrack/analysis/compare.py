"""Compare groups of runs: what each used, by how much that differs, and whether the difference can be claimed."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from greentrack import registry
from greentrack.analysis.difference import Difference, metric_difference, ratio
from greentrack.analysis.error_budget import ErrorBudget, carbon_error, energy_error, money_error
from greentrack.analysis.groups import ALL_RUNS, Group, Selection
from greentrack.analysis.metrics import best, higher_is_better, last, pareto
from greentrack.analysis.statistics import mean
from greentrack.analysis.time_to_target import Target, cost_to
from greentrack.costing.summary import Summary
from greentrack.costing.tariffs import Money
from greentrack.errors import ConfigError, NotFoundError, did_you_mean
from greentrack.formatting import escape
from greentrack.quantity import Figure

ValueOf = Callable[[Summary], float | None]


class ComparedQuantity(NamedTuple):
    """A quantity of every group, in *unit*: the mean of its repeats, None where it is not known of all of them.

    *differences* has one for each group after the first, compared with the first; None where nothing can be said.
    """

    name: str
    unit: str
    values: tuple[float | None, ...]
    differences: tuple[Difference | None, ...]


class ParetoFront(NamedTuple):
    """The groups on the Pareto front of *metric* against energy.

    A group is *beaten* if another is as good on average and can be claimed to have used less energy. *unsure* are those
    beaten by the means alone.
    """

    metric: str
    higher: bool
    groups: tuple[str, ...]
    beaten: tuple[str, ...]
    unsure: tuple[str, ...] = ()


class Comparison(NamedTuple):
    """Groups of runs compared with the first of them; *units* are the units of work that were looked at."""

    groups: tuple[Group, ...]
    rows: tuple[ComparedQuantity, ...]
    front: ParetoFront | None
    units: tuple[str, ...]
    target: Target | None
    selection: Selection

    def row(self, name: str) -> ComparedQuantity:
        """Return the quantity of that name. Raises KeyError."""
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    def __str__(self) -> str:
        rendered: str = registry.load(registry.COMPARISONS, "text", "format")(self)
        return rendered


def compare(
    groups: Sequence[Group],
    *,
    per: str | None = None,
    until: Target | None = None,
    front: str | None = None,
    better: str | None = None,
    selection: Selection = ALL_RUNS,
) -> Comparison:
    """Compare *groups* with the first of them.

    *per* is the one unit of work to compare (``samples``), by default all that they share; *until* asks for the cost to
    a target; *front* is the metric of the Pareto front, and *better* (``higher``, ``lower``) says which way it is
    better where its name does not tell. Raises ConfigError for fewer than two groups, for a unit that not all runs
    count, and for a *front* of which it is not known whether higher is better.
    """
    if len(groups) < 2:
        name = f" ({escape.name(groups[0].name)})" if groups else ""
        raise ConfigError(f"there is one group only{name}; compare runs of two names, or give a param that tells them")
    if better is not None and front is None:
        raise ConfigError(f"better {better!r} is of a metric: say which one, as the front")
    units = _units(groups, per)
    rows = [
        _amounts("energy", "J", groups, _joules, energy_error),
        *(_amounts(f"energy per {singular(unit)}", "J", groups, _joules_per(unit), energy_error) for unit in units),
        _amounts("time", "s", groups, lambda summary: (summary.whole or summary.run).seconds, _no_error),
        _amounts("carbon", "g", groups, lambda summary: _value((summary.whole or summary).g), carbon_error),
        *_money("money", groups, lambda summary: (summary.whole or summary).money),
        *(_to_target(groups, until) if until else ()),
        *_metric_quantities(groups, front, better),
    ]
    return Comparison(
        groups=tuple(groups),
        rows=tuple(row for row in rows if any(value is not None for value in row.values)),
        front=_front(groups, front, better),
        units=tuple(units),
        target=until,
        selection=selection,
    )


def currencies(groups: Sequence[Group]) -> list[str]:
    """Return the currencies that the money of *groups* is in."""
    return sorted({summary.money.currency for group in groups for summary in group.summaries if summary.money})


def singular(unit: str) -> str:
    """Return the singular of a unit of work.

    >>> [singular(unit) for unit in ("samples", "batches", "loss", "step")]
    ['sample', 'batch', 'loss', 'step']
    """
    if unit.endswith(("ches", "shes", "xes", "sses")):
        return unit[:-2]
    return unit[:-1] if unit.endswith("s") and not unit.endswith("ss") else unit


def _amounts(
    name: str,
    unit: str,
    groups: Sequence[Group],
    of: ValueOf,
    error: Callable[[Sequence[Summary], Sequence[Summary]], ErrorBudget],
) -> ComparedQuantity:
    values = [_known(group, of) for group in groups]
    first = groups[0].summaries
    differences = [
        ratio(values[0], others, error(first, group.summaries)) if values[0] and others else None
        for group, others in zip(groups[1:], values[1:], strict=True)
    ]
    return ComparedQuantity(name, unit, tuple(_mean(of_group) for of_group in values), tuple(differences))


def _metric_quantity(name: str, groups: Sequence[Group], of: ValueOf) -> ComparedQuantity:
    values = [_known(group, of) for group in groups]
    means = [mean(of_group) if of_group else None for of_group in values]
    differences = [metric_difference(values[0], others) if values[0] and others else None for others in values[1:]]
    return ComparedQuantity(name, "", tuple(means), tuple(differences))


def _known(group: Group, of: ValueOf) -> list[float]:
    """Return the values of all runs, or none where one is not known: the mean of the others would mislead."""
    values = [of(summary) for summary in group.summaries]
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else []


def _mean(values: Sequence[float]) -> float | None:
    """Return the mean by which amounts are compared: the geometric mean."""
    if not values:
        return None
    return math.exp(mean([math.log(value) for value in values])) if min(values) > 0 else mean(values)


def _value(figure: Figure | None) -> float | None:
    return figure.value if figure else None


def _joules(summary: Summary) -> float | None:
    return _value((summary.whole or summary).joules)


def _joules_per(unit: str) -> ValueOf:
    def of(summary: Summary) -> float | None:
        work = summary.work.get(unit)
        return _value(work.joules_per) if work else None

    return of


def _no_error(first: Sequence[Summary], second: Sequence[Summary]) -> ErrorBudget:  # noqa: ARG001  # a clock is right
    return ErrorBudget()


def _money(name: str, groups: Sequence[Group], of: Callable[[Summary], Money | None]) -> Iterator[ComparedQuantity]:
    def amount(summary: Summary) -> float | None:
        money = of(summary)
        return money.amount.value if money else None

    paid_in = currencies(groups)
    if len(paid_in) == 1:
        yield _amounts(name, paid_in[0], groups, amount, money_error)


def _to_target(groups: Sequence[Group], to: Target) -> Iterator[ComparedQuantity]:
    yield _amounts(f"energy to {to}", "J", groups, lambda summary: _value(cost_to(summary, to).joules), energy_error)
    yield _amounts(f"time to {to}", "s", groups, lambda summary: cost_to(summary, to).seconds, _no_error)
    yield from _money(f"money to {to}", groups, lambda summary: cost_to(summary, to).money)


def _metric_quantities(groups: Sequence[Group], front: str | None, better: str | None) -> Iterator[ComparedQuantity]:
    for name in _metrics(groups):
        yield _metric_quantity(f"{name}, last", groups, lambda summary, name=name: last(summary.metrics[name]))  # type: ignore[misc]
        higher = higher_is_better(name, better if name == front else None)
        if higher is None:
            continue

        def of(summary: Summary, name: str = name, higher: bool = higher) -> float | None:
            return best(summary.metrics[name], higher)

        if any(of(summary) != last(summary.metrics[name]) for group in groups for summary in group.summaries):
            yield _metric_quantity(f"{name}, best", groups, of)


def _metrics(groups: Sequence[Group]) -> list[str]:
    """Return the metrics that every run has logged, in the order of the first."""
    runs = [summary for group in groups for summary in group.summaries]
    return [name for name in runs[0].metrics if all(name in summary.metrics for summary in runs)]


def _units(groups: Sequence[Group], per: str | None) -> list[str]:
    """Return the units of work that every run has counted; of these *per* only, if given."""
    runs = [summary for group in groups for summary in group.summaries]
    shared = [unit for unit in runs[0].work if all(_joules_per(unit)(summary) for summary in runs)]
    if per is None:
        return shared
    found = [unit for unit in shared if singular(unit) == singular(per)]
    if not found:
        counted = {group.name: {unit: None for run in group.summaries for unit in run.work} for group in groups}
        counts = "; ".join(f"{escape.name(name)} counts {', '.join(of) or 'none'}" for name, of in counted.items())
        raise ConfigError(f"these runs do not all count {per}{did_you_mean(per, shared)}: {counts}")
    return found


def _front(groups: Sequence[Group], metric: str | None, better: str | None) -> ParetoFront | None:
    known = _metrics(groups)
    if metric is None:
        told = [name for name in known if higher_is_better(name) is not None]
        if len(told) != 1:
            return None
        metric = told[0]
    elif metric not in known:
        shared = f"all logged: {', '.join(known[:10])}" if known else "there is no metric that all of them logged"
        raise NotFoundError(f"not all of these runs logged {metric!r}{did_you_mean(metric, known)}; {shared}")
    higher = higher_is_better(metric, better)
    if higher is None:
        raise ConfigError(f"whether a higher {metric} is better cannot be told; give --better higher or --better lower")
    placed: list[tuple[Group, float, float]] = []
    for group in groups:
        joules = _mean(_known(group, _joules))
        values = [best(summary.metrics[metric], higher) for summary in group.summaries]
        if joules is not None and None not in values:
            placed.append((group, joules, mean([value for value in values if value is not None])))
    first = pareto([(joules, quality) for _, joules, quality in placed], higher)
    beaten: list[str] = []
    unsure: list[str] = []
    for number, (group, _, quality) in enumerate(placed):
        if number not in first:
            as_good = (other for other, _, its in placed if (its >= quality if higher else its <= quality))
            sure = any(_less(other, group) for other in as_good)  # it is not less than itself
            (beaten if sure else unsure).append(group.name)
    names = tuple(placed[number][0].name for number in sorted(first))
    return ParetoFront(metric, higher, names, tuple(beaten), tuple(unsure))


def _less(one: Group, other: Group) -> bool:
    """True where it can be claimed that *one* used less energy than the *other*."""
    error = energy_error(other.summaries, one.summaries)
    found = ratio(_known(other, _joules), _known(one, _joules), error)
    return found is not None and found.is_claimed and found.change < 0
