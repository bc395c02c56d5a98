"""The run's end of the pipe: starts a recorder, sends it marks without ever waiting, reads the latest figures back."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from greentrack import log
from greentrack.clock import clock
from greentrack.recorder.client.command import command
from greentrack.recorder.client.outbox import Outbox
from greentrack.recorder.client.process import RecorderProcess
from greentrack.recorder.transport import protocol
from greentrack.recorder.transport.pipes import pipe, readable
from greentrack.recorder.transport.shared_memory import SharedFigures

START_WAIT_S = 0.08
"""How long a run waits for the first reads; a slower recorder catches up, and coverage tells what it missed."""

FINISH_WAIT_S = 5.0
"""How long the end of a run waits for the last reads: milliseconds, unless a sensor hangs or a database is locked.

It is longer than ``keeper.LOCKED_S``, so that it hears what came of that.
"""

HELLO_WAIT_S = 2.0
"""How long a start waits where the recorder has not even taken what it is to record; it is usually done before."""

LAST_WAIT_S = 2.0
"""How long a recorder that did not take all marks in time is given for the end alone."""

RESTART_GAP_S = 1.0
"""A recorder that died is replaced at most this often."""


class Link(Protocol):
    """A way to a recorder. Once it is open nothing of it raises."""

    missing: list[list[str]]

    def send(self, message: Mapping[str, Any]) -> None:
        """Pass a mark on, without waiting."""

    def look(self) -> dict[str, Any] | None:
        """The latest figures (``protocol.figures``), or None before the first."""

    def finish(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        """End the recording; return the final figures, or None where the recorder did not answer."""

    def forget(self) -> None:
        """Be of no use from here on, and touch nothing: this is a forked child's copy."""


def connect(
    hello: dict[str, Any],
    mode: str,
    reopen: Callable[[], Iterable[Mapping[str, Any]]],
    meanwhile: Callable[[], None] = lambda: None,
) -> Link | None:
    """Start a recorder for the run that *hello* describes; *reopen* gives the marks of spans that are open.

    *mode* is "process", or "thread" where no process can be started. *meanwhile* is done while the recorder starts.
    Returns None, and says so, where neither can be had.
    """
    if mode == "process" and sys.platform != "win32":
        try:
            return ProcessLink(hello, reopen, meanwhile)
        except Exception as error:  # noqa: BLE001  # sub-interpreters, odd paths: no training ends for a recorder
            log.warning("no recorder process can be started (%s); recording in a thread of this process", error)
    try:
        from greentrack.recorder.client.thread_link import ThreadLink

        return ThreadLink(hello)
    except Exception as error:  # noqa: BLE001  # no thread, no file, no memory left: a training goes on without a record
        log.warning("nothing is recorded: no recorder can be started in a thread either (%s)", error)
        return None


class ProcessLink:
    """A recorder in a process of its own."""

    def __init__(
        self,
        hello: dict[str, Any],
        reopen: Callable[[], Iterable[Mapping[str, Any]]],
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        self.missing: list[list[str]] = []
        self._hello, self._reopen = hello, reopen
        self._backlog = Outbox()
        self._sending = threading.Lock()  # only ever tried, never waited for
        self._restarts = 0
        self._process = RecorderProcess()
        self._owner = os.getpid()
        self._mine = True
        self._ready = False
        self._refused = False
        self._final: dict[str, Any] | None = None
        self._seen: dict[str, Any] | None = None
        self._hear_at = time.monotonic() + 1.0
        self._board = SharedFigures()
        try:
            self._spawn()
            self._push()
            meanwhile()
            waited = clock() - hello["clock"]  # all of it counts: what was loaded for the start, too
            wait_s = (hello.get("wait_s") or START_WAIT_S) - waited
            begun = self._listen(wait_s, lambda: self._ready or self._refused)
            if begun and self._backlog:  # without a mark nothing would send the rest of it
                begun = self._listen(HELLO_WAIT_S, lambda: not self._backlog or self._refused)
            if not begun and not self._refused:
                raise OSError("it ended as soon as it began")
        except BaseException:  # Ctrl-C, too: in a notebook the owner lives on, and a recorder that nobody holds with it
            self._abandon()
            raise

    def send(self, message: Mapping[str, Any]) -> None:
        """Pass a mark on; what the pipe does not take now goes with the next one."""
        if not self._mine:
            return
        self._backlog.add(protocol.line(message), outweighs=message["m"] == "close")  # a span's end
        self._push()
        if time.monotonic() >= self._hear_at:  # a warning should not wait for the end of a week
            self._hear_at = time.monotonic() + 1.0
            self._listen(0.0, lambda: False)

    def look(self) -> dict[str, Any] | None:
        """The latest figures that the recorder has shown; the last ones again while it is writing others."""
        if self._mine:
            self._seen = self._board.look() or self._seen
        return self._seen

    def finish(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        """End the recording and wait, not for ever, for its last word."""
        if not self._mine:
            return None
        end, told = protocol.line(message), False
        try:
            self._backlog.add_last(end)  # however many wait: without it the run would not end
            told = True
            self.look()  # what was shown last stays, should there be no last word
            self._await_final(end)
            if self._final is None and self._backlog:
                self._tell_the_end_alone(end)
            if self._backlog.dropped:
                log.warning("%d marks of the run were lost: the recorder did not take them", self._backlog.dropped)
        finally:  # Ctrl-C, too: a recorder that was not told the end does not end by itself
            if self._backlog or not told:
                self._process.kill()
            self._close()
        return self._final

    def _await_final(self, end: bytes) -> None:
        deadline = time.monotonic() + FINISH_WAIT_S
        again = True
        while self._final is None and time.monotonic() < deadline:
            self._push()
            if self._listen(deadline - time.monotonic(), lambda: self._final is not None):
                continue
            if self._final is not None or not again or not self._replace(at_once=True):
                break
            again = False  # it died with the end in its pipe, or right before: another one closes the run
            self._backlog.add_last(end)

    def _tell_the_end_alone(self, end: bytes) -> None:
        """Leave out the marks that are still waiting; a recorder that does not hear the end would go on for ever."""
        self._backlog.leave_only(end)
        self._push()
        self._listen(LAST_WAIT_S, lambda: self._final is not None)

    def forget(self) -> None:
        """Give up this copy of the pipe, so that its end is seen when the parent ends."""
        if self._mine:
            self._mine = False
            self._to.close()
            self._from.close()
            self._process.forget()

    def __del__(self) -> None:
        # Ctrl-C came right after a start, or as its end was about to be told: nobody else can end this recorder
        if self.__dict__.get("_mine") and self._owner == os.getpid():
            self._abandon()

    # -- the process

    def _spawn(self) -> None:
        self._started = time.monotonic()
        self._lines = protocol.LineBuffer()
        marks, self._to = pipe()
        self._from, words = pipe()
        for end in (self._to, self._from):
            os.set_blocking(end.fd, False)
        self._process = RecorderProcess()
        files = {0: marks.fd, 1: words.fd, protocol.BOARD_FD: self._board.fd}
        self._process.start(command(self._hello["folder"]), files)
        marks.close()
        words.close()
        reopened = self._reopen() if self._restarts else ()
        self._backlog.begin(map(protocol.line, [{**self._hello, "restarts": self._restarts}, *reopened]))
        self._restarts += 1

    def _push(self) -> bool:
        """Write what is waiting, as far as the pipe takes it; whether it took anything. A dead recorder is replaced."""
        if not self._sending.acquire(blocking=False):
            return False  # another thread, or what a signal interrupted, is at it and will take ours along
        try:
            while self._backlog:
                try:
                    return self._backlog.write(self._to)
                except OSError:
                    if not self._replace():
                        return False
            return False
        finally:
            self._sending.release()

    def _replace(self, at_once: bool = False) -> bool:
        """Start another recorder in place of one that died; its figures go on from the last that were shown."""
        self._listen(0.0, lambda: self._refused)  # its last words: one that cannot start is not started again
        if self._final is not None or self._refused:
            return False
        if not at_once and time.monotonic() - self._started < RESTART_GAP_S:
            return False
        self._process.kill()  # where only the pipe was closed (a program that closes all files): never two for one run
        log.warning("the recorder has died; another takes over, and coverage tells what was missed")
        self._hello["carried"] = self.look()
        self._reap(0.1)
        try:
            if not self._board.intact():
                self._board.close()
                self._board = SharedFigures()
            self._spawn()
        except Exception as error:  # noqa: BLE001  # as at the start
            log.warning("no other recorder can be started: %s", error)
            self._started = time.monotonic()
            return False
        return True

    def _listen(self, wait_s: float, done: Callable[[], bool]) -> bool:
        """Take what the recorder says until *done*; False where its end of the pipe is closed."""
        deadline = time.monotonic() + wait_s
        while not done():
            try:
                if not self._from.intact():
                    return False
                to = self._to.fd if wait_s > 0 and self._backlog and self._to.intact() else None
                said = readable(self._from.fd, to, max(0.0, deadline - time.monotonic()))
                if said is None:
                    return True
                if not said:
                    if not self._push():  # another thread, or what a signal interrupted, is at it
                        time.sleep(0.005)
                    if time.monotonic() >= deadline:
                        return True
                    continue
                data = os.read(self._from.fd, 1 << 16)
            except InterruptedError:
                continue
            except (OSError, ValueError):
                return False
            if not data:
                return False
            for message in self._lines.feed(data):
                self._hear(message)
            self._push()
        return True

    def _hear(self, message: Mapping[str, Any]) -> None:
        match message.get("m"):
            case "ready":
                self._ready, self.missing = True, message["missing"]
            case "warn":
                log.warning("%s", message["text"])
            case "final":
                self._final = message["figures"]
            case "refused":
                self._refused = True  # a training is not stopped for it, however early it comes
                log.warning("nothing is recorded: %s", message["text"])

    def _abandon(self) -> None:
        """End a start that failed, however far it came."""
        self._mine = False
        made = self.__dict__
        self._process.kill()
        for end in ("_to", "_from"):
            if end in made:
                made[end].close()
        if "_board" in made:
            self._board.close()
        self._process.wait(LAST_WAIT_S)
        self._process.leave()

    def _close(self) -> None:
        self._mine = False
        self._reap(1.0)
        self._board.close()

    def _reap(self, wait_s: float) -> None:
        self._to.close()
        self._from.close()
        self._process.wait(wait_s)
        self._process.leave()  # one that hangs in a sensor ends by itself, at the latest with this process
