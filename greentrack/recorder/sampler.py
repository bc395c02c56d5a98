"""The recorder: reads the meters at a steady pace and at the edges of spans, and hands what it learns to the store."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from greentrack import log
from greentrack.errors import MeterError
from greentrack.meters.base import Meter
from greentrack.model import DeviceUse, Reading, RunInfo, TrackerOverhead
from greentrack.recorder.accumulator import Accumulator
from greentrack.recorder.events import Events
from greentrack.recorder.process_share import ProcessTreeLike
from greentrack.recorder.timeline import Timeline
from greentrack.recorder.transport import protocol
from greentrack.recorder.write_buffer import LOCKED_S, PATIENCE_S, Sink, WriteBuffer

if TYPE_CHECKING:
    from greentrack.calibration_facts import HostCalibration

EDGE_GAP_S = 0.005
"""Edges closer than this to the last full read wait for each other: spans at kHz must not make the sensors a load."""

SETTLE_S = 5.0
"""Marks that are no edges wait for the next full read, but not longer than this: reads are soon forgotten."""

SAY_AGAIN_S = 3600.0
"""A trouble of one device, or of the store, that comes and goes is told once in so long."""


class _Cadence:
    """One rhythm: its meters and its next deadline."""

    __slots__ = ("due", "interval", "meters")

    def __init__(self, interval: float, meters: list[Meter], due: float) -> None:
        self.interval, self.meters, self.due = interval, meters, due


class Recorder:
    """Everything one run's measuring needs; its clock, meters and sink are handed in, and it never waits by itself.

    Call ``start``, then ``tick`` when ``until_due`` has passed and ``handle`` with what the run says, then ``finish``.
    *wall* is the Unix time at clock 0. Where recorders of the run died before, *restarts* is how many, and *carried*
    are the figures that the last one showed, so that totals go on.
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
        publish: Callable[[dict[str, Any]], None] = lambda _: None,
        warn: Callable[[str], None] = log.warning,
        carried: Mapping[str, Any] | None = None,
        restarts: int = 0,
    ) -> None:
        self.run = run
        self.meters = list(meters)
        self._clock, self._wall = clock, wall
        self._cpu_time = cpu_time
        self._publish, self._warn = publish, warn
        self._timeline = Timeline()
        before_uses, before_toll = protocol.figures_of(carried) if carried else ([], TrackerOverhead())
        self._toll = before_toll._replace(restarts=restarts)
        self._cpu_base = self._toll.cpu_seconds
        self._ledger = Accumulator(self.meters, self._timeline, wall, before_uses, carried["at"] if carried else 0.0)
        self._marks = Events(self._timeline, wall, self._ledger.joules)
        self._keeper = WriteBuffer(sink, run.id, say=lambda text: self._say("", text), warn=warn)
        self._broken: dict[str, str] = {}
        self._said: dict[str, float] = {}  # when something was last said of a device, or of the store ("")
        self._paces: list[_Cadence] = []
        self._edge_due: float | None = None
        self._read_at = float("-inf")
        self._begun = 0.0
        self._known: HostCalibration | None = None

    def start(self, at: float | None = None) -> None:
        """Read every meter once; energy counts from here. *at* is when the run began, on the clock."""
        now = self._clock()
        fast = [meter for meter in self.meters if meter.interval < self.run.interval]
        slow = [meter for meter in self.meters if meter.interval >= self.run.interval]
        self._paces = [_Cadence(self.run.interval, slow, now + self.run.interval)]
        for interval in sorted({meter.interval for meter in fast}):
            self._paces.append(_Cadence(interval, [m for m in fast if m.interval == interval], now + interval))
        self._begun = now if at is None else at
        self._read(self.meters)
        self._marks.begin(self._begun, now)
        self._ledger.begin()
        self._keeper.batch.run = self.run
        self._keeper.batch.devices = self._ledger.uses()
        self._tell()

    def attribute(self, tree: ProcessTreeLike, busy: Callable[[], float]) -> None:
        """From now on keep the part of *tree* in the CPU time that *busy* (seconds since some instant) counts."""
        self._ledger.attribute(tree, busy)

    def make_up(self, kept: Iterable[DeviceUse], readings: Iterable[Iterable[Reading]] = ()) -> None:
        """Hand in what the recorder before had read and shown but not written, and know what it had read.

        *kept* and *readings* are what the store has of it, by device.
        """
        from greentrack.recorder.replay import Replay  # most recorders have none

        missed = self._ledger.made_up(kept)
        self._keeper.batch.readings += missed
        self._marks.recall(Replay([*readings, missed]))

    def until_due(self) -> float:
        """Seconds until ``tick`` has something to do; 0 or less when it has."""
        dues = [pace.due for pace in self._paces]
        return min(dues if self._edge_due is None else [*dues, self._edge_due]) - self._clock()

    def tick(self, until: float = math.inf) -> None:
        """Do what is due, if anything: read the fast gauges, or everything; then keep what was used, but not after
        *until*: a recorder that is behind its run's marks may yet hear that the run ended back then.
        """
        now = self._clock()
        due = [pace for pace in self._paces if now >= pace.due]
        for pace in due:
            self._advance(pace, now)
        if self._paces[0] in due:
            self._read_all()
            self._emit(self._ledger.readings(self._read_at, until))
            self.flush()
            self._tell()
        elif self._edge_due is not None and now >= self._edge_due:
            self._read_all()
            self._tell()
        else:
            for pace in due:
                self._read(pace.meters)

    def handle(self, messages: Iterable[Mapping[str, Any]]) -> None:
        """Take what the run says; an edge of a span makes every meter be read at once."""
        edges = 0
        for message in messages:
            if message.get("m") == "facts":
                facts = protocol.sound(message["run"])
                if strange := message["run"].keys() - facts.keys():
                    self._say("facts", f"no facts of a run, left out: {', '.join(sorted(strange))}")
                self.learn(**facts)
            else:
                edges += self._marks.add(message)
        if not edges:
            if self._marks.waiting and self._edge_due is None:
                self._edge_due = self._clock() + SETTLE_S
            return
        if self._clock() - self._read_at >= EDGE_GAP_S:
            self._read_all()
            self._tell()
        else:
            self._edge_due = self._read_at + EDGE_GAP_S

    def learn(self, **facts: Any) -> None:
        """Take facts of the run (fields of ``model.RunInfo``) that were not known when it began."""
        self.run = self.run._replace(**facts)
        self._keeper.batch.run = self.run

    def tell_of(self, known: "HostCalibration") -> None:
        """Let the run know, with its figures, what is known about its host."""
        self._known = known

    def finish(
        self,
        status: str,
        error: str | None = None,
        at: float | None = None,
        patience_s: float = PATIENCE_S,
        locked_s: float = LOCKED_S,
    ) -> dict[str, Any]:
        """Read once more, keep everything, and return the final figures. *at* is when the run ended, on the clock.

        What the devices used after that is not the run's, however long the end's message took to arrive.
        """
        ended = self._clock() if at is None else at
        self._read_all()
        self._emit(self._ledger.last_readings(self._read_at, self._begun, ended))
        self._marks.close(ended, self._keeper.batch)
        begun = self.run.started_at
        self.run = self.run._replace(
            status=status,
            error=error,
            ended_at=self._wall + ended,
            seconds=max(0.0, self._wall + ended - begun),
        )
        self._keeper.batch.run = self.run
        self._keeper.batch.tracker_overhead = self._tolled()
        self._keeper.finish(patience_s, locked_s)
        figures = self._figures(self._ledger.total())
        figures["saved"] = not self._keeper.trouble
        figures["trouble"] = self._keeper.trouble
        for meter in self.meters:
            meter.close()
        return figures

    # -- reading

    def _advance(self, pace: _Cadence, now: float) -> None:
        if now - pace.due > pace.interval / 2:
            self._toll = self._toll._replace(late=self._toll.late + 1)
        pace.due += pace.interval * (1 + int((now - pace.due) / pace.interval))  # a deadline, not a pause: no drift

    def _read_all(self) -> None:
        self._edge_due = None
        self._read(self.meters)
        self._read_at = self._clock()
        self._marks.settle(self._keeper.batch)

    def _read(self, meters: Iterable[Meter]) -> None:
        for meter in meters:
            uid = meter.device.uid
            try:
                before = self._clock()
                energy = meter.read(before)
                self._timeline.add(uid, before, energy)
                self._broken.pop(uid, None)
            except Exception as error:  # noqa: BLE001  # no sensor and no vendor's library may end the recording
                self._toll = self._toll._replace(failures=self._toll.failures + 1)
                if uid not in self._broken:  # once per trouble, not once per tick
                    self._broken[uid] = str(error)
                    name = meter.device.name or uid
                    self._say(uid, f"{name}: {error}" if isinstance(error, MeterError) else f"{uid}: {error!r}")

    # -- keeping and telling

    def _emit(self, readings: list[Reading]) -> None:
        self._keeper.batch.readings += readings
        self._toll = self._toll._replace(readings=self._toll.readings + len(readings))
        if (devices := self._ledger.news()) is not None:
            self._keeper.batch.devices = devices

    def flush(self) -> bool:
        """Hand what has gathered to the store; where that fails it stays in memory and is handed over with the next."""
        self._keeper.batch.tracker_overhead = self._tolled()
        return self._keeper.flush()

    def _tolled(self) -> TrackerOverhead:
        self._toll = self._toll._replace(cpu_seconds=self._cpu_base + self._cpu_time())
        return self._toll

    def _say(self, what: str, text: str) -> None:
        now = self._clock()
        if now - self._said.get(what, float("-inf")) >= SAY_AGAIN_S:
            self._said[what] = now
            self._warn(text)

    def _figures(self, uses: Sequence[DeviceUse]) -> dict[str, Any]:
        return protocol.figures(self._clock(), uses, self._toll, self.run.host, self._known)

    def _tell(self) -> None:
        self._publish(self._figures(self._ledger.uses()))
