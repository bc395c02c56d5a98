"""NVIDIA GPUs, on boards whose true power is known."""

import ctypes
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greentrack.errors import MeterError
from greentrack.meters.base import Context, Discovery, Meter
from greentrack.meters.fake import Wave
from greentrack.meters.nvidia import discovery
from greentrack.meters.nvidia.meter import CrossCheck, discover
from greentrack.methods import METHODS
from greentrack.model import Energy
from tests.rig.nvml import (
    AMPERE,
    AVERAGE,
    BLACKWELL,
    ENERGY,
    HOPPER,
    INSTANT,
    TURING,
    Clock,
    FakeGpu,
    FakeNvml,
    steady,
)

POWERS = {AVERAGE, INSTANT}


def meters(nvml: FakeNvml, **context: Any) -> list[Meter]:
    """The meters of a machine on which nothing is missing."""
    found = discover(Context(**context), nvml)
    assert not found.missing
    return list(found.meters)


def one(clock: Clock, **gpu: Any) -> Meter:
    """The meter of a machine with one such GPU."""
    (meter,) = meters(FakeNvml(clock, FakeGpu(**gpu)))
    return meter


def watch(meter: Meter, clock: Clock, seconds: float, every: float | None = None) -> None:
    """Read *meter* at its own pace, or at another, for so many seconds."""
    start, step = clock.now, meter.interval if every is None else every
    meter.read(start)
    for tick in range(1, round(seconds / step) + 1):
        clock.now = start + tick * step
        meter.read(clock.now)


def uids(found: Discovery) -> list[str]:
    """The GPUs found, by UUID."""
    return [meter.device.uid for meter in found.meters]


@pytest.fixture
def clock() -> Clock:
    """Time, in the hands of the test."""
    return Clock()


def test_a_counter_counts_watts_times_seconds(clock: Clock) -> None:
    """A minute at 300 W is 18 kJ, by the counter and by its own power."""
    meter = one(clock, power=steady(300))
    watch(meter, clock, 60)
    energy = meter.read(clock.now)
    assert (energy.joules, energy.seconds, energy.cross_check) == pytest.approx((18_000, 60, 18_000))
    assert (meter.method, meter.trusted, meter.note) == ("nvml-counter", True, "")


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


@pytest.mark.parametrize(("gain", "trusted"), [(0.6, False), (0.94, False), (0.97, True), (1.04, True), (1.2, False)])
def test_a_counter_is_held_against_its_power(clock: Clock, gain: float, trusted: bool) -> None:
    """More than 5 % apart for a minute, the power is believed; the note has both figures."""
    meter = one(clock, gain=gain, power=steady(200))
    watch(meter, clock, 61)
    assert meter.trusted is trusted
    assert meter.method == ("nvml-counter" if trusted else "nvml-distrusted")
    if not trusted:
        assert f"{200 * 60 * gain:.0f} J" in meter.note
        assert "12000 J over 60 s" in meter.note
        assert meter.read(clock.now).cross_check == pytest.approx(200 * 61)


def test_a_counter_is_not_judged_within_a_minute(clock: Clock) -> None:
    """59 s are too few to judge by."""
    meter = one(clock, gain=0.5)
    watch(meter, clock, 59)
    assert meter.trusted


def test_a_distrusted_counter_stays_distrusted(clock: Clock) -> None:
    """A counter that behaves again has still been wrong."""
    nvml = FakeNvml(clock, FakeGpu(gain=0.5, power=steady(100)))
    (meter,) = meters(nvml)
    watch(meter, clock, 60)
    nvml.gpus[0].counted -= 0.5 * nvml.gpus[0].power.joules(clock.now)
    nvml.gpus[0].gain = 1.0
    watch(meter, clock, 3600, every=2.0)
    assert (meter.trusted, meter.method) == (False, "nvml-distrusted")


def test_seconds_without_power_are_the_counter_s(clock: Clock) -> None:
    """Where power was not read for a while, the check takes over what the counter says, and judges nothing by it."""
    gpu = FakeGpu(power=steady(100), gain=0.5)
    (meter,) = meters(FakeNvml(clock, gpu))
    watch(meter, clock, 10)
    clock.now += 600
    energy = meter.read(clock.now)
    assert energy.cross_check == pytest.approx(10 * 100 + 600 * 50)
    assert meter.trusted


@settings(deadline=None, max_examples=50)
@given(
    low=st.floats(50, 300),
    high=st.floats(300, 700),
    # none of them is a small fraction or multiple of a second: those are seen at the same few moments for ever
    period=st.sampled_from([0.0537, 0.237, 0.731, 1.37, 2.93, 7.71, 31.4]),
    phase=st.floats(0, 30),
)
def test_a_right_counter_stays_trusted_under_any_load(low: float, high: float, period: float, phase: float) -> None:
    """Instant power at 1 Hz misses what happens between two reads; that is no proof against a counter."""
    clock = Clock(now=1000.0 + phase)
    meter = one(
        clock,
        name="NVIDIA A100-SXM4-80GB",
        architecture=AMPERE,
        window=0.025,
        power=Wave(low=low, high=high, period=period),
    )
    watch(meter, clock, 700)
    assert meter.trusted, meter.note


@pytest.mark.parametrize(("high", "low", "failed"), [(1000.0, 0.0, False), (560.0, 525.0, True)])
def test_instant_samples_that_scatter_prove_less(high: float, low: float, failed: bool) -> None:
    """Ten minutes of some 540 W beside a counter of 500 W: proof if steady, chance if all or nothing."""
    check = CrossCheck(averaged=False)
    for tick in range(601):
        check.step(high if tick * 13 % 24 < 13 else low, Energy(joules=500.0, seconds=1.0))
    assert check.integral == pytest.approx(600 * (high * 13 + low * 11) / 24, rel=0.01)
    assert check.failed() is failed


def test_a_wrong_counter_is_found_by_instant_power_too(clock: Clock) -> None:
    """Without a 1 s average it takes ten minutes."""
    meter = one(clock, name="NVIDIA A100-SXM4-80GB", architecture=AMPERE, window=0.025, gain=0.7)
    watch(meter, clock, 601)
    assert not meter.trusted


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
    """Module power is not held against it."""
    meter = one(
        clock, name="NVIDIA GH200", architecture=HOPPER, fields={ENERGY}, module_fields=POWERS, module_watts=300
    )
    watch(meter, clock, 120)
    assert meter.trusted
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
    assert meter.trusted


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


UNLIKE = ("NVIDIA H100", "NVIDIA T4")


@pytest.mark.parametrize(
    ("context", "chosen"),
    [
        ({}, ["GPU-aa", "GPU-ab", "GPU-cc"]),
        ({"env": {"CUDA_VISIBLE_DEVICES": "2,0"}}, ["GPU-cc", "GPU-aa"]),
        ({"env": {"CUDA_VISIBLE_DEVICES": "GPU-c"}}, ["GPU-cc"]),
        ({"env": {"CUDA_VISIBLE_DEVICES": "2"}, "cuda_uuids": ["ab"]}, ["GPU-ab"]),
        ({"env": {"CUDA_VISIBLE_DEVICES": "2"}, "cuda_uuids": ["GPU-ab"]}, ["GPU-ab"]),
        ({"env": {"CUDA_VISIBLE_DEVICES": "2"}, "gpus": "all"}, ["GPU-aa", "GPU-ab", "GPU-cc"]),
        ({"env": {"CUDA_VISIBLE_DEVICES": "2"}, "gpus": [1]}, ["GPU-ab"]),
        ({"gpus": ["GPU-cc", "0", 0]}, ["GPU-cc", "GPU-aa"]),
        ({"gpus": "0,2"}, ["GPU-aa", "GPU-cc"]),
        ({"gpus": []}, []),
    ],
)
def test_which_gpus(clock: Clock, context: dict[str, Any], chosen: list[str]) -> None:
    """Those that CUDA shows, all, or those asked for."""
    nvml = FakeNvml(clock, *(FakeGpu(uuid=uuid) for uuid in ("GPU-aa", "GPU-ab", "GPU-cc")))
    found = discover(Context(**context), nvml)
    assert (uids(found), list(found.missing)) == (chosen, [])


@pytest.mark.parametrize("value", ["", "-1", "9", "MIG-unknown"])
def test_no_visible_gpu_is_said(clock: Clock, value: str) -> None:
    """A process that sees no GPU is not charged for one, and doctor can tell why."""
    found = discover(Context(env={"CUDA_VISIBLE_DEVICES": value}), FakeNvml(clock, FakeGpu()))
    assert not found.meters
    assert found.missing[0].remedy == "unset CUDA_VISIBLE_DEVICES"


@pytest.mark.parametrize("wanted", [5, "GPU-zz", "GPU-a", "gpu", "MIG-zz"])
def test_a_gpu_that_is_not_there_is_missing(clock: Clock, wanted: int | str) -> None:
    """What was asked for by name and does not exist, or could be two, is told; the others are measured."""
    nvml = FakeNvml(clock, FakeGpu(uuid="GPU-aa"), FakeGpu(uuid="GPU-ab"))
    found = discover(Context(gpus=[wanted, 1]), nvml)
    assert uids(found) == ["GPU-ab"]
    assert str(wanted) in found.missing[0].reason


@pytest.mark.parametrize(("order", "noted"), [("PCI_BUS_ID", False), ("FASTEST_FIRST", True), (None, True)])
def test_indices_among_unlike_gpus_carry_a_note(clock: Clock, order: str | None, noted: bool) -> None:
    """CUDA may number them otherwise than NVML."""
    nvml = FakeNvml(clock, FakeGpu(uuid="GPU-a", name=UNLIKE[0]), FakeGpu(uuid="GPU-b", name=UNLIKE[1]))
    env = {"CUDA_VISIBLE_DEVICES": "1"} | ({"CUDA_DEVICE_ORDER": order} if order else {})
    (meter,) = meters(nvml, env=env)
    assert meter.device.uid == "GPU-b"
    assert ("CUDA_DEVICE_ORDER=PCI_BUS_ID" in meter.note) is noted


@pytest.mark.parametrize(
    "context",
    [{"env": {"CUDA_VISIBLE_DEVICES": "MIG-1"}}, {"gpus": ["MIG-1"]}, {"cuda_uuids": ["1"]}, {"cuda_uuids": ["GPU-1"]}],
)
def test_a_slice_is_read_by_its_whole_gpu(clock: Clock, context: dict[str, Any]) -> None:
    """NVML has no power of a slice: the parent is read, once, the slice's size is said, and is taken for its share."""
    nvml = FakeNvml(clock, FakeGpu(uuid="GPU-a"), FakeGpu(uuid="GPU-b", mig=True), slices={"MIG-1": (1, 2)})
    (meter,) = meters(nvml, **context)
    assert meter.device.uid == "GPU-b"
    assert "2 of 7 slices" in meter.note
    assert meter.device.details["mig"] is True
    assert meter.share([1]) == 2 / 7


@pytest.mark.parametrize(
    ("processes", "utilisation", "share"),
    [
        ([], [], 1.0),
        ([10], [], 1.0),
        ([10, 11], [], 1.0),
        ([10, 99], [(10, 1, 60), (99, 1, 20)], 0.75),
        ([10, 99], [(10, 1, 30), (99, 1, 10), (10, 2, 30), (99, 2, 10)], 0.75),
        ([10, 99], [], None),
        ([10, 99], [(10, 1, 0), (99, 1, 0)], None),
        ([98, 99], [(98, 1, 60)], None),
    ],
)
def test_the_share_of_a_gpu_with_neighbours(
    clock: Clock, processes: list[int], utilisation: list[tuple[int, int, int]], share: float | None
) -> None:
    """All of it when alone, our part of the work beside others, None where NVML cannot tell (other pid namespaces)."""
    meter = one(clock, processes=processes, utilisation=utilisation)
    meter.read(clock.now)
    assert meter.share([10, 11]) == share


def test_the_share_is_asked_each_five_seconds(clock: Clock) -> None:
    """And only of the work since."""
    gpu = FakeGpu(processes=[10, 99], utilisation=[(10, 1, 50), (99, 1, 50)])
    (meter,) = meters(FakeNvml(clock, gpu))
    gpu.calls.clear()
    shares = []
    for tick in range(10):
        meter.read(clock.now)
        shares.append(meter.share([10]))
        if tick == 2:
            gpu.utilisation += [(10, 9, 10), (99, 9, 90)]
        clock.now += 1
    assert shares == [0.5] * 5 + [0.1] * 5
    assert gpu.calls.count("processes") == 2


@pytest.mark.parametrize("fields", [{ENERGY, AVERAGE, INSTANT}, {INSTANT}])
@pytest.mark.parametrize("every", [0.1, 1.0])
def test_how_busy_it_was_is_the_mean_of_a_look_a_second(clock: Clock, fields: set[int], every: float) -> None:
    """3 s at 80 % and one at 0 % are 60 %; asked again at once, the last look still holds."""
    gpu = FakeGpu(busy=80, fields=fields, energy_call=False)
    (meter,) = meters(FakeNvml(clock, gpu))
    gpu.calls.clear()
    assert meter.busy() is None
    watch(meter, clock, 3, every)
    gpu.busy = 0
    for _ in range(round(1 / every)):
        clock.now += every
        meter.read(clock.now)
    assert meter.busy() == pytest.approx(0.6, abs=0.02)
    assert meter.busy() == 0.0
    assert gpu.calls.count("busy") == 5


def test_a_gpu_that_does_not_tell_how_busy_it_is_is_not_asked_again(clock: Clock) -> None:
    """Not supported, or split (MIG): unknown, which is not idle, and its energy is what it is."""
    for gpu in (FakeGpu(busy=None), FakeGpu(mig=True)):
        (meter,) = discover(Context(), FakeNvml(clock, gpu)).meters
        gpu.calls.clear()
        watch(meter, clock, 5)
        assert (meter.busy(), meter.failures, gpu.calls.count("busy")) == (None, 0, 0)
        assert meter.read(clock.now).joules == pytest.approx(1500)


@pytest.mark.parametrize("nonsense", [None, 4e9])
def test_a_look_that_fails_is_unknown(clock: Clock, nonsense: float | None) -> None:
    """An error or nonsense is neither 0 nor 100 %, no failed read, and the next look tells again."""
    gpu = FakeGpu(busy=50)
    (meter,) = meters(FakeNvml(clock, gpu))
    watch(meter, clock, 2)
    told = [meter.busy()]
    for gpu.busy in (nonsense, 50):
        watch(meter, clock, 1)
        clock.now += 1
        meter.read(clock.now)
        told.append(meter.busy())
    assert told == [0.5, None, 0.5]
    assert meter.failures == 0


def test_a_look_tells_nothing_of_the_hour_before_it(clock: Clock) -> None:
    """A machine that slept: the counter spans the gap, and how busy the GPU was in it is not known."""
    meter = one(clock, busy=0)
    watch(meter, clock, 2)
    assert meter.busy() == 0.0
    clock.now += 3600
    meter.read(clock.now)
    assert meter.busy() is None


@pytest.mark.parametrize(
    ("error", "remedy"), [(9, "sudo modprobe nvidia"), (18, "sudo reboot"), (4, "sudo chmod a+rw")]
)
def test_a_driver_that_does_not_answer(clock: Clock, error: int, remedy: str) -> None:
    """Each trouble has its own remedy."""
    nvml = FakeNvml(clock, FakeGpu())
    nvml.init_error = error
    found = discover(Context(), nvml)
    assert not found.meters
    assert found.missing[0].remedy.startswith(remedy)


def test_one_gpu_that_does_not_answer_at_the_start(clock: Clock) -> None:
    """The others are measured, and it is told."""
    found = discover(Context(), FakeNvml(clock, FakeGpu(uuid="GPU-a", error=15), FakeGpu(uuid="GPU-b")))
    assert uids(found) == ["GPU-b"]
    assert "GPU 0 does not answer" in found.missing[0].reason


def test_a_machine_without_gpus(clock: Clock) -> None:
    """A driver without boards is nothing to tell of."""
    assert discover(Context(), FakeNvml(clock)) == Discovery(meters=[], missing=[])


@pytest.mark.skipif(sys.platform == "win32", reason="the library is looked for by pynvml itself")
@pytest.mark.parametrize(("driver", "remedy"), [(False, "install its driver"), (True, "NVIDIA_DRIVER_CAPABILITIES")])
def test_without_the_library_pynvml_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, driver: bool, remedy: str
) -> None:
    """Importing it would cost 30 ms for nothing; a container that lacks only the library is told so."""

    def no_library(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", no_library)
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    if driver:
        (tmp_path / "driver/nvidia").mkdir(parents=True)
    found = discovery.discover(Context(proc=tmp_path))
    assert not found.meters
    assert remedy in found.missing[0].remedy
    assert "pynvml" not in sys.modules


def test_the_stand_in_has_what_pynvml_has() -> None:
    """Names and numbers of the fake are those of the real module."""
    pynvml = pytest.importorskip("pynvml")
    for name in dir(FakeNvml):
        if name.startswith("NVML_"):
            assert getattr(pynvml, name) == getattr(FakeNvml, name), name
        elif name.startswith("nvml"):
            assert callable(getattr(pynvml, name)), name
    assert pynvml.NVMLError(15).value == 15
    assert [pynvml.NVML_VALUE_TYPE_UNSIGNED_INT, pynvml.NVML_VALUE_TYPE_UNSIGNED_LONG_LONG] == [1, 3]
