"""Estimate the cost of a training before it is run, by scaling a short run or by modelling the hardware."""

import datetime
import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Unpack

from greentrack import registry
from greentrack.analysis.gpu_ratings import HOST, GpuRating, find_gpu, part_drawn, rests_on
from greentrack.analysis.scaling import ESTIMATE, START_S, scaled, scaling, unseen
from greentrack.carbon import find_intensity
from greentrack.costing.caveats import Caveat
from greentrack.costing.engine import price
from greentrack.costing.options import CostingOptions
from greentrack.costing.session import CostingSession, StoredRun
from greentrack.costing.summary import DeviceCost, Summary
from greentrack.costing.system_overhead import CHASSIS, Chassis, chassis_of
from greentrack.errors import ConfigError, did_you_mean
from greentrack.host import facts
from greentrack.model import Device, DeviceUse, Host, Record, RunInfo
from greentrack.quantity import Figure, product

MAX_AMOUNT, MAX_GPUS = 1e15, 100_000
"""The largest amount of work and number of GPUs that are accepted, far above any training."""

EPOCH = "epoch"
"""The span of one epoch, as the integrations and the examples call it."""


class ScaledRun(NamedTuple):
    """The basis of an estimate: a run of so many *seconds*, and the *done* of a *unit* of its work, times *factor*."""

    name: str
    seconds: float
    unit: str
    done: float
    factor: float


class ModelledGpus(NamedTuple):
    """The basis of an estimate: *gpus* in use for *utilization* of *hours*; each draws *part* of its *watts*."""

    gpu: str
    watts: float
    gpus: int
    hours: float
    utilization: float
    part: Figure


class Estimate(NamedTuple):
    """The expected cost of a training, and the *basis* of the estimate; ``str()`` is the text report.

    *seconds* is exact where the time was given. Where a run was scaled, *source* is its id and *factor* the scale.
    """

    basis: ScaledRun | ModelledGpus
    seconds: Figure
    summary: Summary
    source: str | None = None
    factor: Figure | None = None

    @property
    def how(self) -> str:
        """How it was estimated, in words."""
        worded: str = registry.load(registry.WORDING, "estimate", "wording")(self.basis)
        return worded

    def __str__(self) -> str:
        rendered: str = registry.load(registry.ESTIMATES, "text", "format")(self)
        return rendered


def estimate_from(
    run: str | Record,
    to: Mapping[str, float],
    *,
    db: str | None = None,
    today: datetime.date | None = None,
    **options: Unpack[CostingOptions],
) -> Estimate:
    """Scale a run *to* so much work, ``{"steps": 100_000}`` (a unit that it counted), or time, ``{"hours": 72}``.

    *run* and *options* are those of ``summarize``. Raises NotFoundError for an unknown run, ConfigError for a run
    without energy or without that unit, and for an amount out of range.
    """
    if len(to) != 1:
        raise ConfigError("name one unit of work to scale to, such as steps, or hours")
    ((unit, amount),) = to.items()
    _positive(amount, unit)
    session, left_out = _session(db, today, options)
    with session:
        found = session.find(run)
        summary = session.cost(found.record)
    if summary.joules is None:
        raise ConfigError(f"{found.name} has no energy to scale; greentrack doctor says why")
    done, took = _done(found, unit), summary.run.seconds
    factor = scaling(amount / done, took, unseen(summary))
    seconds = Figure.exact(amount * 3600) if unit == "hours" else product(Figure.exact(took), factor)
    made = scaled(summary, factor, seconds)
    return Estimate(
        basis=ScaledRun(found.name, took, unit, done, factor.value),
        seconds=seconds,
        summary=made._replace(caveats=(*made.caveats, *left_out, *_limits(found, summary))),
        source=summary.run.id,
        factor=factor,
    )


def estimate_hardware(
    gpu: str,
    *,
    hours: float,
    count: int = 1,
    utilization: float = 1.0,
    db: str | None = None,
    today: datetime.date | None = None,
    **options: Unpack[CostingOptions],
) -> Estimate:
    """Model *count* GPUs of one kind (``H100``) for so many *hours*, in use for a *utilization* (0 to 1) of them.

    They draw a part of their rated power, and processors, memory and the rest of the machine (a server's, unless
    ``rest`` says otherwise) in proportion to them. *options* are those of ``summarize``. Raises ConfigError for an
    unknown GPU and for a number out of range.
    """
    _positive(hours, "hours")
    if not 1 <= count <= MAX_GPUS:
        raise ConfigError(f"count = {count} is no number of GPUs from 1 to {MAX_GPUS:,}; nothing can be estimated")
    if not 0 <= utilization <= 1:
        raise ConfigError(f"utilization = {utilization:g} is no part of the time from 0 to 1; 70 % is 0.7")
    rating, others = find_gpu(gpu)
    session, left_out = _session(db, today, options)
    asked = session.options
    if asked.scope != "machine":
        raise ConfigError("hardware has no share of a process; leave the scope out")
    part, seconds = part_drawn(utilization), hours * 3600
    run = _run(f"estimate for {count} x {rating.name}", seconds, asked.rest or session.settings.rest)
    chassis = chassis_of(run, asked.rest)
    joules, devices = _node(rating, count, part * (rating.watts * count * seconds), seconds, chassis)
    named = (gpu, rating.name, *((other.name, other.watts) for other in others))
    gpus = [Device(uid=f"gpu:{index}", kind="gpu", name=rating.name) for index in range(count)]
    record = Record(run=run, devices=tuple(DeviceUse(device=device, method=ESTIMATE) for device in gpus))
    grid = find_intensity(asked.zone or asked.default_zone, timezone=facts.timezone())
    summary = price(record, joules, devices, asked, chassis=chassis, intensity=grid, today=today)
    return Estimate(
        basis=ModelledGpus(rating.name, rating.watts, count, hours, utilization, part),
        seconds=Figure.exact(seconds),
        summary=summary._replace(
            rests_on=(*rests_on(rating, utilization), *summary.rests_on),
            caveats=(
                *([Caveat("other gpus possible", named)] if others else []),
                *summary.caveats,
                *left_out,
            ),
        ),
    )


def _session(
    db: str | None, today: datetime.date | None, options: CostingOptions
) -> tuple[CostingSession, tuple[Caveat, ...]]:
    """Return a session without hours, since it is not known when the run will be, and the caveat on that."""
    session = CostingSession.open(db, today=today, **options)
    tariff = session.options.tariff
    if tariff is not None and tariff.hours:
        price = Figure(value=tariff.price.value, low=min(tariff.hours), high=max(tariff.hours))
        note = "all hours of the day alike, from the least to the most"
        tariff = tariff._replace(price=price, hours=(), note=note)
    left_out = (Caveat("hours of estimate unknown"),) if session.options.hourly else ()
    return session.replaced(session.options._replace(hourly=None, tariff=tariff)), left_out


def _positive(amount: float, what: str) -> None:
    if not (math.isfinite(amount) and 0 < amount <= MAX_AMOUNT):
        raise ConfigError(
            f"{what} = {amount:g} is no number above 0 and up to {MAX_AMOUNT:g}; nothing can be estimated"
        )


def _done(found: StoredRun, unit: str) -> float:
    """Return how much of *unit* the run did. Raises ConfigError, with what it counted, where it did none."""
    run, work = found.record.run, dict(found.record.work)
    work["hours"] = run.seconds / 3600
    work.setdefault("epochs", sum(span.name == EPOCH and span.ended_at is not None for span in found.record.spans))
    counted = [name for name, total in work.items() if total > 0]
    if unit not in counted:
        hint = did_you_mean(unit, counted)
        raise ConfigError(f"{found.name} counted no {unit}{hint}; scale it by its {' or '.join(sorted(counted))}")
    return work[unit]


def _limits(found: StoredRun, summary: Summary) -> Iterator[Caveat]:
    """Yield the caveats of scaling this run."""
    run = found.record.run
    if run.seconds < 2 * START_S:
        yield Caveat("short run scaled", (run.seconds,))
    if run.status == "running":
        yield Caveat("running run scaled")
    if found.parts > 1:
        yield Caveat("one part scaled", (found.parts,))
    if unseen(summary) > 0.01:
        yield Caveat("unseen not scaled")


def _run(name: str, seconds: float, rest: str) -> RunInfo:
    host = Host(id=ESTIMATE, name=ESTIMATE, chassis=rest if rest in CHASSIS else "server")
    return RunInfo(id=ESTIMATE, name=name, status=ESTIMATE, seconds=seconds, host=host, rest=rest)


def _node(
    rating: GpuRating, count: int, gpus: Figure, seconds: float, chassis: Chassis | None
) -> tuple[Figure, tuple[DeviceCost, ...]]:
    """Return the joules of a node and its rows; the parts beside the GPUs share their error, so factors multiply."""
    host = product(gpus, HOST)
    rows = [_row("gpu", f"{count} x {rating.name}", gpus), _row("cpu", "processors and memory", host)]
    whole = product(gpus, Figure.total([Figure.exact(1), HOST]))
    if chassis is not None:
        rest = chassis.figure(whole.value, seconds)
        part = rest / whole.value
        rows.append(_row("rest", chassis.text.partition(":")[0], product(whole, part)))
        whole = product(whole, Figure.total([Figure.exact(1), part]))
    return whole, tuple(rows)


def _row(kind: str, name: str, joules: Figure) -> DeviceCost:
    return DeviceCost(id=kind, kind=kind, name=name, method=ESTIMATE, measured=False, joules=joules, coverage=0.0)
