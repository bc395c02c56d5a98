"""What a run cost, worked out from its record under assumptions that can change; the joules never do.

Everything that a report shows is in the ``Summary``: each format only writes it down. What was not measured is None or
not there, never zero; time that no meter saw is never filled in.

The training waits for this module at its end, so the small facts are named tuples: a dataclass takes five times as long
to make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from greentrack.carbon import Intensity
from greentrack.errors import ConfigError
from greentrack.model import Metric, Record, Run, Toll
from greentrack.reports.equivalents import Equivalent
from greentrack.reports.figures import JOULES_PER_KWH, Figure
from greentrack.vocabulary import DISABLED

if TYPE_CHECKING:
    import datetime
    from pathlib import Path

SCOPES = ("machine", "process")
"""``machine``: all that the devices drew while the run lasted. ``process``: the run's own share, where it is known."""


MOST_NAME = 60
"""So many characters of a run's name are in its line."""


class DeviceCost(NamedTuple):
    """One device, or the rest of the machine. *joules* is None where nothing was read; *coverage* is 0 to 1."""

    id: str
    kind: str
    name: str
    method: str
    measured: bool
    joules: Figure | None
    coverage: float
    note: str = ""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A run's cost. *joules* and *g* (CO2e) are None where nothing was measured; ``str()`` is the text report.

    *measured_share* is the part of *joules*, the rest of the machine included, that comes from a sensor.
    """

    run: Run
    scope: str
    devices: tuple[DeviceCost, ...]
    joules: Figure | None
    by_kind: Mapping[str, float]
    measured_share: float | None
    intensity: Intensity
    g: Figure | None
    equivalents: tuple[Equivalent, ...]
    spans: tuple[SpanCost, ...]
    phases: tuple[PhaseCost, ...]
    work: Mapping[str, Work]
    metrics: Mapping[str, tuple[Metric, ...]]
    assumptions: tuple[Assumption, ...]
    notes: tuple[str, ...]
    toll: Toll

    @property
    def kwh(self) -> Figure | None:
        """The energy in kWh."""
        return None if self.joules is None else self.joules / JOULES_PER_KWH

    def __str__(self) -> str:
        from greentrack.reports.text import render

        return render(self)


class Recorded(Protocol):
    """Anything that can hand out its record, such as the handle of a run that is going on."""

    def record(self) -> Record:
        """Return everything known so far."""


def summary_of(
    record: Record,
    *,
    zone: str | None = None,
    rest: str | None = None,
    scope: str = "machine",
    today: datetime.date | None = None,
) -> Summary:
    """Work out what *record* cost in *zone*, with the rest of the machine by *rest* and the joules of *scope*.

    What is None is as the run recorded it. Raises ZoneError for a zone that does not exist, ConfigError for a *rest*
    or *scope* that is not known.
    """
    from greentrack.reports import costing

    if scope not in SCOPES:
        raise ConfigError(f"unknown scope {scope!r}; known: {', '.join(SCOPES)}")
    return costing.cost(record, zone=zone, rest=rest, scope=scope, today=today)


def summarize(
    run: str | Record | Recorded,
    *,
    db: str | Path | None = None,
    zone: str | None = None,
    rest: str | None = None,
    scope: str = "machine",
) -> Summary:
    """Work out what a run cost: an id, the start of one, a name, ``latest``, a record, or a handle with ``record()``.

    *db* is the database that holds it; None is the one that the settings name. Where neither *zone* nor the run names
    a zone, the settings may. Raises NotFoundError for a run that is not there.
    """
    from greentrack import config

    settings = config.load({"db": db})
    if isinstance(run, Record):
        record = run
    elif run == DISABLED:  # a script under GREENTRACK_DISABLED=1 asks for what it did not record
        record = Record(run=Run(id=DISABLED, name=DISABLED, status=DISABLED))
    elif isinstance(run, str):
        record = _stored(run, settings.db)
    else:
        record = run.record()
    return summary_of(record, zone=zone or record.run.zone or settings.zone, rest=rest, scope=scope)


def line(summary: Summary) -> str:
    """Return the one line that a run ends with."""
    from greentrack.reports.units import duration, energy_range, mass, percent

    if summary.joules is None or summary.g is None or summary.measured_share is None:
        parts = ["nothing was measured (greentrack doctor says why)"]
    else:
        parts = [
            energy_range(summary.joules) + (" as its own share" if summary.scope == "process" else ""),
            f"{mass(summary.g.value)} ({summary.intensity.zone})",
            f"{percent(summary.measured_share)} measured",
        ]
    run = summary.run
    name = "".join(character if character.isprintable() else " " for character in run.name)  # one line it is to be
    name = name if len(name) <= MOST_NAME else name[: MOST_NAME - 1] + "…"
    return "  ".join([f"greentrack: {name}", duration(run.seconds), *parts, f"run {run.id}"])


def _stored(ref: str, db: str | None) -> Record:
    from pathlib import Path

    from greentrack.store.place import default_path
    from greentrack.store.reader import Reader

    with Reader(Path(db) if db else default_path()) as reader:
        return reader.record(reader.find(ref))
