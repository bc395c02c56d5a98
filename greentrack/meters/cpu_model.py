"""Processors without a counter: power modelled from their rated power, their load and their clock frequency."""

import csv
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from greentrack.errors import MeterError
from greentrack.host.cpu_time import Quota, busy_seconds, cpus, quota
from greentrack.meters.base import Context, Discovery, Gauge
from greentrack.meters.cpu_frequency import TYPICAL, CpuFrequency
from greentrack.meters.cpu_tdp import TABLE_SOURCE, Processor, cores, plain, processor, rated_watts
from greentrack.model import Device, Missing

CURVE = ((0.0, 0.0), (0.1, 0.40), (0.5, 0.75), (1.0, 1.0))
"""Load, and the share of the way from idle to full power, at a steady frequency. A first busy core wakes what all share
and may boost; half of the threads busy are one on each core, and their second ones add a quarter or so.
"""

CURVE_SOURCE = "one curve for all, held against four processors' public load and RAPL sweeps: middle error <= 30 % each"

IDLE_SHARE = 0.25
"""Idle power over full power where only the rated power is known: measured 0.11 to 0.38, Teads' c5.metal 0.09."""

FULL_SHARE = 0.80
"""Power at full load over rated power: measured 0.51 to 0.93 on four processors; what is rated is the cooling."""

_THREADS_SOURCE = "Cloud Carbon Footprint coefficients (SPECpower averages)"


def power(load: float, idle_watts: float, max_watts: float, pace: float = 1.0) -> float:
    """Return the modelled power at *load* (0 to 1; what lies outside is cut): concave, as processors are measured.

    *pace* is the clock frequency over the highest one, and what exceeds idle power is proportional to it.

    >>> [round(power(load, idle_watts=10.0, max_watts=110.0)) for load in (0, 0.1, 0.5, 1)]
    [10, 50, 85, 110]
    >>> round(power(1, idle_watts=10.0, max_watts=110.0, pace=0.5))
    60
    """
    load = min(1.0, max(0.0, load))
    for (left, low), (right, high) in pairwise(CURVE):
        if load <= right:
            share = low + (high - low) * (load - left) / (right - left)
            return idle_watts + (max_watts - idle_watts) * share * pace
    raise AssertionError("the curve ends at full load")


class Rating(NamedTuple):
    """What the processor, or this machine's slice of one, draws idle and fully loaded, and why we think so."""

    idle_watts: float
    max_watts: float
    tdp_watts: float | None
    assumed: str
    source: str
    year: int

    def scaled(self, share: float) -> "Rating":
        """Return the rating of a part of this machine."""
        return self._replace(idle_watts=self.idle_watts * share, max_watts=self.max_watts * share)


def rate(cpu: Processor, threads: int) -> Rating:
    """Return the power of a machine with *threads* logical CPUs of this kind.

    A physical machine has whole processors, at the usual part of their rated power. A virtual one has some threads of
    a shared machine: each has its share of that where the whole's threads are known, else its generation's watts.
    """
    tdp = rated_watts(cpu.name)
    name = plain(cpu.name) or "unknown processor"
    packages = max(1, round(threads / cpu.threads)) if cpu.threads else 1
    if tdp is not None and not cpu.virtual:
        assumed = f"{name}, rated {tdp:g} W" + (f", {packages} of them" if packages > 1 else "")
        assumed += f", {FULL_SHARE:.0%} of it at full load"
        return _rating(tdp * packages * FULL_SHARE, IDLE_SHARE, tdp, assumed, TABLE_SOURCE)
    place = f"{threads} threads of a shared machine" if cpu.virtual else f"{threads} threads"
    whole = 2 * cores(cpu.name) if "EPYC" in cpu.name else 0  # each core of an EPYC has two threads
    if tdp is not None and whole:
        watts = tdp * FULL_SHARE / whole
        assumed = f"{name}, {place} at {watts:.2f} W each ({FULL_SHARE:.0%} of {tdp:g} W for {whole})"
        return _rating(watts * threads, IDLE_SHARE, tdp, assumed, TABLE_SOURCE)
    row = _generation(cpu)
    idle, watts = float(row["idle_watts"]), float(row["max_watts"])
    assumed = f"{name}, {place} at {watts:.2f} W each (as {row['architecture']})"
    if row["architecture"] == "unknown":
        assumed = f"{name}, in no table of ours: {place} at {watts:.2f} W each, as processors have in the middle"
    most = watts * threads
    if tdp is not None and tdp * packages * FULL_SHARE < most:  # a slice of a laptop draws no more than the whole
        most = tdp * packages * FULL_SHARE
        assumed = f"{name}, {place}, rated {tdp:g} W, {FULL_SHARE:.0%} of it at full load"
    return _rating(most, idle / watts, tdp, assumed, _THREADS_SOURCE)


def _rating(watts: float, idle_share: float, tdp: float | None, assumed: str, source: str) -> Rating:
    return Rating(
        idle_watts=watts * idle_share, max_watts=watts, tdp_watts=tdp, assumed=assumed, source=source, year=2026
    )


def _generation(cpu: Processor) -> dict[str, str]:
    text = (Path(__file__).parents[1] / "data/cpu_watts_per_thread.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    vendor = "arm" if cpu.arm else cpu.vendor
    for row in rows:
        same = row["vendor"] == vendor and (cpu.arm or int(row["family"]) == cpu.family)
        if same and (
            cpu.arm or (str(cpu.model) in row["models"].split() and cpu.stepping >= int(row["from_stepping"]))
        ):
            return row
    return rows[-1]


class CpuModel(Gauge):
    """The processor's modelled power, at the load since it was last asked."""

    interval = 1.0
    min_gap = 0.2  # the load is counted in hundredths of a second: over less than this it is mostly rounding
    rule = "backward"
    method = "cpu-model"

    def __init__(self, device: Device, rating: Rating, context: Context, threads: int, bound: Quota | None) -> None:
        super().__init__(device)
        self._rating, self._proc = rating, context.proc
        self._pace = (
            None if bound is not None else CpuFrequency(context.sys)
        )  # the mean of the host is not that of a slice
        self._granted = 1.0 if bound is None else bound.cpus / threads
        # other containers' load is in the machine's and is theirs; without a count of our own it stands in, cut at full
        self._group = None if bound is None or bound.used_seconds() is None else bound
        self._used, self._elapsed = self._clocks()
        self._load = 0.0

    def power(self) -> float:
        """Watts at the mean load since the last call, and at the frequency of now."""
        used, elapsed = self._clocks()
        if elapsed > self._elapsed:
            self._load = (used - self._used) / (elapsed - self._elapsed)
            self._used, self._elapsed = used, elapsed
        pace = TYPICAL if self._pace is None else self._pace.now()
        return power(self._load, self._rating.idle_watts, self._rating.max_watts, pace)

    def _clocks(self) -> tuple[float, float]:
        """CPU seconds used, and CPU seconds that there were, of the machine or of what the quota grants."""
        busy, total = busy_seconds(self._proc)
        if self._group is not None:
            used = self._group.used_seconds()
            if used is None:
                raise MeterError(f"{self._group.accounts} no longer tells the CPU time of this container")
            busy = used
        return busy, total * self._granted


def discover(context: Context) -> Discovery:
    """Return the modelled processor where no vendor before measured one."""
    if context.has("cpu"):
        return Discovery()
    cpu, threads = processor(context.proc), cpus(context.proc, context.sys)
    rating, bound = rate(cpu, threads), quota(context.sys, context.proc)
    assumed = rating.assumed
    if bound is not None and bound.cpus >= threads:
        bound = None
    if bound is not None:
        rating = rating.scaled(bound.cpus / threads)
        assumed += f"; this container may use {bound.cpus:g} of {threads} CPUs and is modelled as that share"
    device = Device(
        uid="cpu-model",
        kind="cpu",
        name=plain(cpu.name) or "processor",
        details={
            "idle_watts": round(rating.idle_watts, 3),
            "max_watts": round(rating.max_watts, 3),
            "tdp_watts": rating.tdp_watts,
            "threads": threads,
            "quota_cpus": bound.cpus if bound is not None else None,
            "source": rating.source,
            "year": rating.year,
            "curve_source": CURVE_SOURCE,
        },
    )
    try:
        meter = CpuModel(device, rating, context, threads, bound)
    except MeterError as error:
        return Discovery(missing=[Missing(source="cpu_model", reason=str(error))])
    if busy_seconds(context.proc)[1] == 0:
        return Discovery(
            missing=[Missing(source="cpu_model", reason=f"{context.proc / 'stat'} counts no time in this sandbox")]
        )
    meter.note = assumed
    return Discovery(meters=[meter])
