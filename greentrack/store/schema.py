"""The numbered migrations that make the tables.

``PRAGMA user_version`` is the number of the newest migration that was run. Migrations are run by sqlite-utils, but
importing it takes up to a second (it imports pandas where that is installed), which a first run would feel. The first
migrations are therefore plain SQL, and sqlite3 alone runs them on an empty file. An older database, and any migration
after them, goes through sqlite-utils.
"""

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from greentrack.errors import SchemaError, StoreError

if TYPE_CHECKING:
    from sqlite_utils.migrations import Migrations

APPLICATION_ID = 0x47545231  # "GTR1"
SET = "greentrack"

VALID_JOULES = "CASE WHEN trusted OR check_joules IS NULL THEN joules ELSE check_joules END"
"""The valid joules of a row of ``run_devices``: see ``model.DeviceUse.joules``."""

_FIRST = (
    """CREATE TABLE hosts (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, system TEXT NOT NULL, cpu TEXT NOT NULL, cpus INTEGER NOT NULL,
        memory_bytes INTEGER NOT NULL, chassis TEXT NOT NULL, timezone TEXT)""",
    """CREATE TABLE runs (
        key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, project TEXT, status TEXT NOT NULL,
        tags TEXT NOT NULL, params TEXT NOT NULL, started_at REAL NOT NULL, ended_at REAL, seconds REAL NOT NULL,
        host TEXT REFERENCES hosts(id), pid INTEGER NOT NULL, pid_started REAL NOT NULL, boot_id TEXT NOT NULL,
        command TEXT NOT NULL, folder TEXT NOT NULL, git_commit TEXT, git_dirty INTEGER, python TEXT NOT NULL,
        packages TEXT NOT NULL, group_id TEXT, rank INTEGER, world_size INTEGER, interval REAL NOT NULL, zone TEXT,
        rest TEXT NOT NULL, error TEXT, updated_at REAL NOT NULL, last_reading_at REAL,
        tracker_cpu_seconds REAL NOT NULL DEFAULT 0, tracker_readings INTEGER NOT NULL DEFAULT 0,
        tracker_late INTEGER NOT NULL DEFAULT 0, tracker_failures INTEGER NOT NULL DEFAULT 0,
        tracker_restarts INTEGER NOT NULL DEFAULT 0)""",
    "CREATE INDEX runs_started_at ON runs (started_at)",
    "CREATE INDEX runs_project ON runs (project, started_at)",
    "CREATE INDEX runs_status ON runs (status, started_at)",
    "CREATE INDEX runs_name ON runs (name, started_at)",
    """CREATE TABLE devices (
        key INTEGER PRIMARY KEY, host TEXT NOT NULL, uid TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
        details TEXT NOT NULL, UNIQUE (host, uid))""",
    """CREATE TABLE run_devices (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, device INTEGER NOT NULL REFERENCES devices(key),
        method TEXT NOT NULL, measured INTEGER NOT NULL, trusted INTEGER NOT NULL, note TEXT NOT NULL,
        joules REAL NOT NULL DEFAULT 0, seconds REAL NOT NULL DEFAULT 0, check_joules REAL, process_joules REAL,
        PRIMARY KEY (run, device)) WITHOUT ROWID""",
    """CREATE TABLE readings (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, device INTEGER NOT NULL REFERENCES devices(key),
        at REAL NOT NULL, seconds REAL NOT NULL, joules REAL NOT NULL, check_joules REAL, share REAL,
        PRIMARY KEY (run, device, at)) WITHOUT ROWID""",
    """CREATE TABLE spans (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, id INTEGER NOT NULL, name TEXT NOT NULL,
        started_at REAL NOT NULL, ended_at REAL, parent INTEGER, attrs TEXT NOT NULL,
        PRIMARY KEY (run, id)) WITHOUT ROWID""",
    """CREATE TABLE span_energy (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, span INTEGER NOT NULL,
        device INTEGER NOT NULL REFERENCES devices(key), joules REAL NOT NULL, seconds REAL NOT NULL, check_joules REAL,
        PRIMARY KEY (run, span, device)) WITHOUT ROWID""",
    """CREATE TABLE phases (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, name TEXT NOT NULL, calls INTEGER NOT NULL,
        seconds REAL NOT NULL, PRIMARY KEY (run, name)) WITHOUT ROWID""",
    """CREATE TABLE phase_energy (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, phase TEXT NOT NULL,
        device INTEGER NOT NULL REFERENCES devices(key), joules REAL NOT NULL, seconds REAL NOT NULL, check_joules REAL,
        PRIMARY KEY (run, phase, device)) WITHOUT ROWID""",
    """CREATE TABLE metrics (
        key INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, name TEXT NOT NULL,
        at REAL NOT NULL, value REAL, joules REAL)""",
    "CREATE INDEX metrics_run ON metrics (run, name, at)",
    """CREATE TABLE work (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, unit TEXT NOT NULL, amount REAL NOT NULL,
        PRIMARY KEY (run, unit)) WITHOUT ROWID""",
    """CREATE TABLE forecasts (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, at REAL NOT NULL, kind TEXT NOT NULL,
        value REAL NOT NULL, low REAL, high REAL, PRIMARY KEY (run, kind, at)) WITHOUT ROWID""",
    f"""CREATE VIEW run_energy AS
        SELECT runs.id, runs.name, runs.project, runs.status, runs.started_at, total(believed) AS joules,
               total(believed) / 3.6e6 AS kwh, total(CASE WHEN measured THEN believed END) AS measured_joules
        FROM runs
        LEFT JOIN (SELECT run, measured, {VALID_JOULES} AS believed FROM run_devices) AS used ON used.run = runs.key
        GROUP BY runs.key""",  # noqa: S608  # a constant
    f"""CREATE VIEW device_energy AS
        SELECT runs.id AS run, runs.name AS run_name, devices.uid, devices.kind, devices.name AS device, used.method,
               used.measured, used.joules, used.joules / 3.6e6 AS kwh, used.seconds, used.process_joules
        FROM (SELECT run, device, method, measured, {VALID_JOULES} AS joules, run_devices.seconds, process_joules
              FROM run_devices) AS used
        JOIN runs ON runs.key = used.run JOIN devices ON devices.key = used.device""",  # noqa: S608  # a constant
)

_SECOND = (
    """CREATE TABLE calibrations (
        key INTEGER PRIMARY KEY, host TEXT NOT NULL REFERENCES hosts(id), at REAL NOT NULL, seconds REAL NOT NULL,
        components_watts REAL NOT NULL, wall_watts REAL NOT NULL, devices TEXT NOT NULL, source TEXT NOT NULL)""",
    "CREATE INDEX calibrations_host ON calibrations (host, at)",
    """CREATE TABLE self_tests (
        host TEXT NOT NULL REFERENCES hosts(id), uid TEXT NOT NULL, at REAL NOT NULL, seconds REAL NOT NULL,
        update_seconds REAL, spread REAL, joules REAL NOT NULL, check_joules REAL, ticks INTEGER NOT NULL,
        late_p50 REAL NOT NULL, late_p99 REAL NOT NULL, note TEXT NOT NULL,
        PRIMARY KEY (host, uid)) WITHOUT ROWID""",
)

_THIRD = (
    "ALTER TABLE runs ADD COLUMN continues TEXT",
    "CREATE INDEX runs_continues ON runs (continues) WHERE continues IS NOT NULL",
    "CREATE INDEX runs_group ON runs (group_id, host) WHERE world_size > 1",
)

_FOURTH = (
    """CREATE TABLE hours (
        source TEXT NOT NULL, zone TEXT NOT NULL, start REAL NOT NULL, seconds REAL NOT NULL, g_per_kwh REAL,
        forecast INTEGER NOT NULL, estimated INTEGER NOT NULL, fetched_at REAL NOT NULL,
        PRIMARY KEY (source, zone, start)) WITHOUT ROWID""",
)

_FIFTH = (
    "ALTER TABLE readings ADD COLUMN busy REAL",
    "ALTER TABLE run_devices ADD COLUMN idle_joules REAL",
    "ALTER TABLE run_devices ADD COLUMN idle_seconds REAL",
    "ALTER TABLE run_devices ADD COLUMN idle_watts REAL",
)

_SIXTH = (
    """CREATE TABLE phase_times (
        run INTEGER NOT NULL REFERENCES runs(key) ON DELETE CASCADE, start INTEGER NOT NULL, length INTEGER NOT NULL,
        phase TEXT NOT NULL, seconds REAL NOT NULL, PRIMARY KEY (run, start, phase)) WITHOUT ROWID""",
)


Step = tuple[str, Callable[[Any], None]]
"""A migration: its name, and what it does to a sqlite-utils Database."""


def _plain(statements: Sequence[str]) -> Callable[[Any], None]:
    """Return a step that needs no more than ``execute``, which a sqlite3 connection has too."""

    def run(db: Any) -> None:
        for statement in statements:
            db.execute(statement)

    return run


STEPS: Sequence[Step] = (
    ("m001_first", _plain(_FIRST)),
    ("m002_known", _plain(_SECOND)),  # calibrations and self-tests of a host
    ("m003_parts", _plain(_THIRD)),  # runs that continue others, and an index to find the runs of one group
    ("m004_hourly", _plain(_FOURTH)),  # the grid's carbon by the hour
    ("m005_busy", _plain(_FIFTH)),  # how busy a device was, and what it used while it idled
    ("m006_phase_times", _plain(_SIXTH)),
)
"""Every migration, in order; one that was ever released is never changed."""

PLAIN_STEPS = 6
"""The number of steps at the beginning that are plain SQL."""


def migrations(steps: Sequence[Step] = STEPS, done: int = 0) -> "Migrations":
    """Return *steps* as a sqlite-utils migration set; the first *done* of them are only noted."""
    from sqlite_utils.migrations import Migrations

    made = Migrations(SET)
    for number, (name, function) in enumerate(steps):
        made(name=name)(function if number >= done else lambda _: None)
    return made


def upgrade(db: sqlite3.Connection, path: Path, steps: Sequence[Step] = STEPS) -> None:
    """Bring an open database to the newest schema, in one transaction; a crash leaves it as it was.

    Raises SchemaError for another program's database or a newer GreenTrack's; sqlite3.Error as it comes.
    """
    if _version(db, path, len(steps)) == len(steps):
        return
    with db:  # commits, or rolls back whatever is raised
        db.execute("BEGIN IMMEDIATE")
        version = _version(db, path, len(steps))  # again: another process may have migrated it meanwhile
        if version == 0:
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            for _, function in steps[:PLAIN_STEPS]:
                function(db)
            version = min(PLAIN_STEPS, len(steps))
        if version < len(steps):
            _migrate(db, steps, version)
        db.execute(f"PRAGMA user_version = {len(steps)}")


def _version(db: sqlite3.Connection, path: Path, newest: int) -> int:
    """Return the number of the database's newest migration, 0 for an empty one."""
    # one statement sees one state: another process may be creating the tables at this moment
    query = """SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)
        FROM pragma_application_id, pragma_user_version"""
    application, version, tables = db.execute(query).fetchone()
    if application != APPLICATION_ID:
        if application == version == tables == 0:
            return 0
        raise foreign_database(path)
    if version > newest:
        raise SchemaError(
            f"{path} was written by a newer GreenTrack (schema {version}, this one knows {newest}); "
            "upgrade: pip install -U greentrack"
        )
    return int(version)


def foreign_database(path: Path) -> SchemaError:
    """Return the error for a database that is not GreenTrack's."""
    return SchemaError(
        f"{path} is another program's database and is left alone; choose another file with GREENTRACK_DB or db="
    )


def _migrate(db: sqlite3.Connection, steps: Sequence[Step], version: int) -> None:
    try:
        from sqlite_utils import Database
    except ImportError as error:
        raise StoreError(
            f"the database must be migrated, which needs sqlite-utils ({error}); pip install sqlite-utils"
        ) from error
    migrations(steps, done=version).apply(Database(db, execute_plugins=False))
