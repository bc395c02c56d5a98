"""A training loop that somebody made up is recorded as Lightning's is, where Lightning cannot be imported."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from greentrack.integrations.lightning import GreenTrackCallback
from greentrack.model import Record
from tests.integrations.conftest import BATCH, KNOWN, SAMPLES, STEPS, Make, Tiny, only, samples, spin

EPOCHS, LONG, STEP_S = 5, 100, 0.03
OPTIONS: dict[str, Any] = {**KNOWN, "interval": 0.1}

BLOCKED = ("lightning", "pytorch_lightning", "torch")

PROGRAM = f"""
import sys, time
sys.modules.update(dict.fromkeys({BLOCKED!r}))

from greentrack.integrations.training.forecast import Plan
from greentrack.integrations.training.description import samples_in
from greentrack.integrations.training.loop import Loop
from greentrack.integrations.training.tracker import TrainingTracker

class MadeUp(Loop):
    def remaining(self, epoch_batches, batch_s):
        return Plan(self.epochs * epoch_batches, self.epochs, epoch_batches)
    def validates(self):
        return True

db, epochs, budget = sys.argv[1:]
loop = MadeUp()
loop.epochs = int(epochs)
tracker = TrainingTracker("made up", {{**{OPTIONS!r}, "db": db, "budget": budget or None}})
batches = [["sample"] * {BATCH}] * {STEPS}

session = tracker.begin("fit", loop, name="MadeUp")
session.training_starts()
for epoch in range(int(epochs)):
    session.epoch_starts(epoch)
    for number, batch in enumerate(batches, 1):
        session.batch_starts()
        time.sleep({STEP_S})
        session.batch_ends(samples_in(batch), is_last=number == len(batches))
        if session.is_over_budget: break
    session.validation_starts()
    time.sleep({STEP_S})
    session.validation_ends()
    session.keep_metrics({{"val_loss": 4.0}}, is_validation=True)
    loop.epochs -= 1
    session.epoch_ends(epoch)
    session.keep_metrics({{"train_loss": 0.5 ** epoch, "val_loss": 4.0}})
    if session.is_over_budget: break
session.training_ends()
tracker.finish()

assert not [name for name in sys.modules if name.partition(".")[0] in {BLOCKED!r} and sys.modules[name]]
"""


class Halving(Tiny):
    """Takes *STEP_S* for a step and for a validation; its loss halves with each epoch."""

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        spin(STEP_S)
        loss: Tensor = self(batch).pow(2).mean()
        self.log("train_loss", 0.5**self.current_epoch, on_step=False, on_epoch=True)
        return loss

    def on_validation_epoch_start(self) -> None:
        spin(STEP_S)


Train = Callable[[int, str], Record]


@pytest.fixture
def by_lightning(tmp_path: Path, make: Make) -> Train:
    """Train with Lightning under a budget ("" for none)."""

    def train(epochs: int, budget: str) -> Record:
        db = tmp_path / "lightning.db"
        green = GreenTrackCallback("made up", db=db, budget=budget or None, **OPTIONS)
        make(green, max_epochs=epochs).fit(Halving(), samples(), samples(BATCH))
        return only(db)

    return train


@pytest.fixture
def by_hand(tmp_path: Path) -> Train:
    """Train with the made-up loop under a budget, in a process that cannot import Lightning."""

    def train(epochs: int, budget: str) -> Record:
        db = tmp_path / "made-up.db"
        command = [sys.executable, "-c", PROGRAM, str(db), str(epochs), budget]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return only(db)

    return train


def activities(record: Record) -> tuple[list[tuple[str, dict[str, Any]]], dict[str, int]]:
    """The spans in order with their attributes, and the calls of each phase."""
    spans = sorted(record.spans, key=lambda span: span.id)
    return [(span.name, dict(span.attrs)) for span in spans], {phase.name: phase.calls for phase in record.phases}


def parents(record: Record) -> Counter[tuple[str, str | None]]:
    """In which span each span lies."""
    names = {span.id: span.name for span in record.spans}
    return Counter((span.name, names.get(span.parent or 0)) for span in record.spans)


def test_a_made_up_loop_is_recorded_as_lightnings(by_lightning: Train, by_hand: Train) -> None:
    """The same spans, phases, work and metrics, and forecasts of what the run came to."""
    theirs, ours = by_lightning(EPOCHS, ""), by_hand(EPOCHS, "")
    assert activities(ours) == activities(theirs)
    assert parents(ours) == parents(theirs)
    assert Counter(name for name, _ in activities(ours)[0]) == {"fit": 1, "epoch": EPOCHS, "validation": EPOCHS}
    assert ours.work == theirs.work == {"samples": EPOCHS * SAMPLES, "batches": EPOCHS * STEPS, "steps": EPOCHS * STEPS}
    metrics = [Counter((metric.name, metric.value) for metric in record.metrics) for record in (ours, theirs)]
    assert metrics[0] == metrics[1]
    assert {name for name, _ in metrics[0]} == {"train_loss", "val_loss"}
    for record in (ours, theirs):
        assert (record.run.name, record.run.status, record.run.error) == ("made up", "finished", None)
        assert record.run.params["stage"] == "fit"
        used = sum(use.joules for use in record.devices)
        assert 1 <= len(record.forecasts) < EPOCHS
        assert all(0 < forecast.progress < 1 for forecast in record.forecasts)
        assert used / 4 < record.forecasts[-1].joules < used * 4


def test_its_budget_stops_it_as_lightnings(by_lightning: Train, by_hand: Train) -> None:
    """1.5 s of 15 are paid for: it validates once more, and the run is stopped."""
    for record in (by_lightning(LONG, "600 J"), by_hand(LONG, "600 J")):
        assert record.run.status == "stopped"
        assert record.run.error is not None
        assert record.run.error.startswith("budget: ")
        assert " of 600 J used" in record.run.error
        assert 0 < record.work["batches"] < LONG * STEPS
        names = Counter(span.name for span in record.spans)
        assert names["epoch"] == names["validation"] < LONG
