"""The chart of a run's power over time in the HTML report, with its phases and spans beneath it."""

from collections.abc import Sequence
from typing import Any

from greentrack.formatting.escape import shown
from greentrack.formatting.table import Table
from greentrack.formatting.units import counted, digits, duration, percent
from greentrack.model import Record, RunInfo, Span
from greentrack.reports.html import phases
from greentrack.reports.html.phases import OTHERS, PhaseShares
from greentrack.reports.html.plot import MAX_DRAWN, NUMBER_OF_COLOURS, Chart, colour, label, layout, rounded
from greentrack.reports.html.power import Trace
from greentrack.reports.html.tables import sampled

MAX_SPANS = 5
"""Maximum number of span names beneath the power: those that ran longest."""

POWER_PX, PHASES_PX, SPAN_PX, GAP_PX, FRAME_PX = 240, 72, 24, 20, 100
"""Heights: the lines of power, the band of phases, a row of spans, the gaps between these, and the rest."""

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
            "line": {"shape": "vh", "width": 2, "dash": "solid" if trace.measured else "dot", "color": colour(number)},
            "hovertemplate": "%{y:.4g} W",
        }
        for number, trace in enumerate(traces)
    ]
    bands = [] if shares is None else _phase_areas(shares, unit)
    marks = _span_bars(record.spans, run, unit)
    whose = "; the run's own share" if own else ""
    table = Table(
        ("device", "", "least", "mean", "most"),
        tuple(
            (
                trace.name,
                "measured" if trace.measured else "modelled",
                *(f"{digits(watts)} W" for watts in (trace.min_watts, trace.mean_watts, trace.max_watts)),
            )
            for trace in traces
        ),
        (2, 3, 4),
        f"Power by device{whose}",
    )
    lowest, highest = min(trace.min_watts for trace in traces), max(trace.max_watts for trace in traces)
    alt = (
        f"Line chart: watts of {counted(len(traces), 'device')} over {duration(run.seconds)}, "
        f"from {digits(lowest)} to {digits(highest)} W"
    )
    if shares is not None:
        alt += f", above a band of the time that phases took: {_shares_text(shares, run)}"
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
        + _phase_note(record, shares),
    )


def _frame(x: str, marks: int, band: bool) -> dict[str, Any]:
    """Return the frame of the chart: from below, the bars of spans, the band of phases, and the lines of power."""
    heights = {"yaxis2": SPAN_PX * marks, "yaxis3": PHASES_PX if band else 0, "yaxis": POWER_PX}
    there = {axis: height for axis, height in heights.items() if height}
    whole = sum(there.values()) + GAP_PX * (len(there) - 1)
    frame = layout(whole + FRAME_PX, x, "W")
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
        floor += height + GAP_PX
    frame["xaxis"]["anchor"] = next(iter(there)).replace("axis", "")
    return frame


def _phase_areas(shares: PhaseShares, unit: float) -> list[dict[str, Any]]:
    """Return a stacked area for each phase; areas take the last colours, lines the first."""
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
            "fillcolor": "--mark" if name == OTHERS else colour(NUMBER_OF_COLOURS - 1 - number),
            "line": {"shape": "hv", "width": 0.5, "color": "--paper"},
            "hovertemplate": "%{y:.3g} %",
        }
        for number, name in enumerate(shares.names)
    ]


def _shares_text(shares: PhaseShares, run: RunInfo) -> str:
    """Return the share of the run's time that each phase took."""
    sums = dict.fromkeys(shares.names, 0.0)
    for piece in shares.bins:
        for name, share in piece.shares.items():
            sums[name] += share * (piece.until - piece.since)
    return ", ".join(f"{shown(name)} {percent(min(1.0, seconds / run.seconds))}" for name, seconds in sums.items())


def _phase_note(record: Record, shares: PhaseShares | None) -> str:
    """Return the note on how phases are drawn; "" where there are none."""
    if shares is None:
        return " When phases took their time was not kept; their sums are in their table." if record.phases else ""
    return (
        f" The band shows the share of the time that each phase took, in pieces of {duration(shares.bin_s)}; "
        "where it is empty, none was on, or it was not seen."
        + (" Phases of several threads, in all more than the time, share it." if shares.is_overlapping else "")
    )


def _span_bars(spans: Sequence[Span], run: RunInfo, unit: float) -> list[dict[str, Any]]:
    """Return a row of bars for each name of the spans that took longest."""
    end = run.started_at + run.seconds
    by_name: dict[str, list[tuple[float, float]]] = {}
    for span in spans:
        until = end if span.ended_at is None else span.ended_at
        by_name.setdefault(span.name, []).append((span.started_at - run.started_at, max(0.0, until - span.started_at)))
    longest = sorted(by_name, key=lambda name: -sum(seconds for _, seconds in by_name[name]))[:MAX_SPANS]
    made = []
    for name in longest:
        some = sampled(by_name[name], MAX_DRAWN)
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
                "text": [f"{label(name)}: {duration(seconds)}" for _, seconds in some],
                "textposition": "none",
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    return made
