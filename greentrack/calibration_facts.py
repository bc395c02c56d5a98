"""What is found out about a host once: calibrations at its wall, tests of its sensors. Few runs ever need it."""

from collections.abc import Mapping
from typing import NamedTuple


class Calibration(NamedTuple):
    """What a meter at the wall showed while a host's *devices* (their uids) together drew *components_watts*.

    *at* is Unix time, *seconds* how long both were watched, *source* says which reading, *number* is the store's.
    """

    at: float
    components_watts: float
    wall_watts: float
    seconds: float
    devices: tuple[str, ...]
    source: str = ""
    number: int = 0


class SensorTest(NamedTuple):
    """How the sensor of one device did in a self-test.

    *update_seconds* lie between two of its updates at most; None where that was not probed or it did not move, and
    *note* says why. *spread* is (largest - smallest) / mean of the energies of equal windows. *joules* and *check* are
    the same energy by its two methods.
    """

    uid: str
    name: str = ""
    update_seconds: float | None = None
    spread: float | None = None
    joules: float = 0.0
    check: float | None = None
    note: str = ""


class SelfTest(NamedTuple):
    """How measuring went on a host at Unix time *at*: how late its *ticks* were (seconds), and each sensor."""

    at: float
    seconds: float
    ticks: int
    late_p50: float
    late_p99: float
    sensors: tuple[SensorTest, ...]


class HostCalibration(NamedTuple):
    """What was found out about a host and its sensors once and holds for its runs.

    *updates* are the seconds between two updates of a device's sensor, by device uid, where a self-test has seen them.
    """

    calibrations: tuple[Calibration, ...] = ()
    updates: Mapping[str, float] = {}
