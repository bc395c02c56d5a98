"""The same recorder in a thread of the training process, where no process can be started."""

import json
import os
import queue
import threading
import time
from collections.abc import Mapping
from typing import Any

from greentrack import log
from greentrack.errors import GreenTrackError
from greentrack.recorder.client.process_link import FINISH_WAIT_S, START_WAIT_S
from greentrack.recorder.sampler import Recorder
from greentrack.recorder.setup import complete, start
from greentrack.recorder.transport import protocol


class ThreadLink:
    """A recorder in a daemon thread. It is late whenever the training holds the interpreter: a last resort."""

    def __init__(self, hello: dict[str, Any]) -> None:
        self.missing: list[list[str]] = []
        self._pid = os.getpid()
        self._figures: dict[str, Any] | None = None
        self._final: dict[str, Any] | None = None
        self._inbox: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._record, args=(_copied(hello),), name="greentrack", daemon=True)
        self._thread.start()
        self._ready.wait(hello.get("wait_s") or START_WAIT_S)

    def send(self, message: Mapping[str, Any]) -> None:
        """Pass a mark on."""
        if self._pid == os.getpid():
            self._inbox.put(_copied(message))

    def look(self) -> dict[str, Any] | None:
        """The latest figures."""
        return self._figures

    def finish(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        """End the recording and wait, not for ever, for its last word."""
        if self._pid != os.getpid():
            return None
        self.send(message)
        self._thread.join(FINISH_WAIT_S)
        return self._final

    def forget(self) -> None:
        """A forked child has no thread; the database connection that it inherited is never touched, nor closed."""
        self._pid = -1

    def _show(self, figures: dict[str, Any]) -> None:
        self._figures = figures

    def _record(self, hello: dict[str, Any]) -> None:
        def warn(text: str) -> None:
            log.warning("%s", text)

        try:
            recorder, missing = start(hello, publish=self._show, warn=warn, cpu_time=time.thread_time)
        except GreenTrackError as error:
            log.warning("nothing is recorded: %s", error)
            return
        except Exception as error:  # noqa: BLE001  # a traceback out of nowhere helps nobody
            log.warning("nothing is recorded: the recorder cannot start: %r", error)
            return
        self.missing = [[m.source, m.reason, m.remedy] for m in missing]
        self._ready.set()
        complete(recorder, hello, warn)
        while True:
            messages = self._take(recorder)
            recorder.handle(message for message in messages if message["m"] != "end")
            end = next((message for message in messages if message["m"] == "end"), None)
            if end is not None:
                self._final = recorder.finish(end["status"], end.get("error"), end["t"])
                return
            recorder.tick()

    def _take(self, recorder: Recorder) -> list[Mapping[str, Any]]:
        messages: list[Mapping[str, Any]] = []
        try:
            messages.append(self._inbox.get(timeout=max(0.0, recorder.until_due())))
            while True:
                messages.append(self._inbox.get_nowait())
        except queue.Empty:
            return messages


def _copied(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return what would have come over a pipe: the training may go on to change what it handed over."""
    copy: dict[str, Any] = json.loads(protocol.line(message))
    return copy
