"""What the reader answers: lists, single runs, and which of them were killed."""

import math
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greentrack.errors import ConfigError, NotFoundError, StoreError
from greentrack.model import Device, DeviceUse, Host, Metric, Reading
from greentrack.store.batch import Batch
from greentrack.store.liveness import LocalMachine
from greentrack.store.maintenance import delete, mark_failed, mark_interrupted
from greentrack.store.reader import Reader
from greentrack.store.writer import Writer

Ask = Callable[..., list[tuple[Any, ...]]]
MakeBatch = Callable[..., Batch]


@pytest.fixture
def three(writer: Writer, a_batch: MakeBatch) -> None:
    """Three runs: 01-a and 02-b of project vision, 12-c of project text, using 20, 60 and 40 J."""
    done = {"status": "finished"}
    writer.write(a_batch("01-a", [10.0], project="vision", tags=("base", "x"), started_at=100.0, seconds=5.0, **done))
    writer.write(a_batch("02-b", [30.0], project="vision", tags=("x",), started_at=200.0, seconds=1.0, **done))
    writer.write(a_batch("12-c", [20.0], project="text", name="chat", started_at=300.0, seconds=3.0, status="failed"))


def ids(rows: list[Any]) -> list[str]:
    return [row.id for row in rows]


@pytest.mark.usefixtures("three")
def test_runs_are_listed_with_their_energy(reader: Reader) -> None:
    """The newest first, with what each kind of device used, and how much of it was measured."""
    newest, _, oldest = reader.runs()
    assert (newest.name, newest.host, newest.seconds) == ("chat", Host(**_box()), 3.0)
    assert (oldest.joules, oldest.measured_joules, oldest.has_rest) == (20.0, 10.0, False)


def test_a_list_tells_where_a_meter_saw_the_rest_of_the_machine(
    reader: Reader, writer: Writer, a_batch: MakeBatch
) -> None:
    """Of three runs the second had a device of kind "rest"."""
    for run_id in ("01-a", "02-b", "03-c"):
        batch = a_batch(run_id, [1.0], started_at=float(run_id[:2]))
        if run_id == "02-b":
            batch.devices = [*batch.devices, DeviceUse(device=Device(uid="psu", kind="rest", name=""), method="fake")]
        writer.write(batch)
    assert [(row.id, row.has_rest) for row in reader.runs()] == [("03-c", False), ("02-b", True), ("01-a", False)]


def _box() -> dict[str, Any]:
    return {"id": "h1", "name": "box", "cpu": "Some CPU", "cpus": 8, "memory_bytes": 2**34, "chassis": "desktop"}


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"project": "vision"}, ["02-b", "01-a"]),
        ({"tags": ["x"]}, ["02-b", "01-a"]),
        ({"tags": ["x", "base"]}, ["01-a"]),
        ({"status": "failed"}, ["12-c"]),
        ({"status": "stopped"}, []),
        ({"since": 200.0}, ["12-c", "02-b"]),
        ({"until": 200.0}, ["01-a"]),
        ({"name": "chat"}, ["12-c"]),
        ({"name": "d*"}, ["02-b", "01-a"]),
        ({"sort": "energy"}, ["02-b", "12-c", "01-a"]),
        ({"sort": "seconds", "limit": 2}, ["01-a", "12-c"]),
        ({"sort": "name"}, ["12-c", "02-b", "01-a"]),
        ({"limit": 1}, ["12-c"]),
        ({"limit": 0}, []),
        ({"project": "vision", "name": "demo", "limit": 1}, ["02-b"]),
    ],
)
def test_lists_are_filtered_and_sorted(reader: Reader, filters: dict[str, Any], expected: list[str]) -> None:
    """Filters all apply together; the limit comes last."""
    assert ids(reader.runs(**filters)) == expected


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("filters", "hint"),
    [({"project": "vison"}, "vision"), ({"tags": ["bsae"]}, "base"), ({"status": "failled"}, "failed")],
)
def test_a_mistyped_filter_is_an_error_with_a_suggestion(reader: Reader, filters: dict[str, Any], hint: str) -> None:
    """An empty list would say that there are no such runs, which nobody asked."""
    with pytest.raises(NotFoundError, match=f"did you mean {hint}"):
        reader.runs(**filters)


def test_an_unknown_sort_is_an_error(reader: Reader) -> None:
    """It names those that exist."""
    with pytest.raises(ConfigError, match="did you mean energy"):
        reader.runs(sort="enrgy")


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("ref", "expected"),
    [("01-a", "01-a"), ("01", "01-a"), ("12-C", "12-c"), ("latest", "12-c"), ("demo", "02-b"), ("chat", "12-c")],
)
def test_a_run_is_found_by_what_people_type(reader: Reader, ref: str, expected: str) -> None:
    """An id or the start of one, "latest", or a name, of which the newest is meant."""
    assert reader.find(ref) == expected


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("ref", "answer"),
    [
        ("0", "2 runs: 02-b .demo., 01-a .demo."),
        ("chta", "did you mean chat"),
        ("", "no run ''"),
        ("9", "greentrack runs"),
    ],
)
def test_a_run_that_cannot_be_told_is_an_error(reader: Reader, ref: str, answer: str) -> None:
    """The error lists the candidates, or what was perhaps meant."""
    with pytest.raises(NotFoundError, match=answer):
        reader.find(ref)


def test_without_a_database_lists_are_empty(reader: Reader, path: Path) -> None:
    """Asking makes no file, and a single run is told to be tracked first."""
    assert reader.runs(project="any", tags=["any"]) == []
    assert reader.projects() == reader.tags() == []
    assert reader.readings("01") == {}
    assert reader.deduplicated_energy(["01"]).joules == 0.0
    with pytest.raises(NotFoundError, match="no runs yet at"):
        reader.find("latest")
    with pytest.raises(NotFoundError, match="no run '01'"):
        reader.record("01")
    assert not path.exists()


def test_a_path_may_hold_any_character(tmp_path: Path, a_batch: MakeBatch) -> None:
    """Blanks, question marks and percent signs mean themselves."""
    path = tmp_path / "my lab" / "100%?#é.db"
    writer = Writer(path)
    writer.write(a_batch())
    writer.close()
    with Reader(path) as reader:
        assert ids(reader.runs()) == ["01-a"]


def test_a_database_made_later_is_seen(reader: Reader, writer: Writer, a_batch: MakeBatch) -> None:
    """A reader that found nothing looks again."""
    assert reader.runs() == []
    writer.write(a_batch())
    assert ids(reader.runs()) == ["01-a"]


def test_projects_and_tags_are_known(reader: Reader, three: None) -> None:
    """Each once, in order."""
    assert (reader.projects(), reader.tags()) == (["text", "vision"], ["base", "x"])


def test_a_distrusted_counter_is_replaced_by_its_check(reader: Reader, writer: Writer, a_run: Any, ask: Ask) -> None:
    """The list, the view and the record all believe the integrated power."""
    use = DeviceUse(device=Device(uid="gpu", kind="gpu", name="A GPU"), method="nvml-distrusted", counter_valid=False)
    reading = Reading(device="gpu", at=101.0, seconds=1.0, joules=50.0, cross_check=100.0)
    writer.write(Batch(run_id="01-a", run=a_run(), devices=[use], readings=[reading]))
    assert [row.joules for row in reader.runs()] == [100.0]
    assert ask("SELECT joules FROM run_energy") == ask("SELECT joules FROM device_energy") == [(100.0,)]
    assert reader.record("01-a").devices[0].joules == reader.deduplicated_energy(["01-a"]).joules == 100.0


def test_a_metric_that_is_not_a_number_stays_one(reader: Reader, writer: Writer, a_batch: MakeBatch) -> None:
    """NaN has no place in SQLite, so it is kept as NULL and read as NaN; infinity is kept."""
    batch = a_batch()
    batch.metrics = [Metric(name="loss", at=1.0, value=math.nan), Metric(name="loss", at=2.0, value=math.inf)]
    writer.write(batch)
    first, second = reader.record("01-a").metrics
    assert math.isnan(first.value)
    assert second.value == math.inf


@pytest.mark.parametrize(
    ("facts", "status", "ended_at"),
    [
        ({}, "running", None),
        ({"pid": 8}, "interrupted", 102.0),
        ({"pid_started": 60.0}, "interrupted", 102.0),
        ({"boot_id": "b0"}, "interrupted", 102.0),
        ({"boot_id": "b0", "host": Host(id="h2", name="elsewhere")}, "running", None),
        ({"pid": 8, "status": "finished", "ended_at": 102.5}, "finished", 102.5),
    ],
    ids=["alive", "gone", "another has its pid", "before this boot", "on another machine", "over"],
)
def test_a_killed_run_is_seen_as_interrupted(
    facts: dict[str, Any], status: str, ended_at: float | None, reader: Reader, writer: Writer, a_batch: MakeBatch
) -> None:
    """A run whose process is gone ended at its last reading, in lists and by itself, with its energy."""
    writer.write(a_batch(joules=[1.0, 1.0], **facts))
    [row], run = reader.runs(), reader.record("01-a").run
    assert (row.status, row.ended_at, row.joules) == (run.status, run.ended_at, 4.0) == (status, ended_at, 4.0)
    assert ids(reader.runs(status=status)) == ["01-a"]
    assert ids(reader.runs(status="stopped")) == []
    if status != "finished":
        assert row.seconds == run.seconds == 2.0


def test_a_recorder_that_just_wrote_holds_its_run(path: Path, writer: Writer, a_batch: MakeBatch) -> None:
    """For 5 s after it wrote nobody says that its owner is gone: it may be closing the run right now."""
    writer.write(a_batch(pid=8))  # at 1,000
    here = LocalMachine("b1", "h1", {7: 70.0}.get)
    for now, status in ((1004.0, "running"), (1006.0, "interrupted")):
        with Reader(path, here=here, clock=lambda now=now: now) as reader:  # type: ignore[misc]  # a lambda's default
            assert reader.record("01-a").run.status == status


def test_a_run_on_another_machine_is_given_two_hours(path: Path, writer: Writer, a_batch: MakeBatch) -> None:
    """Nobody here can look for its process, so only long silence speaks; and that is not stored."""
    writer.write(a_batch(host=Host(id="h2", name="elsewhere"), boot_id="b2"))  # at 1,000
    here = LocalMachine("b1", "h1", {7: 70.0}.get)
    for now, status in ((8100.0, "running"), (8300.0, "interrupted")):
        with Reader(path, here=here, clock=lambda now=now: now) as reader:  # type: ignore[misc]  # a lambda's default
            assert reader.runs()[0].status == status
            assert reader.killed() == []


def test_killed_runs_are_closed_for_good(path: Path, writer: Writer, a_batch: MakeBatch, ask: Ask) -> None:
    """Once stored, whoever opens the file sees it; a recorder that was only slow puts it right when it writes again."""
    writer.write(a_batch(joules=[1.0], boot_id="before this one"))
    assert mark_interrupted(path) == 0  # of another machine, as far as this one can tell
    writer.write(a_batch(joules=[1.0], pid=2**22 + 1, host=_this_host(), boot_id=_this_boot()))
    assert mark_interrupted(path) == 1
    assert mark_interrupted(path) == 0
    assert ask("SELECT status, ended_at, seconds FROM runs") == [("interrupted", 101.0, 1.0)]
    writer.write(Batch(run_id="01-a", work={"steps": 1}))
    assert ask("SELECT status, ended_at FROM runs") == [("running", None)]


def test_who_knows_why_a_run_was_killed_can_keep_it_as_failed(
    path: Path, writer: Writer, a_batch: MakeBatch, ask: Ask
) -> None:
    """Only one that reads interrupted, whether that is stored yet or not; one that goes on or ended well is left."""
    writer.write(a_batch(joules=[1.0], pid=2**22 + 1, host=_this_host(), boot_id=_this_boot()))
    writer.write(a_batch("02-b", joules=[1.0], status="finished", ended_at=101.0))
    assert mark_failed(path, "01-a", "ValueError: no good")
    assert not mark_failed(path, "01-a", "another")
    assert not mark_failed(path, "02-b", "another")
    told = ask("SELECT id, status, error, ended_at, seconds FROM runs ORDER BY id")
    assert told[0] == ("01-a", "failed", "ValueError: no good", 101.0, 1.0)
    assert told[1][1:3] == ("finished", None)
    writer.write(Batch(run_id="01-a", work={"steps": 1}))  # its recorder was late
    assert ask("SELECT status FROM runs WHERE id = '01-a'") == [("failed",)]


@pytest.mark.parametrize(("redact", "kept"), [(True, "no [redacted]"), (False, "no hf_0123456789abcdef")])
def test_the_error_of_a_killed_run_is_kept_without_secrets_or_as_it_was(
    path: Path, writer: Writer, a_batch: MakeBatch, ask: Ask, redact: bool, kept: str
) -> None:
    """As the setting redact says, like all else that is kept of a run."""
    writer.write(a_batch(joules=[1.0], pid=2**22 + 1, host=_this_host(), boot_id=_this_boot()))
    assert mark_failed(path, "01-a", "no hf_0123456789abcdef", redact=redact)
    assert ask("SELECT error FROM runs") == [(kept,)]


def _this_host() -> Host:
    from greentrack.host import facts

    return facts.host()


def _this_boot() -> str:
    from greentrack.host import facts

    return facts.boot_id()


@pytest.mark.usefixtures("three")
def test_deleting_removes_everything_of_a_run(path: Path, writer: Writer, reader: Reader, ask: Ask) -> None:
    """And nothing of the others."""
    writer.write(Batch(run_id="12-c", work={"steps": 1}, metrics=[Metric(name="loss", at=1.0, value=1.0)]))
    assert delete(path, ["12-c", "01-a"]) == 2
    assert ids(reader.runs()) == ["02-b"]
    assert ask("SELECT count(*) FROM readings") == ask("SELECT count(*) FROM run_devices") == [(2,)]
    assert ask("SELECT count(*) FROM work") == ask("SELECT count(*) FROM metrics") == [(0,)]
    assert ask("PRAGMA foreign_key_check") == []
    assert delete(path, []) == 0


def test_a_running_run_is_deleted_only_by_force(path: Path, a_batch: MakeBatch, three: None, ask: Ask) -> None:
    """All or none: beside it, no other is deleted either."""
    alive = Writer(path)
    alive.write(a_batch("20-d"))
    with pytest.raises(StoreError, match="still running"):
        delete(path, ["01-a", "20-d"])
    with pytest.raises(NotFoundError, match="no run 'none'"):
        delete(path, ["01-a", "none"])
    assert ask("SELECT count(*) FROM runs") == [(4,)]
    assert delete(path, ["20-d"], force=True) == 1
    alive.close()


def test_a_reader_changes_nothing(path: Path, writer: Writer, reader: Reader, three: None) -> None:
    """Even by mistake: its connection refuses."""
    reader.runs()
    with pytest.raises(StoreError, match="read-only"):
        reader.query("DELETE FROM runs")


def test_each_joule_is_counted_once(writer: Writer, reader: Reader, a_run: Any) -> None:
    """Two runs that watched one GPU at 100 W for 100 s each, 50 s of it together, used 15 kJ and not 20 kJ."""
    for run_id, start in (("01-a", 0), ("02-b", 50)):
        use = DeviceUse(device=Device(uid="gpu", kind="gpu", name="A GPU"), method="fake")
        other = DeviceUse(device=Device(uid=f"gpu-{run_id}", kind="gpu", name="Another GPU"), method="fake")
        readings = [
            Reading(device=uid, at=start + second + 1.0, seconds=1.0, joules=100.0)
            for second in range(100)
            for uid in ("gpu", other.device.uid)
        ]
        run = a_run(run_id, started_at=float(start), ended_at=start + 100.0, status="finished")
        writer.write(Batch(run_id=run_id, run=run, devices=[use, other], readings=readings))
    both = reader.deduplicated_energy(["01-a", "02-b", "01-a"])
    assert (both.joules, both.overlapped) == pytest.approx((15_000.0 + 20_000.0, 5_000.0))
    assert both.by_kind == {"gpu": pytest.approx(35_000.0)}
    assert reader.deduplicated_energy(["01-a"]).joules == 20_000.0


@pytest.mark.parametrize("later", [10.0, 10.5, 39.0])
def test_only_the_time_together_is_looked_at(writer: Writer, reader: Reader, a_run: Any, later: float) -> None:
    """At 100 W for 40 s each, from 0 and from *later* on, in readings of 4 s: what both saw is 100 W x (40 - later)."""
    for run_id, start in (("01-a", 0.0), ("02-b", later)):
        use = DeviceUse(device=Device(uid="gpu", kind="gpu", name="A GPU"), method="fake")
        readings = [Reading(device="gpu", at=start + end, seconds=4.0, joules=400.0) for end in range(4, 41, 4)]
        run = a_run(run_id, started_at=start, ended_at=start + 40.0, status="finished")
        writer.write(Batch(run_id=run_id, run=run, devices=[use], readings=readings))
    both = reader.deduplicated_energy(["01-a", "02-b"])
    assert (both.joules, both.overlapped) == pytest.approx((100 * (40 + later), 100 * (40 - later)))


def test_a_run_of_no_length_within_another_changes_nothing(writer: Writer, reader: Reader, a_run: Any) -> None:
    """It watched the same device, and ended as it began."""
    use = DeviceUse(device=Device(uid="gpu", kind="gpu", name="A GPU"), method="fake")
    reading = Reading(device="gpu", at=40.0, seconds=40.0, joules=4000.0)
    for run_id, start, end, readings in (("01-a", 0.0, 40.0, [reading]), ("02-b", 20.0, 20.0, [])):
        run = a_run(run_id, started_at=start, ended_at=end, status="finished")
        writer.write(Batch(run_id=run_id, run=run, devices=[use], readings=readings))
    both = reader.deduplicated_energy(["01-a", "02-b"])
    assert (both.joules, both.overlapped) == pytest.approx((4000.0, 0.0))


def test_the_same_name_on_another_machine_is_another_device(writer: Writer, reader: Reader, a_batch: MakeBatch) -> None:
    """Every machine has a "cpu"; their joules add up even at the same time."""
    writer.write(a_batch("01-a", [10.0]))
    writer.write(a_batch("02-b", [10.0], host=Host(id="h2", name="other"), boot_id="b2"))
    both = reader.deduplicated_energy(["01-a", "02-b"])
    assert (both.joules, both.overlapped) == (40.0, 0.0)


def test_ten_thousand_runs_are_listed_from_their_totals(path: Path, reader: Reader, a_batch: MakeBatch) -> None:
    """No reading is looked at: the list is the same without them. The time is printed."""
    writer = Writer(path)
    writer.write(a_batch("00000", [1.0], status="finished"))
    writer.close()
    db = sqlite3.connect(path)
    with db:
        db.execute("CREATE TEMP TABLE copied AS SELECT * FROM runs")
        for number in range(2, 10_001):
            db.execute("UPDATE copied SET key = ?1, id = printf('%05d', ?1), started_at = ?1", (number,))
            db.execute("INSERT INTO runs SELECT * FROM copied")
        db.execute(
            "INSERT INTO run_devices SELECT runs.key, device, method, measured, trusted, note, joules, used.seconds, "
            "check_joules, process_joules, idle_joules, idle_seconds, idle_watts "
            "FROM run_devices AS used, runs WHERE runs.key > 1"
        )
        db.execute("DELETE FROM readings")
    db.close()
    before = time.perf_counter()
    rows = reader.runs()
    print(f"10,000 runs listed in {time.perf_counter() - before:.3f} s")
    assert len(rows) == 10_000
    assert all(row.joules == 2.0 for row in rows)
    before = time.perf_counter()
    assert len(reader.runs(limit=20)) == 20
    print(f"20 of 10,000 runs listed in {time.perf_counter() - before:.3f} s")
