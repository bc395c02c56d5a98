"""NVIDIA GPUs, through NVML: the energy counter held against its own power, or power integrated where there is none."""

import contextlib
import math
from collections.abc import Iterable
from typing import Any

from greentrack.errors import MeterError
from greentrack.meters.base import GAP, Context, Counter, Discovery, Gauge, Meter
from greentrack.meters.nvidia.discovery import unusable
from greentrack.meters.nvidia.nvml import Gpu, Sample, remedy
from greentrack.meters.nvidia.selection import ListedGpu, listed, selected
from greentrack.meters.nvidia.utilization import ProcessUtilization, Utilization
from greentrack.model import Device, Energy, Missing

_UPDATE = 0.1  # seconds between updates of the sensors since Turing (Yang et al., SC24)
_AVERAGE_SECONDS = 1.1  # what an average over 1 s may be billed for, a tick being a little late
_MOST = 10.0  # x power limit: one update's joules can arrive within a fifth of its time, and peaks exceed the limit
_MAX_WATTS = 20_000.0  # where the limit is not told


class CrossCheck:
    """Holds a counter's joules against its GPU's own power, over the time in which both were read.

    *averaged* power is over the last second, and each value stands for the time before it; instant power is joined up.
    """

    def __init__(self, averaged: bool) -> None:
        self._averaged = averaged
        # steps whose time divides the second are seen at one and the same moment of the step for minutes
        self._enough = 60.0 if averaged else 600.0
        self._before: float | None = None
        self._blind = False
        self._samples = 0
        self._mean = self._squares = self._seconds_squared = self._peak = 0.0
        self.counted = self.integral = self.seconds = 0.0

    def step(self, watts: float | None, added: Energy | None) -> float:
        """Return power integrated over the time of *added*, or the counter's joules where power was not watched."""
        before, self._before = self._before, watts
        if added is None:
            return 0.0
        if watts is None or before is None or added.seconds > GAP * Counter.interval:
            return added.joules
        if self._averaged:
            # the average tells of the last second only: not of all of a longer step, and in the step after that one
            # of some of it again
            blind, self._blind = self._blind, added.seconds > _AVERAGE_SECONDS
            if blind or self._blind:
                return added.joules
        joules = (watts if self._averaged else (before + watts) / 2) * added.seconds
        self.counted += added.joules
        self.integral += joules
        self.seconds += added.seconds
        self._seconds_squared += added.seconds**2
        self._peak = max(self._peak, watts)
        self._samples += 1
        deviation = watts - self._mean
        self._mean += deviation / self._samples
        self._squares += deviation * (watts - self._mean)
        return joules

    def failed(self) -> bool:
        """Whether they differ by more than 5 %, two updates at the peak, and the sampling error of instant power."""
        if self.seconds < self._enough:
            return False
        allowed = max(0.05 * self.integral, 2 * _UPDATE * self._peak)
        if not self._averaged:
            spread = math.sqrt(self._squares / self._samples)
            # 4 standard errors and not 3: the question is put again at every read
            allowed = max(allowed, 4 * spread * math.sqrt(self._seconds_squared))
        return abs(self.counted - self.integral) > allowed


class NvidiaCounter(Counter):
    """A GPU with an energy counter. Where its power shows it to be wrong, it stays distrusted from there on."""

    method = "nvml-counter"

    def __init__(self, device: Device, gpu: Gpu, first: Sample) -> None:
        super().__init__(device)
        self._gpu, self._looks, self._neighbours = gpu, Utilization(gpu, device), ProcessUtilization(gpu, device)
        self._averaged = first.average is not None
        self._sample = first
        powered = self._averaged or first.instant is not None
        self._check = CrossCheck(self._averaged) if powered else None
        # a GeForce counter loses joules when it is read faster than each second; 0.9 leaves room for a late tick before
        self.min_gap = 0.9 if "GeForce" in device.name else 0.02
        self.most = _most(device)

    def count(self) -> float:
        """Joules since the driver was loaded; the power of the same moment is kept for the check."""
        self._sample = self._gpu.sample()
        if self._sample.joules is None:
            raise MeterError(f"{self.device.name} {self.device.uid} did not tell its energy; try: nvidia-smi")
        return self._sample.joules

    def _advance(self, now: float, since: float | None) -> Energy | None:
        added = super()._advance(now, since)
        self._looks.look(now)
        if self._check is None:
            return added
        watts = self._sample.average if self._averaged else self._sample.instant
        joules = self._check.step(watts, added)
        if self.trusted and self._check.failed():
            self._distrust(self._check)
        return None if added is None else added._replace(cross_check=joules)

    def _distrust(self, check: CrossCheck) -> None:
        self.trusted = False
        self.method = "nvml-distrusted"
        sentence = (
            f"The energy counter said {check.counted:.0f} J where power came to {check.integral:.0f} J"
            f" over {check.seconds:.0f} s, so power is used."
        )
        self.note = f"{self.note} {sentence}".strip()

    def busy(self) -> float | None:
        """The part of the time since it was last asked in which a kernel ran, by a look a second."""
        return self._looks.busy()

    def share(self, pids: Iterable[int]) -> float | None:
        """The part of *pids* in the use of its multiprocessors; 1 where nobody else computes on it."""
        return self._neighbours.share(pids, self._at)

    def close(self) -> None:
        """Let go of NVML."""
        self._gpu.close()


class NvidiaGauge(Gauge):
    """A GPU without an energy counter: its power, polled and integrated."""

    def __init__(self, device: Device, gpu: Gpu, first: Sample) -> None:
        super().__init__(device)
        self._gpu, self._looks, self._neighbours = gpu, Utilization(gpu, device), ProcessUtilization(gpu, device)
        self._averaged = first.average is not None and (first.instant is None or not gpu.sees_all)
        self.rule = "backward" if self._averaged else "trapezoid"
        self.method = "nvml-average" if self._averaged else "nvml-instant" if gpu.sees_all else "nvml-sparse"
        self.most = _most(device)

    def power(self) -> float:
        """Watts now, or over the last second."""
        sample = self._gpu.sample()
        watts = sample.average if self._averaged else sample.instant
        if watts is None:
            raise MeterError(f"{self.device.name} {self.device.uid} did not tell its power; try: nvidia-smi")
        return watts

    def _advance(self, now: float, since: float | None) -> Energy | None:
        added = super()._advance(now, since)
        self._looks.look(now)
        return added

    def busy(self) -> float | None:
        """The part of the time since it was last asked in which a kernel ran, by a look a second."""
        return self._looks.busy()

    def share(self, pids: Iterable[int]) -> float | None:
        """The part of *pids* in the use of its multiprocessors; 1 where nobody else computes on it."""
        return self._neighbours.share(pids, self._at)

    def close(self) -> None:
        """Let go of NVML."""
        self._gpu.close()


def _most(device: Device) -> float:
    limit = device.details.get("power_limit_watts")
    return _MOST * limit if limit else _MAX_WATTS


def discover(context: Context, nvml: Any) -> Discovery:
    """Return a meter for each GPU that *context* selects; *nvml* is the pynvml module."""
    try:
        nvml.nvmlInit()
    except nvml.NVMLError as error:
        return Discovery(missing=(unusable(f"the NVIDIA driver does not answer ({error})", remedy(nvml, error)),))
    missing: list[Missing] = []
    meters: list[Meter] = []
    try:
        driver = nvml.nvmlSystemGetDriverVersion()
        for gpu, note in selected(nvml, context, listed(nvml, missing), missing):
            try:
                meters.append(_meter(nvml, gpu, driver, note))
            except MeterError as error:
                missing.append(unusable(str(error), "nvidia-smi"))
    except nvml.NVMLError as error:
        missing.append(unusable(f"the NVIDIA driver stopped answering ({error})", remedy(nvml, error)))
    finally:
        with contextlib.suppress(nvml.NVMLError):  # a driver that is gone cannot be closed
            nvml.nvmlShutdown()
    return Discovery(meters=meters, missing=missing)


def _meter(nvml: Any, listed: ListedGpu, driver: str, note: str) -> Meter:
    gpu = Gpu(nvml, listed.uuid, listed.name)
    limit, mig = gpu.told("nvmlDeviceGetEnforcedPowerLimit"), gpu.told("nvmlDeviceGetMigMode")
    pci = gpu.told("nvmlDeviceGetPciInfo")
    details = {
        "index": listed.place,
        "pci_bus_id": pci.busId if pci else None,
        "driver": driver,
        "power_limit_watts": limit / 1000 if limit else None,
        "mig": bool(mig and mig[0]),
        "mig_part": listed.part,
        "update_seconds": None,  # NVML does not tell it
    }
    if gpu.module:
        details["covers"] = ("cpu",)
    device = Device(uid=listed.uuid, kind="gpu", name=listed.name, details=details)
    try:
        first = gpu.sample()
        meter = _kind_of_meter(first, device)(device, gpu, first)
    except MeterError:
        gpu.close()
        raise
    if details["mig"] and not note:
        note = "This GPU is split (MIG); the joules are the whole GPU's."
    notes = [note]
    if gpu.module:
        notes.append("The power is the whole module's, CPU included.")
    if first.instant is None and first.average is None:
        notes.append("Power cannot be read, so the energy counter is not checked.")
    meter.note = " ".join(filter(None, notes))
    return meter


def _kind_of_meter(first: Sample, device: Device) -> type[NvidiaCounter] | type[NvidiaGauge]:
    if first.joules is not None:
        return NvidiaCounter
    if first.instant is not None or first.average is not None:
        return NvidiaGauge
    raise MeterError(f"{device.name} {device.uid} tells neither energy nor power")
