"""Text that a terminal and a spreadsheet can be trusted with, whatever a run is called."""

import unicodedata

from greentrack.reports.escape import printable, printable_lines, spreadsheet

__all__ = ["cells", "cut", "printable", "printable_lines", "spreadsheet"]


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
    if text.isascii():
        return text if len(text) <= width else text[: width - 1] + "…"
    if cells(text) <= width:
        return text
    kept, used = [], 0
    for character in text:
        used += _cells(character)
        if used > width - 1:
            break
        kept.append(character)
    return "".join(kept) + "…"


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
