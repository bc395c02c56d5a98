"""Lightning: ``Trainer(callbacks=[GreenTrackCallback()])``, for ``lightning.pytorch`` and ``pytorch_lightning``."""

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Unpack

from greentrack.integrations.lightning import trainer as facts
from greentrack.integrations.lightning.base import Base
from greentrack.integrations.lightning.loop import TrainerLoop, watch_checkpoints
from greentrack.integrations.lightning.plan import is_within_epoch
from greentrack.integrations.training.budget import OnBudget, When
from greentrack.integrations.training.description import data_facts, samples_in
from greentrack.integrations.training.guard import Guard, harmless
from greentrack.integrations.training.session import TrainingSession
from greentrack.integrations.training.tracker import TrainingTracker
from greentrack.tracking.arguments import TrackArguments, with_track_arguments
from greentrack.tracking.outcome import outcome

if TYPE_CHECKING:
    from greentrack.costing.summary import Summary


class GreenTrackCallback(Base):
    """Records every fit, validate, test and predict of a trainer as a run, with its epochs, phases and forecasts.

    The arguments up to ``quiet`` are those of ``greentrack.track``; nothing is started before the trainer sets up.
    The trainer's loggers get, and EarlyStopping or ModelCheckpoint can watch, ``energy/kwh``, ``energy/gpu_kwh``,
    ``energy/power_w``, ``carbon/g``, ``energy/j_per_sample`` and ``energy/forecast_kwh``.
    """

    KEY = "GreenTrack"

    @with_track_arguments
    def __init__(
        self,
        name: str | None = None,
        *,
        on_budget: OnBudget = "stop",
        when: When = "spent",
        synchronize: bool = False,
        **arguments: Unpack[TrackArguments],
    ) -> None:
        """Check the arguments.

        Args:
            name: the name of its fits (default: the model's class); other runs have the stage added: "digits test".
            project: what they are filed under.
            tags: words to find them by.
            params: what was chosen for them; they win over the model's hyperparameters of the same name.
            zone: where on the grid it runs; by default the country of the time zone.
            db: the database file.
            interval: seconds between readings, 0.1 to 3600.
            gpus: "auto" (default: those that the ranks compute on), "all", or indices and UUIDs.
            meters: the meters to use, by name; by default all that work here.
            recorder: "process" (default) or "thread".
            rest: the kind of machine for the modelled rest.
            quiet: True prints nothing, neither the first forecast nor the line at the end.
            budget: what a fit may use, its earlier parts included: "2 kWh", "500 g", "3 EUR", "2h", or several.
            on_budget: "stop" saves a checkpoint and ends the fit, "warn" says so once; a function gets the trainer
                and a text.
            when: "spent" acts when that much was used, "forecast" as soon as that much is expected.
            synchronize: waits for the GPU at the edges of steps and epochs, so that phases are the GPU's own. It costs
                the overlap of Python and GPU; the seconds waited are kept as ``synchronize_seconds``.

        Raises:
            ConfigError: an argument is wrong; nothing raises once a training has begun.
            TypeError: an argument is unknown.
        """
        super().__init__()
        self._synchronize = synchronize
        function = "GreenTrackCallback.__init__"
        self._tracker = TrainingTracker(name, arguments, on_budget=on_budget, when=when, function=function)
        self._trainer: Any = None  # that is being recorded
        self._stop_watching: Callable[[], None] = _nothing

    @property
    def guard(self) -> Guard:
        """What says that something of ours went wrong."""
        return self._tracker.guard

    @property
    def state_key(self) -> str:
        """The name under which checkpoints keep its state, whatever the class is called."""
        return self.KEY

    @property
    def run_id(self) -> str | None:
        """The id of the last run; None before the first, and in ranks that record nothing."""
        return self._tracker.run_id

    def summary(self, **assumptions: Any) -> "Summary":
        """Return what the last run has cost so far; *assumptions* are those of ``greentrack.summarize``.

        In a process that recorded nothing itself (another rank; the one that started them all) the run of its job is
        looked up in the database. Raises NotFoundError if nothing was recorded.
        """
        return self._tracker.summary(**assumptions)

    # -- the stages

    @harmless
    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Begin recording, in one process of each host."""
        if self._is_busy(trainer):
            text = "a callback records one trainer at a time; give this other one a callback of its own"
            self.guard.warn_once("busy", text)
            return
        self._finish()
        if self._is_superseded(trainer):
            return
        self._trainer = trainer  # at once: another thread may be here a moment later
        tracker = self._tracker
        session = tracker.begin(
            str(getattr(stage, "value", stage)),
            TrainerLoop(trainer),
            facts.ranks_of(trainer, tracker.rank_facts()),
            name=type(pl_module).__name__,
            synchronize=facts.synchronize(trainer) if self._synchronize else None,
        )
        if session is None:
            self._trainer = None
            return
        self._stop_watching = watch_checkpoints(trainer, session)
        session.describe(facts.facts(trainer, pl_module))

    def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
        """Describe the model, which is whole now; a resumed run may have used up its budget already."""
        if (session := self._session_of(trainer)) is not None:
            with self.guard.protect("on_fit_start"):
                session.describe(facts.facts(trainer, pl_module))
                session.look()
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
            with self.guard.protect("on_train_start"):
                loaders = getattr(trainer, "train_dataloader", None), getattr(trainer, "val_dataloaders", None)
                session.describe(data_facts(*loaders))
                session.training_starts(trainer.global_step)
                if is_within_epoch(trainer):  # no hook tells that it begins: it was begun before the checkpoint
                    session.epoch_starts(trainer.current_epoch)
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

    def _session_of(self, trainer: Any) -> TrainingSession | None:
        """Return the session of *trainer* if it is the one that is recorded."""
        return self._tracker.session if self._trainer is trainer else None

    def _finish(self, status: str = "finished", error: str | None = None) -> None:
        self._stop_watching()
        self._stop_watching, self._trainer = _nothing, None
        self._tracker.finish(status, error)

    def _is_busy(self, trainer: Any) -> bool:
        """Return True if another trainer is at work with this callback: in a thread, or it lets this one test."""
        other = self._trainer
        return other is not None and other is not trainer and other.state.status == "running"

    def _is_superseded(self, trainer: Any) -> bool:
        """Return True if another callback records this trainer."""
        return False

    def __getstate__(self) -> dict[str, Any]:
        """Return the settings: a copy, in another process perhaps, records no trainer."""
        tracker = copy.copy(self._tracker)  # without its session
        return {**self.__dict__, "_tracker": tracker, "_trainer": None, "_stop_watching": _nothing}

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


def _nothing() -> None:
    pass
