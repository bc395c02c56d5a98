"""A summary as plain text of a given width: costs first, then tables, notes and assumptions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from greentrack.costing.summary import Summary
from greentrack.formatting.escape import shown
from greentrack.formatting.layout import cut, labelled, sections, titled, wrapped
from greentrack.formatting.table import MIN_WIDTH, GiveWay, Table, lines, width_of
from greentrack.formatting.units import duration, moment
from greentrack.reports import tables
from greentrack.reports.assumptions import value_text
from greentrack.reports.lines import Line, equivalents_and_work, headline, numbered, tracker_overhead, waste_lines
from greentrack.vocabulary import DISABLED

if TYPE_CHECKING:
    from greentrack.analysis.time_to_target import CostToTarget

MAX_ROWS = 12
"""Maximum number of spans, phases and metrics; the JSON has them all."""

NARROW = 60
"""In a narrower terminal the devices have no range and no coverage: that they were measured matters more."""


def render(summary: Summary, *, width: int = 80, chart: Sequence[str] = (), until: CostToTarget | None = None) -> str:
    """Return *summary* as lines of at most *width* characters, without colour; *chart* is shown as it is.

    *until* is what a target cost the run, a line of its own at the end.
    """
    width = max(width, 40)
    if summary.run.status == DISABLED:
        return f"{shown(summary.run.name)}: nothing was measured, since GREENTRACK_DISABLED is set"
    parts = (
        _head(summary, width),
        _parts(summary, width),
        chart,
        _devices(summary, width),
        _table(tables.spans(summary, MAX_ROWS), width),
        _table(tables.phases(summary, MAX_ROWS), width),
        _table(tables.metrics(summary, MAX_ROWS), width),
        titled("Waste", waste_lines(summary), width),
        titled("Notes", summary.notes, width),
        titled("Assumptions", _assumptions(summary), width),
        wrapped(tracker_overhead(summary), width),
        () if until is None else _until(summary, until),
    )
    return sections(parts)


def _head(summary: Summary, width: int) -> Iterator[str]:
    run = summary.run
    about = f"{run.status}  {duration(run.seconds)}  {moment(run.started_at)}"
    yield cut(f"{cut(shown(run.name), max(8, width - len(about) - 2))}  {about}", width)
    which = [f"run {run.id}"]
    which += [f"on {shown(run.host.name)}"] if run.host else []
    which += [f"project {shown(run.project)}"] if run.project else []
    which += [f"tags {', '.join(map(shown, run.tags))}"] if run.tags else []
    yield from wrapped("  ".join(which), width)
    if run.error:
        yield from labelled([Line("error", shown(run.error))], width)
    yield ""
    yield from labelled(headline(summary), width)
    if summary.joules is not None:
        yield from labelled(equivalents_and_work(summary), width)
        yield from labelled(_forecasts(summary), width)


def _forecasts(summary: Summary) -> Iterator[Line]:
    """Yield the first and the last forecast, and what the work came to."""
    made = summary.forecasts
    if not made:
        return
    from greentrack.costing.forecast_costs import came_to
    from greentrack.reports import forecast_text  # few runs have any

    end = " expected at the end" if came_to(summary)[0] == "running" else ""
    for when, *figures in forecast_text.rows(summary, made[:1] + made[1:][-1:]):
        said = ", ".join(filter(None, figures))
        yield Line("forecast", f"{when}: {said}{end}" if when.startswith("after") else f"{when} {said}")
    for remark in forecast_text.remarks(summary):
        yield Line("forecast", remark)


def _parts(summary: Summary, width: int) -> Iterator[str]:
    if summary.whole is None:
        return
    table = tables.parts(summary)
    yield from wrapped(table.caption, width)
    hosts = len({part.host for part in summary.parts})  # no line has room for both, and one host needs no name
    rows = tuple((*row[:3], row[3][5:].removesuffix(" UTC"), *row[4:]) for row in table.rows)  # without the year
    table = table._replace(rows=rows, right=(0, 4, 5))
    yield from _table(table.only((0, 1, 2, 3, 4, 5, 7 if hosts > 1 else 6)), width, flexible=6)


def _devices(summary: Summary, width: int) -> Iterator[str]:
    table = tables.devices(summary, numbered([device.name for device in summary.devices]))
    if width < NARROW:
        table = table.only(number for number, title in enumerate(table.head) if title not in ("range", "seen"))
    yield from _table(table, width, flexible=1)


def _assumptions(summary: Summary) -> Iterator[str]:
    before = None
    for item in summary.assumptions:
        source = f"{item.source}, {item.year}"
        yield f"{item.name}: {value_text(item)} [{'likewise' if source == before else source}]"
        before = source


def _until(summary: Summary, cost: CostToTarget) -> list[str]:
    from greentrack.reports import target_text  # a training's summary at its end has none

    return wrapped(target_text.line(summary, cost), 80)


def _table(table: Table, width: int, *, flexible: int = 0) -> Iterator[str]:
    """Yield the lines of *table* and its remark; nothing where it has no rows.

    The last columns are left out where the *flexible* one cannot give enough: half a number would be another number.
    """
    if table.rows:
        room = min(width_of(table, flexible), MIN_WIDTH)
        steps = [GiveWay(column, room) for column in reversed(range(flexible + 1, len(table.head)))]
        for line in lines(table, width, flexible=flexible, steps=steps, least=MIN_WIDTH):
            yield cut(line, width)
        yield from filter(None, [table.remark])
