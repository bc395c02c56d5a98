"""Ctrl-C at each instruction of a run's start and end at which Python takes one, in a program that lives on.

Python looks for signals where a function of Python begins and after a call of one of C: there a profiler can raise.
It is not raised as ``__exit__`` or ``stop`` itself begins, about which nothing written in Python can do anything, nor
in ``__del__``, where exceptions go no further. Arguments: how the run is made, every how many are tried.
"""

import os
import sys
import time
from pathlib import Path
from types import FrameType

from greentrack import track
from greentrack.tracking.run import _open

PARTS = ("/greentrack/tracking/", "/greentrack/recorder/")
MAX_FILES = 2
"""What the call that makes a pipe returns has no owner yet: so many descriptors may be lost there, and no more."""

tracker = track("job", meters=["fake:gpu=300"], quiet=True)
decorated = tracker(lambda: None)


def once(way: str) -> None:
    """Start a run and end it."""
    if way == "call":
        decorated()
    elif way == "with":
        with tracker:
            pass
    else:
        tracker.start()
        tracker.stop()


def place(frame: FrameType, event: str) -> tuple[str, int, str] | None:
    """Where in our code a signal would be taken now, if it would."""
    code = frame.f_code
    if code.co_name == "__del__" or not any(part in code.co_filename for part in PARTS):
        return None
    taken = event == "c_return" or (event == "call" and code.co_name not in ("__exit__", "stop"))
    if taken or (event == "return" and code.co_name == "__init__"):  # the call of a class is one of C
        return code.co_filename, hash((code.co_qualname, frame.f_lasti)), event
    return None


def places(way: str) -> list[tuple[str, int, str]]:
    """All of them, in the order in which a run meets them."""
    met: dict[tuple[str, int, str], None] = {}

    def note(frame: FrameType, event: str, _: object) -> None:
        if (here := place(frame, event)) is not None:
            met[here] = None

    sys.setprofile(note)
    try:
        once(way)
        once(way)  # what depends on the moment is met by one of them
    finally:
        sys.setprofile(None)
    return list(met)


def interrupt(way: str, there: tuple[str, int, str]) -> bool:
    """Raise KeyboardInterrupt *there* while a run is made and ended; False where it did not come by."""

    def strike(frame: FrameType, event: str, _: object) -> None:
        if place(frame, event) == there:
            sys.setprofile(None)
            raise KeyboardInterrupt

    sys.setprofile(strike)
    try:
        once(way)
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


def recorders() -> list[int]:
    """The living children of this process."""
    pids = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [int(p) for p in pids if Path(f"/proc/{p}/stat").read_text().rpartition(")")[2].split()[0] != "Z"]


def files() -> int:
    """How many file descriptors are open, the one that is needed to count them included."""
    return len(os.listdir("/proc/self/fd"))


def main(way: str, every: int) -> None:
    """Try all; an assertion fails where something is left."""
    once(way)
    tried, before = 0, files()
    for there in places(way)[::every]:
        tried += interrupt(way, there)
        until = time.monotonic() + 120.0  # if it is not gone by then it never will be
        while recorders() and time.monotonic() < until:
            time.sleep(0.002)
        now = files()
        assert not recorders(), f"a recorder is left: {there}"
        assert not _open, f"a run is open: {there}"
        assert now - before <= MAX_FILES, f"{now - before} files are open: {there}"
        before = now
    print("tried", tried, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
