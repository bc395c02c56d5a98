"""How busy an NVIDIA GPU is, and whose work it does."""

import pytest

from greentrack.meters.base import Context
from greentrack.meters.nvidia.meter import discover
from tests.rig.boards import meters, one, watch
from tests.rig.nvml import AVERAGE, ENERGY, INSTANT, Clock, FakeGpu, FakeNvml


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
