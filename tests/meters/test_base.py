"""Counters and gauges: what becomes of wraps, resets, gaps and garbage."""

import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from greentrack.errors import MeterError
from greentrack.meters.base import Context, Counter, Gauge, Meter
from greentrack.meters.fake import FakeMeter, Wave
from greentrack.model import Device, Energy
from tests.rig.nvml import Clock

DEVICE = Device(uid="x", kind="cpu", name="a test's")
GARBAGE = [math.nan, math.inf, -math.inf, -1.0]


class Script(Counter):
    """A counter that says what it is told to; an exception is raised."""

    def __init__(
        self, counts: Sequence[float | MeterError], *, wrap: float | None = None, most: float | None = None
    ) -> None:
        super().__init__(DEVICE)
        self._counts = iter(counts)
        self.wrap, self.max_watts = wrap, most

    def count(self) -> float:
        return _said(next(self._counts))


class Powers(Gauge):
    """A gauge of the power at each moment of a clock."""

    def __init__(self, power: Callable[[float], float], clock: Clock, *, rule: str = "trapezoid") -> None:
        super().__init__(DEVICE)
        self.rule = rule
        self._power, self._clock = power, clock

    def power(self) -> float:
        return self._power(self._clock())


def _said(value: float | MeterError) -> float:
    if isinstance(value, MeterError):
        raise value
    return value


def each_second(meter: Meter, reads: int, every: float = 1.0) -> list[Energy | None]:
    """What *meter* says at 0, 1, 2 … seconds; None where it fails."""
    said: list[Energy | None] = []
    for tick in range(reads):
        try:
            said.append(meter.read(tick * every))
        except MeterError:
            said.append(None)
    return said


def joules(said: Sequence[Energy | None]) -> list[float | None]:
    """Their joules."""
    return [None if energy is None else energy.joules for energy in said]


def test_a_counter_starts_at_nothing() -> None:
    """What it counted before is not the run's."""
    assert each_second(Script([5000.0, 5100.0, 5300.0]), 3) == [
        Energy(),
        Energy(joules=100.0, seconds=1.0),
        Energy(joules=300.0, seconds=2.0),
    ]


@given(start=st.integers(0, 99), steps=st.lists(st.integers(0, 99), max_size=50))
def test_a_wrap_is_counted_through(start: int, steps: list[int]) -> None:
    """A counter that begins again at 100 J gives the same sum as one without an end."""
    counts, total = [float(start)], start
    for step in steps:
        total += step
        counts.append(float(total % 100))
    assert joules(each_second(Script(counts, wrap=100.0, most=99.0), len(counts)))[-1] == sum(steps)


@pytest.mark.parametrize("counts", [[98.0, 99.0, 1.0, 2.0], [95.0, 98.0, 99.0, 99.0], [99.0, 0.0, 1.0, 3.0]])
def test_a_wrap_just_before_and_just_after_a_read(counts: list[float]) -> None:
    """Four joules, wherever among the reads the wrap falls."""
    assert joules(each_second(Script(counts, wrap=100.0), 4))[-1] == 4.0


def test_a_counter_that_may_have_wrapped_twice_is_not_guessed() -> None:
    """100 J at 10 W last 10 s; after 11 s nobody knows, and coverage falls."""
    meter = Script([0.0, 10.0, 20.0, 30.0], wrap=100.0, most=10.0)
    meter.read(0)
    meter.read(1)
    assert meter.read(12) == Energy(joules=10.0, seconds=1.0)
    assert meter.read(13) == Energy(joules=20.0, seconds=2.0)


@given(
    steps=st.lists(st.integers(0, 300), min_size=3, max_size=30),
    trouble=st.dictionaries(st.integers(1, 28), st.sampled_from([*GARBAGE, None]), max_size=10),
    wrap=st.sampled_from([None, 262_144.0]),
)
def test_a_failed_read_costs_nothing(steps: list[int], trouble: dict[int, float | None], wrap: float | None) -> None:
    """Reads that fail or say nonsense add nothing, and the next good one spans them: the sum is the same."""
    counts: list[float | MeterError] = [1000.0]
    for tick in range(1, len(steps) + 1):
        total = 1000.0 + sum(steps[:tick])
        bad = trouble.get(tick, total) if tick < len(steps) else total
        counts.append(MeterError("not now") if bad is None else bad)
    meter = Script(counts, wrap=wrap, most=300.0)
    said = each_second(meter, len(counts))
    assert said[-1] == Energy(joules=sum(steps), seconds=len(steps))
    assert meter.failures == said.count(None)


@pytest.mark.parametrize("garbage", [0.0, 2.0**64, 1e6])
def test_one_misread_count_of_a_wrapping_counter_adds_nothing(garbage: float) -> None:
    """A read of 0 mid-run is no wrap: it would need more power than there is. Others make 263 kJ of this."""
    counts = [5000.0, 5100.0, garbage, 5300.0, 5400.0]
    assert joules(each_second(Script(counts, wrap=262_144.0, most=300.0), 5)) == [0.0, 100.0, None, 300.0, 400.0]


@pytest.mark.parametrize("garbage", [0.0, 2.0**64, 1e6])
def test_one_misread_count_of_a_counter_without_a_wrap_adds_nothing(garbage: float) -> None:
    """At worst the intervals beside it are not covered."""
    said = each_second(Script([5000.0, 5100.0, garbage, 5300.0, 5400.0, 5500.0], most=300.0), 6)
    last = said[-1]
    assert last is not None
    assert 300.0 <= last.joules <= 500.0
    assert last.joules == 100.0 * last.seconds


def test_a_reset_starts_a_new_segment() -> None:
    """A driver reload mid-run: what was counted stays, one interval is not covered."""
    said = each_second(Script([5000.0, 5100.0, 30.0, 130.0]), 4)
    assert said[-1] == Energy(joules=200.0, seconds=2.0)


def test_a_counter_that_was_set_anew_goes_on_from_there() -> None:
    """The first read that steps too far is refused; the second, in line with it, shows that it was no misreading."""
    said = each_second(Script([0.0, 100.0, 9e6, 9e6 + 100, 9e6 + 200], most=300.0), 5)
    assert joules(said) == [0.0, 100.0, None, 200.0, 300.0]
    assert said[-1] == Energy(joules=300.0, seconds=3.0)


def test_a_refused_count_is_forgotten_after_a_reset() -> None:
    """What was refused before a reset does not vouch for a misreading after it."""
    said = each_second(Script([500.0, 600.0, 9000.0, 0.0, 9100.0, 100.0, 200.0], most=300.0), 7)
    assert joules(said) == [0.0, 100.0, None, 100.0, None, 200.0, 300.0]


@example(gaps=[0.65, 0.65, 0.6, 0.06], low=0.0, high=700.0, min_gap=0.62)  # foreseen at 700 W, and then there was none
@given(
    gaps=st.lists(st.floats(0.01, 3.0), min_size=1, max_size=60),
    low=st.floats(0, 300),
    high=st.floats(300, 700),
    min_gap=st.floats(0, 2),
)
def test_a_sensor_that_must_not_be_hurried(gaps: list[float], low: float, high: float, min_gap: float) -> None:
    """Between its reads the total goes on at its last power; it never goes down, and ends at the truth."""
    clock = Clock(now=0.0)
    meter = FakeMeter("x", "gpu", Wave(low=low, high=high, period=1.3), clock)
    meter.min_gap = min_gap
    last = meter.read(0.0)
    for gap in gaps:
        clock.now += gap
        energy = meter.read(clock.now)
        assert energy.joules >= last.joules
        assert energy.seconds >= last.seconds
        last = energy
    clock.now += min_gap * high / max(low, 1.0) + 3.0  # time enough for the truth to catch up with what was foreseen
    end = meter.read(clock.now)
    assert end.seconds == pytest.approx(clock.now)
    if low > 1:
        assert end.joules == pytest.approx(Wave(low=low, high=high, period=1.3).joules(clock.now))


def test_a_device_whose_power_is_not_known_yet_is_not_seen_at_none() -> None:
    """A run shorter than a sensor's shortest interval has not used 0 J in the time; nobody knows what it used."""
    meter = Script([0.0, 100.0])
    meter.min_gap = 0.5
    assert [meter.read(0.0), meter.read(0.4)] == [Energy(), Energy()]
    assert meter.read(1.0) == Energy(joules=100.0, seconds=1.0)


def test_a_counter_with_1_ms_updates_is_right_within_a_thousandth() -> None:
    """20 s of a wave between 100 and 700 W, read at odd moments: 8 kJ within 8 J."""
    clock = Clock(now=0.0)
    wave = Wave(low=100, high=700, period=0.73)

    class Stepped(Counter):
        """A counter whose figure moves once a millisecond, by whole 61 uJ, as RAPL's does."""

        def count(self) -> float:
            return wave.joules(clock() // 0.001 * 0.001) // 61e-6 * 61e-6

    meter = Stepped(DEVICE)
    for tick in range(21):
        clock.now = tick + 0.0003 * (tick % 7)
        energy = meter.read(clock.now)
    assert energy.joules == pytest.approx(wave.joules(clock.now), rel=0.001)


def test_eight_gpus_and_two_packages_are_summed_exactly() -> None:
    """8 x 300 W and 2 x 150 W over 20 s are 54 kJ."""
    clock = Clock(now=0.0)
    meters = [FakeMeter(f"gpu:{n}", "gpu", 300, clock) for n in range(8)]
    meters += [FakeMeter(f"cpu:{n}", "cpu", 150, clock) for n in range(2)]
    for tick in range(21):
        clock.now = float(tick)
        energies = [meter.read(clock.now) for meter in meters]
    assert sum(energy.joules for energy in energies) == 54_000.0


@pytest.mark.parametrize("rule", ["trapezoid", "backward"])
@given(watts=st.integers(0, 1000), seconds=st.integers(1, 120))
def test_constant_power_is_power_times_time(rule: str, watts: int, seconds: int) -> None:
    """250 W for 60 s are 15 kJ, by either rule; others get 0."""
    clock = Clock(now=0.0)
    meter = Powers(lambda _: watts, clock, rule=rule)
    for tick in range(seconds * 8 + 1):
        clock.now = tick / 8
        energy = meter.read(clock.now)
    assert (energy.joules, energy.seconds) == (watts * seconds, seconds)


@pytest.mark.parametrize("period", [0.73, 1.73, 7.37])
def test_a_sparse_sensor_on_a_square_wave(period: float) -> None:
    """A sensor that sees 25 ms of every 100 ms, polled at 10 Hz for 60 s: within 2 % of 24 kJ."""
    wave, clock = Wave(low=100, high=700, period=period), Clock(now=0.0)

    def sensor(at: float) -> float:
        updated = at // 0.1 * 0.1
        return (wave.joules(updated) - wave.joules(updated - 0.025)) / 0.025

    meter = Powers(sensor, clock)
    for tick in range(601):
        clock.now = 1.03 + tick / 10
        energy = meter.read(clock.now)
    assert energy.joules == pytest.approx(60 * 400, rel=0.02)


def test_a_rule_bills_what_it_says() -> None:
    """100 W and then 300 W, 0.1 s apart: 20 J by the mean of both, 30 J by the later alone."""
    for rule, expected in (("trapezoid", 20.0), ("backward", 30.0)):
        clock = Clock(now=0.0)
        meter = Powers(lambda at: 100.0 if at == 0 else 300.0, clock, rule=rule)
        meter.read(clock.now)
        clock.now = 0.1
        assert meter.read(clock.now).joules == pytest.approx(expected)


def test_a_gauge_does_not_bill_a_gap() -> None:
    """An hour of suspend between two reads is not covered and costs nothing."""
    clock = Clock(now=0.0)
    meter = Powers(lambda _: 100.0, clock)
    for at in (0.0, 0.125, 3600.125, 3600.25):
        clock.now = at
        energy = meter.read(at)
    assert energy == Energy(joules=25.0, seconds=0.25)


@pytest.mark.parametrize("garbage", [*GARBAGE, 2.0**64])
def test_a_gauge_refuses_what_no_device_draws(garbage: float) -> None:
    """One nonsense value is skipped, and the next spans it."""
    clock = Clock(now=0.0)
    meter = Powers(lambda at: garbage if at == 0.125 else 100.0, clock)
    meter.max_watts = 1000.0
    meter.read(clock.now)
    clock.now = 0.125
    with pytest.raises(MeterError, match="not counted"):
        meter.read(clock.now)
    clock.now = 0.25
    assert meter.read(clock.now) == Energy(joules=25.0, seconds=0.25)
    assert meter.failures == 1


def test_what_earlier_vendors_cover() -> None:
    """A module's power that includes the CPU is a CPU that is measured."""
    meter = FakeMeter("x", "gpu", 1)
    assert Context(found=[meter]).has("gpu")
    assert not Context(found=[meter]).has("cpu")
    meter.device = Device(uid="x", kind="gpu", name="", details={"covers": ("cpu",)})
    assert Context(found=[meter]).has("cpu")
