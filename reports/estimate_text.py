"""An estimate as plain text of a given width: what it will cost, how that was found, what it rests on."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from greentrack.reports import layout
from greentrack.reports.estimate import Estimate
from greentrack.reports.figures import Figure
from greentrack.reports.summary import Summary
from greentrack.reports.units import (
    digits,
    duration,
    energy,
    energy_range,
    litres_range,
    mass_range,
    money_range,
    spread,
)

_LABEL = 12


def render(estimate: Estimate, *, width: int = 80) -> str:
    """Return *estimate* as lines of at most *width* characters, without colour."""
    width = max(width, 40)
    summary = estimate.summary
    lines = [
        *textwrap.wrap("Estimate: nothing of this was measured", width),
        *(line for label, text in _head(estimate) for line in _labelled(label, text, width)),
        "",
        *layout.aligned([("", "device", "energy", "range", "method"), *_rows(summary)], right=(2, 3)),
        "",
    ]
    if notes := list(layout.notes(summary.notes, width)):
        lines += [*notes, ""]
    return "\n".join([*lines, "Assumptions", *layout.items(_assumptions(summary), width)])


def _head(estimate: Estimate) -> Iterator[tuple[str, str]]:
    summary, grid = estimate.summary, estimate.summary.intensity
    yield "how", estimate.how
    yield "time", _time(estimate.seconds)
    if summary.joules is not None:
        what = "the whole machine" if "rest" in summary.by_kind else "its devices only"
        yield "energy", f"{energy_range(summary.joules)}  estimate, {what}"
    if summary.facility_joules is not None:
        pue = f"{digits(summary.pue.value)} ({digits(summary.pue.low)}–{digits(summary.pue.high)})"
        yield "facility", f"{energy_range(summary.facility_joules)}  estimate, with a PUE of {pue}"
    if summary.g is not None:
        at = f"at {digits(grid.g_per_kwh)} g/kWh, {grid.zone} {grid.year} ({grid.how})"
        yield "carbon", f"{mass_range(summary.g)}  estimate, {at}"
    yield from _charges(summary)
    like = [equivalent.text for equivalent in summary.equivalents]
    if summary.comparison is not None:
        like.append(summary.comparison.text)
    for number, text in enumerate(like):
        yield "" if number else "as much as", text
    for unit, work in summary.work.items():
        each = "" if work.joules_per is None else f"  about {digits(work.joules_per.value)} J each"
        total = f"{work.total:,.0f}" if work.total >= 100 else digits(work.total)
        yield "for", f"{total} {unit}{each}"


def _charges(summary: Summary) -> Iterator[tuple[str, str]]:
    if summary.embodied is not None:
        yield "embodied", f"{mass_range(summary.embodied)}  estimate of making the hardware, not in the carbon"
    if (money := summary.money) is not None:
        yield "money", f"{money_range(money.amount, money.currency)}  estimate, {money.basis}: {money.note}"
    if summary.water is not None:
        yield "water", f"{litres_range(summary.water)}  estimate, evaporated at the site and at power stations"


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


def _time(seconds: Figure) -> str:
    if seconds.low == seconds.high:
        return duration(seconds.value)
    return f"{duration(seconds.value)}  estimate, {duration(seconds.low)} to {duration(seconds.high)}"


def _labelled(label: str, text: str, width: int) -> list[str]:
    indent = " " * _LABEL
    return textwrap.wrap(
        text, width, initial_indent=label.ljust(_LABEL), subsequent_indent=indent, break_on_hyphens=False
    )
