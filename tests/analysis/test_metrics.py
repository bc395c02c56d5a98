"""Metrics: which way is better, their best and last values, and the front of quality against energy."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.analysis.metrics import best, check_logged, higher_is_better, last, pareto
from greentrack.errors import ConfigError, NotFoundError
from greentrack.model import Metric

points = st.lists(st.tuples(st.integers(0, 9).map(float), st.integers(0, 9).map(float)), min_size=1, max_size=9)


def metrics(*values: float) -> list[Metric]:
    return [Metric(name="m", at=float(at), value=value) for at, value in enumerate(values)]


@pytest.mark.parametrize(
    ("name", "higher"),
    [
        ("val_acc", True),
        ("valAccuracy", True),
        ("test/f1", True),
        ("AUC", True),
        ("loss", False),
        ("val_perplexity", False),
        ("error_rate", False),
        ("lr", None),
        ("epoch", None),
        ("glossary", None),
        ("acc_loss", None),
    ],
)
def test_a_metrics_name_tells_which_way_is_better(name: str, higher: bool | None) -> None:
    """By its words; a name that says nothing, or both, is left to the user."""
    assert higher_is_better(name) is higher


def test_what_is_said_counts_more_than_the_name() -> None:
    """And what is neither way is refused."""
    assert higher_is_better("loss", "higher") is True
    with pytest.raises(ConfigError, match="did you mean higher"):
        higher_is_better("loss", "highr")


def test_the_best_and_the_last_leave_out_what_is_no_number() -> None:
    """A loss that became NaN was 0.2 at best and last."""
    values = metrics(0.9, 0.2, 0.3, math.nan)
    assert (best(values, higher=False), best(values, higher=True), last(values)) == (0.2, 0.9, 0.3)
    assert best(metrics(math.nan), higher=True) is None
    assert last([]) is None


def test_the_front_holds_who_is_not_beaten_in_both() -> None:
    """80 J at 0.93 are beaten by 69 J at 0.94; 100 J bought 0.95."""
    assert pareto([(100, 0.95), (69, 0.94), (80, 0.93)], higher_is_better=True) == [0, 1]
    assert pareto([(100, 0.95), (69, 0.94), (80, 0.93)], higher_is_better=False) == [1, 2]


@given(points, st.booleans())
def test_who_is_not_on_the_front_is_beaten_by_one_who_is(placed: list[tuple[float, float]], higher: bool) -> None:
    """And no one on it beats another."""
    front = pareto(placed, higher)
    sign = 1 if higher else -1

    def beats(one: tuple[float, float], other: tuple[float, float]) -> bool:
        return one != other and one[0] <= other[0] and sign * one[1] >= sign * other[1]

    assert front
    assert not any(beats(placed[one], placed[other]) for one in front for other in front)
    for number, point in enumerate(placed):
        assert number in front or any(beats(placed[one], point) for one in front)


def test_a_metric_that_was_not_logged_is_named_with_what_was() -> None:
    """A slip of the finger is seen."""
    with pytest.raises(
        NotFoundError, match=r"the run logged no metric 'val_ac' \(did you mean val_acc\?\); logged: val_acc"
    ):
        check_logged("val_ac", {"val_acc": ()}, "the run logged no metric")
