"""What a training may do to its run without being harmed, and without the run being lost."""

import os
import pickle
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from greentrack import track
from greentrack.recorder.client import process_link
from greentrack.store.reader import Reader
from tests.tracking.conftest import Program

Start = Callable[..., Program]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="recorders are processes of their own on POSIX alone")


class Mute:
    """Neither a number nor anything that can be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("freed")

    __float__ = __add__ = __radd__ = __repr__


def test_a_run_with_much_to_say_at_its_start_is_recorded_without_a_mark(db: Path, program: Start) -> None:
    """More than a pipe usually holds: 54,000 characters of three bytes, and nothing said until the end."""
    code, out, errors = program(
        """
much = {f"p{i}": "€" * 900 for i in range(60)}
tracked = track("job", meters=["fake:gpu=300"], db=tracked_db, quiet=True, params=much)
with tracked as run:
    end = time.monotonic() + 300
    while not run.joules() and time.monotonic() < end: pass
    say(bool(run.joules()))
""".replace("tracked_db", repr(str(db)))
    ).end()
    assert (code, out) == (0, "True\n"), errors


def test_a_long_command_is_cut(db: Path, program: Start) -> None:
    """A pattern that stood for 20,000 files: the first words are kept, and how many more there were."""
    code, _, errors = program("""
sys.orig_argv = ["python", "train.py", *(f"shard-{n}.tar" for n in range(20_000))]
with tracked: pass
""").end()
    assert code == 0, errors
    with Reader(db) as reader:
        command = reader.record(reader.runs()[0].id).run.command
    assert command[:3] == ("python", "train.py", "shard-0.tar")
    assert command[-1].endswith(" more")
    assert len("".join(command)) < 30_000


def test_a_stop_within_a_stop_raises_nothing(db: Path) -> None:
    """As a signal's handler may do it: the first one ends the run."""
    run = track("job", meters=["fake:gpu=300"], db=db, quiet=True).start()
    learn = run.learn

    def interrupted(**facts: Any) -> None:
        run.stop("interrupted")
        learn(**facts)

    run.learn = interrupted  # type: ignore[method-assign]
    run.stop()
    with Reader(db) as reader:
        assert reader.runs()[0].status == "finished"


@pytest.mark.parametrize("odd", [Mute(), 10**5000, [Mute()]], ids=["mute", "endless", "list"])
def test_no_value_raises_into_the_training(db: Path, odd: Any) -> None:
    """What is no number, cannot be shown, or has more digits than Python writes; as a value and as a name."""
    with track("job", meters=["fake:gpu=300"], db=db, quiet=True) as run:
        run.log(x=odd)
        run.log(odd)
        run.advance(y=1)
        run.advance(y=odd)
        run.forecast(odd, joules=(1, 1, 1), seconds=(1, 1, 1))
        with run.span(odd), run.span("epoch", index=odd), run.phase(odd):
            pass
    with Reader(db) as reader:
        assert [row.status for row in reader.runs()] == ["finished"]


def test_facts_that_are_none_are_left_out_and_the_run_is_kept(db: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A name that no run has, a number that no database takes: they are named, and all else is kept."""
    with track("job", meters=["fake:gpu=300"], db=db, quiet=True) as run:
        run.learn(nonsense=1, rank=10**30, params={"lr": 0.1})  # type: ignore[call-arg]  # no fact of a run
        run.learn(world_size=2)
    assert run.record().run.params == {"lr": 0.1}
    with Reader(db) as reader:
        kept = reader.record(run.id).run
    assert (kept.params, kept.rank, kept.world_size) == ({"lr": 0.1}, None, 2)
    assert "left out: nonsense, rank" in caplog.text


def test_a_recorder_that_cannot_take_all_marks_is_told_the_end(db: Path, program: Start) -> None:
    """300,000 outcomes right before it: the run is recorded no longer than its end waited."""
    code, out, errors = program("""
began = time.monotonic()
with tracked as run:
    while not run.joules(): pass
    for _ in range(3000): run.log({f"layer_{j}/gradient_norm": j * 1.000123 for j in range(100)})
say(run.id, time.monotonic() - began)
""").end()
    assert code == 0, errors
    with Reader(db) as reader:
        record = reader.record(out.split()[0])
    assert max(use.energy.seconds for use in record.devices) <= float(out.split()[1])


def test_figures_that_were_shown_stay_where_there_is_no_last_word(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recorder was stopped before the end."""
    monkeypatch.setattr(process_link, "FINISH_WAIT_S", 0.2)
    run = track("job", meters=["fake:gpu=300"], db=db, quiet=True).start()
    while not run.joules():
        pass
    pid = run._link._process.pid  # type: ignore[union-attr]
    os.kill(pid, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WNOWAIT)
    before = run.joules()
    run.stop()
    os.kill(pid, signal.SIGKILL)
    assert run.joules() == before


FULL = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
def fill():
    held = []
    try:
        while True:
            held.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return held
def empty(held):
    for fd in held:
        os.close(fd)
"""


def test_a_run_that_could_not_start_for_want_of_files_says_nothing_and_raises_nothing(program: Start) -> None:
    """Not even a module can be loaded then, at the start or when it is asked."""
    script = """
held = fill()
with tracked as run:
    asked = run.joules(), run.is_open
empty(held)
say(asked)
"""
    assert program(FULL + script).end()[:2] == (0, "({}, False)\n")


def test_figures_that_cannot_be_read_for_want_of_files_are_there_later(program: Start) -> None:
    """The run goes on; asked with room again, it tells them."""
    script = """
with tracked as run:
    first = run._link.look()
    while first is None or run._link.look()["at"] == first["at"]:
        first = first or run._link.look()
        time.sleep(0.01)
    held = fill()
    asked = run.joules()
    empty(held)
    say(asked, sorted(run.joules()))
"""
    assert program(FULL + script).end()[:2] == (0, "{} ['cpu', 'gpu']\n")


def test_a_tracker_is_not_pickled() -> None:
    """It belongs to its process, as its runs do; the error says what to do."""
    with pytest.raises(TypeError, match="call track\\(\\) where it is needed"):
        pickle.dumps(track("job"))
