"""Carbon of the grid hour by hour, as a source on the network gave it once: kept, not to be asked for again."""

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from greentrack.store.connect import open_for_reading, open_for_writing, translated
from greentrack.store.validation import checked

_ASK = """SELECT start, seconds, g_per_kwh, forecast, estimated, fetched_at FROM hours
    WHERE source = ? AND zone = ? AND start < ? AND start + seconds > ? ORDER BY start"""
# a forecast never takes the place of what came about, nor a hole that of a figure
_KEEP = """INSERT INTO hours (source, zone, start, seconds, g_per_kwh, forecast, estimated, fetched_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (source, zone, start) DO UPDATE SET fetched_at = excluded.fetched_at,
    seconds = CASE WHEN excluded.g_per_kwh IS NULL THEN seconds ELSE excluded.seconds END,
    forecast = CASE WHEN excluded.g_per_kwh IS NULL THEN forecast ELSE excluded.forecast END,
    estimated = CASE WHEN excluded.g_per_kwh IS NULL THEN estimated ELSE excluded.estimated END,
    g_per_kwh = coalesce(excluded.g_per_kwh, g_per_kwh)
    WHERE forecast OR g_per_kwh IS NULL OR NOT excluded.forecast"""


class CachedHour(NamedTuple):
    """The carbon of one kWh from *start* to *end* (Unix time); mostly an hour, or a half.

    *g_per_kwh* is None where the source has no figure. *forecast* was said before it came about, *estimated* is the
    source's own filling of a gap; *fetched_at* (Unix time) is when it was asked.
    """

    start: float
    end: float
    g_per_kwh: float | None
    forecast: bool = False
    estimated: bool = False
    fetched_at: float = 0.0


def read(path: Path, source: str, zone: str, start: float, end: float) -> list[CachedHour]:
    """Return what the database at *path* has of *source* and *zone* between *start* and *end*, in order of time.

    Nothing where there is no database. Raises StoreError.
    """
    db = open_for_reading(path)
    if db is None:
        return []
    with closing(db), translated(path):
        return [
            CachedHour(since, since + seconds, grams, bool(forecast), bool(estimated), fetched_at)
            for since, seconds, grams, forecast, estimated, fetched_at in checked(
                db.execute(_ASK, (source, zone, end, start)), path
            )
        ]


def keep(path: Path, source: str, zone: str, hours: Iterable[CachedHour]) -> None:
    """Keep *hours*, made known by *source*, in the database at *path*. Raises StoreError."""
    rows = [
        (
            source,
            zone,
            hour.start,
            hour.end - hour.start,
            hour.g_per_kwh,
            hour.forecast,
            hour.estimated,
            hour.fetched_at,
        )
        for hour in hours
    ]
    with closing(open_for_writing(path)) as db, translated(path):
        db.execute("BEGIN IMMEDIATE")
        db.executemany(_KEEP, rows)
        db.execute("COMMIT")
