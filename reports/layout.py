"""Lines of plain text: aligned columns, lists, names that fit."""

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from greentrack.reports.escape import printable

MOST_NAME = 24
"""So much of a name has room in a table."""

UNKNOWN = "—"

_LABEL = 12


def cells(text: str) -> int:
    """Return how many columns of a terminal *text* takes.

    >>> cells("abc"), cells("日本")
    (3, 4)
    """
    return len(text) if text.isascii() else sum(map(_cells, text))


def cut(text: str, width: int) -> str:
    """Return *text* in at most *width* columns.

    >>> cut("resnet18", 6), cut("日本語", 4)
    ('resne…', '日…')
    """
    if cells(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        used += _cells(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept) + "…"


def filled(text: str, width: int, *, right: bool = False) -> str:
    """Return *text* with spaces up to *width* columns, before it where it is to end on the *right*.

    >>> filled("日本", 5), filled("1", 3, right=True)
    ('日本 ', '  1')
    """
    spaces = " " * (width - cells(text))
    return spaces + text if right else text + spaces


def aligned(rows: Sequence[Sequence[str]], right: Iterable[int]) -> Iterator[str]:
    """Yield *rows* with columns as wide as their widest text; those whose numbers are in *right* end together."""
    ending, widths = set(right), [max(map(cells, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        parts = [
            filled(cell, size, right=column in ending)
            for column, (cell, size) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(parts).rstrip()


def labelled(lines: Iterable[tuple[str, str, str]], width: int) -> Iterator[str]:
    """Yield figures with their labels before them and what is said of each after it; no label twice in a row."""
    before = ""
    for label, figure, about in lines:
        text = f"{figure}  {about}" if about else figure
        first, later = ("" if label == before else label).ljust(_LABEL), " " * _LABEL
        yield from textwrap.wrap(text, width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)
        before = label


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
    """Return *name* on one line, cut where it is too long for a table.

    >>> short("digits"), short("x" * 100)
    ('digits', 'xxxxxxxxxxxxxxxxxxxxxxx…')
    """
    return cut(printable(name), MOST_NAME)


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
