"""Processors without a counter: power modelled from rated power, load and clock frequency."""

import csv
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from greentrack.errors import MeterError
from greentrack.host.cpu_time import Quota, busy_seconds, cpus, quota
from greentrack.host.facts import number_in
from greentrack.meters.base import Context, Discovery, Gauge
from greentrack.meters.cpu_tdp import TABLE_SOURCE, Processor, cores, processor, rated_watts, short_name
from greentrack.model import Device, Missing

CURVE = ((0.0, 0.0), (0.1, 0.40), (0.5, 0.75), (1.0, 1.0))
"""Load, and the share of the way from idle to full power, at a steady frequency. The first busy core wakes what all
cores share and may boost. Half of the threads are one on each core; the second ones add about a quarter.
"""

CURVE_SOURCE = (
    "one curve for all, compared with four processors' public load and RAPL sweeps: middle error <= 30 % each"
)

IDLE_SHARE = 0.25
"""Idle power over full power where only the rated power is known: measured 0.11 to 0.38, Teads' c5.metal 0.09."""

FULL_SHARE = 0.80
"""Power at full load over rated power: measured 0.51 to 0.93 on four processors; the rating is for the cooling."""

TYPICAL_FREQUENCY = 0.80
"""Used where the frequency is unknown: the median of 76 measured points (all cores seldom reach the boost of one)."""

MAX_SAMPLED = 16
"""CPUs whose frequency is read, evenly spread: each costs some 20 us, and a server has hundreds."""

_THREADS_SOURCE = "Cloud Carbon Footprint coefficients (SPECpower averages)"


def power(load: float, idle_watts: float, max_watts: float, frequency: float = 1.0) -> float:
    """Return the modelled power at *load* (clipped to 0..1): concave, as measured on processors.

    *frequency* is the clock frequency over the highest one; power above idle is proportional to it.

    >>> [round(power(load, idle_watts=10.0, max_watts=110.0)) for load in (0, 0.1, 0.5, 1)]
    [10, 50, 85, 110]
    >>> round(power(1, idle_watts=10.0, max_watts=110.0, frequency=0.5))
    60
    """
    load = min(1.0, max(0.0, load))
    for (left, low), (right, high) in pairwise(CURVE):
        if load <= right:
            share = low + (high - low) * (load - left) / (right - left)
            return idle_watts + (max_watts - idle_watts) * share * frequency
    raise AssertionError("the curve ends at full load")


class Rating(NamedTuple):
    """The power of the processor, or of this machine's slice of one, idle and fully loaded, and its source."""

    max_watts: float
    idle_share: float
    tdp_watts: float | None
    assumed: str
    source: str

    @property
    def idle_watts(self) -> float:
        """The power while nothing runs."""
        return self.max_watts * self.idle_share

    def scaled(self, share: float) -> "Rating":
        """Return the rating of a part of this machine."""
        return self._replace(max_watts=self.max_watts * share)


def rate(cpu: Processor, threads: int) -> Rating:
    """Return the power of a machine with *threads* logical CPUs of this kind.

    A physical machine has whole processors, at the usual part of their rated power. A virtual one has some threads of
    a shared machine: each draws its share of that if the number of threads is known, else its generation's watts.
    """
    tdp = rated_watts(cpu.name)
    name = short_name(cpu.name) or "unknown processor"
    packages = max(1, round(threads / cpu.threads)) if cpu.threads else 1
    if tdp is not None and not cpu.is_virtual:
        assumed = f"{name}, rated {tdp:g} W" + (f", {packages} of them" if packages > 1 else "")
        assumed += f", {FULL_SHARE:.0%} of it at full load"
        return Rating(tdp * packages * FULL_SHARE, IDLE_SHARE, tdp, assumed, TABLE_SOURCE)
    slots = f"{threads} threads of a shared machine" if cpu.is_virtual else f"{threads} threads"
    all_threads = 2 * cores(cpu.name) if "EPYC" in cpu.name else 0  # each core of an EPYC has two threads
    if tdp is not None and all_threads:
        watts = tdp * FULL_SHARE / all_threads
        assumed = f"{name}, {slots} at {watts:.2f} W each ({FULL_SHARE:.0%} of {tdp:g} W for {all_threads})"
        return Rating(watts * threads, IDLE_SHARE, tdp, assumed, TABLE_SOURCE)
    row = _generation(cpu)
    idle, watts = float(row["idle_watts"]), float(row["max_watts"])
    assumed = f"{name}, {slots} at {watts:.2f} W each (as {row['architecture']})"
    if row["architecture"] == "unknown":
        assumed = f"{name}, in no table of ours: {slots} at {watts:.2f} W each, as processors have in the middle"
    max_watts = watts * threads
    if tdp is not None and tdp * packages * FULL_SHARE < max_watts:  # a slice of a laptop draws no more than the whole
        max_watts = tdp * packages * FULL_SHARE
        assumed = f"{name}, {slots}, rated {tdp:g} W, {FULL_SHARE:.0%} of it at full load"
    return Rating(max_watts, idle / watts, tdp, assumed, _THREADS_SOURCE)


def _generation(cpu: Processor) -> dict[str, str]:
    text = (Path(__file__).parents[1] / "data/cpu_watts_per_thread.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    vendor = "arm" if cpu.is_arm else cpu.vendor
    for row in rows:
        same = row["vendor"] == vendor and (cpu.is_arm or int(row["family"]) == cpu.family)
        if same and (
            cpu.is_arm or (str(cpu.model) in row["models"].split() and cpu.stepping >= int(row["from_stepping"]))
        ):
            return row
    return rows[-1]


class CpuFrequency:
    """The mean clock frequency of this machine's processors, each over its own highest."""

    def __init__(self, sys: Path = Path("/sys")) -> None:
        folders = sorted((sys / "devices/system/cpu/cpufreq").glob("policy*"), key=lambda each: (len(each.name), each))
        spread = folders[:: -(-len(folders) // MAX_SAMPLED)] if folders else []
        highest = {folder / "scaling_cur_freq": number_in(folder / "cpuinfo_max_freq") for folder in spread}
        self._highest = {file: khz for file, khz in highest.items() if khz}

    def now(self) -> float:
        """Return the frequency, 0 to 1; TYPICAL_FREQUENCY where it is unknown, as in most virtual machines."""
        # for some drivers the highest frequency excludes boost, so it may be exceeded; an offline processor has none
        parts = [min(1.0, khz / highest) for file, highest in self._highest.items() if (khz := number_in(file))]
        return sum(parts) / len(parts) if parts else TYPICAL_FREQUENCY


class CpuModel(Gauge):
    """The processor's modelled power, at the load since the last call."""

    interval = 1.0
    min_gap = 0.2  # CPU time is counted in hundredths of a second: over a shorter time it is mostly rounding
    rule = "backward"
    method = "cpu-model"
    is_within_quota = True

    def __init__(self, device: Device, rating: Rating, context: Context, threads: int, limit: Quota | None) -> None:
        super().__init__(device)
        self._rating, self._proc = rating, context.proc
        # the mean frequency of the host is not that of a container's CPUs
        self._frequency = CpuFrequency(context.sys) if limit is None else None
        self._granted = 1.0 if limit is None else limit.cpus / threads
        # the machine's load includes other containers'; it is used only where this container's own is unknown
        self._container = None if limit is None or limit.used_seconds() is None else limit
        self._used, self._elapsed = self._cpu_seconds()
        if self._elapsed == 0:
            raise MeterError(f"{self._proc / 'stat'} counts no time in this sandbox")
        self._load = 0.0

    def power(self) -> float:
        """Return the watts at the mean load since the last call and the present frequency."""
        used, elapsed = self._cpu_seconds()
        if elapsed > self._elapsed:
            self._load = (used - self._used) / (elapsed - self._elapsed)
            self._used, self._elapsed = used, elapsed
        frequency = TYPICAL_FREQUENCY if self._frequency is None else self._frequency.now()
        return power(self._load, self._rating.idle_watts, self._rating.max_watts, frequency)

    def _cpu_seconds(self) -> tuple[float, float]:
        """Return the CPU seconds used and available, of the machine or within the quota."""
        busy, total = busy_seconds(self._proc)
        if self._container is not None:
            used = self._container.used_seconds()
            if used is None:
                raise MeterError(f"{self._container.accounts} no longer tells the CPU time of this container")
            busy = used
        return busy, total * self._granted


def discover(context: Context) -> Discovery:
    """Return the modelled processor, unless an earlier vendor measures one."""
    if context.has("cpu"):
        return Discovery()
    cpu, threads = processor(context.proc), cpus(context.proc, context.sys)
    rating, limit = rate(cpu, threads), quota(context.sys, context.proc)
    assumed = rating.assumed
    if limit is not None and limit.cpus < threads:
        rating = rating.scaled(limit.cpus / threads)
        assumed += f"; this container may use {limit.cpus:g} of {threads} CPUs and is modelled as that share"
    else:
        limit = None
    device = Device(
        uid="cpu-model",
        kind="cpu",
        name=short_name(cpu.name) or "processor",
        details={
            "idle_watts": round(rating.idle_watts, 3),
            "max_watts": round(rating.max_watts, 3),
            "tdp_watts": rating.tdp_watts,
            "threads": threads,
            "quota_cpus": limit.cpus if limit is not None else None,
            "source": rating.source,
            "year": 2026,
            "curve_source": CURVE_SOURCE,
        },
    )
    try:
        meter = CpuModel(device, rating, context, threads, limit)
    except MeterError as error:
        return Discovery(missing=[Missing(source="cpu_model", reason=str(error))])
    meter.note = assumed
    return Discovery(meters=[meter])
