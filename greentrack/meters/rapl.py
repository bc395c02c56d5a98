"""Intel and AMD processors and their memory, through Linux powercap (RAPL)."""

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

from greentrack.errors import MeterError
from greentrack.meters.base import Context, Counter, Discovery
from greentrack.meters.cpu_tdp import Processor, plain, processor
from greentrack.model import Device, Energy, Missing

PACKAGE_WATTS, DRAM_WATTS = 1000.0, 400.0
"""What no package and no package's memory draws, where the zone states no limit of its own."""

_FOLDER = re.compile(r"intel-rapl(:\d+)+")  # AMD's zones bear Intel's name; intel-rapl-mmio repeats package 0
_COUNTED = re.compile(r"package-\d+(-die-\d+)?|dram")  # core and uncore are inside the package, psys is around it


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
            return int(_text(self.file)) / 1e6
        except PermissionError as error:
            raise MeterError(f"{self.file} may not be read; try: {_opening([self])}") from error
        except (OSError, ValueError) as error:
            raise MeterError(f"{self.file} cannot be read ({error})") from error


def _text(file: Path) -> str:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        return os.read(descriptor, 64).decode("ascii", errors="replace").strip()
    finally:
        os.close(descriptor)


class RaplCounter(Counter):
    """A zone's energy counter. *like* is an earlier zone whose count was the same at the start: perhaps a mirror of it.

    Some processors show one counter under the name of each die, and two real ones may start alike by chance. Until
    the counts have moved, such a zone holds its energy back; if they then still agree it is never counted, and if they
    do not, nothing is lost, because its first difference spans all the time since the start.
    """

    min_gap = 0.005  # the processor updates its count about once a millisecond

    def __init__(self, device: Device, zone: Zone, method: str, like: Zone | None = None) -> None:
        super().__init__(device)
        self.method = method
        self.wrap = _wrap(zone)
        self.most = _most(zone)
        self._zone, self._like = zone, like
        self._like_began: float | None = None  # what the other one had counted at our first read
        self._held_since: float | None = None
        self._mirror = False

    def count(self) -> float:
        """Joules counted since the counter last started at 0."""
        return self._zone.joules()

    def _advance(self, now: float, since: float | None) -> Energy | None:
        if self._mirror:
            return Energy(seconds=0.0 if since is None else now - since)
        if self._like is None:
            return super()._advance(now, since)
        before, count, after = self._like.joules(), self.count(), self._like.joules()
        if since is None or self._held_since is None or self._like_began is None:
            self._like_began, self._held_since = after, now
            return super()._advance(now, None)
        agree = _agree(before, count, after)
        if agree and 0 <= after - self._like_began <= 2.0:
            return None  # not far enough from the start to tell
        held, like = self._held_since, self._like
        self._like = None
        if not agree:
            return super()._advance(now, held)
        self._mirror = True
        self.note = f"shows the counter of {like.uid} again, so it is not counted"
        return Energy(seconds=now - held)


def _agree(before: float, count: float, after: float) -> bool:
    """Whether *count*, taken between two reads of another counter, can be the same one: within 1 J or a millionth."""
    slack = max(1.0, 1e-6 * after)
    return before - slack <= count <= after + slack


def _wrap(zone: Zone) -> float | None:
    try:
        largest = int(_text(zone.folder / "max_energy_range_uj"))
    except (OSError, ValueError):
        return None
    return (largest + 1) / 1e6 if largest > 0 else None


def _most(zone: Zone) -> float:
    usual = DRAM_WATTS if zone.kind == "dram" else PACKAGE_WATTS
    limits = []
    for file in zone.folder.glob("constraint_*_uw"):
        if file.name.endswith(("_max_power_uw", "_power_limit_uw")):
            try:
                limits.append(int(_text(file)) / 1e6)
            except (OSError, ValueError):
                continue  # a limit that cannot be read is a limit that is not known
    # a board may set its short-term limit far above the rated power, or to "none"; both are seen here
    highest = max(limits, default=0.0)
    return 2 * highest if 1.0 <= highest <= usual else usual


def discover(context: Context) -> Discovery:
    """Return a counter for each package and each memory zone, or why there is none and the command that mends it."""
    cpu = processor(context.proc)
    top = context.sys / "class/powercap"
    folders = {folder.name: folder for folder in _folders(top)}
    zones = _zones(folders)
    if not zones:
        return Discovery(missing=[_why_none(cpu, context, masked=bool(folders))])
    several = sum(zone.kind == "cpu" for zone in zones) > 1
    readable: list[Zone] = []
    meters: list[RaplCounter] = []
    closed: list[Zone] = []
    missing: list[Missing] = []
    for zone in zones:
        try:
            zone.joules()
            like = next((other for other in readable if zone.kind == other.kind and _start_alike(zone, other)), None)
        except MeterError as error:
            if isinstance(error.__cause__, PermissionError):
                closed.append(zone)
            else:
                missing.append(Missing(source=zone.uid, reason=str(error)))
            continue
        readable.append(zone)
        meters.append(_meter(zone, cpu, several, like))
    if closed:
        missing.append(
            Missing(
                source="rapl",
                reason="the processor's energy counters may be read by root only, as they can leak what it computes "
                "(CVE-2020-8694); the command opens them, and that side channel, to all users until the next start",
                remedy=_opening(closed),
            )
        )
    return Discovery(meters=meters, missing=missing)


def _start_alike(zone: Zone, other: Zone) -> bool:
    return _agree(other.joules(), zone.joules(), other.joules())


def _folders(top: Path) -> list[Path]:
    """Zones lie flat beside each other in sysfs, as links; a copy or a mount may show them nested only."""
    flat = [folder for folder in top.glob("intel-rapl:*") if _FOLDER.fullmatch(folder.name)]
    nested = [inner for folder in flat for inner in folder.glob("intel-rapl:*") if _FOLDER.fullmatch(inner.name)]
    return nested + flat


def _zones(folders: dict[str, Path]) -> list[Zone]:
    names = {}
    for key, folder in folders.items():
        try:
            names[key] = _text(folder / "name")
        except OSError:
            continue  # a dangling link: the zone is masked
    zones = [
        Zone(folders[key], name, name if name != "dram" else names.get(key.rpartition(":")[0], key))
        for key, name in names.items()
        if _COUNTED.fullmatch(name)
    ]
    return sorted(zones, key=lambda zone: (zone.name == "dram", [int(part) for part in re.findall(r"\d+", zone.uid)]))


def _meter(zone: Zone, cpu: Processor, several: bool, like: Zone | None) -> RaplCounter:
    name = plain(cpu.name) or "processor"
    if several:
        name += f" ({zone.owner})"
    if zone.kind == "dram":
        name = "memory of " + name
    device = Device(
        uid=zone.uid,
        kind=zone.kind,
        name=name,
        details={"zone": str(zone.folder), "source": "Linux powercap"},
    )
    return RaplCounter(device, zone, "rapl-amd" if cpu.amd else "rapl", like)


def _opening(zones: list[Zone]) -> str:
    return "sudo chmod a+r " + " ".join(str(zone.file) for zone in zones)


def _why_none(cpu: Processor, context: Context, *, masked: bool) -> Missing:
    def missing(reason: str, remedy: str = "") -> Missing:
        return Missing(source="rapl", reason=reason, remedy=remedy)

    if not (context.proc / "cpuinfo").exists():
        return missing(f"energy counters of processors are read through Linux powercap, and this is {sys.platform}")
    if cpu.arm:
        return missing("ARM processors have no RAPL energy counters")
    if masked:
        return missing(
            "this container hides the processor's energy counters (/sys/devices/virtual/powercap is masked)",
            "docker run --security-opt systempaths=unconfined IMAGE  # shows it all that Docker masks of the host",
        )
    if cpu.virtual:
        return missing("this is a virtual machine, and its host does not show it the processor's energy counters")
    release = _release(context.proc)
    if cpu.amd and release < (5, 11):
        version = ".".join(str(part) for part in release)
        return missing(f"Linux {version} cannot read AMD's energy counters; it takes about 5.11 (5.8 by some accounts)")
    return missing(
        "the powercap driver is not loaded, or this processor has no counters", "sudo modprobe intel_rapl_msr"
    )


def _release(proc: Path) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in re.findall(r"\d+", (proc / "sys/kernel/osrelease").read_text())[:2])
    except OSError:
        return ()
