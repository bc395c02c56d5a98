"""Which of the runs that say "running" were in truth killed."""

from collections.abc import Callable
from typing import NamedTuple

from greentrack.host import facts
from greentrack.model import RunInfo

MAX_WRITE_GAP_S = 5.0
"""A recorder writes every second or so: one that wrote within this time holds its run, whatever its owner's pid is."""

MAX_REMOTE_GAP_S = 7200.0
"""A run on another machine that wrote nothing for so long (twice the longest interval) is seen as interrupted, though
nobody here can be sure."""


class LocalMachine(NamedTuple):
    """This machine, as the judge of its processes. *process_started* is ``facts.process_started``."""

    boot_id: str
    host_id: str
    process_started: Callable[[int], float | None]

    def is_gone(self, run: RunInfo, quiet_s: float) -> bool | None:
        """Whether *run*, which has written nothing for *quiet_s* seconds, has lost its process.

        None where it ran on another machine (or nobody knows where), so that only its silence speaks.
        """
        if abs(quiet_s) <= MAX_WRITE_GAP_S:  # abs: the clock may have been set back since
            return False
        if run.boot_id and run.boot_id == self.boot_id:
            started = self.process_started(run.pid)
            return started is None or abs(started - run.pid_started) > 1.0
        if run.host is not None and run.host.id == self.host_id:
            return True  # this machine has been started again since
        return None


def local_machine() -> LocalMachine:
    """Ask the system what a ``LocalMachine`` needs."""
    return LocalMachine(facts.boot_id(), facts.host().id, facts.process_started)
