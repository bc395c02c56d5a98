"""Keeps the recent cumulative energies of each device and interpolates between two reads."""

from bisect import bisect_left
from collections import deque

from greentrack.model import Energy

KEEP_S = 30.0
"""How long reads are kept; events arrive within milliseconds, or after a stall of the recorder."""

NOTHING = Energy()


class Timeline:
    """The recent cumulative energies of every device, on the recorder's clock."""

    def __init__(self) -> None:
        self._reads: dict[str, deque[tuple[float, Energy]]] = {}
        self._since: dict[str, float] = {}

    def add(self, uid: str, at: float, energy: Energy) -> None:
        """Add a read: device *uid* had used *energy* by *at*."""
        reads = self._reads.setdefault(uid, deque())
        self._since.setdefault(uid, at)
        reads.append((at, energy))
        while len(reads) > 2 and reads[1][0] < at - KEEP_S:
            reads.popleft()

    def last(self, uid: str) -> Energy:
        """The newest cumulative energy of *uid*; nothing where it was never read."""
        reads = self._reads.get(uid)
        return reads[-1][1] if reads else NOTHING

    def since(self, uid: str) -> float | None:
        """When *uid* was first read; None where it never was."""
        return self._since.get(uid)

    def of(self, uid: str, moment: float) -> Energy:
        """The cumulative energy of *uid* at *moment*; nothing where it was never read."""
        reads = self._reads.get(uid)
        return _between(reads, moment) if reads else NOTHING

    def at(self, moment: float) -> dict[str, Energy]:
        """The cumulative energy of every device at *moment*, in proportion to time between the reads around it."""
        return {uid: _between(reads, moment) for uid, reads in self._reads.items()}


def difference(after: Energy, before: Energy) -> Energy:
    """Return the energy between two cumulative ones; a cross-check that began in between counts from there."""
    check = None if after.cross_check is None else after.cross_check - (before.cross_check or 0.0)
    return Energy(joules=after.joules - before.joules, seconds=after.seconds - before.seconds, cross_check=check)


def total(first: Energy, second: Energy) -> Energy:
    """The sum of two energies of one device."""
    check = None
    if first.cross_check is not None or second.cross_check is not None:
        check = (first.joules if first.cross_check is None else first.cross_check) + (
            second.joules if second.cross_check is None else second.cross_check
        )
    return Energy(joules=first.joules + second.joules, seconds=first.seconds + second.seconds, cross_check=check)


def part(energy: Energy, fraction: float) -> Energy:
    """The *fraction* (0 to 1) of an energy."""
    check = None if energy.cross_check is None else energy.cross_check * fraction
    return Energy(joules=energy.joules * fraction, seconds=energy.seconds * fraction, cross_check=check)


def _between(reads: deque[tuple[float, Energy]], moment: float) -> Energy:
    if moment <= reads[0][0]:
        return reads[0][1]
    if moment >= reads[-1][0]:
        return reads[-1][1]
    index = bisect_left(reads, moment, key=lambda read: read[0])
    (start, before), (end, after) = reads[index - 1], reads[index]
    step = part(difference(after, before), (moment - start) / (end - start))
    check = None if after.cross_check is None else (before.cross_check or 0.0) + (step.cross_check or 0.0)
    return Energy(joules=before.joules + step.joules, seconds=before.seconds + step.seconds, cross_check=check)
