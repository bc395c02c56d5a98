"""Lightning: ``Trainer(callbacks=[GreenTrackCallback()])``, for ``lightning.pytorch`` and ``pytorch_lightning``."""

import sys
from typing import Any

from greentrack import config
from greentrack.integrations.lightning import trainer as ask
from greentrack.integrations.lightning.base import harmless
from greentrack.integrations.lightning.logging import log_epoch, log_live
from greentrack.integrations.lightning.plan import is_within_epoch, stops_early
from greentrack.integrations.lightning.recording import Recording
from greentrack.integrations.training.resume import earlier_parts
from greentrack.integrations.training.session import Session
from greentrack.tracking.outcome import outcome


class GreenTrackCallback(Recording):
    """Records every fit, validate, test and predict of a trainer as a run, with its epochs, phases and forecasts.

    The arguments up to ``quiet`` are those of ``greentrack.track``; nothing is started before the trainer sets up.
    Logged to the trainer's loggers, and watched by EarlyStopping or ModelCheckpoint, can be ``energy/kwh``,
    ``energy/gpu_kwh``, ``energy/power_w``, ``carbon/g``, ``energy/j_per_sample`` and ``energy/forecast_kwh``.
    """

    # -- the stages

    @harmless
    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Begin recording, in one process of each host."""
        self._begin(trainer, pl_module, stage)

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Describe the model, which is whole now; a resumed work may have used up its budget already."""
        if (session := self._session_of(trainer)) is not None:
            self._describe(trainer, pl_module, session)
            self._check_budget(trainer)

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """End the run: ``finished``, or ``stopped`` by its budget."""
        if self._session_of(trainer) is not None:
            over = self._budget.over if self._budget is not None else None
            self._finish("finished" if over is None else "stopped", over)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """End the run as what ended the training: ``failed``, or ``interrupted`` by Ctrl-C or SIGTERM."""
        status, error = outcome(exception)
        if type(exception).__name__ == "SIGTERMException":  # Lightning's, a SystemExit without a code
            status, error = "interrupted", "SIGTERM"
        if self._session is None and type(exception).__name__ == "ProcessRaisedException":
            self._blame(str(exception))
        if self._session_of(trainer) is not None:
            self._finish(status, error)

    # -- training

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Describe the data, whose loaders are made now; the sanity check may have used up the budget already."""
        if (session := self._session_of(trainer)) is not None:
            self._describe_data(trainer, session)
            self._check_budget(trainer)

    @harmless
    def on_train_epoch_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin an epoch; keep the last one's averages, which are only known now."""
        if (session := self._session_of(trainer)) is not None:
            session.keep(trainer.callback_metrics)
            session.epoch_starts(trainer.current_epoch)

    def on_train_batch_start(self, trainer: Any, pl_module: Any, batch: Any, batch_idx: int) -> None:
        """Let the time of the step begin."""
        if (session := self._session_of(trainer)) is not None:
            session.batch_starts()

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        """Count the batch; about once a second look at the figures, log them, check the budget."""
        session = self._session_of(trainer)
        if session is None:
            return
        try:
            due = session.batch_ends(batch, trainer.global_step, last=trainer.is_last_batch)
            if due:
                session.look()
            if session.fresh:
                log_live(trainer, session)
        except Exception as error:  # noqa: BLE001  # as in harmless, without the cost of another call
            due = False
            self.complain("on_train_batch_end", error)
        if self._budget is not None and self._budget.is_due(due):
            self._check_budget(trainer)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Log the epoch's figures, forecast the rest, check the budget."""
        if (session := self._session_of(trainer)) is None:
            return
        self._close_epoch(trainer, session)
        log_epoch(self, trainer, session, logger=True)
        self._check_budget(trainer)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:
        """Keep the last outcomes, and the state of a training that its budget stopped."""
        session, budget = self._session_of(trainer), self._budget
        if session is None:
            return
        try:
            session.keep(trainer.callback_metrics)
            if budget is not None:
                budget.finish(trainer)
        except Exception as error:
            if budget is not None and budget.over is not None and session.crew.world_size > 1:
                raise  # the other ranks wait for this one to save, and would for ever
            self.complain("on_train_end", error)

    # -- evaluation

    @harmless
    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:
        """Begin a validation, in a fit or on its own."""
        if (session := self._session_of(trainer)) is not None:
            session.keep(trainer.callback_metrics)
            session.validation_starts(sanity=trainer.sanity_checking)

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Let what watches the validation's metrics see the figures of this moment."""
        session = self._session_of(trainer)
        if session is not None and session.name == "fit" and not trainer.sanity_checking:
            log_epoch(self, trainer, session, logger=False)

    @harmless
    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        """End the validation and keep its outcomes."""
        if (session := self._session_of(trainer)) is not None:
            session.validation_ends(sanity=trainer.sanity_checking)
            if not trainer.sanity_checking:
                session.keep(trainer.callback_metrics, validated=True)

    @harmless
    def on_test_start(self, trainer: Any, pl_module: Any) -> None:
        """Let the time of the test begin."""
        if (session := self._session_of(trainer)) is not None:
            session.stage.enter("test")

    @harmless
    def on_test_end(self, trainer: Any, pl_module: Any) -> None:
        """Keep the test's outcomes."""
        if (session := self._session_of(trainer)) is not None:
            session.stage.enter("other")
            session.keep(trainer.callback_metrics)

    @harmless
    def on_predict_start(self, trainer: Any, pl_module: Any) -> None:
        """Let the time of the predictions begin."""
        if (session := self._session_of(trainer)) is not None:
            session.stage.enter("predict")

    @harmless
    def on_predict_end(self, trainer: Any, pl_module: Any) -> None:
        """Let it end."""
        if (session := self._session_of(trainer)) is not None:
            session.stage.enter("other")

    def on_validation_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, *_: Any) -> None:
        """Count what a validation on its own has seen; those of a fit are not what it trains on."""
        self._count(trainer, batch, "validate", "samples")

    def on_test_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, *_: Any) -> None:
        """Count what was tested."""
        self._count(trainer, batch, "test", "samples")

    def on_predict_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, *_: Any) -> None:
        """Count what was predicted."""
        self._count(trainer, batch, "predict", "predictions")

    # -- checkpoints

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed training needs to know of this fit or the last one: plain values, without a lock."""
        session = self._session
        if session is None or session.name != "fit":
            return self._state
        return session.state()

    @harmless
    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Carry on the work of the run that wrote the checkpoint; for a test it is only noted where it came from."""
        session, run = self._session, state_dict.get("run")
        if session is None or not isinstance(run, str) or run == session.run.id:  # a tuner restores its own
            return
        if session.name != "fit":
            self._learn(session.run, {"checkpoint_of": run})
            return
        session.run.learn(continues=run)
        session.live.earlier = earlier_parts(run, session.run.id, state_dict, config.load(self._given))

    @harmless
    def on_load_checkpoint(self, trainer: Any, pl_module: Any, checkpoint: dict[str, Any]) -> None:
        """Carry on what the other of our two callbacks has saved: scripts change between it and this one."""
        states = checkpoint.get("callbacks") or {}
        other = states.get(GreenTrackCallback.KEY) or states.get(AutoCallback.KEY)
        if self.state_key not in states and isinstance(other, dict) and self._session_of(trainer) is not None:
            self.load_state_dict(other)

    # -- details

    @harmless
    def _describe(self, trainer: Any, pl_module: Any, session: Session) -> None:
        self._learn(session.run, ask.facts(trainer, pl_module))
        session.look()

    @harmless
    def _describe_data(self, trainer: Any, session: Session) -> None:
        self._learn(session.run, ask.data_facts(trainer))
        session.steps = trainer.global_step  # those of a checkpoint were made before
        if is_within_epoch(trainer):  # no hook tells that it begins: it was begun before the checkpoint
            session.epoch_starts(trainer.current_epoch)

    def _close_epoch(self, trainer: Any, session: Session) -> None:
        try:
            session.epoch_ends()
            session.keep(trainer.callback_metrics)
            if session.crew.rank == 0 and session.foresee(trainer) and not config.load(self._given).quiet:
                text = session.forecast_line(trainer.current_epoch + 1, at_most=bool(stops_early(trainer)))
                print(text, file=sys.stderr)
        except Exception as error:  # noqa: BLE001  # as in harmless; what follows needs every rank
            self.complain("on_train_epoch_end", error)

    def _check_budget(self, trainer: Any) -> None:
        if self._budget is not None:
            self._budget.check(trainer, self.complain)

    def _count(self, trainer: Any, batch: Any, stage: str, unit: str) -> None:
        session = self._session_of(trainer)
        if session is not None and session.name == stage:
            session.run.advance(**{unit: ask.samples_in(batch) * session.crew.local})


class AutoCallback(GreenTrackCallback):
    """The one that GREENTRACK_AUTO=1 attaches to every trainer; it leaves the recording to one that the user made."""

    KEY = "GreenTrackAuto"  # not the other's: a trainer refuses two callbacks of one key

    def _is_superseded(self, trainer: Any) -> bool:
        ours = [one for one in trainer.callbacks if isinstance(one, GreenTrackCallback)]
        return next((one for one in ours if not isinstance(one, AutoCallback)), ours[0]) is not self
