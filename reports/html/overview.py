"""The overview of several runs on the HTML page: their table with totals, their energies, their comparison."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from greentrack.analysis.compare import Comparison, compare
from greentrack.analysis.groups import Group
from greentrack.analysis.metrics import best
from greentrack.costing.summary import Summary
from greentrack.formatting.escape import name, shown
from greentrack.formatting.layout import UNKNOWN
from greentrack.formatting.table import Table
from greentrack.formatting.units import (
    counted,
    duration,
    energy,
    energy_low_to_high,
    energy_range,
    iso,
    mass,
    moment,
    money,
    percent,
)
from greentrack.quantity import Figure
from greentrack.reports import comparison_lines
from greentrack.reports.comparison_notes import comparison_notes
from greentrack.reports.html.plot import Chart, colour, errors, label, layout, rounded, unit_of
from greentrack.store.deduplication import DeduplicatedEnergy

MAX_GROUPS = 8
"""Maximum number of groups that are compared, or have a colour each."""

MAX_NAME = 48
"""Maximum length of a run's name in the table; its own section shows more."""

HEAD = ("run", "id", "status", "started (UTC)", "time", "energy", "range", "CO2e", "money", "measured")


SortKey = float | str | None
"""What a cell of the table of runs is sorted by; None where nothing is known."""


class RunTable(NamedTuple):
    """The table of runs, with a sort key for each cell and an anchor (or "") for each row; *total* sums them up."""

    table: Table
    keys: tuple[tuple[SortKey, ...], ...]
    anchors: tuple[str, ...]
    total: str


class ComparisonSection(NamedTuple):
    """The comparison on the page: a table, the differences of each later group, the front and notes."""

    table: Table
    differences: tuple[comparison_lines.GroupComparison, ...]
    front: str
    notes: tuple[str, ...]
    chart: Chart | None


def table(summaries: Sequence[Summary], anchors: Sequence[str], once: DeduplicatedEnergy) -> RunTable:
    """Return the table of *summaries*; a run with an anchor is linked to its section."""
    rows = [_cells(summary) for summary in summaries]
    texts = tuple(tuple(text for text, _ in row) for row in rows)
    whole = Table(HEAD, texts, tuple(range(HEAD.index("time"), len(HEAD))))
    made = whole.without_unknown([HEAD.index("money")])
    kept = [number for number, title in enumerate(HEAD) if title in made.head]
    keys = tuple(tuple(row[number][1] for number in kept) for row in rows)
    return RunTable(made, keys, tuple(anchors), " · ".join(_total(summaries, once)))


def comparison(groups: Sequence[Group]) -> ComparisonSection | None:
    """Return the comparison of *groups* with the first; None for one group, or more than MAX_GROUPS."""
    if not 2 <= len(groups) <= MAX_GROUPS:
        return None
    made = compare(groups)
    return ComparisonSection(
        table=comparison_lines.table(made, [name(group.name) for group in groups]),
        differences=tuple(comparison_lines.differences(made)),
        front=comparison_lines.front_sentence(made),
        notes=tuple(comparison_notes(made)),
        chart=_front_chart(made),
    )


def energies(summaries: Sequence[Summary]) -> Chart | None:
    """Return the chart of each run's energy by its start; None where nothing was measured."""
    known = [(summary, joules) for summary in summaries if (joules := (summary.whole or summary).joules)]
    if not known:
        return None
    size, unit = unit_of(max(joules.high for _, joules in known))
    groups: dict[str, list[tuple[Summary, Figure]]] = {}
    for summary, joules in known:
        groups.setdefault(summary.run.name, []).append((summary, joules))
    if len(groups) > MAX_GROUPS:
        groups = {"runs": known}
    data: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": label(name),
            "x": [iso(summary.run.started_at)[:19].replace("T", " ") for summary, _ in some],
            "y": [rounded(joules.value / size) for _, joules in some],
            "error_y": {**errors([joules for _, joules in some], size), "thickness": 1, "width": 2},
            "marker": {"color": colour(number)},
            "text": [f"{label(summary.run.name)}: {energy_range(joules)}" for summary, joules in some],
            "hovertemplate": "%{text}<extra></extra>",
        }
        for number, (name, some) in enumerate(groups.items())
    ]
    frame = layout(320, "started (UTC)", unit)
    frame["yaxis"]["rangemode"] = "tozero"
    frame["xaxis"] |= {"type": "date", "nticks": 6}
    spent = [joules.value for _, joules in known]
    alt = f"Scatter chart: {counted(len(known), 'run')}, from {energy(min(spent))} to {energy(max(spent))} each."
    note = "Bars are ranges; the figures are in the table of runs."
    return Chart("energies", "Energy of each run", alt, {"data": data, "layout": frame}, None, note)


def _cells(summary: Summary) -> tuple[tuple[str, SortKey], ...]:
    """Return the text and the sort key of each cell of a run's row."""
    run, of = summary.run, summary.whole or summary
    seconds, joules, g, paid = (summary.whole or run).seconds, of.joules, of.g, of.money
    share = summary.measured_share
    called = name(run.name, MAX_NAME) + (f" ({len(summary.parts)} parts)" if summary.parts else "")
    return (
        (called, run.name.casefold()[:100]),
        (run.id[:13], run.id),
        ((summary.whole or run).status, (summary.whole or run).status),
        (moment(run.started_at).removesuffix(" UTC"), run.started_at),
        (duration(seconds), seconds),
        (UNKNOWN, None) if joules is None else (energy(joules.value), joules.value),
        ("", None) if joules is None else (energy_low_to_high(joules), joules.high - joules.low),
        (UNKNOWN, None) if g is None else (mass(g.value), g.value),
        ("", None) if paid is None else (money(paid.amount.value, paid.currency), paid.amount.value),
        (UNKNOWN, None) if share is None else (percent(share), share),
    )


def _total(summaries: Sequence[Summary], once: DeduplicatedEnergy) -> Iterator[str]:
    """Yield the totals of all runs; what a device used during several runs counts once."""
    full = sum(joules.value for joules in (part.joules for one in summaries for part in one.parts or (one,)) if joules)
    lines = [one.whole or one for one in summaries]
    listed = sum(line.joules.value for line in lines if line.joules)
    together = once.joules + once.overlapped
    counts = full * (once.joules / together if together > 0 else 1.0)
    yield counted(len(summaries), "run")
    yield duration(sum((one.whole or one.run).seconds for one in summaries))
    read = [line for line in lines if line.joules]
    yield energy(counts) if read else "energy not known"
    share = counts / listed if listed > 0 else 1.0
    grams = [line.g.value for line in read if line.g]
    yield mass(share * sum(grams)) if read and len(grams) == len(read) else "CO2e not known"
    paid = [line.money for line in lines if line.money]
    if paid and all(line.money for line in read) and len({(one.currency, one.basis) for one in paid}) == 1:
        amount = sum(one.amount.value for one in paid) * (share if paid[0].basis == "owner" else 1.0)
        yield money(amount, paid[0].currency)
    if len(read) < len(lines):
        yield f"nothing was measured of {len(lines) - len(read):,} of them"
    if once.overlapped > 0:
        yield f"runs overlapped: {energy(once.overlapped)} that more than one of them saw counts once"


def _front_chart(comparison: Comparison) -> Chart | None:
    """Return the best of the front's metric over the energy for each run; None without a front."""
    front = comparison.front
    if front is None:
        return None
    placed = [(group.name, list(_points(group, front.metric, front.higher))) for group in comparison.groups]
    every = [point for _, points in placed for point in points]
    if not every:
        return None
    size, unit = unit_of(max(joules for joules, _ in every))
    data = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": label(name),
            "x": [rounded(joules / size) for joules, _ in points],
            "y": [rounded(value, 6) for _, value in points],
            "text": [f"{label(name)}: {value:.6g} for {energy(joules)}" for joules, value in points],
            "hovertemplate": "%{text}<extra></extra>",
            "marker": {"size": 9, "color": colour(number)},
        }
        for number, (name, points) in enumerate(placed)
    ]
    metric = shown(front.metric)
    alt = f"Scatter chart: the best {metric} of {counted(len(every), 'run')} against their energy."
    figure = {"data": data, "layout": layout(320, f"energy, {unit}", label(front.metric))}
    rows = tuple((shown(name), energy(joules), f"{value:.6g}") for name, points in placed for joules, value in points)
    table = Table(("", "energy", f"best {metric}"), rows, (1, 2), f"Best {metric} and energy")
    return Chart("front", f"{metric} against energy", alt, figure, table)


def _points(group: Group, metric: str, higher: bool) -> Iterator[tuple[float, float]]:
    for summary in group.summaries:
        joules, value = (summary.whole or summary).joules, best(summary.metrics[metric], higher)
        if joules is not None and value is not None:
            yield joules.value, value
