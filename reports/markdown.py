"""A summary as Markdown: for a pull request, an issue, a README or a notebook."""

from collections.abc import Iterable, Iterator

from greentrack.costing.summary import Summary
from greentrack.formatting.escape import markdown, name
from greentrack.formatting.layout import UNKNOWN, sections
from greentrack.formatting.table import Table
from greentrack.formatting.units import energy, moment
from greentrack.reports import forecast_text, provenance, tables
from greentrack.reports.assumptions import value_text
from greentrack.reports.headline import headline
from greentrack.reports.lines import numbered
from greentrack.reports.waste import stated_waste

MAX_METRICS = 12
"""Maximum number of metrics; the JSON has them all."""


def render(summary: Summary) -> str:
    """Return *summary* as a heading, tables and lists."""
    blocks = (
        [f"## {markdown(name(summary.run.name))}"],
        [_about(summary)],
        _table(Table(("", "figure", "of what"), tuple(map(tuple, headline(summary))))),
        _table(tables.devices(summary, numbered([name(device.name) for device in summary.devices]))),
        _forecasts(summary),
        _metrics(summary),
        _list("Waste", (f"{one.what}: about {energy(one.joules)}; {one.remedy}" for one in stated_waste(summary))),
        _list("Notes", summary.notes),
        _list(
            "Assumptions",
            (f"{item.name}: {value_text(item)} ({item.source}, {item.year})" for item in summary.assumptions),
        ),
        [f"Recorded by {markdown(provenance.recorder(summary))}; ranges are about 95 %."],
    )
    return sections(blocks)


def _about(summary: Summary) -> str:
    run = summary.run
    about = [run.status, moment(run.started_at), f"run {run.id}"]
    about += [f"on {name(run.host.name)}"] if run.host else []
    about += [f"project {name(run.project)}"] if run.project else []
    about += [f"tags {name(', '.join(run.tags))}"] if run.tags else []
    return markdown(", ".join(about))


def _forecasts(summary: Summary) -> Iterator[str]:
    """Yield the first and the last forecast, and what came."""
    table = forecast_text.table(summary, summary.forecasts[:1] + summary.forecasts[1:][-1:])
    yield from _table(table._replace(head=("forecast of the whole work", *table.head[1:])))
    yield from (f"\nThe {remark}." for remark in map(markdown, forecast_text.remarks(summary)))


def _metrics(summary: Summary) -> Iterator[str]:
    rows = []
    for metric, values in list(summary.metrics.items())[:MAX_METRICS]:
        last = values[-1]
        by_then = "" if last.joules is None else energy(last.joules)
        rows.append((name(metric), UNKNOWN if last.value is None else f"{last.value:.6g}", by_then))
    return _table(Table(("metric", "last", "after"), tuple(rows)))


def _table(table: Table) -> Iterator[str]:
    if table.rows:
        yield f"| {' | '.join(table.head)} |"
        yield f"|{' --- |' * len(table.head)}"
    for row in table.rows:
        yield f"| {' | '.join(map(markdown, row))} |"


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    lines = [f"- {markdown(item)}" for item in items]
    if lines:
        yield f"**{title}**\n"
        yield from lines
