"""A summary as plain text of a given width: what it cost first, then where it went, then what the figures rest on."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence

from greentrack.costing.summary import SpanCost, Summary
from greentrack.formatting.escape import printable, printable_lines, shown
from greentrack.formatting.layout import cells, cut, filled, labelled, wrapped
from greentrack.formatting.units import (
    digits,
    duration,
    energy,
    energy_range,
    mass_range,
    money_range,
    percent,
    spread,
)
from greentrack.reports.lines import Line, headline, own_cost, told_apart, wasted, worth
from greentrack.vocabulary import DISABLED

MAX_ROWS = 12
"""Spans, phases and metrics are shown up to this many names; the JSON has them all."""

MIN_WIDTH = 8
"""No column of names is cut to fewer letters than this; there, a table of many columns leaves out the last ones."""

NARROW = 60
"""In fewer columns than this, devices go without their range and coverage: that they were measured is said first."""


def render(summary: Summary, *, width: int = 80, chart: Sequence[str] = ()) -> str:
    """Return *summary* as lines of at most *width* characters, without colour; *chart* is shown as it is."""
    width = max(width, 40)
    if summary.run.status == DISABLED:
        return f"{shown(summary.run.name)}: nothing was measured, since GREENTRACK_DISABLED is set"
    sections = (
        _head(summary, width),
        _parts(summary, width),
        chart,
        _devices(summary, width),
        _spans(summary, width),
        _phases(summary, width),
        _outcomes(summary, width),
        _list("Waste", wasted(summary), width),
        _list("Notes", summary.notes, width),
        _list("Assumptions", _assumptions(summary), width),
        wrapped(own_cost(summary), width),
    )
    return printable_lines("\n\n".join("\n".join(lines) for section in sections if (lines := list(section))))


def _head(summary: Summary, width: int) -> Iterator[str]:
    run = summary.run
    started = datetime.datetime.fromtimestamp(run.started_at, datetime.UTC)
    about = f"{run.status}  {duration(run.seconds)}  {started:%Y-%m-%d %H:%M} UTC"
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
        yield from labelled(worth(summary), width)
        yield from labelled(_forecasts(summary), width)


def _forecasts(summary: Summary) -> Iterator[Line]:
    """Yield the first and the last forecast, and what the work came to."""
    made = summary.forecasts
    if not made:
        return
    from greentrack.costing.forecast_costs import came_to
    from greentrack.reports import forecast_text  # few runs have any

    end = " expected at the end" if came_to(summary)[0] == "running" else ""
    for row in forecast_text.rows(summary, made[:1] + made[1:][-1:]):
        said = ", ".join(filter(None, row[1:]))
        yield Line("forecast", f"{row.when}: {said}{end}" if row.when.startswith("after") else f"{row.when} {said}")
    for remark in forecast_text.remarks(summary):
        yield Line("forecast", remark)


def _parts(summary: Summary, width: int) -> Iterator[str]:
    whole = summary.whole
    if whole is None:
        return
    number = next(index for index, part in enumerate(summary.parts, 1) if part.id == summary.run.id)
    cost = ["nothing was measured" if whole.joules is None else energy_range(whole.joules)]
    cost += [] if whole.g is None else [mass_range(whole.g)]
    cost += [] if whole.money is None else [money_range(whole.money.amount, whole.money.currency)]
    whole_time = f"{duration(whole.seconds)} (pauses not counted)"
    first = f"This run is part {number} of {len(summary.parts)}: in all {', '.join([*cost, whole_time])}"
    yield from wrapped(first, width)
    hosts = len({part.host for part in summary.parts})  # no line has room for both, and one host needs no name
    rows = [
        (
            f"{index}",
            part.id[:13],
            part.status,
            f"{datetime.datetime.fromtimestamp(part.started_at, datetime.UTC):%m-%d %H:%M}",
            duration(part.seconds),
            "—" if part.joules is None else energy(part.joules.value),
            (part.host or "") if hosts > 1 else "" if part.before is None else energy(part.before),
        )
        for index, part in enumerate(summary.parts, 1)
    ]
    head = ("part", "run", "status", "started", "time", "energy", "host" if hosts > 1 else "before")
    yield from _table(head, rows, right=(0, 4, 5), flexible=6, width=width)


def _devices(summary: Summary, width: int) -> Iterator[str]:
    rows = [
        (
            device.kind,
            name,
            "—" if device.joules is None else energy(device.joules.value),
            "" if device.joules is None else spread(device.joules),
            percent(device.coverage),
            "measured" if device.measured else "modelled",
            device.method,
        )
        for device, name in zip(summary.devices, told_apart([one.name for one in summary.devices]), strict=True)
    ]
    if rows:
        head = ("", "device", "energy", "range", "seen", "", "method")
        kept = [number for number in range(len(head)) if width >= NARROW or head[number] not in ("range", "seen")]
        table = [[row[number] for number in kept] for row in (head, *rows)]
        right = [place for place, number in enumerate(kept) if number in (2, 3, 4)]
        yield from _table(table[0], table[1:], right=right, flexible=1, width=width)


def _spans(summary: Summary, width: int) -> Iterator[str]:
    by_name: dict[str, list[SpanCost]] = {}
    for span in summary.spans:
        by_name.setdefault(span.name, []).append(span)
    sums = [
        (name, len(spans), sum(span.seconds for span in spans), _sum(span.joules for span in spans))
        for name, spans in by_name.items()
    ]
    yield from _stretches(("span", "times"), sums, summary, width)


def _phases(summary: Summary, width: int) -> Iterator[str]:
    sums = [(phase.name, phase.calls, phase.seconds, phase.joules) for phase in summary.phases]
    yield from _stretches(("phase", "calls"), sums, summary, width)


def _stretches(
    heads: tuple[str, str], sums: list[tuple[str, int, float, float | None]], summary: Summary, width: int
) -> Iterator[str]:
    """Yield a table of the costliest names; the rest of the machine is not in them, so shares are of the devices'."""
    whole = sum(joules for kind, joules in summary.by_kind.items() if kind != "rest")
    sums.sort(key=lambda row: (-(row[3] or 0.0), -row[2]))
    rows = [
        (
            name,
            f"{count:,}",
            duration(seconds),
            "—" if joules is None else energy(joules),
            "" if joules is None or whole <= 0 else percent(joules / whole),
            "" if joules is None or count == 0 else f"{energy(joules / count)} each",
        )
        for name, count, seconds, joules in sums[:MAX_ROWS]
    ]
    if rows:
        head = (heads[0], heads[1], "time", "energy", "of devices", "")
        yield from _table(head, rows, right=(1, 2, 3, 4, 5), flexible=0, width=width)
        yield from _more(len(sums))


def _outcomes(summary: Summary, width: int) -> Iterator[str]:
    rows = []
    for name, values in list(summary.metrics.items())[:MAX_ROWS]:
        last = values[-1]
        by_then = "" if last.joules is None else f"after {energy(last.joules)} of devices"
        rows.append((name, "—" if last.value is None else f"{last.value:.6g}", f"{len(values):,}", by_then))
    if rows:
        yield from _table(("metric", "last", "values", ""), rows, right=(1, 2), flexible=0, width=width)
        yield from _more(len(summary.metrics))


def _assumptions(summary: Summary) -> Iterator[str]:
    before = None
    for item in summary.assumptions:
        value = item.value if isinstance(item.value, str) else digits(item.value, 4)
        source = f"{item.source}, {item.year}"
        yield f"{item.name}: {value} [{'likewise' if source == before else source}]"
        before = source


def _list(title: str, items: Iterable[str], width: int) -> Iterator[str]:
    lines = [line for item in items for line in wrapped(item, width, "- ", "  ")]
    if lines:
        yield title
        yield from lines


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int], flexible: int, width: int
) -> Iterator[str]:
    """Yield aligned lines; the column *flexible* gives way where they would be wider than *width*.

    Where it cannot give enough the last columns are left out: half a number would be another number.
    """
    lines = [head, *([printable(text) for text in row] for row in rows)]
    widths = [max(cells(line[column]) for line in lines) for column in range(len(head))]
    least = [min(size, MIN_WIDTH) if column == flexible else size for column, size in enumerate(widths)]
    while flexible < len(widths) - 1 and sum(least[: len(widths)]) + 2 * (len(widths) - 1) > width:
        del widths[-1]
    widths[flexible] = max(
        MIN_WIDTH, min(widths[flexible], width - sum(widths) + widths[flexible] - 2 * (len(widths) - 1))
    )
    for line in lines:
        parts = [
            filled(cut(cell, size), size, right=column in right)
            for column, (cell, size) in enumerate(zip(line, widths, strict=False))
        ]
        yield cut("  ".join(parts).rstrip(), width)


def _more(count: int) -> Iterator[str]:
    if count > MAX_ROWS:
        yield f"… and {count - MAX_ROWS:,} more"


def _sum(parts: Iterable[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if known else None
