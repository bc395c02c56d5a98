"""Reads everything that is stored about runs for other programs, one row at a time."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from types import NoneType

from greentrack.errors import NotFoundError
from greentrack.store import tables
from greentrack.store.columns import Column, TableColumns
from greentrack.store.connect import open_for_reading, translated
from greentrack.store.run_row import RunRow
from greentrack.store.statements import Row, Statement, renamed, select
from greentrack.store.validation import ColumnRules

_RUN, _DEVICE = renamed("run", tables.RUNS.column("id")), renamed("device", tables.DEVICES.column("uid"))


def _of_device(energy: TableColumns, *owner: str) -> tuple[Column, ...]:
    """Return the columns of a device's energy, with ``trusted`` behind the cross-check that it is about."""
    columns = energy.without("run", "device", *owner)
    at = columns.index(energy.column("check_joules")) + 1
    return (_DEVICE, tables.DEVICES.column("kind"), *columns[:at], tables.RUN_DEVICES.column("trusted"), *columns[at:])


TABLES: Mapping[str, Statement] = {
    "runs": select(
        (
            *tables.RUNS.without("key", "pid", "pid_started", "boot_id", "updated_at", "last_reading_at"),
            *(renamed(f"host_{column.name}", column) for column in tables.HOSTS.without("id")),
        ),
        "FROM runs LEFT JOIN hosts ON hosts.id = host WHERE runs.id = ?",
    ),
    "devices": select(
        (_RUN, _DEVICE, *tables.DEVICES.without("key", "host", "uid"), *tables.RUN_DEVICES.without("run", "device")),
        """FROM runs JOIN run_devices ON run = runs.key JOIN devices ON devices.key = device
        WHERE runs.id = ? ORDER BY run_devices.device""",
    ),
    "readings": select(
        (_RUN, *_of_device(tables.READINGS)),
        """FROM runs JOIN readings ON readings.run = runs.key
        JOIN run_devices ON run_devices.run = readings.run AND run_devices.device = readings.device
        JOIN devices ON devices.key = readings.device WHERE runs.id = ? ORDER BY readings.device, at""",
    ),
    "spans": select(
        (
            _RUN,
            renamed("span", tables.SPANS.column("id")),
            *tables.SPANS.without("run", "id"),
            *_of_device(tables.SPAN_ENERGY, "span"),
        ),
        """FROM runs JOIN spans ON spans.run = runs.key
        LEFT JOIN span_energy ON span_energy.run = spans.run AND span_energy.span = spans.id
        LEFT JOIN run_devices ON run_devices.run = span_energy.run AND run_devices.device = span_energy.device
        LEFT JOIN devices ON devices.key = span_energy.device
        WHERE runs.id = ? ORDER BY spans.id, span_energy.device""",
    ),
    "phases": select(
        (
            *(_RUN, *tables.PHASES.pick("name", "calls"), renamed("phase_seconds", tables.PHASES.column("seconds"))),
            *_of_device(tables.PHASE_ENERGY, "phase"),
        ),
        """FROM runs JOIN phases ON phases.run = runs.key
        LEFT JOIN phase_energy ON phase_energy.run = phases.run AND phase_energy.phase = phases.name
        LEFT JOIN run_devices ON run_devices.run = phase_energy.run AND run_devices.device = phase_energy.device
        LEFT JOIN devices ON devices.key = phase_energy.device
        WHERE runs.id = ? ORDER BY phases.name, phase_energy.device""",
    ),
    "phase_times": select(
        (_RUN, *tables.PHASE_TIMES.without("run")),
        "FROM runs JOIN phase_times ON run = runs.key WHERE runs.id = ? ORDER BY start, phase",
    ),
    "metrics": select(
        (_RUN, *tables.METRICS.without("key", "run")),
        "FROM runs JOIN metrics ON run = runs.key WHERE runs.id = ? ORDER BY metrics.key",
    ),
    "work": select(
        (_RUN, *tables.WORK.without("run")), "FROM runs JOIN work ON run = runs.key WHERE runs.id = ? ORDER BY unit"
    ),
    "forecasts": select(
        (_RUN, *tables.FORECASTS.without("run")),
        "FROM runs JOIN forecasts ON run = runs.key WHERE runs.id = ? ORDER BY at, kind",
    ),
}
"""What can be exported, by name: queries for the run whose id is bound. Where *trusted* is 0, *check_joules* are the
valid joules; spans and phases have a row for each device that was read in them, and one without where none was."""

_SETTLED = ("status", "ended_at", "seconds")


@contextmanager
def exporting(path: Path, runs: Sequence[RunRow]) -> Iterator[Callable[[str], Iterator[Row]]]:
    """Open the database at *path* to export *runs* as of one moment, whatever is written meanwhile.

    The target is a function that yields the rows of a table of ``TABLES``, run by run. Raises NotFoundError where there
    is no database, StoreError.
    """
    db = open_for_reading(path)
    if db is None:
        raise NotFoundError(f"no runs yet at {path}; track one with: greentrack run -- COMMAND")
    with closing(db):
        with translated(path):
            db.execute("BEGIN")
        yield partial(_rows, db, path, runs)


def _rows(db: sqlite3.Connection, path: Path, runs: Sequence[RunRow], what: str) -> Iterator[Row]:
    query, columns = TABLES[what].sql, TABLES[what].columns
    wanted = ColumnRules(tuple((column.name, (*column.types, NoneType), 0.0) for column in columns))
    for run in runs:
        with translated(path):
            for row in db.execute(query, (run.id,)):
                wanted.check(row, path, run.id)
                yield row if what != "runs" else _settled(columns, row, run)


def _settled(columns: Sequence[Column], row: Row, run: RunRow) -> Row:
    """Return *row* as the run is now: that of a run which was killed still says that it is running."""
    return [
        getattr(run, column.name) if column.name in _SETTLED else value
        for column, value in zip(columns, row, strict=True)
    ]
