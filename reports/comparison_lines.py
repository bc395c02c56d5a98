"""The table and the sentences of a comparison, which its text and the HTML page share."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from greentrack.analysis.compare import ComparedQuantity, Comparison
from greentrack.analysis.difference import Difference
from greentrack.formatting.escape import name, shown
from greentrack.formatting.layout import UNKNOWN, listed
from greentrack.formatting.table import Table
from greentrack.formatting.units import digits, duration, energy, mass, money
from greentrack.reports.difference_text import sentence

_WRITTEN: dict[str, Callable[[float], str]] = {"J": energy, "s": duration, "g": mass}


class GroupComparison(NamedTuple):
    """The differences of a group from the first: a *title*, and sentences."""

    title: str
    sentences: tuple[str, ...]


def table(comparison: Comparison, names: Sequence[str]) -> Table:
    """Return how many runs each group has, and the quantities, a row each; the groups are called by *names*."""
    runs = ("runs", *(f"{len(group.summaries)}" for group in comparison.groups))
    rows = ((shown(row.name), *(_value(row, value) for value in row.values)) for row in comparison.rows)
    return Table(("", *names), (runs, *rows), tuple(range(1, len(names) + 1)), "Side by side")


def differences(comparison: Comparison) -> Iterator[GroupComparison]:
    """Yield the differences of each later group from the first; equal differences share a sentence."""
    first = name(comparison.groups[0].name)
    for number, group in enumerate(comparison.groups[1:]):
        said: dict[str, tuple[Difference, list[str]]] = {}
        for row in comparison.rows:
            if (difference := row.differences[number]) is not None:
                text = sentence(difference) if difference.is_relative else sentence(difference, row.name)
                said.setdefault(text, (difference, []))[1].append(row.name)
        if said:
            sentences = (sentence(difference, listed(names)) for difference, names in said.values())
            yield GroupComparison(f"{name(group.name)} beside {first}", tuple(sentences))


def front_sentence(comparison: Comparison) -> str:
    """Return which groups are on the front of a metric against energy; "" without a front."""
    front = comparison.front
    if front is None:
        return ""
    way = "higher" if front.higher else "lower"
    best = ", ".join(map(name, front.groups))
    text = f"Front of {shown(front.metric)} ({way} is better) against energy, by the means: {best}."
    text += f" Beaten in both by another: {', '.join(map(name, front.beaten))}." if front.beaten else ""
    unsure = ", ".join(map(name, front.unsure))
    return text + (f" Beaten by the means, but no difference in energy can be claimed: {unsure}." if unsure else "")


def _value(row: ComparedQuantity, value: float | None) -> str:
    if value is None:
        return UNKNOWN
    if row.name.startswith("energy per"):  # joules are what people know of a sample
        return f"{digits(value)} J"
    if row.unit in _WRITTEN:
        return _WRITTEN[row.unit](value)
    return money(value, row.unit) if row.unit else f"{value:.5g}"
