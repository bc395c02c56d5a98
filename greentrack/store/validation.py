"""What may be in the columns of a row: anybody can edit a database, and SQLite keeps any value in any column."""

import sqlite3
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple

from greentrack.errors import StoreError

MAX_SIZE = 1e15
"""No figure is larger: as joules, three thousand years of a machine that draws 10 kW."""

MAX_TIME = 1e11
"""Unix time (or a length of time) up to the year 5138: what is later no calendar can be trusted with."""

MIN_SIZE = 1e-30
"""Nor is one smaller that is not zero: what is divided by it would be no number any more."""

_KINDS: Sequence[tuple[str, tuple[type, ...], float]] = (
    ("id", (str, int), 0.0),  # a run's is text, a span's a number
    (
        "name status kind uid method note rest boot_id folder python tags params command packages details attrs system "
        "cpu chassis phase unit devices source",
        (str,),
        0.0,
    ),
    ("project git_commit group_id zone error continues timezone host", (str, NoneType), 0.0),
    ("key span pid cpus memory_bytes calls trusted", (int,), MAX_SIZE),
    ("tracker_readings tracker_late tracker_failures tracker_restarts", (int,), MAX_SIZE),
    ("rank world_size git_dirty parent", (int, NoneType), MAX_SIZE),
    ("at started_at updated_at seconds pid_started interval start length fetched_at", (int, float), MAX_TIME),
    ("ended_at last_reading_at idle_seconds update_seconds", (int, float, NoneType), MAX_TIME),
    (
        "joules believed measured_joules expected tracker_cpu_seconds components_watts wall_watts",
        (int, float),
        MAX_SIZE,
    ),
    ("check_joules process_joules idle_joules idle_watts share busy low high used", (int, float, NoneType), MAX_SIZE),
    ("g_per_kwh", (int, float, NoneType), MAX_SIZE),
    ("amount", (int, float), sys.float_info.max),  # somebody may count floating-point operations
    ("outcome", (int, float, NoneType), 0.0),  # of any size, and a loss may be infinite
)
_ALLOWED = {name: (types, most) for names, types, most in _KINDS for name in names.split()}


class ColumnRules(NamedTuple):
    """For each column of a row: its name, the types of its values, and where a number is too large (0: nowhere)."""

    columns: tuple[tuple[str, tuple[type, ...], float], ...]

    def fits(self, rows: Sequence[Sequence[Any]]) -> bool:
        """Whether all *rows* hold what GreenTrack writes; column by column, which takes a fifth of the time."""
        for values, (_, types, most) in zip(zip(*rows, strict=True), self.columns, strict=True):
            kinds = set(map(type, values))
            if types and not kinds.issubset(types):
                return False
            if most:
                sizes = list(map(abs, filter(None, values)))
                if sizes and not MIN_SIZE <= min(sizes) <= max(sizes) <= most:
                    return False
        return True

    def check(self, row: Sequence[Any]) -> None:
        """Raise ValueError, which names the column, where *row* holds what GreenTrack does not write."""
        for value, (name, types, most) in zip(row, self.columns, strict=True):
            bad = types and type(value) not in types
            if bad or (most and value and not MIN_SIZE <= abs(value) <= most):
                raise ValueError(f"{name} is {_shown(value)}")


@cache
def shape(names: tuple[str, ...]) -> ColumnRules:
    """Return the shape of a row with columns of these names; what has another name may be anything."""
    return ColumnRules(tuple((name, *_ALLOWED.get(name, ((), 0.0))) for name in names))


def checked(found: sqlite3.Cursor, path: Path) -> list[Sequence[Any]]:
    """Return the rows of *found*. Raises StoreError where one is not what GreenTrack writes."""
    names = tuple(column[0] for column in found.description or ())
    wanted, rows = shape(names), found.fetchall()
    if not rows or wanted.fits(rows):
        return rows
    for row in rows:
        try:
            wanted.check(row)
        except ValueError as error:
            whose = row[names.index("id")] if "id" in names and "status" in names else ""
            raise refused(path, error, whose) from error
    raise AssertionError("unreachable")


def refused(path: Path, error: ValueError, run_id: object = "") -> StoreError:
    """Return the error for what a row of *path* holds; *run_id* says whose it is, where that is known."""
    if isinstance(run_id, str) and run_id:
        return StoreError(
            f"{path}, changed by something else, cannot be read: {error} in run {run_id}; "
            f"mend it, or remove that run with: greentrack delete {run_id}"
        )
    return StoreError(f"{path}, changed by something else, cannot be read: {error}; mend it, or use a copy of it")


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
