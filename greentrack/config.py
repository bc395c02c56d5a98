"""Settings, each from the first source that has it: argument, GREENTRACK_*, project file, user file, default.

The project file is the nearest ``greentrack.toml``, or ``[tool.greentrack]`` of a ``pyproject.toml``, from the
working folder upwards; the user file is ``greentrack/config.toml`` in the user's configuration folder.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from greentrack.errors import ConfigError, did_you_mean
from greentrack.registry import METERS

if TYPE_CHECKING:
    from pathlib import Path  # a training loads this module at its start, and pathlib would take a quarter of that


class Settings(NamedTuple):
    """Every setting with its default. The names are those of the arguments, the files' keys and GREENTRACK_<NAME>."""

    db: str | None = None
    """The database; None is ``greentrack.db`` in the user's data folder."""
    project: str | None = None
    """The project that runs are filed under."""
    zone: str | None = None
    """The place on the grid: ``FR``, ``US-CA``, ``aws:eu-west-1``; None guesses the country from the time zone."""
    hourly: str | None = None
    """Where carbon by the hour comes from, in reports: ``uk``, ``electricitymaps``, or a CSV file; None takes the
    yearly average."""
    interval: float = 1.0
    """Seconds between readings, 0.1 to 3600."""
    gpus: str | tuple[int | str, ...] = "auto"
    """``auto`` (those that the training can see), ``all``, or indices and UUIDs."""
    meters: tuple[str, ...] = ()
    """Names of the meters to use; empty asks every vendor."""
    recorder: str = "process"
    """``process`` (a helper beside the training) or ``thread`` (where no process can be started)."""
    rest: str = "auto"
    """The rest of the machine: ``auto``, ``off``, ``desktop``, ``laptop``, ``server`` or ``vm``."""
    tariff: str | None = None
    """Electricity's price: ``0.30 EUR``, by hours of the local day ``0.30 EUR; 22-6 0.18``, or a CSV file with the
    columns ``hour,EUR``; None takes what households pay in the zone, where that is known."""
    rent: str | None = None
    """A rented GPU's price by the hour, instead of a tariff: ``2.95 USD``, ``specialist``, ``H100 hyperscaler``."""
    pue: str | None = None
    """The data centre's overhead: a number from 1 on, or ``world`` for the world's average; None applies none."""
    embodied: bool = False
    """True adds the carbon of making the hardware to summaries, as a line of its own."""
    water: bool = False
    """True adds the water that is evaporated to summaries."""
    sys: str = "/sys"
    """Where the machine's /sys is seen; inside a container, where the host's is mounted."""
    quiet: bool = False
    """True prints no line at the end of a run."""
    budget: tuple[str, ...] = ()
    """What a run may use at most: ``2 kWh``, ``500 g CO2e``, ``3 EUR``, ``1h30m``; several separated by ``;``."""
    redact: bool = True
    """False keeps passwords, tokens and keys in a run's parameters, command, errors and span attributes as they are."""


def is_disabled() -> bool:
    """True if the environment switches recording off (GREENTRACK_DISABLED=1)."""
    return os.environ.get("GREENTRACK_DISABLED", "").lower() in ("1", "true", "yes", "on")


REST = ("auto", "off", "desktop", "laptop", "server", "vm")
_NOT_SETTINGS = ("auto", "disabled", "run_id")  # GREENTRACK_ variables that are not settings


def load(
    arguments: Mapping[str, Any] | None = None,
    *,
    env: Mapping[str, str] | None = None,
    folder: "Path | None" = None,
    user_file: "Path | None" = None,
) -> Settings:
    """Return the settings in force; an argument that is None counts as not given.

    Raises ConfigError for an unknown key or a bad value; the message names the argument, variable or file.
    """
    values: dict[str, Any] = {}
    for source, table in _sources(arguments or {}, env, folder, user_file):
        for key, value in table.items():
            if key not in _READERS:
                raise ConfigError(f"{source}: unknown setting {key!r}{did_you_mean(key, _READERS)}")
            try:
                values[key] = _READERS[key](value)
            except (TypeError, ValueError) as error:
                raise ConfigError(f"{source}: {key} = {value!r} {error}") from error
    return Settings(**values)


def origins(arguments: Mapping[str, Any], env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the source of each setting in force, an argument, a variable or a file; defaults are left out."""
    return {key: source for source, table in _sources(arguments, env, None, None) for key in table}


def _sources(
    arguments: Mapping[str, Any], env: Mapping[str, str] | None, folder: "Path | None", user_file: "Path | None"
) -> list[tuple[str, dict[str, Any]]]:
    """Return every source of settings, the weakest first."""
    env = os.environ if env is None else env
    return [
        *_files(folder, user_file if user_file is not None else _user_file(env)),
        *_variables(env),
        *((f"argument {key}", {key: value}) for key, value in arguments.items() if value is not None),
    ]


def _text(value: Any) -> str:
    if not isinstance(value, str | os.PathLike):
        raise TypeError("is not a text")
    text = os.fspath(value)
    if not text.strip():
        raise ValueError("is empty")
    if "\0" in text:  # not allowed in a path or an address
        raise ValueError("holds a null character")
    return str(text)


def _interval(value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        raise ValueError("is not a number of seconds") from None
    if isinstance(value, bool) or not 0.1 <= seconds <= 3600:
        raise ValueError("is not between 0.1 and 3600 seconds")
    return seconds


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    try:
        return known[str(value).strip().lower()]
    except KeyError:
        raise ValueError("is not true or false") from None


def _texts(value: Any, what: str) -> tuple[str, ...]:
    parts = value.split(";") if isinstance(value, str) else value
    if not isinstance(parts, Sequence) or not all(isinstance(part, str) for part in parts):
        raise TypeError(f"is not {what}")
    return tuple(parts)


def _names(value: Any) -> tuple[str, ...]:
    return tuple(part.strip() for part in _texts(value, "a list of names") if part.strip())


def _limits(value: Any) -> tuple[str, ...]:
    # an empty one is a typing error, reported when limits are parsed
    return _texts(value, "a text such as '2 kWh', or a list of them")


def _gpus(value: Any) -> str | tuple[int | str, ...]:
    if value in ("auto", "all"):
        return str(value)
    parts = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
    if isinstance(parts, int) and not isinstance(parts, bool):
        parts = [parts]
    if not isinstance(parts, Sequence) or not parts:
        raise TypeError("is not auto, all, or a list of indices and UUIDs")
    prefixes = tuple(prefix for vendor in METERS.values() for prefix in vendor.uuid_prefixes)
    chosen: list[int | str] = []
    for part in parts:
        if isinstance(part, int) and not isinstance(part, bool) and part >= 0:
            chosen.append(part)
        elif isinstance(part, str) and part.isdigit():
            chosen.append(int(part))
        elif isinstance(part, str) and part.startswith(prefixes):
            chosen.append(part)
        else:
            raise ValueError("is not auto, all, or a list of indices and UUIDs")
    return tuple(chosen)


def _number_or_text(value: Any) -> str:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else _text(value)


def _one_of(*known: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in known:
            raise ValueError(f"is not one of {', '.join(known)}")
        return str(value)

    return read


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "db": lambda value: os.path.expanduser(_text(value)),
    "project": _text,
    "zone": _text,
    "hourly": _text,
    "interval": _interval,
    "gpus": _gpus,
    "meters": _names,
    "recorder": _one_of("process", "thread"),
    "rest": _one_of(*REST),
    "tariff": _text,
    "rent": _text,
    "pue": _number_or_text,
    "embodied": _flag,
    "water": _flag,
    "sys": _text,
    "quiet": _flag,
    "budget": _limits,
    "redact": _flag,
}
assert set(_READERS) == set(Settings._fields)


def _variables(env: Mapping[str, str]) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for name, value in env.items():
        if not name.startswith("GREENTRACK_") or not value:
            continue
        key = name.removeprefix("GREENTRACK_").lower()
        if key in _READERS:
            found.append((f"environment variable {name}", {key: value}))
        elif key not in _NOT_SETTINGS and (hint := did_you_mean(key, _READERS)):
            # others may use the prefix, so only a near miss is taken for a typing error
            raise ConfigError(f"environment variable {name}: unknown setting {key!r}{hint}")
    return found


def _files(folder: "Path | None", user_file: "str | Path | None") -> list[tuple[str, dict[str, Any]]]:
    found = [(str(user_file), _toml(str(user_file)))] if user_file is not None and os.path.isfile(user_file) else []
    if (project := _project_table(folder)) is not None:
        found.append(project)
    return [(source, _relative(table, os.path.dirname(source))) for source, table in found]


def _relative(table: dict[str, Any], folder: str) -> dict[str, Any]:
    """Return *table* with its relative paths resolved from the *folder* of its file."""
    files = {
        key: os.path.join(folder, os.path.expanduser(place))
        for key in ("db", "tariff", "hourly")
        if isinstance(place := table.get(key), str) and place and (key == "db" or place.lower().endswith(".csv"))
    }
    return {**table, **files}


def _project_table(folder: "Path | None") -> tuple[str, dict[str, Any]] | None:
    try:
        place, below = os.path.abspath(folder or os.getcwd()), ""
    except OSError:  # the working folder was removed
        return None
    while place != below:
        own, project = os.path.join(place, "greentrack.toml"), os.path.join(place, "pyproject.toml")
        if os.path.isfile(own):
            return own, _toml(own)
        if os.path.isfile(project):
            tools = _toml(project).get("tool") if _is_ours(project) else None
            table = tools.get("greentrack") if isinstance(tools, dict) else None
            if table is not None:
                if not isinstance(table, dict):
                    raise ConfigError(f"{project}: tool.greentrack = {table!r} is not a table of settings")
                return project, table
        place, below = os.path.dirname(place), place
    return None


def _is_ours(project: str) -> bool:
    """True if a project's file may have a table of ours; parsing all of it takes milliseconds."""
    try:
        with open(project, "rb") as file:
            return b"tool.greentrack" in file.read()
    except OSError:
        return False


def _toml(path: str) -> dict[str, Any]:
    import tomllib

    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{path} cannot be read: it is nested too deeply") from error


def _user_file(env: Mapping[str, str]) -> str | None:
    if sys.platform == "linux":  # as platformdirs does, without its import at the start of a training
        base = env.get("XDG_CONFIG_HOME") or (os.path.join(env["HOME"], ".config") if env.get("HOME") else None)
        return os.path.join(base, "greentrack", "config.toml") if base else None
    import platformdirs

    return os.path.join(platformdirs.user_config_dir("greentrack", appauthor=False), "config.toml")
