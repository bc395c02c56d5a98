"""Copies a run into a new database when its own is moved, replaced or deleted while the run is recorded.

An open file outlives its name, so all of the run can still be read from it. This happens before the new file is opened:
both may have a log of the same name.
"""
# ruff: noqa: S608  # built from constants of this package and quoted names of columns

import sqlite3
from collections.abc import Mapping
from typing import NamedTuple

from greentrack.store import write_queries as sql
from greentrack.store.statements import Row, select
from greentrack.store.tables import DEVICES, OF_RUN

_DEVICES = select(DEVICES.columns, "FROM devices JOIN run_devices ON device = devices.key WHERE run = ?").sql


class RunRows(NamedTuple):
    """All that is stored of a run but its own row: its devices by their key, and the rows of each table."""

    devices: Mapping[int, Row]
    tables: Mapping[str, tuple[list[str], list[Row]]]


def read_run(db: sqlite3.Connection, run_id: str) -> RunRows | None:
    """Read all that *db* has of the run with this id; None where it was deleted. Raises sqlite3.Error."""
    found = db.execute("SELECT key FROM runs WHERE id = ?", (run_id,)).fetchone()
    if found is None:
        return None
    run = found[0]
    devices = {key: facts for key, *facts in db.execute(_DEVICES, (run,))}
    tables = {}
    for table in (table.name for table in OF_RUN):
        stored = db.execute(f"SELECT * FROM {table} WHERE run = ?", (run,))
        tables[table] = ([column[0] for column in stored.description], stored.fetchall())
    return RunRows(devices, tables)


def write_run(db: sqlite3.Connection, run: int, stored: RunRows) -> None:
    """Write *stored* into *db*, where the run has this key; what an older copy holds of it is replaced."""
    devices = {}
    for key, (host, uid, *facts) in stored.devices.items():
        db.execute(sql.DEVICE.sql, (host, uid, *facts))
        found = db.execute("SELECT key FROM devices WHERE host = ? AND uid = ?", (host, uid)).fetchone()
        devices[key] = found[0]
    for table, (columns, rows) in stored.tables.items():
        db.execute(f"DELETE FROM {table} WHERE run = ?", (run,))
        names = [name for name in columns if name != "key"]  # the new file gives its own key
        values = []
        for row in rows:
            facts_of = dict(zip(columns, row, strict=True)) | {"run": run}
            if "device" in facts_of:
                facts_of["device"] = devices[facts_of["device"]]
            values.append([facts_of[name] for name in names])
        quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
        placeholders = ", ".join("?" * len(names))
        db.executemany(f"INSERT INTO {table} ({quoted}) VALUES ({placeholders})", values)
    query = "UPDATE runs SET last_reading_at = (SELECT max(at) FROM readings WHERE run = ?1) WHERE key = ?1"
    db.execute(query, (run,))
