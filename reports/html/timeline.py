"""The chart of a run's power over time in the HTML report, with its phases and spans beneath it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from greentrack.formatting.escape import shown
from greentrack.formatting.table import Table
from greentrack.formatting.units import digits, duration, percent
from greentrack.model import Record, RunInfo, Span
from greentrack.reports.html import phases
from greentrack.reports.html.phases import OTHERS, PhaseShares
from greentrack.reports.html.plot import COLOURS, MAX_MARKS, Chart, colour, counted, label, layout, rounded
from greentrack.reports.html.power import Trace
from greentrack.reports.html.tables import sampled

MAX_SPANS = 5
"""So many names of spans are marked beneath the power, those that ran longest."""

POWER, BAND, MARK, BETWEEN, AROUND = 240, 72, 24, 20, 100
"""Pixels: lines of power, band of phases, a row of spans, what is between these, and what is round them all."""

_TIMES = ((86400.0 * 2, 86400.0, "days"), (7200.0, 3600.0, "hours"), (120.0, 60.0, "minutes"), (0.0, 1.0, "seconds"))


def power(traces: Sequence[Trace], record: Record, shares: PhaseShares | None, *, own: bool) -> Chart | None:
    """Return the power of each device over time, with phases and spans beneath it; None where nothing was read."""
    if not traces:
        return None
    run = record.run
    unit, name = next((size, name) for least, size, name in _TIMES if run.seconds >= least)
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": label(trace.name),
            "x": [rounded(at / unit) for at in trace.at],
            "y": list(trace.watts),
            "line": {
                "shape": "vh",
                "width": 2,
                "dash": "solid" if trace.measured else "dot",
                "color": colour(number),
            },
            "hovertemplate": "%{y:.4g} W",
        }
        for number, trace in enumerate(traces)
    ]
    bands = [] if shares is None else _bands(shares, unit)
    marks = _marks(record.spans, run, unit)
    whose = "; the run's own share" if own else ""
    table = Table(
        ("device", "", "least", "mean", "most"),
        tuple(
            (
                trace.name,
                "measured" if trace.measured else "modelled",
                *(f"{digits(watts)} W" for watts in (trace.least, trace.mean, trace.most)),
            )
            for trace in traces
        ),
        (2, 3, 4),
        f"Power by device{whose}",
    )
    alt = (
        f"Line chart: watts of {counted(len(traces), 'device')} over {duration(run.seconds)}, "
        f"from {digits(min(trace.least for trace in traces))} to {digits(max(trace.most for trace in traces))} W"
    )
    if shares is not None:
        alt += f", above a band of the time that phases took: {_spoken(shares, run)}"
    if marks:
        alt += f", above bars that mark the spans {', '.join(mark['name'] for mark in marks)}"
    return Chart(
        "power",
        "Power over time",
        f"{alt}.",
        {"data": data + bands + marks, "layout": _frame(f"time, {name}", len(marks), bool(bands))},
        table,
        f"Solid lines are measured, dotted ones modelled; a gap was not seen{whose}."
        + (" Bars mark spans." if marks else "")
        + _on_phases(record, shares),
    )


def _frame(x: str, marks: int, band: bool) -> dict[str, Any]:
    """Return the frame of the chart: from below, the bars of spans, the band of phases, and the lines of power."""
    heights = {"yaxis2": MARK * marks, "yaxis3": BAND if band else 0, "yaxis": POWER}
    there = {axis: height for axis, height in heights.items() if height}
    whole = sum(there.values()) + BETWEEN * (len(there) - 1)
    frame = layout(whole + AROUND, x, "W")
    frame["yaxis"]["rangemode"] = "tozero"
    below = {"automargin": True, "fixedrange": True, "linecolor": "--grid"}
    if marks:
        frame["yaxis2"] = {**below, "type": "category", "autorange": "reversed"}
        frame |= {"barmode": "overlay", "bargap": 0.3}
    if band:
        frame["yaxis3"] = {**below, "range": [0, 100], "showgrid": False}
        frame["yaxis3"] |= {"tickvals": [0, 50, 100], "ticktext": ["0 %", "50 %", "100 %"]}
        frame["legend"]["traceorder"] = "normal"
    floor = 0
    for axis, height in there.items():
        frame[axis]["domain"] = [rounded(floor / whole), rounded((floor + height) / whole)]
        floor += height + BETWEEN
    frame["xaxis"]["anchor"] = next(iter(there)).replace("axis", "")
    return frame


def _bands(shares: PhaseShares, unit: float) -> list[dict[str, Any]]:
    """Return an area for each phase, one upon the other; their colours are the last ones, lines have the first."""
    at, steps = phases.lines(shares)
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": label(name),
            "x": [rounded(second / unit) for second in at],
            "y": [rounded(100 * share, 3) for share in steps[name]],
            "yaxis": "y3",
            "stackgroup": "phases",
            "fillcolor": "--mark" if name == OTHERS else colour(COLOURS - 1 - number),
            "line": {"shape": "hv", "width": 0.5, "color": "--paper"},
            "hovertemplate": "%{y:.3g} %",
        }
        for number, name in enumerate(shares.names)
    ]


def _spoken(shares: PhaseShares, run: RunInfo) -> str:
    """Return the part of the run's time that each phase took."""
    sums = dict.fromkeys(shares.names, 0.0)
    for piece in shares.pieces:
        for name, share in piece.shares.items():
            sums[name] += share * (piece.until - piece.since)
    return ", ".join(f"{shown(name)} {percent(min(1.0, seconds / run.seconds))}" for name, seconds in sums.items())


def _on_phases(record: Record, shares: PhaseShares | None) -> str:
    """Return what is to be said of how phases are drawn; "" where there are none."""
    if shares is None:
        return " When phases took their time was not kept; their sums are in their table." if record.phases else ""
    return (
        f" The band shows the share of the time that each phase took, in pieces of {duration(shares.length)}; "
        "where it is empty, none was on, or it was not seen."
        + (" Phases of several threads, in all more than the time, share it." if shares.crowded else "")
    )


def _marks(spans: Sequence[Span], run: RunInfo, unit: float) -> list[dict[str, Any]]:
    """Return a row of bars for each name of the spans that took longest."""
    end = run.started_at + run.seconds
    by_name: dict[str, list[tuple[float, float]]] = {}
    for span in spans:
        until = end if span.ended_at is None else span.ended_at
        by_name.setdefault(span.name, []).append((span.started_at - run.started_at, max(0.0, until - span.started_at)))
    longest = sorted(by_name, key=lambda name: -sum(seconds for _, seconds in by_name[name]))[:MAX_SPANS]
    made = []
    for name in longest:
        some = sampled(by_name[name], MAX_MARKS)
        texts = [f"{label(name)}: {duration(seconds)}" for _, seconds in some]
        made.append(
            {
                "type": "bar",
                "orientation": "h",
                "name": label(name),
                "base": [rounded(since / unit) for since, _ in some],
                "x": [rounded(seconds / unit) for _, seconds in some],
                "y": [label(name)] * len(some),
                "yaxis": "y2",
                "showlegend": False,
                "marker": {"color": "--mark", "line": {"color": "--paper", "width": 0.5}},
                "text": texts,
                "textposition": "none",
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    return made
