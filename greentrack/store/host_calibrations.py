"""What is kept about a host beside its runs: readings of a meter at its wall, tests of its sensors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from greentrack.errors import NotFoundError
from greentrack.model import Host
from greentrack.store import read_queries, rows
from greentrack.store import write_queries as sql
from greentrack.store.connect import open_for_reading, open_for_writing, translated
from greentrack.store.validation import checked

if TYPE_CHECKING:
    from greentrack.calibration_facts import Calibration, HostCalibration, SelfTest

Query = Callable[[str, Sequence[object]], Sequence[rows.Row]]

_CALIBRATIONS = """SELECT host, key, at, seconds, components_watts, wall_watts, devices, source FROM calibrations
    ORDER BY at, key"""
_UPDATES = "SELECT host, uid, update_seconds FROM self_tests WHERE update_seconds IS NOT NULL"
_CALIBRATE = """INSERT INTO calibrations (host, at, seconds, components_watts, wall_watts, devices, source)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
_TEST = """REPLACE INTO self_tests (host, uid, at, seconds, update_seconds, spread, joules, check_joules, ticks,
    late_p50, late_p99, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""


def by_host(query: Query) -> dict[str, HostCalibration]:
    """Return what is known about each host, by its id; *query* runs SQL on an open database."""
    walls, tests = query(_CALIBRATIONS, ()), query(_UPDATES, ())
    if not walls and not tests:
        return {}
    from greentrack.calibration_facts import (  # every recorder asks, and most hosts have none
        Calibration,
        HostCalibration,
    )

    calibrations: dict[str, list[Calibration]] = {}
    updates: dict[str, dict[str, float]] = {}
    for host, number, at, seconds, components, wall, devices, source in walls:
        calibrations.setdefault(host, []).append(
            Calibration(
                at=at,
                components_watts=components,
                wall_watts=wall,
                seconds=seconds,
                devices=tuple(rows.loaded(devices, [])),
                source=source,
                number=number,
            )
        )
    for host, uid, seconds in tests:
        updates.setdefault(host, {})[uid] = seconds
    return {
        host: HostCalibration(calibrations=tuple(calibrations.get(host, ())), updates=updates.get(host, {}))
        for host in calibrations.keys() | updates.keys()
    }


def known(path: Path, busy_timeout_s: float = 5.0) -> Mapping[str, HostCalibration]:
    """Return what the database at *path* knows about each host, by its id. Raises StoreError."""
    db = open_for_reading(path, busy_timeout_s)
    if db is None:
        return {}
    with closing(db), translated(path):
        return by_host(lambda query, values: checked(db.execute(query, values), path))


def hosts(path: Path) -> dict[str, Host]:
    """Return every host in the database at *path*, by its id. Raises StoreError."""
    db = open_for_reading(path)
    if db is None:
        return {}
    with closing(db), translated(path):
        return {row[0]: rows.host(row) for row in checked(db.execute(read_queries.HOSTS), path)}


def add_calibration(path: Path, host: Host, calibration: Calibration) -> None:
    """Keep *calibration* of *host*. Raises StoreError."""
    devices = json.dumps(sorted(calibration.devices))
    watts = (calibration.components_watts, calibration.wall_watts)
    with closing(open_for_writing(path)) as db, translated(path):
        db.execute("BEGIN IMMEDIATE")
        db.execute(sql.HOST_UPSERT, rows.host_row(host))
        facts = (calibration.at, calibration.seconds, *watts, devices, rows.text(calibration.source))
        db.execute(_CALIBRATE, (host.id, *facts))
        db.execute("COMMIT")


def forget_calibration(path: Path, number: int) -> None:
    """Remove the calibration of that *number*. Raises NotFoundError where there is none, StoreError."""
    if not _delete(path, "DELETE FROM calibrations WHERE key = ?", number):
        raise NotFoundError(f"no calibration {number} at {path}; list them with: greentrack calibrate --list")


def forget_calibrations(path: Path, host_id: str) -> int:
    """Remove all calibrations of a host; return how many. Raises NotFoundError where there are none, StoreError."""
    gone = _delete(path, "DELETE FROM calibrations WHERE host = ?", host_id)
    if not gone:
        raise NotFoundError(f"this machine has no calibration at {path}; list all with: greentrack calibrate --list")
    return gone


def _delete(path: Path, statement: str, value: object) -> int:
    if not path.exists():
        return 0
    with closing(open_for_writing(path)) as db, translated(path):
        return db.execute(statement, (value,)).rowcount


def keep_self_test(path: Path, host: Host, test: SelfTest) -> None:
    """Keep *test* of *host*; for each sensor the newest one is kept. Raises StoreError."""
    with closing(open_for_writing(path)) as db, translated(path):
        db.execute("BEGIN IMMEDIATE")
        db.execute(sql.HOST_UPSERT, rows.host_row(host))
        db.executemany(_TEST, _test_rows(host, test))
        db.execute("COMMIT")


def _test_rows(host: Host, test: SelfTest) -> list[rows.Row]:
    return [
        (
            *(host.id, sensor.uid, test.at, test.seconds, sensor.update_seconds, sensor.spread, sensor.joules),
            *(sensor.check, test.ticks, test.late_p50, test.late_p99, rows.text(sensor.note)),
        )
        for sensor in test.sensors
    ]
