"""The devices of a run as they are counted: by which method, and which part of their joules in which scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from greentrack.errors import StoreError
from greentrack.methods import METHODS, Method
from greentrack.model import DeviceUse, Energy, Reading, Record
from greentrack.vocabulary import KINDS


class AttributedUse(NamedTuple):
    """A device of the run and the part of its joules that counts in this scope, 0 to 1; None where nothing was read."""

    use: DeviceUse
    method: Method
    joules: float | None
    part: float

    def of(self, energy: Energy | Reading) -> float:
        """Return the joules of a stretch by the method that is believed, for this scope."""
        return self.part * (
            energy.joules if self.use.counter_valid or energy.cross_check is None else energy.cross_check
        )

    @property
    def idle(self) -> float | None:
        """The part of its joules that was used while it idled, 0 to 1; None where nobody knows."""
        idle, energy = self.use.idle, self.use.energy
        return None if idle is None or energy.joules <= 0 else min(1.0, idle.joules / energy.joules)

    @property
    def above_idle(self) -> float | None:
        """The part of its joules beyond what it would have used with nothing running on it; None where nobody knows."""
        watts, energy = self.use.idle_watts, self.use.energy
        return None if watts is None or energy.joules <= 0 else max(0.0, 1 - watts * energy.seconds / energy.joules)


def used(use: DeviceUse, scope: str) -> AttributedUse:
    """Return how *use* counts in *scope*. Raises StoreError for a kind or a method of a newer GreenTrack."""
    if use.device.kind not in KINDS:
        raise StoreError(f"{use.device.uid} is a {use.device.kind!r}, which this GreenTrack does not know; upgrade it")
    method = method_of(use)
    if not use.counter_valid and use.method.startswith("nvml-"):
        method = METHODS["nvml-distrusted"]
    if use.energy.seconds <= 0 and use.joules <= 0:
        return AttributedUse(use=use, method=method, joules=None, part=1.0)
    part = 1.0
    if scope == "process" and share_is_known(use):
        part = min(1.0, (use.process or 0.0) / use.energy.joules)
    return AttributedUse(use=use, method=method, joules=use.joules * part, part=part)


def method_of(use: DeviceUse) -> Method:
    """Return how a device was read. Raises StoreError for a method of a newer GreenTrack."""
    if use.method not in METHODS:
        raise StoreError(
            f"{use.device.uid} was read by {use.method!r}, which this GreenTrack does not know; upgrade it"
        )
    return METHODS[use.method]


def share_is_known(use: DeviceUse) -> bool:
    """Return whether the run's own share of a device is known."""
    return use.process is not None and use.energy.joules > 0  # a counter that stood still says nothing of shares


def own_part(uses: Sequence[AttributedUse]) -> float:
    """Return the part of the devices' joules that counts in this scope."""
    components = [use for use in uses if use.joules is not None]
    whole = sum(use.use.joules for use in components)
    return sum(use.joules or 0.0 for use in components) / whole if whole > 0 else 1.0


def updates(record: Record) -> Mapping[str, float]:
    """Return the seconds between two updates of the counters that were tested, by device uid, where they are used."""
    if record.calibration is None:
        return {}
    replaced = {use.device.uid for use in record.devices if not use.counter_valid}  # its power moves at another pace
    return {uid: seconds for uid, seconds in record.calibration.updates.items() if uid not in replaced}


def seen(record: Record) -> list[str]:
    """Return the uids of the devices that were read."""
    return [use.device.uid for use in record.devices if use.energy.seconds > 0 or use.joules > 0]
