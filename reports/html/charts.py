"""The charts of one run on the HTML page: waterfall, epochs, metrics and forecasts."""

from collections.abc import Sequence
from typing import Any

from greentrack.analysis.metrics import finite
from greentrack.costing.forecast_costs import came_to
from greentrack.costing.summary import SpanCost, Summary
from greentrack.formatting.escape import shown
from greentrack.formatting.table import Table
from greentrack.formatting.units import duration, energy, energy_range
from greentrack.model import Metric
from greentrack.reports.html.plot import MAX_DRAWN, Chart, colour, errors, label, layout, rounded, unit_of
from greentrack.reports.html.tables import forecast_range, forecasts, sampled, thinned
from greentrack.vocabulary import KINDS

MAX_METRICS = 4
"""Maximum number of metrics with a chart; all are in the table."""

MAX_VALUES = 40
"""Maximum number of rows in the table of a chart."""


def waterfall(summary: Summary) -> Chart | None:
    """Return the chart of energy from the chips to the facility; None where nothing was measured."""
    if summary.joules is None:
        return None
    chips = [(kind, summary.by_kind[kind], "relative") for kind in KINDS if kind in summary.by_kind and kind != "rest"]
    steps: list[tuple[str, float, str]] = [*chips]
    if "rest" in summary.by_kind:
        steps += [("devices", sum(joules for _, joules, _ in chips), "total")]
        steps += [("rest", summary.by_kind["rest"], "relative")]
    whole = "whole machine" if "rest" in summary.by_kind else "devices"
    steps.append((whole, summary.joules.value, "total"))
    if summary.facility_joules is not None:
        steps.append(("overhead (PUE)", summary.facility_joules.value - summary.joules.value, "relative"))
        steps.append(("facility", summary.facility_joules.value, "total"))
    ranges = {whole: summary.joules, "facility": summary.facility_joules}
    size, unit = unit_of(max(joules for _, joules, _ in steps))
    texts = [energy(joules) for _, joules, _ in steps]
    trace = {
        "type": "waterfall",
        "orientation": "h",  # names and figures have room beside the bars, on a phone too
        "y": [name for name, _, _ in steps],
        "x": [rounded(joules / size) for _, joules, _ in steps],
        "measure": [kind for _, _, kind in steps],
        "text": texts,
        "textposition": "outside",
        "constraintext": "none",
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{text}<extra></extra>",
        "increasing": {"marker": {"color": "--c1"}},
        "totals": {"marker": {"color": "--c3"}},
        "connector": {"line": {"color": "--muted", "width": 1}},
    }
    rows = tuple(
        (name, energy_range(figure) if (figure := ranges.get(name)) else text)
        for (name, _, _), text in zip(steps, texts, strict=True)
    )
    frame = layout(80 + 36 * len(steps), unit, "")
    frame["xaxis"] |= {"rangemode": "tozero", "nticks": 3, "tickangle": 0}
    frame["yaxis"] |= {"autorange": "reversed", "showgrid": False}
    frame["margin"]["r"] = 76  # a figure stands beside the longest bar
    return Chart(
        "waterfall",
        "From the chips to the wall",
        f"Waterfall chart: {'; '.join(f'{name} {text}' for name, text in rows)}.",
        {"data": [trace], "layout": frame},
        Table(("", "energy"), rows, (1,), "Energy from the chips to the wall"),
        "" if summary.facility_joules is not None else "No overhead of a data centre (PUE) is applied.",
    )


def epochs(summary: Summary) -> Chart | None:
    """Return the chart of each epoch's energy, or of the costliest recurring span's; None where none recurs."""
    by_name: dict[str, list[SpanCost]] = {}
    for span in summary.spans:
        if span.joules is not None:
            by_name.setdefault(span.name, []).append(span)
    recurring = {name: some for name, some in by_name.items() if len(some) > 1}
    if not recurring:
        return None
    costliest = max(recurring, key=lambda name: sum(span.joules or 0.0 for span in recurring[name]))
    name = "epoch" if "epoch" in recurring else costliest
    some = _numbered(recurring[name])
    drawn = sampled(some, MAX_DRAWN)
    size, unit = unit_of(max(span.joules or 0.0 for _, span in some))
    what = label(name)
    trace = {
        "type": "bar",
        "name": what,
        "x": [number for number, _ in drawn],
        "y": [rounded((span.joules or 0.0) / size) for _, span in drawn],
        "marker": {"color": "--c1"},
        "text": [f"{energy(span.joules or 0.0)}, {duration(span.seconds)}" for _, span in drawn],
        "textposition": "none",
        "hovertemplate": "%{x}: %{text}<extra></extra>",
    }
    rows = tuple(
        (f"{number:,}", energy(span.joules or 0.0), duration(span.seconds))
        for number, span in sampled(some, MAX_VALUES)
    )
    spent = [span.joules or 0.0 for _, span in some]
    return Chart(
        "epochs",
        f"Energy of each {shown(name)}",
        f"Bar chart: {len(some):,} times, from {energy(min(spent))} to {energy(max(spent))} each.",
        {"data": [trace], "layout": layout(300, what, unit)},
        Table((shown(name), "energy of devices", "time"), rows, (0, 1, 2), f"Energy of each {shown(name)}",
              thinned(len(rows), len(some))),
        "Of the devices, without the rest of the machine.",
    )  # fmt: skip


def metrics(summary: Summary) -> list[Chart]:
    """Return a chart of each metric against energy, where its values have joules."""
    made: list[Chart] = []
    for name, values in summary.metrics.items():
        some = [metric for metric in finite(values) if metric.joules is not None]
        if len(some) > 1 and len(made) < MAX_METRICS:
            made.append(_metric(len(made), name, some))
    return made


def forecast(summary: Summary) -> Chart | None:
    """Return the chart of the forecasts and the final energy; None where there are none."""
    table = forecasts(summary)
    if not table.rows:
        return None
    made = sampled(summary.forecasts, MAX_DRAWN)
    status, came = came_to(summary)
    joules = came.joules
    ended = joules is not None and status != "running"
    highest = max([one.joules_high for one in made] + ([joules.value] if joules else []))
    size, unit = unit_of(highest)
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": "forecast",
            "x": [rounded(100 * one.progress) for one in made],
            "y": [rounded(one.joules / size) for one in made],
            "error_y": errors([forecast_range(one) for one in made], size),
            "marker": {"color": colour(0)},
            "line": {"color": colour(0)},
            "text": [energy_range(forecast_range(one)) for one in made],
            "hovertemplate": "%{text}<extra></extra>",
        }
    ]
    if ended and joules is not None:
        line = {"type": "scatter", "mode": "lines", "name": "what it came to", "x": [0, 100]}
        line |= {"y": [rounded(joules.value / size)] * 2, "text": [energy(joules.value)] * 2}
        data.append(line | {"hovertemplate": "%{text}<extra></extra>", "line": {"dash": "dash", "color": colour(1)}})
    frame = layout(320, "% of the work done", unit)
    frame["yaxis"]["rangemode"] = "tozero"
    alt = "Line chart: " + "; ".join(f"{row[0]}: {row[1]}" for row in (table.rows[0], table.rows[-1])) + "."
    return Chart("forecast", "Forecasts beside what came", alt, {"data": data, "layout": frame}, table)


def _metric(number: int, name: str, values: Sequence[Metric]) -> Chart:
    drawn = sampled(values, MAX_DRAWN)
    size, unit = unit_of(max(metric.joules or 0.0 for metric in values))
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "name": label(name),
        "x": [rounded((metric.joules or 0.0) / size) for metric in drawn],
        "y": [rounded(metric.value, 6) for metric in drawn],
        "text": [f"{metric.value:.6g} after {energy(metric.joules or 0.0)}" for metric in drawn],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"size": 4, "color": colour(0)},
        "line": {"color": colour(0)},
    }
    rows = tuple((energy(metric.joules or 0.0), f"{metric.value:.6g}") for metric in sampled(values, MAX_VALUES))
    first, last = values[0], values[-1]
    title = f"{shown(name)} against energy"
    return Chart(
        f"metric-{number}",
        title,
        f"Line chart: {shown(name)} from {first.value:.6g} after {energy(first.joules or 0.0)} "
        f"to {last.value:.6g} after {energy(last.joules or 0.0)}.",
        {"data": [trace], "layout": layout(280, f"energy of the devices, {unit}", label(name))},
        Table(("energy of devices by then", shown(name)), rows, (0, 1), title, thinned(len(rows), len(values))),
    )


def _numbered(spans: Sequence[SpanCost]) -> list[tuple[int, SpanCost]]:
    """Return *spans* with their own numbers, or with their positions where those are not unique."""
    own = [span.attrs.get("index", span.attrs.get("epoch")) for span in spans]
    numbers = [number for number in own if isinstance(number, int)]
    if len(set(numbers)) < len(spans):
        numbers = list(range(len(spans)))
    return list(zip(numbers, spans, strict=True))
