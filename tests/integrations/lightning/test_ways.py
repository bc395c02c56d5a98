"""Every way in which a Lightning training can go, and how its run ends."""

import contextlib
import logging
import signal
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import lightning.pytorch as pl
import psutil
import pytest
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import BatchSizeFinder, EarlyStopping, LearningRateFinder
from lightning.pytorch.tuner.tuning import Tuner
from torch.utils.data import DataLoader

from greentrack.integrations.lightning import GreenTrackCallback
from greentrack.tracking.run import Run
from tests.integrations.conftest import SAMPLES, STEPS, WATTS, Busy, Make, Tiny, has_full_energy, only, records, samples
from tests.integrations.tiny_trainings import Forked, callback, trainer, until


class TroubleError(Exception):
    """What the user's own code raises."""


class Raising(pl.Callback):
    """A user's callback that raises in one hook."""


class RaisingModule(Tiny):
    """A user's module that raises in one hook."""


def raise_in(owner: Any, hook: str, error: BaseException) -> Any:
    """Let *hook* of *owner* raise."""

    def fails(*_: Any, **__: Any) -> None:
        raise error

    setattr(owner, hook, fails)
    return owner


MODULE_HOOKS = (
    "setup",
    "configure_optimizers",
    "on_fit_start",
    "on_train_start",
    "on_train_epoch_start",
    "on_train_batch_start",
    "training_step",
    "on_before_backward",
    "optimizer_step",
    "on_train_batch_end",
    "on_validation_start",
    "validation_step",
    "on_validation_epoch_end",
    "on_validation_end",
    "on_train_epoch_end",
    "on_train_end",
    "on_fit_end",
)

CALLBACK_HOOKS = (
    "setup",
    "on_fit_start",
    "on_sanity_check_start",
    "on_train_start",
    "on_train_batch_start",
    "on_train_batch_end",
    "on_validation_epoch_end",
    "on_validation_end",
    "on_train_epoch_end",
    "on_save_checkpoint",
    "on_train_end",
    "on_fit_end",
    "teardown",
)


@pytest.mark.parametrize("stage", ["fit", "validate", "test", "predict"])
def test_each_stage_is_a_run_of_its_own(stage: str, db: Path, green: GreenTrackCallback, make: Make) -> None:
    """It is called after the model and the stage, is finished, and has all its energy and what was done."""
    one = make(green)
    getattr(one, stage)(Busy(), samples())
    record = only(db)
    assert record.run.name == ("Busy" if stage == "fit" else f"Busy {stage}")
    assert record.run.status == "finished"
    assert record.run.params["stage"] == stage
    assert has_full_energy(record)
    assert record.work["predictions" if stage == "predict" else "samples"] == SAMPLES
    assert green.run_id == record.run.id
    assert "save_checkpoint" not in vars(one)


def test_energy_is_watts_times_seconds(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """A fit of a second at 300 W and 100 W used 400 J, to 1 %, and as long as the fit was."""
    began = perf_counter()
    make(green).fit(Busy(0.25), samples())
    took = perf_counter() - began
    record = only(db)
    assert STEPS * 0.25 <= record.run.seconds <= took
    for use in record.devices:
        assert use.joules == pytest.approx(WATTS[use.device.kind] * use.energy.seconds, rel=0.01)
        assert 0.99 * record.run.seconds <= use.energy.seconds <= took


def test_a_fit_after_a_fit_begins_anew(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Two fits and a test by one trainer and callback are three runs, each with its own work; no file stays open."""
    one, model = make(green), Tiny()
    one.fit(model, samples())
    files = psutil.Process().num_fds()
    one.fit_loop.max_epochs = 3
    one.fit(model, samples())
    one.test(model, samples())
    assert psutil.Process().num_fds() == files
    first, second, third = records(db)
    assert [first.work["batches"], second.work["batches"]] == [STEPS, 2 * STEPS]
    assert "batches" not in third.work
    assert [record.run.status for record in (first, second, third)] == ["finished"] * 3
    assert all(has_full_energy(record) for record in (first, second, third))
    assert second.run.continues is None


def test_one_callback_serves_one_trainer_after_another(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Each trainer's fit is a run; the trainer before is as it was made."""
    trainers = [make(green), make(green)]
    for one in trainers:
        one.fit(Tiny(), samples())
        assert "save_checkpoint" not in vars(one)
    assert len(records(db)) == 2


def test_a_fast_dev_run_is_recorded(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """One batch of training and one of validation, and all the energy of that."""
    make(green, fast_dev_run=True).fit(Tiny(), samples(), samples())
    record = only(db)
    assert record.run.status == "finished"
    assert record.work["batches"] == 1
    assert has_full_energy(record)


def test_a_sanity_check_is_no_validation(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Its batches are no work, its loss no outcome, and it has a span of its own."""
    make(green, num_sanity_val_steps=2).fit(Tiny(), samples(), samples())
    record = only(db)
    assert [span.name for span in record.spans] == ["fit", "sanity", "epoch", "validation"]
    assert [metric.name for metric in record.metrics].count("val_loss") == 1
    assert record.work["samples"] == SAMPLES


@pytest.mark.parametrize("hook", MODULE_HOOKS)
def test_what_a_model_raises_comes_out_and_fails_its_run(
    hook: str, db: Path, green: GreenTrackCallback, make: Make
) -> None:
    """Whichever hook it is: the very exception, a run that says failed and by what, and all its energy."""
    error = TroubleError(f"in {hook}")
    model = raise_in(RaisingModule(), hook, error)
    one = make(green, num_sanity_val_steps=1)
    with pytest.raises(TroubleError) as caught:
        one.fit(model, samples(), samples())
    assert caught.value is error
    record = only(db)
    assert (record.run.status, record.run.error) == ("failed", f"TroubleError: in {hook}")
    assert has_full_energy(record)
    assert all(span.ended_at is not None for span in record.spans)
    assert "save_checkpoint" not in vars(one)


@pytest.mark.parametrize("hook", CALLBACK_HOOKS)
def test_what_another_callback_raises_comes_out_and_fails_the_run(
    hook: str, db: Path, green: GreenTrackCallback, make: Make
) -> None:
    """The other one is before ours in the list; where it raises before ours was set up there is nothing to record."""
    error = TroubleError(f"in {hook}")
    one = make(raise_in(Raising(), hook, error), green, num_sanity_val_steps=1, enable_checkpointing=True)
    with pytest.raises(TroubleError) as caught:
        one.fit(Tiny(), samples(), samples())
    assert caught.value is error
    assert "save_checkpoint" not in vars(one)
    if hook == "setup":
        assert not db.exists()
        return
    record = only(db)
    assert (record.run.status, record.run.error) == ("failed", f"TroubleError: in {hook}")
    assert has_full_energy(record)


@pytest.mark.parametrize("hook", ["setup", "on_train_batch_start", "on_exception"])
def test_what_a_callback_after_ours_raises_fails_the_run(
    hook: str, db: Path, green: GreenTrackCallback, make: Make
) -> None:
    """Also where it raises while it is told of an exception, which then is what comes out."""
    error, model = TroubleError(f"in {hook}"), Tiny()
    if hook == "on_exception":
        raise_in(model, "training_step", ValueError("first"))
    with pytest.raises(TroubleError):
        make(green, raise_in(Raising(), hook, error)).fit(model, samples())
    record = only(db)
    assert record.run.status == "failed"
    assert record.run.error == ("ValueError: first" if hook == "on_exception" else f"TroubleError: in {hook}")


def test_a_training_is_over_once_ours_is_torn_down(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """What a callback after it raises in its own teardown comes out; the training was done and stays finished."""
    with pytest.raises(TroubleError):
        make(green, raise_in(Raising(), "teardown", TroubleError())).fit(Tiny(), samples())
    assert only(db).run.status == "finished"


def test_a_model_that_is_refused_records_nothing(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Lightning refuses a model without training_step before anything is set up."""
    with pytest.raises(MisconfigurationException):
        make(green).fit(pl.LightningModule(), samples())
    assert not db.exists()
    assert green.run_id is None


@pytest.mark.parametrize("stage", ["validate", "test", "predict"])
def test_an_evaluation_that_fails_is_a_failed_run(stage: str, db: Path, green: GreenTrackCallback, make: Make) -> None:
    """The exception comes out of validate, test and predict, too."""
    step = {"validate": "validation_step", "test": "test_step", "predict": "predict_step"}[stage]
    with pytest.raises(TroubleError):
        getattr(make(green), stage)(raise_in(Busy(), step, TroubleError("no")), samples())
    assert (only(db).run.status, only(db).run.error) == ("failed", "TroubleError: no")


def test_a_fit_after_one_that_failed_begins_anew(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Nothing of the failed one is left: not its status, its samples or its spans."""
    one, model = make(green), RaisingModule()
    raise_in(model, "on_train_end", TroubleError())
    with pytest.raises(TroubleError):
        one.fit(model, samples())
    del model.on_train_end
    one.fit_loop.max_epochs = 2
    one.fit(model, samples())
    failed, finished = records(db)
    assert (failed.run.status, finished.run.status) == ("failed", "finished")
    assert finished.run.error is None
    assert finished.work["batches"] == STEPS
    assert [span.name for span in finished.spans] == ["fit", "epoch"]


def test_out_of_memory_is_a_failure_that_says_so(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Torch's own exception comes out, and its text is kept."""
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
    with pytest.raises(torch.OutOfMemoryError):
        make(green).fit(raise_in(RaisingModule(), "training_step", error), samples())
    assert only(db).run.status == "failed"
    assert only(db).run.error == "OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 GiB"


def test_ctrl_c_interrupts_the_run(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Lightning makes an exit of it; the run says what it was."""
    with pytest.raises(SystemExit):
        make(green).fit(raise_in(RaisingModule(), "training_step", KeyboardInterrupt()), samples())
    record = only(db)
    assert record.run.status == "interrupted"
    assert has_full_energy(record)


@pytest.mark.parametrize(("code", "status"), [(0, "finished"), (3, "failed")])
def test_an_exit_in_a_hook_is_a_good_end_only_where_it_says_so(
    code: int, status: str, db: Path, green: GreenTrackCallback, make: Make
) -> None:
    """``sys.exit(0)`` and ``sys.exit(3)`` are told apart, as ``track`` tells them apart."""
    with pytest.raises(SystemExit):
        make(green).fit(raise_in(RaisingModule(), "on_train_epoch_end", SystemExit(code)), samples())
    assert only(db).run.status == status


def endless(db: str, folder: str, hook: str) -> None:
    """Train without end; say so once *hook* was reached, and stay in it unless it is a batch's."""

    class Telling(pl.Callback):
        pass

    def reached(*_: Any, **__: Any) -> None:
        if not getattr(Telling, "told", False):
            print("reached", flush=True)
            Telling.told = True  # type: ignore[attr-defined]
        if hook == "setup":
            signal.pause()

    telling = Telling()
    setattr(telling, hook, reached)
    trainer(folder, callback(db), telling, max_epochs=-1).fit(Busy(0.01), samples())


@pytest.mark.parametrize("hook", ["on_train_batch_end", "setup"])
def test_sigterm_interrupts_the_run(hook: str, db: Path, tmp_path: Path) -> None:
    """Lightning lets the batch end and raises; before its handler is there the process just dies. Both are seen."""
    process = Forked(endless, str(db), str(tmp_path), hook, log=tmp_path / "log", env={})
    until(lambda: "reached" in process.said())
    process.terminate()
    code = process.end()
    record = until(lambda: db.exists() and [one for one in records(db) if one.run.status != "running"])[0]
    assert record.run.status == "interrupted"
    assert record.work.get("batches", 0) >= (hook != "setup")
    assert has_full_energy(record)
    if hook == "setup":
        assert code == -signal.SIGTERM
    else:
        assert record.run.error == "SIGTERM"


def test_a_training_that_is_asked_to_stop_is_finished(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """``trainer.should_stop`` of the user's is a good end, and no budget's."""

    class Stopping(pl.Callback):
        def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
            trainer.should_stop = trainer.global_step >= 3

    make(green, Stopping(), max_epochs=5).fit(Tiny(), samples())
    record = only(db)
    assert (record.run.status, record.run.error) == ("finished", None)
    assert record.work["batches"] == 3


def test_early_stopping_is_a_good_end(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """The validation's loss is always 4, so that patience ends after the second epoch of fifty."""
    make(green, EarlyStopping("val_loss", patience=1), max_epochs=50).fit(Tiny(), samples(), samples())
    record = only(db)
    assert (record.run.status, record.run.error) == ("finished", None)
    assert record.work["batches"] == 2 * STEPS


class Tunable(Tiny):
    """With what the tuner looks for."""

    def __init__(self) -> None:
        super().__init__()
        self.lr, self.batch_size = 0.01, 2

    def train_dataloader(self) -> DataLoader[Any]:
        return DataLoader(samples().dataset, batch_size=self.batch_size)

    val_dataloader = train_dataloader

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=self.lr)


def test_a_search_for_the_learning_rate_is_a_finished_run(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Its trial steps are no training of the run, and the fit that follows is a run of its own."""
    one, model = make(green, enable_checkpointing=True), Tunable()
    Tuner(one).lr_find(model, num_training=5, update_attr=False)
    one.fit(model)
    found, fitted = records(db)
    assert [found.run.status, fitted.run.status] == ["finished", "finished"]
    assert has_full_energy(found)
    assert "batches" not in found.work
    assert fitted.work["samples"] == SAMPLES
    assert "save_checkpoint" not in vars(one)


def test_a_search_for_the_batch_size_is_a_finished_run(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """It trains several times for a few steps; the fit that follows trains with what it found."""
    one, model = make(green, enable_checkpointing=True), Tunable()
    Tuner(one).scale_batch_size(model, steps_per_trial=1, max_trials=2, init_val=4)
    one.fit(model)
    found, fitted = records(db)
    assert [found.run.status, fitted.run.status] == ["finished", "finished"]
    assert "samples" not in found.work
    assert fitted.work["samples"] == SAMPLES


@pytest.mark.parametrize("at", [0, 1])
def test_a_tuner_within_a_fit_is_part_of_it(at: int, db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Before or after ours in the list: one run, whose work is the training's alone."""
    tuners: list[Any] = [
        LearningRateFinder(num_training_steps=5, update_attr=False),
        BatchSizeFinder(steps_per_trial=1, max_trials=1, init_val=4),
    ]
    tuners.insert(at * 2, green)
    make(*tuners, enable_checkpointing=True, max_epochs=2).fit(Tunable())
    record = only(db)
    assert record.run.status == "finished"
    assert record.work["samples"] == 2 * SAMPLES
    assert [span.name for span in record.spans if span.name == "epoch"] == ["epoch"] * 2
    assert has_full_energy(record)


def test_workers_of_a_loader_end_no_run(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """Forked loader workers have a copy of everything and end it for nobody."""
    loader = DataLoader(samples().dataset, batch_size=8, num_workers=1, multiprocessing_context="fork")
    make(green).fit(Tiny(), loader)
    record = only(db)
    assert record.run.status == "finished"
    assert record.work["samples"] == SAMPLES
    assert has_full_energy(record)


def test_a_database_that_cannot_be_written_ends_no_training(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """The training goes on to its end, and a warning says where it was tried."""
    green = callback("/proc/nowhere/greentrack.db")
    one = make(green)
    one.fit(Tiny(), samples())
    assert one.state.finished
    assert "/proc/nowhere" in caplog.text


def test_a_run_that_could_not_be_kept_has_its_summary(make: Make) -> None:
    """It is asked of what the callback still knows: as much as was drawn."""
    green = callback("/proc/nowhere/greentrack.db")
    make(green).fit(Busy(0.1), samples())
    summary = green.summary()
    assert summary.joules is not None
    assert summary.joules.value == pytest.approx(400 * summary.run.seconds, rel=0.1, abs=200)


class Within(pl.Callback):
    """At the end of the first epoch it lets another trainer test, with the callback of the first."""

    def __init__(self, other: Callable[[], None]) -> None:
        self._other = other

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        if trainer.current_epoch == 0:
            self._other()


def test_a_trainer_within_a_fit_is_part_of_it(
    db: Path, green: GreenTrackCallback, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    """One callback records one trainer at a time: the fit goes on, and a warning says what the other needs."""
    within = Within(lambda: print(make(green).test(Tiny(), samples())))
    one = make(green, within, max_epochs=3)
    one.fit(Tiny(), samples())
    record = only(db)
    assert (record.run.status, record.work["batches"]) == ("finished", 3 * STEPS)
    assert one.callback_metrics["energy/kwh"] > 0
    assert caplog.text.count("a callback of its own") == 1


def test_a_failure_within_a_fit_is_not_the_fits(db: Path, green: GreenTrackCallback, make: Make) -> None:
    """What the script catches ends only the trainer that raised it."""

    class Broken(Tiny):
        def test_step(self, batch: Any, batch_idx: int) -> None:
            raise ZeroDivisionError

    def fails() -> None:
        with contextlib.suppress(ZeroDivisionError):
            make(green).test(Broken(), samples())

    make(green, Within(fails), max_epochs=2).fit(Tiny(), samples())
    record = only(db)
    assert (record.run.status, record.work["batches"]) == ("finished", 2 * STEPS)


def test_a_fault_of_ours_is_a_warning_once_and_ends_no_training(
    db: Path, green: GreenTrackCallback, make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever fails in our bookkeeping of a batch: the training is whole, and the run is finished."""

    def broken(self: Run, **_: float) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Run, "advance", broken)
    one = make(green)
    with caplog.at_level(logging.WARNING, logger="greentrack"):
        one.fit(Tiny(), samples())
    assert one.global_step == STEPS
    assert caplog.text.count("a fault of ours") == 1
    assert only(db).run.status == "finished"


@pytest.mark.parametrize("hook", ["watch_checkpoints", "epoch_starts", "validation_starts", "_close_epoch"])
def test_a_fault_in_any_hook_of_ours_ends_no_training(
    hook: str, db: Path, green: GreenTrackCallback, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run ends as the training does."""
    from greentrack.integrations.lightning import callback
    from greentrack.integrations.training.session import TrainingSession

    owner: Any = callback if hook == "watch_checkpoints" else TrainingSession
    monkeypatch.setattr(owner, hook, lambda *_, **__: 1 / 0)
    one = make(green)
    one.fit(Tiny(), samples(), samples())
    assert one.global_step == STEPS
    assert only(db).run.status == "finished"
