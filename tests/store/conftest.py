"""A host, devices and runs to fill a store with."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from greentrack.model import Device, DeviceUse, Forecast, Host, Reading, RunInfo
from greentrack.store.batch import Batch
from greentrack.store.liveness import LocalMachine
from greentrack.store.reader import Reader
from greentrack.store.writer import Writer

HOST = Host(id="h1", name="box", cpu="Some CPU", cpus=8, memory_bytes=16 * 2**30, chassis="desktop")
GPU = DeviceUse(device=Device(uid="GPU-1", kind="gpu", name="A GPU", details={"index": 0}), method="nvml-counter")
CPU = DeviceUse(device=Device(uid="cpu", kind="cpu", name="A CPU"), method="cpu-model")


def a_forecast(at: float, progress: float = 0.1) -> Forecast:
    """Make a forecast of 50 J (40 to 70) and 10 s (9 to 12)."""
    return Forecast(
        at=at,
        progress=progress,
        joules=50.0,
        joules_low=40.0,
        joules_high=70.0,
        seconds=10.0,
        seconds_low=9.0,
        seconds_high=12.0,
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is to be."""
    return tmp_path / "greentrack.db"


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    """A writer whose clock stands at 1,000."""
    made = Writer(path, busy_timeout_s=0.05, clock=lambda: 1000.0)
    yield made
    made.close()


@pytest.fixture
def reader(path: Path) -> Iterator[Reader]:
    """A reader on this machine (boot "b1") half a minute later, where process 7, started at 70.0, is the only one."""
    here = LocalMachine("b1", HOST.id, {7: 70.0}.get)
    with Reader(path, here=here, clock=lambda: 1030.0) as made:
        yield made


@pytest.fixture
def a_run() -> Callable[..., RunInfo]:
    """Make a run of process 7 that started at 100, with some facts changed."""

    def make(run_id: str = "01-a", **facts: Any) -> RunInfo:
        usual: dict[str, Any] = {
            "name": "demo",
            "started_at": 100.0,
            "host": HOST,
            "pid": 7,
            "pid_started": 70.0,
            "boot_id": "b1",
        }
        return RunInfo(id=run_id, **(usual | facts))

    return make


@pytest.fixture
def a_batch(a_run: Callable[..., RunInfo]) -> Callable[..., Batch]:
    """Make the batch that opens a run on a GPU and a CPU, each having used *joules* in each second from 101 on."""

    def make(run_id: str = "01-a", joules: Sequence[float] = (), **facts: Any) -> Batch:
        readings = [
            Reading(device=uid, at=101.0 + index, seconds=1.0, joules=amount)
            for index, amount in enumerate(joules)
            for uid in ("GPU-1", "cpu")
        ]
        return Batch(run_id=run_id, run=a_run(run_id, **facts), devices=[GPU, CPU], readings=readings)

    return make


@pytest.fixture
def ask(path: Path) -> Callable[..., list[tuple[Any, ...]]]:
    """Ask the database itself."""

    def query(sql: str, *values: Any) -> list[tuple[Any, ...]]:
        db = sqlite3.connect(path)
        try:
            return db.execute(sql, values).fetchall()
        finally:
            db.close()

    return query


@pytest.fixture
def python() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a Python process on a script; whatever still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str, *args: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", script, *map(str, args)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()
