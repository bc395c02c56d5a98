"""The processes that a process has started, and the CPU time that all of them use."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from greentrack.host.cpu_time import TICK_S
from greentrack.host.facts import PROC


class _Times(NamedTuple):
    """CPU seconds of one process: its *own*, and those of children that it has waited for (*reaped*)."""

    parent: int
    started: float
    own: float
    reaped: float


MIN_SEARCH_S = 0.1
"""Seconds between two searches for new descendants, at least."""


class ProcessTree:
    """The CPU time of the process *pid* and all its descendants from now on; it never goes down.

    A child that ends passes its time to the parent that waits for it, so short-lived children that were never seen
    count too. A descendant stays a member when its parent dies and init adopts it. Each call reads the members and,
    where the system lists them (Linux), the children of their main threads. The search among all processes, for those
    that other threads started, runs at most ten times a second and costs at most 0.1 % of a core.
    """

    def __init__(
        self,
        pid: int,
        proc: Path = PROC,
        *,
        clock: Callable[[], float] = time.monotonic,
        cost: Callable[[], float] = time.thread_time,
    ) -> None:
        self._source = _ProcSource(proc) if proc.is_dir() else _PsutilSource()
        self._clock, self._cost = clock, cost
        self._members: dict[int, _Times] = {}  # parents before their children
        self._unrelated: set[int] = set()
        self._total = 0.0
        self._due = 0.0
        root = self._source.times(pid)
        if root is not None:
            self._members[pid] = root
            self._members |= self._search()  # what they used before does not count
            self._due = self._clock() + MIN_SEARCH_S  # the first search reads every process: the next are far cheaper

    @property
    def pids(self) -> frozenset[int]:
        """The pids of the known members."""
        return frozenset(self._members)

    def cpu_seconds(self) -> float:
        """Return the CPU seconds that the tree has used since this object was made."""
        if self._members:
            for pid, times in (self._search() if self._clock() >= self._due else self._new_children()).items():
                self._members[pid] = _Times(times.parent, times.started, 0.0, 0.0)  # all of its time is new
        self._count()
        return self._total

    def _new_children(self) -> dict[int, _Times]:
        """Return new children of the members' main threads, and theirs, parents before their children."""
        new: dict[int, _Times] = {}
        parents = list(self._members)
        for parent in parents:  # the list grows
            for pid in self._source.children(parent) - self._members.keys() - new.keys():
                if (times := self._source.times(pid)) is not None:
                    new[pid] = times
                    parents.append(pid)
        return new

    def _search(self) -> dict[int, _Times]:
        """Return unknown descendants among all processes, parents before their children."""
        began = self._cost()
        listed = self._source.pids()
        # the pid of an unrelated process is assumed to be that process still: the kernel uses all others first
        unknown = listed - self._members.keys() - self._unrelated
        seen = {pid: times for pid in unknown if (times := self._source.times(pid)) is not None}
        new: dict[int, _Times] = {}
        grown = -1
        while grown < len(new):
            grown = len(new)
            for pid, times in seen.items():
                parent = self._members.get(times.parent) or new.get(times.parent)
                # a parent younger than its child is another process with a dead parent's pid (Windows keeps it)
                if pid not in new and parent is not None and parent.started <= times.started:
                    new[pid] = times
        self._unrelated = listed & (self._unrelated | unknown) - new.keys()
        self._due = self._clock() + max(MIN_SEARCH_S, 1000 * (self._cost() - began))
        return new

    def _count(self) -> None:
        now, gone = self._consistent()
        own = reaped = 0.0
        for pid, after in now.items():
            before = self._members[pid]
            own += max(0.0, after.own - before.own)
            reaped += max(0.0, after.reaped - before.reaped)
        # the time of ended processes was counted while they ran, and appears again in their parents' reaped time, if
        # the parent is a member and waits for its children
        ended = [self._members[pid] for pid in gone if self._members[pid].parent in self._members]
        known = sum(each.own + each.reaped for each in ended)
        self._total += own + max(0.0, reaped - known)
        self._members = now

    def _consistent(self) -> tuple[dict[int, _Times], set[int]]:
        """Read all members so that no child's time is in its own and in its parent's figure.

        Parents are read first, so a running child was not yet reaped when its parent was read. A pass in which a
        process vanished is repeated, so that ended processes had been reaped before their parents were read.
        """
        gone: set[int] = set()
        while True:
            now: dict[int, _Times] = {}
            for pid, before in self._members.items():
                times = None if pid in gone else self._source.times(pid)
                if times is not None and times.started == before.started:  # otherwise another process has the pid now
                    now[pid] = times
            missing = self._members.keys() - now.keys()
            if missing == gone:
                return now, gone
            gone = set(missing)


class _ProcSource:
    """Processes from /proc."""

    def __init__(self, proc: Path) -> None:
        self._proc = str(proc)

    def pids(self) -> set[int]:
        return {int(name) for name in os.listdir(self._proc) if name.isdigit()}

    def times(self, pid: int) -> _Times | None:
        try:
            with open(f"{self._proc}/{pid}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()  # the name before it may hold blanks and brackets
            user, system, children_user, children_system = (int(field) * TICK_S for field in fields[11:15])
            return _Times(int(fields[1]), float(fields[19]), user + system, children_user + children_system)
        except (OSError, ValueError, IndexError):
            return None

    def children(self, pid: int) -> set[int]:
        try:
            with open(f"{self._proc}/{pid}/task/{pid}/children", "rb") as file:
                return {int(child) for child in file.read().split()}
        except (OSError, ValueError):
            return set()  # it has ended, or the kernel does not list children


class _PsutilSource:
    """Processes from psutil, on systems without /proc."""

    def pids(self) -> set[int]:
        import psutil

        return set(psutil.pids())

    def times(self, pid: int) -> _Times | None:
        import psutil

        try:
            process = psutil.Process(pid)
            used = process.cpu_times()
            reaped = getattr(used, "children_user", 0.0) + getattr(used, "children_system", 0.0)
            return _Times(process.ppid(), process.create_time(), used.user + used.system, reaped)
        except (psutil.Error, OSError):
            return None

    def children(self, pid: int) -> set[int]:  # noqa: ARG002
        return set()  # psutil reads all processes for this, which the search does already
