"""Lightning: ``Trainer(callbacks=[GreenTrackCallback()])``, for ``lightning.pytorch`` and ``pytorch_lightning``."""

from typing import Any

from greentrack.integrations.lightning import trainer as facts
from greentrack.integrations.lightning.plan import is_within_epoch
from greentrack.integrations.lightning.recording import Recording
from greentrack.integrations.training.description import data_facts, samples_in
from greentrack.integrations.training.guard import harmless
from greentrack.integrations.training.session import TrainingSession
from greentrack.tracking.outcome import outcome


class GreenTrackCallback(Recording):
    """Records every fit, validate, test and predict of a trainer as a run, with its epochs, phases and forecasts.

    The arguments up to ``quiet`` are those of ``greentrack.track``; nothing is started before the trainer sets up.
    The trainer's loggers get, and EarlyStopping or ModelCheckpoint can watch, ``energy/kwh``, ``energy/gpu_kwh``,
    ``energy/power_w``, ``carbon/g``, ``energy/j_per_sample`` and ``energy/forecast_kwh``.
    """

    # -- the stages

    @harmless
    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Begin recording, in one process of each host."""
        self._begin(trainer, pl_module, stage)

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Describe the model, which is whole now; a resumed run may have used up its budget already."""
        if (session := self._session_of(trainer)) is not None:
            self._describe_model(trainer, pl_module, session)
            session.check_budget()

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """End the run: ``finished``, or ``stopped`` by its budget."""
        if self._session_of(trainer) is not None:
            self._finish()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End the run as the training ended: ``failed``, or ``interrupted`` by Ctrl-C or SIGTERM."""
        status, error = outcome(exception)
        if type(exception).__name__ == "SIGTERMException":  # Lightning's, a SystemExit without a code
            status, error = "interrupted", "SIGTERM"
        if self._tracker.session is None and type(exception).__name__ == "ProcessRaisedException":
            self._tracker.mark_failed(str(exception))
        if self._session_of(trainer) is not None:
            self._finish(status, error)

    # -- training

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Describe the data, whose loaders are made now; the sanity check may have used up the budget already."""
        if (session := self._session_of(trainer)) is not None:
            self._describe_data(trainer, session)
            session.check_budget()

    @harmless
    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin an epoch; keep the last one's averages, which are known only now."""
        if (session := self._session_of(trainer)) is not None:
            session.keep_metrics()
            session.epoch_starts(trainer.current_epoch)

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Begin a step."""
        if (session := self._session_of(trainer)) is not None:
            session.batch_starts()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Count the batch."""
        if (session := self._session_of(trainer)) is None:
            return
        try:
            samples, steps, is_last = samples_in(batch), trainer.global_step, trainer.is_last_batch
        except Exception as error:  # noqa: BLE001  # a batch may be anything; what follows may raise what the user means
            self.guard.complain("on_train_batch_end", error)
            return
        session.batch_ends(samples, steps, is_last=is_last)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """End the epoch: forecast, log, check the budget."""
        if (session := self._session_of(trainer)) is not None:
            session.epoch_ends(trainer.current_epoch)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Keep the last metrics, and the state of a training that its budget stopped."""
        if (session := self._session_of(trainer)) is not None:
            session.training_ends()

    # -- evaluation

    @harmless
    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin a validation, in a fit or on its own."""
        if (session := self._session_of(trainer)) is not None:
            session.validation_starts(is_sanity=trainer.sanity_checking)

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Let callbacks that watch the validation's metrics see the figures of this moment."""
        session = self._session_of(trainer)
        if session is not None and session.stage == "fit" and not trainer.sanity_checking:
            session.log_for_all("validation")

    @harmless
    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """End the validation and keep its metrics."""
        if (session := self._session_of(trainer)) is not None:
            session.validation_ends(is_sanity=trainer.sanity_checking)

    @harmless
    def on_test_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin the test."""
        if (session := self._session_of(trainer)) is not None:
            session.activity.enter("test")

    @harmless
    def on_test_end(self, trainer: Any, pl_module: Any) -> None:
        """End the test and keep its metrics."""
        if (session := self._session_of(trainer)) is not None:
            session.activity.enter("other")
            session.keep_metrics()

    @harmless
    def on_predict_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin the predictions."""
        if (session := self._session_of(trainer)) is not None:
            session.activity.enter("predict")

    @harmless
    def on_predict_end(self, trainer: Any, pl_module: Any) -> None:
        """End the predictions."""
        if (session := self._session_of(trainer)) is not None:
            session.activity.enter("other")

    def on_validation_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, *_: Any) -> None:
        """Count the samples of a validation on its own; a fit is not counted by those it validates."""
        self._count(trainer, batch, "validate", "samples")

    def on_test_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, *_: Any) -> None:
        """Count the samples of a test."""
        self._count(trainer, batch, "test", "samples")

    def on_predict_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, *_: Any) -> None:
        """Count the predictions."""
        self._count(trainer, batch, "predict", "predictions")

    # -- checkpoints

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed training needs to know of this fit or the last one: plain values, without a lock."""
        return self._tracker.state()

    @harmless
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue the run that wrote the checkpoint; a test only notes where its model came from."""
        self._tracker.resume(state_dict)

    @harmless
    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Continue what the other of our two callbacks has saved: scripts change between it and this one."""
        states = checkpoint.get("callbacks") or {}
        other = states.get(GreenTrackCallback.KEY) or states.get(AutoCallback.KEY)
        if self.state_key not in states and isinstance(other, dict) and self._session_of(trainer) is not None:
            self.load_state_dict(other)

    # -- details

    @harmless
    def _describe_model(self, trainer: Any, pl_module: Any, session: TrainingSession) -> None:
        session.describe(facts.facts(trainer, pl_module))
        session.look()

    @harmless
    def _describe_data(self, trainer: Any, session: TrainingSession) -> None:
        loaders = getattr(trainer, "train_dataloader", None), getattr(trainer, "val_dataloaders", None)
        session.describe(data_facts(*loaders))
        session.training_starts(trainer.global_step)
        if is_within_epoch(trainer):  # no hook tells that it begins: it was begun before the checkpoint
            session.epoch_starts(trainer.current_epoch)

    def _count(self, trainer: Any, batch: Any, stage: str, unit: str) -> None:
        session = self._session_of(trainer)
        if session is not None and session.stage == stage:
            session.count(unit, samples_in(batch))


class AutoCallback(GreenTrackCallback):
    """The callback that GREENTRACK_AUTO=1 attaches to every trainer; it leaves the recording to one of the user's."""

    KEY = "GreenTrackAuto"  # not the other's: a trainer refuses two callbacks of one key

    def _is_superseded(self, trainer: Any) -> bool:
        ours = [one for one in trainer.callbacks if isinstance(one, GreenTrackCallback)]
        return next((one for one in ours if not isinstance(one, AutoCallback)), ours[0]) is not self
