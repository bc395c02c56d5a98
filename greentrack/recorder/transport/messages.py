"""What a run and its recorder tell each other: the types of their messages, which are plain values of JSON.

Only type checkers import this module, so that no start of a run has to wait for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict


class RunFacts(TypedDict, total=False):
    """Facts that a run knows about itself: fields of ``model.RunInfo``."""

    id: str
    name: str
    status: str
    project: str | None
    tags: Sequence[str]
    params: Mapping[str, Any]
    started_at: float
    seconds: float
    pid: int
    command: Sequence[str]
    folder: str
    git_dirty: bool
    python: str
    packages: dict[str, str]
    group: str | None
    rank: int | None
    world_size: int | None
    interval: float
    zone: str | None
    rest: str
    error: str | None
    continues: str | None


class Hello(TypedDict):
    """The first message to a recorder: what to record, and how.

    *clock* is when the run began, on ``greentrack.clock``, and *wall* is the Unix time at clock 0. *recorder* is
    "process" or "thread". The run waits *wait_s* seconds for the first reads, by default ``protocol.START_WAIT_S``.

    Where recorders of the run died before, *restarts* is how many, and *carried* are the last figures they showed.
    """

    run: RunFacts
    recorder: NotRequired[str]
    clock: float
    wall: float
    folder: str
    db: str | None
    meters: Sequence[str]
    gpus: str | Sequence[int | str]
    torch_uuids: NotRequired[Sequence[str] | None]
    sys: str
    wait_s: NotRequired[float | None]
    env: Mapping[str, str]
    restarts: NotRequired[int]
    carried: NotRequired["RunFigures | None"]


# -- events: what the run tells the recorder. *t* is the moment on ``greentrack.clock``.


class OpenEvent(TypedDict):
    """A span begins; *id* is its number, *parent* that of the span around it."""

    m: Literal["open"]
    t: float
    id: int
    parent: NotRequired[int | None]
    name: str
    attrs: NotRequired[Mapping[str, Any]]


class CloseEvent(TypedDict):
    """The span with the number *id* ends."""

    m: Literal["close"]
    t: float
    id: int


class CountEvent(TypedDict):
    """What one thread counted from *since* to *t*: calls and seconds of each phase, units of work."""

    m: Literal["count"]
    t: float
    since: float
    phases: NotRequired[Mapping[str, tuple[int, float]]]
    work: NotRequired[Mapping[str, float]]


class LogEvent(TypedDict):
    """Metrics at a moment, by name."""

    m: Literal["log"]
    t: float
    values: Mapping[str, float]


class ForecastEvent(TypedDict):
    """What the work is expected to use in all; *joules* and *seconds* are a value, its low and its high."""

    m: Literal["forecast"]
    t: float
    progress: float
    joules: Sequence[float]
    seconds: Sequence[float]


class FactsEvent(TypedDict):
    """Facts of the run that were not known when it began."""

    m: Literal["facts"]
    run: RunFacts


class EndEvent(TypedDict):
    """The run ended at *t*."""

    m: Literal["end"]
    t: float
    status: str
    error: NotRequired[str | None]


TimedEvent = OpenEvent | CloseEvent | CountEvent | LogEvent | ForecastEvent
"""What the recorder keeps with the energies of its moment."""

Event = TimedEvent | FactsEvent | EndEvent


# -- figures: the totals of a run, which a recorder shows in shared memory


class EnergyFields(TypedDict):
    """A ``model.Energy``."""

    joules: float
    seconds: float
    cross_check: float | None


class DeviceFields(TypedDict):
    """A ``model.Device``."""

    uid: str
    kind: str
    name: str
    details: Mapping[str, Any]


class DeviceUseFields(TypedDict):
    """A ``model.DeviceUse``."""

    device: DeviceFields
    method: str
    energy: EnergyFields
    counter_valid: bool
    process: float | None
    note: str
    idle: EnergyFields | None
    idle_watts: float | None


class HostFields(TypedDict):
    """A ``model.Host``."""

    id: str
    name: str
    system: str
    cpu: str
    cpus: int
    memory_bytes: int
    chassis: str
    timezone: str | None


class OverheadFields(TypedDict):
    """A ``model.TrackerOverhead``."""

    cpu_seconds: float
    readings: int
    late: int
    failures: int
    restarts: int


class CalibrationFields(TypedDict):
    """A ``calibration_facts.Calibration``."""

    at: float
    components_watts: float
    wall_watts: float
    seconds: float
    devices: Sequence[str]
    source: str
    number: int


class HostCalibrationFields(TypedDict):
    """A ``calibration_facts.HostCalibration``."""

    calibrations: Sequence[CalibrationFields]
    updates: Mapping[str, float]


class RunFigures(TypedDict):
    """The totals of a run up to *at*, on ``greentrack.clock``."""

    at: float
    host: HostFields | None
    devices: Sequence[DeviceUseFields]
    overhead: OverheadFields
    calibration: HostCalibrationFields | None


class FinalFigures(RunFigures):
    """The totals of a run that has ended, and whether they were *saved*; *trouble* says why not."""

    saved: bool
    trouble: str


# -- answers: what the recorder tells the run


class ReadyAnswer(TypedDict):
    """The first reads are done."""

    m: Literal["ready"]


class WarnAnswer(TypedDict):
    """A trouble that the user must know."""

    m: Literal["warn"]
    text: str


class RefusedAnswer(TypedDict):
    """Nothing can be recorded, and why."""

    m: Literal["refused"]
    text: str


class FinalAnswer(TypedDict):
    """The run's end was recorded; the recorder's last message."""

    m: Literal["final"]
    figures: FinalFigures


Answer = ReadyAnswer | WarnAnswer | RefusedAnswer | FinalAnswer
