"""The tables of a run that several formats show: its devices, spans, phases and metrics."""

from collections.abc import Sequence

from greentrack.costing.summary import SpanCost, Summary
from greentrack.formatting.escape import shown
from greentrack.formatting.layout import UNKNOWN
from greentrack.formatting.table import Table
from greentrack.formatting.units import (
    duration,
    energy,
    energy_low_to_high,
    energy_range,
    mass_range,
    moment,
    money_range,
    percent,
)
from greentrack.reports import provenance


def devices(summary: Summary, names: Sequence[str]) -> Table:
    """Return the devices under these *names*, each with how it was read."""
    rows = tuple(
        (
            device.kind,
            name,
            UNKNOWN if device.joules is None else energy(device.joules.value),
            "" if device.joules is None else energy_low_to_high(device.joules),
            percent(device.coverage),
            "measured" if device.measured else "modelled",
            device.method,
        )
        for device, name in zip(summary.devices, names, strict=True)
    )
    head = ("", "device", "energy", "range", "seen", "", "method")
    return Table(head, rows, (2, 3, 4), "Energy by device")


def spans(summary: Summary, most: int) -> Table:
    """Return the spans, those of one name together, the *most* costly first."""
    by_name: dict[str, list[SpanCost]] = {}
    for span in summary.spans:
        by_name.setdefault(span.name, []).append(span)
    sums = []
    for name, some in by_name.items():
        known = [span.joules for span in some if span.joules is not None]
        sums.append((name, len(some), sum(span.seconds for span in some), sum(known) if known else None))
    return _stretches("Spans, with the energy of the devices", ("span", "times"), sums, summary, most)


def phases(summary: Summary, most: int) -> Table:
    """Return the phases, the *most* costly first."""
    sums = [(phase.name, phase.calls, phase.seconds, phase.joules) for phase in summary.phases]
    caption = "Phases, with the energy of the devices by their share of the time"
    return _stretches(caption, ("phase", "calls"), sums, summary, most)


def metrics(summary: Summary, most: int) -> Table:
    """Return the first *most* metrics with their last values."""
    rows = []
    for name, values in list(summary.metrics.items())[:most]:
        last = values[-1]
        by_then = "" if last.joules is None else f"after {energy(last.joules)} of devices"
        rows.append((shown(name), UNKNOWN if last.value is None else f"{last.value:.6g}", f"{len(values):,}", by_then))
    remark = left_out(len(rows), len(summary.metrics))
    return Table(("metric", "last", "values", ""), tuple(rows), (1, 2), "Metrics", remark)


def parts(summary: Summary) -> Table:
    """Return the parts of a multi-part run; no rows for a run on its own."""
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
    head = ("part", "run", "status", "started", "time", "energy", "before", "host")
    return Table(head, rows, (0, 4, 5, 6), _part_of_run(summary))


def _part_of_run(summary: Summary) -> str:
    """Return which part of a multi-part run this is, and what all parts cost; "" for a run on its own."""
    whole = summary.whole
    if whole is None:
        return ""
    cost = ["nothing was measured" if whole.joules is None else energy_range(whole.joules)]
    cost += [] if whole.g is None else [mass_range(whole.g)]
    cost += [] if whole.money is None else [money_range(whole.money.amount, whole.money.currency)]
    cost += [f"{duration(whole.seconds)} (pauses not counted)"]
    return f"This run is {provenance.part_of(summary)}: in all {', '.join(cost)}"


def left_out(rows: int, of: int) -> str:
    """Return the remark on a table of the first *rows* out of *of*; "" where all are shown."""
    return f"… and {of - rows:,} more" if of > rows else ""


def _stretches(
    caption: str,
    heads: tuple[str, str],
    sums: list[tuple[str, int, float, float | None]],
    summary: Summary,
    most: int,
) -> Table:
    """Return a table of the costliest names; shares are of the devices', since names have none of the machine's rest.

    *sums* are a name, a count, seconds and joules each.
    """
    devices = sum(joules for kind, joules in summary.by_kind.items() if kind != "rest")
    sums.sort(key=lambda row: (-(row[3] or 0.0), -row[2]))
    rows = tuple(
        (
            shown(name),
            f"{count:,}",
            duration(seconds),
            UNKNOWN if joules is None else energy(joules),
            "" if joules is None or devices <= 0 else percent(joules / devices),
            "" if joules is None or count == 0 else f"{energy(joules / count)} each",
        )
        for name, count, seconds, joules in sums[:most]
    )
    head = (*heads, "time", "energy", "of devices", "")
    return Table(head, rows, (1, 2, 3, 4, 5), caption, left_out(len(rows), len(sums)))
