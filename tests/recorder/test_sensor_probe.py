"""The self-test's parts, on sensors and clocks whose truth is known."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from greentrack.errors import MeterError
from greentrack.meters.base import Context, Counter, Gauge, Meter
from greentrack.meters.fake import FakeMeter, Wave
from greentrack.meters.nvidia import meter
from greentrack.meters.rapl import discovery as rapl
from greentrack.model import Device
from greentrack.recorder.sensor_probe import self_test, update_periods, watch
from tests.rig.clock import FakeClock
from tests.rig.nvml import ENERGY, Clock, FakeGpu, FakeNvml, steady
from tests.rig.powercap import PowercapMachine


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def boards(*gpus: FakeGpu) -> tuple[list[Meter], Clock, Callable[[float], None]]:
    """Meters of *gpus*, their clock, and what lets time pass on it."""
    clock = Clock()
    found = meter.discover(Context(gpus="all"), FakeNvml(clock, *gpus))

    def pause(seconds: float) -> None:
        clock.now += seconds

    return list(found.meters), clock, pause


@pytest.mark.parametrize("update", [0.02, 0.1, 0.108, 0.5])
def test_a_counters_updates_are_seen(update: float) -> None:
    """The time between two of them comes out within a fifth, or what the reads' own pace allows."""
    (meter,), clock, pause = boards(FakeGpu(update=update))
    seen = update_periods([meter], clock=clock, pause=pause)[meter.device.uid]
    assert seen.update_seconds == pytest.approx(update, rel=0.2)


def test_a_counter_that_moves_at_every_read_is_said_to_perhaps_move_more_often(clock: FakeClock) -> None:
    """A counter that is exact at every moment looks as coarse as it is read: 1 ms."""
    meter = FakeMeter("gpu:0", "gpu", 300.0, clock)
    seen = update_periods([meter], clock=clock, pause=clock.advance)["gpu:0"]
    assert seen.update_seconds == pytest.approx(0.001, rel=0.05)
    assert "more often" in seen.note


def test_a_processors_counter_is_read_no_faster_than_it_allows(tmp_path: Path) -> None:
    """RAPL is read every 5 ms, and 100 ms between updates of its file are seen as such."""
    machine = PowercapMachine(tmp_path)
    machine.processor()
    zone = machine.zone("0", "package-0")
    clock = FakeClock()
    paused: list[float] = []

    def pause(seconds: float) -> None:
        paused.append(seconds)
        clock.advance(seconds)
        machine.count(zone, 50.0 * (clock.now // 0.1 * 0.1))

    (meter,) = rapl.discover(Context(sys=machine.sys, proc=machine.proc)).meters
    seen = update_periods([meter], clock=clock, pause=pause)[meter.device.uid]
    assert seen.update_seconds == pytest.approx(0.1, rel=0.1)
    assert min(paused) >= 0.0049


def test_a_geforce_counter_is_not_probed_and_the_reason_is_said() -> None:
    """It loses joules where it is read faster than each second or so; the whole self-test reads it no faster."""
    gpu = FakeGpu(name="NVIDIA GeForce RTX 4090")
    (meter,), clock, pause = boards(gpu)
    assert isinstance(meter, Counter)
    read_at: list[float] = []
    count = meter.count

    def counted() -> float:
        read_at.append(clock())
        return count()

    meter.count = counted  # type: ignore[method-assign]
    test = self_test([meter], clock=clock, pause=pause)
    assert test.sensors[0].update_seconds is None
    assert "loses joules" in test.sensors[0].note
    assert len(read_at) > 3
    assert min(after - before for before, after in pairwise(read_at)) >= 0.9


class Dumb(Counter):
    """A counter that stands still, or cannot be read."""

    method = "fake"

    def __init__(self, broken: bool) -> None:
        super().__init__(Device(uid="d", kind="gpu", name="d"))
        self.broken = broken

    def count(self) -> float:
        if self.broken:
            raise MeterError("the GPU is lost")
        return 7.0


class Shown(Gauge):
    """A gauge of 100 W."""

    method = "fake"

    def power(self) -> float:
        return 100.0


@pytest.mark.parametrize(
    ("meter", "reason"),
    [
        (Dumb(broken=False), "moved too seldom"),
        (Dumb(broken=True), "the GPU is lost"),
        (Shown(Device(uid="d", kind="gpu", name="d")), "no counter"),
    ],
)
def test_what_cannot_be_seen_is_not_known_and_says_why(meter: Meter, reason: str, clock: FakeClock) -> None:
    """No update period is made up."""
    seen = update_periods([meter], clock=clock, pause=clock.advance)["d"]
    assert seen.update_seconds is None
    assert reason in seen.note


def test_a_counter_that_reads_half_shows_beside_its_power() -> None:
    """6 s at 300 W are 1,800 J by power and 900 J by the counter."""
    (meter,), clock, pause = boards(FakeGpu(power=steady(300.0), gain=0.5))
    (sensor,) = self_test([meter], clock=clock, pause=pause).sensors
    assert sensor.joules == pytest.approx(900, rel=0.05)
    assert sensor.cross_check == pytest.approx(1800, rel=0.05)


def test_windows_of_a_steady_device_agree_and_of_a_pulsing_one_do_not(clock: FakeClock) -> None:
    """Seconds of 100 W and of 700 W by turns differ by 600 of 400 in the mean."""
    meters = [FakeMeter("a", "gpu", 300.0, clock), FakeMeter("b", "gpu", Wave(low=100, high=700, period=2.0), clock)]
    even, pulsing = self_test(meters, clock=clock, pause=clock.advance).sensors
    assert even.spread == pytest.approx(0.0, abs=1e-3)
    assert pulsing.spread == pytest.approx(1.5, rel=0.02)


def test_lateness_is_that_of_the_clock(clock: FakeClock) -> None:
    """Where every pause takes 3 ms longer than asked, readings are 3 ms late; 6 s at 10 Hz are some 60 of them."""
    meter = FakeMeter("a", "gpu", 300.0, clock)
    test = self_test([meter], clock=clock, pause=lambda seconds: clock.advance(seconds + 0.003))
    assert test.late_p50 == pytest.approx(0.003, abs=1e-4)
    assert test.late_p99 == pytest.approx(0.003, abs=1e-3)
    assert test.ticks == pytest.approx(60, abs=2)


def test_models_are_no_sensors(clock: FakeClock) -> None:
    """What only models power is recorded with the rest and not tested."""

    class Modelled(Shown):
        method = "ram-model"

    meters = [Modelled(Device(uid="ram", kind="ram", name="ram")), FakeMeter("a", "gpu", 300.0, clock)]
    assert [sensor.uid for sensor in self_test(meters, clock=clock, pause=clock.advance).sensors] == ["a"]


def test_a_load_that_is_watched_is_recorded_as_a_run(clock: FakeClock) -> None:
    """300 W for 30 s are 9 kJ, seen all the time, and the sensor is let go."""
    meter = FakeMeter("a", "gpu", 300.0, clock)
    seen = watch([meter], 30.0, name="calibrate", clock=clock, pause=clock.advance)
    (use,) = seen.record.devices
    assert (use.joules, use.energy.seconds) == pytest.approx((9000, 30), rel=1e-3)
    assert (seen.record.run.name, seen.record.run.status) == ("calibrate", "finished")
    assert seen.record.run.seconds == pytest.approx(30, rel=1e-3)
    assert sum(reading.joules for reading in seen.readings["a"]) == pytest.approx(9000, rel=1e-3)


def test_a_board_is_closed_after_the_test() -> None:
    """NVML is let go of as often as it was begun."""
    clock = Clock()
    nvml = FakeNvml(clock, FakeGpu(fields={ENERGY}))
    meters = meter.discover(Context(gpus="all"), nvml).meters

    def pause(seconds: float) -> None:
        clock.now += seconds

    self_test(list(meters), clock=clock, pause=pause)
    assert nvml.inits == 0
