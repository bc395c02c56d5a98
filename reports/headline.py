"""A report's head as rows: what a run cost, each figure with what it is of; for tables in any form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from greentrack.costing.summary import Summary
from greentrack.formatting.units import duration, energy_range, mass_range, money_range, percent
from greentrack.reports import lines, provenance

UNKNOWN = "not known"

_LABELS = {"facility": "energy at the facility", "embodied": "embodied carbon"}


class HeadlineRow(NamedTuple):
    """One figure: its *label*, the *figure* with its range as people read it, and what is to be said of it."""

    label: str
    figure: str
    remark: str = ""


def headline(summary: Summary) -> Iterator[HeadlineRow]:
    """Yield what the run cost; energy and carbon also where they are not known.

    The figures are those of ``lines``, with more of what a reader must know who has nothing but these.
    """
    if summary.joules is None or summary.g is None or summary.measured_share is None:
        yield HeadlineRow("Energy", UNKNOWN, provenance.NOTHING)
        yield HeadlineRow("Carbon", UNKNOWN)
        figures = lines.charges(summary)
    else:
        figures = lines.headline(summary)
    for line in figures:
        label = _LABELS.get(line.label, line.label)
        yield HeadlineRow(label.capitalize(), line.figure, _remark(line, summary))
    yield HeadlineRow("Time", duration(summary.run.seconds))
    for line in lines.work(summary):
        yield HeadlineRow("Work", line.figure, line.about)
    yield from _whole(summary)


def _remark(line: lines.Line, summary: Summary) -> str:
    if line.label == "energy":
        return f"{provenance.boundary(summary)}; {percent(summary.measured_share or 0.0)} of it measured"
    if line.label == "facility":
        return f"with the data centre's overhead, a PUE of {provenance.overhead(summary)}"
    return f"at {provenance.grid(summary)}" if line.label == "carbon" else line.about


def _whole(summary: Summary) -> Iterator[HeadlineRow]:
    whole = summary.whole
    if whole is None:
        return
    yield HeadlineRow(
        "All parts: energy",
        UNKNOWN if whole.joules is None else energy_range(whole.joules),
        f"this run is {provenance.is_part(summary)}",
    )
    yield HeadlineRow("All parts: carbon", UNKNOWN if whole.g is None else mass_range(whole.g))
    if whole.money is not None:
        yield HeadlineRow("All parts: money", money_range(whole.money.amount, whole.money.currency))
    yield HeadlineRow("All parts: time", duration(whole.seconds), "pauses not counted")
