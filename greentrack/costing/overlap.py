"""Counts the seconds and the joules of the parts of a multi-part run once, where the parts overlapped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greentrack.model import RunInfo
    from greentrack.store.reader import Reader
    from greentrack.store.run_row import RunRow


def seconds_of(runs: Iterable[RunInfo | RunRow]) -> float:
    """Return the seconds in which at least one of the *runs* ran."""
    seconds, until = 0.0, float("-inf")
    for begun, ended in sorted((run.started_at, run.started_at + run.seconds) for run in runs):
        seconds += max(0.0, ended - max(begun, until))
        until = max(until, ended)
    return seconds


def share_counted_once(reader: Reader, runs: Sequence[RunInfo | RunRow]) -> float:
    """Return the share of the joules of these parts that is left when each joule is counted once.

    It is 1 unless several of them were on one machine at the same time, such as two that resume one checkpoint.
    """
    until: dict[str | None, float] = {}
    overlap = False
    for run in sorted(runs, key=lambda run: run.started_at):
        host = run.host.id if run.host else None
        overlap = overlap or run.started_at < until.get(host, float("-inf"))
        until[host] = max(until.get(host, float("-inf")), run.started_at + run.seconds)
    if not overlap:
        return 1.0
    once = reader.deduplicated_energy(run.id for run in runs)
    together = once.joules + once.overlapped
    return once.joules / together if together > 0 else 1.0
