"""How facts become rows and rows facts again; the only place that knows the columns of runs, hosts and devices."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from greentrack.model import Device, DeviceUse, Energy, Forecast, Host, Reading, RunInfo, Span

Row = Sequence[Any]

LIGHT = (
    *("id", "name", "status", "project", "tags", "started_at", "ended_at", "seconds", "pid", "pid_started", "boot_id"),
    *("git_commit", "group_id", "rank", "world_size", "interval", "zone", "rest", "error"),
    "continues",
)
"""The columns of a run that are short; the others are ``HEAVY``."""

HEAVY = ("params", "command", "folder", "git_dirty", "python", "packages")
RUN = (*LIGHT, *HEAVY, "host")
READING = ("run", "device", "at", "seconds", "joules", "check_joules", "share", "busy")
HOST = ("id", "name", "system", "cpu", "cpus", "memory_bytes", "chassis", "timezone")


def run_row(run: RunInfo) -> Row:
    """The values of ``RUN``'s columns."""
    return (
        run.id,
        text(run.name),
        run.status,
        text(run.project),
        dumped(list(run.tags)),
        run.started_at,
        run.ended_at,
        run.seconds,
        run.pid,
        run.pid_started,
        run.boot_id,
        text(run.git_commit),
        text(run.group),
        run.rank,
        run.world_size,
        run.interval,
        text(run.zone),
        run.rest,
        text(run.error),
        text(run.continues),
        dumped(run.params),
        dumped(list(run.command)),
        text(run.folder),
        run.git_dirty,
        run.python,
        dumped(run.packages),
        None if run.host is None else run.host.id,
    )


def light_run(row: Row, host: Host | None) -> RunInfo:
    """Make a run of ``LIGHT``'s columns; what they leave out stays at its default."""
    run_id, name, status, project, tags, started_at, ended_at, seconds, pid, pid_started, boot_id, *more = row
    git_commit, group, rank, world_size, interval, zone, rest, error, continues = more
    return RunInfo(
        id=run_id,
        name=name,
        status=status,
        project=project,
        tags=tags_of(tags),
        started_at=started_at,
        ended_at=ended_at,
        seconds=seconds,
        host=host,
        pid=pid,
        pid_started=pid_started,
        boot_id=boot_id,
        git_commit=git_commit,
        group=group,
        rank=rank,
        world_size=world_size,
        interval=interval,
        zone=zone,
        rest=rest,
        error=error,
        continues=continues,
    )


def whole_run(row: Row, host: Host | None) -> RunInfo:
    """Make a run of the columns of ``LIGHT`` and then ``HEAVY``."""
    params, command, folder, git_dirty, python, packages = row[len(LIGHT) :]
    return light_run(row[: len(LIGHT)], host)._replace(
        params=loaded(params, {}),
        command=tuple(map(str, loaded(command, []))),
        folder=folder,
        git_dirty=None if git_dirty is None else bool(git_dirty),
        python=python,
        packages=loaded(packages, {}),
    )


@lru_cache(maxsize=256)  # a list has few different ones, and reading JSON is a third of what a run costs
def tags_of(tags: str) -> tuple[str, ...]:
    """Make tags of their column."""
    return tuple(tag for tag in loaded(tags, []) if isinstance(tag, str))


def host_row(host: Host) -> Row:
    """The values of ``HOST``'s columns."""
    return (
        host.id,
        text(host.name),
        text(host.system),
        text(host.cpu),
        host.cpus,
        host.memory_bytes,
        host.chassis,
        host.timezone,
    )


def host(row: Row) -> Host:
    """Make a host of ``HOST``'s columns."""
    return Host(**dict(zip(HOST, row, strict=True)))


def device(row: Row) -> Device:
    """Make a device of uid, kind, name and details."""
    uid, kind, name, details = row
    return Device(uid=uid, kind=kind, name=name, details=loaded(details, {}))


def use(row: Row) -> DeviceUse:
    """Make a device's use of uid, kind, name, details, method, joules, seconds, check, trusted, process, note, and of
    the joules, seconds and watts while it idled.
    """
    method, joules, seconds, check, trusted, process, note, idle_joules, idle_seconds, idle_watts = row[4:]
    return DeviceUse(
        device=device(row[:4]),
        method=method,
        energy=Energy(joules=joules, seconds=seconds, check=check),
        trusted=bool(trusted),
        process=process,
        note=note,
        idle=None if idle_joules is None else Energy(joules=idle_joules, seconds=idle_seconds),
        idle_watts=idle_watts,
    )


def reading_row(run: int, device: int, reading: Reading) -> Row:
    """The values of ``READING``'s columns."""
    check = number(reading.check)
    return (run, device, reading.at, reading.seconds, reading.joules, check, reading.share, reading.busy)


def span(row: Row, energy: Mapping[Any, Mapping[str, Energy]]) -> Span:
    """Make a span of id, name, edges, parent and attrs; *energy* is by span id."""
    span_id, name, started_at, ended_at, parent, attrs = row
    return Span(
        id=span_id,
        name=name,
        started_at=started_at,
        ended_at=ended_at,
        parent=parent,
        attrs=loaded(attrs, {}),
        energy=energy.get(span_id, {}),
    )


def forecast_rows(forecast: Forecast) -> list[Row]:
    """Return kind, value, low and high of each of a forecast's figures."""
    return [
        ("progress", forecast.progress, None, None),
        ("joules", forecast.joules, forecast.joules_low, forecast.joules_high),
        ("seconds", forecast.seconds, forecast.seconds_low, forecast.seconds_high),
    ]


def forecasts(found: Iterable[Row]) -> tuple[Forecast, ...]:
    """Make forecasts of at, kind, value, low and high, in their order; what somebody took a figure from is left out."""
    figures: dict[float, dict[str, Row]] = {}
    for at, kind, *figure in found:
        figures.setdefault(at, {})[kind] = figure
    return tuple(
        Forecast(
            **{"at": at, "progress": kinds["progress"][0]},
            **dict(zip(("joules", "joules_low", "joules_high"), kinds["joules"], strict=True)),
            **dict(zip(("seconds", "seconds_low", "seconds_high"), kinds["seconds"], strict=True)),
        )
        for at, kinds in figures.items()
        if {"progress", "joules", "seconds"} <= kinds.keys()
    )


def energies(found: Iterable[Row]) -> dict[Any, dict[str, Energy]]:
    """Group owner, uid, joules, seconds and check by owner and uid."""
    made: dict[Any, dict[str, Energy]] = {}
    for owner, uid, joules, seconds, check in found:
        made.setdefault(owner, {})[uid] = Energy(joules=joules, seconds=seconds, check=check)
    return made


def text(value: Any) -> Any:
    """Return *value* as SQLite can keep it: file names and arguments may hold bytes that are not text."""
    return (
        value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) and not value.isascii() else value
    )


def bound(values: Sequence[Any] | Mapping[str, Any]) -> Sequence[Any] | Mapping[str, Any]:
    """Return the values of a question as SQLite can compare them with what ``text`` kept."""
    if isinstance(values, Mapping):
        return {name: text(value) for name, value in values.items()}
    return [text(value) for value in values]


def dumped(value: Any) -> str:
    """Return *value* as JSON; what JSON does not know is kept as its text."""
    try:
        return json.dumps(value, sort_keys=True, default=str)
    except (TypeError, ValueError):  # keys of several types, or a value that holds itself
        if isinstance(value, Mapping):
            return json.dumps({str(key): repr(inner) for key, inner in value.items()}, sort_keys=True)
        return json.dumps([str(inner) for inner in value])


def loaded(value: str, otherwise: Any) -> Any:
    """Return what JSON *value* says, or *otherwise* where somebody edited it into something else."""
    try:
        made = json.loads(value)
    except (TypeError, ValueError, RecursionError):
        return otherwise
    return made if isinstance(made, type(otherwise)) else otherwise


def number(value: float | None) -> float | None:
    """Return *value*, or None where it is not a number."""
    return None if value is None or math.isnan(value) else value
