"""Carbon by the hour: the joules of each hour at the grid intensity of that hour."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from greentrack.carbon.base import Intensity, NotHourly
from greentrack.carbon.hourly import applied, unchanged
from greentrack.costing.attribution import AttributedUse
from greentrack.errors import SourceError
from greentrack.model import Reading


class NetworkWait:
    """The seconds that all runs of one question may still wait for the network, together."""

    def __init__(self, limit_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.left_s = limit_s
        self._clock = clock

    @contextmanager
    def spend(self) -> Iterator[float]:
        """Give the seconds that are left, and take off what the block needs of them."""
        began = self._clock()
        try:
            yield self.left_s
        finally:
            self.left_s -= self._clock() - began


class HourlySource(NamedTuple):
    """Where carbon by the hour comes from, and the database that keeps its answers; None is the user's own."""

    source: str
    db: str | None
    wait: NetworkWait


def by_hour(
    yearly: Intensity,
    uses: Sequence[AttributedUse],
    readings: Mapping[str, Sequence[Reading]] | None,
    hourly: HourlySource,
) -> Intensity:
    """Return the mean intensity of a run's joules over its hours; the system overhead follows the devices.

    Where the source gives nothing, and where *readings* is None since the run is not stored, it is *yearly*,
    which then says why. Raises ConfigError for an unknown source and a file with an error.
    """
    if readings is None:  # no end of a training waits for the network
        return unchanged(yearly, NotHourly("not stored"))
    from greentrack.carbon.hourly_sources import past
    from greentrack.store.location import path_of

    stretches = [
        (reading.at, reading.seconds, use.of(reading))
        for use in uses
        for reading in readings.get(use.use.device.uid, ())
    ]
    if not stretches:
        return unchanged(yearly, NotHourly("no readings"))
    start, end = min(at - seconds for at, seconds, _ in stretches), max(at for at, _, _ in stretches)
    try:
        with hourly.wait.spend() as left_s:
            db, now = path_of(hourly.db), time.time()
            series = past(hourly.source, yearly.zone, start, end, db=db, now=now, limit_s=left_s)
    except SourceError as error:
        return unchanged(yearly, NotHourly("source failed", note=str(error)))
    return applied(stretches, series, yearly)
