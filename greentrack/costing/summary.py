"""What a run cost, worked out from its record under assumptions that can change; the joules never do.

Everything that a report shows is in the ``Summary``: each format only writes it down. What was not measured is None or
not there, never zero; time that no meter saw is never filled in.

The training waits for this module at its end, so the small facts are named tuples: a dataclass takes five times as long
to make.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Unpack

from greentrack import registry
from greentrack.carbon import Intensity
from greentrack.costing.equivalents import Equivalent
from greentrack.model import Forecast, Metric, Reading, Record, RunInfo, TrackerOverhead
from greentrack.quantity import JOULES_PER_KWH, Figure
from greentrack.vocabulary import DISABLED

if TYPE_CHECKING:
    import datetime
    from pathlib import Path

    from greentrack.config import Settings
    from greentrack.costing.multipart import MultipartRun, RunPart
    from greentrack.costing.options import CostingOptions, ParsedOptions
    from greentrack.costing.published_trainings import TrainingComparison
    from greentrack.costing.tariffs import Money
    from greentrack.costing.unit_costs import UnitCost

MAX_NAME = 60
"""So many characters of a run's name are in its line."""


class DeviceCost(NamedTuple):
    """One device, or the rest of the machine. *joules* is None where nothing was read; *coverage* is 0 to 1.

    *idle* are those of its joules that were used while it idled, *above_idle* those beyond what it would have used with
    nothing running on it; None where that is not known.
    """

    id: str
    kind: str
    name: str
    method: str
    measured: bool
    joules: Figure | None
    coverage: float
    note: str = ""
    idle: float | None = None
    above_idle: Figure | None = None


class SpanCost(NamedTuple):
    """One span: its devices' joules, without the rest of the machine; *joules* is None where nothing was read."""

    name: str
    attrs: Mapping[str, Any]
    seconds: float
    joules: float | None
    by_kind: Mapping[str, float]


class PhaseCost(NamedTuple):
    """One recurring activity, by its share of time; its devices' joules without the rest of the machine."""

    name: str
    calls: int
    seconds: float
    joules: float | None


class Work(NamedTuple):
    """Units done, and the joules of the whole run (the rest of the machine included) for each."""

    total: float
    joules_per: Figure | None


class Assumption(NamedTuple):
    """Something the figures rest on, with where it comes from."""

    name: str
    value: float | str
    source: str
    year: int


class Summary(NamedTuple):
    """A run's cost. *joules* and *g* (CO2e) are None where nothing was measured; ``str()`` is the text report.

    *measured_share* is the part of *joules*, the rest of the machine included, that comes from a sensor. Where a *pue*
    is applied (else it is 1), *facility_joules* are joules x PUE, and *g*, *money* and the equivalents are theirs.
    *embodied* (g CO2e, not in *g*) and *water* (litres) are None where they were not asked for or are not known, and
    *money* where no price is known. Where the run is part of a work of several *parts*, all else is the run's own, and
    *whole* and *forecasts* are the work's.
    """

    run: RunInfo
    scope: str
    devices: tuple[DeviceCost, ...]
    joules: Figure | None
    by_kind: Mapping[str, float]
    measured_share: float | None
    intensity: Intensity
    g: Figure | None
    pue: Figure
    facility_joules: Figure | None
    money: Money | None
    embodied: Figure | None
    water: Figure | None
    equivalents: tuple[Equivalent, ...]
    spans: tuple[SpanCost, ...]
    phases: tuple[PhaseCost, ...]
    work: Mapping[str, Work]
    metrics: Mapping[str, tuple[Metric, ...]]
    assumptions: tuple[Assumption, ...]
    notes: tuple[str, ...]
    toll: TrackerOverhead
    forecasts: tuple[Forecast, ...] = ()
    parts: tuple[RunPart, ...] = ()
    whole: MultipartRun | None = None

    @property
    def kwh(self) -> Figure | None:
        """The energy in kWh."""
        return None if self.joules is None else self.joules / JOULES_PER_KWH

    @property
    def above_idle(self) -> Figure | None:
        """What the GPUs used beyond what they use when nothing runs; None unless that is known of all of them."""
        gpus = [device for device in self.devices if device.kind == "gpu" and device.joules is not None]
        known = [device.above_idle for device in gpus if device.above_idle is not None]
        if not gpus or len(known) < len(gpus):
            return None
        value, low, high = (sum(getattr(one, name) for one in known) for name in ("value", "low", "high"))
        return Figure(value=value, low=low, high=high)

    @property
    def comparison(self) -> TrainingComparison | None:
        """The run beside the published training that it is nearest to; None where it is nothing beside any."""
        from greentrack.costing.published_trainings import compare

        joules = self.facility_joules or self.joules
        return None if joules is None else compare(joules)

    @property
    def rates(self) -> tuple[UnitCost, ...]:
        """What predictions, requests and tokens cost, a PUE included where one is applied; none where none counted."""
        from greentrack.costing.unit_costs import inference

        overhead = self.facility_joules is not None
        return inference(self.work, self.facility_joules or self.joules, self.money, overhead=overhead)

    def __str__(self) -> str:
        rendered: str = registry.load(registry.FORMATS, "text", "format")(self)
        return rendered


class Recorded(Protocol):
    """Anything that can hand out its record, such as the handle of a run that is going on."""

    def record(self) -> Record:
        """Return everything known so far."""


def summary_of(
    record: Record,
    *,
    settings: Settings | None = None,
    readings: Mapping[str, Sequence[Reading]] | None = None,
    today: datetime.date | None = None,
    **knobs: Unpack[CostingOptions],
) -> Summary:
    """Return what *record* cost under *knobs* (see ``CostingOptions``); the rest comes from run and *settings*.

    *readings*, by device uid, tell the hours for carbon and tariffs by hour. Raises ZoneError for a zone that does not
    exist, ConfigError for any other knob that cannot be read.
    """
    from greentrack.costing import engine
    from greentrack.costing.options import parse_options

    return engine.cost(record, parse_options(settings, **knobs), readings=readings, today=today)


def summarize(
    run: str | Record | Recorded, *, db: str | Path | None = None, **knobs: Unpack[CostingOptions]
) -> Summary:
    """Work out what a run cost: an id, the start of one, a name, ``latest``, a record, or a handle with ``record()``.

    *db* is the database that holds it; None is the one that the settings name. *knobs* are the terms that it is costed
    under (see ``CostingOptions``): zone, hourly, rest, scope, pue, tariff, rent, embodied, water. What is not given
    is as the run or else the settings have it. Raises NotFoundError for an unknown run, ConfigError for a knob.
    """
    from greentrack import config
    from greentrack.costing import engine
    from greentrack.costing.options import parse_options

    settings = config.load({"db": db})
    terms = parse_options(settings, **knobs)
    if isinstance(run, Record):
        record = run
    elif run == DISABLED:  # a script under GREENTRACK_DISABLED=1 asks for what it did not record
        record = Record(run=RunInfo(id=DISABLED, name=DISABLED, status=DISABLED))
    elif isinstance(run, str):
        return _stored(run, settings.db, terms)
    else:
        record = run.record()
    return engine.cost(record, terms)


def line(summary: Summary) -> str:
    """Return the one line that a run ends with."""
    from greentrack.formatting.units import duration, energy_range, mass, money, percent

    if summary.joules is None or summary.g is None or summary.measured_share is None:
        parts = ["nothing was measured (greentrack doctor says why)"]
    else:
        parts = [
            energy_range(summary.joules) + (" as its own share" if summary.scope == "process" else ""),
            f"{mass(summary.g.value)} ({summary.intensity.zone})",
            f"{percent(summary.measured_share)} measured",
        ]
        if summary.money is not None:
            parts.insert(2, money(summary.money.amount.value, summary.money.currency))
    run = summary.run
    name = "".join(character if character.isprintable() else " " for character in run.name)  # one line it is to be
    name = name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"
    return "  ".join([f"greentrack: {name}", duration(run.seconds), *parts, f"run {run.id}"])


def _stored(ref: str, db: str | None, terms: ParsedOptions) -> Summary:
    from pathlib import Path

    from greentrack.costing import engine
    from greentrack.store.location import default_path
    from greentrack.store.reader import Reader

    by_hour = terms.hourly is not None or (terms.tariff is not None and bool(terms.tariff.hours))
    with Reader(Path(db) if db else default_path()) as reader:

        def costed(record: Record) -> Summary:
            return engine.cost(record, terms, readings=reader.readings(record.run.id) if by_hour else None)

        run_id = reader.find(ref)
        summary = costed(reader.record(run_id))
        work = reader.parts_of(run_id)
        if len(work) < 2:
            return summary
        from greentrack.costing.multipart import joined, share_counted_once

        parts = [summary if run.id == run_id else costed(reader.outline(run.id)) for run in work]
        return joined(summary, parts, share_counted_once(reader, work))
