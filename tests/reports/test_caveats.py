"""The words for the facts that a summary holds: every caveat, assumption and kind of waste has its own."""

from typing import get_args

import pytest

from greentrack.carbon.base import NotHourly
from greentrack.costing import waste as costing_waste
from greentrack.costing.assumptions import Assumption, Ends, Quantity, Spread
from greentrack.costing.caveats import Caveat, Fact, ShortSpan
from greentrack.quantity import Figure
from greentrack.reports import assumptions, caveats, waste


def test_every_fact_quantity_and_waste_has_its_words() -> None:
    """None is missing, and no word is for nothing."""
    assert set(caveats.WORDS) == set(get_args(Fact))
    assert set(assumptions.NAMES) == set(get_args(Quantity))
    assert set(waste.WORDS) == set(get_args(costing_waste.Kind))


def test_short_spans_are_named_up_to_three() -> None:
    """The fourth is counted."""
    spans = tuple(ShortSpan(name, 0.5, 0.1) for name in "abcd")
    text = caveats.text(Caveat("short spans", spans))
    assert "c (500 ms: ±10%) and 1 more" in text
    assert "d (" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (230.0, 230.0),
        (Spread(0.05, 0.06), "-5 % to +6 %"),
        (Ends(0.18, 0.3), "0.18 to 0.3"),
        (Figure(value=1, low=0.6, high=1.5), "1 (0.6 to 1.5)"),
    ],
)
def test_a_value_is_a_number_or_a_text(value: float | Spread | Ends | Figure, text: float | str) -> None:
    """A range is told by its parts of the value or by its ends."""
    stated = assumptions.stated(Assumption("tdp_watts", value, "a data sheet", 2024, ("cpu",)))
    assert stated == ("cpu: rated power, W", text, "a data sheet", 2024)


def test_text_in_a_fact_is_no_template() -> None:
    """A device may be called {0}."""
    assert caveats.text(Caveat("device note", ("{0}", "{1} {}"))) == "{0}: {1} {}"


@pytest.mark.parametrize(
    ("why", "note", "text"),
    [
        (None, "old", "old"),
        (NotHourly("no figure", "a source"), "", "a source has no figure for the hours of this run; YEARLY"),
        (NotHourly("no figure", "a", "b"), "c", "a has no figure for the hours of this run; b; YEARLY; c"),
        (NotHourly("not stored"), "", "carbon by the hour is worked out for stored runs only; YEARLY"),
        (NotHourly("no readings"), "", "no readings tell when the energy was used; YEARLY"),
        (NotHourly("source failed", note="no answer"), "c", "no answer; YEARLY; c"),
    ],
)
def test_why_a_yearly_average_is_used_comes_first(why: NotHourly | None, note: str, text: str) -> None:
    """Then what the source says of its figure."""
    said = text.replace("YEARLY", "the yearly average is used")
    assert caveats.text(Caveat("grid note", ("FR", note, why))) == f"grid intensity of FR: {said}"


@pytest.mark.parametrize(
    ("caveat", "text"),
    [
        (
            Caveat("old grid figure", ("X", 2023, 34)),
            "the grid intensity of X is of 2023, 34 months before this report",
        ),
        (
            Caveat("one part scaled", (3,)),
            "the run is one of 3 parts of a multi-part run; its own energy and work are scaled",
        ),
    ],
)
def test_a_caveat_is_a_sentence_with_its_details(caveat: Caveat, text: str) -> None:
    """To the letter."""
    assert caveats.text(caveat) == text
