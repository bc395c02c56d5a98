"""How late readings are at 10 Hz while the training holds the interpreter: recorder in a process, and in a thread."""

import json
import multiprocessing
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection
from pathlib import Path

from tests.benchmarks.measure import Row, answer, figure, quantile, times

BEAT_S = 0.1
SECONDS = 10
MAX_MS = 5
NEAR_S = 0.005


def rows(place: Path) -> Iterator[Row]:
    """The process beside a thread, which is what other trackers have; and this machine's own jitter."""
    for what, load in (("a pure-Python loop", "python"), ("`sorted()` of 1.5 million floats", "sorting")):
        late = {
            recorder: answer(place, f"from tests.benchmarks.lateness import {recorder}; {recorder}({load!r})")
            for recorder in ("process", "thread", "bare")
        }
        p50, p99 = ({name: quantile(values, part) * 1000 for name, values in late.items()} for part in (0.5, 0.99))
        noisy = p99["bare"] > MAX_MS
        yield Row(
            what=f"lateness of readings at 10 Hz beside {what}, p99 (in codecarbon's place: our recorder in a thread)",
            must=f"<= {MAX_MS} ms",
            measured=f"{figure(p99['process'])} ms, p50 {figure(p50['process'])}; "
            f"yardstick, a process that only sleeps: {figure(p99['bare'])}, p50 {figure(p50['bare'])}",
            theirs=f"{figure(p99['thread'])} ms, p50 {figure(p50['thread'])}",
            ratio=times(p99["thread"], p99["process"]),
            reached=None if noisy and p99["process"] > MAX_MS else p99["process"] <= MAX_MS,
        )


def process(load: str) -> None:
    """Print the lateness of every beat of a recorder process."""
    _recorded(load, "process")


def thread(load: str) -> None:
    """Print the lateness of every beat of a recorder thread."""
    _recorded(load, "thread")


def bare(load: str) -> None:
    """Print the lateness of a process that sleeps from deadline to deadline: what the machine itself costs."""
    mine, other = multiprocessing.get_context("spawn").Pipe()
    sleeper = multiprocessing.get_context("spawn").Process(target=_sleep, args=(other,))
    sleeper.start()
    mine.recv()
    _busy(load)
    print(json.dumps(lateness(mine.recv(), BEAT_S)))
    sleeper.join()


def lateness(moments: Sequence[float], beat: float) -> list[float]:
    """How long after every beat the first of *moments* came. The beats go through the earliest of the usual moments.

    >>> [round(late, 3) for late in lateness([0.0, 0.1, 0.25, 0.4], 0.1)]
    [0.0, 0.0, 0.05, 0.1, 0.0]
    """
    phases = [moment % beat for moment in moments]
    origin = max(phases, key=lambda phase: sum((other - phase) % beat <= NEAR_S for other in phases))
    first = moments[0] - (moments[0] - origin + 1e-9) % beat
    count = round((moments[-1] - first) / beat)
    found, index = [], 0
    for number in range(count + 1):
        due = first + number * beat
        while index < len(moments) and moments[index] < due - 1e-6:
            index += 1
        if index < len(moments):
            found.append(max(0.0, moments[index] - due))
    return found


def _recorded(load: str, recorder: str) -> None:
    from greentrack import track
    from greentrack.store.reader import Reader

    db = f"{os.environ['HOME']}/lateness-{load}-{recorder}.db"
    with track(meters=["fake:gpu=300,cpu=100"], interval=BEAT_S, recorder=recorder, quiet=True, db=db) as run:
        time.sleep(0.5)
        began = time.time()
        _busy(load)
        ended = time.time()
    with Reader(Path(db)) as reader:
        readings = reader.readings(run.id)["fake:gpu:0"]
    print(json.dumps(lateness([r.at for r in readings if began <= r.at <= ended], BEAT_S)))


def _sleep(pipe: Connection) -> None:
    pipe.send("ready")
    moments, due = [], time.monotonic()
    for _ in range(int(SECONDS / BEAT_S)):
        due += BEAT_S
        time.sleep(max(0.0, due - time.monotonic()))
        moments.append(time.monotonic())
    pipe.send(moments)


def _busy(load: str) -> None:
    work = _LOADS[load]()
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        work()


def _counting() -> Callable[[], object]:
    return lambda: sum(number * number for number in range(10_000))


def _sorting() -> Callable[[], object]:
    chance = random.Random(1)
    values = [chance.random() for _ in range(1_500_000)]
    return lambda: sorted(values)


_LOADS = {"python": _counting, "sorting": _sorting}
