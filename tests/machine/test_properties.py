"""For any power and any fate: what is reported is within its range of the truth, and coverage tells what was missed."""

from itertools import accumulate
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from greentrack.methods import METHODS
from tests.rig.bounds import covered, unwatched
from tests.rig.machine import Played, play
from tests.rig.nvml import ADA, AVERAGE, HOPPER, INSTANT, FakeGpu
from tests.rig.powercap import AMD_RANGE, INTEL_RANGE
from tests.rig.scenario import DENIED, LOST, Fault, Reset, Scenario, Zone
from tests.rig.traces import Steps

SECONDS = 90.0
GARBAGE_J = (0.0, 1e9, 1.8e16)
GARBAGE_TEXT = ("", "-5\n", "nan\n", "what?\n", "99999999999999999999\n")

PLAYS = settings(
    derandomize=True,
    deadline=None,
    max_examples=100,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow],
)


def numbers(least: float, most: float) -> st.SearchStrategy[float]:
    """Numbers with few digits: they read well where a test fails."""
    return st.integers(round(least * 100), round(most * 100)).map(lambda number: number / 100)


def traces(most_watts: float, shortest: float, least_watts: float = 0.0) -> st.SearchStrategy[Steps]:
    """Any steps of power, none shorter than *shortest* seconds."""
    step = st.tuples(numbers(shortest, shortest + 20), numbers(least_watts, most_watts))
    return st.lists(step, min_size=1, max_size=12).map(lambda steps: Steps(tuple(steps)))


def windows(most: int, longest: float) -> st.SearchStrategy[list[tuple[float, float]]]:
    """Stretches of the run, apart from each other and after its first read."""
    gap = st.tuples(numbers(0.5, SECONDS), numbers(0.01, longest))

    def in_turn(gaps: list[tuple[float, float]]) -> list[tuple[float, float]]:
        ends = list(accumulate(gap + length for gap, length in gaps))
        return [(end - length, end) for end, (_, length) in zip(ends, gaps, strict=True)]

    return st.lists(gap, max_size=most).map(in_turn)


late = windows(6, longest=10.0)


@st.composite
def gpu_faults(draw: st.DrawFn, uid: str) -> list[Fault | Reset]:
    """A GPU that is lost and found, may not be read, forgets its count, tells it no more, or shows nonsense for once.

    Nonsense that stays the same for long is a counter that stands still: see the scenarios.
    """
    kinds: list[dict[str, Any]] = [{"error": LOST}, {"error": DENIED}, {"fields": {AVERAGE}}]
    faults: list[Fault | Reset] = []
    for start, end in draw(windows(3, longest=20.0)):
        faults.append(Fault(device=uid, at=start, until=end, shows=draw(st.sampled_from(kinds))))
    for start, end in draw(windows(1, longest=0.9)):
        faults.append(Fault(device=uid, at=start, until=end, shows={"garbage": draw(st.sampled_from(GARBAGE_J))}))
    if draw(st.booleans()):
        faults.append(Reset(device=uid, at=draw(numbers(1, SECONDS))))
    return faults


@st.composite
def zone_faults(draw: st.DrawFn, key: str) -> list[Fault | Reset]:
    """A zone that vanishes, or shows nonsense; a plain 0 only for once."""
    kinds: list[dict[str, Any]] = [{"there": False}, *({"text": text} for text in GARBAGE_TEXT)]
    faults: list[Fault | Reset] = []
    for start, end in draw(windows(3, longest=20.0)):
        shows = draw(st.sampled_from(kinds)) if end - start > 0.9 else {"text": "0\n"}
        faults.append(Fault(device=key, at=start, until=end, shows=shows))
    return faults


def check_bookkeeping(played: Played) -> None:
    """What must hold of any run: nothing negative, totals are the sums of the readings, spans lie within the whole."""
    for uid, use in played.uses.items():
        readings = played.readings[uid]
        assert all(reading.joules >= 0 and reading.seconds >= 0 for reading in readings)
        assert all((reading.cross_check or 0.0) >= 0 for reading in readings)
        assert use.energy.joules == pytest.approx(sum(reading.joules for reading in readings), abs=1e-6)
        assert use.energy.seconds == pytest.approx(sum(reading.seconds for reading in readings), abs=1e-6)
        if use.energy.cross_check is not None:
            assert use.energy.cross_check == pytest.approx(
                sum(reading.cross_check or 0.0 for reading in readings), abs=1e-6
            )
        assert use.energy.seconds <= played.scenario.start + played.seconds + 10.0  # of a pause across the end
        for span in played.spans.values():
            assert -1e-6 <= span.energy[uid].joules <= use.energy.joules + 1e-6
            assert span.energy[uid].seconds <= use.energy.seconds + 1e-6


def check_energy(played: Played, uid: str, edge_s: float, below: float = 0.0, above: float = 0.0) -> None:
    """Held against the truth over the covered time; *edge_s* at the peak may be amiss at either end of each stretch."""
    joules, truth, power = played.uses[uid].joules, covered(played, uid), played.scenario.power(uid)
    assert isinstance(power, Steps)
    # what nothing befell was seen: all but the troubles themselves, and three seconds around each of them and the ends
    troubles = len(played.scenario.faults) + len(played.scenario.pauses)
    seen = played.seconds - unwatched(played, uid, longer_than=0.0) - 3.0 * (troubles + 2)
    assert played.uses[uid].energy.seconds >= seen
    slack = 2 * truth.stretches * edge_s * power.peak + 0.01
    assert truth.least - slack <= joules * (1 + above)
    assert joules * (1 - below) <= truth.most + slack


@PLAYS
@given(st.data())
def test_a_gpu_counter_is_right_wherever_it_could_be_read(data: st.DataObject) -> None:
    """A counter loses nothing but its last update, whatever befalls it."""
    trace, faults = data.draw(traces(700.0, shortest=0.5)), data.draw(gpu_faults("GPU-0"))
    gpu = FakeGpu(uuid="GPU-0", power=trace, architecture=data.draw(st.sampled_from([ADA, HOPPER])), counted=5e7)
    played = play(
        Scenario(gpus=[gpu], faults=faults, pauses=data.draw(late), start=data.draw(numbers(0, 0.3))), SECONDS
    )
    check_bookkeeping(played)
    check_energy(played, "GPU-0", gpu.update)


@PLAYS
@given(st.data())
def test_a_right_counter_is_trusted_under_any_load(data: st.DataObject) -> None:
    """Power that is read agrees with the counter however it goes up and down, and whatever was not read between."""
    trace, architecture = data.draw(traces(700.0, shortest=0.5)), data.draw(st.sampled_from([ADA, HOPPER]))
    gpu = FakeGpu(uuid="GPU-0", power=trace, architecture=architecture, counted=5e7)
    played = play(
        Scenario(
            gpus=[gpu],
            faults=data.draw(gpu_faults("GPU-0")),
            pauses=data.draw(late),
            start=data.draw(numbers(0, 0.3)),
        ),
        SECONDS,
    )
    assert played.uses["GPU-0"].counter_valid


@PLAYS
@given(st.data())
def test_polled_power_is_within_its_range(data: st.DataObject) -> None:
    """Without a counter power is integrated where it was watched; the rest is not billed, and coverage tells it."""
    trace = data.draw(traces(700.0, shortest=3.0, least_watts=1.0))  # 0 is how a driver says that it does not know
    faults = data.draw(gpu_faults("GPU-0"))
    name, architecture, window = data.draw(
        st.sampled_from([("NVIDIA L40S", ADA, 0.1), ("NVIDIA H100", HOPPER, 0.025), ("NVIDIA A100-SXM4", 7, 0.025)])
    )
    gpu = FakeGpu(
        uuid="GPU-0",
        name=name,
        power=trace,
        architecture=architecture,
        window=window,
        fields=data.draw(st.sampled_from([{INSTANT}, {AVERAGE, INSTANT}])),
        energy_call=False,
    )
    played = play(
        Scenario(gpus=[gpu], faults=faults, pauses=data.draw(late), start=data.draw(numbers(0, 0.3))), SECONDS
    )
    check_bookkeeping(played)
    use = played.uses["GPU-0"]
    method = METHODS[use.method]
    lag = 1.0 if use.method == "nvml-average" else 0.1
    check_energy(played, "GPU-0", gpu.update + lag, method.below, method.above)


@PLAYS
@given(st.data())
def test_a_rapl_counter_is_exact_wherever_it_could_be_read(data: st.DataObject) -> None:
    """Wraps, vanished files and nonsense cost a zone nothing that a later read can heal, and never add a joule."""
    trace, faults = data.draw(traces(350.0, shortest=0.5)), data.draw(zone_faults("0"))
    largest = data.draw(st.sampled_from([INTEL_RANGE, AMD_RANGE]))
    zone = Zone(power=trace, range_uj=largest, began=data.draw(numbers(0, 40_000)) + largest / 1e6 - 20_000)
    played = play(Scenario(zones=[zone], faults=faults, pauses=data.draw(late)), SECONDS)
    check_bookkeeping(played)
    check_energy(played, "rapl:package-0", 0.0)


@PLAYS
@given(st.data())
def test_disjoint_spans_never_add_up_to_more_than_the_whole(data: st.DataObject) -> None:
    """Spans between any moments, told late or in time, share the joules: the parts are within the whole."""
    edges = sorted(data.draw(st.lists(numbers(0, SECONDS), min_size=2, max_size=12, unique=True)))
    spans = [(f"span {n}", edges[n], edges[n + 1]) for n in range(len(edges) - 1)]
    name = data.draw(st.sampled_from(["NVIDIA L40S", "NVIDIA GeForce RTX 4090"]))
    counter = FakeGpu(uuid="GPU-0", name=name, power=data.draw(traces(700.0, shortest=0.5)), counted=5e7)
    gauge = FakeGpu(uuid="GPU-1", power=data.draw(traces(700.0, shortest=0.5)), fields={INSTANT}, energy_call=False)
    zone = Zone(power=data.draw(traces(350.0, shortest=0.5)))
    faults = [*data.draw(gpu_faults("GPU-0")), *data.draw(gpu_faults("GPU-1")), *data.draw(zone_faults("0"))]
    scenario = Scenario(gpus=[counter, gauge], zones=[zone], faults=faults, pauses=data.draw(late))
    played = play(scenario, SECONDS, spans=spans)
    check_bookkeeping(played)
    for uid, use in played.uses.items():
        parts = sum(span.energy[uid].joules for span in played.spans.values())
        assert parts <= use.energy.joules + 1e-6


@PLAYS
@given(st.data())
def test_coverage_tells_what_was_missed(data: st.DataObject) -> None:
    """A gauge is not billed for the time in which nobody saw it: the covered seconds are fewer by as many."""
    faults = [
        Fault(device="GPU-0", at=start, until=end, shows={"error": LOST})
        for start, end in data.draw(windows(3, longest=20.0))
    ]
    gpu = FakeGpu(uuid="GPU-0", fields={INSTANT}, energy_call=False)
    played = play(Scenario(gpus=[gpu], faults=faults, pauses=data.draw(late)), SECONDS)
    missed = unwatched(played, "GPU-0", longer_than=0.3)
    assert played.uses["GPU-0"].energy.seconds <= played.seconds - missed + 1e-6
