"""A list of runs as a table that fits a terminal, with their totals."""

import datetime
from collections.abc import Iterator, Sequence

from greentrack.costing.run_list import RunCost, Totals
from greentrack.formatting.escape import printable
from greentrack.formatting.layout import UNKNOWN, cut
from greentrack.formatting.table import MIN_WIDTH, GiveWay, Table, fitted, lines, width_of
from greentrack.formatting.units import counted, duration, energy, mass, percent

MAX_ID = 13
"""Maximum length of a run's id: it holds the millisecond in which the run began, which tells it from others."""

MAX_NAME, SHORT_NAME = 40, 12
"""Maximum length of a name, and the length that is worth more than the project and the time of day."""

MAX_COLOURED = 200
"""Maximum number of rows in colour: rich needs a second for a thousand."""

_COLOURS = {"finished": "green", "running": "cyan", "failed": "red", "stopped": "yellow", "interrupted": "yellow"}
_RARE = ("project", "parts")
_RIGHT = ("parts", "time", "energy", "CO2e", "measured")


def render(costs: Sequence[RunCost], *, totals: Totals | None = None, width: int = 80, colour: bool = False) -> str:
    """Return the table, *totals* beneath it; "" without runs. With *colour*, as much as standard output can show."""
    if not costs:
        return ""
    made = table(costs, width)
    text = _coloured(made) if colour and len(costs) <= MAX_COLOURED else "\n".join(lines(made))
    return text if totals is None else "\n".join((text, "", *_sums(totals)))


def table(costs: Sequence[RunCost], width: int, *, today: datetime.date | None = None) -> Table:
    """Return the columns that fit in *width*; names are cut, and the least useful columns are left out first."""
    year = f"{(today or datetime.date.today()).year}-"
    started = [datetime.datetime.fromtimestamp(cost.run.started_at).isoformat(" ", "minutes") for cost in costs]
    runs = [cost.run for cost in costs]
    columns = {
        "run": [run.id[:MAX_ID] for run in runs],
        "name": [_name(run.name) for run in runs],
        "project": [_name(run.project or "") for run in runs],
        "status": [run.status for run in runs],
        "parts": [str(len(cost.parts)) if cost.parts else "" for cost in costs],
        "started": [at[5:] if at.startswith(year) else at[:10] for at in started],
        "time": [duration(run.seconds) for run in runs],
        "energy": [UNKNOWN if cost.joules is None else energy(cost.joules) for cost in costs],
        "CO2e": [UNKNOWN if cost.g is None else mass(cost.g).removesuffix(" CO2e") for cost in costs],
        "measured": [UNKNOWN if cost.measured_share is None else percent(cost.measured_share) for cost in costs],
    }
    head = tuple(title for title, texts in columns.items() if any(texts) or title not in _RARE)
    rows = tuple(zip(*(columns[title] for title in head), strict=True))
    whole = Table(head, rows, right=tuple(place for place, title in enumerate(head) if title in _RIGHT))
    name = head.index("name")
    longest = width_of(whole, name)
    long, short = min(longest, SHORT_NAME), min(longest, MIN_WIDTH)
    days = ("day", [at[5:10] if at.startswith(year) else at[:7] for at in started])
    steps = (("project", long, None), ("started", long, days), ("measured", short, None), ("parts", short, None))
    return fitted(
        whole,
        width,
        flexible=name,
        steps=[GiveWay(head.index(title), *rest) for title, *rest in steps if title in head],
    )


def _sums(totals: Totals) -> Iterator[str]:
    carbon = "CO2e not known" if totals.g is None else mass(totals.g)
    spent = "energy not known" if totals.joules is None else energy(totals.joules)
    yield "  ".join((counted(totals.runs, "run"), duration(totals.seconds), spent, carbon))
    if totals.unread:
        yield f"Nothing was measured of {totals.unread:,} of them."
    if totals.overlapped:
        yield f"Runs overlapped: {energy(totals.overlapped)} that more than one of them saw counts once."


def _coloured(table: Table) -> str:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    made = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number, title in enumerate(table.head):
        made.add_column(title, justify="right" if number in table.right else "left", no_wrap=True)
    for row in table.rows:
        made.add_row(*(Text(text, style=_COLOURS.get(text, "")) for text in row))
    console = Console(highlight=False)
    with console.capture() as text:
        console.print(made)
    return text.get().removesuffix("\n")


def _name(text: str) -> str:
    if len(text) <= MAX_NAME and text.isascii() and text.isprintable():
        return text
    return cut(printable(text[: MAX_NAME + 1]), MAX_NAME)
