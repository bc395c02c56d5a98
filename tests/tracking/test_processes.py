"""Kills, forks, ranks and pipes: real processes, and what is in the database afterwards."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from greentrack import summarize
from greentrack.errors import NotFoundError
from greentrack.store.reader import Reader
from tests.tracking.conftest import Program, gone

Start = Callable[..., Program]

WAITING = """
import select
with tracked as run:
    with run.span("epoch"):
        while not run.joules(): pass
        say(run.id, recorder(run))
        while not select.select([0], [], [], 0.05)[0]: pass
"""
"""It looks for signals again and again: Python misses one that comes right before it begins to wait for good."""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_training_reads_interrupted_with_its_energy(db: Path, program: Start, number: signal.Signals) -> None:
    """The recorder sees the death at once, closes the run, and is gone.

    It gives itself a second for that. Where the machine takes this second away it is tried again, but what the reader
    is told holds every time.
    """
    for _ in range(5):
        training = program(WAITING)
        run_id, recorder = training.line().split()
        training.process.send_signal(number)
        training.process.wait()
        assert gone(int(recorder))
        left = {path.name for path in db.parent.iterdir()}
        with closing(sqlite3.connect(db)) as check:
            assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            (kept,) = check.execute("SELECT status FROM runs WHERE id = ?", (run_id,)).fetchone()
        record = Reader(db, clock=lambda: time.time() + 6).record(run_id)  # nobody has written to it for 6 s
        assert record.run.status == "interrupted"
        if kept == "interrupted":
            assert sum(use.joules for use in record.devices) > 0
            assert left == {db.name}
            return
    pytest.fail("no run was closed by its recorder")


def test_a_training_killed_with_its_recorder_loses_one_interval_at_most(db: Path, program: Start) -> None:
    """SIGKILL to both at once: the run is there, and the next reader sees that nobody holds it any more."""
    script = WAITING.replace("while not run.joules()", "while run.joules().get('gpu', 0) < 300 * 1.5")
    training = program(script.replace("recorder(run))", "recorder(run), run.joules()['gpu'])"))
    run_id, recorder, told = training.line().split()
    os.kill(int(recorder), signal.SIGKILL)
    training.process.kill()
    training.process.wait()
    assert gone(int(recorder))
    gpu = next(use for use in Reader(db).record(run_id).devices if use.device.kind == "gpu")
    assert gpu.joules >= float(told) - 300 * 1.1
    assert Reader(db).runs()[0].status in ("running", "interrupted")  # until its last flush is 5 s old


def test_a_recorder_that_dies_is_replaced_and_the_run_goes_on(db: Path, program: Start) -> None:
    """The next mark starts another; the figures go on from the last that were shown, and the restart is told."""
    training = program(
        """
with tracked as run:
    while not run.joules(): pass
    before = run.joules()["gpu"]
    run.learn(continues="an earlier one")
    deadline = time.monotonic() + 1.0
    while time.monotonic() < deadline: os.sched_yield()
    os.kill(recorder(run), signal.SIGKILL)
    os.waitid(os.P_PID, recorder(run), os.WEXITED | os.WNOWAIT)
    with run.span("after"): pass
    say(run.id, before)
"""
    )
    run_id, before = training.line().split()
    code, _, errors = training.end()
    assert code == 0, errors
    record = Reader(db).record(run_id)
    assert record.run.status == "finished"
    assert record.tracker_overhead.restarts == 1
    assert record.run.continues == "an earlier one"
    assert [span.name for span in record.spans] == ["after"]
    assert "the recorder has died" in errors
    assert sum(use.joules for use in record.devices if use.device.kind == "gpu") >= float(before)


def test_a_database_that_is_moved_away_costs_the_run_nothing(db: Path, program: Start) -> None:
    """The new file has the joules, spans and outcomes of before and after, as the run tells them; the log says so."""
    training = program(
        """
with tracked as run:
    with run.span("before"): run.log(loss=0.5)
    say(run.id)
    sys.stdin.readline()
    with run.span("after"): pass
say(run.joules()["gpu"], run.joules()["cpu"])
"""
    )
    run_id = training.line()
    while not _is_kept(db, run_id):
        assert training.process.poll() is None
    db.rename(db.with_name("moved.db"))
    code, out, errors = training.end("go\n")
    assert code == 0, errors
    gpu, cpu = map(float, out.split())
    summary = summarize(run_id, db=db)
    joules = {device.kind: device.joules.value for device in summary.devices if device.joules is not None}
    assert [joules["gpu"], joules["cpu"]] == pytest.approx([gpu, cpu])
    assert [span.name for span in summary.spans] == ["before", "after"]
    assert [metric.value for metric in summary.metrics["loss"]] == [0.5]
    assert errors.count("was removed or replaced while run") == 1


def _is_kept(db: Path, run_id: str) -> bool:
    """Whether the span "before" and some joules of the run are in the database."""
    try:
        with Reader(db) as reader:
            record = reader.record(run_id)
    except NotFoundError:
        return False
    return any(span.ended_at for span in record.spans) and any(use.joules for use in record.devices)


def test_a_recorder_that_dies_right_before_the_end_leaves_a_finished_run(db: Path, program: Start) -> None:
    """Another one closes the run, and keeps what the first had shown and not written: no joule is lost or doubled."""
    training = program(
        """
with tracked as run:
    while not run.joules(): pass
    with run.span("one"): pass
    until = time.monotonic() + 0.3
    while time.monotonic() < until: pass
    with run.span("two"): pass
    until = time.monotonic() + 0.2
    while time.monotonic() < until: pass
    shown = run.joules()["gpu"]
    os.kill(recorder(run), signal.SIGKILL)
    os.waitid(os.P_PID, recorder(run), os.WEXITED | os.WNOWAIT)
say(run.id, shown, run.joules()["gpu"])
"""
    )
    code, out, errors = training.end()
    assert code == 0, errors
    run_id, shown, told = out.split()
    record = Reader(db).record(run_id)
    assert record.run.status == "finished"
    gpu = next(use for use in record.devices if use.device.kind == "gpu")
    assert gpu.joules >= float(shown) * 0.999
    assert gpu.joules == pytest.approx(float(told), rel=0.001)


def test_a_program_that_closes_all_files_keeps_its_own(db: Path, program: Start, tmp_path: Path) -> None:
    """The numbers of our files may be another's by then: nothing is written there and nothing is closed."""
    training = program(
        f"""
with tracked as run:
    while not run.joules(): pass
    os.closerange(3, 64)
    others = [open({str(tmp_path)!r} + f"/{{n}}", "wb") for n in range(12)]
    with run.span("s"): pass
for other in others:
    other.write(b"mine"); other.close()
say("on")
"""
    )
    code, out, errors = training.end()
    assert (code, out.strip()) == (0, "on"), errors
    assert {(tmp_path / str(n)).read_bytes() for n in range(12)} == {b"mine"}


def test_a_forked_child_writes_nothing_and_ends_nothing(db: Path, program: Start) -> None:
    """Its marks go nowhere, its exit does not end the run, and the parent's run is whole."""
    training = program(
        """
with tracked as run:
    child = os.fork()
    if child == 0:
        with run.span("child"), run.phase("child"):
            run.advance(child=1)
        run.log(child=1)
        sys.exit(7)
    _, status = os.waitpid(child, 0)
    with run.span("parent"): pass
    say(run.id, os.waitstatus_to_exitcode(status))
"""
    )
    run_id, child_code = training.line().split()
    code, _, errors = training.end()
    assert (code, int(child_code)) == (0, 7), errors
    record = Reader(db).record(run_id)
    assert record.run.status == "finished"
    assert [span.name for span in record.spans] == ["parent"]
    assert (dict(record.work), record.metrics, record.phases) == ({}, (), ())


def test_workers_forked_inside_do_not_keep_a_dead_run_open(db: Path, program: Start) -> None:
    """A worker that lives on after its training was killed holds no end of the pipe."""
    training = program(
        """
run = tracked.start()
worker = os.fork()
if worker == 0:
    signal.pause()
while not run.joules(): pass
say(run.id, recorder(run), worker)
sys.stdin.read()
"""
    )
    run_id, recorder, worker = training.line().split()
    try:
        training.process.kill()
        training.process.wait()
        assert gone(int(recorder))
        assert Reader(db, clock=lambda: time.time() + 6).record(run_id).run.status == "interrupted"
    finally:
        os.kill(int(worker), signal.SIGKILL)


def test_the_recorder_never_holds_the_trainings_output(db: Path, program: Start) -> None:
    """``python train.py | tee log`` ends when the training ends, however it ends."""
    training = program("run = tracked.start()\nsay('on')\nos._exit(3)\n")
    assert training.line() == "on"
    code, out, _ = training.end()
    assert (code, out) == (3, "")


def test_a_program_that_forgets_to_stop_is_finished_at_its_end(db: Path, program: Start) -> None:
    """``.start()`` without ``.stop()`` ends with the interpreter; after a crash it reads failed."""
    assert program("tracked.start()").end()[0] == 0
    assert program("tracked.start()\nraise RuntimeError('boom')").end()[0] == 1
    rows = Reader(db).runs(sort="started")
    assert sorted(row.status for row in rows) == ["failed", "finished"]


def test_four_ranks_on_one_host_are_counted_once(db: Path, program: Start) -> None:
    """Four runs overlap on the same devices: their total is what the machine drew, not four times it."""
    script = """
with tracked as run:
    while not run.joules(): pass
    say(run.id)
    sys.stdin.read()
"""
    ranks = [program(script, {"RANK": str(i), "WORLD_SIZE": "4", "TORCHELASTIC_RUN_ID": "job"}) for i in range(4)]
    ids = [rank.line() for rank in ranks]
    for rank in ranks:
        assert rank.end()[0] == 0
    reader = Reader(db)
    records = [reader.record(run_id) for run_id in ids]
    assert sorted(r.run.rank or 0 for r in records) == [0, 1, 2, 3]
    assert {(r.run.world_size, r.run.group) for r in records} == {(4, "job")}
    longest = max(use.energy.seconds for r in records for use in r.devices)
    span = max(r.run.started_at + r.run.seconds for r in records) - min(r.run.started_at for r in records)
    once = reader.deduplicated_energy(ids).joules
    assert once <= 400 * span * 1.01
    assert once >= 400 * longest * 0.9
    assert sum(use.joules for r in records for use in r.devices) > once


def test_a_sensor_that_hangs_holds_up_neither_the_start_nor_the_end_nor_the_death(
    db: Path, program: Start, tmp_path: Path
) -> None:
    """A read that never returns: the training starts and marks meanwhile, and the recorder dies with it."""
    zone = tmp_path / "sys/class/powercap/intel-rapl:0"
    zone.mkdir(parents=True)
    (zone / "name").write_text("package-0\n")
    (zone / "max_energy_range_uj").write_text("262143328850\n")
    os.mkfifo(zone / "energy_uj")
    training = program(
        f"""
run = track("hang", db={str(db)!r}, meters=["rapl"], quiet=True).start()
with run.span("s"): pass
say(recorder(run))
sys.stdin.read()
""",
        {"GREENTRACK_SYS": str(tmp_path / "sys")},
    )
    recorder = training.line()  # which hangs still, as nobody has written to that file
    training.process.kill()
    training.process.wait()
    assert gone(int(recorder))


def test_a_run_without_a_home_still_gives_its_figures(program: Start) -> None:
    """Where no database can be, the energy is told all the same, and one warning says where it was tried."""
    training = program(
        """
for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"): os.environ.pop(name, None)
os.environ["HOME"] = "/proc/nowhere"
with track("homeless", meters=["fake:gpu=300"], quiet=True) as run:
    while not run.joules(): pass
say(run.record().devices[0].joules > 0)
"""
    )
    code, out, errors = training.end()
    assert (code, out.strip()) == (0, "True"), errors
    assert "could not be kept" in errors
    assert "/proc/nowhere" in errors


def test_a_full_disk_ends_no_training(program: Start) -> None:
    """/dev/full takes nothing: the run has its figures and its exit code."""
    training = program("with track(db='/dev/full', meters=['fake:gpu=300'], quiet=True): pass\nsay('on')")
    code, out, errors = training.end()
    assert (code, out.strip()) == (0, "on"), errors
    assert "/dev/full" in errors


def test_a_database_locked_by_another_is_written_when_it_is_free(db: Path, program: Start) -> None:
    """Somebody holds it for the first readings: they wait in memory and are written afterwards."""
    with sqlite3.connect(db) as other:
        other.execute("PRAGMA journal_mode=WAL")
    assert program("with tracked: pass").end()[0] == 0
    other.execute("BEGIN IMMEDIATE")
    training = program(WAITING)
    run_id, _ = training.line().split()
    other.execute("ROLLBACK")
    other.close()
    assert training.end()[0] == 0
    assert Reader(db).record(run_id).run.status == "finished"


@pytest.mark.parametrize("closed", ["<&-", "<&- >&-", "<&- >&- 2>&-"])
def test_a_daemon_without_standard_streams_is_recorded(db: Path, closed: str) -> None:
    """Whatever number the recorder's own pipes then get."""
    script = f"from greentrack import track\nwith track('daemon', meters=['fake:gpu=300'], db={str(db)!r}) as r:\n"
    script += "    with r.span('all'): pass"
    subprocess.run(["sh", "-c", f'"$0" -c "$1" {closed}', sys.executable, script], check=True)
    record = Reader(db).record(Reader(db).find("daemon"))
    assert record.run.status == "finished"
    assert [use.device.kind for use in record.devices] == ["gpu"]


def test_without_standard_error_the_line_goes_nowhere(db: Path) -> None:
    """A program's output is its own."""
    script = f"""
import sys
from greentrack import track
sys.stderr = None
with track(meters=["fake:gpu=300"], db={str(db)!r}): pass
"""
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == ""


def test_a_forked_child_closes_its_copies_without_complaint(db: Path, program: Start) -> None:
    """Nothing is closed twice: the number may be another file's by then."""
    training = program(
        """
import warnings; warnings.simplefilter("error")
with tracked as run:
    pid = os.fork()
    if pid == 0: os._exit(0)
    os.waitpid(pid, 0)
""",
        env={"PYTHONDEVMODE": "1"},
    )
    assert training.end() == (0, "", "")


def test_a_frozen_program_does_not_start_itself_again(db: Path, program: Start) -> None:
    """Its executable is the training and no Python: a thread records."""
    training = program("sys.frozen = True; sys.executable = '/bin/false'\nwith tracked as run: pass\nsay(run.joules())")
    code, out, err = training.end()
    assert (code, "gpu" in out) == (0, True)
    assert "recording in a thread" in err


def test_modules_beside_the_script_are_not_the_recorders(db: Path, tmp_path: Path) -> None:
    """A select.py, psutil.py or nt.py in the user's folder is never imported by the recorder."""
    folder = tmp_path / "project"
    folder.mkdir()
    for name in ("nt", "psutil", "pynvml", "select", "sqlite_utils"):
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'a').write('{name} ')\n")
    script = folder / "train.py"
    script.write_text(
        "import sys\nhere = sys.path.pop(0)\nfrom greentrack import track\n"
        f"tracker = track(db={str(db)!r}, quiet=True)\nimport subprocess, select, tempfile, pathlib\n"
        "sys.path.insert(0, here)\nwith tracker: pass\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert Reader(db).runs()[0].name == "train"
    assert not (tmp_path / "imported").exists()


def test_the_next_run_closes_what_was_killed_with_its_recorder(db: Path, program: Start) -> None:
    """Who opens the file with sqlite3 sees it too: the status is stored, once the last flush is 5 s old."""
    training = program(WAITING.replace("while not run.joules()", "while run.joules().get('gpu', 0) < 300 * 1.5"))
    run_id, recorder = training.line().split()
    os.kill(int(recorder), signal.SIGKILL)
    training.process.kill()
    training.process.wait()
    with closing(sqlite3.connect(db)) as other, other:
        other.execute("UPDATE runs SET updated_at = updated_at - 6")
    assert program("with tracked: pass").end()[0] == 0
    with closing(sqlite3.connect(db)) as other:
        assert other.execute("SELECT status FROM runs WHERE id = ?", (run_id,)).fetchone() == ("interrupted",)


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="this system has no such policy")
def test_the_recorder_gives_way_to_the_training(program: Start) -> None:
    """What wakes it does not put it in the training's place; the training's own policy stays as it was."""
    ended = program("""
with tracked as run:
    while not run.joules(): pass
    say(os.sched_getscheduler(recorder(run)) == os.SCHED_BATCH, os.sched_getscheduler(0) == os.SCHED_OTHER)
""").end()
    assert ended[:2] == (0, "True True\n")
