"""The page of the benchmarks: new figures take the place of the old, and its history only grows."""

from pathlib import Path

import pytest

from tests.benchmarks.document import BEGIN, END, HEADLINES, NOW, PAST, update, with_history
from tests.benchmarks.measure import Row

BY = ("2026-11-22", "0.1.0", "a CPU, 2 CPUs")
ROWS = [
    Row(what="enter, an empty run", must="<= 100 ms", measured="81 ms", reached=True),
    Row(what="an edge of a span (codecarbon: of a task)", must="<= 50 us", measured="109 us, p99 985", reached=False),
]


def test_the_history_keeps_every_line_and_adds_one() -> None:
    """Two measurements on one day are two lines, under one head; a figure that was not measured is an empty cell."""
    once = with_history("", ROWS, BY)
    head, rule, first, second = with_history(f"\n\n{once}\n\n", ROWS[:1], BY).splitlines()
    assert head.count("|") == rule.count("|") == first.count("|") == len(HEADLINES) + 4
    assert "| 81 ms |" in first
    assert "| 109 us |" in first
    assert second == first.replace("109 us", "")


def test_an_older_line_of_fewer_columns_stays_as_it_is() -> None:
    """A column that came later is empty in it."""
    old = "| 2025-01-01 | 0.0.1 | a CPU | 9 ms |"
    assert old in with_history(f"| day |\n|---|\n{old}", ROWS, BY).splitlines()


def test_figures_are_replaced_and_all_else_on_the_page_stays(tmp_path: Path) -> None:
    """What is around the markers is the author's."""
    page = tmp_path / "page.md"
    page.write_text(f"a\n{BEGIN}\nold\n{END}\nb\n{PAST}\n\n{with_history('', ROWS, BY)}\n\n{NOW}\nc")
    update(page, ROWS)
    text = page.read_text()
    assert (text[:2], text[-2:]) == ("a\n", "\nc")
    assert "\nb\n" in text
    assert "old" not in text
    assert text.count("| 109 us |") == 2
    assert "| 109 us, p99 985 |" in text


def test_a_page_without_a_place_is_left_alone(tmp_path: Path) -> None:
    """It says which markers it lacks."""
    page = tmp_path / "page.md"
    page.write_text(f"{BEGIN}{END}")
    with pytest.raises(ValueError, match="history"):
        update(page, ROWS)
    assert page.read_text() == f"{BEGIN}{END}"
