"""Everything that is kept about runs, row by row, for other programs: never more of it in memory than a row."""
# ruff: noqa: S608  # what is put together are constants of this package

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import NoneType
from typing import Any, Literal, NamedTuple

from greentrack.errors import NotFoundError
from greentrack.store.connect import open_for_reading, translated
from greentrack.store.run_row import RunRow
from greentrack.store.validation import ColumnRules, refused

Kind = Literal["text", "real", "whole", "flag", "json"]


class ExportTable(NamedTuple):
    """One kind of rows: its columns, and the question that gives them for the run whose id is bound."""

    columns: Mapping[str, Kind]
    query: str


_KINDS: Mapping[Kind, str] = {  # what is in none of these is text
    "real": "started_at ended_at seconds interval tracker_cpu_seconds joules check_joules process_joules idle_joules "
    "idle_seconds idle_watts at share busy phase_seconds value amount low high",
    "whole": "start length rank world_size tracker_readings tracker_late tracker_failures tracker_restarts host_cpus "
    "host_memory_bytes span parent calls",
    "flag": "git_dirty measured trusted",
    "json": "tags params command packages details attrs",
}
_TYPES: Mapping[Kind, tuple[type, ...]] = {
    "text": (str, NoneType),
    "real": (int, float, NoneType),
    "whole": (int, NoneType),
    "flag": (int, NoneType),
    "json": (str, NoneType),
}
_KIND_OF: Mapping[str, Kind] = {name: kind for kind, names in _KINDS.items() for name in names.split()}


def _table(columns: str, query: str) -> ExportTable:
    return ExportTable({name: _KIND_OF.get(name, "text") for name in columns.split()}, query)


_RUN = """id name project status tags params started_at ended_at seconds host command folder git_commit git_dirty python
    packages group_id rank world_size interval zone rest error continues tracker_cpu_seconds tracker_readings
    tracker_late tracker_failures tracker_restarts"""
_HOST = "name system cpu cpus memory_bytes chassis timezone"

TABLES: Mapping[str, ExportTable] = {
    "runs": _table(
        f"{_RUN} {' '.join(f'host_{name}' for name in _HOST.split())}",
        f"""SELECT {", ".join(f"runs.{name}" for name in _RUN.split())},
        {", ".join(f"hosts.{name}" for name in _HOST.split())}
        FROM runs LEFT JOIN hosts ON hosts.id = host WHERE runs.id = ?""",
    ),
    "devices": _table(
        """run device kind name details method measured joules seconds check_joules trusted process_joules idle_joules
        idle_seconds idle_watts note""",
        """SELECT runs.id, uid, kind, devices.name, details, method, measured, joules, watched.seconds, check_joules,
        trusted, process_joules, idle_joules, idle_seconds, idle_watts, note
        FROM runs JOIN run_devices AS watched ON run = runs.key JOIN devices ON devices.key = device
        WHERE runs.id = ? ORDER BY device""",
    ),
    "readings": _table(
        "run device kind at joules seconds check_joules trusted share busy",
        """SELECT runs.id, uid, kind, at, used.joules, used.seconds, used.check_joules, trusted, share, busy
        FROM runs JOIN readings AS used ON used.run = runs.key
        JOIN run_devices AS watched ON watched.run = used.run AND watched.device = used.device
        JOIN devices ON devices.key = used.device WHERE runs.id = ? ORDER BY used.device, at""",
    ),
    "spans": _table(
        "run span name started_at ended_at parent attrs device kind joules seconds check_joules trusted",
        """SELECT runs.id, spans.id, spans.name, spans.started_at, spans.ended_at, parent, attrs, uid, kind,
        used.joules, used.seconds, used.check_joules, trusted
        FROM runs JOIN spans ON spans.run = runs.key
        LEFT JOIN span_energy AS used ON used.run = spans.run AND used.span = spans.id
        LEFT JOIN run_devices AS watched ON watched.run = used.run AND watched.device = used.device
        LEFT JOIN devices ON devices.key = used.device WHERE runs.id = ? ORDER BY spans.id, used.device""",
    ),
    "phases": _table(
        "run name calls phase_seconds device kind joules seconds check_joules trusted",
        """SELECT runs.id, phases.name, calls, phases.seconds, uid, kind, used.joules, used.seconds, used.check_joules,
        trusted
        FROM runs JOIN phases ON phases.run = runs.key
        LEFT JOIN phase_energy AS used ON used.run = phases.run AND used.phase = phases.name
        LEFT JOIN run_devices AS watched ON watched.run = used.run AND watched.device = used.device
        LEFT JOIN devices ON devices.key = used.device WHERE runs.id = ? ORDER BY phases.name, used.device""",
    ),
    "phase_times": _table(
        "run start length phase seconds",
        """SELECT runs.id, start, length, phase, phase_times.seconds FROM runs JOIN phase_times ON run = runs.key
        WHERE runs.id = ? ORDER BY start, phase""",
    ),
    "metrics": _table(
        "run name at value joules",
        """SELECT runs.id, metrics.name, at, value, joules FROM runs JOIN metrics ON run = runs.key
        WHERE runs.id = ? ORDER BY metrics.key""",
    ),
    "work": _table(
        "run unit amount",
        "SELECT runs.id, unit, amount FROM runs JOIN work ON run = runs.key WHERE runs.id = ? ORDER BY unit",
    ),
    "forecasts": _table(
        "run at kind value low high",
        """SELECT runs.id, at, kind, value, low, high FROM runs JOIN forecasts ON run = runs.key
        WHERE runs.id = ? ORDER BY at, kind""",
    ),
}
"""What can be exported, by name. Where *trusted* is 0, *check_joules* are the joules to believe; spans and phases have
a row for each device that was read in them, and one without where none was."""

_SETTLED = ("status", "ended_at", "seconds")


class TableExport:
    """The rows of some runs, all of one moment, whatever is written meanwhile."""

    def __init__(self, db: sqlite3.Connection, path: Path, runs: Sequence[RunRow]) -> None:
        self._db, self._path, self._runs = db, path, runs

    def rows(self, what: str) -> Iterator[Sequence[Any]]:
        """Yield the rows of ``TABLES[what]``, run by run. Raises StoreError."""
        table = TABLES[what]
        wanted = ColumnRules(tuple((name, _TYPES[kind], 0.0) for name, kind in table.columns.items()))
        for run in self._runs:
            with translated(self._path):
                for row in self._db.execute(table.query, (run.id,)):
                    try:
                        wanted.check(row)
                    except ValueError as error:
                        raise refused(self._path, error, run.id) from error
                    yield row if what != "runs" else _settled(tuple(table.columns), row, run)


def _settled(columns: Sequence[str], row: Sequence[Any], run: RunRow) -> Sequence[Any]:
    """Return *row* as the run stands: that of a run which was killed still says that it is running."""
    facts = dict(zip(columns, row, strict=True))
    return (*(facts | {name: getattr(run, name) for name in _SETTLED}).values(),)


@contextmanager
def exporting(path: Path, runs: Sequence[RunRow]) -> Iterator[TableExport]:
    """Open the database at *path* to export *runs*. Raises NotFoundError where there is none, StoreError."""
    db = open_for_reading(path)
    if db is None:
        raise NotFoundError(f"no runs yet at {path}; track one with: greentrack run -- COMMAND")
    with closing(db):
        with translated(path):
            db.execute("BEGIN")
        yield TableExport(db, path, runs)
