"""``track()``: a context manager, a decorator, or started and stopped by hand."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from greentrack import log
from greentrack.tracking import environment
from greentrack.tracking.arguments import check_arguments
from greentrack.tracking.outcome import outcome
from greentrack.tracking.run import Run
from greentrack.vocabulary import DISABLED

if TYPE_CHECKING:
    from typing import Unpack

    from greentrack.tracking.arguments import TrackArguments

P = ParamSpec("P")
T = TypeVar("T")

_entered: ContextVar[tuple[tuple["Tracker", Run], ...]] = ContextVar("greentrack_entered", default=())

_started_in_notebook: list[Run] = []


def _replace_in_notebook(run: Run) -> None:
    if environment.in_notebook():
        for before in [other for other in _started_in_notebook if other.name == run.name]:
            before.stop()
        _started_in_notebook[:] = [other for other in _started_in_notebook if other.is_open]
        _started_in_notebook.append(run)


class Tracker:
    """Makes runs with the arguments that ``track`` was called with, any number of times."""

    def __init__(self, make: Callable[[], Run]) -> None:
        self._make = make
        self._runs: list[Run] = []

    def __reduce__(self) -> Any:
        raise TypeError("a tracker belongs to its process and cannot be pickled; call track() where it is needed")

    def start(self) -> Run:
        """Start a run; it ends with ``stop`` or with the program.

        In a notebook it ends an earlier run of the same name: the cell has been executed again.
        """
        return self._begin(_replace_in_notebook)

    def stop(self, status: str = "finished") -> None:
        """End the run that was started last, if any."""
        run = self._runs[-1] if self._runs else None
        try:
            self._leave(run, status)
        except BaseException:  # Ctrl-C: the caller may not call it again
            self._leave(run, status)
            raise

    def __enter__(self) -> Run:
        return self._begin(lambda run: _entered.set((*_entered.get(), (self, run))))

    def _begin(self, note: Callable[[Run], object]) -> Run:
        """Make a run and register it, with *note* too."""
        run = self._make()
        try:
            self._runs.append(run)
            note(run)
        except BaseException:  # Ctrl-C: the caller does not get the run and cannot end it
            self._leave(run, "interrupted")
            raise
        return run

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        run = None
        try:
            run = self._last()
            self._leave(run, *outcome(error))
        except BaseException:  # Ctrl-C: the block is left all the same
            self._leave(run or self._last(), *outcome(error))
            raise

    def _last(self) -> Run | None:
        """Return the run that this thread or task entered last, of several in the same tracker."""
        for tracker, run in reversed(_entered.get()):
            if tracker is self and run in self._runs:
                return run
        return self._runs[-1] if self._runs else None  # entered in one task and left in another

    def _leave(self, run: Run | None, status: str, error: str | None = None) -> None:
        """End *run* and forget it. After an interruption, a second call does the rest."""
        if run is not None:
            run.stop(status, error)
            self._runs[:] = [other for other in self._runs if other is not run]
            _entered.set(tuple(entry for entry in _entered.get() if entry[1] is not run))

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        """Record each call of *function* (plain, async, generator or async generator) as a run.

        Raises ConfigError for a class and for an object that cannot be called.
        """
        from greentrack.tracking.decorate import decorated

        return decorated(function, lambda: Tracker(self._make))


def track(name: str | None = None, **arguments: "Unpack[TrackArguments]") -> Tracker:
    """Record the energy of a block, ``with track("digits") as run:``, of a function, ``@track()``, or of what runs
    between ``.start()`` and ``.stop()``.

    An argument that is None comes from GREENTRACK_<NAME>, the project's or the user's configuration file, or the
    default given here. GREENTRACK_DISABLED=1 records nothing and costs nothing.

    Args:
        name: the name of the run; by default that of the script.
        project: the project that the run belongs to; by default none.
        tags: words to find it by.
        params: its hyperparameters. Values that JSON does not have are kept as text, long ones are cut, and passwords,
            tokens and keys are left out (GREENTRACK_REDACT=0 keeps them).
        zone: its place on the grid: "FR", "US-CA", "aws:eu-west-1"; by default the country of the time zone.
        db: the database file; by default greentrack.db in the user's data folder.
        interval: seconds between readings, 0.1 to 3600; by default 1.
        gpus: "auto" (default: those that this process can see), "all", or indices and UUIDs.
        meters: the meters to use, by name ("nvidia", "rapl", ...); by default all that work here.
        recorder: "process" (default), or "thread" where no process may be started.
        rest: the kind of machine, for the model of its other parts (board, fans, power supply): "auto" (default),
            "off", "desktop", "laptop", "server" or "vm".
        quiet: True prints no line at the end; by default False.
        budget: the most that the run may use: "2 kWh", "500 g CO2e", "3 EUR", "1h30m", or a list with one of each kind.
            It ends nothing by itself: ask ``run.over_budget``, or call ``run.check_budget()``, which raises.

    Raises:
        ConfigError: a setting is unknown or has a bad value (ZoneError: a zone). Nothing raises once the run has begun.
        TypeError: an argument is unknown.
    """
    checked = check_arguments(name, arguments)
    settings = checked.settings
    if settings is None:
        return Tracker(lambda: unrecorded(name or environment.script_name()))

    def make() -> Run:
        called = name or environment.script_name()
        try:
            from greentrack.tracking.launch import start

            return start(called, settings, tags=checked.tags, params=checked.params)
        except (OSError, ImportError, MemoryError) as error:  # no file or no memory left to load even a module
            log.warning("nothing is recorded: %s", error)
            return unrecorded(called)

    return Tracker(make)


def unrecorded(name: str) -> Run:
    """Return a run that records nothing."""
    return Run({"id": DISABLED, "name": name, "packages": {}, "status": DISABLED}, quiet=True)
