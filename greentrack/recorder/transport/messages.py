"""The types of the messages between a run and its recorder; all are plain JSON values.

Only type checkers import this module, so that no start of a run has to wait for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Generic, Literal, NamedTuple, NotRequired, TypedDict, TypeVar

from greentrack.calibration_facts import HostCalibration
from greentrack.model import DeviceUse, Host, TrackerOverhead

F = TypeVar("F", bound=NamedTuple)


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


class Fields(dict[str, Any], Generic[F]):
    """The fields of a fact of the type *F*, by name: a type for checkers, a plain dict at run time."""


class RunFigures(TypedDict):
    """The totals of a run up to *at*, on ``greentrack.clock``."""

    at: float
    host: Fields[Host] | None
    devices: Sequence[Fields[DeviceUse]]
    overhead: Fields[TrackerOverhead]
    calibration: Fields[HostCalibration] | None


class FinalFigures(RunFigures):
    """The totals of a run that has ended, and whether they were *saved*; *trouble* says why not."""

    saved: bool
    trouble: str


# -- answers: what the recorder tells the run


class ReadyAnswer(TypedDict):
    """The first reads are done."""

    m: Literal["ready"]


class TroubleAnswer(TypedDict):
    """A trouble that the user must know, or why nothing can be recorded."""

    m: Literal["warn", "refused"]
    text: str


class FinalAnswer(TypedDict):
    """The run's end was recorded; the recorder's last message."""

    m: Literal["final"]
    figures: FinalFigures


Answer = ReadyAnswer | TroubleAnswer | FinalAnswer

Message = Hello | Event | Answer
