"""Takes short measurements without a database: records a load, tests the sensors."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from greentrack.calibration_facts import SelfTest, SensorTest
from greentrack.errors import MeterError
from greentrack.host.facts import clock as system_clock
from greentrack.meters.base import Counter, Meter
from greentrack.methods import METHODS
from greentrack.model import Host, Reading, Record, RunInfo, Span
from greentrack.recorder.sampler import Recorder
from greentrack.recorder.transport.protocol import figures_of
from greentrack.store.batch import Batch

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import CloseEvent

Clock = Callable[[], float]
Pause = Callable[[float], None]

PROBE_S = 2.0
"""Seconds for which counters are read as fast as they allow, to see when they change."""

TEST_S = 6.0
"""Seconds that a self-test records."""

TEST_INTERVAL_S = 0.1
"""Seconds between the readings of a self-test."""

WINDOW_S = 1.0
"""Length in seconds of the windows whose energies are compared."""

MIN_READ_S = 0.001
"""Seconds between two reads of a counter that sets no limit itself."""

MAX_PROBED_GAP_S = 0.5
"""A counter whose reads must be further apart than this cannot be probed for its updates."""

_MIN_PAUSE_S = 1e-6  # so that a clock that rounds moves on


@dataclass(slots=True)
class _MemorySink:
    """A sink that keeps everything in memory."""

    run: RunInfo | None = None
    readings: dict[str, list[Reading]] = field(default_factory=dict)
    spans: dict[int, Span] = field(default_factory=dict)

    def write(self, batch: Batch) -> None:
        """Keep the batch."""
        self.run = batch.run or self.run
        for reading in batch.readings:
            self.readings.setdefault(reading.device, []).append(reading)
        self.spans |= {span.id: span for span in batch.spans}

    def close(self) -> None:
        """Nothing to release."""


class ProbeResult(NamedTuple):
    """A finished run as it would be stored, its readings by device, and how *late* each tick was, in seconds."""

    record: Record
    readings: dict[str, list[Reading]]
    late: list[float]


def watch(
    meters: Sequence[Meter],
    seconds: float,
    *,
    name: str = "probe",
    host: Host | None = None,
    interval: float = 1.0,
    window: float | None = None,
    clock: Clock = system_clock,
    pause: Pause = time.sleep,
) -> ProbeResult:
    """Record *meters* for *seconds* without a database, in spans of *window* seconds, and close them."""
    start = clock()
    wall = time.time() - start
    sink = _MemorySink()
    run = RunInfo(id=name, name=name, started_at=wall + start, interval=interval, host=host)
    recorder = Recorder(run, meters, sink, clock=clock, wall=wall, warn=lambda _: None)
    recorder.start(start)
    late: list[float] = []
    number, edge = 0, start
    while (now := clock()) < start + seconds:
        if window is not None and now >= edge:
            number, edge = number + 1, edge + window
            end: CloseEvent = {"m": "close", "t": now, "id": number - 1}  # the first one closes nothing
            recorder.handle([end, {"m": "open", "t": now, "id": number, "name": "window"}])
        if (due := recorder.until_due()) <= 0:
            late.append(-due)
            recorder.tick()
        ends = start + seconds if window is None else min(start + seconds, edge)
        pause(max(_MIN_PAUSE_S, min(recorder.until_due(), ends - clock())))
    uses, overhead = figures_of(recorder.finish("finished"))
    assert sink.run is not None  # the first batch has it
    record = Record(run=sink.run, devices=tuple(uses), spans=tuple(sink.spans.values()), tracker_overhead=overhead)
    return ProbeResult(record=record, readings=sink.readings, late=late)


def self_test(
    meters: Sequence[Meter],
    *,
    seconds: float = TEST_S,
    clock: Clock = system_clock,
    pause: Pause = time.sleep,
    wall: Clock = time.time,
) -> SelfTest:
    """Probe how often the counters of *meters* change, then record for *seconds* and return the results; close them.

    Only meters that measure are tested; the ticks are those of all meters. It takes ``PROBE_S`` longer than *seconds*.
    """
    at = wall()
    measuring = [meter for meter in meters if meter.method in METHODS and METHODS[meter.method].measured]
    updates = update_periods(measuring, clock=clock, pause=pause)
    probe = watch(meters, seconds, interval=TEST_INTERVAL_S, window=WINDOW_S, clock=clock, pause=pause)
    used = {use.device.uid: use.energy for use in probe.record.devices}
    sensors = [
        updates[meter.device.uid]._replace(
            joules=used[meter.device.uid].joules,
            cross_check=used[meter.device.uid].cross_check,
            spread=_spread(probe.record.spans, meter.device.uid),
        )
        for meter in measuring
    ]
    late = sorted(probe.late) or [0.0]
    return SelfTest(
        at=at,
        seconds=seconds,
        ticks=len(probe.late),
        late_p50=late[len(late) // 2],
        late_p99=late[min(len(late) - 1, int(len(late) * 0.99))],
        sensors=tuple(sensors),
    )


@dataclass(slots=True)
class _Probe:
    """One counter: when it is due next, its last value, and when it changed."""

    meter: Counter
    due: float
    last: float | None = None
    reads: int = 0
    changes: list[float] = field(default_factory=list)
    trouble: str = ""

    def read(self, now: float) -> None:
        self.due = now + max(self.meter.min_gap, MIN_READ_S)
        self.reads += 1
        try:
            count = self.meter.count()
        except MeterError as error:
            self.trouble = str(error)
            return
        if self.last is not None and count != self.last:
            self.changes.append(now)
        self.last = count

    def result(self) -> SensorTest:
        device, changes = self.meter.device, self.changes
        if len(changes) < 3:
            why = self.trouble or f"its counter moved too seldom in {PROBE_S:g} s to tell how often it does"
            return SensorTest(uid=device.uid, name=device.name, note=why)
        update_s = (changes[-1] - changes[0]) / (len(changes) - 1)
        changed_always = len(changes) >= 0.9 * (self.reads - 1)
        note = "it had moved at every read, so it may do so more often" if changed_always else ""
        return SensorTest(uid=device.uid, name=device.name, update_seconds=update_s, note=note)


def update_periods(
    meters: Iterable[Meter], seconds: float = PROBE_S, *, clock: Clock = system_clock, pause: Pause = time.sleep
) -> dict[str, SensorTest]:
    """Read every counter as fast as it allows for *seconds*; return how often it changes, by device uid."""
    found, probes = {}, []
    for meter in meters:
        device = meter.device
        if not isinstance(meter, Counter):
            note = "it shows power and has no counter"
        elif meter.min_gap > MAX_PROBED_GAP_S:
            note = (
                f"its counter loses joules where it is read faster than every {meter.min_gap:g} s, so it was not probed"
            )
        else:
            probes.append(_Probe(meter, clock()))
            continue
        found[device.uid] = SensorTest(uid=device.uid, name=device.name, note=note)
    end = clock() + seconds
    while probes and (now := clock()) < end:
        for probe in probes:
            if now >= probe.due:
                probe.read(clock())
        pause(max(_MIN_PAUSE_S, min(probe.due for probe in probes) - clock()))
    return found | {probe.meter.device.uid: probe.result() for probe in probes}


def _spread(spans: Iterable[Span], uid: str) -> float | None:
    """Return (largest - smallest) / mean of a device's power in the complete windows."""
    powers = [
        span.energy[uid].joules / span.energy[uid].seconds
        for span in spans
        if uid in span.energy and span.energy[uid].seconds > WINDOW_S / 2
    ]
    mean = sum(powers) / len(powers) if powers else 0.0
    return (max(powers) - min(powers)) / mean if len(powers) > 1 and mean > 0 else None
