"""Lines of plain text: aligned columns, lists, names that fit."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

MOST_NAME = 24
"""So much of a name has room in a table."""

UNKNOWN = "—"


def aligned(rows: Sequence[Sequence[str]], right: Iterable[int]) -> Iterator[str]:
    """Yield *rows* with columns as wide as their widest text; those whose numbers are in *right* end together."""
    ending, widths = set(right), [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.rjust(size) if column in ending else cell.ljust(size)
            for column, (cell, size) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def items(texts: Iterable[str], width: int) -> Iterator[str]:
    """Yield *texts* as a list."""
    for text in texts:
        yield from textwrap.wrap(text, width, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)


def notes(texts: Iterable[str], width: int) -> Iterator[str]:
    """Yield *texts* as notes; nothing where there are none."""
    lines = list(items(texts, width))
    if lines:
        yield "Notes"
        yield from lines


def short(name: str) -> str:
    """Return *name*, cut where it is too long for a table.

    >>> short("digits"), short("x" * 100)
    ('digits', 'xxxxxxxxxxxxxxxxxxxxxxx…')
    """
    return name if len(name) <= MOST_NAME else name[: MOST_NAME - 1] + "…"
