"""A summary as the energy block of Annex XI, section 1, point 2(e) of the EU's AI Act, as plain text."""

import textwrap
from collections.abc import Iterable, Iterator

from greentrack.costing.summary import DeviceCost, Summary
from greentrack.formatting.escape import name
from greentrack.formatting.layout import listed, sections
from greentrack.formatting.units import digits, duration, energy_range, in_unit, mass_range, moment, percent
from greentrack.quantity import Figure
from greentrack.reports import provenance

LAW = "Regulation (EU) 2024/1689 (AI Act), Annex XI, section 1, point 2(e): energy consumption of the model"

OPEN = (
    "The regulation asks for the known or estimated energy; where it is unknown, an estimate may rest on the computing "
    "resources used. As of 2026-09 it fixes no unit, no boundary and no method, so that each is stated here. It does "
    "not say whether trials, failed runs and data preparation count: this block has what is named under Work.",
    "MWh are what the model documentation form of the GPAI code of practice is said to ask for (uncertain: not checked "
    "at its source).",
    "Point 2(d) also asks for the computation in floating point operations, which GreenTrack does not count, and for "
    "the training time, which is above.",
)

_WIDTH, _LABEL = 100, 14


def render(summary: Summary) -> str:
    """Return the block; what was modelled is marked as estimated."""
    devices = _titled("Method by device", map(_device, summary.devices))
    return sections(([LAW], _facts(summary), devices, _titled("Notes", (*summary.notes, *OPEN))))


def _facts(summary: Summary) -> Iterator[str]:
    run, whole, work = summary.run, summary.whole, provenance.total(summary)
    part = f", {provenance.part_of(summary)}" if whole else ""
    yield from _line("Work", f"{name(run.name)}, {run.status}, run {run.id}{part}")
    begun, ended = map(moment, _edges(summary))
    yield from _line("Period", f"{begun.removesuffix(' UTC')} to {ended}")
    if whole is None:
        yield from _line("Energy", f"{_mwh(summary.joules)}, {_known(summary)}")
    else:
        yield from _line("Energy", f"{_mwh(work.joules)}, all {work.parts} parts together")
        yield from _line("", f"{_mwh(summary.joules)}, this part, {_known(summary)}")
    if work.facility is not None:
        about = f"with the data centre's overhead, a PUE of {provenance.pue(summary)}"
        yield from _line("", f"{_mwh(work.facility)}, {about}")
    else:
        yield from _line("", "no overhead of a data centre (PUE) is included")
    hours = f"{digits(work.seconds / 3600)} h ({duration(work.seconds)})"
    yield from _line("Time", hours + (" in which some part ran" if whole else ""))
    gpus = sum(device.kind == "gpu" for device in summary.devices)
    if gpus:
        of = " of this part" if whole else ""
        yield from _line("", f"{digits(gpus * run.seconds / 3600)} GPU-hours{of}, on {gpus} GPU{'s' * (gpus > 1)}")
    yield from _line("Hardware", listed(provenance.hardware(summary)) or "not known")
    if summary.joules is not None:
        yield from _line("Boundary", provenance.boundary(summary))
    if work.g is not None:
        yield from _line("Carbon", f"{mass_range(work.g)} at {provenance.grid(summary)} (not required by the Annex)")
    yield from _line("Recorded by", f"{provenance.recorder(summary)}; ranges are about 95 %")


def _known(summary: Summary) -> str:
    share = summary.measured_share
    if share is None:
        return "not measured"
    ends = {1.0: "known: all of it was measured", 0.0: "estimated: none of it was measured"}
    return ends.get(share, f"known in part: {percent(share)} was measured, the rest is estimated")


def _device(device: DeviceCost) -> str:
    how = "measured" if device.measured else "ESTIMATED"
    if device.joules is None:
        return f"{device.kind} {name(device.name)}: not read, and not filled in"
    seen = f"seen for {percent(device.coverage)} of the time"
    energy = in_unit(device.joules, "MWh")[0]
    return f"{device.kind} {name(device.name)}: {energy} MWh, {how} ({device.method}), {seen}"


def _edges(summary: Summary) -> tuple[float, float]:
    if summary.parts:
        return summary.parts[0].started_at, max(part.started_at + part.seconds for part in summary.parts)
    return summary.run.started_at, summary.run.started_at + summary.run.seconds


def _mwh(joules: Figure | None) -> str:
    if joules is None:
        return "not known"
    value, low, high = in_unit(joules, "MWh")
    return f"{value} MWh" + (f" ({low}–{high})" if low != high else "") + f", that is {energy_range(joules)}"


def _titled(title: str, texts: Iterable[str]) -> list[str]:
    items = (
        textwrap.wrap(text, _WIDTH, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
        for text in texts
    )
    lines = [line for item in items for line in item]
    return [title, *lines] if lines else []


def _line(label: str, text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=label.ljust(_LABEL), subsequent_indent=" " * _LABEL)
