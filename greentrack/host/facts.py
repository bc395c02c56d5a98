"""Facts of this host: its clock, boot, processes, hardware and time zone."""

import contextlib
import os
import re
import sys
from pathlib import Path

from greentrack.clock import clock as _clock
from greentrack.model import Host

clock = _clock
PROC, SYS = Path("/proc"), Path("/sys")

_CHASSIS = {  # codes of SMBIOS 3.x, table 17
    "desktop": (3, 4, 5, 6, 7, 13, 15, 16, 24, 35, 36),
    "laptop": (8, 9, 10, 11, 14, 30, 31, 32),
    "server": (17, 23, 25, 28, 29),
}


def boot_id(proc: Path = PROC) -> str:
    """Return an id of this boot of this machine: the kernel's, or one made of the boot time where it has none."""
    try:
        return (proc / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        import psutil

        return f"{os.uname().nodename if hasattr(os, 'uname') else 'host'}-{psutil.boot_time():.0f}"


def process_started(pid: int, proc: Path = PROC) -> float | None:
    """Return when process *pid* started (seconds since boot on Linux, Unix time elsewhere), or None if there is none.

    Together with the pid it identifies a process within one boot. A zombie counts as ended.
    """
    if sys.platform == "linux":
        try:
            fields = (proc / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else int(fields[19]) / os.sysconf("SC_CLK_TCK")
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def host(proc: Path = PROC, sys_: Path = SYS) -> Host:
    """Describe this machine; unknown facts stay empty."""
    if hasattr(os, "uname"):
        system, name, release, _, machine = os.uname()
    else:
        import platform

        system, name, release, _, machine, _ = platform.uname()
    info = cpuinfo(proc)
    return Host(
        id=_host_id(name),
        name=name or "localhost",
        system=f"{system} {release}",
        cpu=info.get("model name") or info.get("Model") or machine,
        cpus=os.cpu_count() or 0,
        memory_bytes=memory_bytes(proc) or 0,
        chassis=chassis(proc, sys_),
        timezone=timezone(),
    )


def cpuinfo(proc: Path = PROC) -> dict[str, str]:
    """Return the first processor's entry of /proc/cpuinfo, or {} if there is none."""
    fields: dict[str, str] = {}
    try:
        with open(proc / "cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if not line.strip():
                    break  # reading on would cost the kernel time for every processor
                key, _, value = line.partition(":")
                fields[key.strip()] = value.strip()
    except OSError:
        return {}
    return fields


def number_in(file: Path) -> int:
    """Return the whole number that a small file holds, or 0 where there is none."""
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return 0


def is_virtual(proc: Path = PROC) -> bool:
    """True if the processor reports a hypervisor."""
    return "hypervisor" in cpuinfo(proc).get("flags", "").split()


def chassis(proc: Path = PROC, sys_: Path = SYS) -> str:
    """Return the kind of machine: vm, laptop, desktop, server or unknown."""
    if is_virtual(proc):
        return "vm"
    code = number_in(sys_ / "class/dmi/id/chassis_type")
    has_battery = any((sys_ / "class/power_supply").glob("BAT*"))
    return next((kind for kind, codes in _CHASSIS.items() if code in codes), "laptop" if has_battery else "unknown")


def timezone() -> str | None:
    """Return this machine's IANA time zone (``Europe/Paris``), or None if it is not set or has no name."""
    if name := os.environ.get("TZ", "").lstrip(":"):
        return name if "/" in name and not name.startswith("/") else None
    try:
        target = os.path.realpath("/etc/localtime")
    except OSError:
        return None
    _, found, name = target.partition("zoneinfo/")
    if found:
        return name
    try:
        return Path("/etc/timezone").read_text().strip() or None
    except OSError:
        return None


def _host_id(name: str) -> str:
    import zlib  # hashlib would load OpenSSL: 3.6 MB in every recorder

    try:
        machine = Path("/etc/machine-id").read_text().strip()
    except OSError:
        import uuid

        machine = f"{uuid.getnode():x}"
    # machine-id(5) is confidential: a 64-bit hash does not reveal it
    parts = (f"greentrack:{machine}:{name}", f"{name}:{machine}:greentrack")
    return "".join(f"{zlib.crc32(part.encode()):08x}" for part in parts)


def memory_bytes(proc: Path = PROC) -> int | None:
    """Return the memory that this machine has, or None if unknown."""
    with contextlib.suppress(OSError, ValueError):
        if found := re.search(r"^MemTotal:\s+(\d+)", (proc / "meminfo").read_text(), flags=re.MULTILINE):
            return int(found[1]) * 1024
    if sys.platform == "linux":
        return None
    import psutil

    try:
        return int(psutil.virtual_memory().total)
    except (psutil.Error, OSError):
        return None
