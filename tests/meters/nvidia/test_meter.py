"""NVIDIA GPUs, on boards whose true power is known."""

from typing import Any

import pytest

from greentrack.errors import MeterError
from greentrack.meters.base import Context
from greentrack.meters.fake import Wave
from greentrack.meters.nvidia.meter import discover
from greentrack.methods import METHODS
from tests.rig.boards import POWERS, meters, one, watch
from tests.rig.nvml import AMPERE, AVERAGE, BLACKWELL, ENERGY, HOPPER, INSTANT, TURING, Clock, FakeGpu, FakeNvml, steady


def test_a_counter_counts_watts_times_seconds(clock: Clock) -> None:
    """A minute at 300 W is 18 kJ, by the counter and by its own power."""
    meter = one(clock, power=steady(300))
    watch(meter, clock, 60)
    energy = meter.read(clock.now)
    assert (energy.joules, energy.seconds, energy.cross_check) == pytest.approx((18_000, 60, 18_000))
    assert (meter.method, meter.counter_valid, meter.note) == ("nvml-counter", True, "")


def test_two_calls_a_gpu_a_read(clock: Clock) -> None:
    """Energy and both powers come in one batch; NVML has no field for how busy a GPU is, which is a call of its own."""
    gpu = FakeGpu()
    (meter,) = meters(FakeNvml(clock, gpu))
    gpu.calls.clear()
    watch(meter, clock, 5)
    assert gpu.calls == ["fields", "busy"] * 6


def test_eight_gpus_are_summed(clock: Clock) -> None:
    """Eight boards of 100, 200 … 800 W are 3,600 W: an hour's worth of joules in an hour, not the mean of them."""
    boards = [FakeGpu(uuid=f"GPU-{n}", power=steady(100.0 * n)) for n in range(1, 9)]
    found = meters(FakeNvml(clock, *boards))
    for meter in found:
        meter.read(clock.now)
    clock.now += 10
    assert sum(meter.read(clock.now).joules for meter in found) == 36_000


def test_a_device_says_what_it_is(clock: Clock) -> None:
    """Its UUID, name, place, driver and power limit are kept."""
    device = one(clock, uuid="GPU-7", name="NVIDIA L4").device
    assert (device.uid, device.kind, device.name) == ("GPU-7", "gpu", "NVIDIA L4")
    assert device.details["index"] == 0
    assert device.details["pci_bus_id"] == "00000000:3B:00.0"
    assert device.details["driver"] == "570.86.15"
    assert device.details["power_limit_watts"] == 700
    assert device.details["mig"] is False


def test_a_geforce_is_not_read_faster_than_each_second(clock: Clock) -> None:
    """Its counter loses joules when read often; in between its last power goes on."""
    gpu = FakeGpu(name="NVIDIA GeForce RTX 4090", power=steady(400))
    (meter,) = meters(FakeNvml(clock, gpu))
    gpu.calls.clear()
    watch(meter, clock, 10, every=0.125)
    assert gpu.calls.count("fields") <= 11
    assert meter.read(clock.now).joules == pytest.approx(4000, rel=0.02)


def test_a_late_tick_before_does_not_cost_a_geforce_its_read(clock: Clock) -> None:
    """Deadlines a second apart, one met 50 ms late: both are read."""
    gpu = FakeGpu(name="NVIDIA GeForce RTX 4090")
    (meter,) = meters(FakeNvml(clock, gpu))
    gpu.calls.clear()
    for at in (1000.0, 1001.05, 1002.0):
        clock.now = at
        meter.read(at)
    assert gpu.calls.count("fields") == 3


@pytest.mark.parametrize(
    ("gpu", "method", "rule"),
    [
        ({"architecture": TURING, "fields": {INSTANT}}, "nvml-instant", "trapezoid"),
        ({"architecture": AMPERE, "name": "NVIDIA A10", "fields": POWERS}, "nvml-instant", "trapezoid"),
        ({"architecture": AMPERE, "name": "NVIDIA RTX A3000", "fields": POWERS}, "nvml-instant", "trapezoid"),
        ({"architecture": AMPERE, "name": "NVIDIA A100-PCIE-40GB", "fields": {INSTANT}}, "nvml-sparse", "trapezoid"),
        ({"architecture": AMPERE, "name": "NVIDIA A30", "fields": {INSTANT}}, "nvml-sparse", "trapezoid"),
        ({"architecture": HOPPER, "name": "NVIDIA H100", "fields": POWERS}, "nvml-average", "backward"),
        ({"architecture": HOPPER, "name": "NVIDIA H100", "fields": {INSTANT}}, "nvml-sparse", "trapezoid"),
        ({"architecture": BLACKWELL, "name": "NVIDIA B200", "fields": POWERS}, "nvml-average", "backward"),
        ({"architecture": AMPERE, "name": "NVIDIA A10", "fields": set()}, "nvml-average", "backward"),
        ({"architecture": AMPERE, "name": "NVIDIA A100", "fields": set()}, "nvml-sparse", "trapezoid"),
        ({"architecture": TURING, "name": "Tesla T4", "fields": set()}, "nvml-instant", "trapezoid"),
        ({"architecture": None, "name": "Tesla P40", "fields": set()}, "nvml-sparse", "trapezoid"),
    ],
)
def test_without_a_counter_power_is_integrated(clock: Clock, gpu: dict[str, Any], method: str, rule: str) -> None:
    """By the sensor that sees the most of the time, and by the rule that suits it."""
    meter = one(clock, energy_call=False, power=steady(250), **gpu)
    assert (meter.method, getattr(meter, "rule", None), meter.interval) == (method, rule, 0.1)
    assert meter.method in METHODS
    watch(meter, clock, 20)
    assert meter.read(clock.now).joules == pytest.approx(5000)


@pytest.mark.parametrize("period", [0.037, 0.23, 0.73, 1.73, 7.37])
def test_a_sensor_that_sees_a_quarter_of_the_time(clock: Clock, period: float) -> None:
    """25 ms of every 100 ms, over 60 s of a square wave that is not in step with the sensor: within 2 %."""
    meter = one(
        clock,
        name="NVIDIA A100",
        architecture=AMPERE,
        fields={INSTANT},
        energy_call=False,
        window=0.025,
        power=Wave(low=100, high=700, period=period),
    )
    clock.now += 0.03
    watch(meter, clock, 60)
    assert meter.read(clock.now).joules == pytest.approx(60 * 400, rel=0.02)


@pytest.mark.parametrize("fields", [set(), POWERS])
def test_a_counter_known_only_to_the_single_call(clock: Clock, fields: set[int]) -> None:
    """Where the batch does not know the energy, the old call is asked."""
    meter = one(clock, fields=fields, power=steady(100))
    watch(meter, clock, 10)
    assert (meter.method, meter.read(clock.now).joules) == ("nvml-counter", 1000)
    assert meter.read(clock.now).cross_check == pytest.approx(1000)


def test_a_counter_whose_power_is_unknown_is_not_checked(clock: Clock) -> None:
    """It is used, and said."""
    meter = one(clock, fields={ENERGY}, power_call=False, power=steady(100))
    watch(meter, clock, 10)
    energy = meter.read(clock.now)
    assert (energy.joules, energy.cross_check) == (1000, None)
    assert "not checked" in meter.note


def test_neither_energy_nor_power(clock: Clock) -> None:
    """A GPU that tells nothing is missing, not zero."""
    found = discover(Context(), FakeNvml(clock, FakeGpu(fields=set(), energy_call=False, power_call=False)))
    assert not found.meters
    assert "neither energy nor power" in found.missing[0].reason


def test_grace_hopper_module_power_covers_the_cpu(clock: Clock) -> None:
    """Where only the whole module's power is told, the CPU is in it and must not be added again."""
    meter = one(
        clock,
        name="NVIDIA GH200 480GB",
        architecture=HOPPER,
        fields=set(),
        module_fields=POWERS,
        energy_call=False,
        module_watts=120.0,
        power=steady(300),
    )
    assert Context(found=[meter]).has("cpu")
    assert "CPU included" in meter.note
    watch(meter, clock, 10)
    assert meter.read(clock.now).joules == pytest.approx(4200)


def test_a_grace_hopper_counter_is_the_gpu_s_own(clock: Clock) -> None:
    """Module power is not compared with it."""
    meter = one(
        clock, name="NVIDIA GH200", architecture=HOPPER, fields={ENERGY}, module_fields=POWERS, module_watts=300
    )
    watch(meter, clock, 120)
    assert meter.counter_valid
    assert not Context(found=[meter]).has("cpu")


def test_a_reset_starts_a_new_segment(clock: Clock) -> None:
    """After a driver reload the counter starts at 0: what it had is kept, and one interval is not covered."""
    gpu = FakeGpu(power=steady(100))
    (meter,) = meters(FakeNvml(clock, gpu))
    watch(meter, clock, 10)
    gpu.counted = -gpu.power.joules(clock.now)
    for _ in range(10):
        clock.now += 1
        meter.read(clock.now)
    energy = meter.read(clock.now)
    assert (energy.joules, energy.seconds) == (1900, 19)
    assert meter.counter_valid


def test_a_misread_counter_adds_nothing(clock: Clock) -> None:
    """One reading of a million joules too many is refused, and the next good one heals the gap."""
    gpu = FakeGpu(power=steady(100))
    (meter,) = meters(FakeNvml(clock, gpu))
    watch(meter, clock, 10)
    gpu.counted += 1e6
    clock.now += 1
    with pytest.raises(MeterError, match="not counted"):
        meter.read(clock.now)
    gpu.counted -= 1e6
    clock.now += 1
    assert meter.read(clock.now).joules == 1200


@pytest.mark.parametrize("fields", [{ENERGY, AVERAGE, INSTANT}, POWERS])
def test_a_lost_gpu_keeps_what_it_had_and_the_others_go_on(clock: Clock, fields: set[int]) -> None:
    """It fails alone, names the remedy, and counts again when it comes back."""
    lost = FakeGpu(uuid="GPU-lost", power=steady(100), fields=fields, energy_call=False)
    fine = FakeGpu(uuid="GPU-fine", power=steady(200))
    nvml = FakeNvml(clock, lost, fine)
    first, second = meters(nvml)
    watch(first, clock, 10)
    second.read(clock.now)
    lost.error = nvml.NVML_ERROR_GPU_IS_LOST
    clock.now += 1
    with pytest.raises(MeterError, match=r"GPU-lost.*try: sudo reboot") as trouble:
        first.read(clock.now)
    assert isinstance(trouble.value.__cause__, nvml.NVMLError)
    assert second.read(clock.now).joules == 200
    lost.error = 0
    before = first.failures
    for _ in range(20):
        clock.now += first.interval
        energy = first.read(clock.now)
    assert (before, first.failures) == (1, 1)
    assert energy.joules >= 1000 + 100 * 19 * first.interval


def test_a_fork_does_not_end_the_readings(clock: Clock) -> None:
    """In a child NVML is not started and old handles are stale: all GPUs are found again by UUID."""
    nvml = FakeNvml(clock, FakeGpu(uuid="GPU-a", power=steady(100)), FakeGpu(uuid="GPU-b", power=steady(100)))
    found = meters(nvml)
    for meter in found:
        meter.read(clock.now)
    nvml.fork()
    clock.now += 10
    assert [meter.read(clock.now).joules for meter in found] == [1000, 1000]


def test_closing_lets_go_of_nvml(clock: Clock) -> None:
    """As many shutdowns as starts."""
    nvml = FakeNvml(
        clock, FakeGpu(uuid="GPU-a"), FakeGpu(uuid="GPU-b", fields=set(), energy_call=False, power_call=False)
    )
    found = discover(Context(), nvml)
    for meter in found.meters:
        meter.close()
    assert nvml.inits == 0
