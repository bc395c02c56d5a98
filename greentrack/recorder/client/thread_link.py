"""The same recorder in a thread of the training process, where no process can be started."""

import json
import os
import queue
import threading
import time
from typing import TYPE_CHECKING

from greentrack import log
from greentrack.recorder.sampler import Recorder
from greentrack.recorder.setup import complete, start, why_refused
from greentrack.recorder.transport.protocol import FINISH_WAIT_S, START_WAIT_S, M, line

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import EndEvent, Event, FinalFigures, Hello, RunFigures


class ThreadLink:
    """A recorder in a daemon thread. It is late whenever the training holds the interpreter: a last resort."""

    def __init__(self, hello: "Hello") -> None:
        self._pid = os.getpid()
        self._figures: RunFigures | None = None
        self._final: FinalFigures | None = None
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._record, args=(_copied(hello),), name="greentrack", daemon=True)
        self._thread.start()
        self._ready.wait(hello.get("wait_s") or START_WAIT_S)

    def send(self, event: "Event") -> None:
        """Send an event."""
        if self._pid == os.getpid():
            self._inbox.put(_copied(event))

    def look(self) -> "RunFigures | None":
        """The latest figures."""
        return self._figures

    def finish(self, end: "EndEvent") -> "FinalFigures | None":
        """End the recording; wait for the final figures, at most ``FINISH_WAIT_S``."""
        if self._pid != os.getpid():
            return None
        self.send(end)
        self._thread.join(FINISH_WAIT_S)
        return self._final

    def forget(self) -> None:
        """A forked child has no thread; the database connection that it inherited is never touched, nor closed."""
        self._pid = -1

    def _show(self, figures: "RunFigures") -> None:
        self._figures = figures

    def _record(self, hello: "Hello") -> None:
        try:
            recorder = start(hello, publish=self._show, warn=log.warning, cpu_time=time.thread_time)
        except Exception as error:  # noqa: BLE001  # a traceback out of nowhere helps nobody
            log.warning("nothing is recorded: %s", why_refused(error))
            return
        self._ready.set()
        complete(recorder, hello, log.warning)
        while True:
            events = self._take(recorder)
            if (end := recorder.handle(events)) is not None:
                self._final = recorder.finish(end["status"], end.get("error"), end["t"])
                return
            recorder.tick()

    def _take(self, recorder: Recorder) -> "list[Event]":
        events: list[Event] = []
        try:
            events.append(self._inbox.get(timeout=max(0.0, recorder.until_due())))
            while True:
                events.append(self._inbox.get_nowait())
        except queue.Empty:
            return events


def _copied(message: M) -> M:
    """Return what would have come over a pipe: the training may go on to change what it handed over."""
    copy: M = json.loads(line(message))
    return copy
