"""What was used before a recorder died, from any moment on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.model import Energy, Reading
from greentrack.recorder.replay import Replay


def read(at: float, joules: float, check: float | None = None, device: str = "gpu:0") -> Reading:
    """A reading of one second."""
    return Reading(device=device, at=at, seconds=1.0, joules=joules, cross_check=check)


def test_a_reading_around_the_moment_counts_in_proportion_to_time() -> None:
    """A quarter of the second with 100 J was after it, and all of the next with 200 J: 225 J in 1.25 s."""
    replay = Replay([[read(1.0, 50.0), read(2.0, 100.0), read(3.0, 200.0)]])
    assert replay.since(1.75) == {"gpu:0": Energy(joules=225.0, seconds=1.25, cross_check=225.0)}


def test_from_the_last_reading_on_nothing_was_used() -> None:
    """What nobody saw is not made up."""
    assert Replay([[read(1.0, 50.0)]]).since(1.0) == {"gpu:0": Energy()}
    assert Replay([]).since(0.0) == {}


def test_a_gauge_that_was_not_read_all_the_time_bills_what_it_saw() -> None:
    """Two readings of a second each, 10 s apart: from the middle of the gap it is the second one alone."""
    assert Replay([[read(1.0, 50.0), read(11.0, 100.0)]]).since(6.0)["gpu:0"].joules == 100.0


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.floats(-1, 31))
def test_what_was_used_after_a_moment_is_never_more_than_all(joules: list[float], moment: float) -> None:
    """And all of it where the moment is before the first reading."""
    replay = Replay([[read(1.0 + at, each) for at, each in enumerate(joules)]])
    used = replay.since(moment)["gpu:0"].joules
    assert -1e-6 <= used <= sum(joules) * (1 + 1e-9) + 1e-9
    assert replay.since(0.0)["gpu:0"].joules == pytest.approx(sum(joules))


def test_what_counters_stood_at_before_the_next_recorder_lies_below_its_zero() -> None:
    """They begin anew; a device that it did not find, and one that was not there before, are told apart."""
    replay = Replay([[read(2.0, 7.0, check=6.0, device="a")], [read(2.0, 3.0, device="b")]])
    began = {"a": Energy(5.0, 1.0, 4.0), "c": Energy(1.0, 1.0)}
    assert replay.rewind(began, 1.0) == {
        "a": Energy(-2.0, 0.0, -2.0),
        "b": Energy(-3.0, -1.0, -3.0),
        "c": Energy(1.0, 1.0, None),
    }
