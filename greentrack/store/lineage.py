"""Runs that are parts of one work: a training carried on from a checkpoint, and one that ran on several hosts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from greentrack.model import RunInfo


class HostInterval(NamedTuple):
    """A run on one of the hosts of a job (*group*), and when it was there."""

    id: str
    group: str
    host: str
    started_at: float
    ended_at: float


class RunPosition(NamedTuple):
    """Where a run stands among others: when it began, its job and its rank."""

    started_at: float
    group: str | None
    rank: int | None


def multipart_runs(links: Iterable[tuple[str, str]], stays: Sequence[HostInterval]) -> list[set[str]]:
    """Return the works of more than one run, each as the ids of its runs.

    *links* are pairs of a run and the one that it continues (which may have been deleted). Runs of one job that were on
    different hosts at the same time belong together too.

    >>> multipart_runs([("b", "a"), ("c", "a"), ("e", "d")], []) == [{"a", "b", "c"}, {"d", "e"}]
    True
    """
    work_of: dict[str, set[str]] = {}
    for one, other in (*links, *_side_by_side(stays)):
        mine, theirs = (work_of.get(run_id) or {run_id} for run_id in (one, other))
        smaller, larger = sorted((mine, theirs), key=len)
        larger |= smaller
        for run_id in (*smaller, one, other):
            work_of[run_id] = larger
    return list({id(work): work for work in work_of.values()}.values())


def in_order(work: Iterable[str], places: Mapping[str, RunPosition | RunInfo]) -> list[str]:
    """Return the ids of *work* by when they began, but the lowest rank of the job that began last at the end."""
    order = sorted(work, key=lambda run_id: (places[run_id].started_at, run_id))
    job = places[order[-1]].group if order else None
    if job is not None:
        peers = {run_id: places[run_id].rank or 0 for run_id in order if places[run_id].group == job}
        leader = [run_id for run_id, rank in peers.items() if rank == min(peers.values())][-1]
        order.remove(leader)
        order.append(leader)
    return order


def _side_by_side(stays: Sequence[HostInterval]) -> Iterable[tuple[str, str]]:
    together: list[list[HostInterval]] = []
    until = 0.0
    for stay in sorted(stays, key=lambda one: (one.group, one.started_at)):
        if together and together[-1][0].group == stay.group and stay.started_at < until:
            together[-1].append(stay)
            until = max(until, stay.ended_at)
        else:
            together.append([stay])
            until = stay.ended_at
    for first, *others in together:
        if any(other.host != first.host for other in others):
            yield from ((first.id, other.id) for other in others)


def relinked(links: Mapping[str, str | None], gone: set[str]) -> dict[str, str]:
    """Return what runs that continue one that is *gone* continue from now on: what that one continued.

    *links* is what each run continues, None for nothing. Where the first part of a work is gone its id stays, so that
    several that carry it on still belong together.

    >>> relinked({"a": None, "b": "a", "c": "b"}, {"b"}), relinked({"a": None, "b": "a"}, {"a"})
    ({'c': 'a'}, {})
    """
    changed = {}
    for run_id, before in links.items():
        now, seen = before, {run_id}
        while now in gone and now not in seen and (further := links.get(now)) is not None:
            seen.add(now)
            now = further
        if run_id not in gone and now not in (before, run_id, None):
            changed[run_id] = now
    return changed
