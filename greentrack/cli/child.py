"""A wrapped command: started when its recorder is ready, handed every signal once, waited for to its end.

The command is a fork of this process that waits at a gate until the recorder has made its first reads, and only then
becomes the command. Starting the command first and the recorder beside it would be simpler, but what the command uses
meanwhile (some 60 ms) would be in no reading, and settings that the recorder refuses would be noticed with the command
already at work.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import click

if TYPE_CHECKING:
    from greentrack.tracking import Run

SI_KERNEL = 0x80
"""How Linux marks a signal that it sends itself: for the terminal's keys and its end."""

PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGCONT")
INTERRUPTS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGKILL")
"""What ends a run from outside; by any other signal it failed."""


class CannotRun(click.ClickException):
    """A command that does not exist (exit status 127) or may not be executed (126), as shells tell them apart."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.exit_code = status  # type: ignore[misc]  # click declares it for the class and reads it off the instance


class CommandOutcome(NamedTuple):
    """How a command ended: the exit *code* to pass on, and the *status* and *error* of its run.

    *began* is False where the system would not execute it after all.
    """

    code: int
    status: str
    error: str | None = None
    began: bool = True


def find(program: str) -> str:
    """Return the file that *program* names. Raises CannotRun."""
    if found := shutil.which(program):
        return found
    if there := shutil.which(program, mode=os.F_OK) or (program if os.path.exists(program) else None):
        what = "is a folder" if os.path.isdir(there) else f"may not be executed; try: chmod +x {there}"
        raise CannotRun(f"{program} {what}; nothing was run or recorded", 126)
    raise CannotRun(f"{program}: there is no such command; nothing was run or recorded", 127)


def run(command: Sequence[str], start: Callable[[int], "Run"]) -> tuple["Run", CommandOutcome]:
    """Run *command* to its end under the recording that *start* makes for its process id; return both.

    Raises what *start* raises, and CannotRun; the command has then not run.
    """
    file = find(command[0])
    if not hasattr(os, "fork"):
        return _run_beside(file, command, start)
    watched = {getattr(signal, name) for name in (*PASSED_ON, "SIGCHLD")}
    # They stay blocked: waited for here one by one, none is lost, and none ends this process before its last line.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    gate, opener = os.pipe()
    problem, teller = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(opener)
        _become_after(gate, teller, file, command, before)
    os.close(gate)
    os.close(teller)
    try:
        recording = start(pid)
        with contextlib.suppress(BrokenPipeError):  # somebody killed it at the gate
            os.write(opener, f"{recording.id}\n".encode())
    finally:
        os.close(opener)  # an unopened gate that closes ends what waits there
    with open(problem, "rb") as pipe:
        trouble = pipe.read().decode()  # empty when it has become the command
    code = os.waitstatus_to_exitcode(_wait(pid, watched))
    if trouble:
        return recording, CommandOutcome(126, "failed", f"could not be executed: {trouble}", began=False)
    return recording, ending(code)


def replace(command: Sequence[str]) -> None:
    """Become *command*; where a process cannot, run it and exit as it does. Raises CannotRun."""
    file = find(command[0])
    if not hasattr(os, "fork"):
        sys.exit(subprocess.call(command, executable=file))
    try:
        _become(file, command, signal.pthread_sigmask(signal.SIG_BLOCK, ()))
    except OSError as error:
        raise CannotRun(f"{file} cannot be executed: {error.strerror}", 126) from error


def ending(code: int) -> CommandOutcome:
    """Return what an exit code, negative for a signal, means.

    >>> ending(-15)
    CommandOutcome(code=143, status='interrupted', error='killed by SIGTERM', began=True)
    """
    if code == 0:
        return CommandOutcome(0, "finished")
    if code > 0:
        return CommandOutcome(code, "failed", f"exit status {code}")
    try:
        name = signal.Signals(-code).name
    except ValueError:  # real-time signals have no names of their own
        name = f"signal {-code}"
    return CommandOutcome(128 - code, "interrupted" if name in INTERRUPTS else "failed", f"killed by {name}")


def _become_after(
    gate: int, teller: int, file: str, command: Sequence[str], mask: set[signal.Signals | int]
) -> NoReturn:
    """Wait at the *gate* for the run's id, then become the command; what hinders that goes to *teller*."""
    try:
        run_id = os.read(gate, 100).decode().strip()
        if run_id:
            os.environ.setdefault("GREENTRACK_RUN_ID", run_id)  # what it tracks itself belongs to this run
            _become(file, command, mask)
    except OSError as error:
        os.write(teller, (error.strerror or str(error)).encode())
    finally:
        os._exit(126)  # nothing of the parent's may be tidied up twice


def _become(file: str, command: Sequence[str], mask: set[signal.Signals | int]) -> NoReturn:
    for name in ("SIGPIPE", "SIGXFSZ"):  # Python ignores them, and an ignored signal stays so in what it becomes
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    os.execv(file, list(command))  # noqa: S606  # the caller's own command


def _wait(pid: int, watched: set[signal.Signals]) -> int:
    """Wait for the child *pid* and return its status; pass on meanwhile what was sent to this process alone."""
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        number, everybody = _next_signal(watched)
        if number != signal.SIGCHLD and not everybody:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def _next_signal(watched: set[signal.Signals]) -> tuple[int, bool]:
    """Return the next signal, and True if the terminal sent it (to all in its foreground: the child has it too).

    The end of a terminal is told to the leader of its session alone.
    """
    leader = os.getsid(0) == os.getpid()
    if sys.platform == "linux":
        info = signal.sigwaitinfo(watched)
        return info.si_signo, info.si_code == SI_KERNEL and not (info.si_signo == signal.SIGHUP and leader)
    number = signal.sigwait(watched)  # without its sender: the terminal's keys are the likelier one
    return number, number in (signal.SIGINT, signal.SIGQUIT, signal.SIGWINCH) and os.isatty(0)


def _run_beside(file: str, command: Sequence[str], start: Callable[[int], "Run"]) -> tuple["Run", CommandOutcome]:
    """Run *command* where processes are not forked: it has begun when its recorder begins."""
    with subprocess.Popen(command, executable=file) as child:
        try:
            recording = start(child.pid)
        except BaseException:
            child.kill()
            raise
        while True:
            try:
                return recording, ending(child.wait())
            except KeyboardInterrupt:  # the console has told the child as well
                continue
