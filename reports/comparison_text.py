"""A comparison as plain text: the figures side by side, then what can be said of each difference."""

from greentrack.analysis.compare import Comparison
from greentrack.formatting import table
from greentrack.formatting.layout import items, sections, short, titled, wrapped
from greentrack.reports import comparison_lines
from greentrack.reports.comparison_notes import comparison_notes
from greentrack.reports.lines import numbered


def render(comparison: Comparison, *, width: int = 80) -> str:
    """Return *comparison* as text; only its table may be wider than *width*, where there are many groups."""
    parts = (
        table.lines(comparison_lines.table(comparison, numbered([short(group.name) for group in comparison.groups]))),
        *(
            [*wrapped(one.title, width), *items(one.sentences, width)]
            for one in comparison_lines.differences(comparison)
        ),
        wrapped(comparison_lines.front_sentence(comparison), width),
        titled("Notes", comparison_notes(comparison), width),
    )
    return sections(parts)
