"""The recorder's own process: what it has heard by when, and what it lets go of as it begins."""

import math
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from greentrack.model import RunInfo
from greentrack.recorder import __main__ as script
from greentrack.recorder.sampler import Recorder
from greentrack.recorder.server import Inbox, Owner, _until_the_end
from greentrack.recorder.transport import protocol
from greentrack.recorder.transport.pipes import OwnedDescriptor, pipe
from tests.recorder.test_sampler import Kept, Steady
from tests.rig.clock import FakeClock

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import EndEvent, LogEvent

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="pipes of this size are Linux's")


@pytest.fixture
def ends() -> Iterator[tuple[OwnedDescriptor, OwnedDescriptor]]:
    """A pipe."""
    made = pipe()
    yield made
    for end in made:
        end.close()


def metrics(at: float) -> "LogEvent":
    """One of about a hundred bytes."""
    return {"m": "log", "t": at, "values": {"loss": 1.0, "x" * 60: 2.0}}


def test_all_that_was_said_is_heard_at_once(ends: tuple[OwnedDescriptor, OwnedDescriptor]) -> None:
    """Some events are no flood: nothing holds back what is read now."""
    inbox = Inbox(ends[0].fd)
    assert inbox.drain() == []
    os.write(ends[1].fd, b"".join(protocol.line(metrics(at)) for at in range(100)))
    assert [event["t"] for event in inbox.drain() if event["m"] == "log"] == list(range(100))
    assert (inbox.reached, inbox.listening) == (math.inf, True)
    ends[1].close()
    assert (inbox.drain(), inbox.listening) == ([], False)


def test_a_flood_tells_how_far_it_has_come(ends: tuple[OwnedDescriptor, OwnedDescriptor]) -> None:
    """A pipe that was full: its last event, and not a fact without its time, is as far as the recorder has come."""
    inbox = Inbox(ends[0].fd)
    lines = [*(protocol.line(metrics(at)) for at in range(1000)), protocol.line({"m": "facts", "run": {}})]
    os.write(ends[1].fd, b"".join(lines))
    assert len(inbox.drain()) == 1001
    assert inbox.reached == 999
    assert inbox.drain() == []
    assert inbox.reached == math.inf


def test_an_end_in_the_pipe_is_heard_before_the_next_reading(ends: tuple[OwnedDescriptor, OwnedDescriptor]) -> None:
    """The run ended after 0.9 s, the recorder is late at its deadline of 1 s: 90 J at 100 W, and no more."""
    clock, kept = FakeClock(), Kept()
    run = RunInfo(id="r", name="r", started_at=5000.0 + clock())
    recorder = Recorder(run, [Steady("gpu:0", 100.0, clock)], kept, clock=clock, wall=5000.0, cpu_time=lambda: 0.0)
    begun = clock()
    recorder.start(begun)
    clock.advance(1.5)
    end: EndEvent = {"m": "end", "t": begun + 0.9, "status": "finished"}
    messages: list[LogEvent | EndEvent] = [*(metrics(begun + n * 1e-4) for n in range(2000)), end]
    os.write(ends[1].fd, b"".join(map(protocol.line, messages)))
    figures = _until_the_end(recorder, Owner(os.getpid()), Inbox(ends[0].fd), [], None)
    assert [reading.joules for reading in kept.readings("gpu:0")] == pytest.approx([90.0])
    assert protocol.figures_of(figures)[0][0].energy.joules == pytest.approx(90.0)
    assert sum(len(batch.metrics) for batch in kept.batches) == 4000


def test_it_lets_go_of_what_it_inherited(tmp_path: Path) -> None:
    """A file that a library left open to children, above any number that a loop would reach, and the folder."""
    own = os.open(tmp_path / "inherited", os.O_CREAT | os.O_WRONLY)
    try:
        code = f"""
import os, runpy, sys
main = runpy.run_path({script.__file__!r})
os.dup2({own}, 900)
main["_release_inherited"]()
print(sorted(int(fd) for fd in os.listdir("/dev/fd")), os.getcwd())
"""
        command = [sys.executable, "-I", "-S", "-c", code]
        said = subprocess.run(command, pass_fds=(own,), capture_output=True, text=True, check=True, cwd=tmp_path).stdout
    finally:
        os.close(own)
    assert said == "[0, 1, 2, 3] /\n"  # 3 is the list itself
