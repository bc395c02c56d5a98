"""A database of three runs that have some of everything, and a copy of it for each case that may change it."""

import shutil
import sqlite3
from pathlib import Path

from greentrack.calibration_facts import Calibration, SelfTest, SensorTest
from greentrack.model import (
    Device,
    DeviceUse,
    Energy,
    Forecast,
    Host,
    Metric,
    Phase,
    Reading,
    RunInfo,
    Span,
    TrackerOverhead,
)
from greentrack.store import host_calibrations
from greentrack.store.batch import Batch
from greentrack.store.time_bins import PhaseTime
from greentrack.store.writer import Writer

STARTED_AT = 1_790_000_000.0
NAMES = ("alpha", "beta", "gamma")
IDS = tuple(f"019a000{number}-0000-7000-8000-00000000000{number}" for number in range(3))
HOST = Host(id="h1", name="box", cpu="Some CPU", cpus=8, memory_bytes=2**34, chassis="server", timezone="Europe/Paris")
GPU = DeviceUse(
    device=Device(uid="GPU-1", kind="gpu", name="NVIDIA H100 80GB HBM3", details={"index": 0}), method="nvml-counter"
)
CPU = DeviceUse(device=Device(uid="cpu", kind="cpu", name="A CPU"), method="cpu-model")


def make(path: Path) -> None:
    """Store an hour of each run: its GPU draws 100, 200 and 300 W, the CPU 50 W."""
    writer = Writer(path)
    for number, (run_id, name) in enumerate(zip(IDS, NAMES, strict=True)):
        start, watts = STARTED_AT + 7200 * number, 100.0 * (number + 1)
        run = RunInfo(
            id=run_id,
            name=name,
            status="finished",
            project="demo",
            tags=("t", name),
            params={"lr": 0.1, "of": name},
            started_at=start,
            ended_at=start + 3600,
            seconds=3600.0,
            host=HOST,
            boot_id="b1",
            command=("python", "train.py"),
            folder="/home/me",
            git_commit="abc",
            git_dirty=False,
            python="3.12.1",
            packages={"torch": "2.9"},
            zone="FR",
            continues=IDS[0] if number == 1 else None,
        )
        used = {"GPU-1": Energy(joules=watts * 1800, seconds=1800.0), "cpu": Energy(joules=90_000.0, seconds=1800.0)}
        batch = Batch(
            run_id=run_id,
            run=run,
            devices=[GPU, CPU],
            readings=[
                Reading(
                    device=uid,
                    at=start + 1800 * half,
                    seconds=1800.0,
                    joules=1800 * power,
                    cross_check=check,
                    busy=0.5 * half,
                )
                for half in (1, 2)
                for uid, power, check in (("GPU-1", watts, 1800 * watts), ("cpu", 50.0, None))
            ],
            spans=[Span(id=1, name="epoch", started_at=start, ended_at=start + 1800, attrs={"index": 0}, energy=used)],
            phases={"data": Phase(name="data", calls=10, seconds=60.0, energy=used)},
            phase_times=[PhaseTime("data", start, 3600.0, 60.0)],
            work={"samples": 1000.0, "requests": 10.0},
            metrics=[
                Metric(name="val_acc", at=start + 1800 * half, value=0.4 + half / 10, joules=1e5) for half in (1, 2)
            ],
            forecasts=[
                Forecast(
                    at=start + 360,
                    progress=0.1,
                    joules=5e5,
                    joules_low=4e5,
                    joules_high=7e5,
                    seconds=3600.0,
                    seconds_low=3500.0,
                    seconds_high=3700.0,
                )
            ],
            tracker_overhead=TrackerOverhead(cpu_seconds=1.0, readings=4),
        )
        writer.write(batch)
    writer.close()
    wall = Calibration(at=STARTED_AT, components_watts=150.0, wall_watts=220.0, seconds=30.0, devices=("GPU-1", "cpu"))
    host_calibrations.add_calibration(path, HOST, wall)
    sensor = SensorTest(uid="GPU-1", update_seconds=0.1, spread=0.01, joules=800.0)
    test = SelfTest(at=STARTED_AT, seconds=8.0, ticks=80, late_p50=0.0, late_p99=0.001, sensors=(sensor,))
    host_calibrations.keep_self_test(path, HOST, test)


def renew(whole: Path, path: Path) -> None:
    """Make *path* a copy of *whole*, whatever was done to it; a log of the old one must not be taken for its own."""
    for log in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + log).unlink(missing_ok=True)
    shutil.copy(whole, path)


def tables(path: Path) -> dict[str, list[str]]:
    """Return every table of ours that has rows, and its columns."""
    db = sqlite3.connect(path)
    try:
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {name: [row[1] for row in db.execute(f"PRAGMA table_info({name})")] for name in names}
        return {
            name: columns[name]
            for name in names
            if not name.startswith("_") and db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608  # its own
        }
    finally:
        db.close()
