"""Trainings that last as long as they are told, in processes of their own where they are killed or train together."""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from greentrack.integrations.lightning import GreenTrackCallback
from greentrack.integrations.training import tracker

tracker.STAGE_START_WAIT_S = 60.0  # however slow the machine is: no training here begins before its recorder

METERS = ["fake:gpu=300,cpu=100"]
WATTS = 400.0
SAMPLES, BATCH = 64, 8
STEPS = SAMPLES // BATCH
ROOT = Path(__file__).parents[2]

_servers = multiprocessing.get_context("forkserver")
_servers.set_forkserver_preload([__name__])  # Lightning is imported once for all processes that are forked from it


class Tiny(pl.LightningModule):
    """One linear layer, whose steps take *step_s* seconds; a validation's loss is 4."""

    def __init__(self, step_s: float = 0.0) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 1)
        self.step_s = step_s

    def training_step(self, batch: list[Tensor], batch_idx: int) -> Tensor:
        """Compute a loss that goes down to 0, in *step_s* seconds."""
        time.sleep(self.step_s)  # what a larger model would compute
        loss: Tensor = (self.layer(batch[0]) - 1).square().mean()
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: list[Tensor], batch_idx: int) -> None:
        """Log a loss that is known."""
        self.log("val_loss", 4.0, batch_size=1, sync_dist=True)

    def test_step(self, batch: list[Tensor], batch_idx: int) -> None:
        """Do nothing."""

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the plainest there is."""
        return torch.optim.SGD(self.parameters(), lr=0.01)


def data(samples: int = SAMPLES) -> DataLoader[Any]:
    """Return *samples* of zeros, in batches of BATCH."""
    return DataLoader(TensorDataset(torch.zeros(samples, 4)), batch_size=BATCH)


def callback(db: Path | str, **more: Any) -> GreenTrackCallback:
    """Make a callback for a machine of WATTS whose readings come ten times a second."""
    plain = {"db": db, "meters": METERS, "interval": 0.1, "rest": "off", "quiet": True}
    return GreenTrackCallback(**{**plain, **more})


def trainer(folder: Path | str, *callbacks: pl.Callback, **settings: Any) -> pl.Trainer:
    """Make a trainer on the CPU that says little and logs nothing; it keeps its files in *folder*."""
    plain = {
        "accelerator": "cpu",
        "devices": 1,
        "max_epochs": 1,
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    return pl.Trainer(default_root_dir=folder, callbacks=list(callbacks), **{**plain, **settings})


class Patient(pl.Callback):
    """Waits at the end of each epoch, or of each batch, for a reading that is newer: put before the callback it is for.

    What that callback then sees has all that was used up to there, however late its recorder is.
    """

    def __init__(self, green: GreenTrackCallback, *, each_batch: bool = False) -> None:
        self._green, self._each_batch = green, each_batch

    def on_train_batch_end(self, *_: Any) -> None:
        """Wait here, if asked to."""
        if self._each_batch:
            self._wait()

    def on_train_epoch_end(self, *_: Any) -> None:
        """Wait here in any case."""
        self._wait()

    def _wait(self) -> None:
        seen = used_by(self._green)
        until(lambda: used_by(self._green) > seen)


def used_by(green: GreenTrackCallback) -> float:
    """Return the joules of the run that *green* records, as of its last reading."""
    assert green._tracker.session is not None
    return sum(green._tracker.session.run.joules().values())


class Forked:
    """A process that calls *function*, forked where Lightning is imported already; what it says goes to a file."""

    def __init__(
        self, function: Callable[..., None], *args: Any, log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self._log = log
        values = {**os.environ, **(env or {})}
        self._process: ForkServerProcess = _servers.Process(target=_run, args=(function, args, values, str(log)))
        self._process.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process.pid is not None
        return self._process.pid

    def terminate(self) -> None:
        """Send it SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """Send it SIGKILL, and wait for its end."""
        self._process.kill()
        self._process.join()

    def code(self) -> int | None:
        """Its exit code, None while it runs."""
        return self._process.exitcode

    def end(self, timeout: float = 240.0) -> int:
        """Wait for its end; return its exit code. One that hangs is killed, and the test fails."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            self.kill()
            raise AssertionError(f"it hangs; it said: {self.said()}")
        return code

    def said(self) -> str:
        """Its output and errors so far."""
        return self._log.read_text() if self._log.exists() else ""


def run_scripts(path: Path, *envs: Mapping[str, str], timeout: float = 300.0) -> list[tuple[int, str]]:
    """Run the Python file at *path* as a user would, once with each of *envs* at the same time.

    Returns the exit code of each, and its output together with its errors.
    """
    running = [
        subprocess.Popen(
            [sys.executable, str(path)],
            cwd=path.parent,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for env in envs
    ]
    deadline = time.monotonic() + timeout
    try:
        said = [process.communicate(timeout=max(1.0, deadline - time.monotonic()))[0] for process in running]
    finally:
        for process in running:
            process.kill()
            process.communicate()
    return [(process.returncode, text) for process, text in zip(running, said, strict=True)]


def until(there: Callable[[], Any], timeout: float = 240.0) -> Any:
    """Wait until *there* returns something that is true, and return it."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if found := there():
            return found
        time.sleep(0.02)
    raise AssertionError("it never came")


def _run(function: Callable[..., None], args: Sequence[Any], env: Mapping[str, str], log: str) -> None:
    file = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.environ.clear()
    os.environ.update(env)
    torch.set_num_threads(1)
    function(*args)
