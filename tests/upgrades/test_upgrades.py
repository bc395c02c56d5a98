"""Databases of every earlier schema: they open, show the same figures, and outlive a crash while they are migrated."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from greentrack.costing.api import summarize
from greentrack.model import Energy, Record, RunInfo
from greentrack.store import schema
from greentrack.store.batch import Batch
from greentrack.store.host_calibrations import known
from greentrack.store.liveness import LocalMachine
from greentrack.store.reader import Reader
from greentrack.store.writer import Writer
from tests.upgrades.make import STARTED_AT, file_of, make

NEWEST = len(schema.STEPS)
VERSIONS = range(1, NEWEST + 1)
IDS = [f"019a000{key}-0000-7000-8000-00000000000{key}" for key in (1, 2)]

KILLED = """
import os, signal, sqlite3, sys
from pathlib import Path
from greentrack.store import schema
path, after, mode = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
def die(db):
    os.kill(os.getpid(), signal.SIGKILL)
def fill(db):
    fact = "INSERT INTO devices (host, uid, kind, name, details) VALUES ('h', ?, 'gpu', 'x', '{}')"
    for index in range(2000): db.execute(fact, [str(index)])
db = sqlite3.connect(path, isolation_level=None)
db.execute(f"PRAGMA journal_mode = {mode}")
db.execute("PRAGMA cache_size = 2")  # so that what is not committed yet is in the files, too
steps = (*schema.STEPS[:after], ("m900_fill", fill), ("m901_die", die), *schema.STEPS[after:])
schema.upgrade(db, path, steps)
"""


def laid(version: int, folder: Path) -> Path:
    """Make a database out of what is kept of that version."""
    path = folder / f"v{version}.db"
    db = sqlite3.connect(path)
    db.executescript(file_of(version).read_text(encoding="utf-8"))
    db.close()
    return path


def reading(path: Path) -> Reader:
    """Open it on the machine of its runs, none of whose processes is left."""
    return Reader(path, here=LocalMachine("b1", "h1", lambda pid: None), clock=lambda: STARTED_AT + 20_000)


def state(path: Path) -> tuple[int, list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Return version, tables and the runs' energy as SQLite alone sees them."""
    db = sqlite3.connect(path)
    try:
        version = db.execute("PRAGMA user_version").fetchone()[0]
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = db.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
        return version, tables, db.execute("SELECT id, joules, measured_joules FROM run_energy ORDER BY id").fetchall()
    finally:
        db.close()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_is_kept_of_every_schema_and_is_what_its_migrations_make(version: int) -> None:
    """A released migration that was changed afterwards, or has no file yet, is found here."""
    assert file_of(version).exists(), "write it with: python -m tests.upgrades.make"
    assert file_of(version).read_text(encoding="utf-8") == make(version)
    assert file_of(version).stat().st_size < 50_000


@pytest.mark.parametrize("version", VERSIONS)
def test_what_an_earlier_version_kept_shows_the_same_figures(version: int, tmp_path: Path) -> None:
    """200 W and 50 W for an hour are 900 kJ, 720 kJ of them measured; spans, phases, outcomes and work are there."""
    with reading(laid(version, tmp_path)) as reader:
        rows = reader.runs()
        records = [reader.record(run_id) for run_id in IDS]
        readings = reader.readings(IDS[0])
    assert [(row.id, row.status) for row in rows] == [(IDS[1], "interrupted"), (IDS[0], "finished")]
    assert [(row.joules, row.measured_joules, row.seconds) for row in rows] == [(900_000.0, 720_000.0, 3600.0)] * 2
    assert state(tmp_path / f"v{version}.db")[0] == NEWEST
    for record in records:
        holds(record)
    assert [one.joules for one in readings["GPU-1"]] == [360_000.0, 360_000.0]


def holds(record: Record) -> None:
    """What both runs have had from the first schema on."""
    assert {use.device.uid: use.joules for use in record.devices} == {"GPU-1": 720_000.0, "cpu": 180_000.0}
    (span,), (phase,), (metric,), (forecast,) = record.spans, record.phases, record.metrics, record.forecasts
    assert (span.name, span.attrs, span.energy["GPU-1"].joules) == ("epoch", {"index": 0}, 360_000.0)
    assert (phase.name, phase.calls, phase.energy["cpu"].joules) == ("data", 10, 3000.0)
    assert (metric.name, metric.value, metric.joules) == ("val_acc", 0.9, 900_000.0)
    assert (forecast.progress, forecast.joules, forecast.joules_high) == (0.1, 900_000.0, 1_080_000.0)
    assert record.work == {"samples": 1000.0}
    assert (record.run.params, record.run.host and record.run.host.name) == ({"lr": 0.1}, "box")


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_version_added_is_there_from_it_on_and_unknown_before(version: int, tmp_path: Path) -> None:
    """Calibrations with the second, parts with the third, how busy with the fifth, times of phases with the sixth; what
    is not known is not nothing.
    """
    path = laid(version, tmp_path)
    assert ("h1" in known(path)) is (version >= 2)
    with reading(path) as reader:
        assert reader.works() == ([IDS] if version >= 3 else [])
        (gpu,) = (use for use in reader.record(IDS[0]).devices if use.device.kind == "gpu")
        assert gpu.idle == (Energy(joules=720_000.0, seconds=3600.0) if version >= 5 else None)
        assert gpu.idle_watts == (60.0 if version >= 5 else None)
        assert [time.seconds for time in reader.phase_times(IDS[0])] == ([30.0, 30.0] if version >= 6 else [])


def test_a_summary_is_the_same_whatever_version_kept_the_run(tmp_path: Path) -> None:
    """Energy with its range, carbon, and the energy of each device; under terms that no version had a hand in."""
    seen = set()
    for version in VERSIONS:
        made = summarize(IDS[0], db=laid(version, tmp_path), rest="server", zone="FR")
        seen.add((made.joules, made.g, made.measured_share, tuple((one.id, one.joules) for one in made.devices)))
    assert len(seen) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_an_earlier_database_is_written_on(version: int, tmp_path: Path) -> None:
    """A new run stands beside the old ones."""
    path = laid(version, tmp_path)
    writer = Writer(path)
    writer.write(Batch(run_id="new", run=RunInfo(id="new", name="new", status="finished", started_at=STARTED_AT + 9e4)))
    writer.close()
    with reading(path) as reader:
        assert [row.id for row in reader.runs()] == ["new", IDS[1], IDS[0]]


@pytest.mark.parametrize(
    ("version", "after", "mode"),
    [
        *((version, version, "WAL") for version in range(1, NEWEST)),
        *((version, NEWEST, "DELETE") for version in range(1, NEWEST)),
    ],
)
def test_a_kill_between_two_migrations_leaves_the_old_database(
    version: int, after: int, mode: str, tmp_path: Path
) -> None:
    """Before the first or after the last of them, with thousands of rows in the files already; the next reader migrates
    the old one, as if nothing had been.
    """
    path = laid(version, tmp_path)
    before = state(path)
    done = subprocess.run([sys.executable, "-c", KILLED, str(path), str(after), mode], check=False)
    assert done.returncode == -signal.SIGKILL
    assert state(path) == before
    with reading(path) as reader:
        assert [row.joules for row in reader.runs()] == [900_000.0, 900_000.0]
    assert state(path)[0] == NEWEST


def failing(steps: Sequence[schema.Step], after: int) -> Sequence[schema.Step]:
    def full(db: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    return (*steps[:after], ("m900_full", full), *steps[after:])


@pytest.mark.parametrize("version", range(1, NEWEST))
def test_an_error_in_a_migration_leaves_the_old_database_usable(version: int, tmp_path: Path) -> None:
    """Even through the same connection."""
    path = laid(version, tmp_path)
    before = state(path)
    db = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        schema.upgrade(db, path, failing(schema.STEPS, version))
    assert db.execute("SELECT joules FROM run_energy").fetchall() == [(900_000.0,), (900_000.0,)]
    db.close()
    assert state(path) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_old_database_that_may_not_be_written_says_so_and_stays(tmp_path: Path) -> None:
    """It cannot be migrated where it lies."""
    from greentrack.errors import StoreError

    path = laid(1, tmp_path)
    before = path.read_bytes()
    path.chmod(0o400)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="read-only"), reading(path) as reader:
            reader.runs()
    finally:
        tmp_path.chmod(0o700)
    assert path.read_bytes() == before
