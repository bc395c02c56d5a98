"""The cost to a target as text: a line of a run's report, or run by run over a project."""

from collections.abc import Iterable, Sequence

from greentrack.analysis.difference import Difference
from greentrack.analysis.groups import ALL_RUNS, Selection
from greentrack.analysis.time_to_target import CostToTarget, Target, TrendPoint, energy_change, is_resumed
from greentrack.costing.summary import Summary
from greentrack.formatting.escape import name
from greentrack.formatting.layout import UNKNOWN, sections, short, titled, wrapped
from greentrack.formatting.table import Table, lines
from greentrack.formatting.units import duration, energy_range, moment, money_range
from greentrack.reports.comparison_notes import RESUMED, UP_TO_TARGET, selection_notes
from greentrack.reports.difference_text import brief, sentence


def line(summary: Summary, cost: CostToTarget) -> str:
    """Return what a target cost *summary*'s run, in one line."""
    told = [UP_TO_TARGET, *([f"this run {RESUMED}"] if is_resumed(summary) else [])]
    spent = ", ".join(cell for cell in _cells(cost) if cell not in ("", UNKNOWN))
    return f"Until {cost.target}: {spent}" + (f" ({'; '.join(told)})" if cost.is_reached else "")


def trend(steps: Sequence[TrendPoint], to: Target, selection: Selection = ALL_RUNS, *, width: int = 80) -> str:
    """Return what a target cost run by run, its change from first to last, and notes."""
    rows = []
    for step in steps:
        run = step.summary.run
        started = moment(run.started_at).removesuffix(" UTC")
        rows.append((short(run.name), started, *_cells(step.cost), brief(step.change) if step.change else ""))
    head = ("run", "started", f"energy to {to}", "time", "money", "")
    parts: list[Iterable[str]] = [lines(Table(head, tuple(rows), right=(2, 3, 4)))]
    if (change := first_to_last(steps)) is not None:
        way = "cheaper" if change.change < 0 else "dearer"
        is_it = f"the same result gets {way}: " if change.is_claimed else ""
        said = f"First to last: {is_it}{sentence(change, 'energy')}; one run each, so chance is unknown."
        parts.append(wrapped(said, width))
    return sections([*parts, titled("Notes", notes(steps, selection), width)])


def first_to_last(steps: Sequence[TrendPoint]) -> Difference | None:
    """Return how the last run that reached the target differs from the first; None where fewer than two did."""
    reached = [step for step in steps if step.cost.joules is not None]
    return energy_change(reached[0], reached[-1]) if len(reached) > 1 else None


def notes(steps: Sequence[TrendPoint], selection: Selection) -> list[str]:
    """Return how runs were selected, which runs were resumed, and how the cost to a target is found."""
    resumed = [f"{name(step.summary.run.name)} {RESUMED}" for step in steps if is_resumed(step.summary)]
    return [*selection_notes(selection), *dict.fromkeys(resumed), UP_TO_TARGET]


def _cells(cost: CostToTarget) -> tuple[str, str, str]:
    """Return energy, time and money until a target as texts, with their ranges."""
    if not cost.is_reached:
        return ("not logged" if cost.value is None else f"not reached (best {cost.value:.6g})"), "", ""
    return (
        UNKNOWN if cost.joules is None else energy_range(cost.joules),
        UNKNOWN if cost.seconds is None else duration(cost.seconds),
        "" if cost.money is None else money_range(cost.money.amount, cost.money.currency),
    )
