"""The energy that devices used before a recorder died, for spans and phases that began back then."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping

from greentrack.model import Energy, Reading
from greentrack.recorder.timeline import NOTHING, part, total


class Replay:
    """The readings of earlier recorders, in compact arrays: a long run has many."""

    def __init__(self, readings: Iterable[Iterable[Reading]]) -> None:
        """Take the readings of each device, ordered by time."""
        self._columns: dict[str, tuple[array[float], ...]] = {}
        for of_device in readings:
            for reading in of_device:
                columns = self._columns.setdefault(reading.device, tuple(array("d") for _ in range(4)))
                check = reading.joules if reading.cross_check is None else reading.cross_check
                for column, figure in zip(columns, (reading.at, reading.seconds, reading.joules, check), strict=True):
                    column.append(figure)

    def since(self, moment: float) -> dict[str, Energy]:
        """What each device used after *moment* (Unix time); of a reading around it, in proportion to time."""
        return {uid: _after(moment, *columns) for uid, columns in self._columns.items()}

    def rewind(self, energies: Mapping[str, Energy], moment: float) -> dict[str, Energy]:
        """The cumulative *energies* that the next recorder began with, as they were at *moment*: mostly negative."""
        used = self.since(moment)
        uids = dict.fromkeys([*energies, *used])
        return {uid: _less(energies.get(uid, NOTHING), used.get(uid, NOTHING)) for uid in uids}


def _after(
    moment: float, ends: "array[float]", seconds: "array[float]", joules: "array[float]", checks: "array[float]"
) -> Energy:
    used = NOTHING
    for row in range(bisect_right(ends, moment), len(ends)):
        energy = Energy(joules=joules[row], seconds=seconds[row], cross_check=checks[row])
        inside = min(1.0, (ends[row] - moment) / seconds[row]) if seconds[row] > 0 else 1.0
        used = total(used, part(energy, inside))
    return used


def _less(energy: Energy, used: Energy) -> Energy:
    known = energy.cross_check is not None or used.cross_check is not None
    check = (energy.cross_check or 0.0) - (used.cross_check or 0.0) if known else None
    return Energy(joules=energy.joules - used.joules, seconds=energy.seconds - used.seconds, cross_check=check)
