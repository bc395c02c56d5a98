"""A virtual machine of known energy: ``play`` records a run on the machine that a scenario describes.

Hours pass in seconds: the clock is a fake, GPUs answer through a stand-in for pynvml, processors through real files;
discovery, meters, recorder and store are the real ones.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from greentrack.meters import cpu_model, ram_model
from greentrack.meters.base import Context, Discovery, Meter
from greentrack.meters.nvidia import meter
from greentrack.meters.rapl import discovery as rapl
from greentrack.model import DeviceUse, Missing, Reading, RunInfo, Span, TrackerOverhead
from greentrack.recorder.sampler import Recorder
from greentrack.recorder.transport import protocol
from greentrack.recorder.write_buffer import Sink
from greentrack.store.batch import Batch
from tests.rig.nvml import Clock, FakeNvml
from tests.rig.powercap import PowercapMachine
from tests.rig.scenario import WALL, Fault, Scenario, Zone

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import CloseEvent, OpenEvent

NOBODY = 65534
"""The user who may read nothing."""


class Machine:
    """A scenario come to life. Whenever somebody asks for the time, all shows what it is to show by then."""

    def __init__(self, scenario: Scenario, root: Path) -> None:
        self.scenario = scenario
        self.now = Clock(scenario.start)
        self.files = PowercapMachine(root)
        self.gpus = {gpu.uuid: replace(gpu, calls=[], fields=set(gpu.fields)) for gpu in scenario.gpus}
        self.nvml = FakeNvml(self.now, *self.gpus.values(), slices=dict(scenario.slices))
        self.zones = {zone.key: _Shown(replace(zone), self.files) for zone in scenario.zones}
        cpu = scenario.cpu
        self.files.processor(threads=cpu.threads, **cpu.kind)
        self.files.memory(round(scenario.memory_gb * 2**20))
        self._stat = _File(self.files.proc / "stat")
        self._group: _File | None = None
        if cpu.quota is not None:
            group = self.files.cgroup("/job", cpu_max=f"{round(cpu.quota * 100_000)} 100000")
            self._group = _File(group / "cpu.stat")
        self._fate = sorted(self._changes(), key=lambda change: change[0])
        self._shown_at = float("nan")
        self.clock()

    def clock(self) -> float:
        """The time; what has happened by then can be seen."""
        now = self.now.now
        if now != self._shown_at:
            self._shown_at = now
            while self._fate and self._fate[0][0] <= now:
                _, device, shows = self._fate.pop(0)
                for name, value in shows.items():
                    setattr(device, name, value)
            for shown in self.zones.values():
                shown.show(now)
            self._work(now)
        return now

    def wall(self) -> float:
        """The wall clock, as somebody has set it."""
        return WALL + self.now.now + sum(by for at, by in self.scenario.wall_steps if at <= self.now.now)

    def awake(self, moment: float) -> float:
        """When the recorder can do what is due at *moment*."""
        return next((end for start, end in self.scenario.pauses if start <= moment < end), moment)

    def discover(self) -> Discovery:
        """Ask every vendor, as the recorder does."""
        scenario = self.scenario
        context = Context(sys=self.files.sys, proc=self.files.proc, env=scenario.env, gpus=scenario.gpus_wanted)
        meters: list[Meter] = []
        missing: list[Missing] = []
        for vendor in (partial(meter.discover, nvml=self.nvml), rapl.discover, cpu_model.discover, ram_model.discover):
            found = vendor(context._replace(found=tuple(meters)))
            meters += found.meters
            missing += found.missing
        return Discovery(meters=meters, missing=missing)

    def close(self) -> None:
        """Let go of the files."""
        for file in (self._stat, self._group, *(shown.file for shown in self.zones.values())):
            if file is not None:
                file.close()

    def _changes(self) -> Iterator[tuple[float, Any, Mapping[str, Any]]]:
        for fault in self.scenario.faults:
            gpu = self.gpus.get(fault.device)
            device = self.zones[fault.device].zone if gpu is None else gpu
            if isinstance(fault, Fault):
                yield fault.at, device, fault.shows
                yield fault.until, device, {name: getattr(device, name) for name in fault.shows}
            elif gpu is not None:
                yield fault.at, gpu, {"counted": -gpu.gain * gpu.power.joules(fault.at)}
            else:
                yield fault.at, device, {"began": -device.power.joules(fault.at)}

    def _work(self, now: float) -> None:
        cpu, start = self.scenario.cpu, self.scenario.start
        busy, day = cpu.busy.joules(now) - cpu.busy.joules(start), 86_400.0  # it has been up for a day before
        idle = cpu.threads * (now - start + day) - busy
        self._stat.show(f"cpu  {round(busy * 100)} 0 0 {round(idle * 100)} 0 0 0 0 0 0\n")
        if self._group is not None:
            used = cpu.ours.joules(now) - cpu.ours.joules(start)
            self._group.show(f"usage_usec {round(used * 1e6)}\n")


class _File:
    """A file that is kept open, so that a new text costs microseconds, even when nobody may open it any more."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
        self._size = os.fstat(self._fd).st_size

    def show(self, text: str) -> None:
        data = text.encode()
        os.pwrite(self._fd, data, 0)
        if len(data) != self._size:
            os.ftruncate(self._fd, len(data))
            self._size = len(data)

    def mode(self, mode: int) -> None:
        os.fchmod(self._fd, mode)

    def close(self) -> None:
        os.close(self._fd)


class _Shown:
    """A zone and its file."""

    def __init__(self, zone: Zone, files: PowercapMachine) -> None:
        self.zone = zone
        folder = (
            files.mmio("0", zone.name) if zone.mmio else files.zone(zone.key, zone.name, range_uj=zone.range_uj)
        ).resolve()
        self._path, self._away = folder / "energy_uj", folder / "away"
        self.file = _File(self._path)
        self._was = (0o644, True)

    def show(self, now: float) -> None:
        zone = self.zone
        count = round((zone.began + zone.power.joules(now)) * 1e6) % (zone.range_uj + 1)
        self.file.show(f"{count}\n" if zone.text is None else zone.text)
        (mode, there), self._was = self._was, (zone.mode, zone.there)
        if mode != zone.mode:
            self.file.mode(zone.mode)
        if there and not zone.there:
            self._path.rename(self._away)
        elif zone.there and not there:
            self._away.rename(self._path)


class Kept:
    """A store in memory."""

    def __init__(self) -> None:
        self.batch = Batch(run_id="run")

    def write(self, batch: Batch) -> None:
        self.batch.add(batch)

    def close(self) -> None:
        pass


@dataclass(frozen=True, kw_only=True)
class Played:
    """What was reported of a run from *start* to *end* on the machine's clock; the *scenario* tells the truth.

    The recorder *heard* of the end when it was awake.
    """

    scenario: Scenario
    start: float
    end: float
    heard: float
    uses: Mapping[str, DeviceUse]
    readings: Mapping[str, Sequence[Reading]]
    spans: Mapping[str, Span]
    overhead: TrackerOverhead
    missing: Sequence[Missing]
    said: Sequence[str]

    @property
    def seconds(self) -> float:
        """How long the run was."""
        return self.end - self.start

    @property
    def joules(self) -> float:
        """What all devices together are reported to have used."""
        return sum(use.joules for use in self.uses.values())

    def truth(self, uid: str, start: float | None = None, end: float | None = None) -> float:
        """The joules that a device truly used in the run, or between two moments of it."""
        power = self.scenario.power(uid)
        return power.joules(self.end if end is None else end) - power.joules(self.start if start is None else start)


@contextlib.contextmanager
def _unprivileged(folder: Path, wanted: bool) -> Iterator[None]:
    """Root may read what is closed; where that matters, be nobody for a while."""
    if not wanted or os.geteuid() != 0:
        yield
        return
    for path in (folder, *folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def play(
    scenario: Scenario, seconds: float, *, spans: Sequence[tuple[str, float, float]] = (), sink: Sink | None = None
) -> Played:
    """Record a run of *seconds* with *spans* of (name, start, end); *sink* may be a Writer, or anything else."""
    kept = Kept()
    closes = any(isinstance(fault, Fault) and "mode" in fault.shows for fault in scenario.faults)
    closed = closes or any(zone.mode & 0o444 == 0 for zone in scenario.zones)
    with contextlib.ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        machine = Machine(scenario, root)
        stack.callback(machine.close)
        stack.enter_context(_unprivileged(root, closed))
        stack.enter_context(mock.patch("time.time", machine.wall))  # for whoever should ask the wall clock
        found = machine.discover()
        said: list[str] = []
        run = RunInfo(id="run", name="run", started_at=machine.wall())
        recorder = Recorder(
            run,
            found.meters,
            _Both(kept, sink) if sink is not None else kept,
            clock=machine.clock,
            wall=machine.wall() - machine.clock(),
            cpu_time=lambda: 0.0,
            warn=said.append,
        )
        start, end = scenario.start, scenario.start + seconds
        recorder.start(start)
        _run(machine, recorder, _events(spans), end)
        figures = recorder.finish("finished", at=end)
    uses, overhead = protocol.figures_of(figures)
    readings: dict[str, list[Reading]] = {use.device.uid: [] for use in uses}
    for reading in kept.batch.readings:
        readings[reading.device].append(reading)
    return Played(
        scenario=scenario,
        start=start,
        end=end,
        heard=machine.now.now,
        uses={use.device.uid: use for use in uses},
        readings=readings,
        spans={span.name: span for span in kept.batch.spans},
        overhead=overhead,
        missing=list(found.missing),
        said=said,
    )


class _Both:
    """A store in memory and another one."""

    def __init__(self, kept: Kept, sink: Sink) -> None:
        self._kept, self._sink = kept, sink

    def write(self, batch: Batch) -> None:
        self._sink.write(batch)
        self._kept.write(batch)

    def close(self) -> None:
        self._sink.close()


def _events(spans: Sequence[tuple[str, float, float]]) -> "list[OpenEvent | CloseEvent]":
    events: list[OpenEvent | CloseEvent] = []
    for number, (name, start, end) in enumerate(spans):
        events.append({"m": "open", "t": start, "id": number, "name": name})
        events.append({"m": "close", "t": end, "id": number})
    return sorted(events, key=lambda event: event["t"])


def _run(machine: Machine, recorder: Recorder, events: "list[OpenEvent | CloseEvent]", end: float) -> None:
    """Let time pass until *end*, with every tick and every event at its time, or as soon as the recorder is awake."""
    clock = machine.now
    while True:
        due = machine.awake(machine.clock() + max(0.0, recorder.until_due()))
        told = machine.awake(events[0]["t"]) if events else float("inf")
        moment = min(due, told)
        if moment > end:
            break
        clock.now = max(clock.now, moment)
        arrived = [event for event in events if event["t"] <= clock.now]
        del events[: len(arrived)]
        recorder.handle(arrived)
        if recorder.until_due() <= 0:
            recorder.tick()
    clock.now = max(clock.now, machine.awake(end))
    recorder.handle(events)
