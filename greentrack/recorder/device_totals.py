"""Totals of one device's readings: the process's own joules, those while the device idled, its power at rest."""

from greentrack.model import DeviceUse, Energy, Reading
from greentrack.recorder.timeline import NOTHING, total

MAX_BUSY_AT_REST = 0.01
"""A device that worked for less than this part of the time was at rest."""

MIN_REST_S = 10.0
"""A device must rest so long before its power counts as that of an idle one: a look now and then may miss its work."""


class DeviceTotals:
    """The totals of one device; they go on from those of a recorder that died *before*."""

    def __init__(self, before: DeviceUse | None = None) -> None:
        self.process = before.process if before is not None else None
        self.idle = before.idle if before is not None else None
        self.idle_watts = before.idle_watts if before is not None else None
        self._rest: Energy | None = None  # since the device is at rest; None while it works

    def add(self, reading: Reading) -> None:
        """Add the next reading."""
        if reading.share is not None:
            self.process = (self.process or 0.0) + reading.joules * reading.share
        if (idle := reading.idle) is not None:
            self.idle = total(self.idle or NOTHING, idle)
        self._find_idle_power(reading)

    def _find_idle_power(self, reading: Reading) -> None:
        """Find the lowest mean power of ``MIN_REST_S`` in which nothing ran."""
        if reading.busy is None or reading.busy >= MAX_BUSY_AT_REST:
            self._rest = None
        elif self._rest is None:
            self._rest = NOTHING  # it was at rest at its end, and perhaps not at its beginning
        else:
            rest = self._rest = total(self._rest, Energy(joules=reading.joules, seconds=reading.seconds))
            if rest.seconds >= MIN_REST_S:
                watts = rest.joules / rest.seconds
                self.idle_watts = watts if self.idle_watts is None else min(watts, self.idle_watts)
                self._rest = NOTHING
