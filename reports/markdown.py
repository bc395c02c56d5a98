"""A summary as Markdown: for a pull request, an issue, a README or a notebook."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence

from greentrack.costing.summary import Summary
from greentrack.costing.waste import waste
from greentrack.formatting.escape import markdown, name
from greentrack.formatting.units import digits, energy, percent, spread
from greentrack.reports import forecast_text, provenance
from greentrack.reports.headline import headline
from greentrack.reports.lines import told_apart

MAX_METRICS = 12
"""So many metrics have room; the JSON has them all."""


def render(summary: Summary) -> str:
    """Return *summary* as a heading, tables and lists."""
    blocks = (
        [f"## {markdown(name(summary.run.name))}"],
        [_about(summary)],
        _table(("", "figure", "of what"), [tuple(row) for row in headline(summary)]),
        _devices(summary),
        _forecasts(summary),
        _metrics(summary),
        _list("Waste", (f"{one.what}: about {energy(one.joules)}; {one.remedy}" for one in waste(summary))),
        _list("Notes", summary.notes),
        _list("Assumptions", _assumptions(summary)),
        [f"Recorded by {markdown(provenance.recorder(summary))}; ranges are about 95 %."],
    )
    return "\n\n".join("\n".join(lines) for block in blocks if (lines := list(block)))


def _about(summary: Summary) -> str:
    run = summary.run
    started = datetime.datetime.fromtimestamp(run.started_at, datetime.UTC)
    about = [run.status, f"{started:%Y-%m-%d %H:%M} UTC", f"run {run.id}"]
    about += [f"on {name(run.host.name)}"] if run.host else []
    about += [f"project {name(run.project)}"] if run.project else []
    about += [f"tags {name(', '.join(run.tags))}"] if run.tags else []
    return markdown(", ".join(about))


def _devices(summary: Summary) -> Iterator[str]:
    names = told_apart([name(device.name) for device in summary.devices])
    rows = [
        (
            device.kind,
            called,
            "—" if device.joules is None else energy(device.joules.value),
            "" if device.joules is None else spread(device.joules),
            percent(device.coverage),
            "measured" if device.measured else "modelled",
            device.method,
        )
        for device, called in zip(summary.devices, names, strict=True)
    ]
    if rows:
        yield from _table(("", "device", "energy", "range", "seen", "", "method"), rows)


def _forecasts(summary: Summary) -> Iterator[str]:
    """Yield the first and the last forecast, and what came."""
    rows = list(forecast_text.rows(summary, summary.forecasts[:1] + summary.forecasts[1:][-1:]))
    if rows:
        head = ("forecast of the whole work", "energy", "carbon", "money", "time")
        yield from _table(head, [tuple(cell or "—" for cell in row) for row in rows])
        yield from (f"\nThe {remark}." for remark in map(markdown, forecast_text.remarks(summary)))


def _metrics(summary: Summary) -> Iterator[str]:
    rows = []
    for metric, values in list(summary.metrics.items())[:MAX_METRICS]:
        last = values[-1]
        by_then = "" if last.joules is None else energy(last.joules)
        rows.append((name(metric), "—" if last.value is None else f"{last.value:.6g}", by_then))
    if rows:
        yield from _table(("metric", "last", "after"), rows)


def _assumptions(summary: Summary) -> Iterator[str]:
    for item in summary.assumptions:
        value = item.value if isinstance(item.value, str) else digits(item.value, 4)
        yield f"{item.name}: {value} ({item.source}, {item.year})"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(markdown, row))} |"


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    lines = [f"- {markdown(item)}" for item in items]
    if lines:
        yield f"**{title}**\n"
        yield from lines
