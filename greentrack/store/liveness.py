"""Finds out which of the runs that are stored as running were killed."""

from collections.abc import Callable
from typing import NamedTuple

from greentrack.host import facts
from greentrack.model import RunInfo

MAX_WRITE_GAP_S = 5.0
"""A recorder writes about every second: one that wrote within this time is alive, whatever the pid of the run."""

MAX_REMOTE_GAP_S = 7200.0
"""A run on another machine that wrote nothing for so long (twice the longest interval) counts as interrupted, though
this cannot be known here."""


class LocalMachine(NamedTuple):
    """This machine and its processes. *process_started* is ``facts.process_started``."""

    boot_id: str
    host_id: str
    process_started: Callable[[int], float | None]

    def is_gone(self, run: RunInfo, quiet_s: float) -> bool | None:
        """True where the process of *run*, which has written nothing for *quiet_s* seconds, is gone.

        None where it ran on another machine, or it is not known where: nothing but the time tells.
        """
        if abs(quiet_s) <= MAX_WRITE_GAP_S:  # abs: the clock may have been set back since
            return False
        if run.boot_id and run.boot_id == self.boot_id:
            started = self.process_started(run.pid)
            return started is None or abs(started - run.pid_started) > 1.0
        if run.host is not None and run.host.id == self.host_id:
            return True  # this machine was booted again since
        return None


def local_machine() -> LocalMachine:
    """Return this machine."""
    return LocalMachine(facts.boot_id(), facts.host().id, facts.process_started)
