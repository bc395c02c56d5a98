"""The run's end: a start that waits for nobody else's child, and recorders that take over from one that died."""

import os
import sys
from pathlib import Path

import pytest

from greentrack import track
from greentrack.recorder.client import process_link
from greentrack.recorder.client.process import command
from greentrack.store.reader import Reader
from tests.tracking.conftest import Program

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="recorders are processes of their own on POSIX alone")

SILENT = """
import sys
print('{"m":"ready","missing":[]}', flush=True)
sys.stdin.read()
"""


def test_a_start_does_not_wait_for_what_another_thread_forks_meanwhile(db: Path) -> None:
    """Children that run no other program hold each pipe that was open when they were forked, for as long as they live.

    Here one is forked at each pipe that is made, and all are alive when the run has started and ended.
    """
    training = Program(
        """
make, children = os.pipe, []
def pipe():
    made = make()
    child = os.fork()
    if child == 0:
        signal.alarm(120)  # should nobody end it
        signal.pause()
        os._exit(0)
    children.append(child)
    return made
os.pipe = pipe
with tracked as run:
    while not run.joules(): pass
    started = [os.waitpid(child, os.WNOHANG) for child in children]
ended = [os.waitpid(child, os.WNOHANG) for child in children]
for child in children: os.kill(child, signal.SIGKILL)
say(len(children) > 0, set(started + ended) == {(0, 0)})
""",
        db,
    )
    code, out, errors = training.end()
    assert (code, out, errors) == (0, "True True\n", "")
    assert [row.status for row in Reader(db).runs()] == ["finished"]


def test_a_recorder_that_died_before_it_had_shown_anything_is_counted(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another one closes the run, which tells of one restart."""
    monkeypatch.setattr(process_link, "command", lambda _: [sys.executable, "-I", "-S", "-c", SILENT])
    run = track("job", meters=["fake:gpu=300"], db=db, quiet=True).start()
    assert run.joules() == {}
    monkeypatch.setattr(process_link, "command", command)
    run._link._process.kill()  # type: ignore[union-attr]
    run.stop()
    with Reader(db) as reader:
        record = reader.record(run.id)
    assert (record.run.status, record.tracker_overhead.restarts) == ("finished", 1)


def test_a_span_that_is_open_when_its_recorder_is_killed_keeps_its_energy(db: Path) -> None:
    """All that the run has, but for what was used before the span was opened and after it was closed (at 300 W)."""
    training = Program(
        """
begun = time.monotonic()
tracked = track("job", meters=["fake:gpu=300"], db=tracked.db, interval=0.1, quiet=True)
with tracked as run:
    with run.span("epoch"):
        opened = time.monotonic()
        enough = 300 * (opened - begun + 1.0)
        while run.joules().get("gpu", 0) < enough: time.sleep(0.01)
        os.kill(recorder(run), signal.SIGKILL)
        os.waitid(os.P_PID, recorder(run), os.WEXITED | os.WNOWAIT)
        closing = time.monotonic()
say(run.id, 300 * (opened - begun), 300 * (time.monotonic() - closing))
""".replace("tracked.db", repr(str(db))),
        db,
    )
    code, out, errors = training.end()
    assert code == 0, errors
    run_id, before, after = out.split()
    with Reader(db) as reader:
        record = reader.record(run_id)
    (span,) = record.spans
    assert span.ended_at is not None
    assert record.tracker_overhead.restarts == 1
    whole = record.devices[0].joules
    assert whole >= 300
    assert (
        whole - float(before) - float(after) - 1e-6
        <= span.energy[record.devices[0].device.uid].joules
        <= whole * (1 + 1e-9)
    )
