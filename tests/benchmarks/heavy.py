"""How long the shell waits where ten million readings are kept: lists, one run, its page, two beside each other."""

import sqlite3
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from greentrack.model import Device, DeviceUse, Metric, RunInfo, Span
from greentrack.store.batch import Batch
from greentrack.store.writer import Writer
from tests.benchmarks.asking import HOST
from tests.benchmarks.measure import Row, at_most, figure, run

RUNS = 2000
READINGS = 2500  # of each of two devices: ten million in all
OVERLAP = 4  # one run in so many shares half of its time and its devices with the one before it
EPOCHS = 5
ROUNDS = 3

READINGS_OF_ALL = """
    WITH RECURSIVE second(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM second WHERE n < :readings)
    INSERT INTO readings (run, device, at, seconds, joules, share)
    SELECT run, device, started_at + n * 1.001, 1.001, 300.5 * 1.001, 0.875
    FROM run_devices JOIN runs ON runs.key = run CROSS JOIN second ORDER BY run, device, n"""
SUMS = """UPDATE run_devices SET joules = :readings * 300.5 * 1.001, seconds = :readings * 1.001,
    process_joules = :readings * 300.5 * 1.001 * 0.875"""


def rows(place: Path) -> Iterator[Row]:
    """Wall time of whole commands, the file in the page cache."""
    path, out = place / "heavy.db", place / "heavy"
    fill(path)
    one, other, limit = run_name(RUNS // 2), run_name(10), 0.4
    yield at_most(f"`greentrack runs` of {RUNS:,} runs with 10 million readings", _wait(path, ["runs"]), limit, "s")
    yield at_most("`greentrack show` of one of them", _wait(path, ["show", one]), limit, "s")
    for what, words in {
        "`greentrack compare` of two of them": ["compare", other, one],
        "`greentrack export` of the readings of one": ["export", one, "-o", f"{out}.csv"],
        "`greentrack report` of one, as an HTML page": ["report", one, "-o", f"{out}.html"],
    }.items():
        yield Row(what=what, measured=f"{figure(_wait(path, words))} s")
    deleting = (["delete", run_name(number), "--yes"] for number in (3, 503, 1503))
    yield Row(what="`greentrack delete` of one", measured=f"{figure(_wait(path, *deleting))} s")
    everything = _wait(path, ["runs", "--totals"])
    yield Row(
        what=f"`greentrack runs --totals`, one run in {OVERLAP} overlapping another", measured=f"{figure(everything)} s"
    )
    size = path.stat().st_size
    yield Row(
        what="database of these runs",
        measured=f"{figure(size / 2**20)} MiB, {size / (RUNS * READINGS * 2):.1f} bytes a reading",
    )
    path.unlink()


def _wait(path: Path, *commands: Sequence[str]) -> float:
    """The median seconds of *commands* on the database at *path*, each a whole process; one alone runs three times."""
    taken = []
    for words in commands if len(commands) > 1 else commands * ROUNDS:
        began = time.perf_counter()
        run(path.parent, "-m", "greentrack", *words, "--db", path)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def run_name(number: int) -> str:
    """What the run of that number is called."""
    return f"run-{number:04}"


def fill(path: Path, runs: int = RUNS, readings: int = READINGS) -> None:
    """Keep so many *runs*, by the writer itself but for their *readings* of each device, which SQLite makes."""
    writer, seconds = Writer(path), readings * 1.001
    began = 1_700_000_000.0
    devices = [
        DeviceUse(device=Device(uid=f"{kind}:0", kind=kind, name=f"a {kind}"), method="fake") for kind in ("gpu", "cpu")
    ]
    for number in range(runs):
        began += seconds / 2 if number % OVERLAP == 1 else seconds + 60
        facts = RunInfo(
            id=f"{number:08x}-0000-7000-8000-000000000000",
            name=run_name(number),
            project=f"project {number % 7}",
            status="finished",
            started_at=began,
            ended_at=began + seconds,
            seconds=seconds,
            host=HOST,
            boot_id="boot",
        )
        each = seconds / EPOCHS
        spans = [
            Span(id=n + 1, name="epoch", started_at=began + n * each, ended_at=began + (n + 1) * each)
            for n in range(EPOCHS)
        ]
        metrics = [Metric(name="loss", at=span.ended_at or 0.0, value=1 / span.id, joules=1.0) for span in spans]
        writer.write(Batch(run_id=facts.id, run=facts, devices=devices, spans=spans, metrics=metrics))
    writer.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA journal_mode = OFF")
        db.execute(READINGS_OF_ALL, {"readings": readings})
        db.execute(SUMS, {"readings": readings})
        db.commit()
        db.execute("PRAGMA journal_mode = WAL")
