"""A process that a training starts, ends and waits for, without harm to any other one and without waiting for them."""

import contextlib
import functools
import os
import time
from collections.abc import Mapping

_KILL = 9  # signal.SIGKILL: to load that module takes longer than to start a process

_left: list["RecorderProcess"] = []
"""Those that had not ended when their run did: looked after when the next one starts, so that no zombie stays."""


class RecorderProcess:
    """A process of ours. It is made before it is started: whatever comes in between, there is a name for it by then."""

    __slots__ = ("_over", "_pids")

    def __init__(self) -> None:
        self._over = False
        self._pids: list[int] = []  # none before it is started

    @property
    def pid(self) -> int:
        """Its number; 0 before it is started."""
        return self._pids[0] if self._pids else 0

    def start(self, command: list[str], files: Mapping[int, int]) -> None:
        """Run *command* in a session of its own; *files* are its descriptors, and which of ours they stand for.

        Ours must not be among its numbers (see ``files.LOWEST``). Its standard error goes nowhere; it inherits what a
        library left open, which it is to close itself. Raises OSError.

        No pipe tells whether it started, as that of ``subprocess`` does: a child that another thread forks meanwhile
        would hold such a pipe open, and the start would last as long as that child.
        """
        for one in list(_left):
            if one.ended():
                with contextlib.suppress(ValueError):  # another thread was first
                    _left.remove(one)
        null = (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
        given = [(os.POSIX_SPAWN_DUP2, ours, its) for its, ours in files.items()]
        spawn = functools.partial(os.posix_spawn, file_actions=[null, *given], setsid=True)
        # in one step: Ctrl-C may come as soon as it runs, and who ends it then has to know its number
        self._pids.extend(map(spawn, command[:1], [command], [os.environ]))

    def ended(self) -> bool:
        """Whether it has ended; it is no zombie then."""
        if self._pids and not self._over:
            try:
                self._over = os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
            except OSError:  # the program waits for all its children, or has the system do it: it has ended
                self._over = True
        return self._over or not self._pids

    def kill(self) -> None:
        """End it at once, unless it has ended: its number may be another's by then."""
        if not self.ended():
            with contextlib.suppress(OSError):
                os.kill(self.pid, _KILL)

    def wait(self, seconds: float) -> bool:
        """Whether it ends within so many *seconds*."""
        deadline = time.monotonic() + seconds
        pause = 0.0005
        while not self.ended():
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(pause, left))
            pause = min(2 * pause, 0.05)
        return True

    def leave(self) -> None:
        """Let it end when it does."""
        if not self.ended():
            _left.append(self)

    def __del__(self) -> None:
        if getattr(self, "_pids", None) and not self._over:  # Ctrl-C came before it was left
            _left.append(self)

    def forget(self) -> None:
        """Be of no use from here on: this is a forked copy, and the process is its parent's child."""
        self._over = True
