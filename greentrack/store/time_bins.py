"""When phases took their time: in slots of a run's time, of which a month has no more than a morning."""

import math
from collections.abc import Iterable
from typing import NamedTuple

MAX_BINS = 300
"""So many slots of a run are kept at most; a page is drawn no finer."""


class PhaseTime(NamedTuple):
    """*phase* took *seconds* of the *length* seconds from *start* (Unix time); a slot's are whole numbers."""

    phase: str
    start: float
    length: float
    seconds: float

    @property
    def end(self) -> float:
        """The Unix time up to which they were taken."""
        return self.start + self.length


def bin_length(since: float, until: float, least: int = 1) -> int:
    """Return the seconds of a slot, *least* or that doubled as often as it takes for all up to *until* to be few.

    >>> bin_length(0, 300), bin_length(0, 300.5), bin_length(0, 30 * 86400)
    (1, 2, 16384)
    """
    length = least
    while math.ceil(until / length) - math.floor(since / length) > MAX_BINS:
        length *= 2
    return length


def into_bins(times: Iterable[PhaseTime], length: int) -> list[PhaseTime]:
    """Lay *times* into slots of so many whole seconds, which begin at its multiples; no second is lost.

    What spans several slots is spread over them evenly. Slots of the double length are made of two of these.

    >>> into_bins([PhaseTime("data", 3.5, 2.0, 1.0)], 4)
    [PhaseTime(phase='data', start=0, length=4, seconds=0.25), PhaseTime(phase='data', start=4, length=4, seconds=0.75)]
    """
    sums: dict[tuple[int, str], float] = {}
    for phase, start, lasts, seconds in times:
        first = math.floor(start / length)
        last = max(first, math.ceil((start + lasts) / length) - 1)
        for slot in range(first, last + 1):
            part = 1.0
            if first != last:
                part = (min(start + lasts, (slot + 1) * length) - max(start, slot * length)) / lasts
            sums[slot, phase] = sums.get((slot, phase), 0.0) + seconds * part
    return [PhaseTime(phase, slot * length, length, seconds) for (slot, phase), seconds in sorted(sums.items())]
