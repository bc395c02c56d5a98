"""What a device's readings come to while a run lasts: the run's own joules, those while it idled, its power at rest."""

from greentrack.model import DeviceUse, Energy, Reading
from greentrack.recorder.timeline import NOTHING, total

STILL = 0.01
"""A device that worked for less than this part of the time stood still."""

REST_S = 10.0
"""For so long it must stand still before its power is that of an idle device: a look now and then may miss its work."""


class DeviceTotals:
    """The sums over one device's readings; they go on from those of a recorder that died *before*."""

    def __init__(self, before: DeviceUse | None = None) -> None:
        self.process = before.process if before is not None else None
        self.idle = before.idle if before is not None else None
        self.idle_watts = before.idle_watts if before is not None else None
        self._rest: Energy | None = None  # since it has stood still; None while it does not

    def add(self, reading: Reading) -> None:
        """Take in the next reading."""
        if reading.share is not None:
            self.process = (self.process or 0.0) + reading.joules * reading.share
        if (idle := reading.idle) is not None:
            self.idle = total(self.idle or NOTHING, idle)
        self._watch(reading)

    def _watch(self, reading: Reading) -> None:
        """Find the least mean power of ten seconds in which nothing ran."""
        if reading.busy is None or reading.busy >= STILL:
            self._rest = None
        elif self._rest is None:
            self._rest = NOTHING  # its end was still, and its beginning perhaps not
        else:
            rest = self._rest = total(self._rest, Energy(joules=reading.joules, seconds=reading.seconds))
            if rest.seconds >= REST_S:
                watts = rest.joules / rest.seconds
                self.idle_watts = watts if self.idle_watts is None else min(watts, self.idle_watts)
                self._rest = NOTHING
