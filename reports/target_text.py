"""The cost to a target as text: a line of a run's report, or run by run over a project."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence

from greentrack.analysis.difference import Difference, brief, sentence
from greentrack.analysis.time_to_target import CARRIED_ON, HOW, CostToTarget, Step, Target, beside, carried_on
from greentrack.costing.summary import Summary
from greentrack.formatting import table
from greentrack.formatting.escape import name, printable_lines
from greentrack.formatting.layout import UNKNOWN, short, titled, wrapped
from greentrack.formatting.table import Table
from greentrack.formatting.units import duration, energy_range, money_range


def line(summary: Summary, cost: CostToTarget) -> str:
    """Return what a target cost *summary*'s run, in one line."""
    told = [HOW, *([f"this run {CARRIED_ON}"] if carried_on(summary) else [])]
    spent = ", ".join(cell for cell in _cells(cost) if cell not in ("", UNKNOWN))
    return f"Until {cost.target}: {spent}" + (f" ({'; '.join(told)})" if cost.reached else "")


def trend(steps: Sequence[Step], to: Target, also: Iterable[str] = (), *, width: int = 80) -> str:
    """Return what a target cost run by run, its change from first to last, and notes: *also*, and the usual ones."""
    rows = []
    for step in steps:
        run = step.summary.run
        started = f"{datetime.datetime.fromtimestamp(run.started_at, datetime.UTC):%Y-%m-%d %H:%M}"
        rows.append((short(run.name), started, *_cells(step.cost), brief(step.change) if step.change else ""))
    head = ("run", "started", f"energy to {to}", "time", "money", "")
    lines = list(table.lines(Table(head, tuple(rows), right=(2, 3, 4))))
    if (change := first_to_last(steps)) is not None:
        way = "cheaper" if change.change < 0 else "dearer"
        is_it = f"the same result gets {way}: " if change.claimed else ""
        said = f"First to last: {is_it}{sentence(change, 'energy')}; one run each, so chance is unknown."
        lines += ["", *wrapped(said, width)]
    return printable_lines("\n".join([*lines, "", *titled("Notes", notes(steps, also), width)]))


def first_to_last(steps: Sequence[Step]) -> Difference | None:
    """Return how the last run that reached the target differs from the first; None where fewer than two did."""
    reached = [step for step in steps if step.cost.joules is not None]
    return beside(reached[0], reached[-1]) if len(reached) > 1 else None


def notes(steps: Sequence[Step], also: Iterable[str]) -> list[str]:
    """Return *also*, which runs were resumed, and how the cost to a target is found."""
    resumed = [f"{name(step.summary.run.name)} {CARRIED_ON}" for step in steps if carried_on(step.summary)]
    return [*also, *dict.fromkeys(resumed), HOW]


def _cells(cost: CostToTarget) -> tuple[str, str, str]:
    """Return energy, time and money until a target as texts, with their ranges."""
    if not cost.reached:
        return ("not logged" if cost.value is None else f"not reached (best {cost.value:.6g})"), "", ""
    return (
        UNKNOWN if cost.joules is None else energy_range(cost.joules),
        UNKNOWN if cost.seconds is None else duration(cost.seconds),
        "" if cost.money is None else money_range(cost.money.amount, cost.money.currency),
    )
