"""The small tables that ship with the package, read with the standard library on demand."""

import csv
import datetime
import re
from collections.abc import Iterator
from pathlib import Path

from greentrack import data

OLD_MONTHS = 12
"""A price that ended longer ago is shown with its age."""


def rows(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a table in ``greentrack/data``; lines that start with # are comments."""
    with Path(str(data.__file__)).with_name(name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(line for line in lines if not line.startswith("#"))


def age(until: str, today: datetime.date) -> str:
    """Return ", 17 months old" for a price that held until a month (``2025-06``) more than a year ago, or "".

    >>> age("2025-06", datetime.date(2026, 11, 22)), age("2026-05", datetime.date(2026, 11, 22))
    (', 17 months old', '')
    """
    if not until:
        return ""
    year, month = (int(part) for part in until.split("-"))
    months = (today.year - year) * 12 + today.month - month
    return f", {months} months old" if months > OLD_MONTHS else ""


def fits(words: str, name: str) -> bool:
    """True where all *words* are in *name*, the driver's name of a device.

    >>> fits("A100 80GB", "NVIDIA A100-SXM4-80GB"), fits("L4", "NVIDIA L40S"), fits("H100", "NVIDIA GH200 480GB")
    (True, False, False)
    """
    return set(words.upper().split()) <= set(re.split(r"[^A-Z0-9]+", name.upper()))
