"""Great Britain's carbon by the half hour, from the Carbon Intensity API of its grid operator (NESO); no key.

It counts the CO2 of power stations' chimneys, losses on the way and imports included; life-cycle figures are higher.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

from greentrack.carbon.base import LIMIT_S
from greentrack.carbon.online import get_json, grams, moment, rows
from greentrack.errors import SourceError
from greentrack.store.intensity_cache import CachedHour

URL = "https://api.carbonintensity.org.uk"

_MAX_S = 13 * 86_400.0
"""The longest time in one request; the API answers for at most 14 days."""


class UK:
    """Half hours of Great Britain. *limit_s* is the longest wait for all requests."""

    text = "UK Carbon Intensity API (NESO), CC BY 4.0"
    boundary = "direct"
    step_s = 1800.0

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s

    def zone(self, zone: str) -> str:
        """Return ``GB``. Raises SourceError for any other place."""
        if zone != "GB":
            raise SourceError(f"the UK Carbon Intensity API knows only GB (Great Britain), not {zone}")
        return zone

    def past(self, zone: str, start: float, end: float, now: float) -> Iterator[list[CachedHour]]:  # noqa: ARG002  # only one
        """Yield the actual figures; where only the forecast is known yet, the forecast, marked as such."""
        until = time.monotonic() + self._limit_s
        while start < end:
            upto = min(end, start + _MAX_S)
            yield self._ask(f"/intensity/{_written(start)}/{_written(upto)}", until, now)
            start = upto

    def forecast(self, zone: str, now: float) -> list[CachedHour]:  # noqa: ARG002  # only one
        """Return the forecast for the next 48 hours."""
        return self._ask(f"/intensity/{_written(now)}/fw48h", time.monotonic() + self._limit_s, now)

    def _ask(self, path: str, until: float, now: float) -> list[CachedHour]:
        answer = get_json(URL + path, source=self.text, until=until)
        made = []
        for row in rows(answer, "data", self.text):
            start, figures = moment(row.get("from"), self.text, self.step_s), row.get("intensity")
            figures = figures if isinstance(figures, dict) else {}
            actual, forecast = (grams(figures.get(key), self.text) for key in ("actual", "forecast"))
            figure = forecast if actual is None else actual
            if figure is not None:
                made.append(CachedHour(start, start + self.step_s, figure, actual is None, False, now))
        return made


def _written(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%MZ}"
