"""A Lightning training that is to be killed; ``ForkedVictim`` starts it."""

import os
from pathlib import Path

import lightning.pytorch as pl

from greentrack.host.facts import clock
from tests.campaign.victim import ENDS
from tests.integrations.tiny_trainings import Tiny, callback, data, trainer


class Fate(pl.Callback):
    """Says when the fit is on, and ends it after a while in the way that was asked for."""

    def __init__(self, lasts: float, how: str) -> None:
        self._lasts, self._how, self._until = lasts, how, 0.0

    def on_train_batch_end(self, trainer: pl.Trainer, module: pl.LightningModule, *rest: object) -> None:
        """Look at the clock after each batch."""
        if not self._until:
            self._until = clock() + self._lasts
            print("on", "x", _recorder(), clock(), clock(), flush=True)
        if clock() >= self._until:
            if self._how in ENDS:
                print("dies", clock(), flush=True)
                ENDS[self._how]()
            trainer.should_stop = True


def _recorder() -> int:
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                if parent == os.getpid() and "recorder" in (folder / "cmdline").read_text():
                    return int(folder.name)
            except OSError:
                continue
    return 0


def main(db: str, interval: float, lasts: float, how: str) -> None:
    """Train for *lasts* seconds, then end in the way *how*; "ddp" is one of two ranks."""
    ddp = {"strategy": "ddp", "devices": 2} if how == "ddp" else {}
    recording = callback(db, interval=interval)
    fit = trainer(Path(db).parents[1], recording, Fate(lasts, how), max_epochs=10_000, **ddp)
    fit.fit(Tiny(step_s=0.02), data())
    print("done", clock(), flush=True)
