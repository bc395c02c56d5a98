"""Energy of several runs, each joule of a device once, even where the runs overlapped on it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from greentrack.model import Reading


class Once(NamedTuple):
    """What several runs used together: *joules*, in all and *by_kind*; *overlapped* were in more than one run."""

    joules: float
    by_kind: Mapping[str, float]
    overlapped: float


class Stretch(NamedTuple):
    """What one run used of one device between two moments.

    *run* and *key* are the store's keys; *device* is machine and uid, the same for every run that watched the device.
    """

    run: int
    key: int
    trusted: bool
    device: tuple[str, str]
    kind: str
    started_at: float
    ended_at: float
    joules: float


def clusters(stretches: Iterable[Stretch]) -> list[list[Stretch]]:
    """Group *stretches* so that those of different groups share no device at the same time."""
    groups: list[list[Stretch]] = []
    until = 0.0
    for stretch in sorted(stretches, key=lambda one: (one.device, one.started_at)):
        if groups and groups[-1][0].device == stretch.device and stretch.started_at < until:
            groups[-1].append(stretch)
            until = max(until, stretch.ended_at)
        else:
            groups.append([stretch])
            until = stretch.ended_at
    return groups


def swept(runs: Sequence[Sequence[Reading]]) -> float:
    """Return the joules of one device that several *runs* read, each moment once: at the mean of their powers.

    >>> a = Reading(device="gpu", at=10.0, seconds=10.0, joules=1000.0)
    >>> b = Reading(device="gpu", at=15.0, seconds=10.0, joules=1000.0)
    >>> swept([[a], [b]])
    1500.0
    """
    joules = 0.0
    edges: list[tuple[float, int, float]] = []
    for readings in runs:
        for reading in readings:
            if reading.seconds <= 0:
                joules += reading.joules  # no stretch of time to share it by
                continue
            watts = reading.joules / reading.seconds
            edges += ((reading.at - reading.seconds, 1, watts), (reading.at, -1, -watts))
    edges.sort(key=lambda edge: edge[:2])
    watts, active, since = 0.0, 0, 0.0
    for at, change, more in edges:
        if active:
            joules += watts / active * (at - since)
        active, since = active + change, at
        watts = watts + more if active else 0.0  # from nothing again, so that rounding does not pile up
    return joules
