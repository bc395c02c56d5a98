"""A report's head as rows: what a run cost, each figure with what it is of; for tables in any form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from greentrack.reports import disclosure, words
from greentrack.reports.summary import Summary
from greentrack.reports.units import duration, energy_range, mass_range, money_range, percent

UNKNOWN = "not known"

_LABELS = {"facility": "energy at the facility", "embodied": "embodied carbon"}


class Row(NamedTuple):
    """One figure: its *label*, the *figure* with its range as people read it, and what is to be said of it."""

    label: str
    figure: str
    remark: str = ""


def headline(summary: Summary) -> Iterator[Row]:
    """Yield what the run cost; energy and carbon also where they are not known.

    The figures are those of ``words``, with more of what a reader must know who has nothing but these.
    """
    if summary.joules is None or summary.g is None or summary.measured_share is None:
        yield Row("Energy", UNKNOWN, disclosure.NOTHING)
        yield Row("Carbon", UNKNOWN)
        lines = words.charges(summary)
    else:
        lines = words.headline(summary)
    for line in lines:
        label = _LABELS.get(line.label, line.label)
        yield Row(label.capitalize(), line.figure, _remark(line, summary))
    yield Row("Time", duration(summary.run.seconds))
    for line in words.work(summary):
        yield Row("Work", line.figure, line.about)
    yield from _whole(summary)


def _remark(line: words.Line, summary: Summary) -> str:
    if line.label == "energy":
        return f"{disclosure.boundary(summary)}; {percent(summary.measured_share or 0.0)} of it measured"
    if line.label == "facility":
        return f"with the data centre's overhead, a PUE of {disclosure.overhead(summary)}"
    return f"at {disclosure.grid(summary)}" if line.label == "carbon" else line.about


def _whole(summary: Summary) -> Iterator[Row]:
    whole = summary.whole
    if whole is None:
        return
    yield Row(
        "All parts: energy",
        UNKNOWN if whole.joules is None else energy_range(whole.joules),
        f"this run is {disclosure.is_part(summary)}",
    )
    yield Row("All parts: carbon", UNKNOWN if whole.g is None else mass_range(whole.g))
    if whole.money is not None:
        yield Row("All parts: money", money_range(whole.money.amount, whole.money.currency))
    yield Row("All parts: time", duration(whole.seconds), "pauses not counted")
