"""One RAPL zone and its energy counter."""

import os
from pathlib import Path
from typing import NamedTuple

from greentrack.errors import MeterError
from greentrack.host.facts import number_in
from greentrack.meters.base import Counter
from greentrack.model import Device, Energy

MAX_PACKAGE_W, MAX_DRAM_W = 1000.0, 400.0
"""The most that a package and its memory can draw, where the zone states no limit of its own."""


class Zone(NamedTuple):
    """One powercap zone: its *folder*, its *name* (``package-0``, ``dram``), and its package's name as *owner*."""

    folder: Path
    name: str
    owner: str

    @property
    def file(self) -> Path:
        """Where the kernel shows the count, in microjoules."""
        return self.folder / "energy_uj"

    @property
    def uid(self) -> str:
        """The device's uid: rapl:package-0, rapl:package-0/dram."""
        return f"rapl:{self.name}" if self.name == self.owner else f"rapl:{self.owner}/{self.name}"

    @property
    def kind(self) -> str:
        """The device's kind: a package is a cpu."""
        return "dram" if self.name == "dram" else "cpu"

    def joules(self) -> float:
        """Joules counted since the counter last started at 0. Raises MeterError."""
        try:
            return int(read_text(self.file)) / 1e6
        except PermissionError as error:
            raise MeterError(f"{self.file} may not be read; try: {chmod_command([self])}") from error
        except (OSError, ValueError) as error:
            raise MeterError(f"{self.file} cannot be read ({error})") from error


def read_text(file: Path) -> str:
    """Return the stripped text of a small file. Raises OSError."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        return os.read(descriptor, 64).decode("ascii", errors="replace").strip()
    finally:
        os.close(descriptor)


class RaplCounter(Counter):
    """A zone's energy counter. *twin* is an earlier zone with the same count at the start: this one may mirror it.

    Some processors show one counter under the name of each die, and two real counters may start alike by chance. Such
    a zone reports no energy until the counts have moved. If they still agree then, it is never counted; if they do
    not, nothing is lost, because its first difference spans all the time since the start.
    """

    min_gap = 0.005  # the processor updates its count about once a millisecond

    def __init__(self, device: Device, zone: Zone, method: str, twin: Zone | None = None) -> None:
        super().__init__(device)
        self.method = method
        self.wrap = _wrap(zone)
        self.max_watts = _max_watts(zone)
        self._zone, self._twin = zone, twin
        self._start: tuple[float, float] | None = None  # the twin's count at our first read, and its time
        self._is_mirror = False

    def count(self) -> float:
        """Joules counted since the counter last started at 0."""
        return self._zone.joules()

    def _advance(self, now: float, since: float | None) -> Energy | None:
        if self._is_mirror:
            return Energy(seconds=0.0 if since is None else now - since)
        twin = self._twin
        if twin is None:
            return super()._advance(now, since)
        before, count, after = twin.joules(), self.count(), twin.joules()
        if since is None or self._start is None:
            self._start = after, now
            return super()._advance(now, None)
        twin_start, held_since = self._start
        same = agree(before, count, after)
        if same and 0 <= after - twin_start <= 2.0:
            return None  # too close to the start to tell
        self._twin = None
        if not same:
            return super()._advance(now, held_since)
        self._is_mirror = True
        self.note = f"shows the counter of {twin.uid} again, so it is not counted"
        return Energy(seconds=now - held_since)


def agree(before: float, count: float, after: float) -> bool:
    """True if *count*, read between two reads of another counter, may be the same one: within 1 J or a millionth."""
    slack = max(1.0, 1e-6 * after)
    return before - slack <= count <= after + slack


def _wrap(zone: Zone) -> float | None:
    largest = number_in(zone.folder / "max_energy_range_uj")
    return (largest + 1) / 1e6 if largest > 0 else None


def _max_watts(zone: Zone) -> float:
    usual = MAX_DRAM_W if zone.kind == "dram" else MAX_PACKAGE_W
    files = [file for kind in ("max_power", "power_limit") for file in zone.folder.glob(f"constraint_*_{kind}_uw")]
    # boards set the short-term limit far above the rated power, or to "none"
    highest = max(map(number_in, files), default=0) / 1e6
    return 2 * highest if 1.0 <= highest <= usual else usual


def chmod_command(zones: list[Zone]) -> str:
    """Return the command that lets everybody read the counters of *zones*."""
    return "sudo chmod a+r " + " ".join(str(zone.file) for zone in zones)
