"""Power over time whose energy between any two moments is known exactly: what a virtual machine's devices draw."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Protocol


class Power(Protocol):
    """Watts at every moment, and their integral; ``fake.Wave`` is one too."""

    def watts(self, at: float) -> float:
        """Watts at the moment *at* (seconds)."""

    def joules(self, at: float) -> float:
        """Joules from 0 to *at*, exactly."""


@dataclass(frozen=True)
class Steps:
    """Power in steps of (seconds, watts) from 0 on; the first also holds before, and the last for ever."""

    steps: tuple[tuple[float, float], ...]

    @cached_property
    def _starts(self) -> list[float]:
        return list(accumulate((seconds for seconds, _ in self.steps[:-1]), initial=0.0))

    @cached_property
    def _joules(self) -> list[float]:
        return list(accumulate((seconds * watts for seconds, watts in self.steps[:-1]), initial=0.0))

    def watts(self, at: float) -> float:
        """Watts at the moment *at*."""
        return self.steps[self._index(at)][1]

    def joules(self, at: float) -> float:
        """Joules from 0 to *at*; below 0 where *at* is."""
        index = self._index(at)
        return self._joules[index] + self.steps[index][1] * (at - self._starts[index])

    def _index(self, at: float) -> int:
        return max(0, bisect_right(self._starts, at) - 1)

    @property
    def peak(self) -> float:
        """The most watts of all."""
        return max(watts for _, watts in self.steps)

    def least(self, start: float, end: float, seconds: float) -> float:
        """The fewest joules that any *seconds* between *start* and *end* can hold."""
        return _fill(sorted(self._between(start, end)), seconds)

    def most(self, start: float, end: float, seconds: float) -> float:
        """The most joules that any *seconds* between *start* and *end* can hold."""
        return _fill(sorted(self._between(start, end), reverse=True), seconds)

    def _between(self, start: float, end: float) -> Iterator[tuple[float, float]]:
        """Watts and seconds of every step between two moments."""
        for index in range(self._index(start), self._index(end) + 1):
            begins = max(start, self._starts[index]) if index else start
            ends = min(end, self._starts[index + 1]) if index + 1 < len(self._starts) else end
            yield self.steps[index][1], ends - begins


def _fill(pieces: list[tuple[float, float]], seconds: float) -> float:
    joules = 0.0
    for watts, lasts in pieces:
        taken = min(lasts, seconds)
        joules += watts * taken
        seconds -= taken
    return joules


def constant(watts: float) -> Steps:
    """Power that never changes."""
    return Steps(((1.0, watts),))


def waves(*cycle: tuple[float, float], times: int) -> Steps:
    """The same steps of (seconds, watts) again and again: epochs of training and validation, say."""
    return Steps(cycle * times)
