"""A comparison as JSON: strict, changes as parts (-0.31 is 31 % less), amounts in J, s, g and money."""

from typing import Any

from greentrack.analysis.compare import Comparison
from greentrack.analysis.difference import Difference
from greentrack.formatting.escape import indented_json
from greentrack.reports.comparison_notes import comparison_notes
from greentrack.reports.difference_text import sentence, shared_sensors


def render(comparison: Comparison) -> str:
    """Return *comparison* as an indented JSON object."""
    front = comparison.front
    names = [group.name for group in comparison.groups]
    made = {
        "groups": [
            {"name": group.name, "runs": [summary.run.id for summary in group.summaries]} for group in comparison.groups
        ],
        "quantities": [
            {
                "name": row.name,
                "unit": row.unit,
                "values": list(row.values),
                "differences": [
                    {"group": name, **difference_dict(difference, row.name)}
                    for name, difference in zip(names[1:], row.differences, strict=True)
                    if difference is not None
                ],
            }
            for row in comparison.rows
        ],
        "front": None if front is None else front._asdict(),
        "notes": list(comparison_notes(comparison)),
    }
    return indented_json(made)


def difference_dict(difference: Difference, what: str) -> dict[str, Any]:
    """Return a difference as what JSON can hold; *what* is what there is more or less of."""
    chance = difference.interval
    return {
        "change": difference.change,
        "low": difference.low,
        "high": difference.high,
        "relative": difference.is_relative,
        "chance": None if chance is None else {"low": chance[0], "high": chance[1], "p": difference.p},
        "n": list(difference.runs),
        "claimed": difference.is_claimed,
        "text": sentence(difference, what),
        "methods": shared_sensors(difference.shared_sensors),
    }
