"""The summary of a run: its energy, and its carbon, money and water under assumptions that can change.

What was not measured is None or absent, never zero; gaps are not filled. The training waits for this module at its end,
so the facts are named tuples: a dataclass takes five times as long to make.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from greentrack import registry
from greentrack.carbon import Intensity
from greentrack.costing.assumptions import Assumption
from greentrack.costing.caveats import Caveat
from greentrack.costing.equivalents import Equivalent
from greentrack.model import Forecast, Metric, RunInfo, TrackerOverhead
from greentrack.quantity import JOULES_PER_KWH, Figure

if TYPE_CHECKING:
    from greentrack.costing.published_trainings import TrainingComparison
    from greentrack.costing.tariffs import Money
    from greentrack.costing.unit_costs import UnitCost


class DeviceCost(NamedTuple):
    """One device, or the system overhead. *joules* is None where nothing was read; *coverage* is 0 to 1.

    *idle* are the joules that it used while idle, *above_idle* those beyond its idle power; None where unknown.
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
    """One span, with the joules of its devices but no system overhead; *joules* is None where nothing was read."""

    name: str
    attrs: Mapping[str, Any]
    seconds: float
    joules: float | None
    by_kind: Mapping[str, float]


class PhaseCost(NamedTuple):
    """One recurring activity, by its share of time, with the joules of its devices but no system overhead."""

    name: str
    calls: int
    seconds: float
    joules: float | None


class Work(NamedTuple):
    """Units of work, and the joules of the whole run for each."""

    total: float
    joules_per: Figure | None


class StatedAssumption(NamedTuple):
    """An assumption in words: its name, value, source and year."""

    name: str
    value: float | str
    source: str
    year: int


class RunPart(NamedTuple):
    """One part of a multi-part run. *before* are the joules of earlier parts; None where nothing was measured."""

    id: str
    status: str
    host: str | None
    started_at: float
    seconds: float
    joules: Figure | None
    before: float | None


class MultipartRun(NamedTuple):
    """All parts of a multi-part run together; *status* is that of the last part.

    *seconds* are those in which some part ran: neither the pauses between parts nor several hosts at once add to them.
    *joules* and *g* are None where nothing was measured, *money* also where not every part has a price in one currency.
    """

    status: str
    seconds: float
    joules: Figure | None
    g: Figure | None
    money: "Money | None"


class Summary(NamedTuple):
    """A run's cost. *joules* and *g* (CO2e) are None where nothing was measured; ``str()`` is the text report.

    *measured_share* is the part of *joules*, the system overhead included, that comes from a sensor. Where a *pue*
    is applied (else it is 1), *facility_joules* are joules x PUE, and *g*, *money* and the equivalents are theirs.
    *embodied* (g CO2e, not in *g*), *water* (litres) and *money* are None where not asked for or not known. In a
    multi-part run, *whole* and *forecasts* are those of all *parts*, and all else is the run's own.
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
    money: "Money | None"
    embodied: Figure | None
    water: Figure | None
    equivalents: tuple[Equivalent, ...]
    spans: tuple[SpanCost, ...] = ()
    phases: tuple[PhaseCost, ...] = ()
    work: Mapping[str, Work] = {}
    metrics: Mapping[str, tuple[Metric, ...]] = {}
    rests_on: tuple[Assumption, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    tracker_overhead: TrackerOverhead = TrackerOverhead()
    forecasts: tuple[Forecast, ...] = ()
    parts: tuple[RunPart, ...] = ()
    whole: MultipartRun | None = None

    @property
    def kwh(self) -> Figure | None:
        """The energy in kWh."""
        return None if self.joules is None else self.joules / JOULES_PER_KWH

    @property
    def above_idle(self) -> Figure | None:
        """The joules of the GPUs beyond their idle power; None unless known of all of them."""
        gpus = [device for device in self.devices if device.kind == "gpu" and device.joules is not None]
        known = [device.above_idle for device in gpus if device.above_idle is not None]
        return Figure.total(known) if gpus and len(known) == len(gpus) else None

    @property
    def comparison(self) -> "TrainingComparison | None":
        """The run compared with the closest published training; None where it is far below all of them."""
        from greentrack.costing.published_trainings import comparison_of  # the end of a run needs no table

        joules = self.facility_joules or self.joules
        return None if joules is None else comparison_of(joules)

    @property
    def rates(self) -> "tuple[UnitCost, ...]":
        """The unit costs of predictions, requests and tokens, with the PUE where one is applied."""
        from greentrack.costing.unit_costs import unit_costs  # few runs have any

        has_overhead = self.facility_joules is not None
        work = {unit: done.total for unit, done in self.work.items()}
        return unit_costs(work, self.facility_joules or self.joules, self.money, has_overhead=has_overhead)

    @property
    def assumptions(self) -> tuple[StatedAssumption, ...]:
        """What the figures rest on, in words."""
        return tuple(map(registry.load(registry.WORDING, "assumption", "wording"), self.rests_on))

    @property
    def notes(self) -> tuple[str, ...]:
        """The caveats, in words."""
        return tuple(map(registry.load(registry.WORDING, "caveat", "wording"), self.caveats))

    def __str__(self) -> str:
        rendered: str = registry.load(registry.FORMATS, "text", "format")(self)
        return rendered
