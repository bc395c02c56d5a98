"""When phases took their time, in time bins: a run of a month has no more of them than one of a morning."""

import math
from collections.abc import Iterable
from typing import NamedTuple

MAX_BINS = 300
"""Time bins of a run; a page is drawn no finer."""


class PhaseTime(NamedTuple):
    """*phase* took *seconds* of the *length* seconds from *start* (Unix time); those of a bin are whole numbers."""

    phase: str
    start: float
    length: float
    seconds: float

    @property
    def end(self) -> float:
        """The Unix time of its end."""
        return self.start + self.length


def bin_length(since: float, until: float, shortest: int = 1) -> int:
    """Return the seconds of a bin: *shortest*, doubled until there are at most ``MAX_BINS`` of them up to *until*.

    >>> bin_length(0, 300), bin_length(0, 300.5), bin_length(0, 30 * 86400)
    (1, 2, 16384)
    """
    length = shortest
    while math.ceil(until / length) - math.floor(since / length) > MAX_BINS:
        length *= 2
    return length


def into_bins(times: Iterable[PhaseTime], length: int) -> list[PhaseTime]:
    """Put *times* into bins of *length* whole seconds, which begin at its multiples; no second is lost.

    A time that spans several bins is spread over them evenly. A bin of twice the length is the sum of two of these.

    >>> into_bins([PhaseTime("data", 3.5, 2.0, 1.0)], 4)
    [PhaseTime(phase='data', start=0, length=4, seconds=0.25), PhaseTime(phase='data', start=4, length=4, seconds=0.75)]
    """
    sums: dict[tuple[int, str], float] = {}
    for phase, start, span, seconds in times:
        first = math.floor(start / length)
        last = max(first, math.ceil((start + span) / length) - 1)
        for number in range(first, last + 1):
            part = 1.0
            if first != last:
                part = (min(start + span, (number + 1) * length) - max(start, number * length)) / span
            sums[number, phase] = sums.get((number, phase), 0.0) + seconds * part
    return [PhaseTime(phase, number * length, length, seconds) for (number, phase), seconds in sorted(sums.items())]
