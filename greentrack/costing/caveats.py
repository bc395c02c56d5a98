"""What a summary says in words: what was not seen, what is doubted, what is old."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence

from greentrack.carbon import Intensity, age_note
from greentrack.costing.attribution import AttributedUse, seen, share_is_known, updates
from greentrack.costing.summary import DeviceCost
from greentrack.costing.system_overhead import Chassis
from greentrack.formatting.units import duration, mass
from greentrack.methods import off_at_edges
from greentrack.model import Record, RunInfo
from greentrack.quantity import Figure
from greentrack.vocabulary import IMPORTED

SURE = 0.05
"""A span whose edges may misplace more than this part of its joules is worth a note."""

WHOLE = 0.99
"""A coverage below this is worth a note."""


def notes(
    record: Record,
    devices: Sequence[DeviceCost],
    uses: Sequence[AttributedUse],
    *,
    joules: Figure | None,
    scope: str,
    chassis: Chassis | None,
    intensity: Intensity,
    today: datetime.date,
) -> tuple[str, ...]:
    """Return what is to be said of a run that was costed so."""
    return (
        *_standing(record, joules),
        *_gaps(devices, record.run),
        *_doubts(uses, scope),
        *_other_calibrations(record, chassis),
        *_short_spans(record, {use.use.device.uid: use for use in uses if use.joules is not None}),
        *_grid(intensity, today),
    )


def _standing(record: Record, joules: Figure | None) -> Iterator[str]:
    if record.run.status == "interrupted":
        yield "the run was interrupted; its figures end at its last reading"
    if record.run.status == IMPORTED:
        yield from _imported(record.run)
    if joules is None:
        yield "nothing was measured, so energy and carbon are not known; greentrack doctor says why"
    overhead = record.tracker_overhead
    if overhead.restarts:
        yield f"the recorder was started anew (times: {overhead.restarts}); the time between was not seen"
    if overhead.failures:
        yield f"reads of a sensor that failed: {overhead.failures:,}; a counter makes up for it at its next read"


def _imported(run: RunInfo) -> Iterator[str]:
    about = run.params.get("codecarbon")
    if not isinstance(about, Mapping):
        return
    tool = f"codecarbon {about.get('version') or 'of an unknown version'} (tracking_mode {about.get('tracking_mode')})"
    yield (
        f"imported from {tool}, whose file says neither what was measured nor how the run ended; nothing counts as "
        "measured"
    )
    if isinstance(kg := about.get("emissions_kg"), (int, float)):
        yield f"codecarbon's own figure, {mass(kg * 1000)}, is not used: the carbon is worked out as for any other run"


def _gaps(devices: Sequence[DeviceCost], run: RunInfo) -> Iterator[str]:
    for device in devices:
        if device.kind != "rest" and device.coverage < WHOLE and run.seconds > 0:
            missed = duration(run.seconds * (1 - device.coverage))
            yield f"{device.id}: {missed} of {duration(run.seconds)} were not seen and are not filled in"


def _doubts(uses: Sequence[AttributedUse], scope: str) -> Iterator[str]:
    for used in uses:
        use = used.use
        if use.note:
            yield f"{use.device.uid}: {use.note}"
        if not use.counter_valid:
            instead = (
                "its integrated power is used" if use.energy.cross_check is not None else "nothing else can be used"
            )
            yield f"{use.device.uid}: its counter disagreed with its own power; {instead}"
        if scope == "process" and not share_is_known(use) and used.joules is not None:
            yield f"{use.device.uid}: the run's own share is not known; the whole device is counted"


def _other_calibrations(record: Record, chassis: Chassis | None) -> Iterator[str]:
    newest = record.calibration.calibrations[-1:] if record.calibration is not None else ()
    if newest and chassis is not None and sorted(newest[0].devices) != sorted(seen(record)):
        yield (
            f"the calibration at the wall was made with {', '.join(newest[0].devices)}, and this run saw "
            f"{', '.join(seen(record)) or 'nothing'}; "
            + ("an earlier one is used" if chassis.loads else "so it is not used here")
        )


def _short_spans(record: Record, known: Mapping[str, AttributedUse]) -> Iterator[str]:
    """Yield a note on spans that are no longer than a few updates of the sensors."""
    worst: dict[str, tuple[float, float]] = {}
    seconds = updates(record)
    for span in record.spans:
        if span.ended_at is None:
            continue
        parts = [
            (known[uid].of(energy), off_at_edges(known[uid].method, energy.seconds, seconds.get(uid)))
            for uid, energy in span.energy.items()
            if uid in known
        ]
        joules = sum(part for part, _ in parts)
        off = sum(part * off for part, off in parts) / joules if joules > 0 else 0.0
        if off > SURE:
            worst[span.name] = max(worst.get(span.name, (0.0, 0.0)), (off, span.ended_at - span.started_at))
    if worst:
        some = ", ".join(f"{name} ({duration(time)}: ±{off:.0%})" for name, (off, time) in list(worst.items())[:3])
        more = f" and {len(worst) - 3} more" if len(worst) > 3 else ""
        yield f"spans that are short beside the updates of their sensors, and how unsure the shortest is: {some}{more}"


def _grid(intensity: Intensity, today: datetime.date) -> Iterator[str]:
    if intensity.note:
        yield f"grid intensity of {intensity.zone}: {intensity.note}"
    if note := age_note(intensity, today):
        yield note
