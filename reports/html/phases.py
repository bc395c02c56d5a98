"""The share of a run's time that each phase took, in bins: the band beneath the power, and its table."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from greentrack.formatting.escape import shown
from greentrack.formatting.table import Table
from greentrack.formatting.units import duration, percent
from greentrack.model import RunInfo
from greentrack.store.time_bins import PhaseTime, into_bins

MAX_PHASES = 6
"""Maximum number of phases with a colour of their own: those that took longest."""

OTHERS = "all other phases"

MAX_ROWS = 10
"""Maximum number of rows in the table of shares over time."""

MAX_SUM_OF_SHARES = 1.05
"""Phases that add up to more than this share of a bin are those of several threads; clocks alone differ less."""


class PhaseBin(NamedTuple):
    """From *since* to *until* (seconds since the run began) each phase had its share, 0 to 1; all at most 1."""

    since: float
    until: float
    shares: Mapping[str, float]


class PhaseShares(NamedTuple):
    """The phases that are drawn, that which took longest first, and their shares in bins of *bin_s* seconds.

    *is_overlapping*: several threads' phases added up to more than the time, and share it.
    """

    names: tuple[str, ...]
    bins: tuple[PhaseBin, ...]
    bin_s: int
    is_overlapping: bool


def shares(times: Sequence[PhaseTime], run: RunInfo) -> PhaseShares | None:
    """Return how phases shared the time of *run*; None where that was not kept."""
    known = [time for time in times if time.length >= 1 and time.seconds > 0]  # anybody can edit a database
    if not known or run.seconds <= 0:
        return None
    length = int(max(time.length for time in known))
    slots: dict[float, dict[str, float]] = {}
    sums: dict[str, float] = {}
    for time in into_bins(known, length):
        if time.start < run.started_at + run.seconds and time.end > run.started_at:
            slots.setdefault(time.start, {})[time.phase] = time.seconds
            sums[time.phase] = sums.get(time.phase, 0.0) + time.seconds
    if not slots:
        return None
    ranked = sorted(sums, key=lambda name: (-sums[name], name))
    own = ranked if len(ranked) <= MAX_PHASES + 1 else ranked[:MAX_PHASES]
    bins, is_overlapping = [], False
    for start, taken in slots.items():
        since, until = max(0.0, start - run.started_at), min(run.seconds, start + length - run.started_at)
        whole = sum(taken.values())
        is_overlapping = is_overlapping or whole > MAX_SUM_OF_SHARES * (until - since)
        fraction = 1 / max(whole, until - since)
        rest = sum(seconds for name, seconds in taken.items() if name not in own)
        each = {name: taken[name] * fraction for name in own if name in taken}
        bins.append(PhaseBin(since, until, each | ({OTHERS: rest * fraction} if rest else {})))
    names = (*own, *([OTHERS] if len(own) < len(ranked) else []))
    return PhaseShares(names, tuple(bins), length, is_overlapping)


def lines(made: PhaseShares) -> tuple[tuple[float, ...], dict[str, tuple[float, ...]]]:
    """Return when the shares change, and from then on those of each phase; they are zero where there is no bin."""
    at: list[float] = []
    steps: list[Mapping[str, float]] = []
    for part in made.bins:
        if at and at[-1] >= part.since:
            at, steps = at[:-1], steps[:-1]
        at += [part.since, part.until]
        steps += [part.shares, {}]
    return tuple(at), {name: tuple(step.get(name, 0.0) for step in steps) for name in made.names}


def table(made: PhaseShares, run: RunInfo) -> Table | None:
    """Return the shares in tenths of the run, or in as many stretches as there are bins; None where that is one."""
    count = min(MAX_ROWS, int(run.seconds / made.bin_s))
    if count < 2:
        return None
    rows = []
    for number in range(count):
        since, until = run.seconds * number / count, run.seconds * (number + 1) / count
        sums = dict.fromkeys(made.names, 0.0)
        for part in made.bins:
            within = min(until, part.until) - max(since, part.since)
            for name, share in part.shares.items() if within > 0 else ():
                sums[name] += share * within
        each = (percent(seconds / (until - since)) for seconds in sums.values())
        rows.append((duration(until), *each))
    head = ("up to", *(shown(name) for name in made.names))
    return Table(head, tuple(rows), tuple(range(1, len(head))), "Phases over time, by their share of it")
