"""Converts facts of the model to rows and back."""

from collections.abc import Iterable, Mapping
from typing import Any

from greentrack.model import Device, DeviceUse, Energy, Forecast, Host, Metric, Reading, RunInfo, Span, TrackerOverhead
from greentrack.store import tables
from greentrack.store.columns import Column
from greentrack.store.statements import Row, from_row, to_row
from greentrack.store.tables import RUN_DEVICES

INFO = tables.RUNS.of(RunInfo._fields)
LIGHT = tuple(column for column in INFO if not column.is_long)
RUN = (*INFO, tables.RUNS.column("host"))
OVERHEAD = tables.RUNS.of(TrackerOverhead._fields)
HOST = tables.HOSTS.of(Host._fields)
DEVICE = tables.DEVICES.of(Device._fields)
TOTALS = RUN_DEVICES.of(tables.TOTALS)
RUN_DEVICE = RUN_DEVICES.without(*(column.name for column in TOTALS))
DEVICE_USE = RUN_DEVICES.without("run", "device", "measured")
READING = tables.READINGS.of(Reading._fields[1:])
SPAN = tables.SPANS.of(Span._fields)


def run_row(run: RunInfo) -> Row:
    """The values of ``RUN``'s columns."""
    return to_row(RUN, run._asdict() | {"host_id": None if run.host is None else run.host.id})


def run(of: tuple[Column, ...], row: Row, host: Host | None) -> RunInfo:
    """Make a run of the columns *of* ``INFO`` or ``LIGHT``; what the latter leave out stays at its default."""
    return RunInfo(host=host, **from_row(of, row))


def host(row: Row) -> Host:
    """Make a host of ``HOST``'s columns."""
    return Host._make(row)


def device_use(row: Row) -> DeviceUse:
    """Make a device's use of the columns of ``DEVICE`` and then ``DEVICE_USE``."""
    facts = from_row((*DEVICE, *DEVICE_USE), row)
    device = Device(**{field: facts.pop(field) for field in Device._fields})
    energy = Energy(**{field: facts.pop(field) for field in Energy._fields})
    joules, seconds = facts.pop("idle_joules"), facts.pop("idle_seconds")
    return DeviceUse(
        device=device, energy=energy, idle=None if joules is None else Energy(joules=joules, seconds=seconds), **facts
    )


def run_device_row(run: int, device: int, use: DeviceUse, *, measured: bool) -> Row:
    """The values of ``RUN_DEVICE``'s columns."""
    return to_row(RUN_DEVICE, use._asdict() | {"run": run, "device": device, "measured": measured})


def reading_row(run: int, device: int, reading: Reading) -> Row:
    """The values of run, device and ``READING``'s columns, which are the fields of a reading: there are many."""
    return (run, device, *reading[1:])


def span(row: Row, energy: Mapping[Any, Mapping[str, Energy]]) -> Span:
    """Make a span of ``SPAN``'s columns; *energy* is by span id."""
    return Span(energy=energy.get(row[0], {}), **from_row(SPAN, row))


def metric(row: Row) -> Metric:
    """Make a metric of its four columns; SQLite has no NaN and stores NULL."""
    name, at, value, joules = row
    return Metric(name=name, at=at, value=float("nan") if value is None else value, joules=joules)


def forecast_rows(forecast: Forecast) -> list[Row]:
    """Return kind, value, low and high of each of a forecast's figures."""
    return [
        ("progress", forecast.progress, None, None),
        ("joules", forecast.joules, forecast.joules_low, forecast.joules_high),
        ("seconds", forecast.seconds, forecast.seconds_low, forecast.seconds_high),
    ]


def forecasts(found: Iterable[Row]) -> tuple[Forecast, ...]:
    """Make forecasts of at, kind, value, low and high, in their order; one that lacks a figure is left out."""
    figures: dict[float, dict[str, Row]] = {}
    for at, kind, *figure in found:
        figures.setdefault(at, {})[kind] = figure
    return tuple(
        Forecast(at, kinds["progress"][0], *kinds["joules"], *kinds["seconds"])
        for at, kinds in figures.items()
        if {"progress", "joules", "seconds"} <= kinds.keys()
    )


def energies(found: Iterable[Row]) -> dict[Any, dict[str, Energy]]:
    """Group rows of owner, uid and the fields of an energy by owner and uid."""
    made: dict[Any, dict[str, Energy]] = {}
    for owner, uid, *energy in found:
        made.setdefault(owner, {})[uid] = Energy._make(energy)
    return made
