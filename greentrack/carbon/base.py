"""The carbon intensity of a zone, with its year, boundary and range, and the protocol of its sources."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol

from greentrack.quantity import Figure

ANNUAL = 0.10
"""How far a yearly average of a place may be from the run's own hours' average, each way (judgement)."""

LIMIT_S = 5.0
"""Seconds that a report waits for sources on the network in all, whatever the number of runs and requests."""


class NotHourly(NamedTuple):
    """Why the figures of the hours that were asked for are not used, and what the source says; see ``Series``."""

    reason: Literal["not stored", "no readings", "source failed", "no figure"]
    source: str = ""
    note: str = ""


class Intensity(NamedTuple):
    """The carbon of one kWh in *zone* during *year*. The truth lies between ``low`` and ``high``.

    *how* says how the zone was chosen. *boundary* says what is counted: life-cycle figures include building and
    fuelling the power stations, direct ones only their chimneys. *hourly_share* is the part of a run's energy that is
    counted at the figures of its own hours (None: not asked for), the rest is counted at *yearly*. *not_hourly* says
    why it is a yearly figure all the same.
    """

    zone: str
    name: str
    g_per_kwh: float
    source: str
    year: int
    how: str = "given"
    boundary: str = "life-cycle"
    below: float = ANNUAL
    above: float = ANNUAL
    note: str = ""
    hourly_share: float | None = None
    yearly: "Intensity | None" = None
    not_hourly: NotHourly | None = None

    @property
    def low(self) -> float:
        """The lower end of its range, g/kWh."""
        return self.g_per_kwh * (1 - self.below)

    @property
    def high(self) -> float:
        """The upper end of its range, g/kWh."""
        return self.g_per_kwh * (1 + self.above)

    @property
    def figure(self) -> Figure:
        """The grams per kWh with their range."""
        return Figure.around(self.g_per_kwh, self.below, self.above)


class Source(Protocol):
    """A source of intensities. Zones are spelt as ``zones.normalise`` returns them."""

    def find(self, zone: str) -> Intensity | None:
        """Return the intensity of *zone*, or None where this source does not know it."""

    def zones(self) -> Mapping[str, str]:
        """Return every known zone and its name."""
