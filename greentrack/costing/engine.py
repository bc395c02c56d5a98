"""The calculation of a summary: a record's joules with their ranges, and their carbon, money and water."""

import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from greentrack.carbon import Intensity, find_intensity, months_if_old
from greentrack.costing import assumptions, line_items, system_overhead
from greentrack.costing.assumptions import Assumption
from greentrack.costing.attribution import AttributedUse, attribute, devices_read, share_counted, update_seconds
from greentrack.costing.caveats import Caveat, caveats
from greentrack.costing.equivalents import Equivalent, equivalents
from greentrack.costing.options import ParsedOptions
from greentrack.costing.pue import NOT_APPLIED
from greentrack.costing.summary import DeviceCost, PhaseCost, SpanCost, Summary, Work
from greentrack.costing.system_overhead import Chassis
from greentrack.methods import METHODS, combine_by_method, spread
from greentrack.model import Energy, Metric, Reading, Record, RunInfo
from greentrack.quantity import JOULES_PER_KWH, Figure, product
from greentrack.vocabulary import KINDS


def cost(
    record: Record,
    options: ParsedOptions,
    *,
    readings: Mapping[str, Sequence[Reading]] | None = None,
    today: datetime.date | None = None,
) -> Summary:
    """Return the summary of *record* under *options*; *readings*, by device uid, tell the hours of its joules."""
    run = record.run
    chassis = _chassis(record, options.rest)
    timezone = run.host.timezone if run.host else None
    intensity = find_intensity(options.zone or run.zone or options.default_zone, timezone=timezone)
    attributed = (attribute(use, options.scope) for use in record.devices)
    uses = sorted(attributed, key=lambda use: KINDS.index(use.use.device.kind))
    if options.hourly is not None:
        from greentrack.costing.hourly_carbon import by_hour

        intensity = by_hour(intensity, uses, readings, options.hourly)
    devices = [_device(use, record) for use in uses]
    overhead = _system_overhead(uses, run, chassis)
    coverage = {device.id: device.coverage for device in devices if device.kind != "rest"}
    if overhead is not None:
        devices.append(overhead)
    joules = _total(devices)
    summary = price(
        record,
        joules,
        devices,
        options,
        uses=uses,
        chassis=chassis if overhead else None,
        intensity=intensity,
        readings=readings,
        today=today,
    )
    known = {use.use.device.uid: use for use in uses if use.joules is not None}
    return summary._replace(
        measured_share=_measured_share(summary.devices, joules),
        spans=tuple(_spans(record, known)),
        phases=tuple(_phases(record, known)),
        work={
            unit: Work(total=total, joules_per=joules / total if joules and total > 0 else None)
            for unit, total in record.work.items()
        },
        metrics=_metrics(record.metrics),
        caveats=(*caveats(record, uses, coverage, scope=options.scope, chassis=chassis), *summary.caveats),
        tracker_overhead=record.tracker_overhead,
        forecasts=record.forecasts,
    )


def price(
    record: Record,
    joules: Figure | None,
    devices: Sequence[DeviceCost],
    options: ParsedOptions,
    *,
    intensity: Intensity,
    chassis: Chassis | None,
    uses: Sequence[AttributedUse] = (),
    readings: Mapping[str, Sequence[Reading]] | None = None,
    today: datetime.date | None = None,
) -> Summary:
    """Return what *joules* cost in carbon, money and water, for a run that was recorded or is an estimate.

    *devices* are the parts of the joules, *uses* what a recorder read; *chassis* is the machine whose overhead is among
    the devices.
    """
    today = today or datetime.datetime.now(datetime.UTC).date()
    pue, zone = options.pue or NOT_APPLIED, intensity.zone
    months, noted = months_if_old(intensity, today), (zone, intensity.note, intensity.not_hourly)
    facility = g = None
    like: tuple[Equivalent, ...] = ()
    if joules is not None:
        facility = product(joules, pue.figure)
        g = product(facility / JOULES_PER_KWH, intensity.figure)
        like = equivalents(facility / JOULES_PER_KWH, g, zone)
    if options.rent is not None:
        money = line_items.gpu_hours(record, options.rent, today=today)
    else:
        money = line_items.electricity(record, facility, options.tariff, zone=zone, readings=readings, today=today)
    none = line_items.LineItem()
    embodied = line_items.embodied(record, share_counted(uses)) if options.embodied else none
    water = line_items.water(joules, zone=zone, pue=pue) if options.water else none
    items = (money, embodied, water)
    by_kind: dict[str, float] = defaultdict(float)
    for device in devices:
        if device.joules is not None:
            by_kind[device.kind] += device.joules.value
    return Summary(
        run=record.run,
        scope=options.scope,
        devices=tuple(devices),
        joules=joules,
        by_kind=dict(by_kind),
        measured_share=0.0,
        intensity=intensity,
        g=g,
        pue=pue.figure,
        facility_joules=facility if options.pue else None,
        money=money.money,
        embodied=embodied.figure,
        water=water.figure,
        equivalents=like,
        rests_on=(  # in the order of the calculation
            *assumptions.of_methods([device.method for device in devices if uses and device.joules], chassis),
            *(assumption for use in uses for assumption in assumptions.of_device(use.use)),
            *(assumptions.of_chassis(chassis) if chassis else ()),
            *assumptions.of_grid(intensity),
            *_idle_powers(uses, record.run),
            *line_items.overhead(pue),
            *(assumption for item in items for assumption in item.rests_on),
            *_unit_costs(record.work),
            *assumptions.of_equivalents(like),
        ),
        caveats=(
            *([Caveat("grid note", noted)] if any(noted[1:]) else []),
            *([Caveat("old grid figure", (zone, intensity.year, months))] if months else []),
            *(caveat for item in items for caveat in item.caveats),
        ),
    )


def _chassis(record: Record, rest: str | None) -> Chassis | None:
    """Return the kind of machine, calibrated at its wall unless the options name a kind."""
    chassis = system_overhead.chassis_of(record.run, rest)
    if chassis is None or record.calibration is None or rest not in (None, "auto"):
        return chassis
    from greentrack.costing.wall_calibration import calibrated

    return calibrated(chassis, record.calibration.calibrations, devices_read(record))


def _device(attributed: AttributedUse, record: Record) -> DeviceCost:
    use, method, run = attributed.use, attributed.method, record.run
    below, above = spread(method, use.energy.seconds, update_seconds(record).get(use.device.uid))
    joules = None if attributed.joules is None else Figure.around(attributed.joules, below, above)
    return DeviceCost(
        id=use.device.uid,
        kind=use.device.kind,
        name=use.device.name,
        method=method.name,
        measured=method.measured,
        joules=joules,
        coverage=_coverage(use.energy.seconds, run),
        note=use.note,
        idle=None if joules is None or attributed.idle is None else joules.value * attributed.idle,
        above_idle=None if joules is None or attributed.above_idle is None else joules * attributed.above_idle,
    )


def _system_overhead(uses: Sequence[AttributedUse], run: RunInfo, chassis: Chassis | None) -> DeviceCost | None:
    """Return the system overhead for the time that a device was seen, in proportion to the scope."""
    components = [use for use in uses if use.joules is not None]
    if chassis is None or not components or any(use.use.device.kind == "rest" for use in components):
        return None
    seconds = max(use.use.energy.seconds for use in components)
    whole = sum(use.use.joules for use in components)
    return DeviceCost(
        id="rest",
        kind="rest",
        name="calibrated" if chassis.loads else chassis.text.partition(":")[0],
        method=chassis.method,
        measured=METHODS[chassis.method].measured,
        joules=chassis.figure(whole, seconds) * share_counted(uses),
        coverage=_coverage(seconds, run),
    )


def _total(devices: Sequence[DeviceCost]) -> Figure | None:
    counted = [(device.method, *device.joules) for device in devices if device.joules is not None]
    if not counted:
        return None
    value, low, high = combine_by_method(counted)
    return Figure(value=value, low=max(0.0, low), high=high)


def _measured_share(devices: Sequence[DeviceCost], joules: Figure | None) -> float | None:
    if joules is None:
        return None
    counted = [device for device in devices if device.joules is not None]
    measured = sum(device.joules.value for device in counted if device.joules is not None and device.measured)
    return measured / joules.value if joules.value > 0 else float(all(device.measured for device in counted))


def _coverage(seconds: float, run: RunInfo) -> float:
    return min(1.0, max(0.0, seconds / run.seconds)) if run.seconds > 0 else 0.0


def _by_kind(energy: Mapping[str, Energy], known: Mapping[str, AttributedUse]) -> dict[str, float]:
    kinds: dict[str, float] = defaultdict(float)
    for uid, part in energy.items():
        if uid in known:
            kinds[known[uid].use.device.kind] += known[uid].of(part)
    return dict(kinds)


def _spans(record: Record, known: Mapping[str, AttributedUse]) -> Iterator[SpanCost]:
    end = record.run.started_at + record.run.seconds
    for span in record.spans:
        kinds = _by_kind(span.energy, known)
        yield SpanCost(
            name=span.name,
            attrs=span.attrs,
            seconds=max(0.0, (end if span.ended_at is None else span.ended_at) - span.started_at),
            joules=sum(kinds.values()) if kinds else None,
            by_kind=kinds,
        )


def _phases(record: Record, known: Mapping[str, AttributedUse]) -> Iterator[PhaseCost]:
    for phase in record.phases:
        kinds = _by_kind(phase.energy, known)
        joules = sum(kinds.values()) if kinds else None
        yield PhaseCost(name=phase.name, calls=phase.calls, seconds=phase.seconds, joules=joules)


def _idle_powers(uses: Sequence[AttributedUse], run: RunInfo) -> Iterator[Assumption]:
    year = datetime.datetime.fromtimestamp(run.started_at, datetime.UTC).year
    for one in uses:
        if one.use.idle_watts is not None and one.above_idle is not None:
            source = "the least mean of ten seconds in this run"
            yield Assumption("idle power seen", one.use.idle_watts, source, year, (one.use.device.uid,))


def _unit_costs(work: Mapping[str, float]) -> Iterator[Assumption]:
    if work:  # few runs have any when they end, and the module would cost them a millisecond
        from greentrack.costing import unit_costs

        yield from unit_costs.assumptions(work)


def _metrics(metrics: Sequence[Metric]) -> dict[str, tuple[Metric, ...]]:
    by_name: dict[str, list[Metric]] = defaultdict(list)
    for metric in sorted(metrics, key=lambda metric: metric.at):
        by_name[metric.name].append(metric)
    return {name: tuple(values) for name, values in by_name.items()}
