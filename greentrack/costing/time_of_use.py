"""Time of use: the hours of the day in which a run used its energy, for tariffs by the hour."""

import datetime
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from greentrack.model import DeviceUse, Reading, RunInfo

QUARTER_S = 900
"""All time zones are whole quarters of an hour apart, so that no quarter has two hours of the day in it."""


def shares_by_hour(
    run: RunInfo, uses: Iterable[DeviceUse] = (), readings: Mapping[str, Sequence[Reading]] | None = None
) -> tuple[tuple[float, ...], str]:
    """Return the share of a run's energy in each hour of its host's local day, and how it is known, in words.

    Without *readings* (by device uid), power is taken to be constant over the run.
    """
    local, place = _local(run.host.timezone if run.host else None)
    hours = [0.0] * 24
    valid = {use.device.uid: use.counter_valid for use in uses}
    for uid, found in (readings or {}).items():
        for reading in found:
            joules = reading.joules if reading.cross_check is None or valid.get(uid, True) else reading.cross_check
            _add(hours, reading.at - reading.seconds, reading.seconds, joules, local)
    how = f"by the hours of its readings ({place})"
    if not math.fsum(hours) > 0:
        _add(hours, run.started_at, max(run.seconds, 1e-3), 1.0, local)
        how = f"as if it had drawn evenly over its time ({place})"
    whole = math.fsum(hours)
    return tuple(hour / whole for hour in hours), how


def _add(hours: list[float], since: float, seconds: float, joules: float, local: Callable[[int], int]) -> None:
    """Spread *joules* evenly over an interval, quarter by quarter of an hour."""
    if seconds <= 0:
        return
    until = since + seconds
    for quarter in range(int(since // QUARTER_S), int(until // QUARTER_S) + 1):
        part = min(until, (quarter + 1) * QUARTER_S) - max(since, quarter * QUARTER_S)
        hours[local(quarter)] += joules * max(0.0, part) / seconds


def _local(timezone: str | None) -> tuple[Callable[[int], int], str]:
    """Return a function from a quarter of an hour since 1970 to the local hour, and the name of the time zone."""
    zone: datetime.tzinfo = datetime.UTC
    name = "UTC, since its time zone is not known"
    if timezone:
        import zoneinfo

        try:
            zone, name = zoneinfo.ZoneInfo(timezone), timezone
        except (KeyError, ValueError, OSError):  # a zone of another system, or none installed
            name = f"UTC, since the time zone {timezone} is not known here"

    @cache
    def hour(quarter: int) -> int:
        return datetime.datetime.fromtimestamp(quarter * QUARTER_S, zone).hour

    return hour, name
