"""Virtual devices with known power, for tests, examples and trying GreenTrack on any machine."""

import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

from greentrack.clock import clock as system_clock
from greentrack.errors import ConfigError, did_you_mean
from greentrack.meters.base import Context, Counter, Discovery
from greentrack.model import Device, Energy
from greentrack.vocabulary import KINDS

Clock = Callable[[], float]


class Wave(NamedTuple):
    """Power that is *low* watts for the first half of every *period* seconds and *high* watts for the second half."""

    low: float
    high: float
    period: float

    def watts(self, at: float) -> float:
        """Return the watts at the time *at* (seconds)."""
        return self.low if at % self.period < self.period / 2 else self.high

    def joules(self, at: float) -> float:
        """Return the exact joules from 0 to *at* seconds.

        >>> Wave(low=100, high=300, period=2).joules(3.5)
        650.0
        """
        periods, rest = divmod(at, self.period)
        half = self.period / 2
        return (
            periods * (self.low + self.high)
            + self.low * min(rest, half) / half
            + self.high * max(rest - half, 0) / half
        ) * half


class FakeMeter(Counter):
    """A counter of *power* (watts, or a Wave) on *clock*; a read is exact up to its own time."""

    method = "fake"

    def __init__(self, uid: str, kind: str, power: float | Wave, clock: Clock = system_clock) -> None:
        super().__init__(Device(uid=uid, kind=kind, name=f"virtual {kind}"))
        self._power = power if isinstance(power, Wave) else Wave(low=power, high=power, period=1.0)
        self._clock = clock
        self._count_at: float | None = None

    def _advance(self, now: float, since: float | None) -> Energy | None:
        self._count_at = now  # not the clock at the time of counting: the reader may be delayed in between
        try:
            return super()._advance(now, since)
        finally:
            self._count_at = None

    def count(self) -> float:
        """Return the joules since the clock's zero."""
        return self._power.joules(self._clock() if self._count_at is None else self._count_at)


def discover(context: Context, clock: Clock = system_clock) -> Discovery:
    """Return the devices of ``context.spec``: ``gpu=300,cpu=100``, or ``gpu=100~700/0.1`` for a square wave.

    Watts, or low~high watts / period in seconds; a kind may come several times. "" is one GPU of 100 W.
    Raises ConfigError.
    """
    meters = []
    numbers = {kind: itertools.count() for kind in KINDS}
    for part in (context.spec or "gpu=100").split(","):
        kind, _, power = (piece.strip() for piece in part.partition("="))
        if kind not in KINDS:
            hint = did_you_mean(kind, KINDS)
            raise ConfigError(f"fake meter {part!r}: no device is a {kind!r}{hint}; write for example gpu=300,cpu=100")
        meters.append(FakeMeter(f"fake:{kind}:{next(numbers[kind])}", kind, _parse(power, part.strip()), clock))
    return Discovery(meters=meters)


def _parse(power: str, part: str) -> Wave:
    watts, slash, period = power.partition("/")
    low, wave, high = watts.partition("~")
    try:
        found = Wave(*map(float, (low, high, period) if wave or slash else (low, low, "1")))
    except ValueError:
        found = None
    if found is None or not all(math.isfinite(number) and number >= 0 for number in found) or found.period == 0:
        raise ConfigError(
            f"fake meter {part!r} has no power; write for example gpu=300 or gpu=100~700/0.1 (watts/seconds)"
        )
    return found
