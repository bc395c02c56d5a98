"""A comparison as plain text: the figures side by side, then what can be said of each difference."""

from __future__ import annotations

from collections.abc import Iterator

from greentrack.analysis.compare import Comparison
from greentrack.formatting.escape import printable_lines
from greentrack.formatting.layout import aligned, items, notes, short, wrapped
from greentrack.reports import comparison_lines
from greentrack.reports.comparison_lines import GroupComparison
from greentrack.reports.comparison_notes import comparison_notes
from greentrack.reports.lines import told_apart


def render(comparison: Comparison, *, width: int = 80) -> str:
    """Return *comparison* as text; only its table may be wider than *width*, where there are many groups."""
    sections = (
        _table(comparison),
        *(_beside(one, width) for one in comparison_lines.differences(comparison)),
        wrapped(comparison_lines.front(comparison), width),
        notes(comparison_notes(comparison), width),
    )
    return printable_lines("\n\n".join("\n".join(lines) for section in sections if (lines := list(section))))


def _table(comparison: Comparison) -> Iterator[str]:
    names = "", *told_apart([short(group.name) for group in comparison.groups])
    yield from aligned([names, *comparison_lines.table(comparison)], right=range(1, len(names)))


def _beside(one: GroupComparison, width: int) -> Iterator[str]:
    yield from wrapped(one.title, width)
    yield from items(one.sentences, width)
