"""The facts that GreenTrack stores about devices, readings, spans and runs, in joules, seconds and Unix time."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from greentrack.calibration_facts import HostCalibration


IDLE = 0.1
"""A device that worked for less than this part of the time counts as idle."""


class Device(NamedTuple):
    """Something that draws power and is counted once.

    *uid* is the same for every process that sees the device on this host (``GPU-8f2…``, ``rapl:package-0``), so that
    the joules of overlapping runs can be recognized as the same.
    """

    uid: str
    kind: str
    name: str
    details: Mapping[str, Any] = {}


class Energy(NamedTuple):
    """The joules of one device over some time, and how many *seconds* of that time were covered.

    *cross_check* is the same energy by the device's second method, where it has one (integrated power beside a
    counter).
    """

    joules: float = 0.0
    seconds: float = 0.0
    cross_check: float | None = None


class Reading(NamedTuple):
    """The energy that one device used in the *seconds* up to *at*.

    *at* is Unix time. *share* is the part of the device's activity that was this run's, 0 to 1, or None where unknown;
    *busy* is the part of the time in which it worked for any process (a GPU: had a kernel running), likewise.
    """

    device: str
    at: float
    seconds: float
    joules: float
    cross_check: float | None = None
    share: float | None = None
    busy: float | None = None

    @property
    def idle(self) -> Energy | None:
        """The energy used while the device was idle: all of it, or none; None where unknown."""
        if self.busy is None:
            return None
        return Energy(joules=self.joules, seconds=self.seconds) if self.busy < IDLE else Energy()


class DeviceUse(NamedTuple):
    """One device within one run: how it was read and what it used in total.

    *counter_valid* is False where a counter disagreed with its own power; *energy.cross_check* is then the valid one.
    *process* is the sum of joules x share over the readings whose share is known, None where none is. *idle* is the
    energy of the readings while it was idle, None where unknown; *idle_watts* is its power while nothing ran on it for
    a while, None where that was not seen.
    """

    device: Device
    method: str
    energy: Energy = Energy()
    counter_valid: bool = True
    process: float | None = None
    note: str = ""
    idle: Energy | None = None
    idle_watts: float | None = None

    @property
    def joules(self) -> float:
        """The valid joules: the counter's, or those of its cross-check where the counter was found wrong."""
        return self.energy.joules if self.counter_valid or self.energy.cross_check is None else self.energy.cross_check


class Span(NamedTuple):
    """A named stretch of a run with exact edges (Unix time); *ended_at* is None while it is open.

    *energy* is by device uid.
    """

    id: int
    name: str
    started_at: float
    ended_at: float | None = None
    parent: int | None = None
    attrs: Mapping[str, Any] = {}
    energy: Mapping[str, Energy] = {}


class Phase(NamedTuple):
    """A recurring activity: its *calls*, total *seconds*, and its share (by time) of each device's energy."""

    name: str
    calls: int
    seconds: float
    energy: Mapping[str, Energy] = {}


class Metric(NamedTuple):
    """A logged value, with the *joules* that the run had used by then."""

    name: str
    at: float
    value: float
    joules: float | None = None


class Forecast(NamedTuple):
    """The expected totals of a run at its end, as of *at* (Unix time).

    *progress* is how far it was, 0 to 1. *joules* and *seconds* include its earlier parts and the rest of the machine,
    as its figures counted them then; low and high are the range (about 95 %).
    """

    at: float
    progress: float
    joules: float
    joules_low: float
    joules_high: float
    seconds: float
    seconds_low: float
    seconds_high: float


class Host(NamedTuple):
    """A machine. *chassis* is desktop, laptop, server, vm or unknown; *timezone* an IANA name or None."""

    id: str
    name: str
    system: str = ""
    cpu: str = ""
    cpus: int = 0
    memory_bytes: int = 0
    chassis: str = "unknown"
    timezone: str | None = None


class RunInfo(NamedTuple):
    """One tracked run.

    *id* is a time-sortable UUID; *boot_id*, *pid* and *pid_started* identify its process. *continues* is the id of the
    run that it continues, resumed from a checkpoint.
    """

    id: str
    name: str
    status: str = "running"
    project: str | None = None
    tags: tuple[str, ...] = ()
    params: Mapping[str, Any] = {}
    started_at: float = 0.0
    ended_at: float | None = None
    seconds: float = 0.0
    host: Host | None = None
    pid: int = 0
    pid_started: float = 0.0
    boot_id: str = ""
    command: tuple[str, ...] = ()
    folder: str = ""
    git_commit: str | None = None
    git_dirty: bool | None = None
    python: str = ""
    packages: Mapping[str, str] = {}
    group: str | None = None
    rank: int | None = None
    world_size: int | None = None
    interval: float = 1.0
    zone: str | None = None
    rest: str = "auto"
    error: str | None = None
    continues: str | None = None


class TrackerOverhead(NamedTuple):
    """What tracking cost and missed: CPU seconds of the recorder, readings, late ticks, failed reads, restarts."""

    cpu_seconds: float = 0.0
    readings: int = 0
    late: int = 0
    failures: int = 0
    restarts: int = 0


class Record(NamedTuple):
    """Everything known about a run, of which a summary is made. *work* counts units done (samples, tokens, steps …).

    *calibration* is that of its host, perhaps made after the run; None where there is none.
    """

    run: RunInfo
    devices: tuple[DeviceUse, ...] = ()
    spans: tuple[Span, ...] = ()
    phases: tuple[Phase, ...] = ()
    metrics: tuple[Metric, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    work: Mapping[str, float] = {}
    tracker_overhead: TrackerOverhead = TrackerOverhead()
    calibration: "HostCalibration | None" = None


class Missing(NamedTuple):
    """A source of measurement that cannot be used here: the *reason*, and the *remedy* as a command."""

    source: str
    reason: str
    remedy: str = ""
