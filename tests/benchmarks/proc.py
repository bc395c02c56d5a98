"""What /proc tells of a process: CPU time, memory, threads, children. Imports nothing that GreenTrack would import."""

import os
import time


def cpu_seconds(pid: int = 0) -> float:
    """CPU time of process *pid* (0: this one), of threads that have ended too, to the nanosecond."""
    whole_process = 2  # CPUCLOCK_SCHED, as clock_getcpuclockid(3) makes it of a pid
    return time.clock_gettime(~pid << 3 | whole_process)


def memory_mib(pid: int | str = "self") -> tuple[float, float]:
    """Resident and proportional memory (shared pages counted in part) of *pid*, in MiB."""
    found = {"Rss": 0, "Pss": 0}
    with open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            name, _, rest = line.partition(":")
            if name in found:
                found[name] = int(rest.split()[0])
    return found["Rss"] / 1024, found["Pss"] / 1024


def threads(pid: int | str = "self") -> int:
    """How many threads *pid* has."""
    return len(os.listdir(f"/proc/{pid}/task"))


def children(parent: int) -> list[int]:
    """The direct children of *parent*."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat") as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile
            if int(fields[1]) == parent:
                found.append(int(entry))
    return found
