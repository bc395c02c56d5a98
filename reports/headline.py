"""The headline of a report as the rows of a table: each cost of a run, and what the figure is of."""

from collections.abc import Iterator

from greentrack.costing.summary import Summary
from greentrack.formatting.units import duration, energy_range, mass_range, money_range, percent
from greentrack.reports import lines, provenance
from greentrack.reports.lines import Line

UNKNOWN = "not known"

_LABELS = {"facility": "energy at the facility", "embodied": "embodied carbon"}


def headline(summary: Summary) -> Iterator[Line]:
    """Yield the costs of the run; energy and carbon also where they are not known.

    The figures are those of ``lines``, with their provenance, for readers who see nothing else.
    """
    if summary.joules is None or summary.g is None or summary.measured_share is None:
        yield Line("Energy", UNKNOWN, provenance.NOTHING)
        yield Line("Carbon", UNKNOWN)
        figures = lines.other_costs(summary)
    else:
        figures = lines.headline(summary)
    for line in figures:
        label = _LABELS.get(line.label, line.label)
        yield Line(label.capitalize(), line.figure, _about(line, summary))
    yield Line("Time", duration(summary.run.seconds))
    for line in lines.work(summary):
        yield Line("Work", line.figure, line.about)
    yield from _all_parts(summary)


def _about(line: Line, summary: Summary) -> str:
    if line.label == "energy":
        return f"{provenance.boundary(summary)}; {percent(summary.measured_share or 0.0)} of it measured"
    if line.label == "facility":
        return f"with the data centre's overhead, a PUE of {provenance.pue(summary)}"
    return f"at {provenance.grid(summary)}" if line.label == "carbon" else line.about


def _all_parts(summary: Summary) -> Iterator[Line]:
    whole = summary.whole
    if whole is None:
        return
    yield Line(
        "All parts: energy",
        UNKNOWN if whole.joules is None else energy_range(whole.joules),
        f"this run is {provenance.part_of(summary)}",
    )
    yield Line("All parts: carbon", UNKNOWN if whole.g is None else mass_range(whole.g))
    if whole.money is not None:
        yield Line("All parts: money", money_range(whole.money.amount, whole.money.currency))
    yield Line("All parts: time", duration(whole.seconds), "pauses not counted")
