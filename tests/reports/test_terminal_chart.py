"""Power over time in block characters: it fits, it begins at nothing, and what was not seen is blank."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.reports.terminal_chart import chart, mean_watts
from greentrack.store.downsampling import PowerBin


def steady(watts: float, seconds: int, device: int = 1) -> list[PowerBin]:
    """A draw a second."""
    return [PowerBin(device, at, at + 1.0, 1.0, watts) for at in map(float, range(seconds))]


def test_devices_add_up() -> None:
    """100 W and 50 W for ten seconds are 150 W in each of five columns."""
    watts = mean_watts([*steady(100, 10), *steady(50, 10, device=2)], 0.0, 10.0, 5)
    assert watts == pytest.approx([150.0] * 5)


def test_a_long_reading_is_spread_over_its_columns() -> None:
    """One reading of 100 J in 10 s is 10 W all along."""
    assert mean_watts([PowerBin(1, 0.0, 10.0, 10.0, 100.0)], 0.0, 10.0, 4) == pytest.approx([10.0] * 4)


def test_what_was_not_seen_is_blank_and_not_nothing() -> None:
    """A gap in the middle is None, and a space in the picture; power of 0 W is a line at the bottom."""
    draws = [*steady(100, 4), *(PowerBin(1, at, at + 1.0, 1.0, 0.0) for at in (8.0, 9.0))]
    assert mean_watts(draws, 0.0, 10.0, 5) == pytest.approx([100.0, 100.0, None, None, 0.0])
    *_, lowest, _ = chart(draws, 0.0, 10.0, 5)
    assert lowest.endswith("0 ┤██  ▁")


def test_a_gap_within_a_column_does_not_lower_its_power() -> None:
    """Of 10 s only 5 were seen, with 500 J: 100 W."""
    assert mean_watts([PowerBin(1, 0.0, 10.0, 5.0, 500.0)], 0.0, 10.0, 1) == pytest.approx([100.0])


def test_the_axis_begins_at_nothing_and_ends_at_a_round_number() -> None:
    """A step from 100 to 400 W: the second half reaches the top, the first a quarter of it."""
    lines = list(chart([*steady(100, 4), *(PowerBin(1, at, at + 1.0, 1.0, 400.0) for at in (4, 5, 6, 7))], 0.0, 8.0, 8))
    assert lines[-5:] == [
        "       400 ┤    ████",
        "           ┤    ████",
        "           ┤    ████",
        "         0 ┤████████",
        "            0    8 s",
    ]


@pytest.mark.parametrize("draws", [[], steady(100, 3), steady(0, 10)], ids=["none", "too few", "nothing drawn"])
def test_no_picture_of_nothing(draws: list[PowerBin]) -> None:
    """Too few readings are a number and not a picture."""
    assert not list(chart(draws, 0.0, 10.0, 60))


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(1e-3, 1e4)), min_size=4, max_size=50),
    st.integers(28, 80),
)
def test_it_fits_and_the_energy_is_kept(readings: list[tuple[float, float]], columns: int) -> None:
    """No line is wider than asked, and mean power x time is the energy, where all of the time was seen."""
    draws, at = [], 0.0
    for watts, seconds in readings:
        draws.append(PowerBin(1, at, at + seconds, seconds, watts * seconds))
        at += seconds
    assert all(len(line) <= columns + 12 for line in chart(draws, 0.0, at, columns))
    shown = [each for each in mean_watts(draws, 0.0, at, columns) if each is not None]
    joules = sum(draw.joules for draw in draws)
    assert sum(shown) * at / columns == pytest.approx(joules, rel=1e-6, abs=1e-9)
