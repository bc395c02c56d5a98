"""A recorder in a process of its own: starts it, sends events without ever waiting, replaces one that died."""

import os
import time
from _thread import allocate_lock  # as threading.Lock, whose module takes half a millisecond to load
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from greentrack import log
from greentrack.clock import clock
from greentrack.recorder.client.outbox import Outbox
from greentrack.recorder.client.process import RecorderProcess, command
from greentrack.recorder.transport.pipes import pipe, readable
from greentrack.recorder.transport.protocol import FINISH_WAIT_S, START_WAIT_S, LineBuffer, line
from greentrack.recorder.transport.shared_memory import MEMORY_FD, SharedFigures

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import Answer, EndEvent, Event, FinalFigures, Hello, RunFigures

HELLO_WAIT_S = 2.0
"""Additional wait of a start if the recorder has not even taken the hello; it usually has."""

LAST_WAIT_S = 2.0
"""How long to wait for the final figures once a late recorder was sent only the end."""

RESTART_GAP_S = 1.0
"""Minimum time from the start of a recorder to its replacement, except at the end of the run."""

LISTEN_GAP_S = 1.0
"""Minimum time between two reads of the recorder's answers while the run sends events."""


class ProcessLink:
    """A recorder in a process of its own."""

    def __init__(self, hello: "Hello", reopen: "Callable[[], Iterable[Event]]", meanwhile: Callable[[], None]) -> None:
        self._hello, self._reopen = hello, reopen
        self._outbox = Outbox()
        self._sending = allocate_lock()  # only ever tried, never waited for
        self._restarts = 0
        self._process = RecorderProcess()
        self._owner = os.getpid()
        self._is_open = True
        self._ready = False
        self._refused = False
        self._final: FinalFigures | None = None
        self._seen: RunFigures | None = None
        self._listen_at = time.monotonic() + LISTEN_GAP_S
        self._shared = SharedFigures()
        try:
            self._spawn()
            self._push()
            meanwhile()
            waited = clock() - hello["clock"]  # all of it counts: what was loaded for the start, too
            wait_s = (hello.get("wait_s") or START_WAIT_S) - waited
            begun = self._listen(wait_s, lambda: self._ready or self._refused)
            if begun and self._outbox:  # without an event nothing would send the rest of it
                begun = self._listen(HELLO_WAIT_S, lambda: not self._outbox or self._refused)
            if not begun and not self._refused:
                raise OSError("it ended as soon as it began")
        except BaseException:  # Ctrl-C, too: in a notebook the owner lives on, and so would a recorder that nobody has
            self._abandon()
            raise

    def send(self, event: "Event") -> None:
        """Send an event; what the pipe does not take now is sent with the next one."""
        if not self._is_open:
            return
        self._outbox.add(line(event), important=event["m"] == "close")  # the end of a span
        self._push()
        if time.monotonic() >= self._listen_at:  # a warning should not wait for the end of a week
            self._listen_at = time.monotonic() + LISTEN_GAP_S
            self._listen(0.0, lambda: False)

    def look(self) -> "RunFigures | None":
        """Return the latest figures that the recorder has shown; the same again while it is writing others."""
        if self._is_open:
            self._seen = self._shared.look() or self._seen
        return self._seen

    def finish(self, end: "EndEvent") -> "FinalFigures | None":
        """End the recording; wait for the final figures, at most ``FINISH_WAIT_S`` and ``LAST_WAIT_S``."""
        if not self._is_open:
            return None
        last, sent = line(end), False
        try:
            self._outbox.add_last(last)  # however many wait: without it the run would not end
            sent = True
            self.look()  # what was shown last stays, should there be no answer
            self._await_final(last)
            if self._final is None and self._outbox:
                self._send_only(last)
            if self._outbox.dropped:
                log.warning("%d events of the run were lost: the recorder did not take them", self._outbox.dropped)
        finally:  # Ctrl-C, too: a recorder that does not learn of the end does not end by itself
            if self._final is None and (self._outbox or not sent):
                self._process.kill()
            self._close()
        return self._final

    def forget(self) -> None:
        """Close this copy of the pipe, so that the recorder sees the end of the parent."""
        if self._is_open:
            self._is_open = False
            self._to.close()
            self._from.close()
            self._process.forget()

    def __del__(self) -> None:
        # Ctrl-C came right after a start, or as its end was about to be sent: nobody else can end this recorder
        if self.__dict__.get("_is_open") and self._owner == os.getpid():
            self._abandon()

    # -- what is sent and answered

    def _await_final(self, last: bytes) -> None:
        deadline = time.monotonic() + FINISH_WAIT_S
        again = True
        while self._final is None and time.monotonic() < deadline:
            self._push()
            if self._listen(deadline - time.monotonic(), lambda: self._final is not None):
                continue
            if self._final is not None or not again or not self._replace(at_once=True):
                break
            again = False  # it died with the end in its pipe, or right before: another one closes the run
            self._outbox.add_last(last)

    def _send_only(self, last: bytes) -> None:
        """Drop all waiting events but the end: a recorder that does not get the end would go on for ever."""
        self._outbox.leave_only(last)
        self._push()
        self._listen(LAST_WAIT_S, lambda: self._final is not None)

    def _push(self) -> bool:
        """Write as many waiting lines as the pipe takes; True if it took something. Replaces a recorder that died."""
        if not self._sending.acquire(blocking=False):
            return False  # another thread, or what a signal interrupted, is at it and will take ours along
        try:
            while self._outbox:
                try:
                    return self._outbox.write(self._to)
                except OSError:
                    if not self._replace():
                        return False
            return False
        finally:
            self._sending.release()

    def _listen(self, wait_s: float, done: Callable[[], bool]) -> bool:
        """Read answers until *done* or for *wait_s* seconds; False if the recorder's end of the pipe is closed."""
        deadline = time.monotonic() + wait_s
        while not done():
            try:
                if not self._from.intact():
                    return False
                to = self._to.fd if wait_s > 0 and self._outbox and self._to.intact() else None
                has_answer = readable(self._from.fd, to, max(0.0, deadline - time.monotonic()))
                if has_answer is None:
                    return True
                if not has_answer:
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
            for answer in self._answers.feed(data):
                self._take(answer)
            self._push()
        return True

    def _take(self, answer: "Answer") -> None:
        match answer["m"]:
            case "ready":
                self._ready = True
            case "warn":
                log.warning("%s", answer["text"])
            case "final":
                self._final = answer["figures"]
            case "refused":
                self._refused = True  # a training is not stopped for it, however early it comes
                log.warning("nothing is recorded: %s", answer["text"])

    # -- the process

    def _spawn(self) -> None:
        self._started = time.monotonic()
        self._answers: LineBuffer[Answer] = LineBuffer()
        events, self._to = pipe()
        self._from, answers = pipe()
        for end in (self._to, self._from):
            os.set_blocking(end.fd, False)
        self._process = RecorderProcess()
        self._process.start(command(self._hello["folder"]), {0: events.fd, 1: answers.fd, MEMORY_FD: self._shared.fd})
        events.close()
        answers.close()
        hello: Hello = {**self._hello, "restarts": self._restarts, "carried": self._seen}
        self._outbox.begin([line(hello), *map(line, self._reopen() if self._restarts else ())])
        self._restarts += 1

    def _replace(self, at_once: bool = False) -> bool:
        """Start another recorder for one that died; its figures go on from the last ones shown. True if it started."""
        self._listen(0.0, lambda: self._refused)  # its last answers: one that cannot start is not started again
        if self._final is not None or self._refused:
            return False
        if not at_once and time.monotonic() - self._started < RESTART_GAP_S:
            return False
        self._process.kill()  # where only the pipe was closed (a program that closes all files): never two for one run
        log.warning("the recorder has died; another takes over, and coverage tells what was missed")
        self.look()
        self._reap(0.1)
        try:
            if not self._shared.intact():
                self._shared.close()
                self._shared = SharedFigures()
            self._spawn()
        except Exception as error:  # noqa: BLE001  # as at the start
            log.warning("no other recorder can be started: %s", error)
            self._started = time.monotonic()
            return False
        return True

    def _abandon(self) -> None:
        """Clean up after a start that failed at any point."""
        self._is_open = False
        made = self.__dict__
        self._process.kill()
        for end in ("_to", "_from"):
            if end in made:
                made[end].close()
        if "_shared" in made:
            self._shared.close()
        self._process.wait(LAST_WAIT_S)
        self._process.leave()

    def _close(self) -> None:
        self._is_open = False
        self._reap(1.0)
        self._shared.close()

    def _reap(self, wait_s: float) -> None:
        self._to.close()
        self._from.close()
        self._process.wait(wait_s)
        self._process.leave()  # one that hangs in a sensor ends by itself, at the latest with this process
