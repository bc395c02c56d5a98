"""What is kept about a host beside its runs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greentrack.calibration_facts import Calibration, HostCalibration, SelfTest, SensorTest
from greentrack.errors import NotFoundError
from greentrack.model import Host
from greentrack.store import host_calibrations
from greentrack.store.batch import Batch
from greentrack.store.maintenance import delete
from greentrack.store.reader import Reader
from greentrack.store.writer import Writer
from tests.store.conftest import HOST

Ask = Callable[..., list[tuple[Any, ...]]]
OTHER = Host(id="h2", name="other")


def calibration(at: float = 500.0, watts: float = 455.0) -> Calibration:
    return Calibration(
        at=at, components_watts=368.0, wall_watts=watts, seconds=30.0, devices=("cpu", "GPU-1"), source="shown"
    )


def outcome(update: float | None) -> SelfTest:
    sensor = SensorTest(uid="GPU-1", name="A GPU", update_seconds=update, joules=3.0, cross_check=3.1, spread=0.01)
    return SelfTest(at=600.0, seconds=6.0, ticks=60, late_p50=1e-4, late_p99=1e-3, sensors=(sensor,))


def test_calibrations_come_back_with_their_host_and_a_number(path: Path) -> None:
    """In order of time, with the devices sorted; another host's are another's."""
    host_calibrations.add_calibration(path, HOST, calibration(at=600.0))
    host_calibrations.add_calibration(path, HOST, calibration(at=500.0, watts=300.0))
    host_calibrations.add_calibration(path, OTHER, calibration())
    first, second = host_calibrations.read(path)["h1"].calibrations
    assert (first.at, first.wall_watts, first.number) == (500.0, 300.0, 2)
    assert (second.components_watts, second.devices, second.source) == (368.0, ("GPU-1", "cpu"), "shown")
    assert len(host_calibrations.read(path)["h2"].calibrations) == 1
    with Reader(path) as reader:
        assert reader.hosts() == {"h1": HOST, "h2": OTHER}


def test_the_newest_test_of_a_sensor_counts(path: Path) -> None:
    """A second self-test takes the place of the first; one that saw no updates leaves none."""
    host_calibrations.keep_self_test(path, HOST, outcome(0.1))
    assert host_calibrations.read(path) == {"h1": HostCalibration(updates={"GPU-1": 0.1})}
    host_calibrations.keep_self_test(path, HOST, outcome(0.02))
    assert host_calibrations.read(path)["h1"].updates == {"GPU-1": 0.02}
    host_calibrations.keep_self_test(path, HOST, outcome(None))
    assert host_calibrations.read(path) == {}


def test_a_runs_record_holds_what_is_known_of_its_host(
    path: Path, writer: Writer, reader: Reader, a_batch: Callable[..., Batch]
) -> None:
    """Also where it was found out after the run; a run of another host does not."""
    writer.write(a_batch(joules=[1.0]))
    writer.write(a_batch("02-b", host=OTHER))
    host_calibrations.add_calibration(path, HOST, calibration())
    host_calibrations.keep_self_test(path, HOST, outcome(0.1))
    mine = reader.record("01-a").calibration
    assert mine is not None
    assert (len(mine.calibrations), mine.updates) == (1, {"GPU-1": 0.1})
    assert reader.record("02-b").calibration is None
    assert reader.devices("h1") == {"01-a": ["GPU-1", "cpu"]}


def test_calibrations_outlive_the_runs(path: Path, writer: Writer, a_batch: Callable[..., Batch]) -> None:
    """Deleting every run of a host leaves what is known of it."""
    writer.write(a_batch(status="finished", ended_at=101.0))
    host_calibrations.add_calibration(path, HOST, calibration())
    assert delete(path, ["01-a"]) == 1
    assert len(host_calibrations.read(path)["h1"].calibrations) == 1


def test_one_is_forgotten_or_all_of_a_host(path: Path) -> None:
    """By number, whosever it is; all of one host leave the other's; what is not there is an error."""
    for host in (HOST, HOST, OTHER, HOST):
        host_calibrations.add_calibration(path, host, calibration())
    host_calibrations.forget_calibration(path, 1)
    assert host_calibrations.forget_calibrations(path, "h1") == 2
    assert list(host_calibrations.read(path)) == ["h2"]
    with pytest.raises(NotFoundError, match="no calibration 1 "):
        host_calibrations.forget_calibration(path, 1)
    with pytest.raises(NotFoundError, match="--list"):
        host_calibrations.forget_calibrations(path, "h1")


def test_nothing_is_made_by_asking(path: Path) -> None:
    """Where there is no database nothing is known, and none is made."""
    with Reader(path) as reader:
        assert (host_calibrations.read(path), reader.hosts()) == ({}, {})
    with pytest.raises(NotFoundError):
        host_calibrations.forget_calibrations(path, "h1")
    assert not path.exists()


def test_the_rows_can_be_read_by_anybody(path: Path, ask: Ask) -> None:
    """Plain columns, joules and seconds."""
    host_calibrations.keep_self_test(path, HOST, outcome(0.1))
    query = "SELECT name, uid, update_seconds, check_joules, late_p99 FROM self_tests JOIN hosts ON hosts.id = host"
    assert ask(query) == [("box", "GPU-1", 0.1, 3.1, 0.001)]
