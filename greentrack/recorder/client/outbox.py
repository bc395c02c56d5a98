"""Lines on their way to a recorder: what waits until the pipe takes it, and what is dropped where too much does."""

import os
from collections import deque
from collections.abc import Iterable

from greentrack.recorder.transport.pipes import OwnedDescriptor

MAX_EVENTS, MAX_BYTES = 10_000, 8 << 20
"""Marks kept while the recorder does not take them; beyond, the newest are dropped and counted."""


class Outbox:
    """What a recorder has not been told yet: what it is to record, first, and then marks."""

    def __init__(self) -> None:
        self._first: deque[bytes] = deque()
        self._marks: deque[bytes] = deque()
        self._bytes = 0  # of the marks
        self._written = 0  # of the first line that waits
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._first) + len(self._marks)

    def begin(self, lines: Iterable[bytes]) -> None:
        """Tell a new recorder these lines, and then all marks that the one before has not been told as a whole."""
        self._first, self._written = deque(lines), 0

    def add(self, mark: bytes, *, outweighs: bool = False) -> None:
        """Let a mark wait, or drop it where too many do; what *outweighs* the rest is kept while there is any room."""
        full = len(self._marks) >= MAX_EVENTS or self._bytes + len(mark) > MAX_BYTES
        if full and not (outweighs and len(self._marks) < 2 * MAX_EVENTS):
            self.dropped += 1
        else:
            self._append(mark)

    def add_last(self, mark: bytes) -> None:
        """Let a mark wait, however many do, unless it is the last that waits already."""
        if not self._marks or self._marks[-1] != mark:
            self._append(mark)

    def leave_only(self, mark: bytes) -> None:
        """Drop all other marks but one that was written in part."""
        begun = [self._marks[0]] if self._marks and self._written and not self._first else []
        self.dropped += sum(other != mark for other in self._marks) - sum(other != mark for other in begun)
        self._marks = deque(begun)
        self._bytes = sum(map(len, begun))
        self.add_last(mark)

    def write(self, file: OwnedDescriptor) -> bool:
        """Write as much as *file* takes; whether it took anything. Raises OSError where nobody takes any more."""
        progress = False
        while lines := self._first or self._marks:
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
            if lines is self._marks:
                self._bytes -= len(line)
        return progress

    def _append(self, mark: bytes) -> None:
        self._marks.append(mark)
        self._bytes += len(mark)
