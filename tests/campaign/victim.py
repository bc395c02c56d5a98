"""A training that is to be killed: it works as trainings do and, where it is told so, ends itself in some way.

Arguments: the database, seconds between readings, seconds that it lasts, how it ends itself, in which place.
"""

import contextlib
import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from greentrack import track
from greentrack.host.facts import clock
from greentrack.tracking import Run


def _segfault() -> None:
    ctypes.string_at(0)


def _out_of_memory() -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + (256 << 20), resource.RLIM_INFINITY))
    bytearray(1 << 40)


def _raise() -> None:
    raise ValueError("boom")


ENDS: Mapping[str, Callable[[], object]] = {
    "os._exit": lambda: os._exit(3),
    "sys.exit": lambda: sys.exit(3),
    "segfault": _segfault,
    "abort": os.abort,
    "out of memory": _out_of_memory,
    "OOM killer": lambda: os.kill(os.getpid(), signal.SIGKILL),  # it is SIGKILL that it sends
    "exception": _raise,
}


def main(db: str, interval: float, lasts: float, how: str, place: str) -> None:
    """Work for so long, then end."""
    began = clock()
    with track("victim", meters=["fake:gpu=300,cpu=100"], db=db, interval=interval, quiet=True) as run:
        recorder = getattr(getattr(run._link, "_process", None), "pid", 0)
        print("on", run.id, recorder, began, clock(), flush=True)
        until, shown = clock() + lasts, -1.0
        while clock() < until:
            _step(run)
            shown = _say_what_is_shown(run, shown)
        if how in ENDS:
            _end(run, ENDS[how], place)
    print("done", clock(), flush=True)


def _say_what_is_shown(run: Run, before: float) -> float:
    """Say when the first read was, as soon as there are figures that tell it, and how many seconds they cover.

    Returns these seconds; they are said again where they are well beyond those *before*.
    """
    figures = run._link.look() if run._link is not None else None
    if not figures:
        return before
    seconds: float = max(use["energy"]["seconds"] for use in figures["devices"])
    if before < 0.0:
        print("seen", figures["at"] - seconds, flush=True)
    if seconds < before + 0.05:
        return before
    print("shown", seconds, flush=True)
    return seconds


def _step(run: Run) -> None:
    with run.span("step", index=1), run.phase("compute"):
        sum(range(20_000))
        time.sleep(0.002)  # several are at work at once, and none is to starve the others' recorders
    run.advance(samples=8)
    run.log(loss=0.5)


def _end(run: Run, end: Callable[[], object], place: str) -> None:
    with contextlib.ExitStack() as stack:
        if place in ("span", "both"):
            stack.enter_context(run.span("last"))
        if place in ("phase", "both"):
            stack.enter_context(run.phase("last"))
        print("dies", clock(), flush=True)
        end()


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), sys.argv[4], sys.argv[5])
