"""Reads the meters at a steady pace and at the edges of spans, and hands the readings to the store."""

import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from greentrack import log
from greentrack.errors import MeterError
from greentrack.meters.base import Meter
from greentrack.model import DeviceUse, Reading, RunInfo, TrackerOverhead
from greentrack.recorder.accumulator import Accumulator
from greentrack.recorder.events import Events
from greentrack.recorder.process_share import ProcessShare, ProcessTreeLike
from greentrack.recorder.timeline import Timeline
from greentrack.recorder.transport import protocol
from greentrack.recorder.write_buffer import LOCKED_S, PATIENCE_S, Sink, WriteBuffer

if TYPE_CHECKING:
    from greentrack.calibration_facts import HostCalibration
    from greentrack.recorder.transport.messages import EndEvent, Event, FinalFigures, RunFigures

EDGE_GAP_S = 0.005
"""Edges closer than this to the last full read share the next one: spans at kHz must not make the sensors a load."""

SETTLE_S = 5.0
"""Maximum wait of other events for the next full read: the timeline keeps reads only for a short time."""

SAY_AGAIN_S = 3600.0
"""Minimum time between two warnings about the same device or the store: a trouble may come and go."""


class _Cadence:
    """Meters that are read together, and their next deadline."""

    __slots__ = ("due", "interval", "meters")

    def __init__(self, interval: float, meters: list[Meter], due: float) -> None:
        self.interval, self.meters, self.due = interval, meters, due


class Recorder:
    """Measures one run. The caller passes the clock, the meters and the sink, and does all the waiting.

    Call ``start``, then ``tick`` when ``until_due`` has passed and ``handle`` with the run's events, then ``finish``.
    *wall* is the Unix time at clock 0. If recorders of the run died before, *restarts* is their number, and *carried*
    are the last figures shown, so that totals go on.

    *calibration* is the calibration of the host; once it is set, the figures include it.
    """

    def __init__(
        self,
        run: RunInfo,
        meters: Sequence[Meter],
        sink: Sink,
        *,
        clock: Callable[[], float],
        wall: float,
        cpu_time: Callable[[], float] = time.process_time,
        publish: "Callable[[RunFigures], None]" = lambda _: None,
        warn: Callable[[str], None] = log.warning,
        carried: "RunFigures | None" = None,
        restarts: int = 0,
    ) -> None:
        self.run = run
        self.meters = list(meters)
        self._clock, self._wall = clock, wall
        self._cpu_time = cpu_time
        self._publish, self._warn = publish, warn
        self._timeline = Timeline()
        carried_uses, overhead = protocol.figures_of(carried) if carried else ([], TrackerOverhead())
        self._overhead = overhead._replace(restarts=restarts)
        self._carried_cpu_seconds = self._overhead.cpu_seconds
        carried_at = carried["at"] if carried else 0.0
        self._accumulator = Accumulator(self.meters, self._timeline, wall, carried_uses, carried_at)
        self._events = Events(self._timeline, wall, self._accumulator.joules)
        self._buffer = WriteBuffer(sink, run.id, warn_seldom=lambda text: self._warn_seldom("", text), warn=warn)
        self._failing: set[str] = set()  # devices
        self._warned_at: dict[str, float] = {}  # by device; "" is the store
        self._cadences: list[_Cadence] = []
        self._edge_due: float | None = None
        self._read_at = float("-inf")
        self._begun = 0.0
        self.calibration: HostCalibration | None = None

    def start(self, at: float | None = None) -> None:
        """Read every meter once; energy counts from here. *at* is when the run began, on the clock."""
        now = self._clock()
        fast = [meter for meter in self.meters if meter.interval < self.run.interval]
        slow = [meter for meter in self.meters if meter.interval >= self.run.interval]
        self._cadences = [_Cadence(self.run.interval, slow, now + self.run.interval)]
        for interval in sorted({meter.interval for meter in fast}):
            self._cadences.append(_Cadence(interval, [m for m in fast if m.interval == interval], now + interval))
        self._begun = now if at is None else at
        self._read(self.meters)
        self._events.begin(self._begun, now)
        self._accumulator.begin()
        self._buffer.batch.run = self.run
        self._buffer.batch.devices = self._accumulator.uses()
        self._publish_figures()

    def attribute(self, tree: ProcessTreeLike, busy: Callable[[], float]) -> None:
        """From now on, keep the share of *tree* in the CPU time of all processes, which *busy* returns in seconds."""
        self._accumulator.process_share = ProcessShare(tree, busy)

    def recover(self, stored: Iterable[DeviceUse], readings: Iterable[Iterable[Reading]] = ()) -> None:
        """Store what the previous recorder read and showed but did not write, and replay all of its readings.

        *stored* are its devices and *readings* its readings, by device, as the store has them.
        """
        from greentrack.recorder.replay import Replay  # most recorders have none

        unwritten = self._accumulator.unwritten(stored)
        self._buffer.batch.readings += unwritten
        self._events.use(Replay([*readings, unwritten]))

    def until_due(self) -> float:
        """Return the seconds until ``tick`` has something to do; 0 or less if it has now."""
        dues = [cadence.due for cadence in self._cadences]
        return min(dues if self._edge_due is None else [*dues, self._edge_due]) - self._clock()

    def tick(self, until: float = math.inf) -> None:
        """Do what is due, if anything: read the fast gauges, or everything, and store what was used up to *until*.

        A recorder that is behind its run's events may yet learn that the run ended back then.
        """
        now = self._clock()
        due = [cadence for cadence in self._cadences if now >= cadence.due]
        for cadence in due:
            if now - cadence.due > cadence.interval / 2:
                self._overhead = self._overhead._replace(late=self._overhead.late + 1)
            missed = int((now - cadence.due) / cadence.interval)
            cadence.due += cadence.interval * (1 + missed)  # a deadline, not a pause: no drift
        if self._cadences[0] in due:
            self._read_all()
            self._keep(self._accumulator.readings(self._read_at, until))
            self.flush()
            self._publish_figures()
        elif self._edge_due is not None and now >= self._edge_due:
            self._read_all()
            self._publish_figures()
        else:
            for cadence in due:
                self._read(cadence.meters)

    def handle(self, events: "Iterable[Event]") -> "EndEvent | None":
        """Handle *events*; the edge of a span reads every meter at once. Return the run's end if it is among them."""
        edges, end = 0, None
        for event in events:
            match event["m"]:
                case "facts":
                    facts = protocol.valid_facts(event["run"])
                    if strange := event["run"].keys() - facts.keys():
                        self._warn_seldom("facts", f"no facts of a run, left out: {', '.join(sorted(strange))}")
                    self.learn(self.run._replace(**facts))
                case "end":
                    end = end or event
                case _:
                    edges += self._events.add(event)
        if edges and self._clock() - self._read_at >= EDGE_GAP_S:
            self._read_all()
            self._publish_figures()
        elif edges:
            self._edge_due = self._read_at + EDGE_GAP_S
        elif self._events.waiting and self._edge_due is None:
            self._edge_due = self._clock() + SETTLE_S
        return end

    def learn(self, run: RunInfo) -> None:
        """Replace the facts of the run by *run*, which has those found since it began."""
        self.run = self._buffer.batch.run = run

    def finish(
        self,
        status: str,
        error: str | None = None,
        at: float | None = None,
        patience_s: float = PATIENCE_S,
        locked_s: float = LOCKED_S,
    ) -> "FinalFigures":
        """Read once more, store everything, and return the final figures. *at* is when the run ended, on the clock.

        What the devices used after that is not part of the run, however late the end arrives.
        """
        ended = self._clock() if at is None else at
        self._read_all()
        self._keep(self._accumulator.last_readings(self._read_at, self._begun, ended))
        self._events.close(ended, self._buffer.batch)
        begun = self.run.started_at
        seconds = max(0.0, self._wall + ended - begun)
        self.learn(self.run._replace(status=status, error=error, ended_at=self._wall + ended, seconds=seconds))
        self._buffer.batch.tracker_overhead = self._current_overhead()
        self._buffer.finish(patience_s, locked_s)
        figures, trouble = self._figures(self._accumulator.total()), self._buffer.trouble
        for meter in self.meters:
            meter.close()
        return {**figures, "saved": not trouble, "trouble": trouble}

    # -- reading

    def _read_all(self) -> None:
        self._edge_due = None
        self._read(self.meters)
        self._read_at = self._clock()
        self._events.settle(self._buffer.batch)

    def _read(self, meters: Iterable[Meter]) -> None:
        for meter in meters:
            uid = meter.device.uid
            try:
                before = self._clock()
                energy = meter.read(before)
                self._timeline.add(uid, before, energy)
                self._failing.discard(uid)
            except Exception as error:  # noqa: BLE001  # no sensor and no vendor's library may end the recording
                self._overhead = self._overhead._replace(failures=self._overhead.failures + 1)
                if uid not in self._failing:  # once per trouble, not once per tick
                    self._failing.add(uid)
                    name = meter.device.name or uid
                    self._warn_seldom(uid, f"{name}: {error}" if isinstance(error, MeterError) else f"{uid}: {error!r}")

    # -- storing and showing

    def _keep(self, readings: list[Reading]) -> None:
        self._buffer.batch.readings += readings
        self._overhead = self._overhead._replace(readings=self._overhead.readings + len(readings))
        if (devices := self._accumulator.changed_devices()) is not None:
            self._buffer.batch.devices = devices

    def flush(self) -> bool:
        """Write the batch to the store; where that fails it stays in memory and is written with the next."""
        self._buffer.batch.tracker_overhead = self._current_overhead()
        return self._buffer.flush()

    def _current_overhead(self) -> TrackerOverhead:
        self._overhead = self._overhead._replace(cpu_seconds=self._carried_cpu_seconds + self._cpu_time())
        return self._overhead

    def _warn_seldom(self, what: str, text: str) -> None:
        now = self._clock()
        if now - self._warned_at.get(what, float("-inf")) >= SAY_AGAIN_S:
            self._warned_at[what] = now
            self._warn(text)

    def _figures(self, uses: Sequence[DeviceUse]) -> "RunFigures":
        return protocol.figures(self._clock(), uses, self._overhead, self.run.host, self.calibration)

    def _publish_figures(self) -> None:
        self._publish(self._figures(self._accumulator.uses()))
