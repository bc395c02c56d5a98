"""The cost to a target, written down: beneath a run's report, or run by run over a project, as text and as JSON."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from typing import Any

from greentrack.analysis.difference import Difference
from greentrack.analysis.groups import ALL_RUNS, Selection
from greentrack.analysis.time_to_target import (
    CostToTarget,
    Target,
    TrendPoint,
    checked_cost_to,
    energy_change,
    is_resumed,
    parse_target,
)
from greentrack.costing.summary import Summary
from greentrack.formatting.escape import json_text, name
from greentrack.formatting.layout import UNKNOWN, aligned, notes, short, wrapped
from greentrack.formatting.units import duration, energy_range, iso, money_range
from greentrack.reports.comparison_notes import RESUMED, UP_TO_TARGET, selection_notes
from greentrack.reports.difference_text import brief, sentence


def with_target(summary: Summary, text: str, form: str, render: Callable[[Summary], str]) -> str:
    """Return the report of *summary* that *render* makes (``text`` or ``json``) with its cost to the target *text*.

    Raises ConfigError for a target that is none, NotFoundError where the run has no such metric.
    """
    cost = checked_cost_to(summary, parse_target(text))
    if form == "json":
        whole = {**json.loads(render(summary)), "until": to_dict(cost)}
        return json_text(json.dumps(whole, indent=2, ensure_ascii=False))
    told = [UP_TO_TARGET, *([f"this run {RESUMED}"] if is_resumed(summary) else [])]
    spent = ", ".join(cell for cell in _cells(cost) if cell not in ("", UNKNOWN))
    line = f"Until {cost.target}: {spent}" + (f" ({'; '.join(told)})" if cost.is_reached else "")
    return "\n".join([render(summary), "", *wrapped(line, 80)])


def trend_text(steps: Sequence[TrendPoint], to: Target, selection: Selection = ALL_RUNS, *, width: int = 80) -> str:
    """Return what a target cost run by run, what has become of it, and notes."""
    rows = [("run", "started", f"energy to {to}", "time", "money", "")]
    for step in steps:
        run = step.summary.run
        started = f"{datetime.datetime.fromtimestamp(run.started_at, datetime.UTC):%Y-%m-%d %H:%M}"
        rows.append((short(run.name), started, *_cells(step.cost), brief(step.change) if step.change else ""))
    lines = list(aligned(rows, right=(2, 3, 4)))
    if (whole := _first_to_last(steps)) is not None:
        way = "cheaper" if whole.change < 0 else "dearer"
        is_it = f"the same result gets {way}: " if whole.is_claimed else ""
        said = f"First to last: {is_it}{sentence(whole, 'energy')}; one run each, so chance is unknown."
        lines += ["", *wrapped(said, width)]
    return "\n".join([*lines, "", *notes(_notes(steps, selection), width)])


def trend_json(steps: Sequence[TrendPoint], to: Target, selection: Selection = ALL_RUNS) -> str:
    """Return the same as an indented JSON object."""
    from greentrack.reports.comparison_json import difference_dict

    what = f"energy to {to}"
    whole = _first_to_last(steps)
    made = {
        "target": str(to),
        "runs": [
            {
                "id": step.summary.run.id,
                "name": step.summary.run.name,
                "started_at": iso(step.summary.run.started_at),
                **to_dict(step.cost),
                "change": None if step.change is None else difference_dict(step.change, what),
            }
            for step in steps
        ],
        "first_to_last": None if whole is None else difference_dict(whole, what),
        "notes": _notes(steps, selection),
    }
    return json_text(json.dumps(made, indent=2, ensure_ascii=False, allow_nan=False))


def to_dict(cost: CostToTarget) -> dict[str, Any]:
    """Return what a target cost as what JSON can hold."""
    joules, paid = cost.joules, cost.money
    return {
        "target": str(cost.target),
        "reached": cost.is_reached,
        "value": cost.value,
        "seconds": cost.seconds,
        "joules": None if joules is None else joules.to_dict(),
        "money": None if paid is None else {**paid.amount.to_dict(), "currency": paid.currency},
    }


def _cells(cost: CostToTarget) -> tuple[str, str, str]:
    """Return energy, time and money until a target as texts, with their ranges."""
    if not cost.is_reached:
        return ("not logged" if cost.value is None else f"not reached (best {cost.value:.6g})"), "", ""
    return (
        UNKNOWN if cost.joules is None else energy_range(cost.joules),
        UNKNOWN if cost.seconds is None else duration(cost.seconds),
        "" if cost.money is None else money_range(cost.money.amount, cost.money.currency),
    )


def _first_to_last(steps: Sequence[TrendPoint]) -> Difference | None:
    reached = [step for step in steps if step.cost.joules is not None]
    return energy_change(reached[0], reached[-1]) if len(reached) > 1 else None


def _notes(steps: Sequence[TrendPoint], selection: Selection) -> list[str]:
    resumed = [f"{name(step.summary.run.name)} {RESUMED}" for step in steps if is_resumed(step.summary)]
    return [*selection_notes(selection), *dict.fromkeys(resumed), UP_TO_TARGET]
