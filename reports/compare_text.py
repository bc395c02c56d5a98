"""A comparison as plain text: the figures side by side, then what can be said of each difference."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from greentrack.reports.compare import Comparison, Row
from greentrack.reports.difference import Difference, sentence
from greentrack.reports.layout import UNKNOWN, aligned, items, notes, short
from greentrack.reports.units import digits, duration, energy, mass, money

_WRITTEN = {"J": energy, "s": duration, "g": mass}


def render(comparison: Comparison, *, width: int = 80) -> str:
    """Return *comparison* as text; only its table may be wider than *width*, where there are many groups."""
    sections = (
        _table(comparison),
        *(_differences(comparison, number, width) for number in range(1, len(comparison.groups))),
        _front(comparison, width),
        notes(comparison.notes, width),
    )
    return "\n\n".join("\n".join(lines) for section in sections if (lines := list(section)))


def _table(comparison: Comparison) -> Iterator[str]:
    rows = [("", *(short(group.name) for group in comparison.groups))]
    rows += [("runs", *(f"{len(group.summaries)}" for group in comparison.groups))]
    rows += [(row.name, *(_value(row, value) for value in row.values)) for row in comparison.rows]
    yield from aligned(rows, right=range(1, len(comparison.groups) + 1))


def _differences(comparison: Comparison, number: int, width: int) -> Iterator[str]:
    """Yield a line a difference; quantities of which the same is to be said share one."""
    names: dict[str, list[str]] = {}
    said: dict[str, Difference] = {}
    for row in comparison.rows:
        if (difference := row.differences[number - 1]) is not None:
            text = sentence(difference) if difference.relative else sentence(difference, row.name)
            names.setdefault(text, []).append(row.name)
            said[text] = difference
    if not said:
        return
    first, other = comparison.groups[0].name, comparison.groups[number].name
    yield f"{short(other)} beside {short(first)}"
    yield from items((sentence(said[text], _listed(names[text])) for text in said), width)


def _front(comparison: Comparison, width: int) -> Iterator[str]:
    front = comparison.front
    if front is None:
        return
    way = "higher" if front.higher else "lower"
    text = f"Front of {front.metric} ({way} is better) against energy, by the means: {', '.join(front.groups)}."
    if front.beaten:
        text += f" Beaten in both by another: {', '.join(front.beaten)}."
    yield from textwrap.wrap(text, width)


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _value(row: Row, value: float | None) -> str:
    if value is None:
        return UNKNOWN
    if row.name.startswith("energy per"):  # joules are what people know of a sample
        return f"{digits(value)} J"
    if row.unit in _WRITTEN:
        return _WRITTEN[row.unit](value)
    return money(value, row.unit) if row.unit else f"{value:.5g}"
