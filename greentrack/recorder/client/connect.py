"""Starts a recorder for a run: in a process of its own, or in a thread where no process can be started."""

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from greentrack import log
from greentrack.recorder.client.process_link import ProcessLink

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import Event, Hello
    from greentrack.recorder.transport.protocol import Link


def connect(
    hello: "Hello", reopen: "Callable[[], Iterable[Event]]", meanwhile: Callable[[], None] = lambda: None
) -> "Link | None":
    """Start a recorder for the run that *hello* describes; *reopen* gives the events that a later one has to know.

    *meanwhile* is called while the recorder starts. Returns None, and logs why, where nothing can be recorded.
    """
    if hello.get("recorder", "process") == "process" and sys.platform != "win32":
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
