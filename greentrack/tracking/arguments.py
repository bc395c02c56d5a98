"""The arguments of ``track()`` and of the callbacks: their names and types, and how they are checked."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypedDict, TypeVar

from greentrack import config
from greentrack.errors import ConfigError, check_keywords
from greentrack.registry import METERS, check

C = TypeVar("C", bound=Callable[..., Any])


class TrackArguments(TypedDict, total=False):
    """The arguments of a recording besides its name; ``track`` documents each. None counts as not given."""

    project: str | None
    tags: Sequence[str] | None
    params: Mapping[str, Any] | None
    zone: str | None
    db: str | os.PathLike[str] | None
    interval: float | None
    gpus: str | Sequence[int | str] | None
    meters: Sequence[str] | None
    recorder: str | None
    rest: str | None
    quiet: bool | None
    budget: str | Sequence[str] | None


class CheckedArguments(NamedTuple):
    """Arguments without errors: *given* are those for ``config.load``; *settings* is None if recording is disabled."""

    tags: tuple[str, ...]
    params: Mapping[str, Any]
    given: Mapping[str, Any]
    settings: config.Settings | None


def check_arguments(name: str | None, arguments: TrackArguments, *, function: str = "track") -> CheckedArguments:
    """Check the arguments of ``track`` or of a callback, and the settings in force unless recording is disabled.

    *function* is the name of what was called, for the message about an unknown argument.

    Raises TypeError for an unknown argument, ConfigError for a bad value of an argument or a setting.
    """
    given: dict[str, Any] = dict(arguments)
    check_keywords(function, given, TrackArguments.__annotations__)
    tags, params = given.pop("tags", None), given.pop("params", None)
    if name is not None and not isinstance(name, str):
        raise ConfigError(f"name = {name!r} is not a text; as a decorator, track is called: @track()")
    tags = () if tags is None else tags
    words = None if isinstance(tags, str) or not isinstance(tags, Iterable) else tuple(tags)
    if words is None or not all(isinstance(word, str) for word in words):
        raise ConfigError(f"tags = {tags!r} is not a list of texts")
    if params is not None and not isinstance(params, Mapping):
        raise ConfigError(f"params = {params!r} is not a mapping of names to values")
    settings = None if config.is_disabled() else check_settings(given)
    return CheckedArguments(words, params or {}, given, settings)


def check_settings(given: Mapping[str, Any]) -> config.Settings:
    """Return the settings in force with the arguments *given*.

    Zone, prices and budget are parsed, too, so that a mistyped zone raises before the training and not after it.

    Raises ConfigError for a bad value, ZoneError for an unknown zone; the message says where the setting comes from.
    """
    settings = config.load(given)
    for entry in settings.meters:
        check(METERS, entry.partition(":")[0], "meter")
    for key in ("zone", "pue", "tariff", "rent", "budget"):
        if getattr(settings, key):
            try:
                _use(key, settings)
            except ConfigError as error:
                raise type(error)(f"{config.origins(given)[key]}: {error}") from error
    return settings


def with_track_arguments(function: C) -> C:
    """Spell out the ``**arguments: Unpack[TrackArguments]`` of *function* in its signature at run time.

    ``help`` reads it, and so does jsonargparse (LightningCLI), which knows Unpack only from 4.34 on.
    """
    import inspect

    signature = inspect.signature(function)
    own = [one for one in signature.parameters.values() if one.kind is not one.VAR_KEYWORD]
    shared = [
        inspect.Parameter(key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
        for key, kind in TrackArguments.__annotations__.items()
    ]
    parameters = sorted([*shared, *own], key=lambda one: one.kind)  # positional ones first, as a signature has them
    function.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return function


def _use(key: str, settings: config.Settings) -> None:
    """Parse a setting as it is parsed when a run begins or is costed."""
    if key == "zone":
        from greentrack.carbon import find_intensity

        find_intensity(settings.zone)
    elif key == "budget":
        from greentrack.tracking.budget import limits_of

        limits_of(settings)
    else:
        from greentrack.costing.options import parse_options

        parse_options(**{key: getattr(settings, key)})
