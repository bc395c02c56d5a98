"""Lists of runs as a table that fits: plain and aligned when piped, coloured where there is a terminal for it."""

import datetime
import sys
from collections.abc import Callable, Iterator, Sequence
from shutil import get_terminal_size

from greentrack.cli.plain import cells, cut, printable
from greentrack.costing.run_list import RunCost
from greentrack.formatting.units import duration, energy, mass, percent

GAP = "  "
ID = 13
"""So much of a run's id holds the millisecond in which it began, which tells it from others."""

NAME, MIN_NAME = 12, 8
"""What is left of a name where room is short, and where it is so short that another column would have to go."""

MAX_NAME = 40
MAX_PRETTY = 200
"""Longer tables are written plainly: rich needs a second for a thousand rows."""

_COLOURS = {"finished": "green", "running": "cyan", "failed": "red", "stopped": "yellow", "interrupted": "yellow"}
_UNKNOWN = "—"


class Column:
    """A column: its title, its texts, whether it is aligned to the right, and how wide it must be."""

    def __init__(self, title: str, texts: list[str], right: bool = False) -> None:
        self.title, self.texts, self.right = title, texts, right
        self._plain = "".join(texts).isascii()  # ten thousand rows: where counting will do, count
        self.width = max(len(title), max(map(len if self._plain else cells, texts), default=0))

    def padded(self) -> list[str]:
        """The title and the texts, each as wide as the widest."""
        width, aligned = self.width, str.rjust if self.right else str.ljust
        if self._plain:
            return [aligned(text, width) for text in (self.title, *self.texts)]
        return [
            aligned(text, width - (0 if text.isascii() else cells(text) - len(text)))
            for text in (self.title, *self.texts)
        ]


def write(costs: Sequence[RunCost]) -> None:
    """Print *costs* as a table as wide as the terminal (or COLUMNS, or 80)."""
    columns = fitted(costs, get_terminal_size().columns)
    if sys.stdout.isatty() and len(costs) <= MAX_PRETTY:
        _pretty(columns)
    else:
        print("\n".join(lines(columns)))


def fitted(costs: Sequence[RunCost], width: int, *, today: datetime.date | None = None) -> list[Column]:
    """Return the columns that have room in *width*; names are cut, and what says least goes first."""
    year = f"{(today or datetime.date.today()).year}-"
    started = [datetime.datetime.fromtimestamp(cost.run.started_at).isoformat(" ", "minutes") for cost in costs]
    columns = {
        "run": Column("run", [cost.run.id[:ID] for cost in costs]),
        "name": Column("name", [_short(cost.run.name) for cost in costs]),
        "project": Column("project", [_short(cost.run.project or "") for cost in costs]),
        "status": Column("status", [cost.run.status for cost in costs]),
        "parts": Column("parts", [str(len(cost.parts)) if cost.parts else "" for cost in costs], right=True),
        "started": Column("started", [at[5:] if at.startswith(year) else at[:10] for at in started]),
        "time": Column("time", [duration(cost.run.seconds) for cost in costs], right=True),
        "energy": Column("energy", [_known(cost.joules, energy) for cost in costs], right=True),
        "CO2e": Column("CO2e", [_known(cost.g, mass).removesuffix(" CO2e") for cost in costs], right=True),
        "measured": Column("measured", [_known(cost.measured_share, percent) for cost in costs], right=True),
    }
    for rare in ("project", "parts"):
        if not any(columns[rare].texts):
            del columns[rare]
    name = columns.pop("name")

    def room() -> int:
        return width - sum(column.width + len(GAP) for column in columns.values())

    if room() < min(name.width, NAME):
        columns.pop("project", None)
    if room() < min(name.width, NAME):
        columns["started"] = Column("day", [at[5:10] if at.startswith(year) else at[:7] for at in started])
    if room() < min(name.width, MIN_NAME):
        columns.pop("measured")
    if room() < min(name.width, MIN_NAME):
        columns.pop("parts", None)
    least = max(MIN_NAME, room())
    first, *others = columns.values()
    if name.width > least:
        name = Column("name", [cut(text, least) for text in name.texts])
    return [first, name, *others]


def lines(columns: Sequence[Column]) -> Iterator[str]:
    """Yield the title line and one line a row."""
    for row in zip(*(column.padded() for column in columns), strict=True):
        yield GAP.join(row).rstrip()


def _pretty(columns: Sequence[Column]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, len(GAP), 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column.title, justify="right" if column.right else "left", no_wrap=True)
    for row in zip(*(column.texts for column in columns), strict=True):
        table.add_row(*(Text(text, style=_COLOURS.get(text, "")) for text in row))
    Console(highlight=False).print(table)


def _short(text: str) -> str:
    if len(text) <= MAX_NAME and text.isascii() and text.isprintable():
        return text
    return cut(printable(text[: MAX_NAME + 1]), MAX_NAME)


def _known(figure: float | None, text: Callable[[float], str]) -> str:
    return _UNKNOWN if figure is None else text(figure)
