"""Writes the figures into docs/benchmarks.md, between its markers, and adds a line to its history."""

import os
import platform
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from greentrack.host.facts import cpuinfo
from tests.benchmarks.measure import Row

BEGIN, END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"
PAST, NOW = "<!-- history: make bench adds a line -->", "<!-- end of history -->"

HEADLINES: Mapping[str, str] = {
    "import": "`from greentrack import track`",
    "whole process": "`with track(): pass`",
    "enter": "enter, an empty run",
    "exit": "exit, an empty run",
    "CPU": "CPU of run and recorder",
    "memory": "memory added to the training",
    "step": "`with run.phase()` and",
    "span edge": "an edge of a span",
    "late p99": "lateness of readings at 10 Hz beside a pure-Python",
    "slowdown, windows": "slowdown of a training with steps",
    "slowdown, trainings (CPU)": "slowdown of whole PyTorch trainings of 2.5 s, by CPU",
    "10,000 runs": "`greentrack runs` over",
    "show 30 days": "`greentrack show` of a run of 30 days",
    "runs, 10 M readings": "`greentrack runs` of 2,000 runs",
    "growth a day": "growth of it a day",
}
"""The columns of the history, each with how the text of its figure's row begins; a new one goes to the end, because old
lines stay as they are."""


def table(rows: Iterable[Row]) -> str:
    """The rows as a table in Markdown."""
    lines = ["| what | must reach | measured | codecarbon | ratio | reached |", "|---|---|---|---|---|---|"]
    for row in rows:
        reached = {True: "yes", False: "**no**", None: "unclear" if row.must else ""}[row.reached]
        lines.append(f"| {row.what} | {row.must} | {row.measured} | {row.theirs} | {row.ratio} | {reached} |")
    return "\n".join(lines)


def circumstances() -> str:
    """When and on what: nothing that names the machine or its owner."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    linux = ".".join(platform.release().split(".")[:2])
    day, greentrack, machine = by()
    return (
        f"{day}, {machine}, {gib:.0f} GiB, {platform.system()} {linux}, Python {platform.python_version()}, "
        f"greentrack {greentrack}, codecarbon {version('codecarbon')}."
    )


def by() -> tuple[str, str, str]:
    """The day, the version of greentrack and the machine."""
    machine = f"{cpuinfo().get('model name', platform.machine())}, {os.cpu_count()} CPUs"
    return f"{datetime.now(UTC):%Y-%m-%d}", version("greentrack"), machine


def with_history(past: str, rows: Iterable[Row], by: Sequence[str]) -> str:
    """The history so far (a table, or nothing) with a line of *rows*, which were measured *by* these circumstances.

    Every line is kept as it is; the head is always that of HEADLINES.
    """
    found = list(rows)
    figures = [
        next((brief(row.measured) for row in found if row.what.startswith(start)), "") for start in HEADLINES.values()
    ]
    title, line = ["day", "version", "machine", *HEADLINES], _line([*by, *figures])
    kept = past.strip().splitlines()[2:]
    return "\n".join([_line(title), f"|{'---|' * len(title)}", *kept, line])


def brief(measured: str) -> str:
    """The figure itself, without what is said beside it; an interval belongs to it.

    >>> brief("109 us, p99 985"), brief("0.386 s (bare Python 0.019)"), brief("+0.53 % (+0.26 to +0.74)")
    ('109 us', '0.386 s', '+0.53 % (+0.26 to +0.74)')
    """
    return re.split(r"; |, | \((?![+-])", measured)[0]


def update(path: Path, rows: Sequence[Row]) -> None:
    """Put the figures in place of those that *path* has between its markers, and add a line to its history.

    Raises ValueError where it has no place for them.
    """
    text = path.read_text()
    text = replaced(text, PAST, NOW, lambda past: with_history(past, rows, by()))
    path.write_text(replaced(text, BEGIN, END, lambda _: f"{circumstances()}\n\n{table(rows)}"))


def replaced(text: str, begin: str, end: str, new: Callable[[str], str]) -> str:
    """The *text* with what *new* makes of what is between the markers in its place. Raises ValueError without them."""
    before, found, rest = text.partition(begin)
    old, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"there is no place for figures; put {begin} and {end} into the page")
    return f"{before}{begin}\n\n{new(old)}\n\n{end}{after}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
