"""What a GPU does, as NVML tells it: how busy it is, and whose work it does."""

from collections.abc import Iterable

from greentrack.errors import MeterError
from greentrack.meters.base import GAP
from greentrack.meters.nvidia.nvml import Gpu
from greentrack.model import Device

_SHARE_SECONDS = 5.0  # how long a share holds: asking costs as much as several reads
_LOOK_SECONDS = 0.9  # between two looks: each second, with room for a late tick before
_MAX_PERCENT = 100


class Utilization:
    """How busy a GPU is, looked at every second while it is read.

    NVML tells in what part of the last sixth of a second, or of a whole one, a kernel ran (nvml.h of CUDA 12 says:
    by product), and of a GPU that is split (MIG) nothing. Each look stands for the time since the one before.
    """

    def __init__(self, gpu: Gpu, device: Device) -> None:
        self._gpu = gpu
        self._can_tell = not device.details["mig"] and gpu.told("nvmlDeviceGetUtilizationRates") is not None
        self._at: float | None = None
        self._worked = self._seconds = 0.0
        self._last: float | None = None

    def look(self, now: float) -> None:
        """Look, unless it was looked a moment ago."""
        if not self._can_tell or (self._at is not None and now - self._at < _LOOK_SECONDS):
            return
        since, self._at, self._last = self._at, now, None
        rates = self._gpu.told("nvmlDeviceGetUtilizationRates")
        if rates is None or rates.gpu > _MAX_PERCENT or since is None or now - since > GAP:
            return
        self._last = rates.gpu / 100
        self._worked += self._last * (now - since)
        self._seconds += now - since

    def busy(self) -> float | None:
        """Return the mean of the looks since this was last asked, or else the last; None where NVML did not tell."""
        busy = self._worked / self._seconds if self._seconds else self._last
        self._worked = self._seconds = 0.0
        return busy


class ProcessUtilization:
    """What part of a GPU's work is done by given processes, where several use it.

    Of a GPU that is split (MIG) NVML does not tell the use; there it is the part that the run's slices have, if known.
    """

    def __init__(self, gpu: Gpu, device: Device) -> None:
        self._gpu, self._split = gpu, device.details["mig"]
        self._slices: float | None = device.details["mig_part"]
        self._asked_at: float | None = None
        self._since = 0  # NVML's time (us) of the last utilisation sample
        self._share: float | None = None

    def share(self, pids: Iterable[int], now: float | None) -> float | None:
        """Return the part of *pids*, asking at most every 5 s; None where NVML cannot tell."""
        if self._split:
            return self._slices
        if now is None or self._asked_at is None or now - self._asked_at >= _SHARE_SECONDS:
            self._asked_at = now
            try:
                self._share = self._ask(frozenset(pids))
            except MeterError:
                self._share = None
        return self._share

    def _ask(self, ours: frozenset[int]) -> float | None:
        # by its version: without one, pynvml answers an older driver with an error that is no NVMLError
        users = {process.pid for process in self._gpu.ask("nvmlDeviceGetComputeRunningProcesses_v3")}
        if users <= ours:
            return 1.0
        if not users & ours:
            return None  # a neighbour's GPU, or a container in which NVML and we number processes differently
        work: dict[int, int] = {}
        for sample in self._gpu.ask("nvmlDeviceGetProcessUtilization", self._since):
            self._since = max(self._since, sample.timeStamp)
            work[sample.pid] = work.get(sample.pid, 0) + sample.smUtil
        total = sum(work.values())
        return sum(part for pid, part in work.items() if pid in ours) / total if total else None
