"""Whether a training is slower when it is tracked: pairs of equal windows, with and without, in random order.

Windows are short and pairs many, because on a busy machine two windows of a second differ by more than 10 % whatever
is done in them, and neighbours of 20 ms much less. The recorder runs through both kinds: what its ticks take from a
machine without a free core is at most its CPU time, which ``watching`` measures. What was counted is sent on twice a
second and always in a tracked window, so the pairs charge that twice. Beside them stands the time inside our calls,
taken directly: it is exact, and blind to what they evict from the caches.
"""

import json
import os
import random
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.calls import Nothing
from tests.benchmarks.measure import EIGHT_GPUS, WITHIN, Row, answer, at_most, figure, slowdown

STEP_S = 0.01
STEPS = 2  # of a window
SECONDS = 60


def rows(place: Path) -> Iterator[Row]:
    """Wall time of a training whose steps take 10 ms, with a phase and work counted at every step."""
    slower = answer(place, "from tests.benchmarks.slowdown import pairs; pairs()", OPENBLAS_NUM_THREADS="1")
    yield slowdown("slowdown of a training with steps of 10 ms", slower)
    inside = {
        held: answer(place, f"from tests.benchmarks.slowdown import {held}; {held}()", OPENBLAS_NUM_THREADS="1")
        for held in ("ours", "nothing")
    }
    yield at_most(
        "time inside `phase` and `advance` of that training",
        inside["ours"]["share"],
        WITHIN,
        "%",
        None,
        f"; a step {figure(inside['ours']['us'])} us (yardstick, on an object that does nothing: "
        f"{figure(inside['nothing']['us'])})",
    )


def pairs() -> None:
    """Print how much slower (percent) the tracked window of every pair was."""
    from greentrack import track

    chance, loops = random.Random(2), _calibrated()
    found = []
    with track(meters=[EIGHT_GPUS], quiet=True, db=f"{os.environ['HOME']}/slowdown.db") as run:
        time.sleep(1)
        ends = time.monotonic() + SECONDS
        while time.monotonic() < ends:
            taken = {
                tracked: _tracked(loops, run) if tracked else _plain(loops) for tracked in chance.sample((0, 1), 2)
            }
            found.append((taken[1] / taken[0] - 1) * 100)
    print(json.dumps(found[10:]))


def ours() -> None:
    """Print what the marks of a run take in place."""
    from greentrack import track

    with track(meters=[EIGHT_GPUS], quiet=True, db=f"{os.environ['HOME']}/slowdown.db") as run:
        time.sleep(1)
        _inside(run)


def nothing() -> None:
    """Print what the same statements take on an object that does nothing."""
    _inside(Nothing())


def _inside(run: Any) -> None:
    (batch, weights), loops, inside = _data(), _calibrated(), []
    began = time.perf_counter()
    for _ in range(500):
        batch = _step(batch, weights, loops)
        before = time.perf_counter()
        with run.phase("step"):
            pass
        run.advance(samples=len(batch))
        inside.append(time.perf_counter() - before)
    whole = time.perf_counter() - began
    print(json.dumps({"share": sum(inside) / whole * 100, "us": statistics.median(inside) * 1e6}))


def _calibrated() -> int:
    loops = 10
    _plain(loops)  # the first is spent on imports
    took = min(_plain(loops) for _ in range(20)) / STEPS
    return max(1, round(loops * STEP_S / took))


def _plain(loops: int) -> float:
    """Seconds of a window without marks."""
    batch, weights = _data()
    began = time.perf_counter()
    for _ in range(STEPS):
        batch = _step(batch, weights, loops)
    return time.perf_counter() - began


def _tracked(loops: int, run: Any) -> float:
    """Seconds of a window with marks."""
    batch, weights = _data()
    began = time.perf_counter()
    for _ in range(STEPS):
        with run.phase("step"):
            batch = _step(batch, weights, loops)
        run.advance(samples=len(batch))
    return time.perf_counter() - began


def _data() -> tuple[Any, Any]:
    import numpy as np

    return np.ones((160, 160), dtype=np.float32), np.full((160, 160), 1 / 160, dtype=np.float32)


def _step(batch: Any, weights: Any, loops: int) -> Any:
    """Work in C and in Python, as a training does."""
    for _ in range(loops):
        batch = batch @ weights
        sum(number * number for number in range(1000))
    return batch
