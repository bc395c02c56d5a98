"""NVIDIA GPUs: an energy counter compared with its power, or power integrated where there is no counter."""

import contextlib
from collections.abc import Iterable
from typing import Any

from greentrack.errors import MeterError
from greentrack.meters.base import Context, Discovery, Gauge, Meter
from greentrack.meters.cross_check import CheckedCounter
from greentrack.meters.nvidia.nvml import Gpu, Sample, remedy, unusable
from greentrack.meters.nvidia.selection import ListedGpu, listed, selected
from greentrack.meters.nvidia.utilization import ProcessUtilization, Utilization
from greentrack.model import Device, Energy, Missing

_AVERAGE_S = 1.0  # what NVML's average power is the mean of
_MAX_OVER_LIMIT = 10.0  # one update's joules can arrive within a fifth of its time, and peaks exceed the power limit
_MAX_WATTS = 20_000.0  # where the power limit is unknown


class NvidiaCounter(CheckedCounter):
    """A GPU with an energy counter."""

    method = "nvml-counter"
    invalid_method = "nvml-distrusted"

    def __init__(self, device: Device, gpu: Gpu, first: Sample) -> None:
        self._is_averaged = first.average is not None
        super().__init__(device, _AVERAGE_S if self._is_averaged else None)
        self._gpu, self._sample = gpu, first
        self._utilization, self._processes = Utilization(gpu, device), ProcessUtilization(gpu, device)
        self.has_power = self._is_averaged or first.instant is not None
        # a GeForce counter loses joules when it is read more than once a second; 0.9 allows for a late tick before
        self.min_gap = 0.9 if "GeForce" in device.name else 0.02
        self.max_watts = _max_watts(device)

    def count(self) -> float:
        """Return the joules since the driver was loaded, and keep the power of the same moment."""
        self._sample = self._gpu.sample()
        if self._sample.joules is None:
            raise MeterError(f"{self.device.name} {self.device.uid} did not tell its energy; try: nvidia-smi")
        return self._sample.joules

    def power(self) -> float | None:
        """Return the watts of the last sample."""
        return self._sample.average if self._is_averaged else self._sample.instant

    def _advance(self, now: float, since: float | None) -> Energy | None:
        added = super()._advance(now, since)
        self._utilization.sample(now)
        return added

    def busy(self) -> float | None:
        """Return the part of the time since the last call in which a kernel ran, sampled once a second."""
        return self._utilization.busy()

    def share(self, pids: Iterable[int]) -> float | None:
        """Return the part of *pids* in the use of the multiprocessors; 1 if only they use the GPU."""
        return self._processes.share(pids, self._read_at)

    def close(self) -> None:
        """Release NVML."""
        self._gpu.close()


class NvidiaGauge(Gauge):
    """A GPU without an energy counter: its power, polled and integrated."""

    def __init__(self, device: Device, gpu: Gpu, first: Sample) -> None:
        super().__init__(device)
        self._gpu = gpu
        self._utilization, self._processes = Utilization(gpu, device), ProcessUtilization(gpu, device)
        self._is_averaged = first.average is not None and (first.instant is None or not gpu.sees_all_time)
        self.rule = "backward" if self._is_averaged else "trapezoid"
        self.method = "nvml-average" if self._is_averaged else "nvml-instant" if gpu.sees_all_time else "nvml-sparse"
        self.max_watts = _max_watts(device)

    def power(self) -> float:
        """Return the watts now, or over the last second."""
        sample = self._gpu.sample()
        watts = sample.average if self._is_averaged else sample.instant
        if watts is None:
            raise MeterError(f"{self.device.name} {self.device.uid} did not tell its power; try: nvidia-smi")
        return watts

    def _advance(self, now: float, since: float | None) -> Energy | None:
        added = super()._advance(now, since)
        self._utilization.sample(now)
        return added

    def busy(self) -> float | None:
        """Return the part of the time since the last call in which a kernel ran, sampled once a second."""
        return self._utilization.busy()

    def share(self, pids: Iterable[int]) -> float | None:
        """Return the part of *pids* in the use of the multiprocessors; 1 if only they use the GPU."""
        return self._processes.share(pids, self._read_at)

    def close(self) -> None:
        """Release NVML."""
        self._gpu.close()


def _max_watts(device: Device) -> float:
    limit = device.details.get("power_limit_watts")
    return _MAX_OVER_LIMIT * limit if limit else _MAX_WATTS


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
        meter = _kind_of_meter(first, device)(device, gpu, first)
    except MeterError:
        gpu.close()
        raise
    if details["mig"] and not note:
        note = "This GPU is split (MIG); the joules are the whole GPU's."
    notes = [note]
    if gpu.is_module:
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
