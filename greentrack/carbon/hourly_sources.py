"""Hourly figures from a user's file, or from a source on the network whose answers are cached in the database.

A cached answer is not asked for again, so a report can be repeated offline.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from greentrack import log, registry
from greentrack.carbon.base import LIMIT_S
from greentrack.carbon.hourly import Series
from greentrack.carbon.online import OnlineSource
from greentrack.carbon.regions import Regions
from greentrack.carbon.zones import WORLD
from greentrack.errors import ConfigError, SourceError, StoreError, did_you_mean
from greentrack.store import intensity_cache
from greentrack.store.intensity_cache import CachedHour

FRESH_S = 1800.0
"""A younger forecast is not asked for again."""

SETTLED_S = 2 * 86_400.0
"""An hour that is older than this is final, be it an estimate or a gap, and is not asked for again."""

_AHEAD_S = 3 * 86_400.0


def past(source: str, zone: str, start: float, end: float, *, db: Path, now: float, limit_s: float = LIMIT_S) -> Series:
    """Return the hours of *zone* between two Unix times; *db* caches answers, *limit_s* is the longest wait.

    *source* is a name of ``registry.HOURLY`` or a file that ends in ``.csv``. Raises ConfigError for a source that does
    not exist and a file with an error; SourceError where there is no figure.
    """
    if is_file(source):
        return _of_file(source, zone)
    online = find(source, limit_s)
    place = online.zone(_place(zone))
    start, end = start // online.step_s * online.step_s, min(end, now)
    found = {hour.start: hour for hour in intensity_cache.read(db, source, place, start, end)}
    note = ""
    try:
        for piece in _missing(online, place, found, (start, end), now):
            _keep(db, source, place, piece)
            found |= {hour.start: hour for hour in piece if hour.g_per_kwh is not None or hour.start not in found}
    except SourceError as error:
        if not _known(found.values()):
            raise
        note = f"{error}; only the hours that were known before are used"
    return Series(place, _known(found.values()), online.text, online.boundary, note)


def forecast(source: str, zone: str, *, db: Path, now: float) -> Series:
    """Return the forecast of *source* for *zone*; a cached one for half an hour, or while the source does not answer.

    A file's own zone counts where *zone* is "". Raises ConfigError and SourceError as ``past`` does.
    """
    if is_file(source):
        return _of_file(source, zone)
    online = find(source)
    place = online.zone(_place(zone))
    since = now // online.step_s * online.step_s
    stored = {hour.start: hour for hour in intensity_cache.read(db, source, place, since, since + _AHEAD_S)}
    newest = max((hour.fetched_at for hour in stored.values() if hour.forecast), default=0.0)
    note = ""
    if not 0 <= now - newest < FRESH_S:
        try:
            fetched = online.forecast(place, now)
            _keep(db, source, place, fetched)
            stored |= {hour.start: hour for hour in fetched if hour.end > now}
        except SourceError as error:
            if not newest:
                raise
            note = f"{error}; its forecast of {(now - newest) / 3600:.1f} h ago is used"
    return Series(place, _known(stored.values()), online.text, online.boundary, note)


def is_file(source: str) -> bool:
    """True where *source* names a file, not a source on the network."""
    return source.lower().endswith(".csv")


def find(source: str, limit_s: float = LIMIT_S) -> OnlineSource:
    """Return the network source of that name. Raises ConfigError, with suggestions."""
    if source not in registry.HOURLY:
        known = f"{', '.join(registry.HOURLY)}, or a file that ends in .csv"
        raise ConfigError(f"unknown hourly source {source!r}{did_you_mean(source, registry.HOURLY)}; known: {known}")
    made: OnlineSource = registry.load(registry.HOURLY, source, "hourly source")(limit_s=limit_s)
    return made


def _of_file(file: str, zone: str) -> Series:
    from greentrack.carbon.hourly_csv import read

    series = read(Path(file).expanduser())
    if zone and series.zone and series.zone not in (zone, Regions().place(zone)):
        raise SourceError(f"{file} is of {series.zone}, not of {zone}")
    if zone and not series.zone:
        return series._replace(note=f"{file} does not say its zone (# zone: {zone}); it is taken to be of {zone}")
    return series


def _place(zone: str) -> str:
    """Return the zone on the grid that *zone* is or lies in. Raises SourceError for the world and unknown regions."""
    place = Regions().place(zone) if ":" in zone else zone
    if place is None or place == WORLD:
        raise SourceError(f"hourly figures are of a place, and {zone} is none; name one with --zone or GREENTRACK_ZONE")
    return place


def _missing(
    online: OnlineSource, place: str, found: Mapping[float, CachedHour], span: tuple[float, float], now: float
) -> Iterator[list[CachedHour]]:
    """Yield the hours of *span* that are not *found* or not settled, the gaps last. Raises SourceError."""
    step = online.step_s
    starts = (number * step for number in range(int(span[0] // step), -int(-span[1] // step)))
    missing = [start for start in starts if start not in found or not _is_settled(found[start])]
    if not missing:
        return
    came = set()
    for piece in online.past(place, missing[0], missing[-1] + step, now):
        inside = [hour for hour in piece if span[0] <= hour.start < span[1]]
        came |= {hour.start for hour in inside}
        yield inside
    yield [
        CachedHour(start, start + step, None, fetched_at=now)
        for start in missing
        if start not in came and start + step <= now
    ]


def _is_settled(hour: CachedHour) -> bool:
    if hour.fetched_at >= hour.end + SETTLED_S:
        return True
    return hour.g_per_kwh is not None and not hour.forecast and not hour.estimated and hour.fetched_at >= hour.end


def _known(hours: Iterable[CachedHour]) -> tuple[CachedHour, ...]:
    return tuple(sorted(hour for hour in hours if hour.g_per_kwh is not None))


def _keep(db: Path, source: str, place: str, hours: list[CachedHour]) -> None:
    try:
        if hours:
            intensity_cache.keep(db, source, place, hours)
    except StoreError as error:  # the figures are there all the same; next time they are asked for again
        log.warning("hourly figures of %s could not be kept: %s", source, error)
