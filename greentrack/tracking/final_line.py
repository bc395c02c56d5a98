"""The one line that a run ends with: time, energy, carbon, money and how much of it was measured."""

from typing import TYPE_CHECKING

from greentrack.formatting.units import duration, energy_range, mass, money, percent

if TYPE_CHECKING:
    from greentrack.costing.summary import Summary

MAX_NAME = 60
"""Maximum length of the run's name in the line."""


def final_line(summary: "Summary") -> str:
    """Return the line of a run that ended."""
    if summary.joules is None or summary.g is None or summary.measured_share is None:
        parts = ["nothing was measured (greentrack doctor says why)"]
    else:
        parts = [
            energy_range(summary.joules) + (" as its own share" if summary.scope == "process" else ""),
            f"{mass(summary.g.value)} ({summary.intensity.zone})",
            f"{percent(summary.measured_share)} measured",
        ]
        if summary.money is not None:
            parts.insert(2, money(summary.money.amount.value, summary.money.currency))
    run = summary.run
    name = "".join(character if character.isprintable() else " " for character in run.name)
    name = name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"
    return "  ".join([f"greentrack: {name}", duration(run.seconds), *parts, f"run {run.id}"])
