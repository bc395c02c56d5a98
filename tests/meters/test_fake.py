"""Virtual devices: their specification and their exact energy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.errors import ConfigError
from greentrack.meters.base import Context
from greentrack.meters.fake import FakeMeter, Wave, discover
from tests.rig.nvml import Clock


def test_watts_by_kind() -> None:
    """Each part of the specification is a device of its own, with a uid of its own."""
    clock = Clock()
    meters = discover(Context(spec="gpu=300, gpu=250,cpu=100"), clock).meters
    for meter in meters:
        meter.read(clock.now)
    clock.now += 10
    read = {meter.device.uid: meter.read(clock.now).joules for meter in meters}
    assert read == {"fake:gpu:0": 3000.0, "fake:gpu:1": 2500.0, "fake:cpu:0": 1000.0}
    assert [meter.device.kind for meter in meters] == ["gpu", "gpu", "cpu"]


def test_no_specification_is_one_gpu_of_100_watts() -> None:
    """``fake`` alone is enough to see something."""
    clock = Clock()
    (meter,) = discover(Context(), clock).meters
    meter.read(clock.now)
    clock.now += 3600
    assert meter.read(clock.now).joules == 360_000.0  # 0.1 kWh
    assert meter.method == "fake"


def test_square_wave_is_exact_within_its_period() -> None:
    """100 W for a second, then 300 W for a second: 100 J after one, 250 J after one and a half, 400 J after two."""
    clock = Clock(now=1000.0)
    meter = FakeMeter("x", "gpu", Wave(low=100, high=300, period=2), clock)
    meter.read(clock.now)
    joules = []
    for _ in range(4):
        clock.now += 0.5
        joules.append(meter.read(clock.now).joules)
    assert joules == [50.0, 100.0, 250.0, 400.0]


def test_its_counter_goes_on_between_reads() -> None:
    """A probe that counts beside the reads sees the clock's joules, not those of the last read."""
    clock = Clock(now=1000.0)
    meter = FakeMeter("x", "gpu", 100.0, clock)
    meter.read(clock.now)
    clock.now += 10
    assert meter.count() == 101_000.0


def test_wave_by_specification() -> None:
    """``low~high/period`` is that wave."""
    clock = Clock(now=1000.0)
    (meter,) = discover(Context(spec="gpu=100~700/0.1"), clock).meters
    meter.read(clock.now)
    clock.now += 60
    assert meter.read(clock.now).joules == pytest.approx(60 * 400, rel=1e-9)


@given(
    low=st.floats(0, 1000),
    high=st.floats(0, 1000),
    period=st.floats(0.01, 100),
    start=st.floats(0, 1e5),
    seconds=st.floats(0, 1e4),
)
def test_energy_lies_between_the_wave_s_powers(
    low: float, high: float, period: float, start: float, seconds: float
) -> None:
    """No stretch holds less than the lower or more than the higher power of the wave."""
    wave = Wave(low=low, high=high, period=period)
    joules = wave.joules(start + seconds) - wave.joules(start)
    assert min(low, high) * seconds - 1e-3 <= joules <= max(low, high) * seconds + 1e-3


@pytest.mark.parametrize(
    "spec",
    [
        "gpu",
        "gpu=",
        "gpu=much",
        "gpu=-1",
        "gpu=nan",
        "gpu=inf",
        "gpu=1~2",
        "gpu=1/2",
        "gpu=1~2/0",
        "300",
        "gpu=1,,cpu=1",
    ],
)
def test_a_wrong_specification_is_told_with_an_example(spec: str) -> None:
    """The message names the part and shows how it is written."""
    with pytest.raises(ConfigError, match="for example gpu=300"):
        discover(Context(spec=spec), Clock())


def test_an_unknown_kind_is_told_with_the_nearest() -> None:
    """A typing error finds its correction."""
    with pytest.raises(ConfigError, match="did you mean gpu"):
        discover(Context(spec="gpuu=300"), Clock())
