"""The run's end of the pipe: starts a recorder, sends it marks without ever waiting, reads the latest figures back."""

import mmap
import os
import select
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from greentrack import log, system
from greentrack.recorder import wire
from greentrack.recorder.files import pipe, shared_memory

START_WAIT_S = 0.08
"""How long a run waits for the first reads; a slower recorder catches up, and coverage tells what it missed."""

FINISH_WAIT_S = 5.0
"""How long the end of a run waits for the last reads (milliseconds, unless a sensor hangs or a database is locked)."""

BACKLOG, BACKLOG_BYTES = 10_000, 8 << 20
"""Marks kept while the recorder does not take them; beyond, the newest are dropped and counted."""

HELLO_WAIT_S = 2.0
"""How long a start waits where the recorder has not even taken what it is to record; it is usually done before."""

LAST_WAIT_S = 1.0
"""How long a recorder that did not take all marks in time is given to take the end alone."""

RESTART_GAP_S = 1.0
"""A recorder that died is replaced at most this often."""


_lost: list[mmap.mmap] = []
"""Memory of programs that closed all their files: never freed, since that would close another file."""


class Link(Protocol):
    """A way to a recorder. Once it is open nothing of it raises."""

    missing: list[list[str]]

    def send(self, message: Mapping[str, Any]) -> None:
        """Pass a mark on, without waiting."""

    def look(self) -> dict[str, Any] | None:
        """The latest figures (``wire.figures``), or None before the first."""

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
        from greentrack.recorder.thread import ThreadLink

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
        self._backlog: deque[bytes] = deque()
        self._sending = threading.Lock()  # only ever tried, never waited for
        self._dropped = self._waiting_bytes = 0
        self._owner = os.getpid()
        self._mine = True
        self._ready = False
        self._refused = False
        self._final: dict[str, Any] | None = None
        self._seen: dict[str, Any] | None = None
        self._hear_at = time.monotonic() + 1.0
        self._make_board()
        try:
            self._spawn()
            self._push()
            meanwhile()
            waited = system.clock() - hello["clock"]  # all of it counts: what was loaded for the start, too
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
        line = wire.line(message)
        full = len(self._backlog) >= BACKLOG or self._waiting_bytes + len(line) > BACKLOG_BYTES
        if full and (message["m"] != "close" or len(self._backlog) >= 2 * BACKLOG):  # a span's end outweighs the rest
            self._dropped += 1
            return
        self._wait(line)
        self._push()
        if time.monotonic() >= self._hear_at:  # a warning should not wait for the end of a week
            self._hear_at = time.monotonic() + 1.0
            self._listen(0.0, lambda: False)

    def look(self) -> dict[str, Any] | None:
        """The latest figures that the recorder has shown; the last ones again while it is writing others."""
        if self._mine:
            self._seen = wire.look(self._board) or self._seen
        return self._seen

    def finish(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        """End the recording and wait, not for ever, for its last word."""
        if not self._mine:
            return None
        try:
            self._wait(wire.line(message))  # however many wait: without it the run would not end
            self.look()  # what was shown last stays, should there be no last word
            self._await_final(message)
            if self._final is None and self._backlog:
                self._tell_the_end_alone(wire.line(message))
            if self._dropped:
                log.warning("%d marks of the run were lost: the recorder did not take them", self._dropped)
        except BaseException:  # Ctrl-C: the recorder ends by itself where it was told to, and by force where it was not
            if self._backlog:
                self._process.kill()
            self._close()
            raise
        self._close()
        return self._final

    def _await_final(self, message: Mapping[str, Any]) -> None:
        deadline = time.monotonic() + FINISH_WAIT_S
        again = True
        while self._final is None and time.monotonic() < deadline:
            self._push()
            if self._listen(deadline - time.monotonic(), lambda: self._final is not None):
                continue
            if self._final is not None or not again or not self._replace(at_once=True):
                break
            again = False  # it died with the end in its pipe, or right before: another one closes the run
            if not self._backlog or self._backlog[-1] != wire.line(message):
                self._wait(wire.line(message))

    def _tell_the_end_alone(self, line: bytes) -> None:
        """Leave out the marks that are still waiting; a recorder that does not hear the end would go on for ever."""
        begun = [
            data for data in self._backlog if not data.startswith(b"{")
        ]  # the rest of one that was written in part
        self._dropped += max(0, len(self._backlog) - len(begun) - 1)
        self._backlog = deque([*begun, line])
        self._push()
        self._listen(LAST_WAIT_S, lambda: not self._backlog or self._final is not None)
        if self._backlog:
            self._process.kill()
        else:
            self._listen(LAST_WAIT_S, lambda: self._final is not None)

    def forget(self) -> None:
        """Give up this copy of the pipe, so that its end is seen when the parent ends."""
        if self._mine:
            self._mine = False
            self._to.close()
            self._from.close()
            self._process.returncode = 0  # not this process's child: nothing to wait for, nothing to warn of

    def __del__(self) -> None:
        # Ctrl-C came right after a start, or as its end was about to be told: nobody else can end this recorder
        if self.__dict__.get("_mine") and self._owner == os.getpid():
            self._abandon()

    # -- the process

    def _wait(self, line: bytes) -> None:
        self._backlog.append(line)
        self._waiting_bytes += len(line)

    def _make_board(self) -> None:
        self._board_file = shared_memory(wire.BOARD_BYTES)
        try:
            self._board = mmap.mmap(self._board_file.fd, wire.BOARD_BYTES)
        except BaseException:
            self._board_file.close()
            raise

    def _drop_board(self) -> None:
        if self._board_file.intact():
            self._board.close()
            self._board_file.close()
        else:
            _lost.append(self._board)  # it has a descriptor of its own, whose number is another file's by now

    def _spawn(self) -> None:
        script = Path(__file__).with_name("__main__.py")
        if not sys.executable or getattr(sys, "frozen", False):  # a frozen program would start itself again and again
            raise OSError("this Python does not know its own executable")
        self._started = time.monotonic()
        self._lines = wire.Lines()
        # ours and not Popen's: those would stay open where Ctrl-C comes before there is a name for what it has started,
        # and close another's file where the program has closed all of its own
        marks, self._to = pipe()
        self._from, words = pipe()
        for end in (self._to, self._from):
            os.set_blocking(end.fd, False)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(script), str(self._board_file.fd), *_places(self._hello["folder"])],
            stdin=marks.fd,
            stdout=words.fd,
            stderr=subprocess.DEVNULL,
            cwd="/",
            pass_fds=(self._board_file.fd,),
            start_new_session=True,  # Ctrl-C and the terminal's end are the training's business
        )
        marks.close()
        words.close()
        self._backlog.appendleft(wire.line(self._hello))

    def _push(self) -> None:
        """Write what is waiting, as far as the pipe takes it; a dead recorder is replaced."""
        if not self._sending.acquire(blocking=False):
            return  # another thread, or what a signal interrupted, is at it and will take ours along
        try:
            while self._backlog:
                data = self._backlog[0]
                try:
                    if not self._to.intact():
                        raise OSError("the pipe was closed")
                    written = os.write(self._to.fd, data)
                except BlockingIOError:
                    return
                except OSError:
                    if not self._replace():
                        return
                    continue
                self._waiting_bytes = max(0, self._waiting_bytes - written)
                if written < len(data):
                    self._backlog[0] = data[written:]
                    return
                self._backlog.popleft()
        finally:
            self._sending.release()

    def _pushed(self) -> bool:
        before = len(self._backlog), self._waiting_bytes
        self._push()
        return before != (len(self._backlog), self._waiting_bytes)

    def _replace(self, at_once: bool = False) -> bool:
        """Start another recorder in place of one that died; its figures go on from the last that were shown."""
        self._listen(0.0, lambda: self._refused)  # its last words: one that cannot start is not started again
        if self._final is not None or self._refused:
            return False
        if not at_once and time.monotonic() - self._started < RESTART_GAP_S:
            return False
        self._process.kill()  # where only the pipe was closed (a program that closes all files): never two for one run
        log.warning("the recorder has died; another takes over, and coverage tells what was missed")
        waiting, self._backlog = self._backlog, deque()
        self._hello["carried"] = _restarted(self.look())
        self._reap(0.1)
        try:
            if not self._board_file.intact():
                self._drop_board()
                self._make_board()
            self._spawn()
        except Exception as error:  # noqa: BLE001  # as at the start
            log.warning("no other recorder can be started: %s", error)
            self._backlog = waiting
            self._started = time.monotonic()
            return False
        self._backlog.extend(wire.line(message) for message in self._reopen())
        self._backlog.extend(data for data in waiting if data.endswith(b"\n") and data.startswith(b"{"))
        self._waiting_bytes = sum(map(len, self._backlog))
        return True

    def _listen(self, wait_s: float, done: Callable[[], bool]) -> bool:
        """Take what the recorder says until *done*; False where its end of the pipe is closed."""
        deadline = time.monotonic() + wait_s
        while not done():
            try:
                if not self._from.intact():
                    return False
                to = self._to.fd if wait_s > 0 and self._backlog and self._to.intact() else None
                said = _ready(self._from.fd, to, max(0.0, deadline - time.monotonic()))
                if said is None:
                    return True
                if not said:
                    if not self._pushed():  # another thread, or what a signal interrupted, is at it
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
        if "_process" in made:
            self._process.kill()
            self._process.wait()
        for end in ("_to", "_from"):
            if end in made:
                made[end].close()
        if "_board" in made:
            self._drop_board()

    def _close(self) -> None:
        self._mine = False
        self._reap(1.0)
        self._drop_board()

    def _reap(self, wait_s: float) -> None:
        self._to.close()
        self._from.close()
        try:
            self._process.wait(wait_s)
        except subprocess.TimeoutExpired:  # it hangs in a sensor; it ends by itself, at the latest with this process
            self._process.returncode = 0


def _ready(reading: int, writing: int | None, wait_s: float) -> bool | None:
    """True where there is something to read within *wait_s* seconds, False where there is only room to write."""
    poll = select.poll()  # select knows no descriptors above 1023, and a training may have more files open
    poll.register(reading, select.POLLIN)
    if writing is not None:
        poll.register(writing, select.POLLOUT)
    found = poll.poll(wait_s * 1000)
    return any(fd == reading for fd, _ in found) if found else None


def _places(folder: str) -> list[str]:
    """Where our package and the libraries lie; not the script's own folder, whose modules are not the recorder's.

    Paths are taken from *folder*: the working folder may have been removed.
    """
    script = sys.modules["__main__"].__dict__.get("__file__") or ""
    own = {os.path.dirname(os.path.normpath(os.path.join(folder, script))), folder}
    paths = [os.path.normpath(os.path.join(folder, path)) for path in sys.path if path]
    return [str(Path(__file__).parents[2]), *(path for path in paths if path not in own)]


def _restarted(figures: dict[str, Any] | None) -> dict[str, Any] | None:
    if figures is not None:
        figures["toll"]["restarts"] += 1
    return figures
