"""The truth itself: energy of stepped power, and what part of it some seconds can hold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rig.traces import Steps, waves

POWER = Steps(((2.0, 100.0), (3.0, 200.0), (1.0, 50.0)))


@pytest.mark.parametrize(("at", "joules"), [(-1, -100), (0, 0), (1, 100), (2, 200), (4, 600), (5, 800), (7, 900)])
def test_joules_are_watts_times_seconds_of_every_step(at: float, joules: float) -> None:
    """2 s at 100 W, 3 s at 200 W, and 50 W for ever; before the start the first power holds."""
    assert POWER.joules(at) == joules


def test_some_seconds_hold_between_the_least_and_the_most() -> None:
    """Of 1 s at 100 W, 3 s at 200 W and 1 s at 50 W, two seconds hold 150 to 400 J and all five 750 J."""
    assert (POWER.least(1, 6, 2), POWER.most(1, 6, 2)) == (150, 400)
    assert (POWER.least(1, 6, 5), POWER.most(1, 6, 5)) == (750, 750)


@given(st.floats(-5, 20), st.floats(0, 20), st.floats(0, 1))
def test_any_stretch_lies_between_the_least_and_the_most(start: float, length: float, part: float) -> None:
    """The first seconds of a stretch are some of its seconds."""
    end, middle = start + length, start + part * length
    used = POWER.joules(middle) - POWER.joules(start)
    assert POWER.least(start, end, middle - start) - 1e-6 <= used <= POWER.most(start, end, middle - start) + 1e-6


def test_waves_repeat() -> None:
    """Ten times 1 s at 300 W and 1 s at 100 W are 4 kJ in 20 s."""
    assert waves((1.0, 300.0), (1.0, 100.0), times=10).joules(20) == 4000
