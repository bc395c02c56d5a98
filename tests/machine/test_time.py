"""What time does to a run: clocks that are set, machines that sleep, recorders that get no time."""

import pytest

from tests.rig.machine import play
from tests.rig.nvml import INSTANT, FakeGpu
from tests.rig.scenario import WALL, Scenario, Zone
from tests.rig.traces import Steps, constant

COUNTED = FakeGpu(uuid="GPU-0", power=constant(300.0))
POLLED = FakeGpu(uuid="GPU-1", power=constant(300.0), fields={INSTANT}, energy_call=False)


def test_a_step_of_the_wall_clock_changes_nothing() -> None:
    """An hour back and a day forth in mid-run: the same readings at the same times."""
    steady = play(Scenario(gpus=[COUNTED, POLLED], zones=[Zone()]), 60)
    stepped = play(Scenario(gpus=[COUNTED, POLLED], zones=[Zone()], wall_steps=[(20, -3600), (40, 86_400)]), 60)
    assert stepped.readings == steady.readings
    assert [round(reading.at - WALL) for reading in stepped.readings["GPU-0"]] == list(range(1, 61))


def test_a_suspended_machine_bills_counters_and_not_gauges() -> None:
    """An hour asleep: the counter tells what that cost (9 kJ more), the gauge tells 60 of 3,660 s."""
    power = Steps(((30.0, 300.0), (3600.0, 2.5), (30.0, 300.0)))
    gpus = [FakeGpu(uuid="GPU-0", power=power), FakeGpu(uuid="GPU-1", power=power, fields={INSTANT}, energy_call=False)]
    played = play(Scenario(gpus=gpus, zones=[Zone(power=power)], pauses=[(30.05, 3630.0)]), 3660)
    assert played.uses["GPU-0"].joules == pytest.approx(27_000, abs=100)
    assert played.uses["GPU-1"].joules == pytest.approx(18_000, abs=100)
    assert played.uses["GPU-1"].energy.seconds == pytest.approx(60, abs=0.5)
    assert played.overhead.late > 0


def test_a_zone_that_may_have_wrapped_in_a_sleep_is_not_guessed_at() -> None:
    """262 kJ at 1 kW are 4.4 minutes: after an hour nobody knows how often it wrapped, and coverage says so."""
    played = play(Scenario(zones=[Zone(power=constant(100))], pauses=[(30.05, 3630.0)]), 3660)
    use = played.uses["rapl:package-0"]
    assert use.energy.seconds == pytest.approx(60, abs=1)
    assert use.joules == pytest.approx(100 * use.energy.seconds)


def test_a_starved_recorder_counts_all_and_says_that_it_was_late() -> None:
    """Seven seconds without a tick cost a counter nothing, and a span that was told late is still exact."""
    played = play(Scenario(zones=[Zone(power=constant(100))], pauses=[(20.5, 27.5)]), 60, spans=[("late", 22.0, 26.0)])
    assert played.uses["rapl:package-0"].joules == pytest.approx(6000)
    assert played.spans["late"].energy["rapl:package-0"].joules == pytest.approx(400, abs=0.1)
    assert played.overhead.late >= 1


def test_hours_pass_without_drift() -> None:
    """Six hours at 300 W are 1.8 kWh to the last update, in a reading for each second of them."""
    played = play(Scenario(gpus=[COUNTED], zones=[Zone()]), 6 * 3600)
    assert played.uses["GPU-0"].joules == pytest.approx(1.8 * 3.6e6, abs=30)
    assert played.uses["GPU-0"].energy.seconds == pytest.approx(21_600)
    assert len(played.readings["GPU-0"]) == 21_600
