"""From a record to its summary: which joules count, their ranges, the rest of the machine, carbon and notes."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from greentrack.carbon import Intensity, age_note, find_intensity
from greentrack.errors import StoreError
from greentrack.methods import METHODS, Method, combine_by_method, off_at_edges, spread
from greentrack.model import DeviceUse, Energy, Metric, Record, Run
from greentrack.reports import rest as rest_of_machine
from greentrack.reports.assumptions import assumptions
from greentrack.reports.equivalents import equivalents
from greentrack.reports.figures import JOULES_PER_KWH, Figure, product
from greentrack.reports.rest import Chassis
from greentrack.reports.summary import DeviceCost, PhaseCost, SpanCost, Summary, Work
from greentrack.reports.units import duration
from greentrack.vocabulary import KINDS

SURE = 0.05
"""A span whose edges may misplace more than this part of its joules is worth a note."""

WHOLE = 0.99
"""A coverage below this is worth a note."""


class _Use(NamedTuple):
    """A device of the run and the part of its joules that counts in this scope, 0 to 1; None where nothing was read."""

    use: DeviceUse
    method: Method
    joules: float | None
    part: float

    def of(self, energy: Energy) -> float:
        """Return the joules of a stretch by the method that is believed, for this scope."""
        return self.part * (energy.joules if self.use.trusted or energy.check is None else energy.check)


def cost(
    record: Record, *, zone: str | None, rest: str | None, scope: str, today: datetime.date | None = None
) -> Summary:
    """Work out the summary of *record*; see ``summary.summary_of``."""
    run = record.run
    chassis = _machine(record, rest)
    intensity = find_intensity(zone or run.zone, timezone=run.host.timezone if run.host else None)
    uses = [_used(use, scope) for use in sorted(record.devices, key=lambda use: KINDS.index(use.device.kind))]
    devices = [_device(use, record) for use in uses]
    row = _rest_row(uses, run, chassis)
    if row is not None:
        devices.append(row)

    counted = [(device, device.joules) for device in devices if device.joules is not None]
    joules = measured_share = g = None
    by_kind: dict[str, float] = defaultdict(float)
    for device, figure in counted:
        by_kind[device.kind] += figure.value
    if counted:
        value, low, high = combine_by_method((device.method, f.value, f.low, f.high) for device, f in counted)
        joules = Figure(value=value, low=max(0.0, low), high=high)
        measured = sum(figure.value for device, figure in counted if device.measured)
        measured_share = measured / value if value > 0 else float(all(device.measured for device, _ in counted))
        grams_per_kwh = Figure(value=intensity.g_per_kwh, low=intensity.low, high=intensity.high)
        g = product(joules / JOULES_PER_KWH, grams_per_kwh)
    like = equivalents(joules / JOULES_PER_KWH, g, intensity.zone) if joules and g else ()
    known = {use.use.device.uid: use for use in uses if use.joules is not None}
    return Summary(
        run=run,
        scope=scope,
        devices=tuple(devices),
        joules=joules,
        by_kind=dict(by_kind),
        measured_share=measured_share,
        intensity=intensity,
        g=g,
        equivalents=like,
        spans=_spans(record, known),
        phases=_phases(record, known),
        work={
            unit: Work(total=total, joules_per=joules / total if joules and total > 0 else None)
            for unit, total in record.work.items()
        },
        metrics=_metrics(record.metrics),
        assumptions=assumptions([use.use for use in uses], devices, chassis if row else None, intensity, like),
        notes=(
            *_standing(record, joules),
            *_gaps(devices, run),
            *_doubts(uses, scope),
            *_other_calibrations(record, chassis),
            *_short_spans(record, known),
            *_grid(intensity, today or datetime.datetime.now(datetime.UTC).date()),
        ),
        toll=record.toll,
    )


def _used(use: DeviceUse, scope: str) -> _Use:
    name = use.method
    if not use.trusted and name.startswith("nvml-"):
        name = "nvml-distrusted"
    if name not in METHODS:
        raise StoreError(f"{use.device.uid} was read by {name!r}, which this GreenTrack does not know; upgrade it")
    if use.energy.seconds <= 0 and use.joules <= 0:
        return _Use(use=use, method=METHODS[name], joules=None, part=1.0)
    part = 1.0
    if scope == "process" and _share_is_known(use):
        part = min(1.0, (use.process or 0.0) / use.energy.joules)
    return _Use(use=use, method=METHODS[name], joules=use.joules * part, part=part)


def _share_is_known(use: DeviceUse) -> bool:
    return use.process is not None and use.energy.joules > 0  # a counter that stood still says nothing of shares


def _machine(record: Record, rest: str | None) -> Chassis | None:
    """Return the kind of machine; as calibrated at its wall, unless a kind was asked for just now."""
    chassis = rest_of_machine.chassis_of(record.run, rest)
    if chassis is None or record.known is None or rest not in (None, "auto"):
        return chassis
    from greentrack.reports.calibration import refined

    return refined(chassis, record.known.calibrations, _seen(record))


def _updates(record: Record) -> Mapping[str, float]:
    """Return the seconds between two updates of the counters that were tested, by device uid, where they are used."""
    if record.known is None:
        return {}
    replaced = {use.device.uid for use in record.devices if not use.trusted}  # its power moves at another pace
    return {uid: seconds for uid, seconds in record.known.updates.items() if uid not in replaced}


def _seen(record: Record) -> list[str]:
    return [use.device.uid for use in record.devices if use.energy.seconds > 0 or use.joules > 0]


def _device(used: _Use, record: Record) -> DeviceCost:
    use, method, run = used.use, used.method, record.run
    below, above = spread(method, use.energy.seconds, _updates(record).get(use.device.uid))
    return DeviceCost(
        id=use.device.uid,
        kind=use.device.kind,
        name=use.device.name,
        method=method.name,
        measured=method.measured,
        joules=None if used.joules is None else _spread(used.joules, below, above),
        coverage=_coverage(use.energy.seconds, run),
        note=use.note,
    )


def _rest_row(uses: Sequence[_Use], run: Run, chassis: Chassis | None) -> DeviceCost | None:
    """Return the rest of the machine's row: for the time that some device was seen, and in proportion to the scope."""
    components = [use for use in uses if use.joules is not None]
    if chassis is None or not components or any(use.use.device.kind == "rest" for use in components):
        return None
    seconds = max(use.use.energy.seconds for use in components)
    whole = sum(use.use.joules for use in components)
    part = sum(use.joules or 0.0 for use in components) / whole if whole > 0 else 1.0
    return DeviceCost(
        id="rest",
        kind="rest",
        name="calibrated" if chassis.loads else chassis.text.partition(":")[0],
        method=chassis.method,
        measured=METHODS[chassis.method].measured,
        joules=chassis.figure(whole, seconds) * part,
        coverage=_coverage(seconds, run),
    )


def _spread(joules: float, below: float, above: float) -> Figure:
    return Figure(value=joules, low=joules * (1 - below), high=joules * (1 + above))


def _coverage(seconds: float, run: Run) -> float:
    return min(1.0, max(0.0, seconds / run.seconds)) if run.seconds > 0 else 0.0


def _by_kind(energy: Mapping[str, Energy], known: Mapping[str, _Use]) -> dict[str, float]:
    kinds: dict[str, float] = defaultdict(float)
    for uid, part in energy.items():
        if uid in known:
            kinds[known[uid].use.device.kind] += known[uid].of(part)
    return dict(kinds)


def _spans(record: Record, known: Mapping[str, _Use]) -> tuple[SpanCost, ...]:
    end = record.run.started_at + record.run.seconds
    costs = []
    for span in record.spans:
        kinds = _by_kind(span.energy, known)
        costs.append(
            SpanCost(
                name=span.name,
                attrs=span.attrs,
                seconds=max(0.0, (end if span.ended_at is None else span.ended_at) - span.started_at),
                joules=sum(kinds.values()) if kinds else None,
                by_kind=kinds,
            )
        )
    return tuple(costs)


def _phases(record: Record, known: Mapping[str, _Use]) -> tuple[PhaseCost, ...]:
    costs = []
    for phase in record.phases:
        kinds = _by_kind(phase.energy, known)
        joules = sum(kinds.values()) if kinds else None
        costs.append(PhaseCost(name=phase.name, calls=phase.calls, seconds=phase.seconds, joules=joules))
    return tuple(costs)


def _metrics(metrics: Sequence[Metric]) -> dict[str, tuple[Metric, ...]]:
    by_name: dict[str, list[Metric]] = defaultdict(list)
    for metric in sorted(metrics, key=lambda metric: metric.at):
        by_name[metric.name].append(metric)
    return {name: tuple(values) for name, values in by_name.items()}


def _standing(record: Record, joules: Figure | None) -> Iterator[str]:
    if record.run.status == "interrupted":
        yield "the run was interrupted; its figures end at its last reading"
    if joules is None:
        yield "nothing was measured, so energy and carbon are not known; greentrack doctor says why"
    if record.toll.restarts:
        yield f"the recorder was started anew (times: {record.toll.restarts}); the time between was not seen"
    if record.toll.failures:
        yield f"reads of a sensor that failed: {record.toll.failures:,}; a counter makes up for it at its next read"


def _gaps(devices: Sequence[DeviceCost], run: Run) -> Iterator[str]:
    for device in devices:
        if device.kind != "rest" and device.coverage < WHOLE and run.seconds > 0:
            missed = duration(run.seconds * (1 - device.coverage))
            yield f"{device.id}: {missed} of {duration(run.seconds)} were not seen and are not filled in"


def _doubts(uses: Sequence[_Use], scope: str) -> Iterator[str]:
    for used in uses:
        use = used.use
        if use.note:
            yield f"{use.device.uid}: {use.note}"
        if not use.trusted:
            instead = "its integrated power is used" if use.energy.check is not None else "nothing else can be used"
            yield f"{use.device.uid}: its counter disagreed with its own power; {instead}"
        if scope == "process" and not _share_is_known(use) and used.joules is not None:
            yield f"{use.device.uid}: the run's own share is not known; the whole device is counted"


def _other_calibrations(record: Record, chassis: Chassis | None) -> Iterator[str]:
    newest = record.known.calibrations[-1:] if record.known is not None else ()
    if newest and chassis is not None and sorted(newest[0].devices) != sorted(_seen(record)):
        yield (
            f"the calibration at the wall was made with {', '.join(newest[0].devices)}, and this run saw "
            f"{', '.join(_seen(record)) or 'nothing'}; "
            + ("an earlier one is used" if chassis.loads else "so it is not used here")
        )


def _short_spans(record: Record, known: Mapping[str, _Use]) -> Iterator[str]:
    """Yield a note on spans that are no longer than a few updates of the sensors."""
    worst: dict[str, tuple[float, float]] = {}
    updates = _updates(record)
    for span in record.spans:
        if span.ended_at is None:
            continue
        parts = [
            (known[uid].of(energy), off_at_edges(known[uid].method, energy.seconds, updates.get(uid)))
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
