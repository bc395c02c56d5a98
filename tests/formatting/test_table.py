"""Tables: columns are aligned whatever the letters, and without room there are fewer of them, never half a number."""

from hypothesis import given
from hypothesis import strategies as st

from greentrack.formatting.layout import display_width
from greentrack.formatting.table import MIN_WIDTH, GiveWay, Table, fitted, lines, width_of

letters = st.text(st.sampled_from("ab 日本語😀é\u0301\n\x1b"), max_size=30)
RUNS = Table(
    ("name", "project", "started", "J"),
    (("a-rather-long-name", "demo", "2026-11-28 10:00", "1,234"), ("b", "", "2026-11-27 09:30", "5")),
    right=(3,),
)


@given(st.lists(st.tuples(letters, letters, letters), min_size=1, max_size=5), st.integers(10, 60))
def test_every_column_begins_at_one_place(rows: list[tuple[str, str, str]], width: int) -> None:
    """Wide letters take two columns, accents none, and what steers a terminal is a space."""
    table = fitted(Table(("a", "b", "c", "|"), tuple((*row, "|") for row in rows)), width, flexible=1)
    made = list(lines(table))
    assert all(line.isprintable() for line in made)
    assert len({display_width(line) for line in made}) == 1


def test_numbers_end_together() -> None:
    """Those of the columns on the right."""
    assert list(lines(RUNS.only((0, 3)))) == [
        "name                    J",
        "a-rather-long-name  1,234",
        "b                       5",
    ]


def test_columns_give_way_in_turn_and_then_the_flexible_one_is_cut() -> None:
    """The project goes, the time of day goes, and the name keeps what is left, or eight letters."""
    steps = (GiveWay(1, 10), GiveWay(2, 10, ("day", ["11-28", "11-27"])))
    heads = {width: fitted(RUNS, width, flexible=0, steps=steps).head for width in (60, 40, 30, 5)}
    assert heads == {
        60: ("name", "project", "started", "J"),
        40: ("name", "started", "J"),
        30: ("name", "day", "J"),
        5: ("name", "day", "J"),
    }
    assert list(lines(RUNS, 30, flexible=0, steps=steps)) == [
        "name              day        J",
        "a-rather-long-n…  11-28  1,234",
        "b                 11-27      5",
    ]
    assert width_of(fitted(RUNS, 5, flexible=0, steps=steps), 0) == MIN_WIDTH


def test_a_column_of_which_nothing_is_known_can_be_left_out() -> None:
    """A dash is nothing known."""
    table = Table(("run", "money", "host"), (("a", "—", "box"), ("b", "", "")), right=(1,))
    assert table.without_unknown((1, 2)) == Table(("run", "host"), (("a", "box"), ("b", "")))
