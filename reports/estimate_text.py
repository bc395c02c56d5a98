"""An estimate as plain text of a given width: what it will cost, how that was found, what it rests on."""

import textwrap
from collections.abc import Iterator

from greentrack.analysis.estimate import Estimate, ModelledGpus, ScaledRun
from greentrack.formatting import layout, table
from greentrack.formatting.units import digits, duration, percent
from greentrack.reports import lines, tables
from greentrack.reports.assumptions import value_text
from greentrack.reports.lines import Line


def render(estimate: Estimate, *, width: int = 80) -> str:
    """Return *estimate* as lines of at most *width* characters, without colour."""
    width = max(width, 40)
    summary = estimate.summary
    devices = tables.devices(summary, [layout.short(device.name) for device in summary.devices])
    assumptions = (f"{item.name}: {value_text(item)} [{item.source}, {item.year}]" for item in summary.assumptions)
    parts = (
        [*textwrap.wrap("Estimate: nothing of this was measured", width), *layout.labelled(_head(estimate), width)],
        table.lines(devices.only((0, 1, 2, 3, 6))),
        layout.titled("Notes", summary.notes, width),
        layout.titled("Assumptions", assumptions, width),
    )
    return layout.sections(parts)


def how(basis: ScaledRun | ModelledGpus) -> str:
    """Return how an estimate was made."""
    if isinstance(basis, ScaledRun):
        done = "" if basis.unit == "hours" else f" with {digits(basis.done, 6)} {basis.unit}"
        return f"scaled from {basis.name}, {duration(basis.seconds)}{done}, by a factor of {digits(basis.factor, 4)}"
    busy = "" if basis.utilization == 1 else f", in use for {percent(basis.utilization)} of the time"
    drawn = f"{percent(basis.part.value)} ({percent(basis.part.low)} to {percent(basis.part.high)})"
    gpus = f"{basis.gpus} x {basis.gpu} for {digits(basis.hours, 6)} h{busy}"
    return f"{gpus}, each at {drawn} of the {basis.watts:g} W that it is rated for"


def _head(estimate: Estimate) -> Iterator[Line]:
    seconds = estimate.seconds
    range_ = f"estimate, {duration(seconds.low)} to {duration(seconds.high)}"
    yield Line("how", estimate.how)
    yield Line("time", duration(seconds.value), "" if seconds.low == seconds.high else range_)
    yield from lines.estimated_headline(estimate.summary)
    yield from lines.equivalents_and_work(estimate.summary)
