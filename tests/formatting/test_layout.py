"""Lines of plain text: nothing is wider than asked, and names are told apart by their ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.formatting.layout import clipped, display_width, labelled, short, wrapped

wide = st.text(st.sampled_from("ab 日本語한글😀é-"), max_size=60)


@given(wide, st.integers(10, 80))
def test_no_line_takes_more_columns_than_it_has(text: str, width: int) -> None:
    """Whatever the letters; and none of them is lost."""
    lines = wrapped(text, width, "- ", "  ")
    assert all(display_width(line) <= width for line in lines)
    assert "".join(line[2:] for line in lines).replace(" ", "") == text.replace(" ", "")


@given(wide, st.integers(10, 40))
def test_what_is_clipped_fits_and_keeps_both_ends(text: str, width: int) -> None:
    """A name that fits is not touched."""
    made = clipped(text, width)
    assert display_width(made) <= width
    assert (made == text) is (display_width(text) <= width)
    if made != text:
        begin, _, end = made.partition("…")
        assert text.startswith(begin)
        assert text.endswith(end)
        assert display_width(begin) >= 2
        assert display_width(end) >= 2


def test_names_that_differ_at_their_end_differ_in_a_table() -> None:
    """Seeds are at the end of names."""
    names = [f"resnet18-cifar10-augmented-lr0.001-seed{seed}" for seed in (1, 2)]
    assert len({short(name) for name in names}) == 2


@pytest.mark.parametrize("text", ["학습 한국어 이름 " * 20, "😀" * 100, "e\u0301" * 100])
def test_a_labelled_figure_is_wrapped_by_what_is_seen(text: str) -> None:
    """Wide letters take two columns, and accents that are letters of their own none."""
    assert max(display_width(line) for line in labelled([("work", text, "")], 40)) <= 40


def test_a_label_is_written_once() -> None:
    """Three things that a run is as much as are one label's."""
    lines = list(labelled([("as much as", "a", ""), ("as much as", "b", ""), ("work", "c", "")], 40))
    assert [line[:12].strip() for line in lines] == ["as much as", "", "work"]
