"""Stores the hourly carbon intensity of the grid, so that no source on the network is asked twice."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from greentrack.store.connect import transaction
from greentrack.store.database import ReadDatabase
from greentrack.store.statements import select, upsert
from greentrack.store.tables import HOURS

_HOURS = select(
    HOURS.pick("start", "seconds", "g_per_kwh", "forecast", "estimated", "fetched_at"),
    "FROM hours WHERE source = ? AND zone = ? AND start < ? AND start + seconds > ? ORDER BY start",
)
_HOUR = upsert(HOURS, HOURS.columns)
# a forecast never replaces what was measured, nor a gap a figure
_KEEP = f"{_HOUR.sql} WHERE forecast OR g_per_kwh IS NULL OR NOT excluded.forecast"


class CachedHour(NamedTuple):
    """The carbon of one kWh from *start* to *end* (Unix time), which is mostly an hour or half of one.

    *g_per_kwh* is None where the source has no figure. *forecast* is True for a figure of the future, *estimated* for a
    gap that the source itself filled; *fetched_at* (Unix time) is when the source was asked.
    """

    start: float
    end: float
    g_per_kwh: float | None
    forecast: bool = False
    estimated: bool = False
    fetched_at: float = 0.0


def read(path: Path, source: str, zone: str, start: float, end: float) -> list[CachedHour]:
    """Return the stored figures of *source* and *zone* between *start* and *end*, by time. Raises StoreError."""
    with ReadDatabase(path) as database:
        return [
            CachedHour(since, since + seconds, grams, bool(forecast), bool(estimated), fetched_at)
            for since, seconds, grams, forecast, estimated, fetched_at in database.query(
                _HOURS, (source, zone, end, start)
            )
        ]


def keep(path: Path, source: str, zone: str, hours: Iterable[CachedHour]) -> None:
    """Store *hours* of *source* in the database at *path*. Raises StoreError."""
    of_source = {"source": source, "zone": zone}
    rows = [_HOUR.row({**of_source, **hour._asdict(), "seconds": hour.end - hour.start}) for hour in hours]
    with transaction(path) as db:
        db.executemany(_KEEP, rows)
