"""The runs of one callback: how each is begun in one process of each host, finished, and looked up afterwards."""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from greentrack import config
from greentrack.errors import NotFoundError
from greentrack.integrations.training.budget import Budget, OnBudget, When, check_reaction
from greentrack.integrations.training.guard import Guard, harmless
from greentrack.integrations.training.loop import Loop
from greentrack.integrations.training.ranks import RankFacts, Ranks, alone
from greentrack.integrations.training.resume import earlier_parts
from greentrack.integrations.training.session import TrainingSession
from greentrack.tracking import environment
from greentrack.tracking.arguments import TrackArguments, check_arguments
from greentrack.tracking.budget import limits_of
from greentrack.tracking.launch import start
from greentrack.tracking.run import Run
from greentrack.tracking.tracker import unrecorded

if TYPE_CHECKING:
    from greentrack.costing.summary import Summary
    from greentrack.recorder.transport.messages import RunFacts

STAGE_START_WAIT_S = 1.0
"""Maximum wait of a stage for its recorder (usually some 80 ms): the stage's time begins with the first reading."""

CLOSE_WAIT_S = 2.0
"""How long to wait for a run whose process has died: its recorder closes it in milliseconds."""


class TrainingTracker:
    """Begins the sessions of one callback, one at a time, under its settings, and knows its last run.

    *arguments* are those of ``greentrack.track``. A pickled copy has the settings and no run.
    """

    def __init__(
        self,
        name: str | None = None,
        arguments: TrackArguments | None = None,
        *,
        on_budget: OnBudget = "stop",
        when: When = "spent",
        function: str = "TrainingTracker",
    ) -> None:
        """Check the arguments; messages call *function* what got them.

        Raises TypeError for an unknown one, ConfigError for a wrong one or a wrong setting.
        """
        check_reaction(on_budget, when)
        checked = check_arguments(name, arguments or {}, function=function)
        self.session: TrainingSession | None = None
        self.guard = Guard()
        self._group = environment.new_id()
        self._name, self._tags, self._params, self._given = name, checked.tags, dict(checked.params), checked.given
        self._on_budget, self._when = on_budget, when
        self._limits = limits_of(self.settings)
        self._last: Run | None = None
        self._state: dict[str, Any] = {}  # of the last fit

    @property
    def settings(self) -> config.Settings:
        """The settings as of now: the arguments, the environment, and the configuration files."""
        return config.load(self._given)

    def rank_facts(self) -> RankFacts:
        """Return what this process tells the others that train with it, as of now."""
        return RankFacts(self._group, config.is_disabled(), self._limits)

    # -- from the beginning of a stage to its end

    def begin(
        self,
        stage: str,
        loop: Loop | None = None,
        ranks: Ranks | None = None,
        *,
        name: str,
        synchronize: Callable[[], None] | None = None,
    ) -> TrainingSession | None:
        """Begin a run for *stage* in one process of each host; *name* is for a fit whose name the user left open.

        Returns None where no rank records. A run that cannot be started is a warning and an unrecorded run: the other
        ranks count on this one's part.
        """
        self.finish()
        if stage == "fit":
            self._state = {}
        ranks = ranks or alone(self.rank_facts())
        if ranks.is_disabled:
            return None
        self._group = ranks.group or self._group
        title = (self._name or name) + ("" if stage == "fit" else f" {stage}")
        settings = self.settings
        run = unrecorded(title)
        if ranks.is_recorder:
            with self.guard.protect("start"):
                run = self._start(title, settings, ranks, stage)
        session = self.session = TrainingSession(
            run,
            stage,
            loop or Loop(),
            ranks,
            settings=settings,
            params=self._params,
            guard=self.guard,
            synchronize=synchronize,
        )
        if ranks.limits and stage == "fit":
            session.budget = Budget(session.job, self._on_budget, self._when)
        self._last = run
        return session

    def finish(self, status: str = "finished", error: str | None = None) -> None:
        """End the session and its run; do nothing if there is none."""
        session, self.session = self.session, None
        if session is not None:
            session.finish(status, error)
            if session.stage == "fit":
                self._keep_state(session)

    def _start(self, title: str, settings: config.Settings, ranks: Ranks, stage: str) -> Run:
        settings = settings._replace(budget=())  # it is looked after here, for all ranks together
        if ranks.gpus is not None and settings.gpus == "auto":
            settings = settings._replace(gpus=ranks.gpus)
        facts: RunFacts = {"group": self._group_of_all()}
        if ranks.world_size > 1:
            facts |= {"rank": ranks.rank, "world_size": ranks.world_size}
        params = {"stage": stage, **self._params}
        return start(title, settings, tags=self._tags, params=params, more=facts, wait_s=STAGE_START_WAIT_S)

    # -- checkpoints

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of the fit that goes on, or else of the last one."""
        session = self.session
        return self._state if session is None or session.stage != "fit" else session.state()

    def resume(self, state: Mapping[str, Any]) -> None:
        """Continue the run that wrote a checkpoint with this *state*; a test only notes where its model came from."""
        session, run = self.session, state.get("run")
        if session is None or not isinstance(run, str) or run == session.run.id:  # a tuner restores its own
            return
        if session.stage != "fit":
            session.describe({"checkpoint_of": run})
            return
        session.run.learn(continues=run)
        session.job.live.earlier = earlier_parts(run, session.run.id, state, self.settings)

    @harmless
    def _keep_state(self, session: TrainingSession) -> None:
        """Keep the state after the fit, too: it may be saved by hand, or for the exception that ended the fit."""
        session.job.live.refresh(session.samples)
        self._state = session.state()

    # -- afterwards

    @property
    def run_id(self) -> str | None:
        """The id of the last run; None before the first, and in ranks that record nothing."""
        return self._last.id if self._last is not None and self._last.id != "disabled" else None

    def summary(self, **assumptions: Any) -> "Summary":
        """Return what the last run has cost so far; *assumptions* are those of ``greentrack.summarize``.

        In a process that recorded nothing itself (another rank; the one that started them all) the run of its job is
        looked up in the database. Raises NotFoundError if nothing was recorded.
        """
        from greentrack.costing.api import summarize

        if self.session is not None and self.session.ranks.is_recorder:
            return self.session.run.summary(**assumptions)
        settings = self.settings
        run_id = self.run_id or self._newest(settings)
        if run_id is None:
            raise NotFoundError("this callback has recorded nothing yet; fit first")
        try:
            return summarize(run_id, db=settings.db, **assumptions)
        except NotFoundError:
            if self._last is None or self._last.id != run_id:
                raise
            return self._last.summary(**assumptions)  # it could not be kept, and is known all the same

    @harmless
    def mark_failed(self, trace: str) -> None:
        """Mark the run that other processes recorded as failed, by the *trace* of the exception that ended them."""
        from greentrack.store.location import path_of
        from greentrack.store.maintenance import mark_failed

        settings = self.settings
        if (run_id := self._newest(settings)) is not None:
            error = trace.strip().rpartition("\n")[2]
            mark_failed(path_of(settings.db), run_id, error, CLOSE_WAIT_S, redact=settings.redact)

    def _newest(self, settings: config.Settings) -> str | None:
        """Return the id of the newest run of this callback or of its copies in processes that the framework started."""
        from greentrack.store.location import path_of
        from greentrack.store.reader import Reader

        with Reader(path_of(settings.db)) as reader:
            return reader.newest_of_group(self._group_of_all())

    def _group_of_all(self) -> str:
        """Return the group of our runs: the id of the run of the command that runs all, or else our own."""
        return os.environ.get("GREENTRACK_RUN_ID") or self._group

    def __getstate__(self) -> dict[str, Any]:
        """Return the settings: a copy, in another process perhaps, has no run of this one's."""
        return {**self.__dict__, "session": None, "_last": None, "guard": Guard()}
