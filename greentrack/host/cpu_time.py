"""CPU time of this machine, its number of CPUs, and the CPU limits of control groups."""

import contextlib
import os
import re
from pathlib import Path
from typing import NamedTuple

from greentrack.errors import MeterError
from greentrack.host.facts import PROC, SYS

TICK_S = 1 / os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 0.01
"""The unit in which the kernel counts CPU time."""


def busy_seconds(proc: Path = PROC) -> tuple[float, float]:
    """Return (busy, total) CPU seconds of this machine since it started, over all its CPUs.

    Time stolen by the hypervisor is in the total and not busy; a guest's time is in its host's user time. Raises
    MeterError if neither /proc/stat nor psutil has it.
    """
    try:
        with open(proc / "stat", "rb") as file:
            fields = file.readline().split()
        user, nice, system, idle, iowait, irq, softirq, steal = (int(field) * TICK_S for field in fields[1:9])
    except FileNotFoundError:
        return _busy_seconds_elsewhere()
    except (OSError, ValueError) as error:
        raise MeterError(f"{proc / 'stat'} cannot be read ({error}); the CPU load is unknown") from error
    busy = user + nice + system + irq + softirq
    return busy, busy + idle + iowait + steal


def _busy_seconds_elsewhere() -> tuple[float, float]:
    import psutil

    try:
        times = psutil.cpu_times()
    except (psutil.Error, OSError) as error:
        raise MeterError(f"this system does not tell its CPU times ({error}); the CPU load is unknown") from error
    busy = times.user + times.system + getattr(times, "nice", 0.0)
    return busy, busy + times.idle


def cpus(proc: Path = PROC, sys: Path = SYS) -> int:
    """Return how many logical CPUs this machine has online.

    Affinity and quotas do not count: a CPU that the process may not use draws idle power too.
    """
    with contextlib.suppress(OSError, ValueError):
        ranges = (sys / "devices/system/cpu/online").read_text().strip().split(",")
        edges = [[int(edge) for edge in part.split("-")] for part in ranges]
        return sum(edge[-1] - edge[0] + 1 for edge in edges)
    with contextlib.suppress(OSError):
        if listed := re.findall(r"^cpu\d", (proc / "stat").read_text(), flags=re.MULTILINE):
            return len(listed)
    return os.cpu_count() or 1


def cgroup_folders(controller: str, sys: Path = SYS, proc: Path = PROC) -> list[Path]:
    """Return the folders of this process's control groups for *controller* ("cpu", "memory"), own first, root last.

    Handles both versions of control groups. In a container that sees only its own group, that group is the root.
    """
    try:
        lines = (proc / "self/cgroup").read_text().splitlines()
    except OSError:
        return []
    top = sys / "fs/cgroup"
    folders: list[Path] = []
    for line in lines:
        _, names, path = line.split(":", 2)
        if names == "":
            root = top
            if not (root / "cgroup.controllers").exists():
                continue  # version 2 beside version 1: the controllers are with version 1
        elif controller in names.split(","):
            root = next((top / name for name in (names, controller) if (top / name).is_dir()), top / controller)
        else:
            continue
        parts = path.strip("/").split("/") if path.strip("/") else []
        if ".." in parts or not root.joinpath(*parts).is_dir():
            parts = []  # a path of the host, but the mount has only the container's own group
        folders += [root.joinpath(*parts[:depth]) for depth in range(len(parts), -1, -1)]
    return folders


class Quota(NamedTuple):
    """A limit on the CPU time of a control group, in CPUs. The folder *accounts* has the time that it used."""

    cpus: float
    accounts: Path

    def used_seconds(self) -> float | None:
        """Return the CPU seconds that the group has used, or None if unknown."""
        for name, found, seconds in (("cpu.stat", r"usage_usec (\d+)", 1e-6), ("cpuacct.usage", r"(\d+)", 1e-9)):
            try:
                match = re.search(found, (self.accounts / name).read_text())
            except OSError:
                continue
            if match:
                return int(match[1]) * seconds
        return None


def quota(sys: Path = SYS, proc: Path = PROC) -> Quota | None:
    """Return the lowest CPU quota of this process's control groups, or None if there is none."""
    folders, accounts = cgroup_folders("cpu", sys, proc), cgroup_folders("cpuacct", sys, proc)
    if len(accounts) != len(folders):
        accounts = folders  # version 2, or groups that do not match: version 1 can mount the two separately
    found = [
        Quota(cpus=limit, accounts=account)
        for folder, account in zip(folders, accounts, strict=True)
        if (limit := _limit(folder)) is not None
    ]
    return min(found, key=lambda each: each.cpus, default=None)


def _limit(folder: Path) -> float | None:
    try:
        if (folder / "cpu.max").exists():
            allowed, period = (folder / "cpu.max").read_text().split()
        else:
            allowed = (folder / "cpu.cfs_quota_us").read_text()
            period = (folder / "cpu.cfs_period_us").read_text()
        return int(allowed) / int(period) if int(allowed) > 0 else None
    except (OSError, ValueError, ZeroDivisionError):
        return None  # "max", or the root group, which has no limit
