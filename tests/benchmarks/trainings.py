"""Whether whole PyTorch trainings take longer when they are tracked: pairs of them, with and without, in random order.

Unlike the windows of ``slowdown`` these have all of a run in them: spans of epochs, phases, work, outcomes, and the
recorder that starts and works beside it. What its start and its end take is the same for seconds and for days, so it is
told apart: the slowdown is that of the training between them, which begins when the recorder has started. Its wall time
is noisy on a shared machine, its own CPU time less so; what the recorder takes is in neither where a core is free, and
is a row of its own.
"""

import json
import os
import random
import resource
import statistics
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks.calls import Nothing
from tests.benchmarks.measure import EIGHT_GPUS, Row, answer, figure, slowdown

PAIRS = 24
EPOCHS = 3
BATCH = 64
SECONDS = 2.5  # of a training
SETTLE_S = 0.5  # before it, in which a recorder starts


class Took(NamedTuple):
    """The seconds of a training: from its first step to its last, of wall time and CPU time, and in all."""

    wall: float
    cpu: float
    whole: float
    recorder_cpu: float


def rows(place: Path) -> Iterator[Row]:
    """Slowdown by wall time and by CPU time; what a start and an end, and a recorder, add to each training."""
    found = answer(place, "from tests.benchmarks.trainings import pairs; pairs()", OMP_NUM_THREADS="1")
    both = [(Took(*tracked), Took(*plain)) for tracked, plain in found]
    for name, value in (("wall time", "wall"), ("CPU time of the training", "cpu")):
        slower = [(getattr(tracked, value) / getattr(plain, value) - 1) * 100 for tracked, plain in both]
        yield slowdown(f"slowdown of whole PyTorch trainings of {SECONDS:g} s, by {name}", slower)
    around = [(tracked.whole - tracked.wall) - (plain.whole - plain.wall) for tracked, plain in both]
    yield Row(
        what="start and end of the run of each of them, together",
        measured=f"{figure(statistics.median(around) * 1000)} ms",
    )
    recorder = statistics.median(tracked.recorder_cpu for tracked, _ in both)
    yield Row(what="CPU of the recorder of each of them, its start included", measured=f"{figure(recorder * 1000)} ms")


def pairs() -> None:
    """Print what the tracked and the plain training of each pair took."""
    chance, steps = random.Random(4), _calibrated()
    found = []
    for _ in range(PAIRS):
        taken = {tracked: _timed(steps, tracked=bool(tracked)) for tracked in chance.sample((0, 1), 2)}
        found.append((taken[1], taken[0]))
    print(json.dumps(found))


def _timed(steps: int, *, tracked: bool) -> Took:
    from greentrack import track

    place = f"{os.environ['HOME']}/trainings.db"
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    with track("training", meters=[EIGHT_GPUS], quiet=True, db=place) if tracked else nullcontext(Nothing()) as run:
        time.sleep(SETTLE_S)
        wall, cpu = _train(run, steps)
    whole = time.perf_counter() - began
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    recorder = ended.ru_utime + ended.ru_stime - children.ru_utime - children.ru_stime
    return Took(wall, cpu, whole, recorder)


def _calibrated() -> int:
    """How many steps of an epoch make a training of SECONDS."""
    _timed(5, tracked=True)  # the first is spent on imports
    wall = min(_timed(20, tracked=False).wall for _ in range(3))
    return max(1, round(20 * SECONDS / wall))


def _train(run: Any, steps: int) -> tuple[float, float]:
    """Train a small network on images of noise; return the seconds of wall time and of CPU time from step to step."""
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(0)
    images = TensorDataset(torch.randn(steps * BATCH, 1, 16, 16), torch.randint(10, (steps * BATCH,)))
    network = nn.Sequential(
        nn.Conv2d(1, 16, 3), nn.ReLU(), nn.Conv2d(16, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 12 * 12, 10)
    )
    optimizer, judge = torch.optim.Adam(network.parameters()), nn.CrossEntropyLoss()
    began, cpu = time.perf_counter(), time.process_time()
    for epoch in range(EPOCHS):
        with run.span("epoch", index=epoch):
            batches = iter(DataLoader(images, batch_size=BATCH, shuffle=True))
            for _ in range(steps):
                with run.phase("data"):
                    batch, labels = next(batches)
                with run.phase("step"):
                    optimizer.zero_grad()
                    loss = judge(network(batch), labels)
                    loss.backward()
                    optimizer.step()
                run.advance(samples=len(batch))
        run.log(loss=loss)
    return time.perf_counter() - began, time.process_time() - cpu
