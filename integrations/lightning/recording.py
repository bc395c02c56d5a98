"""A Lightning callback's runs: its arguments, and the session of the trainer that it records."""

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Unpack

from greentrack.integrations.lightning import trainer as facts
from greentrack.integrations.lightning.base import Base
from greentrack.integrations.lightning.loop import TrainerLoop, watch_checkpoints
from greentrack.integrations.training.budget import OnBudget, When
from greentrack.integrations.training.guard import Guard
from greentrack.integrations.training.session import TrainingSession
from greentrack.integrations.training.tracker import TrainingTracker
from greentrack.tracking.arguments import TrackArguments, with_track_arguments

if TYPE_CHECKING:
    from greentrack.costing.summary import Summary


class Recording(Base):
    """A callback that knows its settings and its runs; a subclass reports what happens in between."""

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
        self._tracker = TrainingTracker(name, arguments, on_budget=on_budget, when=when)
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

    def _begin(self, trainer: Any, pl_module: Any, stage: str) -> None:
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


def _nothing() -> None:
    pass
