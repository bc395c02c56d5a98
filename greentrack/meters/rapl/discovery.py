"""Which RAPL counters this machine has, or why it has none and the command that helps."""

import re
import sys
from pathlib import Path

from greentrack.errors import MeterError
from greentrack.meters.base import Context, Discovery
from greentrack.meters.cpu_tdp import Processor, processor, short_name
from greentrack.meters.rapl.meter import RaplCounter, Zone, agree, chmod_command, read_text
from greentrack.model import Device, Missing

_FOLDER = re.compile(r"intel-rapl(:\d+)+")  # AMD's zones bear Intel's name; intel-rapl-mmio repeats package 0
_COUNTED = re.compile(r"package-\d+(-die-\d+)?|dram")  # core and uncore are inside the package, psys is around it


def discover(context: Context) -> Discovery:
    """Return a counter for each package and each memory zone, or why there is none and the command that helps."""
    cpu = processor(context.proc)
    top = context.sys / "class/powercap"
    folders = {folder.name: folder for folder in _folders(top)}
    zones = _zones(folders)
    if not zones:
        reason, remedy = _why_none(cpu, context, masked=bool(folders))
        return Discovery(missing=[Missing(source="rapl", reason=reason, remedy=remedy)])
    several = sum(zone.kind == "cpu" for zone in zones) > 1
    readable: list[Zone] = []
    meters: list[RaplCounter] = []
    closed: list[Zone] = []
    missing: list[Missing] = []
    for zone in zones:
        try:
            zone.joules()
            alike = (other for other in readable if zone.kind == other.kind)
            twin = next((other for other in alike if agree(other.joules(), zone.joules(), other.joules())), None)
        except MeterError as error:
            if isinstance(error.__cause__, PermissionError):
                closed.append(zone)
            else:
                missing.append(Missing(source=zone.uid, reason=str(error)))
            continue
        readable.append(zone)
        meters.append(_meter(zone, cpu, several, twin))
    if closed:
        missing.append(
            Missing(
                source="rapl",
                reason="the processor's energy counters may be read by root only, as they can leak what it computes "
                "(CVE-2020-8694); the command opens them, and that side channel, to all users until the next start",
                remedy=chmod_command(closed),
            )
        )
    return Discovery(meters=meters, missing=missing)


def _folders(top: Path) -> list[Path]:
    """Return the zones' folders: flat links in sysfs; a copy or a mount may only have them nested."""
    flat = [folder for folder in top.glob("intel-rapl:*") if _FOLDER.fullmatch(folder.name)]
    nested = [inner for folder in flat for inner in folder.glob("intel-rapl:*") if _FOLDER.fullmatch(inner.name)]
    return nested + flat


def _zones(folders: dict[str, Path]) -> list[Zone]:
    names = {}
    for key, folder in folders.items():
        try:
            names[key] = read_text(folder / "name")
        except OSError:
            continue  # a dangling link: the zone is masked
    zones = [
        Zone(folders[key], name, name if name != "dram" else names.get(key.rpartition(":")[0], key))
        for key, name in names.items()
        if _COUNTED.fullmatch(name)
    ]
    return sorted(zones, key=lambda zone: (zone.name == "dram", [int(part) for part in re.findall(r"\d+", zone.uid)]))


def _meter(zone: Zone, cpu: Processor, several: bool, twin: Zone | None) -> RaplCounter:
    name = short_name(cpu.name) or "processor"
    if several:
        name += f" ({zone.owner})"
    if zone.kind == "dram":
        name = "memory of " + name
    details = {"zone": str(zone.folder), "source": "Linux powercap"}
    device = Device(uid=zone.uid, kind=zone.kind, name=name, details=details)
    return RaplCounter(device, zone, "rapl-amd" if cpu.is_amd else "rapl", twin)


def _why_none(cpu: Processor, context: Context, *, masked: bool) -> tuple[str, str]:
    """Return the reason, and the remedy if there is one."""
    if not (context.proc / "cpuinfo").exists():
        return f"energy counters of processors are read through Linux powercap, and this is {sys.platform}", ""
    if cpu.is_arm:
        return "ARM processors have no RAPL energy counters", ""
    if masked:
        return (
            "this container hides the processor's energy counters (/sys/devices/virtual/powercap is masked)",
            "docker run --security-opt systempaths=unconfined IMAGE  # shows it all that Docker masks of the host",
        )
    if cpu.is_virtual:
        return "this is a virtual machine, and its host does not show it the processor's energy counters", ""
    release = _release(context.proc)
    if cpu.is_amd and release < (5, 11):
        version = ".".join(str(part) for part in release)
        return f"Linux {version} cannot read AMD's energy counters; it takes about 5.11 (5.8 by some accounts)", ""
    return "the powercap driver is not loaded, or this processor has no counters", "sudo modprobe intel_rapl_msr"


def _release(proc: Path) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in re.findall(r"\d+", (proc / "sys/kernel/osrelease").read_text())[:2])
    except OSError:
        return ()
