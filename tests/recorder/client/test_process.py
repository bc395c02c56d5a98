"""Processes of ours: started without waiting for others, ended only while they are ours, never left as zombies."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from greentrack.recorder.client.process import RecorderProcess
from greentrack.recorder.transport.pipes import OwnedDescriptor, pipe

pytestmark = pytest.mark.skipif(not hasattr(os, "posix_spawn"), reason="only POSIX starts processes so")

WAIT = [sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()"]


@pytest.fixture
def held() -> Iterator[tuple[RecorderProcess, OwnedDescriptor]]:
    """A child that lives until the pipe to it is closed."""
    reading, writing = pipe()
    child = RecorderProcess()
    child.start(WAIT, {0: reading.fd})
    reading.close()
    yield child, writing
    writing.close()
    assert child.wait(120.0)


def _is_zombie(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def test_it_gets_the_files_that_it_is_given_and_a_session_of_its_own() -> None:
    """At the numbers that were asked for; its standard error goes nowhere."""
    script = "import os; os.write(1, os.read(0, 9) + os.read(3, 9)); os.write(2, b'!'); "
    script += "os.write(1, b'leads' if os.getsid(0) == os.getpid() else b'follows')"
    (asked, ask), (told, tell), (heard, say) = pipe(), pipe(), pipe()
    os.write(ask.fd, b"one ")
    os.write(tell.fd, b"two ")
    child = RecorderProcess()
    child.start([sys.executable, "-I", "-S", "-c", script], {0: asked.fd, 1: say.fd, 3: told.fd})
    say.close()
    said = b""
    while more := os.read(heard.fd, 100):
        said += more
    assert said == b"one two leads"
    assert child.wait(120.0)


def test_what_ended_is_no_zombie(held: tuple[RecorderProcess, OwnedDescriptor]) -> None:
    """Its end is taken note of, once."""
    child, _ = held
    assert not child.ended()
    assert not child.wait(0.0)
    child.kill()
    assert child.wait(120.0)
    with pytest.raises(ChildProcessError):
        os.waitpid(child.pid, os.WNOHANG)


def test_the_number_of_one_that_somebody_else_waited_for_is_not_killed(
    held: tuple[RecorderProcess, OwnedDescriptor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that waits for all its children: by then the number may be another process's."""
    child, writing = held
    writing.close()
    os.waitpid(child.pid, 0)
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _: killed.append(pid))
    child.kill()
    assert child.ended()
    assert killed == []


def test_its_end_is_seen_where_the_program_ignores_children(held: tuple[RecorderProcess, OwnedDescriptor]) -> None:
    """SIGCHLD ignored: the system itself forgets them, and nobody can be asked how they ended."""
    child, writing = held
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        assert not child.ended()
        writing.close()
        assert child.wait(120.0)
    finally:
        signal.signal(signal.SIGCHLD, before)


def test_one_that_was_left_is_looked_after_when_the_next_starts(held: tuple[RecorderProcess, OwnedDescriptor]) -> None:
    """It ended in between: no zombie stays."""
    child, writing = held
    child.leave()
    writing.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert _is_zombie(child.pid)
    other = RecorderProcess()
    other.start([sys.executable, "-I", "-S", "-c", ""], {})
    with pytest.raises(ChildProcessError):
        os.waitpid(child.pid, os.WNOHANG)
    assert other.wait(120.0)


INTERRUPTED = """
import os, sys
from greentrack.recorder.client.process import RecorderProcess
def runs():
    try: os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError: return False
    return True
def interrupt(frame, event, what):
    if event == "c_return" and runs():
        sys.setprofile(None)
        raise KeyboardInterrupt
child = RecorderProcess()
sys.setprofile(interrupt)
try: child.start([sys.executable, "-I", "-S", "-c", "import time; time.sleep(120)"], {})
except KeyboardInterrupt: child.kill()
child.wait(100)
sys.exit(runs())
"""


def test_one_whose_start_was_interrupted_is_ended_all_the_same() -> None:
    """Ctrl-C comes as soon as there is a process: its number is known by then."""
    assert subprocess.run([sys.executable, "-c", INTERRUPTED], check=False).returncode == 0


def test_one_that_nobody_holds_any_more_is_looked_after_when_the_next_starts() -> None:
    """Ctrl-C came between its end and the moment when that was to be seen."""
    dropped = RecorderProcess()
    dropped.start([sys.executable, "-I", "-S", "-c", ""], {})
    pid = dropped.pid
    del dropped
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert _is_zombie(pid)
    other = RecorderProcess()
    other.start([sys.executable, "-I", "-S", "-c", ""], {})
    with pytest.raises(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    assert other.wait(120.0)


def test_one_that_lives_until_the_interpreter_ends_says_nothing() -> None:
    """Its module's names are None by then."""
    script = "import sys; from greentrack.recorder.client import process; child = process.RecorderProcess(); "
    script += "child.start([sys.executable, '-I', '-S', '-c', ''], {}); process.kept, sys.kept = child, process"
    ended = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert ended.stderr == ""


def test_a_forked_copy_touches_nothing(
    held: tuple[RecorderProcess, OwnedDescriptor], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is its parent's child."""
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, _: killed.append(pid))
    copy = RecorderProcess()
    copy._pids.append(held[0].pid)
    copy.forget()
    copy.kill()
    assert copy.ended()
    assert killed == []
    assert not held[0].ended()


def test_what_is_no_program_raises_and_leaves_nothing(tmp_path: Path) -> None:
    """There is nothing to end or to wait for."""
    child = RecorderProcess()
    with pytest.raises(OSError, match="No such file"):
        child.start([str(tmp_path / "none")], {})
    child.kill()
    assert child.wait(0.0)
