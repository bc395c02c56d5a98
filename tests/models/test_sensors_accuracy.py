"""What a range states for a short or a long stretch holds the truth, at whatever moment the stretch begins."""

from greentrack.methods import METHODS, spread
from tests.models.sensors import LENGTHS, table, worst


def test_the_largest_error_of_each_method_is_within_its_range() -> None:
    """Forty stretches of 3, 10 and 60 s each, of two kinds of training."""
    errors = worst()
    assert len(errors) == 4 * len(LENGTHS)
    for (name, length), error in errors.items():
        assert error <= min(spread(METHODS[name], length))


def test_a_longer_stretch_is_read_better() -> None:
    """A minute's error is a fifth of that of 3 s, or less."""
    errors = worst()
    assert all(errors[name, 60.0] < errors[name, 3.0] / 5 for name, _ in errors)


def test_the_table_has_a_line_for_each_method() -> None:
    """What the documents carry: two lines of head, and four of figures."""
    assert len(list(table())) == 6
