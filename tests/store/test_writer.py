"""What the writer promises: whole batches or nothing, exact totals, whatever happens to the file."""

import multiprocessing
import os
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from greentrack.errors import SchemaError, StoreError
from greentrack.model import Device, DeviceUse, Energy, Metric, Phase, Reading, RunInfo, Span, TrackerOverhead
from greentrack.store import connect
from greentrack.store import writer as module
from greentrack.store.batch import Batch
from greentrack.store.reader import Reader
from greentrack.store.time_bins import PhaseTime
from greentrack.store.writer import MAX_READINGS, Writer
from tests.store.conftest import a_forecast

Ask = Callable[..., list[tuple[Any, ...]]]
MakeBatch = Callable[..., Batch]

SUMS = """SELECT device, sum(joules), sum(seconds), sum(check_joules), sum(joules * share) FROM readings
    GROUP BY run, device ORDER BY run, device"""
TOTALS = """SELECT device, joules, seconds, check_joules, process_joules FROM run_devices WHERE seconds > 0
    ORDER BY run, device"""


def test_a_run_comes_back_as_it_went_in(writer: Writer, reader: Reader) -> None:
    """Every fact of a run and everything it did is read as it was written."""
    device = Device(uid="GPU-1", kind="gpu", name="A GPU", details={"index": 0, "bus": "0:1"})
    run = RunInfo(
        id="01-a",
        name="démo\udcff",
        status="failed",
        project="demo",
        tags=("b", "a"),
        params={"lr": 0.1, "layers": [1, 2], "path": Path("x")},
        started_at=100.0,
        ended_at=103.0,
        seconds=3.0,
        pid=7,
        pid_started=70.0,
        boot_id="b1",
        command=("python", "train.py", "\udcff"),
        folder="/tmp",
        git_commit="abc",
        git_dirty=True,
        python="3.11",
        packages={"torch": "2.2"},
        group="g",
        rank=0,
        world_size=2,
        zone="FR",
        rest="off",
        error="ValueError: no",
        continues="00-z",
    )
    forecast = a_forecast(at=101.0)
    span = Span(
        id=1, name="epoch", started_at=100.0, ended_at=102.0, attrs={"index": 0}, energy={"GPU-1": Energy(joules=5.0)}
    )
    phase = Phase(name="load", calls=3, seconds=0.5, energy={"GPU-1": Energy(joules=1.0, seconds=0.5, cross_check=1.5)})
    reading = Reading(device="GPU-1", at=101.0, seconds=1.0, joules=10.0, cross_check=11.0, share=0.5, busy=0.05)
    toll = TrackerOverhead(cpu_seconds=0.1, readings=1, late=2, failures=3, restarts=4)
    writer.write(
        Batch(
            run_id="01-a",
            run=run,
            devices=[DeviceUse(device=device, method="nvml-counter", counter_valid=False, note="hm", idle_watts=9.0)],
            readings=[reading],
            spans=[span._replace(ended_at=None, energy={}), span],
            phases={"load": phase},
            work={"steps": 4.0},
            metrics=[Metric(name="acc", at=101.0, value=0.5, joules=10.0)],
            forecasts=[forecast],
            tracker_overhead=toll,
        )
    )
    record = reader.record("01-a")
    shown = run._replace(name="démo\\udcff", params={"lr": 0.1, "layers": [1, 2], "path": "x"})
    assert record.run == shown
    assert record.devices == (
        DeviceUse(
            device=device,
            method="nvml-counter",
            energy=Energy(joules=10.0, seconds=1.0, cross_check=11.0),
            counter_valid=False,
            process=5.0,
            note="hm",
            idle=Energy(joules=10.0, seconds=1.0),
            idle_watts=9.0,
        ),
    )
    assert (record.spans, record.phases, record.tracker_overhead) == ((span,), (phase,), toll)
    assert record.metrics == (Metric(name="acc", at=101.0, value=0.5, joules=10.0),)
    assert record.work == {"steps": 4.0}
    assert record.forecasts == (forecast,)
    assert reader.outline("01-a") == record._replace(spans=(), phases=(), metrics=(), work={})
    assert reader.readings("01-a") == {"GPU-1": [reading]}


def test_forecasts_stay_bounded(writer: Writer, reader: Reader, a_batch: MakeBatch) -> None:
    """Of 2,500 forecasts at most 1,000 are kept, the first and the last among them, in order."""
    writer.write(a_batch())
    for start in range(0, 2500, 100):
        made = [a_forecast(at=100.0 + n, progress=n / 2500) for n in range(start, start + 100)]
        writer.write(Batch(run_id="01-a", forecasts=made))
    kept = [forecast.progress * 2500 for forecast in reader.record("01-a").forecasts]
    assert 500 <= len(kept) <= 1000
    assert (kept[0], round(kept[-1])) == (0, 2499)
    assert kept == sorted(kept)


def test_increments_are_added(writer: Writer, reader: Reader, a_batch: MakeBatch) -> None:
    """Phases, work and readings add to what is stored; a span and the toll replace it."""
    writer.write(a_batch())
    span = Span(id=1, name="fit", started_at=100.0, energy={"cpu": Energy(joules=1.0)})
    for joules, ended in ((1.0, None), (2.0, 105.0)):
        writer.write(
            Batch(
                run_id="01-a",
                readings=[Reading(device="cpu", at=100.0 + joules, seconds=1.0, joules=joules)],
                spans=[span._replace(ended_at=ended, energy={"cpu": Energy(joules=joules)})],
                phases={
                    "load": Phase(
                        name="load", calls=1, seconds=1.0, energy={"cpu": Energy(joules=joules, cross_check=1.0)}
                    )
                },
                work={"steps": joules, "broken": float("nan")},
                tracker_overhead=TrackerOverhead(late=int(joules)),
            )
        )
    record = reader.record("01-a")
    assert record.spans == (span._replace(ended_at=105.0, energy={"cpu": Energy(joules=2.0)}),)
    assert record.phases == (
        Phase(name="load", calls=2, seconds=2.0, energy={"cpu": Energy(joules=3.0, cross_check=2.0)}),
    )
    assert (record.work, record.tracker_overhead) == ({"steps": 3.0}, TrackerOverhead(late=2))
    assert [use.energy.joules for use in record.devices if use.device.uid == "cpu"] == [3.0]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_totals_are_the_sum_of_readings(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory, a_run: Any
) -> None:
    """However readings come, double ones and those past the limit included, the run's totals are their sum."""
    path = tmp_path_factory.mktemp("store") / "greentrack.db"
    amounts = st.integers(0, 100).map(float)
    pieces = st.tuples(
        st.sampled_from(["a", "b"]), st.integers(0, 40), amounts, st.none() | amounts, st.none() | st.just(0.5)
    )
    devices = [DeviceUse(device=Device(uid=uid, kind="gpu", name=uid), method="fake") for uid in "ab"]
    most, early = module.MAX_READINGS, module.THINNING_MARGIN
    try:
        module.MAX_READINGS, module.THINNING_MARGIN = 10, 2  # plain constants, so that a short list can go past them
        writer = Writer(path)
        writer.write(Batch(run_id="01-a", run=a_run(), devices=devices))
        for batch in data.draw(st.lists(st.lists(pieces, max_size=15), max_size=5)):
            made = [
                Reading(device=uid, at=float(at), seconds=1.0, joules=joules, cross_check=check, share=share)
                for uid, at, joules, check, share in batch
            ]
            writer.write(Batch(run_id="01-a", readings=made))
        writer.close()
    finally:
        module.MAX_READINGS, module.THINNING_MARGIN = most, early
    db = sqlite3.connect(path)
    try:
        sums, kept = db.execute(SUMS).fetchall(), db.execute(TOTALS).fetchall()
        assert all(count <= 10 for (count,) in db.execute("SELECT count(*) FROM readings GROUP BY device"))
    finally:
        db.close()
    assert len(sums) == len(kept)
    for was, now in zip(sums, kept, strict=True):
        assert now == pytest.approx(was)


def test_a_long_run_stays_bounded(writer: Writer, ask: Ask, a_batch: MakeBatch) -> None:
    """20,000 readings of 3 J become at most 7,200 rows of 60,000 J, as fine at the beginning as at the end."""
    writer.write(a_batch())
    for start in range(0, 20_000, 500):
        seconds = range(start, start + 500)
        writer.write(
            Batch(
                run_id="01-a",
                readings=[Reading(device="cpu", at=101.0 + s, seconds=1.0, joules=3.0, share=0.5) for s in seconds],
            )
        )
    [(count, joules, longest, last)] = ask("SELECT count(*), sum(joules), max(seconds), max(at) FROM readings")
    assert count <= MAX_READINGS
    assert (joules, last) == (60_000.0, 20_100.0)
    assert longest <= 12  # 20,000 s in half of 7,200 rows is 5.6 s each, and a merge may double that
    assert ask("SELECT joules, seconds, process_joules FROM run_devices WHERE joules > 0") == [
        (60_000.0, 20_000.0, 30_000.0)
    ]


def test_how_busy_a_device_was_survives_the_thinning(writer: Writer, reader: Reader, a_batch: MakeBatch) -> None:
    """10,000 s of which every other one was idle: the rows left say 50 %, and the run's 5,000 s at 3 W are exact."""
    writer.write(a_batch())
    for start in range(0, 10_000, 500):
        writer.write(
            Batch(
                run_id="01-a",
                readings=[
                    Reading(device="GPU-1", at=101.0 + s, seconds=1.0, joules=3.0, busy=float(s % 2))
                    for s in range(start, start + 500)
                ],
            )
        )
    rows = reader.readings("01-a")["GPU-1"]
    assert len(rows) <= MAX_READINGS
    assert sum(row.seconds * (row.busy or 0.0) for row in rows) == pytest.approx(5000)
    (gpu,) = [use for use in reader.outline("01-a").devices if use.device.uid == "GPU-1"]
    assert gpu.idle == Energy(joules=15_000.0, seconds=5000.0)


def test_two_readings_of_one_moment_are_one(writer: Writer, reader: Reader, a_batch: MakeBatch) -> None:
    """1 s at 100 % and, at the same time stamp, 3 s at 20 % are 4 s at 40 %; what is not known changes nothing."""
    writer.write(a_batch())
    for seconds, busy in ((1.0, 1.0), (3.0, 0.2), (1.0, None)):
        reading = Reading(device="GPU-1", at=101.0, seconds=seconds, joules=3.0, busy=busy)
        writer.write(Batch(run_id="01-a", readings=[reading]))
    ((row,),) = reader.readings("01-a").values()
    assert (row.seconds, row.joules) == (5.0, 9.0)
    assert row.busy == pytest.approx(0.4)


def test_devices_are_thinned_one_at_a_time(writer: Writer, a_batch: MakeBatch, ask: Ask) -> None:
    """Devices that fill up together are not merged together, which would make that one write slow."""
    writer.write(a_batch(joules=[1.0] * (MAX_READINGS - module.THINNING_MARGIN)))
    count = "SELECT count(*) FROM readings GROUP BY device ORDER BY device"
    thin = []
    for second in (0.1, 0.2):
        news = [Reading(device=uid, at=10_000 + second, seconds=1.0, joules=1.0) for uid in ("GPU-1", "cpu")]
        writer.write(Batch(run_id="01-a", readings=news))
        thin.append(sum(number <= MAX_READINGS / 2 for (number,) in ask(count)))
    assert thin == [1, 2]


def test_a_locked_database_loses_nothing(writer: Writer, path: Path, reader: Reader, a_batch: MakeBatch) -> None:
    """A batch that met a lock is kept whole by the next try, once."""
    writer.write(a_batch())
    batch = Batch(run_id="01-a", readings=[Reading(device="cpu", at=101.0, seconds=1.0, joules=5.0)], work={"steps": 1})
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked by another process"):
        writer.write(batch)
    other.execute("ROLLBACK")
    other.close()
    batch.readings.append(Reading(device="cpu", at=102.0, seconds=1.0, joules=6.0))
    writer.write(batch)
    assert [row.joules for row in reader.runs()] == [11.0]
    assert reader.record("01-a").work == {"steps": 1}


def test_a_full_disk_loses_nothing(writer: Writer, path: Path, ask: Ask, a_batch: MakeBatch) -> None:
    """Where the database cannot grow, nothing of a batch is kept; when there is room again, all of it."""
    writer.write(a_batch())
    pages = ask("PRAGMA page_count")[0][0]
    many = [Reading(device="cpu", at=101.0 + s, seconds=1.0, joules=1.0) for s in range(2000)]
    batch = Batch(run_id="01-a", readings=many, work={"steps": 1})
    assert writer._db is not None
    writer._db.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own way to be full, lifted by the reopening
    with pytest.raises(StoreError, match="disk is full"):
        writer.write(batch)
    assert ask("SELECT count(*) FROM readings") == ask("SELECT count(*) FROM work") == [(0,)]
    writer.write(batch)
    assert ask("SELECT joules FROM run_devices WHERE joules > 0") == [(2000.0,)]
    assert ask("PRAGMA integrity_check") == [("ok",)]


def test_an_unknown_device_keeps_nothing_of_the_batch(writer: Writer, ask: Ask, a_batch: MakeBatch) -> None:
    """A reading of a device that was never registered is an error, and the work beside it is not counted either."""
    writer.write(a_batch())
    with pytest.raises(StoreError, match="GPU-9 was never registered"):
        writer.write(
            Batch(run_id="01-a", work={"steps": 1}, readings=[Reading(device="GPU-9", at=1.0, seconds=1.0, joules=1.0)])
        )
    assert ask("SELECT count(*) FROM work") == [(0,)]


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_vanished_or_was_replaced_is_made_anew(
    replaced: bool, writer: Writer, path: Path, reader: Reader, a_batch: MakeBatch
) -> None:
    """The run is taken along, 1 J of each device, and what is read from then on (7 J) is added."""
    writer.write(a_batch(joules=[1.0]))
    for file in path.parent.iterdir():
        file.unlink()
    if replaced:
        other = Writer(path)
        other.write(a_batch("00-other"))
        other.close()
    writer.write(Batch(run_id="01-a", readings=[Reading(device="cpu", at=102.0, seconds=1.0, joules=7.0)]))
    assert {row.id: row.joules for row in reader.runs()} == {"01-a": 9.0} | ({"00-other": 0.0} if replaced else {})


def test_a_log_is_never_taken_for_another_files(
    writer: Writer, path: Path, tmp_path: Path, reader: Reader, a_batch: MakeBatch
) -> None:
    """A database is moved over ours and our log stays: its runs are not overwritten by what the log holds."""
    other = Writer(tmp_path / "backup.db")
    other.write(a_batch("00-other", joules=[5.0]))
    other.close()
    writer.write(a_batch(joules=[1.0]))
    (tmp_path / "backup.db").replace(path)
    writer.write(Batch(run_id="01-a", readings=[Reading(device="cpu", at=102.0, seconds=1.0, joules=7.0)]))
    assert {row.id: row.joules for row in reader.runs()} == {"01-a": 9.0, "00-other": 10.0}  # 5 J each of two


def test_what_becomes_of_a_run_whose_file_was_moved_is_said_once(path: Path, a_batch: MakeBatch) -> None:
    """Not before it is true: a write that failed leaves it to the next."""
    said: list[str] = []
    writer = Writer(path, warn=said.append)
    news = Batch(run_id="01-a", readings=[Reading(device="cpu", at=102.0, seconds=1.0, joules=7.0)])
    writer.write(a_batch(joules=[1.0]))
    path.replace(path.with_name("moved.db"))
    path.mkdir()  # no database can be opened here
    with pytest.raises(StoreError):
        writer.write(news)
    assert said == []
    path.rmdir()
    for _ in range(2):
        writer.write(news)
    writer.close()
    (text,) = said
    assert text.startswith(f"{path} was removed or replaced while run 01-a was recorded; what was kept of the run")
    assert "in the new file" in text
    with Reader(path) as reader:
        assert [use.joules for use in reader.record("01-a").devices] == [15.0, 1.0]  # 1 + 7 + 7


def test_a_run_that_cannot_be_read_any_more_is_said_to_be_lost(path: Path, a_batch: MakeBatch, ask: Ask) -> None:
    """The old file has no readings any more: the new one has what came later, and the user is told."""
    said: list[str] = []
    writer = Writer(path, warn=said.append)
    writer.write(a_batch(joules=[1.0]))
    ask("DROP TABLE readings")
    path.unlink()
    writer.write(Batch(run_id="01-a", readings=[Reading(device="cpu", at=102.0, seconds=1.0, joules=7.0)]))
    writer.close()
    assert len(said) == 1
    assert "unless the new file is a copy of it, what was kept of the run until then is lost" in said[0]
    assert ask("SELECT joules FROM run_energy") == [(7.0,)]


def test_a_file_that_is_emptied_is_not_said_to_be_written(path: Path, a_batch: MakeBatch, ask: Ask) -> None:
    """Nothing that is put there could be read again; once it is moved away, what comes then is kept."""
    said: list[str] = []
    writer = Writer(path, warn=said.append)
    news = Batch(run_id="01-a", readings=[Reading(device="cpu", at=102.0, seconds=1.0, joules=7.0)])
    writer.write(a_batch(joules=[1.0]))
    os.truncate(path, 0)
    with pytest.raises(StoreError, match="was emptied while it was open; move it away"):
        writer.write(news)
    path.rename(path.with_name("emptied.db"))
    writer.write(news)
    writer.close()
    assert ask("SELECT joules FROM run_energy") == [(7.0,)]
    assert len(said) == 1
    assert "what was kept of the run until then is lost" in said[0]


def test_a_file_that_was_replaced_by_an_older_copy_has_everything(path: Path, a_batch: MakeBatch) -> None:
    """Its first second is in the copy already and is not counted twice."""
    writer = Writer(path, warn=lambda _: None)
    writer.write(a_batch(joules=[1.0]))
    copy, source = sqlite3.connect(path.with_name("copy.db")), sqlite3.connect(path)
    source.backup(copy)
    copy.close()
    source.close()
    for second in (2, 3):
        writer.write(Batch(run_id="01-a", readings=[Reading(device="cpu", at=100.0 + second, seconds=1.0, joules=2.0)]))
        if second == 2:
            path.with_name("copy.db").replace(path)
    writer.close()
    with Reader(path) as reader:
        assert {use.device.uid: use.joules for use in reader.record("01-a").devices} == {"cpu": 5.0, "GPU-1": 1.0}
        assert [reading.at for reading in reader.readings("01-a")["cpu"]] == [101.0, 102.0, 103.0]


def test_all_that_was_kept_of_a_run_is_taken_along(path: Path, a_batch: MakeBatch) -> None:
    """Spans, phases and when they ran, work, outcomes and forecasts, in a file with other devices."""
    energy = {"GPU-1": Energy(joules=5.0, seconds=1.0), "cpu": Energy(joules=3.0, seconds=1.0, cross_check=2.5)}
    writer = Writer(path, warn=lambda _: None, clock=lambda: 1000.0)
    whole = a_batch(joules=[1.0, 2.0], status="finished", ended_at=103.0, seconds=3.0)
    whole.spans = [Span(id=1, name="epoch", started_at=101.0, ended_at=102.0, energy=energy)]
    whole.phases = {"data": Phase(name="data", calls=3, seconds=1.0, energy=energy)}
    whole.phase_times = [PhaseTime("data", 101.0, 1.0, 0.5)]
    whole.work, whole.metrics, whole.forecasts = (
        {"samples": 64.0},
        [Metric("loss", 102.0, 0.5, 8.0)],
        [a_forecast(101.5)],
    )
    whole.tracker_overhead = TrackerOverhead(cpu_seconds=0.1, readings=4)
    writer.write(whole)
    before = _all_of(path)
    other = Writer(path.with_name("other.db"))
    other.write(
        Batch(
            run_id="00-other",
            run=RunInfo(id="00-other", name="other"),
            devices=[DeviceUse(device=Device(uid="disk", kind="rest", name="A disk"), method="rest-model")],
        )
    )
    other.close()
    path.with_name("other.db").replace(path)
    writer.write(Batch(run_id="01-a", tracker_overhead=whole.tracker_overhead))
    writer.close()
    assert _all_of(path) == before
    assert [span.name for span in before[0].spans] == ["epoch"]


def _all_of(path: Path) -> tuple[Any, ...]:
    with Reader(path, clock=lambda: 1030.0) as reader:
        return reader.record("01-a"), reader.readings("01-a"), reader.phase_times("01-a")


def test_a_deleted_run_never_writes_into_another(writer: Writer, ask: Ask, a_batch: MakeBatch, path: Path) -> None:
    """A run that is deleted while it writes comes back; another that got its key meanwhile is left alone."""
    writer.write(a_batch())
    db = sqlite3.connect(path)
    with db:
        db.execute("DELETE FROM runs")
        db.execute("DELETE FROM run_devices")
    db.close()
    other = Writer(path)
    other.write(a_batch("02-b"))
    other.close()
    news = Reading(device="cpu", at=102.0, seconds=1.0, joules=7.0)
    device = DeviceUse(device=Device(uid="disk", kind="rest", name="A disk"), method="rest-model")
    writer.write(Batch(run_id="01-a", readings=[news], devices=[device]))
    assert ask("SELECT id, joules FROM run_energy ORDER BY id") == [("01-a", 7.0), ("02-b", 0.0)]
    assert ask("SELECT run, uid FROM device_energy WHERE uid = 'disk'") == [("01-a", "disk")]


def test_a_new_writer_goes_on_with_a_run(path: Path, reader: Reader, a_batch: MakeBatch) -> None:
    """A recorder that was started again adds to what the first one wrote, without naming the devices again."""
    for batch in (
        a_batch(joules=[1.0]),
        Batch(run_id="01-a", readings=[Reading(device="cpu", at=102.0, seconds=1.0, joules=2.0)]),
    ):
        writer = Writer(path)
        writer.write(batch)
        writer.close()
    assert [row.joules for row in reader.runs()] == [4.0]


def test_adding_to_a_run_that_is_not_there_is_an_error(writer: Writer) -> None:
    """A batch without the run's facts cannot begin a run."""
    with pytest.raises(StoreError, match="run 09 is not in"):
        writer.write(Batch(run_id="09"))


def test_closing_leaves_one_file(writer: Writer, path: Path, a_batch: MakeBatch) -> None:
    """No log and no shared memory lies beside the database when the last writer is gone."""
    writer.write(a_batch(joules=[1.0] * 50))
    assert len(list(path.parent.iterdir())) == 3
    writer.close()
    assert list(path.parent.iterdir()) == [path]


def test_on_a_network_filesystem_there_is_no_shared_memory(
    path: Path, a_batch: MakeBatch, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There SQLite keeps its journal in a file and no log beside the database."""
    monkeypatch.setattr("greentrack.store.connect.network_filesystem", lambda path: "nfs4")
    writer = Writer(path)
    writer.write(a_batch(joules=[1.0]))
    assert list(path.parent.iterdir()) == [path]
    assert ask("PRAGMA journal_mode") == [("delete",)]
    writer.close()


def test_a_log_that_came_from_elsewhere_is_left_where_no_memory_is_shared(
    path: Path, a_batch: MakeBatch, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite says so at the first look, at a file that says it has a log; what is in it stays, and all goes on."""
    writer = Writer(path)
    writer.write(a_batch(joules=[1.0]))
    writer.close()
    tries = []

    def opened(*arguments: Any, **options: Any) -> sqlite3.Connection:
        tries.append(options)
        if len(tries) == 1:
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_SHMMAP"
            raise error
        return really(*arguments, **options)

    really = connect._opened
    monkeypatch.setattr(connect, "_opened", opened)
    writer = Writer(path)
    writer.write(a_batch(joules=[2.0]))
    assert list(path.parent.iterdir()) == [path]
    assert ask("PRAGMA journal_mode") == [("delete",)]
    assert ask("SELECT count(*) FROM runs") == [(1,)]
    writer.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_cannot_write(writer: Writer, ask: Ask, a_batch: MakeBatch) -> None:
    """A child that inherited the connection is refused, its exit harms nothing, and the parent goes on."""
    writer.write(a_batch())
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()

    def child() -> None:
        try:
            writer.write(Batch(run_id="01-a", work={"steps": 1}))
        except StoreError as error:
            answers.put(str(error))
        writer.close()

    process = context.Process(target=child)
    process.start()
    process.join()
    assert "fork" in answers.get()
    answers.close()
    writer.write(Batch(run_id="01-a", work={"steps": 2}))
    assert ask("SELECT amount FROM work") == [(2.0,)]
    assert ask("PRAGMA integrity_check") == [("ok",)]


WRITE = """
import sys
from pathlib import Path
from greentrack.model import *
from greentrack.store.batch import Batch
from greentrack.store.writer import Writer
path, name, flushes = sys.argv[1:]
writer = Writer(Path(path), busy_timeout_s=60)
host, boot = Host(id="h1", name="box"), "b1"
use = DeviceUse(device=Device(uid="gpu", kind="gpu", name="A GPU"), method="fake")
run = RunInfo(id=name, name=name, started_at=100.0, host=host, boot_id=boot)
writer.write(Batch(run_id=name, run=run, devices=[use]))
print("ready", flush=True)
for flush in range(int(flushes)):
    readings = [Reading(device="gpu", at=float(flush), seconds=1.0, joules=2.0)]
    writer.write(Batch(run_id=name, readings=readings, work={"steps": 1}))
    print(flush, flush=True)
"""


def test_reading_beside_the_writer_keeps_its_locks(
    path: Path, writer: Writer, reader: Reader, a_batch: MakeBatch, python: Any, ask: Ask
) -> None:
    """A recorder looks for killed runs in the file that it writes to. Another process that comes and goes must then
    still see that the file is in use: taking its log away loses what is written next, and damages the file."""
    writer.write(a_batch(joules=[1.0]))
    assert [row.id for row in reader.runs()] == ["01-a"]
    reader.close()
    other = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('SELECT * FROM runs'); db.close()"
    assert python(other, path).wait(120) == 0
    assert Path(f"{path}-wal").exists()
    writer.write(a_batch("02-b", joules=[1.0]))
    assert ask("SELECT count(*) FROM runs") == [(2,)]


def test_many_processes_write_at_once(path: Path, ask: Ask, python: Any) -> None:
    """Eight processes that create the database together and write 50 times each: every joule is there, nothing else."""
    writers = [python(WRITE + "writer.close()", path, f"0{index}", 50) for index in range(8)]
    for process in writers:
        process.communicate()
        assert process.returncode == 0
    assert ask("SELECT count(*), min(joules), max(joules) FROM run_energy") == [(8, 100.0, 100.0)]
    assert ask("SELECT sum(amount) FROM work") == [(400.0,)]
    assert ask("SELECT count(*) FROM devices") == [(1,)]
    assert ask("PRAGMA integrity_check") == [("ok",)]


def test_a_killed_writer_leaves_all_it_wrote(path: Path, python: Any, ask: Ask) -> None:
    """After kill -9 the database opens and holds every flush that was done, each whole."""
    process = python(WRITE, path, "01", 1_000_000)
    done = [process.stdout.readline() for _ in range(21)][-1]
    process.kill()
    process.communicate()
    [(joules, steps)] = ask("SELECT joules, amount FROM run_energy, work")
    assert joules >= 2.0 * (int(done) + 1)
    assert joules == 2.0 * steps
    assert ask(SUMS) == ask(TOTALS)
    assert ask("PRAGMA integrity_check") == [("ok",)]
    writer = Writer(path)
    writer.write(Batch(run_id="01", work={"steps": 1}))
    writer.close()
    assert list(path.parent.iterdir()) == [path]


THEIRS = """
import os, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("CREATE TABLE theirs (x)")
db.execute("PRAGMA journal_mode = WAL")
db.execute("INSERT INTO theirs VALUES (1)")
os._exit(0)
"""


def test_a_database_of_another_program_is_not_touched(path: Path, a_batch: MakeBatch, python: Any) -> None:
    """Even the log that its crash left is there afterwards, byte for byte: merely opening would clear it away."""
    python(THEIRS, path).wait()
    before = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    assert len(before) == 3
    with pytest.raises(SchemaError, match="another program"):
        Writer(path).write(a_batch())
    with pytest.raises(SchemaError, match="another program"), Reader(path) as reader:
        reader.runs()
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == before


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (lambda data: data[:50], "not a database"),
        (lambda data: data[:5000], "damaged"),
        (lambda data: b"#!/bin/sh\nexit 0\n" + data[17:], "not a database"),
        (lambda data: data[:100] + b"\xff" * 4000 + data[4100:], "damaged"),
    ],
    ids=["cut off in its header", "cut off", "another kind of file", "overwritten"],
)
def test_a_damaged_database_is_named_with_the_way_out(
    harm: Callable[[bytes], bytes], complaint: str, path: Path, a_batch: MakeBatch
) -> None:
    """Whatever is wrong with the file, writer and reader say so in one line and do not change it."""
    with_runs = Writer(path)
    with_runs.write(a_batch(joules=[1.0] * 200))
    with_runs.close()
    path.write_bytes(harm(path.read_bytes()))
    before = path.read_bytes()
    for use in (lambda: Writer(path).write(a_batch("02-b")), lambda: Reader(path).runs()):
        with pytest.raises(StoreError, match=complaint) as raised:
            use()
        assert str(path) in str(raised.value)
        assert "GREENTRACK_DB" in str(raised.value)
        assert "\n" not in str(raised.value)
    assert path.read_bytes() == before


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, a_batch: MakeBatch) -> None:
    """Under a file there can be no folder: the batch is refused, and kept by the caller."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="GREENTRACK_DB"):
        Writer(tmp_path / "file" / "greentrack.db").write(a_batch())


def test_the_database_is_never_world_writable(writer: Writer, path: Path, a_batch: MakeBatch) -> None:
    """Nor are the files beside it."""
    writer.write(a_batch())
    assert not any(file.stat().st_mode & stat.S_IWOTH for file in path.parent.iterdir())
