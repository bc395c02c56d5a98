"""Stores the calibrations of a host: readings of a meter at its wall, and tests of its sensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from greentrack.errors import NotFoundError
from greentrack.model import Host
from greentrack.store.connect import transaction
from greentrack.store.database import ReadDatabase
from greentrack.store.statements import Row, Statement, from_row, select
from greentrack.store.tables import CALIBRATIONS, SELF_TESTS

if TYPE_CHECKING:
    from greentrack.calibration_facts import Calibration, HostCalibration, SelfTest


_CALIBRATIONS = select(CALIBRATIONS.columns, "FROM calibrations ORDER BY at, key")
_UPDATES = select(SELF_TESTS.pick("host", "uid", "update_seconds"), "FROM self_tests WHERE update_seconds IS NOT NULL")


def calibrations_by_host(query: Callable[[Statement], Sequence[Row]]) -> dict[str, HostCalibration]:
    """Return the calibrations of each host, by its id; *query* asks an open database."""
    walls, tests = query(_CALIBRATIONS), query(_UPDATES)
    if not walls and not tests:
        return {}
    # only here, because every recorder calls this and most hosts have none
    from greentrack.calibration_facts import Calibration, HostCalibration

    calibrations: dict[str, list[Calibration]] = {}
    updates: dict[str, dict[str, float]] = {}
    for row in walls:
        facts = from_row(_CALIBRATIONS.columns, row)
        calibrations.setdefault(facts.pop("host"), []).append(Calibration(**facts))
    for host, uid, seconds in tests:
        updates.setdefault(host, {})[uid] = seconds
    return {
        host: HostCalibration(calibrations=tuple(calibrations.get(host, ())), updates=updates.get(host, {}))
        for host in calibrations.keys() | updates.keys()
    }


def read(path: Path, busy_timeout_s: float = 5.0) -> Mapping[str, HostCalibration]:
    """Return the calibrations of each host in the database at *path*, by its id. Raises StoreError."""
    with ReadDatabase(path, busy_timeout_s=busy_timeout_s) as database:
        return calibrations_by_host(database.query)


def add_calibration(path: Path, host: Host, calibration: Calibration) -> None:
    """Store *calibration* of *host*. Raises StoreError."""
    from greentrack.store import write_queries as sql  # only here, because every list of runs loads this module

    facts = calibration._asdict() | {"host": host.id, "devices": sorted(calibration.devices)}
    with transaction(path) as db:
        db.execute(sql.HOST.sql, sql.HOST.row(host._asdict()))
        db.execute(sql.CALIBRATION.sql, sql.CALIBRATION.row(facts))


def forget_calibration(path: Path, number: int) -> None:
    """Delete the calibration of this *number*. Raises NotFoundError where there is none, StoreError."""
    if not _delete(path, "DELETE FROM calibrations WHERE key = ?", number):
        raise NotFoundError(f"no calibration {number} at {path}; list them with: greentrack calibrate --list")


def forget_calibrations(path: Path, host_id: str) -> int:
    """Delete all calibrations of a host; return how many. Raises NotFoundError where there are none, StoreError."""
    deleted = _delete(path, "DELETE FROM calibrations WHERE host = ?", host_id)
    if not deleted:
        raise NotFoundError(f"this machine has no calibration at {path}; list all with: greentrack calibrate --list")
    return deleted


def _delete(path: Path, statement: str, value: object) -> int:
    if not path.exists():
        return 0
    with transaction(path) as db:
        return db.execute(statement, (value,)).rowcount


def keep_self_test(path: Path, host: Host, test: SelfTest) -> None:
    """Store *test* of *host*, which replaces earlier ones of its sensors. Raises StoreError."""
    from greentrack.store import write_queries as sql  # as above

    facts = (test._asdict() | sensor._asdict() | {"host": host.id} for sensor in test.sensors)
    with transaction(path) as db:
        db.execute(sql.HOST.sql, sql.HOST.row(host._asdict()))
        db.executemany(sql.SELF_TEST.sql, map(sql.SELF_TEST.row, facts))
