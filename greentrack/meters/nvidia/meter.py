"""NVIDIA GPUs: an energy counter compared with its power, or power integrated where there is no counter."""

import contextlib
from collections.abc import Iterable
from typing import Any

from greentrack.errors import MeterError
from greentrack.meters.base import Context, Discovery, Gauge, Meter
from greentrack.meters.cross_check import CheckedCounter
from greentrack.meters.nvidia.nvml import Gpu, Sample, remedy, unusable
from greentrack.meters.nvidia.selection import ListedGpu, listed, selected
from greentrack.meters.nvidia.utilization import Utilization
from greentrack.model import Device, Energy, Missing

_AVERAGE_S = 1.0  # what NVML's average power is the mean of
_UPDATE_S = 0.1  # between updates of the sensors since Turing (Yang et al., SC24)
_MAX_OVER_LIMIT = 10.0  # one update's joules can arrive within a fifth of its time, and peaks exceed the power limit
_MAX_WATTS = 20_000.0  # where the power limit is unknown


class NvidiaMeter(Meter):
    """What the two kinds of meter share: how busy the GPU is, which processes use it, and the power it can draw."""

    def _attach(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self._utilization = Utilization(gpu, self.device)
        limit = self.device.details.get("power_limit_watts")
        self.max_watts = _MAX_OVER_LIMIT * limit if limit else _MAX_WATTS

    def _advance(self, now: float, since: float | None) -> Energy | None:
        added = super()._advance(now, since)  # type: ignore[safe-super]  # the counter's or the gauge's
        self._utilization.sample(now)
        return added

    def busy(self) -> float | None:
        """Return the part of the time since the last call in which a kernel ran, sampled once a second."""
        return self._utilization.busy()

    def share(self, pids: Iterable[int]) -> float | None:
        """Return the part of *pids* in the use of the multiprocessors; 1 if only they use the GPU."""
        return self._utilization.share(pids, self._read_at)

    def close(self) -> None:
        """Release NVML."""
        self._gpu.close()


class NvidiaCounter(NvidiaMeter, CheckedCounter):
    """A GPU with an energy counter."""

    method = "nvml-counter"
    invalid_method = "nvml-distrusted"

    def __init__(self, device: Device, gpu: Gpu, first: Sample) -> None:
        self._is_averaged = first.average is not None
        super().__init__(device, average_s=_AVERAGE_S if self._is_averaged else None, update_s=_UPDATE_S)
        self._attach(gpu)
        self._sample = first
        self.has_power = first.has_power
        # a GeForce counter loses joules when it is read more than once a second; 0.9 allows for a late tick before
        self.min_gap = 0.9 if "GeForce" in device.name else 0.02

    def count(self) -> float:
        """Return the joules since the driver was loaded, and keep the power of the same moment."""
        self._sample = self._gpu.sample()
        if self._sample.joules is None:
            raise MeterError(f"{self.device.name} {self.device.uid} did not tell its energy; try: nvidia-smi")
        return self._sample.joules

    def power(self) -> float | None:
        """Return the watts of the last sample."""
        return self._sample.average if self._is_averaged else self._sample.instant


class NvidiaGauge(NvidiaMeter, Gauge):
    """A GPU without an energy counter: its power, polled and integrated."""

    def __init__(self, device: Device, gpu: Gpu, first: Sample) -> None:
        super().__init__(device)
        self._attach(gpu)
        self._is_averaged = first.average is not None and (first.instant is None or not gpu.sees_all_time)
        self.rule = "backward" if self._is_averaged else "trapezoid"
        self.method = "nvml-average" if self._is_averaged else "nvml-instant" if gpu.sees_all_time else "nvml-sparse"

    def power(self) -> float:
        """Return the watts now, or over the last second."""
        sample = self._gpu.sample()
        watts = sample.average if self._is_averaged else sample.instant
        if watts is None:
            raise MeterError(f"{self.device.name} {self.device.uid} did not tell its power; try: nvidia-smi")
        return watts


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
        for gpu in selected(nvml, context, listed(nvml, missing), missing):
            try:
                meters.append(_meter(nvml, gpu, driver))
            except MeterError as error:
                missing.append(unusable(str(error), "nvidia-smi"))
    except nvml.NVMLError as error:
        missing.append(unusable(f"the NVIDIA driver stopped answering ({error})", remedy(nvml, error)))
    finally:
        with contextlib.suppress(nvml.NVMLError):  # a driver that is gone cannot be closed
            nvml.nvmlShutdown()
    return Discovery(meters=meters, missing=missing)


def _meter(nvml: Any, listed: ListedGpu, driver: str) -> Meter:
    gpu = Gpu(nvml, listed.uuid, listed.name)
    limit, mig = gpu.try_ask("nvmlDeviceGetEnforcedPowerLimit"), gpu.try_ask("nvmlDeviceGetMigMode")
    pci = gpu.try_ask("nvmlDeviceGetPciInfo")
    details = {
        "index": listed.number,
        "pci_bus_id": pci.busId if pci else None,
        "driver": driver,
        "power_limit_watts": limit / 1000 if limit else None,
        "mig": bool(mig and mig[0]),
        "mig_part": listed.part,
        "update_seconds": None,  # NVML does not state it
    }
    if gpu.is_module:
        details["covers"] = ("cpu",)
    device = Device(uid=listed.uuid, kind="gpu", name=listed.name, details=details)
    try:
        first = gpu.sample()
        if first.joules is None and not first.has_power:
            raise MeterError(f"{device.name} {device.uid} tells neither energy nor power")
        meter: Meter = (
            NvidiaCounter(device, gpu, first) if first.joules is not None else NvidiaGauge(device, gpu, first)
        )
    except MeterError:
        gpu.close()
        raise
    notes = [listed.note]
    if details["mig"] and not listed.note:
        notes.append("This GPU is split (MIG); the joules are the whole GPU's.")
    if gpu.is_module:
        notes.append("The power is the whole module's, CPU included.")
    if not first.has_power:
        notes.append("Power cannot be read, so the energy counter is not checked.")
    meter.note = " ".join(filter(None, notes))
    return meter
