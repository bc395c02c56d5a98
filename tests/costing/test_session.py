"""One costing session: options parsed once, one open database, and one wait for the network however many runs."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from greentrack import config
from greentrack.carbon import base
from greentrack.cli import main
from greentrack.costing import tariffs
from greentrack.costing.hourly_carbon import NetworkWait
from greentrack.costing.options import parse_options
from greentrack.costing.session import CostingSession
from greentrack.errors import NotFoundError
from greentrack.model import Device, DeviceUse, Host, Reading, Record, RunInfo
from greentrack.store.batch import Batch
from greentrack.store.writer import Writer
from tests.rig.grid import Server, serving

MIDNIGHT = 1_780_012_800.0  # 2026-05-29T00:00Z
GPU = DeviceUse(device=Device(uid="gpu:0", kind="gpu", name="A GPU"), method="fake")

Command = Callable[..., str]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A grid that takes every question and never answers; a session waits 0.3 s for it in all."""
    monkeypatch.setattr(base, "LIMIT_S", 0.3)
    with serving(monkeypatch) as made:
        made.hanging = True
        yield made


@pytest.fixture
def three(db: Path) -> list[str]:
    """Three runs of an hour and 1 kWh each, at other hours, so that no answer for one could serve another."""
    return [_keep(db, number) for number in range(3)]


@pytest.fixture
def resumed(db: Path) -> list[str]:
    """Three parts of one multi-part run."""
    return [_keep(db, number, resumes=f"01-{number - 1}" if number else None) for number in range(3)]


def _keep(db: Path, number: int, resumes: str | None = None) -> str:
    start = MIDNIGHT + 86_400 * number
    run = RunInfo(
        id=f"01-{number}",
        name=f"run-{number}",
        project="p",
        status="finished",
        host=Host(id="h", name="box"),
        zone="GB",
        rest="off",
        started_at=start,
        ended_at=start + 3600,
        seconds=3600.0,
        continues=resumes,
    )
    reading = Reading(device="gpu:0", at=start + 3600, seconds=3600.0, joules=3.6e6)
    writer = Writer(db)
    writer.write(Batch(run_id=run.id, run=run, devices=[GPU], readings=[reading]))
    writer.close()
    return run.id


@pytest.fixture
def greentrack(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command in this process and return what it says."""

    def run(*words: str) -> str:
        with pytest.raises(SystemExit) as end:
            main(words)
        said = capsys.readouterr()
        assert not end.value.code, said.err
        return said.out

    return run


@pytest.mark.parametrize("ways", [("compare",), ("report", "-o", "-"), ("compare", "--project", "p"), ("show",)])
def test_a_command_waits_once_for_a_source_that_hangs(
    ways: tuple[str, ...], server: Server, three: list[str], db: Path, greentrack: Command
) -> None:
    """The first of three runs uses up the time that the network has; the others do not ask."""
    refs = () if "--project" in ways else three[:1] if ways == ("show",) else three
    greentrack(*ways, *refs, "--hourly", "uk", "--db", str(db))
    assert len(server.asked) == 1


@pytest.mark.parametrize("ways", [("compare",), ("report", "-o", "-")])
def test_parts_of_one_work_wait_once(
    ways: tuple[str, ...], server: Server, resumed: list[str], db: Path, greentrack: Command
) -> None:
    """Each of three parts is costed with the others: nine times in all, and one question to the network."""
    greentrack(*ways, *resumed, "--hourly", "uk", "--db", str(db))
    assert len(server.asked) == 1


def test_a_list_of_runs_asks_nobody(
    server: Server, three: list[str], db: Path, greentrack: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists count at yearly averages, whatever source the settings name."""
    monkeypatch.setenv("GREENTRACK_HOURLY", "uk")
    assert "run-2" in greentrack("runs", "--db", str(db))
    assert server.asked == []


@pytest.mark.parametrize("ways", [("compare",), ("report", "-o", "-")])
def test_options_are_parsed_once(
    ways: tuple[str, ...], three: list[str], db: Path, greentrack: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for each run anew."""
    read: list[str] = []
    parse = tariffs.parse_tariff
    monkeypatch.setattr(tariffs, "parse_tariff", lambda text: read.append(text) or parse(text))  # type: ignore[func-returns-value]
    greentrack(*ways, *three, "--tariff", "0.12 EUR", "--db", str(db))
    assert read == ["0.12 EUR"]


def test_the_wait_is_what_is_left_of_the_limit() -> None:
    """5 s in all: 3 s for the first question leave 2 s, and 4 s for the next leave nothing; work between is free."""
    now = 0.0
    wait = NetworkWait(5.0, clock=lambda: now)
    left = []
    for seconds in (3.0, 4.0, 0.0):
        with wait.spend() as left_s:
            left.append(left_s)
            now += seconds
        now += 100.0
    assert left == [5.0, 2.0, -2.0]


def test_a_question_that_fails_has_taken_its_time() -> None:
    """An error takes the seconds off all the same."""
    now = 0.0
    wait = NetworkWait(5.0, clock=lambda: now)
    with suppress(OSError), wait.spend():
        now += 3.0
        raise OSError
    assert wait.left_s == 2.0


def test_a_run_is_found_by_its_name(three: list[str], db: Path) -> None:
    """With its energy; its readings only where a tariff needs their hours."""
    with CostingSession.open(db) as session:
        found = session.find("run-1")
    assert (found.record.devices[0].joules, found.readings, found.parts) == (3.6e6, None, 1)
    assert found.name == "run 01-1 (run-1)"
    with CostingSession.open(db, tariff="0.30 EUR; 22-6 0.18") as session:
        by_hour = session.find("run-1")
        with pytest.raises(NotFoundError):
            session.find("nope")
    assert by_hour.readings is not None
    assert [reading.joules for reading in by_hour.readings["gpu:0"]] == [3.6e6]


def test_a_record_is_taken_as_it_is() -> None:
    """No database is opened."""
    record = Record(run=RunInfo(id="1", name="digits"))
    with CostingSession(config.Settings(db="/nowhere"), parse_options()) as session:
        assert session.find(record).record is record
    assert "reader" not in vars(session)
