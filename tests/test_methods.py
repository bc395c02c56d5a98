"""The one table of methods: complete, used, and sound; and how ranges add up."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.methods import METHODS, combine, combine_by_method

ROOT = Path(__file__).parents[1]
SOURCES = [
    file
    for room in ("meters", "costing", "analysis", "exchange")
    for file in (ROOT / "greentrack" / room).rglob("*.py")
]


def strings(node: ast.AST) -> Iterator[str]:
    """The strings of a source file, without those of the table's own rows."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Method":
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        yield from strings(child)


def given_as_method(tree: ast.AST) -> Iterator[str]:
    """The strings that a source file gives to something called method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            names = {getattr(target, "id", getattr(target, "attr", "")) for target in node.targets}
            if names & {"method", "METHOD", "invalid_method"}:
                yield from strings(node.value)
        elif isinstance(node, ast.keyword) and node.arg == "method":
            yield from strings(node.value)


TREES = [ast.parse(path.read_text(encoding="utf-8")) for path in SOURCES]


def test_every_method_that_is_used_has_a_row() -> None:
    """Meters, costing, analysis and exchange name no method that has no range."""
    used = {name for tree in TREES for name in given_as_method(tree)}
    assert {"cpu-model", "nvml-counter", "rest-model"} <= used, "the search itself must find something"
    assert used <= METHODS.keys()


def test_every_row_is_used() -> None:
    """A row that no meter, no cost and no estimate names is a range that nothing has."""
    assert METHODS.keys() <= {name for tree in TREES for name in strings(tree)}


@pytest.mark.parametrize("name", METHODS)
def test_a_row_says_what_where_from_and_when(name: str) -> None:
    row = METHODS[name]
    assert (row.name, bool(row.text), bool(row.source), row.year >= 2012) == (name, True, True, True)
    assert 0 <= row.below < 1
    assert row.above >= 0


parts = st.lists(
    st.tuples(st.sampled_from(sorted(METHODS)), st.floats(0, 1e6), st.floats(0, 1), st.floats(0, 3)), max_size=8
)


@given(parts)
def test_ranges_never_add_up_to_more_than_their_sum_nor_less_than_the_largest(
    drawn: list[tuple[str, float, float, float]],
) -> None:
    """The range of a total lies between that of its least sure part and all ranges laid end to end."""
    triples = [(method, value, value * (1 - below), value * (1 + above)) for method, value, below, above in drawn]
    value, low, high = combine_by_method(triples)
    assert value == pytest.approx(sum(each[1] for each in triples))
    assert low <= value <= high
    slack = 1e-6 * (1 + value)
    assert value - low <= sum(each[1] - each[2] for each in triples) + slack
    assert high - value >= max((each[3] - each[1] for each in triples), default=0.0) - slack


def test_nothing_is_nothing_for_sure() -> None:
    assert combine([]) == (0.0, 0.0, 0.0)
