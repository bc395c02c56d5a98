"""What the callback costs a Lightning training: in place, and in pairs of windows with it and without it.

In place the hooks of a batch are called as the trainer calls them, in the middle of a real fit; an empty callback with
the same hooks is the yardstick. The pairs are windows of two batches of one fit, neighbours in random order as in
``slowdown``: in one of the two our hooks of a batch do nothing.
"""

import json
import logging
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import EIGHT_GPUS, Row, answer, at_most, figure, slowdown

CALLS = 2000
ROUNDS = 25
STEP_S = 0.01
STEPS = 2  # of a window
SECONDS = 40
HOOKS = ("on_train_batch_start", "on_train_batch_end")


def rows(place: Path) -> Iterator[Row]:
    """The hooks of a batch, the look at the figures once a second, and the slowdown of steps of 10 ms."""
    inside = answer(place, "from tests.benchmarks.lightning import inside; inside()", OMP_NUM_THREADS="1")
    yield at_most(
        "Lightning: the callback's hooks, a batch, beyond an empty callback's",
        inside["ours"] - inside["empty"],
        10,
        "us",
        None,
        f" (yardstick: {figure(inside['empty'])} us)",
    )
    yield Row(what="Lightning: a look at the figures, once a second", measured=f"{figure(inside['look'])} us")
    slower = answer(place, "from tests.benchmarks.lightning import pairs; pairs()", OMP_NUM_THREADS="1")
    yield slowdown("Lightning: slowdown of steps of 10 ms", slower)


def inside() -> None:
    """Print microseconds: what a batch's hooks of ours and of an empty callback take, and a look at the figures."""
    import lightning.pytorch as pl

    ours, empty, found = _ours(), pl.Callback(), {}

    class Measuring(pl.Callback):
        def on_train_batch_end(self, *arguments: Any) -> None:
            taken: dict[str, list[float]] = {"ours": [], "empty": []}
            for _ in range(ROUNDS):
                for name, callback in (("ours", ours), ("empty", empty)):
                    taken[name].append(_seconds(lambda: _hooks(callback, arguments)) / CALLS * 1e6)  # noqa: B023
            found.update({name: statistics.median(values) for name, values in taken.items()})
            found["look"] = statistics.median(_seconds(ours._tracker.session.look) for _ in range(50)) * 1e6

    _fit(0, ours, Measuring(), max_steps=1)
    print(json.dumps(found))


def pairs() -> None:
    """Print how much slower (percent) the window of every pair was in which our hooks did what they do."""
    import lightning.pytorch as pl

    ours, chance, found = _ours(), random.Random(3), list[float]()
    doing = {hook: getattr(ours, hook) for hook in HOOKS}

    class Switching(pl.Callback):
        batches, began, order, taken = 0, 0.0, list[int](), dict[int, float]()

        def on_train_batch_start(self, trainer: Any, *_: Any) -> None:
            self.batches += 1
            if self.batches % STEPS:
                return
            if self.order:
                self.taken[self.order.pop()] = time.perf_counter() - self.began
                if not self.order:
                    found.append((self.taken[1] / self.taken[0] - 1) * 100)
            self.order = self.order or chance.sample((0, 1), 2)
            for hook in HOOKS:
                setattr(ours, hook, doing[hook] if self.order[-1] else _nothing)
            self.began = time.perf_counter()

    _fit(_loops(), Switching(), ours, max_time={"seconds": SECONDS})
    print(json.dumps(found[10:]))


def _fit(loops: int, *callbacks: Any, **settings: Any) -> None:
    """Train with steps of so many *loops* of work on data without end."""
    import lightning.pytorch as pl
    import torch
    from torch.utils.data import DataLoader, IterableDataset

    class Batches(IterableDataset[Any]):
        def __iter__(self) -> Iterator[Any]:
            while True:
                yield torch.ones(64, 4)

    class Model(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(4, 1)

        def training_step(self, batch: Any, batch_idx: int) -> Any:
            _work(loops)
            return self.layer(batch).square().mean()

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), lr=0.01)

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    quiet = ("enable_checkpointing", "enable_progress_bar", "enable_model_summary", "logger")
    trainer = pl.Trainer(
        accelerator="cpu",
        callbacks=list(callbacks),
        default_root_dir=os.environ["HOME"],
        **{"max_epochs": -1, **dict.fromkeys(quiet, False), **settings},
    )
    trainer.fit(Model(), DataLoader(Batches(), batch_size=None))


def _ours() -> Any:
    """The callback, with a budget, recording a large host."""
    from greentrack.integrations.lightning.callback import GreenTrackCallback

    place = f"{os.environ['HOME']}/lightning.db"
    return GreenTrackCallback(meters=[EIGHT_GPUS], budget="1 MWh", db=place, quiet=True)


def _hooks(callback: Any, arguments: tuple[Any, ...]) -> None:
    trainer, module, outputs, batch, index = arguments
    for _ in range(CALLS):
        callback.on_train_batch_start(trainer, module, batch, index)
        callback.on_train_batch_end(trainer, module, outputs, batch, index)


def _nothing(*_: Any) -> None:
    pass


def _loops() -> int:
    """How many loops of work take STEP_S."""
    _work(10)  # the first is spent on imports
    return max(1, round(STEP_S / min(_seconds(lambda: _work(1)) for _ in range(50))))


def _work(loops: int) -> None:
    """Work in C and in Python, as a training does."""
    import torch

    weights = torch.full((160, 160), 1 / 160)
    for _ in range(loops):
        weights = weights @ weights
        sum(number * number for number in range(1000))


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
