"""What a meter is: the cumulative joules of one device, read from a counter or integrated from a gauge."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from greentrack.errors import MeterError
from greentrack.model import Device, Energy, Missing

SLACK_S = 0.25
"""How much later than its time stamp a sensor may answer: a busy machine delays a read."""

MAX_GAP_INTERVALS = 3.0
"""A gauge that is not read for longer than this many of its intervals is not billed for that time."""


class Meter(ABC):
    """One device's energy. The recorder calls ``read`` every *interval* seconds and at the edges of spans.

    Within *min_gap* seconds the sensor is not read again; the total is extended by its last power instead. *method* is
    a name in ``greentrack.methods``; *note* is a sentence about this device that its user must know. *counter_valid*
    turns False when a counter proves wrong against its device's own power. *max_watts* is the power that the device
    cannot exceed: a reading that implies more is refused. *is_within_quota* is True for a model of only those CPUs that
    this container may use.
    """

    interval: float = 1.0
    min_gap: float = 0.0
    method: str = ""
    counter_valid: bool = True
    is_within_quota: bool = False
    note: str = ""
    max_watts: float | None = None

    def __init__(self, device: Device) -> None:
        self.device = device
        self.failures = 0
        self._total = Energy()
        self._reported = Energy()
        self._read_at: float | None = None  # of the last good read
        self._watts: float | None = None  # over the last good interval

    @abstractmethod
    def _advance(self, now: float, since: float | None) -> Energy | None:
        """Read the sensor; return the energy since *since* (None at the first read), or None if it is unknown.

        Raises MeterError where the sensor cannot be read.
        """

    def read(self, now: float) -> Energy:
        """Return the cumulative energy up to *now* (seconds of the recorder's clock); it never goes down.

        Raises MeterError where the sensor cannot be read; the next good read heals the gap as far as the sensor allows.
        """
        if self._read_at is not None and now - self._read_at < self.min_gap:
            if self._watts is None:  # after one read the power is unknown, which is not zero
                return self._report(self._total)
            joules, seconds = self._watts * (now - self._read_at), now - self._read_at
            check = None if self._total.cross_check is None else joules
            return self._report(_sum(self._total, Energy(joules=joules, seconds=seconds, cross_check=check)))
        since, added = self._read_at, None
        try:
            added = self._advance(now, since)
        except MeterError:
            self.failures += 1
            raise
        self._read_at = now
        if added is not None:
            if since is not None and now > since:
                self._watts = added.joules / (now - since)
            self._total = _sum(self._total, added)
        return self._report(self._total)

    def share(self, pids: Iterable[int]) -> float | None:
        """Return the part of the device's recent activity that *pids* caused, 0 to 1; None if unknown."""
        del pids
        return None

    def busy(self) -> float | None:
        """Return the part of the time since the last call in which the device worked, 0 to 1; None if unknown."""
        return None

    def close(self) -> None:  # noqa: B027  # most meters hold nothing
        """Release the sensor."""

    def _report(self, total: Energy) -> Energy:
        # an extension may be ahead of the next reading: stand still until the reading catches up
        reported = self._reported
        check = total.cross_check
        if check is not None and reported.cross_check is not None:
            check = max(check, reported.cross_check)
        self._reported = Energy(
            joules=max(total.joules, reported.joules), seconds=max(total.seconds, reported.seconds), cross_check=check
        )
        return self._reported


class Counter(Meter):
    """A device that counts its own joules. A gap loses nothing: the next difference spans it.

    *wrap* is the count (joules) after which the counter starts again at 0, or None where a smaller value means that it
    was reset. The next good read makes up for a step that was refused because it implies more than *max_watts*.
    """

    wrap: float | None = None

    def __init__(self, device: Device) -> None:
        super().__init__(device)
        self._last: float | None = None
        self._refused: tuple[float, float] | None = None  # the count and the time of an impossible step
        self._fallen: tuple[float, float] | None = None  # the count and the time before it fell

    @abstractmethod
    def count(self) -> float:
        """Return the joules counted since some fixed instant. Raises MeterError."""

    def _advance(self, now: float, since: float | None) -> Energy | None:
        count, last = _sane(self.count(), self.device), self._last
        if self.wrap is not None and count >= self.wrap:
            raise MeterError(f"{self.device.uid} reads {count:.0f} J, beyond its {self.wrap:.0f} J; not counted")
        if last is None or since is None:
            self._last = count
            return None
        seconds = now - since
        step = count - last
        if step < 0 and self.wrap is None:
            self._last, self._refused, self._fallen = count, None, (last, since)
            return None  # a reset: a new segment starts here, and coverage shows the gap
        fallen, self._fallen = self._fallen, None
        if fallen is not None and count >= fallen[0]:  # back where it was: one wrong read, no reset
            step, seconds = count - fallen[0], now - fallen[1]
        if step < 0 and self.wrap is not None:
            step %= self.wrap
        if self.max_watts is not None:
            if self.wrap is not None and seconds > self.wrap / self.max_watts:
                self._last, self._refused = count, None
                return None  # it may have wrapped more than once
            if step > self.max_watts * (seconds + SLACK_S):
                return self._refuse(count, now, self.max_watts, f"{step:.0f} J in {seconds:.2f} s")
        self._last, self._refused = count, None
        return Energy(joules=step, seconds=seconds)

    def _refuse(self, count: float, now: float, max_watts: float, step: str) -> Energy:
        refused, self._refused = self._refused, (count, now)
        if refused is not None and 0 <= count - refused[0] <= max_watts * (now - refused[1]):
            self._last, self._refused = count, None  # it goes on from there: a reset, not a misreading
            return Energy(joules=count - refused[0], seconds=now - refused[1])
        raise MeterError(f"{self.device.uid} stepped {step}, more than {max_watts:.0f} W allows; not counted")


class Gauge(Meter):
    """A device that shows its power, which is integrated.

    *rule* "backward" bills each value for the time before it (sensors that average, loads over the last interval);
    "trapezoid" bills the mean of neighbouring values (instant sensors).
    """

    interval: float = 0.1
    rule: str = "trapezoid"

    def __init__(self, device: Device) -> None:
        super().__init__(device)
        self._last_watts: float | None = None

    @abstractmethod
    def power(self) -> float:
        """Return the watts now, or over the time since the last call. Raises MeterError."""

    def _advance(self, now: float, since: float | None) -> Energy | None:
        watts, last = _sane(self.power(), self.device), self._last_watts
        if self.max_watts is not None and watts > self.max_watts:
            raise MeterError(f"{self.device.uid} shows {watts:.0f} W, more than {self.max_watts:.0f} W; not counted")
        self._last_watts = watts
        if since is None or last is None or now - since > MAX_GAP_INTERVALS * self.interval:
            return None
        mean = watts if self.rule == "backward" else (watts + last) / 2
        return Energy(joules=mean * (now - since), seconds=now - since)


def _sane(value: float, device: Device) -> float:
    if not math.isfinite(value) or value < 0:
        raise MeterError(f"{device.uid} reads {value!r}, which no device can use; not counted")
    return value


def _sum(first: Energy, second: Energy) -> Energy:
    checks = [energy.cross_check for energy in (first, second) if energy.cross_check is not None]
    return Energy(
        joules=first.joules + second.joules,
        seconds=first.seconds + second.seconds,
        cross_check=sum(checks) if checks else None,
    )


class Context(NamedTuple):
    """What a vendor's ``discover`` may use.

    *sys* and *proc* stand for /sys and /proc; *env* is the environment of the tracked process; *gpus* is "auto" (those
    that the process can see), "all", or indices and UUIDs; *torch_uuids* are the GPUs that torch has already shown to
    the process, as torch writes them; *spec* is what followed the meter's name in the settings (``fake:gpu=300``);
    *found* are the meters of earlier vendors.
    """

    sys: Path = Path("/sys")
    proc: Path = Path("/proc")
    env: Mapping[str, str] = {}
    gpus: str | Sequence[int | str] = "auto"
    torch_uuids: Sequence[str] | None = None
    spec: str = ""
    found: Sequence[Meter] = ()

    def has(self, kind: str) -> bool:
        """True if an earlier vendor already measures this *kind* of device."""
        return any(kind == meter.device.kind or kind in meter.device.details.get("covers", ()) for meter in self.found)


class Discovery(NamedTuple):
    """What a vendor has: meters, and what is missing or cannot be used, with the remedy."""

    meters: Sequence[Meter] = ()
    missing: Sequence[Missing] = ()
