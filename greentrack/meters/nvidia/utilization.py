"""How busy an NVIDIA GPU is, and which processes use it."""

from collections.abc import Iterable

from greentrack.errors import MeterError
from greentrack.meters.base import MAX_GAP_INTERVALS
from greentrack.meters.nvidia.nvml import Gpu
from greentrack.model import Device

_SHARE_S = 5.0  # how long a share is kept: asking costs as much as several reads
_MIN_SAMPLE_S = 0.9  # between two samples: one a second, allowing for a late tick before
_MAX_PERCENT = 100


class Utilization:
    """How busy a GPU is, sampled every second while it is read, and the part of its work that given processes do.

    NVML reports in what part of the last sixth of a second, or of a whole one, a kernel ran (nvml.h of CUDA 12 says:
    by product). Each sample stands for the time since the one before. NVML reports nothing for a GPU that is split
    (MIG); there the processes' part is that of the run's slices, if known.
    """

    def __init__(self, gpu: Gpu, device: Device) -> None:
        self._gpu, self._is_split = gpu, device.details["mig"]
        self._is_known = not self._is_split and gpu.try_ask("nvmlDeviceGetUtilizationRates") is not None
        self._sampled_at: float | None = None
        self._worked = self._seconds = 0.0
        self._last: float | None = None
        self._slices: float | None = device.details["mig_part"]
        self._asked_at: float | None = None
        self._since = 0  # NVML's time (us) of the last sample of the processes
        self._share: float | None = None

    def sample(self, now: float) -> None:
        """Take a sample, unless the last one is less than a second old."""
        if not self._is_known or (self._sampled_at is not None and now - self._sampled_at < _MIN_SAMPLE_S):
            return
        since, self._sampled_at, self._last = self._sampled_at, now, None
        rates = self._gpu.try_ask("nvmlDeviceGetUtilizationRates")
        if rates is None or rates.gpu > _MAX_PERCENT or since is None or now - since > MAX_GAP_INTERVALS:
            return
        self._last = rates.gpu / 100
        self._worked += self._last * (now - since)
        self._seconds += now - since

    def busy(self) -> float | None:
        """Return the mean of the samples since the last call, or else the last one; None where NVML reported none."""
        busy = self._worked / self._seconds if self._seconds else self._last
        self._worked = self._seconds = 0.0
        return busy

    def share(self, pids: Iterable[int], now: float | None) -> float | None:
        """Return the part of *pids*, asked at most every 5 s; None where NVML does not report it."""
        if self._is_split:
            return self._slices
        if now is None or self._asked_at is None or now - self._asked_at >= _SHARE_S:
            self._asked_at = now
            try:
                self._share = self._ask(frozenset(pids))
            except MeterError:
                self._share = None
        return self._share

    def _ask(self, ours: frozenset[int]) -> float | None:
        # with its version: without one, an older driver makes pynvml raise an error that is no NVMLError
        users = {process.pid for process in self._gpu.ask("nvmlDeviceGetComputeRunningProcesses_v3")}
        if users <= ours:
            return 1.0
        if not users & ours:
            return None  # others use it, or this container numbers processes differently from NVML
        work: dict[int, int] = {}
        for sample in self._gpu.ask("nvmlDeviceGetProcessUtilization", self._since):
            self._since = max(self._since, sample.timeStamp)
            work[sample.pid] = work.get(sample.pid, 0) + sample.smUtil
        total = sum(work.values())
        return sum(part for pid, part in work.items() if pid in ours) / total if total else None
