"""Meters of virtual NVIDIA boards, and reading them for a while."""

from typing import Any

from greentrack.meters.base import Context, Discovery, Meter
from greentrack.meters.nvidia.meter import discover
from tests.rig.nvml import AVERAGE, INSTANT, Clock, FakeGpu, FakeNvml

POWERS = {AVERAGE, INSTANT}


def meters(nvml: FakeNvml, **context: Any) -> list[Meter]:
    """The meters of a machine on which nothing is missing."""
    found = discover(Context(**context), nvml)
    assert not found.missing
    return list(found.meters)


def one(clock: Clock, **gpu: Any) -> Meter:
    """The meter of a machine with one such GPU."""
    (meter,) = meters(FakeNvml(clock, FakeGpu(**gpu)))
    return meter


def watch(meter: Meter, clock: Clock, seconds: float, every: float | None = None) -> None:
    """Read *meter* every *every* seconds, by default at its own interval, for *seconds*."""
    start, step = clock.now, meter.interval if every is None else every
    meter.read(start)
    for tick in range(1, round(seconds / step) + 1):
        clock.now = start + tick * step
        meter.read(clock.now)


def uids(found: Discovery) -> list[str]:
    """The GPUs found, by UUID."""
    return [meter.device.uid for meter in found.meters]
