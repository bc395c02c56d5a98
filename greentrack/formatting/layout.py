"""Lines of plain text for a terminal: how wide a text is, wrapping, labels, lists, short names."""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

from greentrack.formatting.escape import printable, printable_lines

MAX_NAME = 24
"""Maximum width of a name in a table."""

UNKNOWN = "—"

_LABEL = 12


def display_width(text: str) -> int:
    """Return the width of *text* in columns of a terminal.

    >>> display_width("abc"), display_width("日本")
    (3, 4)
    """
    return len(text) if text.isascii() else sum(map(_letter_width, text))


def cut(text: str, width: int) -> str:
    """Return *text* in at most *width* columns.

    >>> cut("resnet18", 6), cut("日本語", 4)
    ('resne…', '日…')
    """
    if display_width(text) <= width:
        return text
    return _prefix(text, width - 1) + "…"


def wrapped(text: str, width: int, first: str = "", later: str = "") -> list[str]:
    """Return *text* in lines of at most *width* columns, which begin with *first* and then with *later*.

    >>> wrapped("日本語 の 名前", 6, "- ", "  ")
    ['- 日本', '  語', '  の', '  名前']
    >>> wrapped("a 日本語 name", 8)
    ['a 日本語', 'name']
    """
    if display_width(text) == len(text):
        import textwrap  # a list of runs wraps nothing

        return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=later, break_on_hyphens=False)
    lines, room, begun = [first], width - display_width(first), False
    for word in text.split():
        left = word
        while left:
            gap = " " if begun else ""
            fits = left if display_width(gap + left) <= room else _prefix(left, room - len(gap))
            if fits == left or (
                fits and display_width(left) > width - display_width(later)
            ):  # no line has room for all of it
                lines[-1] += gap + fits
                left, room, begun = left[len(fits) :], room - display_width(gap + fits), True
            if left:
                lines.append(later)
                room, begun = width - display_width(later), False
    return lines if text.strip() else []


def clipped(text: str, width: int) -> str:
    """Return *text* in at most *width* columns, without its middle: names that begin alike often differ at the end.

    >>> clipped("resnet18-cifar10-seed7", 12), clipped("日本語の名前", 8)
    ('resnet…seed7', '日本…前')
    """
    if display_width(text) <= width:
        return text
    end = cut(text[: -width - 1 : -1], (width + 1) // 2).removesuffix("…")[::-1]
    return cut(text, width - display_width(end)) + end


def labelled(lines: Iterable[tuple[str, str, str]], width: int) -> Iterator[str]:
    """Yield lines of a label, a figure and what is said about it; a label is not repeated in the next line."""
    before = ""
    for label, figure, about in lines:
        text = f"{figure}  {about}" if about else figure
        first, later = ("" if label == before else label).ljust(_LABEL), " " * _LABEL
        yield from wrapped(text, width, first, later)
        before = label


def items(texts: Iterable[str], width: int) -> Iterator[str]:
    """Yield *texts* as a list."""
    for text in texts:
        yield from wrapped(text, width, "- ", "  ")


def listed(words: Iterable[str], last: str = "and") -> str:
    """Return *words* as a list within a sentence.

    >>> listed(["a", "b", "c"]), listed(["a", "b"], "or"), listed([])
    ('a, b and c', 'a or b', '')
    """
    *first, end = [*words] or [""]
    return f"{', '.join(first)} {last} {end}" if first else end


def titled(title: str, texts: Iterable[str], width: int) -> Iterator[str]:
    """Yield *texts* as a list under a *title*; nothing where there are none."""
    lines = list(items(texts, width))
    if lines:
        yield title
        yield from lines


def sections(parts: Iterable[Iterable[str]]) -> str:
    """Return the lines of all *parts*, printable, with an empty line between two; parts without lines are left out.

    >>> sections([["a", "b"], [], ["c"]])
    'a\\nb\\n\\nc'
    """
    return printable_lines("\n\n".join("\n".join(lines) for part in parts if (lines := list(part))))


def short(name: str) -> str:
    """Return *name* on one line, without its middle where it is too long for a table.

    >>> short("digits"), short("x" * 100 + "lr=0.1")
    ('digits', 'xxxxxxxxxxxx…xxxxxlr=0.1')
    """
    return clipped(printable(name), MAX_NAME)


def _prefix(text: str, width: int) -> str:
    """Return the beginning of *text* that fits in *width* columns."""
    used = 0
    for place, character in enumerate(text):
        used += _letter_width(character)
        if used > width:
            return text[:place]
    return text


@lru_cache(4096)
def _letter_width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Me":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
