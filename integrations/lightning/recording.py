"""A callback's runs: how each is begun in one process of each host, ended, and looked up afterwards."""

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack

from greentrack import config
from greentrack.errors import ConfigError, NotFoundError
from greentrack.integrations.lightning import trainer as ask
from greentrack.integrations.lightning.base import HarmlessCallback, harmless
from greentrack.integrations.lightning.budget import Budget, OnBudget
from greentrack.integrations.lightning.other_processes import blame, group_of, newest_of
from greentrack.integrations.training.session import Session
from greentrack.tracking import environment
from greentrack.tracking.arguments import TrackArguments, check_arguments, with_track_arguments
from greentrack.tracking.budget import limits_of
from greentrack.tracking.launch import start
from greentrack.tracking.run import Run
from greentrack.tracking.tracker import unrecorded

if TYPE_CHECKING:
    from greentrack.costing.summary import Summary
    from greentrack.recorder.transport.messages import RunFacts

START_WAIT_S = 1.0
"""How long a stage waits at most for its recorder (usually some 80 ms), whose first reading its time begins with."""


class Recording(HarmlessCallback):
    """A callback that knows its settings and its runs, and leaves to others what it is told in between."""

    KEY = "GreenTrack"

    @with_track_arguments
    def __init__(
        self,
        name: str | None = None,
        *,
        on_budget: OnBudget = "stop",
        when: Literal["spent", "forecast"] = "spent",
        synchronize: bool = False,
        **arguments: Unpack[TrackArguments],
    ) -> None:
        """Check the arguments.

        Args:
            name: what its fits are called (default: the model's class); other runs have the stage added: "digits test".
            project: what they are filed under.
            tags: words to find them by.
            params: what was chosen for them; they come before the model's hyperparameters of the same name.
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
        self._trainer: Any = None  # that is being recorded
        self._session: Session | None = None
        self._budget: Budget | None = None  # of a fit that has one
        self._last: Run | None = None
        self._state: dict[str, Any] = {}  # of the last fit
        if on_budget not in ("stop", "warn") and not callable(on_budget):
            raise ConfigError(f"on_budget = {on_budget!r} is neither 'stop' nor 'warn' nor a function")
        if when not in ("spent", "forecast"):
            raise ConfigError(f"when = {when!r} is neither 'spent' nor 'forecast'")
        checked = check_arguments(name, arguments)
        self._name, self._tags, self._params = name, checked.tags, dict(checked.params)
        self._given = checked.given
        self._on_budget, self._when, self._synchronize = on_budget, when, synchronize
        self._group = environment.new_id()
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
        from greentrack.costing.api import summarize

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

    # -- from the beginning of a stage to its end

    def _begin(self, trainer: Any, pl_module: Any, stage: str) -> None:
        if self._is_busy(trainer):
            self.say_once("busy", "a callback records one trainer at a time; give this other one a callback of its own")
            return
        self._finish("finished")
        if stage == "fit":
            self._state = {}
        if self._is_superseded(trainer):
            return
        self._trainer = trainer  # at once: another thread may be here a moment later
        crew = ask.muster(trainer, self._group, off=config.is_disabled(), limits=self._limits)
        if crew.off:
            self._trainer = None
            return
        self._group = crew.group or self._group
        name = getattr(stage, "value", stage)
        title = (self._name or type(pl_module).__name__) + ("" if name == "fit" else f" {name}")
        settings = config.load(self._given)
        try:
            run = (
                self._start(title, settings, crew, {"stage": name, **self._params})
                if crew.records
                else unrecorded(title)
            )
        except Exception as error:  # noqa: BLE001  # as in harmless; the other ranks count on this one's part
            self.complain("start", error)
            run = unrecorded(title)
        waits = self._waiting_for(trainer) if self._synchronize else None
        self._session = Session(run, crew, name, settings=settings, synchronize=waits)
        if crew.limits and name == "fit":
            self._budget = Budget(self._session, self._on_budget, self._when)
        self._last = run
        self._session.watch_checkpoints(trainer)
        self._learn(run, ask.facts(trainer, pl_module))

    def _learn(self, run: Run, params: Mapping[str, Any]) -> None:
        """Take what was found out; the user's own params win."""
        run.learn(params={**params, **self._params})

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
        more: RunFacts = {"group": group_of(self._group)}
        if crew.world_size > 1:
            more |= {"rank": crew.rank, "world_size": crew.world_size}
        return start(title, settings, tags=self._tags, params=params, more=more, wait_s=START_WAIT_S)

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

    @harmless
    def _blame(self, trace: str) -> None:
        blame(group_of(self._group), config.load(self._given), trace)
