"""Text that a terminal and a spreadsheet can be trusted with, whatever a run is called."""

import unicodedata

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def printable(text: str) -> str:
    """Return *text* on one line and without anything that steers a terminal: escapes, controls, reversed writing.

    >>> printable("a\\nb\\x1b[31mred")
    'a b [31mred'
    """
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else " " for character in text)


def printable_lines(text: str) -> str:
    """Return *text* with its line ends, and otherwise as ``printable`` does."""
    return "\n".join(map(printable, text.split("\n")))


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


def spreadsheet(text: str) -> str:
    """Return *text* so that a spreadsheet shows it and does not work it out.

    >>> spreadsheet("=1+1"), spreadsheet("digits")
    ("'=1+1", 'digits')
    """
    return f"'{text}" if text.startswith(FORMULAS) else text


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
