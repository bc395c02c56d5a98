"""Imported runs are kept all or none, once each, and never in the place of a recorded one."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from greentrack.errors import StoreError
from greentrack.model import Device, DeviceUse, Reading, RunInfo
from greentrack.store.batch import Batch
from greentrack.store.importing import ImportCounts, keep
from greentrack.store.reader import Reader
from greentrack.store.writer import Writer

GPU = DeviceUse(device=Device(uid="codecarbon:gpu:0:A", kind="gpu", name="A"), method="codecarbon-gpu", note="a note")


def imported(run_id: str = "01-i", joules: float = 50.0, ended_at: float = 110.0, name: str = "old") -> Batch:
    """A run of ten seconds on a GPU, as another tool tells it."""
    run = RunInfo(
        id=run_id,
        name=name,
        status="imported",
        started_at=ended_at - 10,
        ended_at=ended_at,
        seconds=10.0,
        params={"kwh": joules / 3.6e6},
    )
    reading = Reading(device=GPU.device.uid, at=ended_at, seconds=10.0, joules=joules, share=0.5)
    return Batch(run_id=run_id, run=run, devices=[GPU], readings=[reading])


def test_an_imported_run_is_read_as_it_was_told(path: Path, reader: Reader) -> None:
    """With its device, its method, its joules and its own share of them."""
    assert keep(path, [imported()]) == ImportCounts(added=1)
    record = reader.record("01-i")
    assert record.run == imported().run
    (use,) = record.devices
    assert (use.method, use.joules, use.energy.seconds, use.process, use.note) == (
        *("codecarbon-gpu", 50.0, 10.0, 25.0),
        "a note",
    )
    assert reader.readings("01-i") == {GPU.device.uid: imported().readings}


def test_nothing_of_it_counts_as_measured(path: Path, reader: Reader) -> None:
    """codecarbon's file does not say what was."""
    keep(path, [imported()])
    (row,) = reader.runs(status="imported")
    assert (row.joules, row.measured_joules) == (50.0, 0.0)


def test_a_second_time_adds_nothing(path: Path, ask: Callable[..., list[tuple[object, ...]]]) -> None:
    """Not even to the totals."""
    batches = [imported("01-i"), imported("02-i")]
    assert keep(path, batches) == ImportCounts(added=2)
    assert keep(path, batches) == ImportCounts(known=2)
    assert ask("SELECT count(*), sum(joules) FROM run_devices") == [(2, 100.0)]


def test_a_run_that_changed_is_replaced(path: Path, reader: Reader) -> None:
    """A later state of it: 80 J, not 130."""
    keep(path, [imported(joules=50.0), imported("02-i")])
    assert keep(path, [imported(joules=80.0, ended_at=120.0), imported("02-i")]) == ImportCounts(changed=1, known=1)
    assert reader.record("01-i").devices[0].joules == 80.0


def test_an_earlier_state_replaces_nothing(path: Path, reader: Reader) -> None:
    """A copy of the file that was put aside while the run went on may be imported after the file itself."""
    keep(path, [imported(joules=80.0, ended_at=120.0)])
    assert keep(path, [imported(joules=50.0, ended_at=110.0)]) == ImportCounts(known=1)
    assert reader.record("01-i").devices[0].joules == 80.0


def test_a_recorded_run_is_never_replaced(path: Path, writer: Writer, a_batch: Callable[..., Batch]) -> None:
    """And nothing else of the file is kept then."""
    writer.write(a_batch("01-i", [1.0]))
    with pytest.raises(StoreError, match=r"run 01-i in .* was recorded by GreenTrack"):
        keep(path, [imported("02-i"), imported("01-i")])
    with Reader(path) as reader:
        assert [row.id for row in reader.runs()] == ["01-i"]


def test_all_or_none_is_kept(path: Path) -> None:
    """Where the third run cannot be written, the first two are not there either, and the old one is as it was."""
    keep(path, [imported("01-i", joules=50.0)])
    broken = imported("03-i")
    broken.devices = [GPU._replace(method="unheard-of")]
    with pytest.raises(KeyError):
        keep(path, [imported("01-i", joules=80.0), imported("02-i"), broken])
    with Reader(path) as reader:
        assert [row.id for row in reader.runs()] == ["01-i"]
        assert reader.record("01-i").devices[0].joules == 50.0


def test_imported_runs_at_the_same_time_are_not_taken_for_one_machine(path: Path, reader: Reader) -> None:
    """Nobody knows which machine each was on: 50 J and 50 J are 100."""
    keep(path, [imported("01-i"), imported("02-i")])
    once = reader.deduplicated_energy(["01-i", "02-i"])
    assert (once.joules, once.overlapped) == (100.0, 0.0)


def test_a_locked_database_is_said(path: Path, writer: Writer, a_batch: Callable[..., Batch]) -> None:
    """In one line, after the time that any writer waits."""
    writer.write(a_batch())
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StoreError, match="is locked by another process"):
            keep(path, [imported()], busy_timeout_s=0.01)
    finally:
        db.close()
