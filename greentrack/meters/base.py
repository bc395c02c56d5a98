"""What a meter is: one device's cumulative joules, which never go down, made from a counter or from a gauge."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from greentrack.errors import MeterError
from greentrack.model import Device, Energy, Missing

SLACK_S = 0.25
"""How much later than its time stamp a sensor may answer: a busy machine delays a read, and that is no misreading."""

GAP = 3.0
"""A gauge not read for longer than this many of its intervals was not watched: that time is not billed."""


class Meter(ABC):
    """One device's energy. The recorder calls ``read`` every *interval* seconds and at the edges of spans.

    *method* is a name in ``greentrack.methods``; *note* is a sentence about this device that its user must know.
    *trusted* turns False when a counter proves wrong against its own power. *most* is the power (watts) that the device
    cannot exceed: what implies more is a misreading and is refused.
    """

    interval: float = 1.0
    min_gap: float = (
        0.0  # seconds below which the sensor must not be asked again; the total is then extended by its last power
    )
    method: str = ""
    trusted: bool = True
    note: str = ""
    most: float | None = None

    def __init__(self, device: Device) -> None:
        self.device = device
        self.failures = 0
        self._total = Energy()
        self._shown = Energy()
        self._at: float | None = None  # of the last good read
        self._watts: float | None = None  # over the last good interval

    @abstractmethod
    def _advance(self, now: float, since: float | None) -> Energy | None:
        """Ask the sensor; return what was added since *since* (None at the first read), or None if that is unknown.

        Raises MeterError where the sensor cannot be read.
        """

    def read(self, now: float) -> Energy:
        """Return the cumulative energy up to *now* (seconds of the recorder's clock); it never goes down.

        Raises MeterError where the sensor cannot be read; the next good read heals the gap as far as the sensor allows.
        """
        if self._at is not None and now - self._at < self.min_gap:
            if self._watts is None:  # it was read once: nobody knows its power yet, and that is not none
                return self._show(self._total)
            return self._extended(now - self._at, self._watts)
        since, added = self._at, None
        try:
            added = self._advance(now, since)
        except MeterError:
            self.failures += 1
            raise
        self._at = now
        if added is not None:
            if since is not None and now > since:
                self._watts = added.joules / (now - since)
            check = (
                None
                if added.cross_check is None and self._total.cross_check is None
                else (self._total.cross_check or 0.0) + (added.cross_check or 0.0)
            )
            self._total = Energy(
                joules=self._total.joules + added.joules, seconds=self._total.seconds + added.seconds, cross_check=check
            )
        return self._show(self._total)

    def share(self, pids: Iterable[int]) -> float | None:
        """The part of the device's recent activity that *pids* caused, 0 to 1; None where it cannot tell."""
        del pids
        return None

    def busy(self) -> float | None:
        """The part of the time since it was last asked in which the device worked, 0 to 1; None where nobody knows."""
        return None

    def close(self) -> None:  # noqa: B027  # most meters hold nothing
        """Let go of the sensor."""

    def _extended(self, seconds: float, watts: float) -> Energy:
        joules = watts * seconds
        check = None if self._total.cross_check is None else self._total.cross_check + joules
        return self._show(
            Energy(joules=self._total.joules + joules, seconds=self._total.seconds + seconds, cross_check=check)
        )

    def _show(self, total: Energy) -> Energy:
        # an extension may have run ahead of what the sensor then says: stand still until it catches up
        shown = self._shown
        check = (
            total.cross_check
            if shown.cross_check is None or total.cross_check is None
            else max(total.cross_check, shown.cross_check)
        )
        self._shown = Energy(
            joules=max(total.joules, shown.joules), seconds=max(total.seconds, shown.seconds), cross_check=check
        )
        return self._shown


class Counter(Meter):
    """A device that counts its own joules. A gap costs nothing: the next difference spans it.

    *wrap* is the count (joules) after which the counter starts again at 0, or None where a smaller value means that it
    was reset. A step that is refused because it implies more power than *most* is healed by the next good read.
    """

    wrap: float | None = None

    def __init__(self, device: Device) -> None:
        super().__init__(device)
        self._last: float | None = None
        self._refused: tuple[float, float] | None = None  # the count and the time of a step that could not be
        self._fallen: tuple[float, float] | None = None  # the count and the time before it fell

    @abstractmethod
    def count(self) -> float:
        """Joules counted since some fixed instant. Raises MeterError."""

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
            return None  # a reset: a new segment starts here, and coverage tells what was missed
        fallen, self._fallen = self._fallen, None
        if fallen is not None and count >= fallen[0]:  # it is back where it was: one read was wrong, and no reset
            step, seconds = count - fallen[0], now - fallen[1]
        if step < 0 and self.wrap is not None:
            step %= self.wrap
        if self.most is not None:
            if self.wrap is not None and seconds > self.wrap / self.most:
                self._last, self._refused = count, None
                return None  # it may have wrapped more than once: nobody knows how often
            if step > self.most * (seconds + SLACK_S):
                return self._refuse(count, now, self.most, f"{step:.0f} J in {seconds:.2f} s")
        self._last, self._refused = count, None
        return Energy(joules=step, seconds=seconds)

    def _refuse(self, count: float, now: float, most: float, step: str) -> Energy:
        refused, self._refused = self._refused, (count, now)
        if refused is not None and 0 <= count - refused[0] <= most * (now - refused[1]):
            self._last, self._refused = count, None  # it goes on from there: it was set anew, not misread
            return Energy(joules=count - refused[0], seconds=now - refused[1])
        raise MeterError(f"{self.device.uid} stepped {step}, more than {most:.0f} W allows; not counted")


class Gauge(Meter):
    """A device that shows its power. *rule* "backward" bills each value for the time before it (averaged sensors and
    loads over the last interval), "trapezoid" bills the mean of neighbouring values (instant sensors).
    """

    interval: float = 0.1
    rule: str = "trapezoid"

    def __init__(self, device: Device) -> None:
        super().__init__(device)
        self._before: float | None = None

    @abstractmethod
    def power(self) -> float:
        """Watts now, or over the time since it was last asked. Raises MeterError."""

    def _advance(self, now: float, since: float | None) -> Energy | None:
        watts, before = _sane(self.power(), self.device), self._before
        if self.most is not None and watts > self.most:
            raise MeterError(f"{self.device.uid} shows {watts:.0f} W, more than {self.most:.0f} W; not counted")
        self._before = watts
        if since is None or before is None or now - since > GAP * self.interval:
            return None
        mean = watts if self.rule == "backward" else (watts + before) / 2
        return Energy(joules=mean * (now - since), seconds=now - since)


def _sane(value: float, device: Device) -> float:
    if not math.isfinite(value) or value < 0:
        raise MeterError(f"{device.uid} reads {value!r}, which no device can use; not counted")
    return value


class Context(NamedTuple):
    """What a vendor's ``discover`` may look at.

    *sys* and *proc* stand for /sys and /proc; *env* is the environment of the tracked process; *gpus* is "auto" (those
    that CUDA would show it), "all", or indices and UUIDs; *cuda_uuids* are the GPUs that its CUDA has told us of;
    *spec* is what followed the meter's name in the settings (``fake:gpu=300``); *found* are the meters of the vendors
    before.
    """

    sys: Path = Path("/sys")
    proc: Path = Path("/proc")
    env: Mapping[str, str] = {}
    gpus: str | Sequence[int | str] = "auto"
    cuda_uuids: Sequence[str] | None = None
    spec: str = ""
    found: Sequence[Meter] = ()

    def has(self, kind: str) -> bool:
        """Whether an earlier vendor already measures this *kind* of device."""
        return any(kind == meter.device.kind or kind in meter.device.details.get("covers", ()) for meter in self.found)


class Discovery(NamedTuple):
    """What a vendor has: meters, and what is there but cannot be used (or is not there at all), with the remedy."""

    meters: Sequence[Meter] = ()
    missing: Sequence[Missing] = ()
