"""An estimate as plain text of a given width: what it will cost, how that was found, what it rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from greentrack.analysis.estimate import Estimate
from greentrack.costing.summary import Summary
from greentrack.formatting import layout
from greentrack.formatting.units import digits, duration, energy, spread
from greentrack.quantity import Figure
from greentrack.reports import lines
from greentrack.reports.lines import Line


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
    yield from lines.estimated(estimate.summary)
    yield from lines.worth(estimate.summary)


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
