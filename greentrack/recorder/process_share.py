"""The share of a run's own processes in the work of each device."""

from collections.abc import Callable
from typing import Protocol

from greentrack import log
from greentrack.errors import GreenTrackError
from greentrack.meters.base import Meter


class ProcessTreeLike(Protocol):
    """The tracked process and its descendants."""

    @property
    def pids(self) -> frozenset[int]:
        """The ids of the processes known now."""

    def cpu_seconds(self) -> float:
        """Return the CPU time they have used; it never decreases."""


class ProcessShare:
    """Works out the share of *tree* in the activity of each device between one ``look`` and the next.

    *busy* returns the CPU seconds that all processes together have used since some instant.
    """

    def __init__(self, tree: ProcessTreeLike, busy: Callable[[], float]) -> None:
        self._tree, self._busy = tree, busy
        self._before: tuple[float, float] | None = None
        self._of_cpu: float | None = None
        self._of_gpu: dict[str, float] = {}
        self.look()

    def look(self) -> None:
        """Update the shares with what was used since the last look."""
        before, self._before, self._of_cpu = self._before, None, None
        try:
            mine, busy = self._before = self._tree.cpu_seconds(), self._busy()
        except (OSError, GreenTrackError):
            return
        if before is not None and busy > before[1]:
            self._of_cpu = min(1.0, max(0.0, (mine - before[0]) / (busy - before[1])))

    def of(self, meter: Meter) -> float | None:
        """Return the share, 0 to 1, in the activity of *meter*'s device up to the last look; None if it is unknown."""
        uid = meter.device.uid
        if meter.device.kind != "gpu":
            return self._of_cpu
        try:
            share = meter.share(self._tree.pids)
        except Exception as error:  # noqa: BLE001  # the share is worth less than the reading itself
            log.debug("%s cannot tell whose work it does: %r", uid, error)
            share = None
        if share is not None:
            self._of_gpu[uid] = share
        return self._of_gpu.get(uid)  # until the meter can tell again, its last answer holds: unknown is not zero
