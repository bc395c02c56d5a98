"""The recorder's process: waits for events, for deadlines and for the end of its owner."""

import contextlib
import math
import mmap
import os
import select
import signal
import threading
import time
from typing import TYPE_CHECKING, cast

from greentrack.host import facts
from greentrack.recorder import git
from greentrack.recorder.sampler import Recorder
from greentrack.recorder.setup import complete, start, why_refused
from greentrack.recorder.transport.pipes import PIPE_BYTES
from greentrack.recorder.transport.protocol import LineBuffer, line
from greentrack.recorder.transport.shared_memory import MEMORY_BYTES, MEMORY_FD, write_figures
from greentrack.recorder.write_buffer import LOCKED_S, PATIENCE_S

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import Answer, Event, FinalFigures, Hello

LAST_WORDS_S = 0.5
"""How long a recorder listens after its owner has ended if another process, ``greentrack run``, holds the pipe open."""

ALONE_PATIENCE_S = 0.3
"""Maximum time of the last write if the owner has ended: the recorder's process ends after ``MAX_OUTLIVE_S``."""

READ_BYTES = 1 << 16
"""Maximum bytes of one read from the pipe. If half of that is waiting, the run may be ahead of the recorder."""

MAX_OUTLIVE_S = 0.95
"""The process ends this long after its owner, even if a sensor hangs."""


class Owner:
    """The process that a recorder measures. A pidfd tells when it ends; without one, polling does."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.fd: int | None = None
        self._dead = False
        try:
            self.fd = os.pidfd_open(pid)
        except ProcessLookupError:
            self._dead = True
        except (AttributeError, OSError):  # an old kernel, or not Linux
            pass

    def has_ended(self) -> bool:
        """True once it has ended."""
        if self._dead:
            return True
        if self.fd is not None:
            self._dead = bool(select.select([self.fd], [], [], 0)[0])
        else:
            try:
                os.kill(self._pid, 0)
            except ProcessLookupError:
                self._dead = True
            except OSError:
                pass
        return self._dead

    def wait(self) -> None:
        """Return when it has ended."""
        if self.fd is not None:
            select.select([self.fd], [], [])
        while not self.has_ended():
            time.sleep(0.2)


class Inbox:
    """The events of a run, read from the pipe *fd*."""

    def __init__(self, fd: int = 0) -> None:
        self.fd = fd
        self.listening = True
        self.reached = math.inf
        self._lines: LineBuffer[Event] = LineBuffer()

    def hello(self) -> "tuple[Hello, list[Event]] | None":
        """Wait for the hello; return it and the events that came with it, or None if the run ended before."""
        while self.listening:
            if messages := self._lines.feed(self._read()):
                return cast("Hello", messages[0]), messages[1:]
        return None

    def read(self) -> "list[Event]":
        """Wait for events; return those that are complete."""
        return self._lines.feed(self._read())

    def drain(self) -> "list[Event]":
        """Return all events that the pipe holds now.

        Afterwards *reached* is the moment of the last event if more may be on their way; else infinity.
        """
        events: list[Event] = []
        taken = 0
        while self.listening and taken < PIPE_BYTES and select.select([self.fd], [], [], 0)[0]:
            data = self._read()
            events += self._lines.feed(data)
            taken += len(data)
        self.reached = math.inf
        if taken >= READ_BYTES // 2:
            self.reached = next((event["t"] for event in reversed(events) if event["m"] != "facts"), math.inf)
        return events

    def _read(self) -> bytes:
        data = os.read(self.fd, READ_BYTES)
        self.listening = bool(data)
        return data


def serve() -> None:
    """Record the run on standard input until it sends its end, or its owner has ended."""
    # it ends with its owner, not with the terminal or the job's first warning
    for ignored in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(ignored, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # what the training blocks and ignores was inherited
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    with contextlib.suppress(AttributeError, OSError):  # not Linux, or it may not be chosen here
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # what wakes it must not stop a training thread
    memory = mmap.mmap(MEMORY_FD, MEMORY_BYTES)
    inbox = Inbox()
    first = inbox.hello()
    if first is None:
        return
    hello, early = first
    owner = Owner(hello["run"]["pid"])
    threading.Thread(target=_end_with, args=(owner,), daemon=True).start()
    try:
        recorder = start(hello, publish=lambda figures: write_figures(memory, figures), warn=_warn)
    except Exception as error:  # noqa: BLE001  # nobody sees its standard error: the run logs what hinders it
        _answer({"m": "refused", "text": why_refused(error)})
        return
    _answer({"m": "ready"})
    root = complete(recorder, hello, _warn)
    dirty = git.DirtyCheck(root) if root is not None else None
    figures = _until_the_end(recorder, owner, inbox, early, dirty)
    _answer({"m": "final", "figures": figures})
    os._exit(0)  # all is kept and closed: the run need not wait for the interpreter to tidy up


def _until_the_end(
    recorder: Recorder, owner: Owner, inbox: Inbox, events: "list[Event]", dirty: git.DirtyCheck | None
) -> "FinalFigures":
    alone_since = None
    while True:
        if due := recorder.until_due() <= 0:
            events += inbox.drain()  # the end may be among them: what is used after that is not the run's
        if (end := recorder.handle(events)) is not None:
            patience = (ALONE_PATIENCE_S, ALONE_PATIENCE_S) if owner.has_ended() else (PATIENCE_S, LOCKED_S)
            return recorder.finish(end["status"], end.get("error"), end["t"], *patience)
        now = facts.clock()
        if alone_since is None and owner.has_ended():
            alone_since = now
        if alone_since is not None and (not inbox.listening or now - alone_since > LAST_WORDS_S):
            error = "the process ended without a word"
            return recorder.finish("interrupted", error, alone_since, ALONE_PATIENCE_S, ALONE_PATIENCE_S)
        if due:
            recorder.tick(inbox.reached)
            if dirty is not None and (answer := dirty.answer()) is not None:
                recorder.handle([{"m": "facts", "run": {"git_dirty": answer}}])
        events = _listen(inbox, owner, recorder.until_due(), alone=alone_since is not None)


def _listen(inbox: Inbox, owner: Owner, wait: float, *, alone: bool) -> "list[Event]":
    watched = [inbox.fd] if inbox.listening else []
    wait = max(0.0, wait)
    if alone:
        wait = min(wait, 0.05)
    elif owner.fd is not None:
        watched.append(owner.fd)
    else:
        wait = min(wait, 0.2)  # without a pidfd the owner must be polled
    ready, _, _ = select.select(watched, [], [], wait)
    return inbox.read() if inbox.fd in ready else []


def _end_with(owner: Owner) -> None:
    owner.wait()
    time.sleep(MAX_OUTLIVE_S)
    os._exit(0)  # a sensor hangs: everything up to the last reading is in the store


def _answer(answer: "Answer") -> None:
    with contextlib.suppress(OSError):  # nobody reads any more
        os.write(1, line(answer))


def _warn(text: str) -> None:
    _answer({"m": "warn", "text": text})
