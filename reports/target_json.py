"""The cost to a target as JSON: of one run, or run by run over a project."""

from collections.abc import Sequence
from typing import Any

from greentrack.analysis.groups import ALL_RUNS, Selection
from greentrack.analysis.time_to_target import CostToTarget, Target, TrendPoint
from greentrack.formatting.escape import indented_json
from greentrack.formatting.units import figure_dict, iso
from greentrack.reports.comparison_json import difference_dict
from greentrack.reports.target_text import first_to_last, notes


def trend(steps: Sequence[TrendPoint], to: Target, selection: Selection = ALL_RUNS) -> str:
    """Return what a target cost run by run, and its change from first to last, as an indented JSON object."""
    what = f"energy to {to}"
    change = first_to_last(steps)
    return indented_json(
        {
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
            "first_to_last": None if change is None else difference_dict(change, what),
            "notes": notes(steps, selection),
        }
    )


def to_dict(cost: CostToTarget) -> dict[str, Any]:
    """Return what a target cost as what JSON can hold."""
    paid = cost.money
    return {
        "target": str(cost.target),
        "reached": cost.is_reached,
        "value": cost.value,
        "seconds": cost.seconds,
        "joules": figure_dict(cost.joules),
        "money": None if paid is None else {**paid.amount.to_dict(), "currency": paid.currency},
    }
