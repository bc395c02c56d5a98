"""What can be measured on this machine: its sensors and their self-test, settings, database and recorder."""

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from greentrack import config
from greentrack.carbon import find_intensity
from greentrack.doctor.facts import DatabaseCheck, DeviceCheck, Examination, SelfTestResult, Setting
from greentrack.errors import GreenTrackError, MeterError, StoreError
from greentrack.host import facts
from greentrack.meters.base import Context, Meter
from greentrack.meters.discovery import AUTO, discover
from greentrack.methods import METHODS
from greentrack.model import Host
from greentrack.recorder.sensor_probe import TEST_S, self_test
from greentrack.store.host_calibrations import keep_self_test
from greentrack.store.location import path_of

BETWEEN_READS_S = 0.2
"""Seconds between two reads of every meter. A gauge left alone for longer would count nothing."""


def examine(
    *,
    db: str | None = None,
    env: Mapping[str, str] | None = None,
    clock: Callable[[], float] = facts.clock,
    pause: Callable[[float], None] = time.sleep,
) -> Examination:
    """Look at this machine under the settings in force. Takes half a second. Raises ConfigError for wrong settings."""
    env = os.environ if env is None else env
    settings = config.load({"db": db}, env=env)
    origins = config.origins({"db": db}, env=env)
    found = discover(Context(sys=Path(settings.sys), env=env, gpus=settings.gpus), settings.meters or AUTO)
    host = facts.host()
    return Examination(
        host=host,
        devices=tuple(_checked(found.meters, clock, pause)),
        missing=tuple(found.missing),
        settings=tuple(
            Setting(name=name, value=value, origin=origins.get(name, "default"))
            for name, value in settings._asdict().items()
        ),
        database=_database(path_of(settings.db)),
        recorder_seconds=_trial_run_s(clock),
        intensity=find_intensity(settings.zone, timezone=host.timezone),
    )


def run_self_test(
    db: str | None,
    host: Host,
    seconds: float | None = None,
    *,
    env: Mapping[str, str] | None = None,
    clock: Callable[[], float] = facts.clock,
    pause: Callable[[float], None] = time.sleep,
) -> SelfTestResult:
    """Test the sensors of this *host* under the settings in force, and keep the result with it."""
    env = os.environ if env is None else env
    settings = config.load({"db": db}, env=env)
    found = discover(Context(sys=Path(settings.sys), env=env, gpus=settings.gpus), settings.meters or AUTO)
    test = self_test(found.meters, seconds=TEST_S if seconds is None else seconds, clock=clock, pause=pause)
    if not test.sensors:
        return SelfTestResult(test)
    try:
        keep_self_test(path_of(settings.db), host, test)
    except StoreError as error:
        return SelfTestResult(test, str(error))
    return SelfTestResult(test)


def _checked(meters: Sequence[Meter], clock: Callable[[], float], pause: Callable[[float], None]) -> list[DeviceCheck]:
    first = {meter.device.uid: _read(meter, clock) for meter in meters}
    pause(BETWEEN_READS_S)
    watched = []
    for meter in meters:
        before, after = first[meter.device.uid], _read(meter, clock)
        trouble = next((part for part in (before, after) if isinstance(part, str)), "")
        watts = None
        if not isinstance(before, str) and not isinstance(after, str):
            seconds = after.seconds - before.seconds
            watts = (after.joules - before.joules) / seconds if seconds > 0 else None
        watched.append(
            DeviceCheck(
                uid=meter.device.uid,
                kind=meter.device.kind,
                name=meter.device.name,
                method=METHODS[meter.method],
                watts=watts,
                trouble=trouble,
                note=meter.note,
            )
        )
        meter.close()
    return watched


def _read(meter: Meter, clock: Callable[[], float]) -> Any:
    try:
        return meter.read(clock())
    except MeterError as error:
        return str(error)


def _database(path: Path) -> DatabaseCheck:
    """Open the database for writing: permissions do not show a read-only disk, a lock or another program's file."""
    from greentrack.store.connect import open_for_writing, translated
    from greentrack.store.reader import Reader

    exists, runs, trouble = path.exists(), 0, ""
    try:
        if exists:
            with Reader(path) as reader:
                runs = len(reader.runs())
            db = open_for_writing(path, busy_timeout_s=1.0)
            with translated(path):
                db.execute("BEGIN IMMEDIATE")
                db.execute("ROLLBACK")
            db.close()
        else:
            folder = next(folder for folder in path.absolute().parents if folder.exists())
            tempfile.TemporaryFile(dir=folder).close()
    except StoreError as error:
        trouble = str(error)
    except OSError as error:
        trouble = f"nothing can be written there ({error.strerror}); choose another place with GREENTRACK_DB or --db"
    return DatabaseCheck(str(path), exists, runs, trouble)


def _trial_run_s(clock: Callable[[], float]) -> float | None:
    """Record a moment in a database of its own; return how long that took, None where it was not kept."""
    from greentrack.store.reader import Reader
    from greentrack.tracking.launch import start

    with tempfile.TemporaryDirectory(prefix="greentrack-") as folder:
        path = Path(folder, "doctor.db")
        settings = config.Settings(db=str(path), meters=("fake",), quiet=True)
        began = clock()
        run = start("doctor", settings)
        run.stop()
        seconds = clock() - began
        try:
            with Reader(path) as reader:
                return seconds if reader.record(run.id).run.status == "finished" else None
        except GreenTrackError:
            return None
