"""What the tests of Lightning share: trainings on a virtual machine of 400 W, and what must not be left of them."""

import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import lightning.pytorch as pl
import psutil
import pytest
import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from greentrack.integrations.lightning import GreenTrackCallback
from greentrack.model import Record
from greentrack.store.reader import Reader
from greentrack.tracking import run as tracking
from greentrack.tracking import span as spans
from tests.integrations.tiny_trainings import Forked

WATTS = {"gpu": 300, "cpu": 100}

KNOWN: dict[str, Any] = {"meters": ["fake:gpu=300,cpu=100"], "rest": "off", "quiet": True}
"""A machine of 400 W."""

SAMPLES, BATCH = 32, 8
STEPS = SAMPLES // BATCH
"""Batches of an epoch."""

Make = Callable[..., pl.Trainer]
Start = Callable[..., Forked]
StartRanks = Callable[..., list[Forked]]


class Tiny(pl.LightningModule):
    """One linear layer that learns to say nothing, and a validation whose loss is always 4."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def forward(self, batch: Any) -> Tensor:
        output: Tensor = self.layer(batch[0])
        return output

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        loss: Tensor = self(batch).pow(2).mean()
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self(batch)
        self.log("val_loss", 4.0, batch_size=1)

    def test_step(self, batch: Any, batch_idx: int) -> None:
        self(batch)
        self.log("test_loss", 5.0, batch_size=1)

    def configure_optimizers(self) -> Any:
        return torch.optim.SGD(self.parameters(), lr=0.01)


class Busy(Tiny):
    """The same, but every step of any kind takes *step_s* seconds."""

    def __init__(self, step_s: float = 0.02) -> None:
        super().__init__()
        self.step_s = step_s

    def forward(self, batch: Any) -> Tensor:
        spin(self.step_s)
        output: Tensor = super().forward(batch)
        return output


def samples(n: int = SAMPLES) -> DataLoader[Any]:
    """Return *n* samples in batches of eight."""
    return DataLoader(TensorDataset(torch.ones(n, 4)), batch_size=BATCH)


def spin(seconds: float) -> None:
    """Be busy for so long."""
    until = perf_counter() + seconds
    while perf_counter() < until:
        pass


def records(db: Path) -> list[Record]:
    """Return all runs, the first one first."""
    with Reader(db) as reader:
        return [reader.record(row.id) for row in reversed(reader.runs())]


def only(db: Path) -> Record:
    """Return the one run there is."""
    (record,) = records(db)
    return record


def joules(record: Record) -> float:
    """Return the joules of all devices of a run."""
    return sum(use.joules for use in record.devices)


def has_full_energy(record: Record) -> bool:
    """Whether each device used its watts in all the seconds that it was read for, and those are all of the run's.

    Nothing but 20 ms may be missing. They begin with the first reading, after which the run begins as soon as the
    machine lets it: that may be a stall of a second later.
    """
    used = {use.device.kind: use for use in record.devices}
    return used.keys() == WATTS.keys() and all(
        used[kind].joules == pytest.approx(watts * used[kind].energy.seconds, rel=0.02, abs=0.01 * watts)
        and 0.97 * record.run.seconds - 0.02 <= used[kind].energy.seconds <= record.run.seconds + 1.0
        for kind, watts in WATTS.items()
    )


def own_recorders() -> list[psutil.Process]:
    """Return the recorders that this process has started and that still run."""
    found = []
    for child in psutil.Process().children():
        try:
            if any(part.endswith("recorder/__main__.py") for part in child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


@pytest.fixture
def green(db: Path) -> GreenTrackCallback:
    """A callback that records a machine of 400 W."""
    return GreenTrackCallback(db=db, **KNOWN)


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a trainer of one epoch, with these callbacks and settings."""

    def trainer(*callbacks: Any, **settings: Any) -> pl.Trainer:
        quiet = {
            "accelerator": "cpu",
            "devices": 1,
            "max_epochs": 1,
            "num_sanity_val_steps": 0,
            "logger": False,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "default_root_dir": tmp_path,
            "callbacks": list(callbacks),
        }
        return pl.Trainer(**{**quiet, **settings})

    return trainer


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Fork a process that calls a function; none is left at the end."""
    started: list[Forked] = []

    def begin(function: Callable[..., None], *args: Any, env: Mapping[str, str] | None = None) -> Forked:
        started.append(Forked(function, *args, log=tmp_path / f"log-{len(started)}", env=env))
        return started[-1]

    yield begin
    for one in started:
        one.kill()


@pytest.fixture
def ranks(start: Start) -> StartRanks:
    """Fork two ranks as torchrun starts them, on one host or two: each is told by its environment who it is."""

    def begin(function: Callable[..., None], *args: Any, hosts: int = 1, **env: str) -> list[Forked]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        common = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), **env}
        local, node = ("0", "1") if hosts == 2 else ("1", "0")
        first = {"RANK": "0", "LOCAL_RANK": "0", "NODE_RANK": "0"}
        second = {"RANK": "1", "LOCAL_RANK": local, "NODE_RANK": node}
        return [start(function, *args, env=common | place) for place in (first, second)]

    return begin


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    """No recorder outlives its training, no run or span stays open, and signals are handled as before."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in handlers.items():  # Lightning lets Ctrl-C be ignored once it was pressed
        signal.signal(number, handler)
    _, alive = psutil.wait_procs(own_recorders(), timeout=60)
    assert not alive
    assert spans._inner.get() is None
    assert not tracking._open
