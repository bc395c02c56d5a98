"""Compares an energy counter with its device's own power, and replaces it by the power where it proves wrong."""

import math
from abc import abstractmethod

from greentrack.meters.base import MAX_GAP_INTERVALS, Counter
from greentrack.model import Device, Energy

TOLERANCE = 0.05
"""A counter that differs from the integrated power by no more than this part of it is not called wrong."""

_LATE = 1.1  # x *average_s*: an average may be billed for a little more than its time, because ticks come late


class CrossCheck:
    """Compares a counter's joules with integrated power, over the time in which both were read.

    Each power value is the mean of the last *average_s* seconds and is billed for the time before it. Where
    *average_s* is None, power is instant, and the mean of neighbouring values is billed. The sensors show a new value
    every *update_s* seconds.
    """

    def __init__(self, *, average_s: float | None, update_s: float) -> None:
        self._average_s, self._update_s = average_s, update_s
        # instant power needs longer: with steps whose time divides the second, reads meet the same moment of a step
        # for minutes
        self._min_seconds = 600.0 if average_s is None else 60.0
        self._last_watts: float | None = None
        self._step_was_long = False
        self._samples = 0
        self._mean = self._squares = self._seconds_squared = self._peak = 0.0
        self.counted = self.integral = self.seconds = 0.0

    def step(self, watts: float | None, added: Energy | None) -> float:
        """Return power integrated over the time of *added*, or the counter's joules where power was not read."""
        last, self._last_watts = self._last_watts, watts
        if added is None:
            return 0.0
        if watts is None or last is None or added.seconds > MAX_GAP_INTERVALS * Counter.interval:
            return added.joules
        if self._average_s is not None:
            # the average covers only a part of a longer step, and that part again in the step after it
            step_was_long, self._step_was_long = self._step_was_long, added.seconds > _LATE * self._average_s
            if step_was_long or self._step_was_long:
                return added.joules
        joules = (watts if self._average_s is not None else (last + watts) / 2) * added.seconds
        self.counted += added.joules
        self.integral += joules
        self.seconds += added.seconds
        self._seconds_squared += added.seconds**2
        self._peak = max(self._peak, watts)
        self._samples += 1
        deviation = watts - self._mean
        self._mean += deviation / self._samples
        self._squares += deviation * (watts - self._mean)
        return joules

    def failed(self) -> bool:
        """True if they differ by more than 5 %, two updates at the peak, and the sampling error of instant power."""
        if self.seconds < self._min_seconds:
            return False
        allowed = max(TOLERANCE * self.integral, 2 * self._update_s * self._peak)
        if self._average_s is None:
            spread = math.sqrt(self._squares / self._samples)
            # 4 standard errors and not 3: the question is asked again at every read
            allowed = max(allowed, 4 * spread * math.sqrt(self._seconds_squared))
        return abs(self.counted - self.integral) > allowed


class CheckedCounter(Counter):
    """A counter whose device shows its power too. Once that proves the counter wrong, the power is used from then on.

    *average_s* and *update_s* are as for ``CrossCheck``; *invalid_method* is the method's name once the counter is
    proved wrong. Set *has_power* to False for a device that turns out not to show its power: it is not checked.
    """

    invalid_method: str = ""
    has_power: bool = True

    def __init__(self, device: Device, *, average_s: float | None, update_s: float) -> None:
        super().__init__(device)
        self._check = CrossCheck(average_s=average_s, update_s=update_s)

    @abstractmethod
    def power(self) -> float | None:
        """Return the watts at the moment of the last ``count()``, or None where the device did not show them."""

    def _advance(self, now: float, since: float | None) -> Energy | None:
        added = super()._advance(now, since)
        if not self.has_power:
            return added
        joules = self._check.step(self.power(), added)
        if self.counter_valid and self._check.failed():
            self.counter_valid, self.method = False, self.invalid_method
            self.note = f"{self.note} {self._finding()}".strip()
        return None if added is None else added._replace(cross_check=joules)

    def _finding(self) -> str:
        check = self._check
        return (
            f"The energy counter said {check.counted:.0f} J where power came to {check.integral:.0f} J"
            f" over {check.seconds:.0f} s, so power is used."
        )
