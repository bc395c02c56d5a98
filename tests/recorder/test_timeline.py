"""Energy at a moment between two reads."""

from greentrack.model import Energy
from greentrack.recorder.timeline import Timeline, difference, total


def test_a_moment_between_two_reads_has_its_part_by_time() -> None:
    """100 J at second 10 and 200 J at second 20 make 130 J at second 13."""
    timeline = Timeline()
    timeline.add("gpu", 10.0, Energy(joules=100.0, seconds=10.0))
    timeline.add("gpu", 20.0, Energy(joules=200.0, seconds=20.0))
    assert timeline.at(13.0)["gpu"] == Energy(joules=130.0, seconds=13.0)


def test_moments_outside_what_was_read_take_the_nearest_read() -> None:
    """Nothing is invented before the first read or after the last."""
    timeline = Timeline()
    timeline.add("gpu", 10.0, Energy(joules=100.0, seconds=1.0))
    timeline.add("gpu", 11.0, Energy(joules=150.0, seconds=2.0))
    assert timeline.at(0.0)["gpu"].joules == 100.0
    assert timeline.at(99.0)["gpu"].joules == 150.0


def test_old_reads_are_forgotten_but_never_the_last_two() -> None:
    """A slow pace of one read a minute still has two reads to interpolate between."""
    timeline = Timeline()
    for minute in range(10):
        timeline.add("gpu", minute * 60.0, Energy(joules=minute * 60.0, seconds=minute * 60.0))
    assert timeline.at(510.0)["gpu"].joules == 510.0
    assert timeline.at(0.0)["gpu"].joules == 480.0


def test_a_check_that_begins_later_counts_from_where_it_began() -> None:
    """A second method that appears mid-run adds only what it saw."""
    used = difference(Energy(joules=9.0, seconds=3.0, cross_check=4.0), Energy(joules=5.0, seconds=2.0))
    assert used == Energy(joules=4.0, seconds=1.0, cross_check=4.0)


def test_totals_use_the_counter_where_there_is_no_check() -> None:
    """Adding a stretch with a check to one without keeps both methods whole."""
    assert total(Energy(joules=5.0), Energy(joules=4.0, cross_check=6.0)).cross_check == 11.0
