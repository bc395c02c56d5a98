"""A child process that a training starts and ends, without harm to its other children and without waiting for them."""

import contextlib
import functools
import os
import sys
import time
from collections.abc import Mapping

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_KILL = 9  # signal.SIGKILL: to load that module takes longer than to start a process

_unfinished: list["RecorderProcess"] = []
"""Processes that had not ended when their run did. The next start collects them, so that no zombie stays."""


class RecorderProcess:
    """A recorder's process. The object exists first, so that its owner can end the process whenever Ctrl-C comes."""

    __slots__ = ("_has_ended", "_pids")

    def __init__(self) -> None:
        self._has_ended = False
        self._pids: list[int] = []  # none before it is started

    @property
    def pid(self) -> int:
        """Its process id; 0 before it is started."""
        return self._pids[0] if self._pids else 0

    def start(self, command: list[str], files: Mapping[int, int]) -> None:
        """Run *command* in a session of its own; *files* maps its descriptors to ours, which they are copies of.

        Ours must not be among its numbers (see ``pipes.MIN_FD``). Its standard error goes nowhere; it inherits what a
        library left open, and has to close that itself. Raises OSError.

        No pipe tells whether it started, as that of ``subprocess`` does: a child that another thread forks meanwhile
        would hold such a pipe open, and the start would last as long as that child.
        """
        for one in list(_unfinished):
            if one.ended():
                with contextlib.suppress(ValueError):  # another thread was first
                    _unfinished.remove(one)
        null = (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)
        given = [(os.POSIX_SPAWN_DUP2, ours, its) for its, ours in files.items()]
        spawn = functools.partial(os.posix_spawn, file_actions=[null, *given], setsid=True)
        # in one step: Ctrl-C may come as soon as it runs, and whoever ends it then has to know its id
        self._pids.extend(map(spawn, command[:1], [command], [os.environ]))

    def ended(self) -> bool:
        """True once it has ended; it is no zombie then."""
        if self._pids and not self._has_ended:
            try:
                self._has_ended = os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
            except OSError:  # the program waits for all its children, or has the system do it: it has ended
                self._has_ended = True
        return self._has_ended or not self._pids

    def kill(self) -> None:
        """End it at once, unless it has ended: its id may be another's by then."""
        if not self.ended():
            with contextlib.suppress(OSError):
                os.kill(self.pid, _KILL)

    def wait(self, seconds: float) -> bool:
        """Wait up to *seconds* for its end; True where it came."""
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
        """Stop waiting for it; a later start collects it."""
        if not self.ended():
            _unfinished.append(self)

    def __del__(self) -> None:
        if _unfinished is None:  # the interpreter is ending
            return
        if getattr(self, "_pids", None) and not self._has_ended:  # Ctrl-C came before it was left
            _unfinished.append(self)

    def forget(self) -> None:
        """Do nothing from now on: this is a forked copy, and the process is its parent's child."""
        self._has_ended = True


def command(folder: str) -> list[str]:
    """The command for a run that was started in *folder*. Raises OSError where no Python is known that would run it."""
    if not sys.executable or getattr(sys, "frozen", False):  # a frozen program would start itself again and again
        raise OSError("this Python does not know its own executable")
    script = os.path.join(_PACKAGE, "recorder", "__main__.py")
    return [sys.executable, "-I", "-S", script, *_module_paths(folder)]


def _module_paths(folder: str) -> list[str]:
    """The folders of our package and of the libraries, without the script's own, whose modules are the training's.

    Relative paths start from *folder*: the working folder may have been removed.
    """
    script = sys.modules["__main__"].__dict__.get("__file__") or ""
    own = {os.path.dirname(os.path.normpath(os.path.join(folder, script))), folder}
    paths = [os.path.normpath(os.path.join(folder, path)) for path in sys.path if path]
    return [os.path.dirname(_PACKAGE), *(path for path in paths if path not in own)]
