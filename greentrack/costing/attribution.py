"""Attribution: by which method a device is read, and which share of its joules belongs to the run."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from greentrack.errors import StoreError
from greentrack.method import Method
from greentrack.methods import METHODS
from greentrack.model import DeviceUse, Energy, Reading, Record
from greentrack.vocabulary import KINDS


class AttributedUse(NamedTuple):
    """A device, its *joules* in this scope (None where nothing was read), and their *share* of the device's, 0 to 1."""

    use: DeviceUse
    method: Method
    joules: float | None
    share: float

    def of(self, energy: Energy | Reading) -> float:
        """Return the joules of an interval in this scope, by the power where the counter is not valid."""
        return self.share * (
            energy.joules if self.use.counter_valid or energy.cross_check is None else energy.cross_check
        )

    @property
    def idle(self) -> float | None:
        """The part of its joules that it used while idle, 0 to 1; None where unknown."""
        idle, energy = self.use.idle, self.use.energy
        return None if idle is None or energy.joules <= 0 else min(1.0, idle.joules / energy.joules)

    @property
    def above_idle(self) -> float | None:
        """The part of its joules beyond its idle power, 0 to 1; None where unknown."""
        watts, energy = self.use.idle_watts, self.use.energy
        return None if watts is None or energy.joules <= 0 else max(0.0, 1 - watts * energy.seconds / energy.joules)


def attribute(use: DeviceUse, scope: str) -> AttributedUse:
    """Attribute *use* to the run in *scope*. Raises StoreError for a kind or a method of a newer GreenTrack."""
    if use.device.kind not in KINDS:
        raise StoreError(f"{use.device.uid} is a {use.device.kind!r}, which this GreenTrack does not know; upgrade it")
    method = method_of(use)
    if not use.counter_valid and method.if_invalid:
        method = METHODS[method.if_invalid]
    if use.energy.seconds <= 0 and use.joules <= 0:
        return AttributedUse(use=use, method=method, joules=None, share=1.0)
    share = 1.0
    if scope == "process" and share_is_known(use):
        share = min(1.0, (use.process or 0.0) / use.energy.joules)
    return AttributedUse(use=use, method=method, joules=use.joules * share, share=share)


def method_of(use: DeviceUse) -> Method:
    """Return the method of *use*. Raises StoreError for a method of a newer GreenTrack."""
    if use.method not in METHODS:
        raise StoreError(
            f"{use.device.uid} was read by {use.method!r}, which this GreenTrack does not know; upgrade it"
        )
    return METHODS[use.method]


def share_is_known(use: DeviceUse) -> bool:
    """Return True if the run's own share of a device is known."""
    return use.process is not None and use.energy.joules > 0  # a counter that stood still says nothing of shares


def share_counted(uses: Sequence[AttributedUse]) -> float:
    """Return the share of the devices' joules that is in this scope."""
    components = [use for use in uses if use.joules is not None]
    whole = sum(use.use.joules for use in components)
    return sum(use.joules or 0.0 for use in components) / whole if whole > 0 else 1.0


def update_seconds(record: Record) -> Mapping[str, float]:
    """Return the update interval of each counter that was tested and is used, by device uid."""
    if record.calibration is None:
        return {}
    replaced = {use.device.uid for use in record.devices if not use.counter_valid}  # its power moves at another pace
    return {uid: seconds for uid, seconds in record.calibration.updates.items() if uid not in replaced}


def devices_read(record: Record) -> list[str]:
    """Return the uids of the devices that were read."""
    return [use.device.uid for use in record.devices if use.energy.seconds > 0 or use.joules > 0]
