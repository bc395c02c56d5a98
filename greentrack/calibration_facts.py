"""Facts about a host that are measured once: calibrations at its wall, and tests of its sensors."""

from collections.abc import Mapping
from typing import NamedTuple


class Calibration(NamedTuple):
    """The power that a meter at the wall showed while a host's *devices* (uids) together drew *components_watts*.

    *at* is Unix time, *seconds* how long both were read, *source* says which reading, *number* is the store's key.
    """

    at: float
    components_watts: float
    wall_watts: float
    seconds: float
    devices: tuple[str, ...]
    source: str = ""
    number: int = 0


class SensorTest(NamedTuple):
    """The result of one device's sensor in a self-test.

    *update_seconds* is the longest time between two of its updates; None where that was not probed or it did not move,
    and *note* says why. *spread* is (largest - smallest) / mean of the energies of equal windows. *joules* and
    *cross_check* are the same energy by its two methods.
    """

    uid: str
    name: str = ""
    update_seconds: float | None = None
    spread: float | None = None
    joules: float = 0.0
    cross_check: float | None = None
    note: str = ""


class SelfTest(NamedTuple):
    """A self-test of a host at Unix time *at*: how late its *ticks* were (seconds), and the result of each sensor."""

    at: float
    seconds: float
    ticks: int
    late_p50: float
    late_p99: float
    sensors: tuple[SensorTest, ...]


class HostCalibration(NamedTuple):
    """The calibrations of a host and its sensors, which hold for all its runs.

    *updates* are the seconds between two updates of a device's sensor, by device uid, where a self-test measured them.
    """

    calibrations: tuple[Calibration, ...] = ()
    updates: Mapping[str, float] = {}
