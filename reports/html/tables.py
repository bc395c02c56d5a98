"""A summary's tables in the words of the text report, as texts that the HTML page sets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

from greentrack.costing.summary import SpanCost, Summary
from greentrack.formatting.escape import shown
from greentrack.formatting.layout import UNKNOWN
from greentrack.formatting.units import digits, duration, energy, energy_range, mass_range, money_range, percent, spread
from greentrack.model import Forecast
from greentrack.quantity import Figure
from greentrack.reports import forecast_text as expected
from greentrack.reports.lines import moment, told_apart

MAX_ROWS = 50
"""A table shows up to so many rows; what is left out is said beneath it."""

T = TypeVar("T")


class HtmlTable(NamedTuple):
    """Texts in rows; the columns in *right* are numbers. *more* says what was left out, and how they are read."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()
    more: str = ""


def forecasts(summary: Summary) -> HtmlTable | None:
    """Return what was forecast, and beneath it what came; None where nothing was."""
    if not summary.forecasts:
        return None
    made = sampled(summary.forecasts, MAX_ROWS)
    head = ("", "energy", "carbon", "money", "time")
    rows = list(expected.rows(summary, made))
    kept = [number for number in range(len(head)) if any(row[number] for row in rows)]
    return HtmlTable(
        "Forecasts of the whole work",
        tuple(head[number] for number in kept),
        tuple(tuple(row[number] or UNKNOWN for number in kept) for row in rows),
        tuple(range(1, len(kept))),
        "; ".join(filter(None, (thinned(len(made), len(summary.forecasts)), *expected.remarks(summary)))),
    )


def forecast_range(forecast: Forecast) -> Figure:
    """Return the energy of a forecast."""
    return Figure(value=forecast.joules, low=forecast.joules_low, high=forecast.joules_high)


def parts(summary: Summary) -> HtmlTable | None:
    """Return the parts of a work that was resumed or ran on several hosts; None for a run on its own."""
    whole = summary.whole
    if whole is None:
        return None
    number = next(index for index, part in enumerate(summary.parts, 1) if part.id == summary.run.id)
    cost = ["nothing was measured" if whole.joules is None else energy_range(whole.joules)]
    cost += [] if whole.g is None else [mass_range(whole.g)]
    cost += [] if whole.money is None else [money_range(whole.money.amount, whole.money.currency)]
    whole_time = f"{duration(whole.seconds)} (pauses not counted)"
    rows = tuple(
        (
            f"{index}",
            part.id[:13],
            part.status,
            moment(part.started_at),
            duration(part.seconds),
            UNKNOWN if part.joules is None else energy(part.joules.value),
            "" if part.before is None else energy(part.before),
            part.host or "",
        )
        for index, part in enumerate(summary.parts, 1)
    )
    return HtmlTable(
        f"This run is part {number} of {len(summary.parts)}: in all {', '.join([*cost, whole_time])}",
        ("part", "run", "status", "started", "time", "energy", "before", "host"),
        rows,
        (0, 4, 5, 6),
    )


def devices(summary: Summary) -> HtmlTable:
    """Return the devices, each with how it was read."""
    names = told_apart([f"{device.kind} {device.name}" for device in summary.devices])
    rows = tuple(
        (
            name,
            UNKNOWN if device.joules is None else energy(device.joules.value),
            "" if device.joules is None else spread(device.joules),
            percent(device.coverage),
            "measured" if device.measured else "modelled",
            device.method,
        )
        for device, name in zip(summary.devices, names, strict=True)
    )
    return HtmlTable("Energy by device", ("device", "energy", "range", "seen", "", "method"), rows, (1, 2, 3))


def spans(summary: Summary) -> HtmlTable | None:
    """Return the spans, those of one name together, the costliest first; None where there are none."""
    by_name: dict[str, list[SpanCost]] = {}
    for span in summary.spans:
        by_name.setdefault(span.name, []).append(span)
    sums = [
        (name, len(some), sum(span.seconds for span in some), _sum(span.joules for span in some))
        for name, some in by_name.items()
    ]
    return _stretches("Spans, with the energy of the devices", ("span", "times"), sums, summary)


def phases(summary: Summary) -> HtmlTable | None:
    """Return the phases, the costliest first; None where there are none."""
    sums = [(phase.name, phase.calls, phase.seconds, phase.joules) for phase in summary.phases]
    caption = "Phases, with the energy of the devices by their share of the time"
    return _stretches(caption, ("phase", "calls"), sums, summary)


def outcomes(summary: Summary) -> HtmlTable | None:
    """Return the metrics with their last values; None where nothing was logged."""
    rows = []
    for name, values in list(summary.metrics.items())[:MAX_ROWS]:
        last = values[-1]
        by_then = "" if last.joules is None else f"after {energy(last.joules)} of devices"
        rows.append((shown(name), UNKNOWN if last.value is None else f"{last.value:.6g}", f"{len(values):,}", by_then))
    left = left_out(len(rows), len(summary.metrics))
    return HtmlTable("Metrics", ("metric", "last", "values", ""), tuple(rows), (1, 2, 3), left) if rows else None


def assumptions(summary: Summary) -> HtmlTable:
    """Return what the figures rest on."""
    rows = tuple(
        (item.name, item.value if isinstance(item.value, str) else digits(item.value, 4), item.source, f"{item.year}")
        for item in summary.assumptions
    )
    return HtmlTable("What the figures rest on", ("assumption", "value", "source", "year"), rows, (1, 3))


def sampled(items: Sequence[T], most: int) -> list[T]:
    """Return at most *most* of *items*, evenly spread, the first and the last among them.

    >>> sampled(range(10), 4), sampled("ab", 4)
    ([0, 3, 6, 9], ['a', 'b'])
    """
    if len(items) <= most:
        return list(items)
    return [items[round(number * (len(items) - 1) / (most - 1))] for number in range(most)]


def left_out(rows: int, of: int) -> str:
    """Return a sentence on the rows that are not there; "" where all are."""
    return f"… and {of - rows:,} more" if of > rows else ""


def thinned(rows: int, of: int) -> str:
    """Return a sentence on rows that stand for more of them, the first and the last among them; "" where all are."""
    return f"{rows:,} of {of:,} are shown, evenly spread" if of > rows else ""


def _stretches(
    caption: str, heads: tuple[str, str], sums: list[tuple[str, int, float, float | None]], summary: Summary
) -> HtmlTable | None:
    whole = sum(joules for kind, joules in summary.by_kind.items() if kind != "rest")
    sums.sort(key=lambda row: (-(row[3] or 0.0), -row[2]))
    rows = tuple(
        (
            shown(name),
            f"{count:,}",
            duration(seconds),
            UNKNOWN if joules is None else energy(joules),
            "" if joules is None or whole <= 0 else percent(joules / whole),
            "" if joules is None or count == 0 else f"{energy(joules / count)} each",
        )
        for name, count, seconds, joules in sums[:MAX_ROWS]
    )
    head = (*heads, "time", "energy", "of devices", "")
    return HtmlTable(caption, head, rows, (1, 2, 3, 4, 5), left_out(len(rows), len(sums))) if rows else None


def _sum(parts: Iterable[float | None]) -> float | None:
    known = [part for part in parts if part is not None]
    return sum(known) if known else None
