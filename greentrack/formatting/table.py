"""Tables: texts in rows and columns, which every format renders, and the aligned lines of a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from greentrack.formatting.escape import printable
from greentrack.formatting.layout import UNKNOWN, cut, display_width

MIN_WIDTH = 8
"""The flexible column of a table is cut to no less than this."""

_GAP = "  "


class Table(NamedTuple):
    """Texts in rows under a *head*; the columns in *right* are aligned to the right, as numbers are.

    *remark* says which rows are left out, and how to read those that are there.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[int, ...] = ()
    caption: str = ""
    remark: str = ""

    def only(self, columns: Iterable[int]) -> "Table":
        """Return the table with these of its columns.

        >>> Table(("run", "tag", "J"), (("a", "", "1"),), right=(2,)).only((0, 2))
        Table(head=('run', 'J'), rows=(('a', '1'),), right=(1,), caption='', remark='')
        """
        kept = tuple(columns)
        return self._replace(
            head=tuple(self.head[number] for number in kept),
            rows=tuple(tuple(row[number] for number in kept) for row in self.rows),
            right=tuple(place for place, number in enumerate(kept) if number in self.right),
        )

    def without_unknown(self, columns: Iterable[int]) -> "Table":
        """Return the table without those of *columns* in which no row has a text, or only UNKNOWN."""
        empty = {number for number in columns if all(row[number] in ("", UNKNOWN) for row in self.rows)}
        return self.only(number for number in range(len(self.head)) if number not in empty)


class GiveWay(NamedTuple):
    """A column that is left out where the flexible one has less than *room*; a *shorter* one may take its place.

    *shorter* is a title and a text for each row.
    """

    column: int
    room: int
    shorter: tuple[str, Sequence[str]] | None = None


def width_of(table: Table, column: int) -> int:
    """Return the width of a column in a terminal, its title included."""
    return _width([table.head[column], *(row[column] for row in table.rows)])


def fitted(table: Table, width: int, *, flexible: int, steps: Sequence[GiveWay] = ()) -> Table:
    """Return *table* for a terminal of *width* columns: the *steps* that are needed, then cut texts in *flexible*.

    The flexible column keeps at least MIN_WIDTH, so that the result may still be wider than *width*.
    """
    return _fitted(table, width, flexible, steps)[0]


def lines(
    table: Table, width: int | None = None, *, flexible: int = 0, steps: Sequence[GiveWay] = (), least: int = 0
) -> Iterator[str]:
    """Yield the head and the rows of *table* with aligned columns, fitted to *width* where one is given.

    The flexible column is then at least *least* wide.
    """
    if width is not None:
        table, size = _fitted(table, width, flexible, steps)
        least = least and max(least, size)
    columns = [
        _padded(texts, least if number == flexible else 0, right=number in table.right)
        for number, texts in enumerate(zip(table.head, *table.rows, strict=True))
    ]
    for row in zip(*columns, strict=True):
        yield _GAP.join(row).rstrip()


def _fitted(table: Table, width: int, flexible: int, steps: Sequence[GiveWay]) -> tuple[Table, int]:
    """Return the table as ``fitted`` does, and the width of its flexible column."""
    columns = {number: list(texts) for number, texts in enumerate(zip(table.head, *table.rows, strict=True))}
    widths = {number: _width(texts) for number, texts in columns.items()}

    def room() -> int:
        return width - sum(size + len(_GAP) for number, size in widths.items() if number != flexible)

    for step in steps:
        if step.column in columns and room() < step.room:
            if step.shorter is None:
                del columns[step.column], widths[step.column]
            else:
                title, texts = step.shorter
                columns[step.column] = [title, *texts]
                widths[step.column] = _width(columns[step.column])
    size = min(widths[flexible], max(MIN_WIDTH, room()))
    if size < widths[flexible]:
        head, *texts = columns[flexible]
        columns[flexible] = [head, *(cut(printable(text), size) for text in texts)]
    head, *rows = zip(*columns.values(), strict=True)
    right = tuple(place for place, number in enumerate(columns) if number in table.right)
    return table._replace(head=head, rows=tuple(rows), right=right), size


def _width(texts: Sequence[str]) -> int:
    texts, is_ascii = _printable(texts)
    return max(map(len if is_ascii else display_width, texts))


def _padded(texts: Sequence[str], least: int, *, right: bool) -> list[str]:
    """Return *texts*, each as wide as the widest and printable."""
    texts, is_ascii = _printable(texts)
    align = str.rjust if right else str.ljust
    if is_ascii:
        width = max(least, *map(len, texts))
        return [align(text, width) for text in texts]
    sizes = [display_width(text) for text in texts]
    width = max(least, *sizes)
    return [align(text, width - size + len(text)) for text, size in zip(texts, sizes, strict=True)]


def _printable(texts: Sequence[str]) -> tuple[Sequence[str], bool]:
    """Return *texts* printable, and whether all are ASCII: of ten thousand rows that is asked once."""
    whole = "".join(texts)
    return texts if whole.isprintable() else [printable(text) for text in texts], whole.isascii()
