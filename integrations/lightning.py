"""Lightning: ``Trainer(callbacks=[GreenTrackCallback()])``, for ``lightning.pytorch`` and ``pytorch_lightning``."""

import functools
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from greentrack import config
from greentrack.errors import ConfigError, NotFoundError
from greentrack.integrations import lightning_trainer as ask
from greentrack.integrations.lightning_base import HarmlessCallback, harmless
from greentrack.integrations.lightning_budget import Budget, OnBudget
from greentrack.integrations.lightning_elsewhere import blame, group_of, newest_of
from greentrack.integrations.lightning_logs import log_epoch, log_live
from greentrack.integrations.lightning_plan import is_within_epoch
from greentrack.integrations.lightning_session import Session
from greentrack.integrations.resume import earlier_parts
from greentrack.tracking import facts, track
from greentrack.tracking.budget import limits_of
from greentrack.tracking.run import Run, outcome
from greentrack.tracking.tracker import is_disabled, start, unrecorded

if TYPE_CHECKING:
    from greentrack.reports.summary import Summary

START_WAIT_S = 1.0
"""How long a stage waits at most for its recorder (usually some 80 ms), whose first reading its time begins with."""


class GreenTrackCallback(HarmlessCallback):
    """Records every fit, validate, test and predict of a trainer as a run, with its epochs, phases and forecasts.

    The arguments up to ``quiet`` are those of ``greentrack.track``; nothing is started before the trainer sets up.
    Logged to the trainer's loggers, and watched by EarlyStopping or ModelCheckpoint, can be ``energy/kwh``,
    ``energy/gpu_kwh``, ``energy/power_w``, ``carbon/g``, ``energy/j_per_sample`` and ``energy/forecast_kwh``.
    """

    KEY = "GreenTrack"

    def __init__(
        self,
        name: str | None = None,
        *,
        project: str | None = None,
        tags: list[str] | None = None,
        zone: str | None = None,
        db: str | os.PathLike[str] | None = None,
        interval: float | None = None,
        gpus: str | list[int | str] | None = None,
        meters: list[str] | None = None,
        recorder: str | None = None,
        rest: str | None = None,
        quiet: bool | None = None,
        budget: str | list[str] | None = None,
        on_budget: OnBudget = "stop",
        when: Literal["spent", "forecast"] = "spent",
        synchronize: bool = False,
    ) -> None:
        """Check the arguments.

        Args:
            name: what its runs are called; by default the name of the model's class, and the stage where it is no fit.
            project: what they are filed under.
            tags: words to find them by.
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
        """
        super().__init__()
        self._trainer: Any = None  # that is being recorded
        self._session: Session | None = None
        self._budget: Budget | None = None  # of a fit that has one
        self._last: Run | None = None
        self._state: dict[str, Any] = {}  # of the last fit
        self._given: dict[str, Any] = {
            "project": project,
            "zone": zone,
            "db": None if db is None else os.fspath(db),
            "interval": interval,
            "gpus": gpus,
            "meters": meters,
            "recorder": recorder,
            "rest": rest,
            "quiet": quiet,
            "budget": budget,
        }
        if on_budget not in ("stop", "warn") and not callable(on_budget):
            raise ConfigError(f"on_budget = {on_budget!r} is neither 'stop' nor 'warn' nor a function")
        if when not in ("spent", "forecast"):
            raise ConfigError(f"when = {when!r} is neither 'spent' nor 'forecast'")
        self._name, self._tags = name, list(tags or ())
        self._on_budget, self._when, self._synchronize = on_budget, when, synchronize
        track(name, tags=self._tags, **self._given)  # for its checks alone
        self._group = facts.new_id()
        self._limits = limits_of(config.load(self._given))

    # -- what it knows

    @property
    def state_key(self) -> str:
        """The name under which checkpoints keep its state, whatever the class is called."""
        return self.KEY

    @property
    def run_id(self) -> str | None:
        """The id of the run that was recorded last; None before the first. Ranks that record nothing have none."""
        return self._last.id if self._last is not None and self._last.id != "disabled" else None

    def summary(self, **assumptions: Any) -> "Summary":
        """What the run that was recorded last has cost so far; *assumptions* are those of ``greentrack.summarize``.

        In a process that recorded nothing itself (of the other ranks; the one that started them all) the run of its
        job is looked up in the database. Raises NotFoundError where nothing was recorded.
        """
        from greentrack.reports.summary import summarize

        if self._session is not None and self._session.crew.records:
            return self._session.run.summary(**assumptions)
        settings = config.load(self._given)
        run_id = self.run_id or newest_of(group_of(self._group), settings)
        if run_id is None:
            raise NotFoundError("this callback has recorded nothing yet; fit first")
        try:
            return summarize(run_id, db=settings.db, **assumptions)
        except NotFoundError:
            if self._last is None or self._last.id != run_id:
                raise
            return self._last.summary(**assumptions)  # it could not be kept, and is known all the same

    # -- the stages

    @harmless
    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Begin recording, in one process of each host."""
        if self._is_busy(trainer):
            self.say_once("busy", "a callback records one trainer at a time; give this other one a callback of its own")
            return
        self._finish("finished")
        if stage == "fit":
            self._state = {}
        if self._is_superseded(trainer):
            return
        self._trainer = trainer  # at once: another thread may be here a moment later
        crew = ask.muster(trainer, self._group, off=is_disabled(), limits=self._limits)
        if crew.off:
            self._trainer = None
            return
        self._group = crew.group or self._group
        name = getattr(stage, "value", stage)
        title = self._name or type(pl_module).__name__ + ("" if name == "fit" else f" {name}")
        settings = config.load(self._given)
        try:
            run = self._start(title, settings, crew, {"stage": name}) if crew.records else unrecorded(title)
        except Exception as error:  # noqa: BLE001  # as in harmless; the other ranks count on this one's part
            self.complain("start", error)
            run = unrecorded(title)
        waits = self._waiting_for(trainer) if self._synchronize else None
        self._session = Session(run, crew, name, settings=settings, synchronize=waits)
        if crew.limits and name == "fit":
            self._budget = Budget(self._session, self._on_budget, self._when)
        self._last = run
        self._session.watch_checkpoints(trainer)
        run.learn(params=ask.facts(trainer, pl_module))

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
            due = session.batch_ends(batch, last=trainer.is_last_batch)
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
            session.run.learn(params={"checkpoint_of": run})
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

    def _session_of(self, trainer: Any) -> Session | None:
        """Return the session of this trainer, where it is the one that is recorded."""
        return self._session if self._trainer is trainer else None

    def _is_busy(self, trainer: Any) -> bool:
        """Whether another trainer is at work with this callback: in another thread, or it lets this one test."""
        other = self._trainer
        return other is not None and other is not trainer and other.state.status == "running"

    def __getstate__(self) -> dict[str, Any]:
        """Return what it was made of: a copy, in another process perhaps, has no run of this one's."""
        of_this_process = dict.fromkeys(("_trainer", "_session", "_budget", "_last"))
        return {**self.__dict__, **of_this_process, "_complained": set()}

    def _start(self, title: str, settings: config.Settings, crew: ask.Crew, params: dict[str, Any]) -> Run:
        settings = settings._replace(budget=())  # it is looked after here, for all ranks together
        if crew.gpus is not None and settings.gpus == "auto":
            settings = settings._replace(gpus=crew.gpus)
        more: dict[str, Any] = {"group": group_of(self._group)}
        if crew.world_size > 1:
            more |= {"rank": crew.rank, "world_size": crew.world_size}
        return start(title, settings, tags=self._tags, params=params, more=more, wait_s=START_WAIT_S)

    @harmless
    def _describe(self, trainer: Any, pl_module: Any, session: Session) -> None:
        session.run.learn(params=ask.facts(trainer, pl_module))
        session.look()

    @harmless
    def _describe_data(self, trainer: Any, session: Session) -> None:
        session.run.learn(params=ask.data_facts(trainer))
        if is_within_epoch(trainer):  # no hook tells that it begins: it was begun before the checkpoint
            session.epoch_starts(trainer.current_epoch)

    def _waiting_for(self, trainer: Any) -> Callable[[], None] | None:
        device = getattr(trainer.strategy, "root_device", None)
        if getattr(device, "type", None) != "cuda":
            return None
        import torch

        return functools.partial(torch.cuda.synchronize, device)  # of this process alone: others' need a context

    def _is_superseded(self, trainer: Any) -> bool:
        """Whether another one records this trainer."""
        return False

    def _finish(self, status: str, error: str | None = None) -> None:
        session, self._session, self._budget, self._trainer = self._session, None, None, None
        if session is not None:
            session.end(status, error)
            if session.name == "fit":
                self._keep_state(session)

    @harmless
    def _keep_state(self, session: Session) -> None:
        """Know the state after the fit, too: it may be saved by hand, or for the exception that ended it."""
        session.live.refresh(session.samples)
        self._state = session.state()

    def _close_epoch(self, trainer: Any, session: Session) -> None:
        try:
            session.epoch_ends()
            session.keep(trainer.callback_metrics)
            if session.crew.rank == 0 and session.foresee(trainer) and not config.load(self._given).quiet:
                print(session.forecast_line(trainer.current_epoch + 1), file=sys.stderr)
        except Exception as error:  # noqa: BLE001  # as in harmless; what follows needs every rank
            self.complain("on_train_epoch_end", error)

    def _check_budget(self, trainer: Any) -> None:
        if self._budget is not None:
            self._budget.check(trainer, self.complain)

    def _count(self, trainer: Any, batch: Any, stage: str, unit: str) -> None:
        session = self._session_of(trainer)
        if session is not None and session.name == stage:
            session.run.advance(**{unit: ask.samples_in(batch) * session.crew.local})

    @harmless
    def _blame(self, trace: str) -> None:
        blame(group_of(self._group), config.load(self._given), trace)


class AutoCallback(GreenTrackCallback):
    """The one that GREENTRACK_AUTO=1 attaches to every trainer; it leaves the recording to one that the user made."""

    KEY = "GreenTrackAuto"  # not the other's: a trainer refuses two callbacks of one key

    def _is_superseded(self, trainer: Any) -> bool:
        ours = [one for one in trainer.callbacks if isinstance(one, GreenTrackCallback)]
        return next((one for one in ours if not isinstance(one, AutoCallback)), ours[0]) is not self
