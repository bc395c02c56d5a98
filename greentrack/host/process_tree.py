"""What a process and its descendants do on this machine: their CPU seconds, and who they are."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from greentrack.host.cpu_time import PROC, TICK_S


class _Times(NamedTuple):
    """CPU seconds of one process: its *own* threads', and those of children that it has waited for (*reaped*)."""

    parent: int
    started: float
    own: float
    reaped: float


SOONEST_S = 0.1
"""New descendants are not searched for more often than this."""


class ProcessTree:
    """The CPU time of the process *pid* and all its descendants from now on; it never goes down.

    A child that ends hands its time to the parent that waits for it, so children too short-lived to be seen count too.
    A descendant once seen stays one, even when its parent dies and init adopts it. Members are read at each call, and
    where the system lists them (Linux) the children of their main threads with them. The search among all processes,
    for those that other threads started, runs ten times a second at most, and costs 0.1 % of a core at most.
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
        self._strangers: set[int] = set()
        self._total = 0.0
        self._due = 0.0
        root = self._source.times(pid)
        if root is not None:
            self._members[pid] = root
            self._members |= self._newcomers()  # what they used before belongs to the time before
            self._due = self._clock() + SOONEST_S  # the first search looks at everybody: the next are far cheaper

    @property
    def pids(self) -> frozenset[int]:
        """The processes known to be members."""
        return frozenset(self._members)

    def cpu_seconds(self) -> float:
        """Return the CPU seconds that the tree has used since this object was made."""
        if self._members:
            for pid, times in (self._newcomers() if self._clock() >= self._due else self._born()).items():
                self._members[pid] = _Times(times.parent, times.started, 0.0, 0.0)  # all of its time is new
        self._count()
        return self._total

    def _born(self) -> dict[int, _Times]:
        """Children, and theirs, that members' main threads have started, parents before their children."""
        new: dict[int, _Times] = {}
        parents = list(self._members)
        for parent in parents:  # which grows
            for pid in self._source.children(parent) - self._members.keys() - new.keys():
                if (times := self._source.times(pid)) is not None:
                    new[pid] = times
                    parents.append(pid)
        return new

    def _newcomers(self) -> dict[int, _Times]:
        """Descendants not known yet, parents before their children."""
        began = self._cost()
        listed = self._source.pids()
        # a number seen on a stranger a scan ago is taken to be that stranger still: to be handed out again within
        # seconds, all the other numbers would have to be used up first
        unknown = listed - self._members.keys() - self._strangers
        seen = {pid: times for pid in unknown if (times := self._source.times(pid)) is not None}
        new: dict[int, _Times] = {}
        grown = -1
        while grown < len(new):
            grown = len(new)
            for pid, times in seen.items():
                parent = self._members.get(times.parent) or new.get(times.parent)
                # a parent younger than its child is somebody else with a dead parent's number (Windows keeps it)
                if pid not in new and parent is not None and parent.started <= times.started:
                    new[pid] = times
        self._strangers = listed & (self._strangers | unknown) - new.keys()
        self._due = self._clock() + max(SOONEST_S, 1000 * (self._cost() - began))
        return new

    def _count(self) -> None:
        now, gone = self._consistent()
        own = reaped = 0.0
        for pid, after in now.items():
            before = self._members[pid]
            own += max(0.0, after.own - before.own)
            reaped += max(0.0, after.reaped - before.reaped)
        # what the dead had used was counted while they lived, and comes again with their parents' reaped time; one
        # whose parent is no member, or does not wait for its children, hands nothing on
        dead = [self._members[pid] for pid in gone if self._members[pid].parent in self._members]
        known = sum(each.own + each.reaped for each in dead)
        self._total += own + max(0.0, reaped - known)
        self._members = now

    def _consistent(self) -> tuple[dict[int, _Times], set[int]]:
        """Read all members such that no child's time is both its own and already its parent's.

        Parents are read first, so a living child was not yet reaped when its parent was read; and a pass in which
        somebody vanished is done again, so that the dead had been reaped before their parents were read.
        """
        gone: set[int] = set()
        while True:
            now: dict[int, _Times] = {}
            for pid, before in self._members.items():
                times = None if pid in gone else self._source.times(pid)
                if times is not None and times.started == before.started:  # otherwise the number is another's now
                    now[pid] = times
            missing = self._members.keys() - now.keys()
            if missing == gone:
                return now, gone
            gone = set(missing)


class _ProcSource:
    """Processes as /proc shows them."""

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
            return set()  # it has ended, or the kernel was built without these lists


class _PsutilSource:
    """Processes as psutil shows them, on systems without /proc."""

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
        return set()  # psutil would ask all processes for their parents, which is what the search does
