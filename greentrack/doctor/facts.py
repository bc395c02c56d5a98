"""What an examination, a self-test and a calibration of this machine find: facts that reports render."""

from typing import Any, NamedTuple

from greentrack.calibration_facts import Calibration, SelfTest
from greentrack.carbon import Intensity
from greentrack.costing.system_overhead import Chassis
from greentrack.method import Method
from greentrack.model import Host, Missing


class DeviceCheck(NamedTuple):
    """A device that can be read here. *watts* is None where it could not be read; *trouble* then says why."""

    uid: str
    kind: str
    name: str
    method: Method
    watts: float | None
    trouble: str = ""
    note: str = ""

    @property
    def measured(self) -> bool:
        """True where a sensor answers for it."""
        return self.method.measured and self.watts is not None


class Setting(NamedTuple):
    """A setting in force and where it comes from."""

    name: str
    value: Any
    origin: str


class DatabaseCheck(NamedTuple):
    """The database: how many runs are in it, and why it cannot be read or written; "" where it can."""

    path: str
    exists: bool
    runs: int
    trouble: str = ""


class Examination(NamedTuple):
    """What was found. *recorder_seconds* is how long a trial run took, None where nothing was kept of it."""

    host: Host
    devices: tuple[DeviceCheck, ...]
    missing: tuple[Missing, ...]
    settings: tuple[Setting, ...]
    database: DatabaseCheck
    recorder_seconds: float | None
    intensity: Intensity

    @property
    def measured(self) -> bool:
        """True where any sensor answers, so that not all is a model."""
        return any(device.measured for device in self.devices)


class SelfTestResult(NamedTuple):
    """A self-test, and why it could not be kept; "" where it was."""

    test: SelfTest
    trouble: str = ""


class KeptCalibration(NamedTuple):
    """A calibration that was stored with its *host*, and the *fit* of the machine's overhead that it makes."""

    host: Host
    calibration: Calibration
    fit: Chassis
