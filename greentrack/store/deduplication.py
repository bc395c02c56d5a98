"""The energy of several runs, with each joule of a device counted once where the runs overlapped."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from greentrack.store import read_queries
from greentrack.store.statements import Statement

T = TypeVar("T")
Query = Callable[[Statement, Sequence[object]], Iterable[Sequence[Any]]]


class DeduplicatedEnergy(NamedTuple):
    """What several runs used together: *joules* in total and *by_kind*; *overlapped* were in more than one run."""

    joules: float
    by_kind: Mapping[str, float]
    overlapped: float


class DeviceInterval(NamedTuple):
    """What one run used of one device between two moments.

    *run* and *key* are the store's keys; *machine* and *uid* are the same for every run that recorded the device.
    """

    run: int
    key: int
    counter_valid: bool
    machine: str
    uid: str
    kind: str
    started_at: float
    ended_at: float
    joules: float


def deduplicated_energy(query: Query, run_ids: Iterable[str]) -> DeduplicatedEnergy:
    """Add up several runs; energy of a device that several of them recorded at the same time counts once.

    *query* asks an open database.
    """
    by_kind: dict[str, float] = {}
    overlapped = 0.0
    found = query(read_queries.DEVICE_INTERVALS, (json.dumps(sorted(set(run_ids))),))
    intervals = (DeviceInterval(*row) for row in found)
    for group in overlapping(((one.machine, one.uid), one.started_at, one.ended_at, one) for one in intervals):
        together = sum(interval.joules for interval in group)
        twice = 0.0
        if len(group) > 1:
            window = overlap(group)  # readings outside of it are in one run only: often most of millions
            read = [query(read_queries.VALID_READINGS, (one.run, one.key, one.counter_valid, *window)) for one in group]
            twice = sum(used for readings in read for _, _, used in readings) - merged_joules(read)
        by_kind[group[0].kind] = by_kind.get(group[0].kind, 0.0) + together - twice
        overlapped += twice
    return DeduplicatedEnergy(joules=sum(by_kind.values()), by_kind=by_kind, overlapped=overlapped)


def overlapping(intervals: Iterable[tuple[Any, float, float, T]]) -> list[list[T]]:
    """Group values so that no two groups have the same owner at the same time.

    An interval is its owner, its start, its end and the value.

    >>> overlapping([("gpu", 0.0, 2.0, "a"), ("gpu", 1.0, 3.0, "b"), ("gpu", 3.0, 4.0, "c"), ("cpu", 0.0, 9.0, "d")])
    [['d'], ['a', 'b'], ['c']]
    """
    groups: list[list[T]] = []
    last, until = None, 0.0
    for owner, started_at, ended_at, value in sorted(intervals, key=lambda one: one[:2]):
        if groups and owner == last and started_at < until:
            groups[-1].append(value)
            until = max(until, ended_at)
        else:
            groups.append([value])
            until = ended_at
        last = owner
    return groups


def overlap(group: Iterable[DeviceInterval]) -> tuple[float, float]:
    """Return from when to when more than one of a group (of ``overlapping``) watched its device, pauses included."""
    edges = sorted((at, ends) for one in group for at, ends in ((one.started_at, False), (one.ended_at, True)))
    active, times = 0, []
    for at, ends in edges:  # at one moment beginnings come first: a run may have no length
        if active + (not ends) > 1:
            times.append(at)
        active += -1 if ends else 1
    return times[0], times[-1]


def merged_joules(runs: Iterable[Iterable[Sequence[float]]]) -> float:
    """Return the joules of one device that several *runs* read, each moment once: at the mean of their powers.

    A reading is its end, its seconds and its joules: there may be millions.

    >>> merged_joules([[(10.0, 10.0, 1000.0)], [(15.0, 10.0, 1000.0)]])
    1500.0
    """
    joules = 0.0
    edges: list[tuple[float, int, float]] = []
    for readings in runs:
        for at, seconds, used in readings:
            if seconds <= 0:
                joules += used  # no interval of time to share it by
                continue
            watts = used / seconds
            edges.append((at - seconds, 1, watts))
            edges.append((at, -1, -watts))
    edges.sort()
    watts, active, since = 0.0, 0, 0.0
    for edge, change, more in edges:
        if active:
            joules += watts / active * (edge - since)
        active, since = active + change, edge
        watts = watts + more if active else 0.0  # from zero again, so that rounding errors do not add up
    return joules
