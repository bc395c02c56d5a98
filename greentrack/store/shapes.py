"""What may be in the columns of a row: anybody can edit a database, and SQLite keeps any value in any column."""

import math
import sqlite3
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, NamedTuple

from greentrack.errors import StoreError


MOST = 1e15
"""No figure is larger: as joules, a thousand times what all trainings of a year use."""

MOST_TIME = 1e11
"""Unix time (or a length of time) up to the year 5138: what is later no calendar can be trusted with."""

_KINDS: Sequence[tuple[str, tuple[type, ...], float]] = (
    ("id", (str, int), MOST),  # a run's is text, a span's a number
    (
        "name status kind uid method note rest boot_id folder python tags params command packages details attrs system "
        "cpu chassis phase unit devices source",
        (str,),
        0.0,
    ),
    ("project git_commit group_id zone error continues timezone host", (str, NoneType), 0.0),
    ("key span pid cpus memory_bytes calls trusted", (int,), MOST),
    ("tracker_readings tracker_late tracker_failures tracker_restarts", (int,), MOST),
    ("rank world_size git_dirty parent", (int, NoneType), MOST),
    ("at started_at updated_at seconds pid_started interval start fetched_at", (int, float), MOST_TIME),
    ("ended_at last_reading_at idle_seconds update_seconds", (int, float, NoneType), MOST_TIME),
    ("joules believed measured_joules tracker_cpu_seconds amount components_watts wall_watts", (int, float), MOST),
    ("check_joules process_joules idle_joules idle_watts share busy low high used", (int, float, NoneType), MOST),
    ("g_per_kwh", (int, float, NoneType), MOST),
    ("value", (str, int, float, NoneType), math.inf),  # an outcome may be anything; a tag is text
)
_ALLOWED = {name: (types, most) for names, types, most in _KINDS for name in names.split()}


class Shape(NamedTuple):
    """The types of a row's columns, and where a number is too large."""

    names: tuple[str, ...]
    types: tuple[tuple[type, ...], ...]
    most: tuple[tuple[int, float], ...]

    def check(self, row: Sequence[Any]) -> None:
        """Raise ValueError, which names the column, where *row* holds what GreenTrack does not write."""
        if not all(map(isinstance, row, self.types)):
            bad = next(i for i, value in enumerate(row) if not isinstance(value, self.types[i]))
        else:
            too_large = (i for i, most in self.most if row[i] is not None and not -most <= row[i] <= most)
            if (bad := next(too_large, -1)) < 0:
                return
        raise ValueError(f"{self.names[bad]} is {_shown(row[bad])}")


@cache
def shape(names: tuple[str, ...]) -> Shape:
    """Return the shape of a row with columns of these names; what has another name may be anything."""
    allowed = [_ALLOWED.get(name, ((object,), 0.0)) for name in names]
    most = tuple((i, most) for i, (types, most) in enumerate(allowed) if most and str not in types)
    return Shape(names, tuple(types for types, _ in allowed), most)


def checked(found: sqlite3.Cursor, path: Path) -> list[Sequence[Any]]:
    """Return the rows of *found*. Raises StoreError where one is not what GreenTrack writes."""
    names = tuple(column[0] for column in found.description or ())
    wanted, rows = shape(names), found.fetchall()
    for row in rows:
        try:
            wanted.check(row)
        except ValueError as error:
            found_in = row[names.index("id")] if "id" in names and "status" in names else ""
            raise refused(path, error, found_in) from error
    return rows


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
