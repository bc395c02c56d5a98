"""The best hours to start as a table."""

import textwrap

from greentrack.analysis.schedule import Schedule, StartTime
from greentrack.formatting.escape import printable
from greentrack.formatting.layout import UNKNOWN, sections
from greentrack.formatting.table import Table, lines
from greentrack.formatting.units import clock_time, digits, duration, energy, mass
from greentrack.quantity import JOULES_PER_KWH
from greentrack.reports.schedule_notes import schedule_notes

MAX_SHOWN = 8
"""Maximum number of starts in the table; the JSON has them all."""


def render(found: Schedule, *, width: int = 80) -> str:
    """Return the best starts, what starting now would be, and notes."""
    width = max(40, width)
    work = duration(found.hours * 3600)
    if found.kwh is not None:
        work += f" and {energy(found.kwh.value * JOULES_PER_KWH)}"
    place = f" in {found.zone}" if found.zone else ""
    shown: list[StartTime] = [*found.best[:MAX_SHOWN], *([found.now] if found.now else [])]
    rows = tuple(
        (
            clock_time(start.at),
            "now" if start.at == found.at else duration(start.at - found.at),
            digits(start.g_per_kwh),
            UNKNOWN if start.g is None else mass(start.g.value).removesuffix(" CO2e"),
            UNKNOWN if start.saved is None or start.at == found.at else f"{100 * start.saved:.0f} %",
        )
        for start in shown
    )
    table = Table(("start", "in", "g/kWh", "CO2e", "saved"), rows, right=(1, 2, 3, 4))
    title = f"Best starts of the next 24 h for {work}{place}, by {found.source}"
    parts = (
        textwrap.wrap(printable(title), width),
        lines(table.only((0, 1, 2, 4)) if found.kwh is None else table),
        (line for note in schedule_notes(found) for line in _item(note, width)),
    )
    return sections(parts)


def _item(note: str, width: int) -> list[str]:
    return textwrap.wrap(printable(note), width, initial_indent="- ", subsequent_indent="  ")
