"""One run's section of the HTML page."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from greentrack.costing.summary import Summary
from greentrack.formatting.table import Table
from greentrack.model import Record
from greentrack.reports import lines
from greentrack.reports import tables as run_tables
from greentrack.reports.html import charts, phases, power, tables, timeline
from greentrack.reports.html.plot import Chart
from greentrack.reports.html.tables import MAX_ROWS
from greentrack.reports.lines import Line
from greentrack.store.time_bins import PhaseTime


class Detail(NamedTuple):
    """What the section of a run shows, from top to bottom."""

    id: str
    name: str
    facts: tuple[Line, ...]
    error: str
    headline: tuple[Line, ...]
    equivalents: tuple[Line, ...]
    charts: tuple[Chart, ...]
    tables: tuple[Table, ...]
    waste: tuple[str, ...]
    notes: tuple[str, ...]
    assumptions: Table
    tracker_overhead: str


def detail(
    summary: Summary,
    number: int,
    record: Record | None = None,
    readings: Mapping[str, Any] | None = None,
    times: Sequence[PhaseTime] = (),
) -> Detail:
    """Return the section of a run, the *number*-th of the page; with a chart of its power where its record is there."""
    run = summary.run
    drawn: list[Chart | None] = []
    shares = phases.shares(times, run)
    if record is not None and readings is not None:
        traces = power.traces(record, readings, scope=summary.scope)
        drawn.append(timeline.power(traces, record, shares, own=summary.scope == "process"))
    drawn += [charts.waterfall(summary), charts.epochs(summary), *charts.metrics(summary), charts.forecast(summary)]
    listed = (
        run_tables.parts(summary),
        tables.devices(summary),
        run_tables.spans(summary, MAX_ROWS),
        run_tables.phases(summary, MAX_ROWS),
        None if shares is None else phases.table(shares, run),
        run_tables.metrics(summary, MAX_ROWS)._replace(right=(1, 2, 3)),
    )
    return Detail(
        id=f"run-{number}",
        name=run.name,
        facts=tuple(lines.run_facts(summary)),
        error=run.error or "",
        headline=tuple(lines.headline(summary)),
        equivalents=tuple(lines.equivalents_and_work(summary)),
        charts=tuple(chart._replace(id=f"run-{number}-{chart.id}") for chart in drawn if chart is not None),
        tables=tuple(table for table in listed if table is not None and table.rows),
        waste=lines.waste_lines(summary),
        notes=summary.notes,
        assumptions=tables.assumptions(summary),
        tracker_overhead=lines.tracker_overhead(summary),
    )
