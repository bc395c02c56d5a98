"""Writes the figures into docs/benchmarks.md, between its markers, with the day, the machine and the versions."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from greentrack.system import cpuinfo
from tests.benchmarks.measure import Row

BEGIN, END = "<!-- figures: written by make bench -->", "<!-- end of figures -->"


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
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {cpuinfo().get('model name', platform.machine())}, {os.cpu_count()} CPUs, "
        f"{gib:.0f} GiB, {platform.system()} {linux}, Python {platform.python_version()}, "
        f"greentrack {version('greentrack')}, codecarbon {version('codecarbon')}."
    )


def update(path: Path, rows: Iterable[Row]) -> None:
    """Put the figures in place of those that *path* has between its markers. Raises ValueError where it has none."""
    text = path.read_text()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no place for figures; put {BEGIN} and {END} into it")
    path.write_text(f"{before}{BEGIN}\n\n{circumstances()}\n\n{table(rows)}\n\n{END}{after}")
