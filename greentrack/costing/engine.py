"""From a record to its summary: which joules count, their ranges, the rest of the machine, carbon, charges."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from greentrack.carbon import find_intensity
from greentrack.costing import line_items
from greentrack.costing import system_overhead as rest_of_machine
from greentrack.costing.assumptions import assumptions
from greentrack.costing.attribution import AttributedUse, own_part, seen, updates, used
from greentrack.costing.caveats import notes
from greentrack.costing.equivalents import equivalents
from greentrack.costing.options import NOT_APPLIED, ParsedOptions
from greentrack.costing.summary import Assumption, DeviceCost, PhaseCost, SpanCost, Summary, Work
from greentrack.costing.system_overhead import Chassis
from greentrack.methods import METHODS, combine_by_method, spread
from greentrack.model import Energy, Metric, Reading, Record, RunInfo
from greentrack.quantity import JOULES_PER_KWH, Figure, product
from greentrack.vocabulary import KINDS


def cost(
    record: Record,
    terms: ParsedOptions,
    *,
    readings: Mapping[str, Sequence[Reading]] | None = None,
    today: datetime.date | None = None,
) -> Summary:
    """Work out the summary of *record* under *terms*; *readings* (by device uid) tell the hours of joules."""
    run, today = record.run, today or datetime.datetime.now(datetime.UTC).date()
    chassis = _machine(record, terms.rest)
    zone = terms.zone or run.zone or terms.home
    intensity = find_intensity(zone, timezone=run.host.timezone if run.host else None)
    uses = sorted((used(use, terms.scope) for use in record.devices), key=lambda use: KINDS.index(use.use.device.kind))
    if terms.hourly is not None:
        from greentrack.costing.hourly_carbon import by_hour

        intensity = by_hour(intensity, uses, readings, terms.hourly)
    devices = [_device(use, record) for use in uses]
    row = _rest_row(uses, run, chassis)
    if row is not None:
        devices.append(row)

    counted = [(device, device.joules) for device in devices if device.joules is not None]
    joules = facility = measured_share = g = None
    pue = terms.pue or NOT_APPLIED
    by_kind: dict[str, float] = defaultdict(float)
    for device, figure in counted:
        by_kind[device.kind] += figure.value
    if counted:
        value, low, high = combine_by_method((device.method, f.value, f.low, f.high) for device, f in counted)
        joules = Figure(value=value, low=max(0.0, low), high=high)
        measured = sum(figure.value for device, figure in counted if device.measured)
        measured_share = measured / value if value > 0 else float(all(device.measured for device, _ in counted))
        facility = product(joules, pue.figure)
        grams_per_kwh = Figure(value=intensity.g_per_kwh, low=intensity.low, high=intensity.high)
        g = product(facility / JOULES_PER_KWH, grams_per_kwh)
    like = equivalents(facility / JOULES_PER_KWH, g, intensity.zone) if facility and g else ()
    known = {use.use.device.uid: use for use in uses if use.joules is not None}

    if terms.rent is not None:
        money = line_items.gpu_hours(record, terms.rent, today=today)
    else:
        money = line_items.electricity(
            record, facility, terms.tariff, zone=intensity.zone, readings=readings, today=today
        )
    making = line_items.making(record, own_part(uses)) if terms.embodied else line_items.LineItem()
    water = line_items.evaporation(joules, zone=intensity.zone, pue=pue) if terms.water else line_items.LineItem()
    charged = [
        *_at_rest(uses, run),
        *line_items.overhead(pue),
        *(item for one in (money, making, water) for item in one.rests_on),
        *_of_rates(record.work),
    ]
    return Summary(
        run=run,
        scope=terms.scope,
        devices=tuple(devices),
        joules=joules,
        pue=pue.figure,
        facility_joules=facility if terms.pue else None,
        by_kind=dict(by_kind),
        measured_share=measured_share,
        intensity=intensity,
        g=g,
        money=money.money,
        embodied=making.figure,
        water=water.figure,
        equivalents=like,
        spans=_spans(record, known),
        phases=_phases(record, known),
        work={
            unit: Work(total=total, joules_per=joules / total if joules and total > 0 else None)
            for unit, total in record.work.items()
        },
        metrics=_metrics(record.metrics),
        assumptions=assumptions(
            [use.use for use in uses],
            devices,
            chassis=chassis if row else None,
            intensity=intensity,
            charged=charged,
            equivalents=like,
        ),
        notes=(
            *notes(
                record,
                devices,
                uses,
                joules=joules,
                scope=terms.scope,
                chassis=chassis,
                intensity=intensity,
                today=today,
            ),
            *(note for one in (money, making, water) for note in one.notes),
        ),
        toll=record.tracker_overhead,
        forecasts=record.forecasts,
    )


def _machine(record: Record, rest: str | None) -> Chassis | None:
    """Return the kind of machine; as calibrated at its wall, unless a kind was asked for just now."""
    chassis = rest_of_machine.chassis_of(record.run, rest)
    if chassis is None or record.calibration is None or rest not in (None, "auto"):
        return chassis
    from greentrack.costing.wall_calibration import refined

    return refined(chassis, record.calibration.calibrations, seen(record))


def _device(used: AttributedUse, record: Record) -> DeviceCost:
    use, method, run = used.use, used.method, record.run
    below, above = spread(method, use.energy.seconds, updates(record).get(use.device.uid))
    joules = None if used.joules is None else _spread(used.joules, below, above)
    return DeviceCost(
        id=use.device.uid,
        kind=use.device.kind,
        name=use.device.name,
        method=method.name,
        measured=method.measured,
        joules=joules,
        coverage=_coverage(use.energy.seconds, run),
        note=use.note,
        idle=None if joules is None or used.idle is None else joules.value * used.idle,
        above_idle=None if joules is None or used.above_idle is None else joules * used.above_idle,
    )


def _rest_row(uses: Sequence[AttributedUse], run: RunInfo, chassis: Chassis | None) -> DeviceCost | None:
    """Return the rest of the machine's row: for the time that some device was seen, and in proportion to the scope."""
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
        joules=chassis.figure(whole, seconds) * own_part(uses),
        coverage=_coverage(seconds, run),
    )


def _spread(joules: float, below: float, above: float) -> Figure:
    return Figure(value=joules, low=joules * (1 - below), high=joules * (1 + above))


def _coverage(seconds: float, run: RunInfo) -> float:
    return min(1.0, max(0.0, seconds / run.seconds)) if run.seconds > 0 else 0.0


def _by_kind(energy: Mapping[str, Energy], known: Mapping[str, AttributedUse]) -> dict[str, float]:
    kinds: dict[str, float] = defaultdict(float)
    for uid, part in energy.items():
        if uid in known:
            kinds[known[uid].use.device.kind] += known[uid].of(part)
    return dict(kinds)


def _spans(record: Record, known: Mapping[str, AttributedUse]) -> tuple[SpanCost, ...]:
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


def _phases(record: Record, known: Mapping[str, AttributedUse]) -> tuple[PhaseCost, ...]:
    costs = []
    for phase in record.phases:
        kinds = _by_kind(phase.energy, known)
        joules = sum(kinds.values()) if kinds else None
        costs.append(PhaseCost(name=phase.name, calls=phase.calls, seconds=phase.seconds, joules=joules))
    return tuple(costs)


def _at_rest(uses: Sequence[AttributedUse], run: RunInfo) -> Iterator[Assumption]:
    year = datetime.datetime.fromtimestamp(run.started_at, datetime.UTC).year
    for one in uses:
        if one.use.idle_watts is not None and one.above_idle is not None:
            name = f"{one.use.device.uid}: power while nothing ran on it, W"
            yield Assumption(name, one.use.idle_watts, "the least mean of ten seconds in this run", year)


def _of_rates(work: Mapping[str, float]) -> Iterator[Assumption]:
    if work:  # few runs have any when they end, and the module would cost them a millisecond
        from greentrack.costing.unit_costs import rests_on

        yield from rests_on(work)


def _metrics(metrics: Sequence[Metric]) -> dict[str, tuple[Metric, ...]]:
    by_name: dict[str, list[Metric]] = defaultdict(list)
    for metric in sorted(metrics, key=lambda metric: metric.at):
        by_name[metric.name].append(metric)
    return {name: tuple(values) for name, values in by_name.items()}
