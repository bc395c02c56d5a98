"""An estimate as plain text of a given width: what it will cost, how that was found, what it rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from greentrack.reports import layout, words
from greentrack.reports.estimate import Estimate
from greentrack.reports.figures import Figure
from greentrack.reports.summary import Summary
from greentrack.reports.units import digits, duration, energy, spread
from greentrack.reports.words import Line


def render(estimate: Estimate, *, width: int = 80) -> str:
    """Return *estimate* as lines of at most *width* characters, without colour."""
    width = max(width, 40)
    summary = estimate.summary
    lines = [
        *textwrap.wrap("Estimate: nothing of this was measured", width),
        *layout.labelled(_head(estimate), width),
        "",
        *layout.aligned([("", "device", "energy", "range", "method"), *_rows(summary)], right=(2, 3)),
        "",
    ]
    if notes := list(layout.notes(summary.notes, width)):
        lines += [*notes, ""]
    return "\n".join([*lines, "Assumptions", *layout.items(_assumptions(summary), width)])


def _head(estimate: Estimate) -> Iterator[Line]:
    yield Line("how", estimate.how)
    yield _time(estimate.seconds)
    yield from words.estimated(estimate.summary)
    yield from words.worth(estimate.summary)


def _rows(summary: Summary) -> list[tuple[str, ...]]:
    return [
        (
            row.kind,
            layout.short(row.name),
            layout.UNKNOWN if row.joules is None else energy(row.joules.value),
            "" if row.joules is None else spread(row.joules),
            row.method,
        )
        for row in summary.devices
    ]


def _assumptions(summary: Summary) -> Iterator[str]:
    for item in summary.assumptions:
        value = item.value if isinstance(item.value, str) else digits(item.value, 4)
        yield f"{item.name}: {value} [{item.source}, {item.year}]"


def _time(seconds: Figure) -> Line:
    range_ = f"estimate, {duration(seconds.low)} to {duration(seconds.high)}"
    return Line("time", duration(seconds.value), "" if seconds.low == seconds.high else range_)
