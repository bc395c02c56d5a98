"""A queue of lines for a recorder: they wait until the pipe takes them; if too many wait, new ones are dropped."""

import os
from collections import deque
from collections.abc import Iterable

from greentrack.recorder.transport.pipes import OwnedDescriptor

MAX_EVENTS, MAX_BYTES = 10_000, 8 << 20
"""Maximum number and bytes of waiting events; later ones are dropped and counted."""


class Outbox:
    """The lines that a recorder has not taken yet: first the hello, and then events."""

    def __init__(self) -> None:
        self._first: deque[bytes] = deque()
        self._events: deque[bytes] = deque()
        self._bytes = 0  # of the events
        self._written = 0  # of the first line
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._first) + len(self._events)

    def begin(self, lines: Iterable[bytes]) -> None:
        """Send a new recorder these lines, then the events that the previous one did not take completely."""
        self._first, self._written = deque(lines), 0

    def add(self, event: bytes, *, important: bool = False) -> None:
        """Queue an event, or drop it if too many wait; *important* ones have twice as many places."""
        full = len(self._events) >= MAX_EVENTS or self._bytes + len(event) > MAX_BYTES
        if full and not (important and len(self._events) < 2 * MAX_EVENTS):
            self.dropped += 1
        else:
            self._append(event)

    def add_last(self, event: bytes) -> None:
        """Queue an event, however many wait, unless it is the last one already."""
        if not self._events or self._events[-1] != event:
            self._append(event)

    def leave_only(self, event: bytes) -> None:
        """Drop all other events, except one that was partly written, and queue *event*."""
        begun = [self._events[0]] if self._events and self._written and not self._first else []
        self.dropped += sum(other != event for other in self._events) - sum(other != event for other in begun)
        self._events = deque(begun)
        self._bytes = sum(map(len, begun))
        self.add_last(event)

    def write(self, file: OwnedDescriptor) -> bool:
        """Write as much as *file* takes; True if it took something. Raises OSError if nobody reads it any more."""
        progress = False
        while lines := self._first or self._events:
            if not file.intact():
                raise OSError("the pipe was closed")
            try:
                written = os.write(file.fd, lines[0][self._written :])
            except BlockingIOError:
                return progress
            progress = True
            self._written += written
            if self._written < len(lines[0]):
                return progress
            self._written = 0
            line = lines.popleft()
            if lines is self._events:
                self._bytes -= len(line)
        return progress

    def _append(self, event: bytes) -> None:
        self._events.append(event)
        self._bytes += len(event)
