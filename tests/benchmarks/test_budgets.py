"""Budgets that hold on any machine: what is imported, and costs as multiples of a reference measured beside them."""

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from greentrack import track
from greentrack.meters.base import Context
from greentrack.meters.fake import discover
from greentrack.model import RunInfo as Facts
from greentrack.recorder.sampler import Recorder
from greentrack.recorder.transport import shared_memory
from greentrack.store import read_queries, writer
from greentrack.store.batch import Batch
from greentrack.store.export import TABLES
from greentrack.store.reader import Reader
from greentrack.store.writer import MAX_READINGS
from greentrack.tracking import Run
from tests.benchmarks.calls import Nothing
from tests.benchmarks.heavy import fill
from tests.benchmarks.lateness import lateness
from tests.benchmarks.measure import EIGHT_GPUS, interval, slowdown
from tests.benchmarks.month import MAX_MIB_A_DAY, Training
from tests.rig.clock import FakeClock


class Nowhere:
    """A store that keeps nothing, so that only the recorder is measured."""

    def write(self, batch: Batch) -> None:
        pass

    def close(self) -> None:
        pass


@pytest.fixture
def hour() -> Callable[[], float]:
    """Drive a recorder of 8 GPUs and 2 packages through another hour; return the CPU seconds of a tick."""
    clock, board = FakeClock(), bytearray(shared_memory.MEMORY_BYTES)
    recorder = Recorder(
        Facts(id="budget", name="budget"),
        discover(Context(spec=EIGHT_GPUS.removeprefix("fake:")), clock).meters,
        Nowhere(),
        clock=clock,
        wall=0.0,
        publish=lambda figures: shared_memory.write_figures(board, figures),
    )
    recorder.start()

    def drive() -> float:
        began = time.process_time()
        for _ in range(3600):
            clock.advance(1.0)
            recorder.tick()
        return (time.process_time() - began) / 3600

    return drive


def test_importing_the_package_loads_only_itself() -> None:
    """``import greentrack`` costs one module; everything else waits until it is asked for."""
    assert set(_loaded("import greentrack")) <= {"greentrack", "typing", *_loaded("import typing")}


def test_track_loads_few_modules_and_none_of_the_heavy_ones() -> None:
    """At most 60 modules beyond bare Python, and nothing that opens a database, a socket, a table or a sensor.

    dataclasses (which loads inspect) and logging would each cost as much as all of ours.
    """
    loaded = _loaded("from greentrack import track")
    heavy = {"sqlite3", "asyncio", "socket", "psutil", "pynvml", "rich", "click", "pandas", "numpy", "codecarbon"}
    assert not {*heavy, "dataclasses", "inspect", "logging"} & set(loaded)
    assert not [name for name in loaded if name.startswith(("greentrack.store", "greentrack.meters"))]
    assert len(loaded) <= 60


def test_a_step_costs_a_few_empty_calls(db: Path) -> None:
    """A phase and an advance cost at most ten times what the same statements cost on an object that does nothing."""
    with track(meters=["fake:gpu=300"], db=db, quiet=True) as run:
        _steps(run), _steps(Nothing())
        ratio = min(_steps(run) / _steps(Nothing()) for _ in range(15))  # side by side: both are slow in a slow moment
    assert ratio <= 10


def test_a_tick_costs_what_it_takes_to_say_its_figures(hour: Callable[[], float]) -> None:
    """Reading ten devices, and making and showing their figures, costs at most 30 times the JSON of the figures."""
    figures = {"devices": [{"uid": f"fake:gpu:{n}", "joules": n / 7, "seconds": n / 3} for n in range(10)]}

    def said() -> float:
        began = time.process_time()
        for _ in range(3600):
            json.dumps(figures)
        return (time.process_time() - began) / 3600

    assert any(hour() <= 30 * said() for _ in range(3))  # side by side: both are slow in a slow moment


def test_a_recorder_gathers_nothing_from_hour_to_hour(hour: Callable[[], float]) -> None:
    """After the first minutes, an hour at 1 Hz leaves fewer than 500 new blocks of memory: one for every 7 ticks."""
    hour()
    before = sys.getallocatedblocks()
    hour()
    assert sys.getallocatedblocks() - before < 500


def test_no_question_goes_through_the_readings_of_all_runs(db: Path) -> None:
    """Each asks the tables that grow (readings, outcomes, spans and their joules) for one run, by their key."""
    fill(db, runs=1, readings=1)
    texts = [getattr(query, "sql", query) for query in vars(read_queries).values()]
    asked = [text for text in texts if isinstance(text, str) and text.startswith("SELECT")]
    with closing(sqlite3.connect(db)) as open_db:
        for text in (*asked, *(table.sql for table in TABLES.values())):
            plan = open_db.execute(f"EXPLAIN QUERY PLAN {text}", [None] * text.count("?")).fetchall()
            steps = [step for *_, step in plan]
            assert not [step for step in steps if re.match("SCAN (readings|used|metrics|span|phase)", step)], text


def test_a_reading_takes_few_bytes(db: Path) -> None:
    """At most 64: the 7,200 that are kept of a device take less than half a MiB, the tables and runs included."""
    fill(db, runs=4, readings=MAX_READINGS)
    assert db.stat().st_size / (4 * 2 * MAX_READINGS) <= 64


def test_a_long_run_grows_by_its_outcomes_alone(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """240 readings of a device become 100 at most, no joule is lost, and a day adds less than a tenth of a MiB."""
    monkeypatch.setattr(writer, "MAX_READINGS", 100)
    monkeypatch.setattr(writer, "THINNING_MARGIN", 10)
    training = Training(db, interval=3600.0)
    training.go_on(5 * 86400.0)
    half = db.stat().st_size
    training.go_on(10 * 86400.0)
    training.end()
    with Reader(db) as reader:
        readings = reader.readings("month")
    assert max(map(len, readings.values())) <= 100
    joules = sum(reading.joules for read in readings.values() for reading in read)
    assert joules == pytest.approx(10 * 86400 * (300 + 100 + 20))
    assert (db.stat().st_size - half) / 5 <= MAX_MIB_A_DAY * 2**20


def test_lateness_is_how_long_a_beat_waited_for_its_reading() -> None:
    """Beats every 0.1 s from 5.02 on; the readings of the fourth and fifth come as one, 0.13 s after the fourth."""
    late = lateness([5.02, 5.12, 5.22, 5.45, 5.52], 0.1)
    assert [round(seconds, 3) for seconds in late] == [0, 0, 0, 0.13, 0.03, 0]


def test_an_interval_is_narrow_where_values_agree_and_wide_where_they_do_not() -> None:
    """The bootstrap interval of equal values is a point; of 0 and 10 in turns it is nearly all of that."""
    middle = interval([3.0] * 20, lambda values: sorted(values)[len(values) // 2])
    assert middle == (3.0, 3.0, 3.0)
    _, low, high = interval([0.0, 10.0] * 10, lambda values: sum(values) / len(values))
    assert 2 < low < 4
    assert 6 < high < 8


@pytest.mark.parametrize(("slower", "reached"), [([0.1] * 20, True), ([0.9] * 20, False), ([-9.0, 9.0] * 10, None)])
def test_a_slowdown_is_nothing_something_or_not_to_be_told(slower: list[float], reached: bool | None) -> None:
    """0.1 % in every pair is within half a percent, 0.9 % is not; 9 % in either direction tells nothing."""
    assert slowdown("training", slower).reached is reached


def _steps(run: Run | Nothing) -> float:
    began = time.perf_counter()
    for _ in range(2000):
        with run.phase("step"):
            pass
        run.advance(samples=64)
    return time.perf_counter() - began


def _loaded(statement: str) -> list[str]:
    """The modules that *statement* adds to those of an isolated Python."""
    root = str(Path(__file__).resolve().parents[2])
    script = f"import sys; sys.path.insert(0, {root!r}); before = set(sys.modules)\n{statement}\n"
    script += "after = sorted(set(sys.modules) - before); import json; print(json.dumps(after))"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True)
    names: Any = json.loads(done.stdout)
    return [str(name) for name in names]
