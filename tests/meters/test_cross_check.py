"""A counter that differs from its own power is found, and a right one is not, on NVIDIA boards of known power."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greentrack.meters.cross_check import CrossCheck
from greentrack.meters.fake import Wave
from greentrack.methods import METHODS
from greentrack.model import Energy
from tests.rig.boards import meters, one, watch
from tests.rig.nvml import AMPERE, Clock, FakeGpu, FakeNvml, steady


@pytest.mark.parametrize(("gain", "valid"), [(0.6, False), (0.94, False), (0.97, True), (1.04, True), (1.2, False)])
def test_a_counter_is_compared_with_its_power(clock: Clock, gain: float, valid: bool) -> None:
    """More than 5 % apart for a minute, the power is believed; the note has both figures."""
    meter = one(clock, gain=gain, power=steady(200))
    watch(meter, clock, 61)
    assert meter.counter_valid is valid
    assert meter.method == ("nvml-counter" if valid else METHODS["nvml-counter"].if_invalid)
    assert METHODS["nvml-counter"].if_invalid == "nvml-distrusted"
    if not valid:
        assert f"{200 * 60 * gain:.0f} J" in meter.note
        assert "12000 J over 60 s" in meter.note
        assert meter.read(clock.now).cross_check == pytest.approx(200 * 61)


def test_a_counter_is_not_judged_within_a_minute(clock: Clock) -> None:
    """59 s are too few to judge by."""
    meter = one(clock, gain=0.5)
    watch(meter, clock, 59)
    assert meter.counter_valid


def test_a_distrusted_counter_stays_distrusted(clock: Clock) -> None:
    """A counter that behaves again has still been wrong."""
    nvml = FakeNvml(clock, FakeGpu(gain=0.5, power=steady(100)))
    (meter,) = meters(nvml)
    watch(meter, clock, 60)
    nvml.gpus[0].counted -= 0.5 * nvml.gpus[0].power.joules(clock.now)
    nvml.gpus[0].gain = 1.0
    watch(meter, clock, 3600, every=2.0)
    assert (meter.counter_valid, meter.method) == (False, "nvml-distrusted")


def test_seconds_without_power_are_the_counter_s(clock: Clock) -> None:
    """Where power was not read for a while, the check takes over what the counter says, and judges nothing by it."""
    gpu = FakeGpu(power=steady(100), gain=0.5)
    (meter,) = meters(FakeNvml(clock, gpu))
    watch(meter, clock, 10)
    clock.now += 600
    energy = meter.read(clock.now)
    assert energy.cross_check == pytest.approx(10 * 100 + 600 * 50)
    assert meter.counter_valid


@settings(deadline=None, max_examples=50)
@given(
    low=st.floats(50, 300),
    high=st.floats(300, 700),
    # none of them is a small fraction or multiple of a second: those are seen at the same few moments for ever
    period=st.sampled_from([0.0537, 0.237, 0.731, 1.37, 2.93, 7.71, 31.4]),
    phase=st.floats(0, 30),
)
def test_a_right_counter_stays_valid_under_any_load(low: float, high: float, period: float, phase: float) -> None:
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
    assert meter.counter_valid, meter.note


@pytest.mark.parametrize(("high", "low", "failed"), [(1000.0, 0.0, False), (560.0, 525.0, True)])
def test_instant_samples_that_scatter_prove_less(high: float, low: float, failed: bool) -> None:
    """Ten minutes of some 540 W beside a counter of 500 W: proof if steady, chance if all or nothing."""
    check = CrossCheck(average_s=None, update_s=0.1)
    for tick in range(601):
        check.step(high if tick * 13 % 24 < 13 else low, Energy(joules=500.0, seconds=1.0))
    assert check.integral == pytest.approx(600 * (high * 13 + low * 11) / 24, rel=0.01)
    assert check.failed() is failed


def test_a_wrong_counter_is_found_by_instant_power_too(clock: Clock) -> None:
    """Without a 1 s average it takes ten minutes."""
    meter = one(clock, name="NVIDIA A100-SXM4-80GB", architecture=AMPERE, window=0.025, gain=0.7)
    watch(meter, clock, 601)
    assert not meter.counter_valid
