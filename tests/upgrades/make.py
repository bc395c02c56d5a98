"""Writes ``v1.sql`` and so on: what a GreenTrack of each schema left behind. ``python -m tests.upgrades.make``

A file that is there is never written anew: it stands for what was released. A new migration gets a new file.
"""

import sqlite3
from pathlib import Path

from sqlite_utils import Database

from greentrack.store import schema

HERE = Path(__file__).parent

STARTED_AT = 1_790_000_000.0
"""Two runs of an hour each: a GPU at 200 W, measured, and a CPU at 50 W, modelled; the second was killed."""

HOST = ("h1", "box", "Linux", "Some CPU", 8, 2**34, "server", "Europe/Paris")
RUN = "id name project status tags params started_at ended_at seconds host pid pid_started boot_id command folder" + (
    " git_commit git_dirty python packages interval zone rest error updated_at last_reading_at tracker_readings"
)


def make(version: int) -> str:
    """Return the SQL that makes a database of the first *version* migrations with two runs in it."""
    db = sqlite3.connect(":memory:", isolation_level=None)
    schema.migrations(schema.STEPS[:version]).apply(Database(db))
    insert(db, "hosts", "id name system cpu cpus memory_bytes chassis timezone", HOST)
    insert(db, "devices", "key host uid kind name details", (1, "h1", "GPU-1", "gpu", "A GPU", '{"index": 0}'))
    insert(db, "devices", "key host uid kind name details", (2, "h1", "cpu", "cpu", "A CPU", "{}"))
    for key in (1, 2):
        run(db, key)
    if version >= 2:
        insert(
            db,
            "calibrations",
            "host at seconds components_watts wall_watts devices source",
            ("h1", STARTED_AT, 30.0, 250.0, 350.0, '["GPU-1", "cpu"]', "350 W shown"),
        )
    if version >= 3:
        db.execute("UPDATE runs SET continues = (SELECT id FROM runs WHERE key = 1) WHERE key = 2")
    if version >= 4:
        facts = ("uk", "GB", STARTED_AT, 1800.0, 120.0, 0, 0, STARTED_AT + 7200)
        insert(db, "hours", "source zone start seconds g_per_kwh forecast estimated fetched_at", facts)
    if version >= 5:
        db.execute("UPDATE readings SET busy = 0.05 WHERE device = 1 AND run = 1")
        idle = "UPDATE run_devices SET idle_joules = 720000, idle_seconds = 3600, idle_watts = 60 WHERE device = 1"
        db.execute(f"{idle} AND run = 1")
    if version >= 6:
        for slot in (STARTED_AT, STARTED_AT + 2048):
            insert(
                db, "phase_times", "run start length phase seconds", (1, int(slot // 2048) * 2048, 2048, "data", 30.0)
            )
    db.execute("UPDATE _sqlite_migrations SET applied_at = '2026-11-22 00:00:00+00:00'")
    text = "\n".join((f"PRAGMA application_id = {schema.APPLICATION_ID};", *db.iterdump()))
    db.close()
    return f"{text}\nPRAGMA user_version = {version};\n"


def run(db: sqlite3.Connection, key: int) -> None:
    """Add an hour of a run with a reading each half, a span, a phase, a metric, work and a forecast."""
    start = STARTED_AT + 7200 * (key - 1)
    finished = key == 1
    values = (
        *(f"019a000{key}-0000-7000-8000-00000000000{key}", f"run-{key}", "demo", "finished" if finished else "running"),
        *('["t"]', '{"lr": 0.1}', start, start + 3600 if finished else None, 3600.0, "h1", 7, start - 1, "b1"),
        *('["python", "train.py"]', "/home/me", "abc", 0, "3.12.1", '{"torch": "2.9"}', 1.0, "FR", "auto"),
        *(None, start + 3600, start + 3600, 4),
    )
    insert(db, "runs", f"key {RUN}", (key, *values))
    for device, method, measured, watts in ((1, "nvml-counter", 1, 200.0), (2, "cpu-model", 0, 50.0)):
        check = watts * 3600 if measured else None
        facts = (key, device, method, measured, 1, "", watts * 3600, 3600.0, check, None)
        columns = "run device method measured trusted note joules seconds check_joules process_joules"
        insert(db, "run_devices", columns, facts)
        for half in (1, 2):
            reading = (key, device, start + 1800 * half, 1800.0, watts * 1800, check and check / 2, None)
            insert(db, "readings", "run device at seconds joules check_joules share", reading)
        insert(db, "span_energy", "run span device joules seconds", (key, 1, device, watts * 1800, 1800.0))
        insert(db, "phase_energy", "run phase device joules seconds", (key, "data", device, watts * 60, 60.0))
    insert(db, "spans", "run id name started_at ended_at attrs", (key, 1, "epoch", start, start + 1800, '{"index": 0}'))
    insert(db, "phases", "run name calls seconds", (key, "data", 10, 60.0))
    insert(db, "metrics", "run name at value joules", (key, "val_acc", start + 3600, 0.9, 900_000.0))
    insert(db, "work", "run unit amount", (key, "samples", 1000.0))
    for kind, value in (("progress", 0.1), ("joules", 9e5), ("seconds", 3600.0)):
        figures = (None, None) if kind == "progress" else (value * 0.9, value * 1.2)
        insert(db, "forecasts", "run at kind value low high", (key, start + 360, kind, value, *figures))


def insert(db: sqlite3.Connection, table: str, columns: str, values: tuple[object, ...]) -> None:
    """Add a row by the names of its columns."""
    names = columns.split()
    db.execute(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})", values)  # noqa: S608  # ours


def file_of(version: int) -> Path:
    """Return where the database of that *version* is kept."""
    return HERE / f"v{version}.sql"


if __name__ == "__main__":
    for number in range(1, len(schema.STEPS) + 1):
        if not file_of(number).exists():
            file_of(number).write_text(make(number), encoding="utf-8")
            print(file_of(number))
