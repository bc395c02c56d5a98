"""``track()``: what to record and under which name; a context manager, a decorator, or started and stopped by hand."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

from greentrack import config, log
from greentrack.errors import ConfigError, ZoneError
from greentrack.registry import METERS, check
from greentrack.tracking import environment
from greentrack.tracking.outcome import outcome
from greentrack.tracking.run import Run
from greentrack.vocabulary import DISABLED

P = ParamSpec("P")
T = TypeVar("T")

_entered: ContextVar[tuple[tuple["Tracker", Run], ...]] = ContextVar("greentrack_entered", default=())

_begun: list[Run] = []
"""The runs of a notebook that were started by hand."""


class Tracker:
    """A recording about to be made, any number of times. Made by ``track``, which documents its arguments."""

    def __init__(self, make: Callable[[], Run]) -> None:
        self._make = make
        self._runs: list[Run] = []

    def __reduce__(self) -> Any:
        raise TypeError("a tracker belongs to its process and cannot be pickled; call track() where it is needed")

    def start(self) -> Run:
        """Start a run; it ends with ``stop`` or with the program.

        In a notebook it ends the one of the same name that was started so before: the cell has been run again.
        """
        run = self._make()
        try:
            if environment.in_notebook():
                for before in [other for other in _begun if other.name == run.name]:
                    before.stop()
                _begun[:] = [other for other in _begun if other.is_open]
                _begun.append(run)
            self._runs.append(run)
        except BaseException:  # Ctrl-C: it is handed to nobody
            self._leave(run, "interrupted")
            raise
        return run

    def stop(self, status: str = "finished") -> None:
        """End the run that was started last; nothing where there is none."""
        run = self._runs[-1] if self._runs else None
        try:
            self._leave(run, status)
        except BaseException:  # Ctrl-C: nobody may call it again
            self._leave(run, status)
            raise

    def __enter__(self) -> Run:
        run = self._make()
        try:
            self._runs.append(run)
            _entered.set((*_entered.get(), (self, run)))
        except BaseException:  # Ctrl-C: the block is not entered, so it is not left either
            self._leave(run, "interrupted")
            raise
        return run

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        run = None
        try:
            run = self._last()
            self._leave(run, *outcome(error))
        except BaseException:  # Ctrl-C: the block is left all the same
            self._leave(run or self._last(), *outcome(error))
            raise

    def _last(self) -> Run | None:
        """The run that was entered last in this thread or task, where several are in the same tracker."""
        for tracker, run in reversed(_entered.get()):
            if tracker is self and run in self._runs:
                return run
        return self._runs[-1] if self._runs else None  # entered in one task and left in another

    def _leave(self, run: Run | None, status: str, error: str | None = None) -> None:
        """End *run* and let go of it; doing so again where that was interrupted does what is left to do."""
        if run is not None:
            run.stop(status, error)
            self._runs[:] = [other for other in self._runs if other is not run]
            _entered.set(tuple(entry for entry in _entered.get() if entry[1] is not run))

    def __call__(self, function: Callable[P, T]) -> Callable[P, T]:
        """Record every call of *function* (plain, async, generator or async generator) as a run of its own.

        Raises ConfigError for a class and for what cannot be called.
        """
        from greentrack.tracking.decorate import decorated

        return decorated(function, lambda: Tracker(self._make))


def track(
    name: str | None = None,
    *,
    project: str | None = None,
    tags: Sequence[str] = (),
    params: Mapping[str, Any] | None = None,
    zone: str | None = None,
    db: str | os.PathLike[str] | None = None,
    interval: float | None = None,
    gpus: str | Sequence[int | str] | None = None,
    meters: Sequence[str] | None = None,
    recorder: str | None = None,
    rest: str | None = None,
    quiet: bool | None = None,
    budget: str | Sequence[str] | None = None,
) -> Tracker:
    """Record the energy of what runs inside ``with track("digits") as run:``, of a function under ``@track()``, or of
    what happens between ``.start()`` and ``.stop()``.

    An argument that is None comes from GREENTRACK_<NAME>, the project's or the user's configuration file, or the
    default given here. GREENTRACK_DISABLED=1 records nothing and costs nothing.

    Args:
        name: what the run is called; by default the name of the script.
        project: what it is filed under; by default nothing.
        tags: words to find it by.
        params: what was chosen for it (hyperparameters); values that JSON does not know are kept as text, and
            passwords, tokens and keys are not kept (GREENTRACK_REDACT=0 keeps them). Of long ones the beginning is.
        zone: where on the grid it runs: "FR", "US-CA", "aws:eu-west-1"; by default the country of the time zone.
        db: the database file; by default greentrack.db in the user's data folder.
        interval: seconds between readings, 0.1 to 3600; by default 1.
        gpus: "auto" (default: those that this process can see), "all", or indices and UUIDs.
        meters: the meters to use, by name ("nvidia", "rapl", ...); by default all that work here.
        recorder: "process" (default) or "thread", where no process may be started.
        rest: the kind of machine for the modelled rest (board, fans, power supply): "auto" (default), "off",
            "desktop", "laptop", "server" or "vm".
        quiet: True prints no line at the end; by default False.
        budget: what the run may use at most, "2 kWh", "500 g CO2e", "3 EUR", "1h30m", or a list of them, one of a kind.
            It ends nothing by itself: ask ``run.over_budget``, or call ``run.check_budget()`` to have it raise.

    Raises:
        ConfigError: a setting is unknown or has a bad value (ZoneError: a zone); nothing raises once the run has begun.
    """
    if name is not None and not isinstance(name, str):
        raise ConfigError(f"name = {name!r} is not a text; as a decorator, track is called: @track()")
    words = None if isinstance(tags, str) or not isinstance(tags, Iterable) else tuple(tags)
    if words is None or not all(isinstance(word, str) for word in words):
        raise ConfigError(f"tags = {tags!r} is not a list of texts")
    if params is not None and not isinstance(params, Mapping):
        raise ConfigError(f"params = {params!r} is not a mapping of names to values")
    if is_disabled():
        return Tracker(lambda: unrecorded(name or environment.script_name()))
    given = {
        "project": project,
        "zone": zone,
        "db": db,
        "interval": interval,
        "gpus": gpus,
        "meters": meters,
        "recorder": recorder,
        "rest": rest,
        "quiet": quiet,
        "budget": budget,
    }
    settings = config.load(given)
    for entry in settings.meters:
        check(METERS, entry.partition(":")[0], "meter")

    if settings.zone is not None:  # a mistyped place is told now, not when the training is over
        from greentrack.carbon import find_intensity

        try:
            find_intensity(settings.zone)
        except ZoneError as error:
            raise ZoneError(f"{config.origins(given)['zone']}: {error}") from error
    for key in ("pue", "tariff", "rent"):
        if (value := getattr(settings, key)) is not None:
            from greentrack.costing.options import parse_options

            try:
                parse_options(**{key: value})
            except ConfigError as error:
                raise ConfigError(f"{config.origins(given)[key]}: {error}") from error
    if settings.budget:
        from greentrack.tracking.budget import limits_of

        try:
            limits_of(settings)
        except ConfigError as error:
            raise ConfigError(f"{config.origins(given)['budget']}: {error}") from error

    def make() -> Run:
        called = name or environment.script_name()
        try:
            from greentrack.tracking.launch import start

            return start(called, settings, tags=words, params=params or {})
        except (OSError, ImportError, MemoryError) as error:  # not even a module can be loaded: no file, no memory left
            log.warning("nothing is recorded: %s", error)
            return unrecorded(called)

    return Tracker(make)


def is_disabled() -> bool:
    """Whether the environment says that nothing is to be recorded."""
    return os.environ.get("GREENTRACK_DISABLED", "").lower() in ("1", "true", "yes", "on")


def unrecorded(name: str) -> Run:
    """Return a run that does nothing at all."""
    return Run({"id": DISABLED, "name": name, "packages": {}, "status": DISABLED}, quiet=True)
