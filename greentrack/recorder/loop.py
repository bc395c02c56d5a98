"""The recorder: reads the meters at a steady pace and at the edges of spans, and hands what it learns to the store."""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from greentrack import log
from greentrack.errors import MeterError, StoreError
from greentrack.meters.base import Meter
from greentrack.model import DeviceUse, Energy, Reading, Run, Toll
from greentrack.recorder import wire
from greentrack.recorder.marks import Marks
from greentrack.recorder.shares import Shares, Tree
from greentrack.recorder.sums import Sums
from greentrack.recorder.timeline import NOTHING, Timeline, difference, total
from greentrack.store.batch import Batch

if TYPE_CHECKING:
    from greentrack.knowledge import Known

EDGE_GAP_S = 0.005
"""Edges closer than this to the last full read wait for each other: spans at kHz must not make the sensors a load."""

SETTLE_S = 5.0
"""Marks that are no edges wait for the next full read, but not longer than this: reads are soon forgotten."""

SAY_AGAIN_S = 3600.0
"""A trouble of one device, or of the store, that comes and goes is told once in so long."""

HELD = 20_000
"""Readings kept in memory while the store cannot be written; beyond, neighbours are merged."""

UNSEEN = "the run ended before this was first read: shown is what it used right after, for as long as the run lasted"
"""What is to be said of the figures of such a run: a machine was too busy to start the recorder in time."""


class Sink(Protocol):
    """Where batches go. ``write`` raises StoreError and keeps nothing of the batch where it fails."""

    def write(self, batch: Batch) -> None:
        """Keep the batch."""

    def close(self) -> None:
        """Let go of the place."""


class _Pace:
    """One rhythm: its meters and its next deadline."""

    __slots__ = ("due", "interval", "meters")

    def __init__(self, interval: float, meters: list[Meter], due: float) -> None:
        self.interval, self.meters, self.due = interval, meters, due


class Recorder:
    """Everything one run's measuring needs; its clock, meters and sink are handed in, and it never waits by itself.

    Call ``start``, then ``tick`` when ``until_due`` has passed and ``handle`` with what the run says, then ``finish``.
    *wall* is the Unix time at clock 0; *carried* are the figures of a recorder that died before, so that totals go on.
    """

    def __init__(
        self,
        run: Run,
        meters: Sequence[Meter],
        sink: Sink,
        *,
        clock: Callable[[], float],
        wall: float,
        cpu_time: Callable[[], float] = time.process_time,
        publish: Callable[[dict[str, Any]], None] = lambda _: None,
        warn: Callable[[str], None] = log.warning,
        carried: Mapping[str, Any] | None = None,
    ) -> None:
        self.run = run
        self.meters = list(meters)
        self._sink, self._clock, self._wall = sink, clock, wall
        self._cpu_time = cpu_time
        self._shares: Shares | None = None
        self._publish, self._warn = publish, warn
        self._timeline = Timeline()
        self._told: dict[str, Energy] = {}  # by device: what its readings so far add up to
        self._marks = Marks(self._timeline, wall, lambda energies: sum(use.joules for use in self._uses(energies)))
        self._broken: dict[str, str] = {}
        self._said: dict[str, float] = {}  # when something was last said of a device, or of the store ("")
        self._paces: list[_Pace] = []
        self._edge_due: float | None = None
        self._read_at = float("-inf")
        self._begun = self._started = self._seen_from = 0.0  # when the run began, we did, and had read every meter
        self._batch = Batch(run_id=run.id)
        self._store_trouble = ""
        self._kept: list[tuple[Any, ...]] = []  # what the store knows of each device beside its readings
        before_uses, self._toll = wire.figures_of(carried) if carried else ([], Toll())
        self._carried_at: float = carried["at"] if carried else 0.0
        self._carried = {use.device.uid: use for use in before_uses}
        self._sums = {meter.device.uid: Sums(self._carried.get(meter.device.uid)) for meter in self.meters}
        self._cpu_base = self._toll.cpu_seconds
        self._known: Known | None = None

    def start(self, at: float | None = None) -> None:
        """Read every meter once; energy counts from here. *at* is when the run began, on the clock."""
        now = self._clock()
        fast = [meter for meter in self.meters if meter.interval < self.run.interval]
        slow = [meter for meter in self.meters if meter.interval >= self.run.interval]
        self._paces = [_Pace(self.run.interval, slow, now + self.run.interval)]
        for interval in sorted({meter.interval for meter in fast}):
            self._paces.append(_Pace(interval, [m for m in fast if m.interval == interval], now + interval))
        self._begun, self._started = now if at is None else at, now
        self._read(self.meters)
        self._seen_from = self._clock()
        self._marks.begin(self._begun, now)
        for meter in self.meters:
            self._told[meter.device.uid] = self._timeline.last(meter.device.uid)
        self._batch.run = self.run
        self._batch.devices = self._uses()
        self._tell()

    def attribute(self, tree: Tree, busy: Callable[[], float]) -> None:
        """From now on keep the part of *tree* in the CPU time that *busy* (seconds since some instant) counts."""
        self._shares = Shares(tree, busy)

    def make_up(self, kept: Iterable[DeviceUse]) -> None:
        """Hand in what the recorder before had read and shown but not written; *kept* is what the store has of it."""
        stored = {use.device.uid: use for use in kept}
        for uid in self._carried.keys() & self._sums.keys():
            use, there = self._carried[uid], stored.get(uid)
            missed = difference(use.energy, there.energy if there is not None else NOTHING)
            if missed.seconds < 0.001:
                continue
            process = (use.process or 0.0) - ((there.process or 0.0) if there is not None else 0.0)
            reading = Reading(
                device=uid,
                at=self._wall + self._carried_at,
                seconds=missed.seconds,
                joules=max(0.0, missed.joules),
                check=missed.check,
                share=min(1.0, process / missed.joules) if process > 0 and missed.joules > 0 else None,
            )
            self._batch.readings.append(reading)

    def until_due(self) -> float:
        """Seconds until ``tick`` has something to do; 0 or less when it has."""
        dues = [pace.due for pace in self._paces]
        return min(dues if self._edge_due is None else [*dues, self._edge_due]) - self._clock()

    def tick(self) -> None:
        """Do what is due, if anything: read the fast gauges, or everything; then keep what there is."""
        now = self._clock()
        due = [pace for pace in self._paces if now >= pace.due]
        for pace in due:
            self._advance(pace, now)
        if self._paces[0] in due:
            self._read_all()
            self._emit()
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
                facts = wire.sound(message["run"])
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
        """Take facts of the run (fields of ``model.Run``) that were not known when it began."""
        self.run = self.run._replace(**facts)
        self._batch.run = self.run

    def tell_of(self, known: "Known") -> None:
        """Let the run know, with its figures, what is known about its host."""
        self._known = known

    def finish(
        self, status: str, error: str | None = None, at: float | None = None, patience_s: float = 2.0
    ) -> dict[str, Any]:
        """Read once more, keep everything, and return the final figures. *at* is when the run ended, on the clock.

        What the devices used after that is not the run's, however long the end's message took to arrive.
        """
        ended = self._clock() if at is None else at
        self._read_all()
        self._emit(self._bill_until(ended))
        self._marks.close(ended, self._batch)
        begun = self.run.started_at
        self.run = self.run._replace(
            status=status,
            error=error,
            ended_at=self._wall + ended,
            seconds=max(0.0, self._wall + ended - begun),
        )
        self._batch.run = self.run
        deadline = time.monotonic() + patience_s
        while not self.flush() and time.monotonic() < deadline:
            time.sleep(0.05)
        figures = self._figures(self._told)
        figures["saved"] = not self._store_trouble
        figures["trouble"] = self._store_trouble
        for meter in self.meters:
            meter.close()
        self._sink.close()
        return figures

    # -- reading

    def _advance(self, pace: _Pace, now: float) -> None:
        if now - pace.due > pace.interval / 2:
            self._toll = self._toll._replace(late=self._toll.late + 1)
        pace.due += pace.interval * (1 + int((now - pace.due) / pace.interval))  # a deadline, not a pause: no drift

    def _read_all(self) -> None:
        self._edge_due = None
        self._read(self.meters)
        self._read_at = self._clock()
        self._marks.settle(self._batch)

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

    def _bill_until(self, ended: float) -> float:
        if ended >= self._seen_from or self._carried:
            return ended
        for meter in self.meters:
            meter.note = "; ".join(filter(None, (meter.note, UNSEEN)))
        return self._started + max(0.0, ended - self._begun)

    def _emit(self, until: float = math.inf) -> None:
        """Turn what was used since the last readings, and not after *until*, into readings."""
        if self._shares is not None:
            self._shares.look()
        energies = self._timeline.at(until)
        for meter in self.meters:
            uid = meter.device.uid
            now, told = energies.get(uid, NOTHING), self._told.get(uid, NOTHING)
            used = difference(now, told)
            if used.seconds <= 0 and used.joules <= 0:
                continue  # absent is not zero; and what a reading after the end has told stays told
            self._told[uid] = now
            reading = Reading(
                device=uid,
                at=self._wall + min(self._read_at, until),
                seconds=used.seconds,
                joules=used.joules,
                check=used.check,
                share=self._shares.of(meter) if self._shares is not None else None,
                busy=_busy(meter),
            )
            self._sums[uid].add(reading)
            self._batch.readings.append(reading)
            self._toll = self._toll._replace(readings=self._toll.readings + 1)
        known = [(m.method, m.trusted, m.note, self._sums[m.device.uid].idle_watts) for m in self.meters]
        if known != self._kept:
            self._kept, self._batch.devices = known, self._uses()

    # -- keeping and telling

    def _uses(self, energies: Mapping[str, Energy] | None = None) -> list[DeviceUse]:
        uses = []
        for meter in self.meters:
            uid = meter.device.uid
            sums = self._sums[uid]
            use = DeviceUse(
                device=meter.device,
                method=meter.method,
                energy=self._timeline.last(uid) if energies is None else energies.get(uid, NOTHING),
                trusted=meter.trusted,
                process=sums.process,
                note=meter.note,
                idle=sums.idle,
                idle_watts=sums.idle_watts,
            )
            if (before := self._carried.get(uid)) is not None:
                use = use._replace(energy=total(before.energy, use.energy))
                if not before.trusted:  # a counter once found wrong stays so
                    use = use._replace(trusted=False, method=before.method, note=before.note)
            uses.append(use)
        return uses

    def flush(self) -> bool:
        """Hand what has gathered to the store; where that fails it stays in memory and is handed over with the next."""
        self._batch.toll = self._toll = self._toll._replace(cpu_seconds=self._cpu_base + self._cpu_time())
        trouble = self._write()
        if trouble is not None and not isinstance(trouble, StoreError):
            self._warn(f"what the run said of this interval (spans, metrics) cannot be kept ({trouble!r})")
            self._batch.leave_out_marks()
            trouble = self._write()
        if trouble is not None:
            text = str(trouble) if isinstance(trouble, StoreError) else repr(trouble)
            if not self._store_trouble:
                self._say("", f"{text}; readings are held in memory and tried again")
            self._store_trouble = text
            self._batch.bounded(HELD)
            return False
        self._store_trouble = ""
        self._batch = Batch(run_id=self.run.id)
        return True

    def _say(self, what: str, text: str) -> None:
        now = self._clock()
        if now - self._said.get(what, float("-inf")) >= SAY_AGAIN_S:
            self._said[what] = now
            self._warn(text)

    def _write(self) -> Exception | None:
        try:
            self._sink.write(self._batch)
        except Exception as error:  # noqa: BLE001  # a full disk must not end a training: it goes on in memory
            return error
        return None

    def _figures(self, energies: Mapping[str, Energy] | None = None) -> dict[str, Any]:
        return wire.figures(self._clock(), self._uses(energies), self._toll, self.run.host, self._known)

    def _tell(self) -> None:
        self._publish(self._figures())


def _busy(meter: Meter) -> float | None:
    try:
        return meter.busy()
    except Exception as error:  # noqa: BLE001  # how busy it was is worth less than the reading itself
        log.debug("%s cannot tell how busy it is: %r", meter.device.uid, error)
        return None
