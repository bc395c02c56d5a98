"""A training that stops and goes on from a checkpoint is one piece of work: its parts, their sum, and no gap."""

import json
import math
import random
import signal
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import pytest
import torch
from lightning.pytorch.callbacks import ModelCheckpoint, OnExceptionCheckpoint

from greentrack import summarize
from greentrack.integrations.lightning import GreenTrackCallback
from greentrack.integrations.training import live_figures
from greentrack.store.reader import Reader
from tests.integrations.conftest import Start, has_full_energy, only, records
from tests.integrations.tiny_trainings import STEPS, WATTS, Patient, Tiny, callback, data, trainer, until

KEY = "GreenTrack"

STEP_J = WATTS * 0.02
"""What a step uses at least, which takes 20 ms."""


class Logged(pl.Callback):
    """Keeps the kWh that were logged at each epoch's end."""

    def __init__(self) -> None:
        self.joules: list[float] = []

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        self.joules.append(trainer.callback_metrics["energy/kwh"].item() * 3.6e6)


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A session looks at its figures 20 times a second: epochs here are short."""
    monkeypatch.setattr(live_figures, "LOOK_S", 0.05)


def saved(folder: Path) -> ModelCheckpoint:
    """Keep the last state, and those after every other batch."""
    return ModelCheckpoint(dirpath=folder, save_last=True, save_top_k=-1, every_n_train_steps=2)


def state_in(checkpoint: Path) -> dict[str, Any]:
    """What the checkpoint has of ours, read as torch reads what it does not trust."""
    state: dict[str, Any] = torch.load(checkpoint, weights_only=True)["callbacks"][KEY]
    return state


def changed(checkpoint: Path, state: Any) -> Path:
    """A checkpoint like that, with another *state* of ours; without any where it is None."""
    whole = torch.load(checkpoint, weights_only=True)
    if state is None:
        del whole["callbacks"][KEY]
    else:
        whole["callbacks"][KEY] = state
    path = checkpoint.with_name("changed.ckpt")
    torch.save(whole, path)
    return path


@pytest.fixture
def two_epochs(db: Path, tmp_path: Path) -> Path:
    """The checkpoint of a training that ended after two epochs of 0.16 s."""
    green = callback(db)
    one = trainer(tmp_path, Patient(green), green, max_epochs=2, enable_checkpointing=True)
    one.fit(Tiny(0.02), data())
    return Path(one.checkpoint_callback.best_model_path)  # type: ignore[union-attr]


def resume(
    checkpoint: Path, db: Path, *more: pl.Callback, epochs: int = 4, green: GreenTrackCallback | None = None
) -> pl.Trainer:
    """Train on from there until *epochs* are done."""
    green = green or callback(db)
    one = trainer(checkpoint.parent, Patient(green), green, *more, max_epochs=epochs)
    one.fit(Tiny(0.02), data(), ckpt_path=checkpoint, weights_only=True)
    return one


# -- what a checkpoint has


def test_the_state_is_plain_values_that_torch_trusts(db: Path, two_epochs: Path) -> None:
    """It can be loaded with weights_only, is JSON, and has the figures up to then, by the run's id."""
    state = state_in(two_epochs)
    assert json.loads(json.dumps(state)) == state
    assert state["run"] == only(db).run.id
    used = sum(use.joules for use in only(db).devices)
    assert 2 * STEPS * STEP_J <= state["joules"] <= used
    assert state["gpu_joules"] == pytest.approx(0.75 * state["joules"], rel=0.1)  # read one after the other
    assert state["samples"] == 2 * STEPS * 8


def test_a_checkpoint_that_is_saved_after_the_fit_has_all_of_it(db: Path, tmp_path: Path) -> None:
    """Nothing is lost for who saves by hand; a test in between changes nothing about it."""
    green = callback(db)
    one = trainer(tmp_path, green)
    one.fit(Tiny(0.02), data())
    one.test(Tiny(), data())
    one.save_checkpoint(tmp_path / "after.ckpt")
    first, _ = records(db)
    state = state_in(tmp_path / "after.ckpt")
    assert state["run"] == first.run.id
    assert state["joules"] == pytest.approx(sum(use.joules for use in first.devices))
    resume(tmp_path / "after.ckpt", db, epochs=2)
    assert records(db)[2].run.continues == first.run.id


def test_a_checkpoint_of_a_fit_that_failed_has_its_state_too(db: Path, tmp_path: Path) -> None:
    """Lightning can save one when an exception has ended the fit, which ends the run as well."""

    class Failing(pl.Callback):
        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            raise ValueError("no good")

    rescue = OnExceptionCheckpoint(tmp_path)
    with pytest.raises(ValueError, match="no good"):
        trainer(tmp_path, callback(db), Failing(), rescue, enable_checkpointing=True).fit(Tiny(), data())
    assert state_in(tmp_path / "on_exception.ckpt")["run"] == only(db).run.id


def test_the_state_is_empty_without_a_run(db: Path) -> None:
    """Nothing is kept by a callback that records nothing."""
    assert callback(db).state_dict() == {}


# -- a killed training


def train_until_killed(db: str, folder: str) -> None:
    """Train for ever, with checkpoints."""
    trainer(folder, callback(db), saved(Path(folder)), max_epochs=10_000, enable_checkpointing=True).fit(
        Tiny(0.05), data()
    )


@pytest.fixture
def killed(db: Path, tmp_path: Path, start: Start) -> Path:
    """The checkpoint within an epoch of a training that got SIGKILL in a later batch."""
    training, checkpoint = start(train_until_killed, str(db), str(tmp_path)), tmp_path / "epoch=1-step=12.ckpt"
    until((tmp_path / "epoch=1-step=14.ckpt").exists)  # so the one before is whole
    training.kill()
    until(lambda: only(db).run.status == "interrupted")
    return checkpoint


def test_a_killed_training_goes_on_as_one_piece_of_work(db: Path, killed: Path) -> None:
    """Two runs, the second continues the first: the whole is their sum, whatever time was between them."""
    logged = Logged()
    resume(killed, db, logged, epochs=3)
    first, second = records(db)
    assert [first.run.status, second.run.status] == ["interrupted", "finished"]
    assert second.run.continues == first.run.id
    assert has_full_energy(first)
    assert has_full_energy(second)
    used = [sum(use.joules for use in each.devices) for each in (first, second)]

    for ref in (first.run.id, second.run.id):
        summary = summarize(ref, db=db)
        assert [part.id for part in summary.parts] == [first.run.id, second.run.id]
        assert summary.whole is not None
        assert summary.whole.joules is not None
        assert summary.whole.joules.value == pytest.approx(sum(used))
        assert summary.whole.seconds == pytest.approx(first.run.seconds + second.run.seconds)
        assert summary.whole.status == "finished"
    assert second.run.started_at > first.run.started_at + first.run.seconds  # there was a gap

    assert used[0] <= logged.joules[0] < logged.joules[-1] <= sum(used)
    assert used[0] + (3 * STEPS - 12) * STEP_J <= logged.joules[-1]
    assert used[0] > state_in(killed)["joules"]  # what was lost after the checkpoint was used all the same
    assert second.work["batches"] == second.work["steps"] == 3 * STEPS - 12  # the checkpoint's are not its own


class Instants(pl.Callback):
    """Keeps for each epoch when its batches began and ended, and when it was over; all by Unix time."""

    def __init__(self) -> None:
        self.batches: dict[int, list[float]] = {}
        self.over: dict[int, float] = {}

    def on_train_batch_start(self, trainer: Any, *_: Any) -> None:
        self.batches.setdefault(trainer.current_epoch, []).append(time.time())

    def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
        self.batches[trainer.current_epoch].append(time.time())

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        self.over[trainer.current_epoch] = time.time()


def test_the_epoch_that_a_checkpoint_is_within_is_a_span_of_the_part_that_ends_it(db: Path, killed: Path) -> None:
    """Lightning tells no start of it: four of its eight batches are left, and they and nothing before are in it."""
    began, seen = time.time(), Instants()
    resume(killed, db, seen, epochs=3)
    _, second = records(db)
    epochs = [span for span in second.spans if span.name == "epoch"]
    assert [dict(span.attrs) for span in epochs] == [{"index": 1}, {"index": 2}]
    assert [len(seen.batches[epoch]) for epoch in (1, 2)] == [2 * STEPS // 2, 2 * STEPS]
    for before, epoch, span in zip((began, seen.over[1]), (1, 2), epochs, strict=True):
        instants = seen.batches[epoch]
        edges = [before, span.started_at, instants[0], instants[-1], span.ended_at or 0.0, seen.over[epoch]]
        assert all(earlier <= later + 0.005 for earlier, later in pairwise(edges))  # two clocks, set once


def test_the_forecast_of_a_resumed_training_is_that_of_the_whole_work(db: Path, killed: Path) -> None:
    """It is of all parts, and stands beside what they came to: 400 W, and an epoch is taken to be like those before."""
    logged = Logged()
    resume(killed, db, logged, epochs=6)
    first, second = records(db)
    summary = summarize(second.run.id, db=db)
    assert summary.whole is not None
    assert summary.whole.joules is not None
    used = sum(use.joules for use in first.devices)
    for made in second.forecasts:
        assert made.joules == pytest.approx(WATTS * made.seconds, rel=0.1)
        assert made.joules > used
    assert second.forecasts[1].joules >= used + 0.8 * (STEPS // 2 + 4 * STEPS) * STEP_J  # with the three that follow
    *_, before, spent, _ = logged.joules
    largest = max(later - earlier for earlier, later in pairwise(logged.joules[:-1]))
    assert spent - before <= largest
    assert spent < second.forecasts[-1].joules <= spent + 1.5 * largest + 0.1 * WATTS  # one more, and a reading's delay
    assert set(second.forecasts) <= set(summary.forecasts)
    assert "it came to" in str(summary)


# -- other ways to go on


def test_parts_may_be_many_and_some_may_fail(db: Path, two_epochs: Path) -> None:
    """An attempt that failed has used its energy too: the next one counts it, though it begins where that one did."""

    class Failing(pl.Callback):
        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            raise ValueError("no good")

    with pytest.raises(ValueError, match="no good"):
        resume(two_epochs, db, Failing())
    logged = Logged()
    resume(two_epochs, db, logged)
    every = records(db)
    assert [each.run.status for each in every] == ["finished", "failed", "finished"]
    assert [each.run.continues for each in every[1:]] == [every[0].run.id] * 2
    used = [sum(use.joules for use in each.devices) for each in every]
    assert used[0] + used[1] <= logged.joules[0]
    assert used[0] + used[1] + 2 * STEPS * STEP_J <= logged.joules[-1] <= sum(used)
    summary = summarize("latest", db=db)
    assert len(summary.parts) == 3
    assert summary.whole is not None
    assert summary.whole.joules is not None
    assert summary.whole.joules.value == pytest.approx(sum(used))


def test_one_callback_may_go_on_in_the_same_program(db: Path, tmp_path: Path) -> None:
    """Fit, and fit on from the checkpoint, in a notebook: two parts."""
    green = callback(db)
    one = trainer(tmp_path, green, saved(tmp_path), max_epochs=2, enable_checkpointing=True)
    one.fit(Tiny(0.01), data())
    resume(tmp_path / "last.ckpt", db, epochs=3, green=green)
    first, second = records(db)
    assert second.run.continues == first.run.id
    assert first.run.continues is None


def test_with_another_database_the_checkpoints_own_figures_are_carried_on(
    db: Path, tmp_path: Path, two_epochs: Path
) -> None:
    """A new machine, say: what was used there is known as of the checkpoint."""
    before, logged, other = state_in(two_epochs), Logged(), tmp_path / "other.db"
    resume(two_epochs, other, logged)
    record = only(other)
    assert record.run.continues == before["run"]
    used = sum(use.joules for use in record.devices)
    assert before["joules"] <= logged.joules[0]
    assert before["joules"] + 2 * STEPS * STEP_J <= logged.joules[-1] <= before["joules"] + used
    assert summarize("latest", db=other).parts == ()


def test_a_part_whose_recorder_was_killed_with_it_counts_although_it_still_reads_running(
    db: Path, two_epochs: Path
) -> None:
    """A cluster kills all and starts the job again within seconds: the part that wrote the checkpoint is over."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(db)) as file, file:
        file.execute("UPDATE runs SET status = 'running', ended_at = NULL, updated_at = unixepoch() + 60")
    assert Reader(db).record(state_in(two_epochs)["run"]).run.status == "running"
    logged = Logged()
    resume(two_epochs, db, logged)
    first, second = records(db)
    assert second.run.continues == first.run.id
    assert logged.joules[0] >= sum(use.joules for use in first.devices)


def test_a_checkpoint_without_our_state_begins_a_work_of_its_own(db: Path, two_epochs: Path) -> None:
    """It was trained without the callback."""
    one = resume(changed(two_epochs, None), db)
    _, second = records(db)
    assert second.run.continues is None
    assert second.run.status == "finished"
    assert one.callback_metrics["energy/kwh"] * 3.6e6 <= sum(use.joules for use in second.devices)


@pytest.mark.parametrize(
    "state",
    [
        {"run": 5},
        {"run": None, "joules": 1.0},
        {"version": 99, "other": "things"},
        {"run": "gone", "joules": "many", "seconds": -1.0, "grams": math.nan, "samples": math.inf, "currency": 7},
        {"run": "gone", "joules": 10**400, "money": True},
        ["not", "ours"],
        "nonsense",
    ],
    ids=str,
)
def test_a_state_that_makes_no_sense_does_no_harm(db: Path, two_epochs: Path, state: Any) -> None:
    """The training goes on, and its figures are those of its own part."""
    one = resume(changed(two_epochs, state), db)
    _, second = records(db)
    assert second.run.status == "finished"
    used = sum(use.joules for use in second.devices)
    assert 0 < one.callback_metrics["energy/kwh"].item() * 3.6e6 <= used


@pytest.mark.parametrize("stage", ["validate", "test"])
def test_an_evaluation_of_a_checkpoint_carries_nothing_on(db: Path, two_epochs: Path, stage: str) -> None:
    """It is a run of its own, which only notes whose state it looked at."""
    one = trainer(two_epochs.parent, callback(db))
    getattr(one, stage)(Tiny(), data(), ckpt_path=two_epochs, weights_only=True)
    first, second = records(db)
    assert second.run.continues is None
    assert second.run.params["checkpoint_of"] == first.run.id
    assert summarize(first.run.id, db=db).parts == ()
    assert second.work["samples"] == STEPS * 8


# -- signals

ASKED = 300
"""How often the state is asked for at least."""


def train_under_signals(db: str, folder: str) -> None:
    """Train while a signal's handler asks for the state, and saves it, at any moment (as under SLURM's SIGUSR1)."""
    green, asked = callback(db), list[dict[str, Any]]()
    chance = random.Random(1)

    class Signals(pl.Callback):
        def on_train_start(self, trainer: Any, pl_module: Any) -> None:
            signal.setitimer(signal.ITIMER_REAL, 1e-3)

        def on_train_batch_end(self, trainer: Any, *_: Any) -> None:
            trainer.should_stop = len(asked) >= ASKED

        def on_train_end(self, trainer: Any, pl_module: Any) -> None:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def save(*_: Any) -> None:
        asked.append(green.state_dict())
        if len(asked) % 100 == 0:
            one.save_checkpoint(Path(folder) / f"{len(asked)}.ckpt")
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(1e-4, 1e-3))

    signal.signal(signal.SIGALRM, save)
    one = trainer(folder, Signals(), green, max_epochs=10_000)
    one.fit(Tiny(0.02), data())
    print(len(asked), flush=True)


def test_the_state_may_be_asked_for_at_any_moment(db: Path, tmp_path: Path, start: Start) -> None:
    """Within whatever hook of ours: it waits for nothing, and phases and spans stay whole."""
    training = start(train_under_signals, str(db), str(tmp_path))
    assert training.end() == 0, training.said()
    assert int(training.said().split()[-1]) >= ASKED
    record = only(db)
    assert record.run.status == "finished"
    assert has_full_energy(record)
    checkpoints = [span for span in record.spans if span.name == "checkpoint"]
    paths = list(tmp_path.glob("*.ckpt"))
    assert len(checkpoints) == len(paths) > 0
    assert all(span.ended_at for span in record.spans)
    within = sum((span.ended_at or 0.0) - span.started_at for span in record.spans if span.name == "epoch")
    assert within <= sum(phase.seconds for phase in record.phases) <= record.run.seconds + 0.005
    assert {state_in(path)["run"] for path in paths} == {record.run.id}
    assert max(state_in(path)["joules"] for path in paths) <= sum(use.joules for use in record.devices)
