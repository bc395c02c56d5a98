"""When to start a training: the hours of the next day in which the same work emits the least carbon."""

import re
import time
from typing import NamedTuple

from greentrack import config
from greentrack.carbon import find_intensity
from greentrack.carbon.hourly import FORECAST_ERROR, Series
from greentrack.carbon.hourly_sources import forecast, is_file
from greentrack.config import Settings
from greentrack.costing.options import parse_options
from greentrack.costing.session import CostingSession
from greentrack.errors import ConfigError, SourceError
from greentrack.formatting.units import clock_time, duration
from greentrack.host import facts
from greentrack.model import RunInfo
from greentrack.quantity import JOULES_PER_KWH, Figure, product
from greentrack.store.location import path_of

MAX_AHEAD_S = 24 * 3600.0
"""The latest start that is looked at, from now."""

USUAL_HOURS = 3.0

_POWER = re.compile(r"(\d+(?:\.\d+)?)\s*([Ww]|[Kk][Ww]|M[Ww])", re.ASCII)  # mW may be a slip for either of two
_WATTS = {"w": 1.0, "kw": 1e3, "mw": 1e6}


class StartTime(NamedTuple):
    """A start at Unix time *at*: the mean intensity until the work is done, and its grams where the energy is known.

    *saved* is the fraction of the carbon of starting now that is avoided; None where no forecast covers a start now.
    """

    at: float
    g_per_kwh: float
    g: Figure | None
    saved: float | None


class Schedule(NamedTuple):
    """The starts of the next day, the best first, for work of *hours* that uses *kwh* (None where not known).

    *source_note* comes from the source; *zone_guess* says how the zone was guessed, "" if given.
    """

    zone: str
    hours: float
    kwh: Figure | None
    at: float
    now: StartTime | None
    best: tuple[StartTime, ...]
    source: str
    boundary: str
    source_note: str = ""
    zone_guess: str = ""


def best_starts(
    *,
    hourly: str | None = None,
    zone: str | None = None,
    hours: float | None = None,
    power: str | None = None,
    like: str | None = None,
    db: str | None = None,
    now: float | None = None,
) -> Schedule:
    """Rank the starts of the next 24 hours for work of so many *hours* (3, or as long as the run *like*).

    *hourly* is a source of forecasts (see ``CostingOptions``), or else the settings'; *zone*, if None, the run's,
    the settings', the file's own or the time zone's country. *power* ("300 W") or *like* tell the energy. Raises
    ConfigError for what cannot be read, SourceError where no forecast is to be had.
    """
    settings = config.load({"db": db, "hourly": hourly})
    if settings.hourly is None:
        raise ConfigError("no source of forecasts is named; name one with --hourly uk, electricitymaps, or a CSV file")
    watts = None if power is None else watts_of(power)
    run: RunInfo | None = None
    if like is not None:
        if watts is not None:
            raise ConfigError("power and like both tell the energy; give one of them")
        run, each_hour, took = _like(like, settings)
        hours = took if hours is None else hours
        kwh: Figure | None = each_hour * hours
    else:
        hours = USUAL_HOURS if hours is None else hours
        kwh = None if watts is None else Figure.exact(watts) * (hours / 1000)
    named = zone or (run.zone if run else None) or settings.zone
    if named is None and is_file(settings.hourly):
        place, guess = "", ""
    else:
        grid = find_intensity(named, timezone=facts.timezone())
        place, guess = grid.zone, "" if named else grid.how
    now = time.time() if now is None else now
    series = forecast(settings.hourly, place, db=path_of(settings.db), now=now)
    return ranked(series, now=now, hours=hours, kwh=kwh)._replace(zone_guess=guess)


def ranked(series: Series, *, now: float, hours: float, kwh: Figure | None) -> Schedule:
    """Rank starting at each whole hour of the next 24 that *series* covers to the end. Raises SourceError for none."""
    seconds = hours * 3600
    whole = [hour.start for hour in series.hours if hour.start % 3600 == 0] or [hour.start for hour in series.hours]
    starts = [at for at in whole if now < at <= now + MAX_AHEAD_S]
    means = {at: mean for at in starts if (mean := series.mean(at, at + seconds)) is not None}
    current = series.mean(now, now + seconds)
    if not means and current is None:
        until = f"it ends at {clock_time(series.hours[-1].end)}" if series.hours else "it is empty"
        raise SourceError(
            f"{series.source} covers no {duration(seconds)} from now or a start in the next 24 h; {until}"
        )
    made = [
        StartTime(at, mean, _grams(kwh, mean), saved=1 - mean / current if current else None)
        for at, mean in means.items()
    ]
    return Schedule(
        zone=series.zone,
        hours=hours,
        kwh=kwh,
        at=now,
        now=None if current is None else StartTime(now, current, _grams(kwh, current), 0.0),
        best=tuple(sorted(made, key=lambda start: (start.g_per_kwh, start.at))),
        source=series.source,
        boundary=series.boundary,
        source_note=series.note,
    )


def watts_of(text: str) -> float:
    """Return a power in watts. Raises ConfigError.

    >>> watts_of("300W"), watts_of("1.2 kW")
    (300.0, 1200.0)
    """
    found = _POWER.fullmatch(text.strip())
    if not found or float(found[1]) <= 0:
        raise ConfigError(f"power {text!r} is none; write for example 300W or 1.2kW")
    return float(found[1]) * _WATTS[found[2].lower()]


def _like(ref: str, settings: Settings) -> tuple[RunInfo, Figure, float]:
    """Return the run, its kWh for each hour, and how many hours it took."""
    with CostingSession(settings, parse_options(settings._replace(hourly=None))) as session:
        summary = session.cost(session.find(ref).record)  # its joules are wanted, not its carbon
    joules = summary.facility_joules or summary.joules
    took = summary.run.seconds / 3600
    if joules is None or took <= 0:
        raise ConfigError(f"run {summary.run.id} ({summary.run.name}) has no energy to go by; give --power and --hours")
    return summary.run, joules / JOULES_PER_KWH / took, took


def _grams(kwh: Figure | None, mean: float) -> Figure | None:
    return None if kwh is None else product(kwh, Figure.around(mean, FORECAST_ERROR, FORECAST_ERROR))
