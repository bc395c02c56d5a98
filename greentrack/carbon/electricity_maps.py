"""Hourly carbon of some 200 zones, from Electricity Maps (API version 3) with the user's own token.

The token is read from the environment when a request is made; it is neither kept nor logged nor part of an address.
Free tokens know the last 24 hours of one zone; the past and forecasts are a matter of the plan.
"""

import os
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from greentrack.carbon.base import LIMIT_S
from greentrack.carbon.online import get_json, grams, moment, rows, unusable
from greentrack.errors import ConfigError, SourceError
from greentrack.store.intensity_cache import CachedHour

URL = "https://api.electricitymaps.com/v3/carbon-intensity"
TOKEN = "GREENTRACK_ELECTRICITYMAPS_TOKEN"  # noqa: S105  # where it is, not what it is

_KEYS = {"history": "history", "past-range": "data", "forecast": "forecast"}
"""The key of the figures in each answer."""

_MAX_S = 10 * 86_400.0
"""The longest time in one answer."""

_RECENT_S = 23 * 3600.0
"""The past that every token may ask for; the API says 24 hours, of which one has just begun."""


class ElectricityMaps:
    """Life-cycle figures by the hour. *limit_s* is the longest wait for all requests."""

    text = "Electricity Maps"
    boundary = "life-cycle"
    step_s = 3600.0

    def __init__(self, limit_s: float = LIMIT_S, env: Mapping[str, str] | None = None) -> None:
        self._limit_s = limit_s
        self._env = os.environ if env is None else env

    def zone(self, zone: str) -> str:
        """Return *zone*: countries, provinces and Nordic areas have the same names there."""
        return zone

    def past(self, zone: str, start: float, end: float, now: float) -> Iterator[list[CachedHour]]:
        """Yield the hours, first those of the last day, for which any token is enough."""
        until = time.monotonic() + self._limit_s
        recent = max(start, now // self.step_s * self.step_s - _RECENT_S)
        if recent < end:
            yield self._ask("history", zone, until, now)
        end = min(end, recent)
        while start < end:
            upto = min(end, start + _MAX_S)
            yield self._ask("past-range", zone, until, now, start=_written(start), end=_written(upto))
            start = upto

    def forecast(self, zone: str, now: float) -> list[CachedHour]:
        """Return the forecast, as far as the token's plan includes it."""
        return self._ask("forecast", zone, time.monotonic() + self._limit_s, now)

    def _ask(self, question: str, zone: str, until: float, now: float, **more: str) -> list[CachedHour]:
        # without disableCallerLookup an unknown zone is answered with that of the caller's address
        query = {"zone": zone, "emissionFactorType": "lifecycle", "disableCallerLookup": "true", **more}
        answer = get_json(
            f"{URL}/{question}?{urllib.parse.urlencode(query)}",
            source=self.text,
            until=until,
            headers={"auth-token": self._token()},
            refused=f"; check {TOKEN}, and that its plan has {question} for zone {zone}",
        )
        found = rows(answer, _KEYS[question], self.text)
        for part in (answer, *found):
            if part.get("zone", zone) != zone:
                raise unusable(self.text, f"figures for {part['zone']!r} instead of {zone}")
            if part.get("emissionFactorType", "lifecycle") != "lifecycle":
                raise unusable(self.text, f"figures by {part['emissionFactorType']!r} instead of life-cycle")
        return [hour for row in found if (hour := self._hour(row, question == "forecast", now)) is not None]

    def _hour(self, row: Mapping[str, Any], forecast: bool, now: float) -> CachedHour | None:
        start = moment(row.get("datetime"), self.text, self.step_s)
        figure = grams(row.get("carbonIntensity"), self.text)
        if figure is None:
            return None
        return CachedHour(start, start + self.step_s, figure, forecast, row.get("isEstimated") is True, now)

    def _token(self) -> str:
        token = self._env.get(TOKEN, "").strip()
        if not token:
            raise SourceError(f"Electricity Maps needs a token; set {TOKEN}")
        if not (token.isascii() and token.isprintable()) or " " in token:
            raise ConfigError(f"{TOKEN} holds what no token can (spaces, line ends or letters beyond ASCII)")
        return token


def _written(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
