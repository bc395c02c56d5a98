"""Multi-part runs: a training that was resumed from a checkpoint, or that ran on several hosts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from greentrack.model import RunInfo
from greentrack.store.deduplication import overlapping


class HostInterval(NamedTuple):
    """When a run of a job (*group*) was on one of its hosts."""

    id: str
    group: str
    host: str
    started_at: float
    ended_at: float


class RunPosition(NamedTuple):
    """What orders a run among other parts: its start, its job and its rank."""

    started_at: float
    group: str | None
    rank: int | None


def multipart_runs(links: Iterable[tuple[str, str]], intervals: Sequence[HostInterval]) -> list[set[str]]:
    """Return the multi-part runs, each as the ids of its parts.

    *links* are pairs of a run and the one that it continues (which may have been deleted). Runs of one job that were on
    different hosts at the same time are parts of one, too.

    >>> multipart_runs([("b", "a"), ("c", "a"), ("e", "d")], []) == [{"a", "b", "c"}, {"d", "e"}]
    True
    """
    parts_of: dict[str, set[str]] = {}
    for one, other in (*links, *_concurrent(intervals)):
        mine, theirs = (parts_of.get(run_id) or {run_id} for run_id in (one, other))
        smaller, larger = sorted((mine, theirs), key=len)
        larger |= smaller
        for run_id in (*smaller, one, other):
            parts_of[run_id] = larger
    return list({id(parts): parts for parts in parts_of.values()}.values())


def in_order(parts: Iterable[str], positions: Mapping[str, RunPosition | RunInfo]) -> list[str]:
    """Return the ids of *parts* by their start, but the lowest rank of the job that started last at the end."""
    order = sorted(parts, key=lambda run_id: (positions[run_id].started_at, run_id))
    job = positions[order[-1]].group if order else None
    if job is not None:
        peers = {run_id: positions[run_id].rank or 0 for run_id in order if positions[run_id].group == job}
        leader = [run_id for run_id, rank in peers.items() if rank == min(peers.values())][-1]
        order.remove(leader)
        order.append(leader)
    return order


def _concurrent(intervals: Sequence[HostInterval]) -> Iterable[tuple[str, str]]:
    """Yield pairs of runs of one job that were on different hosts at the same time."""
    for first, *others in overlapping((one.group, one.started_at, one.ended_at, one) for one in intervals):
        if any(other.host != first.host for other in others):
            yield from ((first.id, other.id) for other in others)


def relinked(links: Mapping[str, str | None], gone: set[str]) -> dict[str, str]:
    """Return, for runs that continue one that is *gone*, what that one continued: they continue it from now on.

    *links* is what each run continues, None for nothing. Where the first part is gone its id stays, so that the runs
    that continue it still belong together.

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
