"""The memory that a run shares with its recorder, in which the latest figures are shown."""

import contextlib
import mmap
import os
from typing import Any

from greentrack.recorder.transport import protocol
from greentrack.recorder.transport.pipes import LOWEST, shared_memory

_lost: list[mmap.mmap] = []
"""Memory of programs that closed all their files: never freed, since that would close another file."""


class SharedFigures:
    """The run's end of it. *fd* is what a recorder inherits."""

    def __init__(self) -> None:
        self._file = shared_memory(protocol.BOARD_BYTES)
        self._memory = _mapped(self._file.fd)
        self.fd = self._file.fd

    def look(self) -> dict[str, Any] | None:
        """The figures; None where there are none yet, or where they are being written."""
        return protocol.look(self._memory)

    def intact(self) -> bool:
        """Whether its file is still open."""
        return self._file.intact()

    def close(self) -> None:
        """Let go of the memory."""
        if self._file.intact():
            self._memory.close()
            self._file.close()
        else:
            _lost.append(self._memory)  # it has a descriptor of its own, whose number is another file's by now


def _mapped(fd: int) -> mmap.mmap:
    """The memory of the file *fd*; mmap holds a descriptor of its own, which must not be among the lowest either."""
    with contextlib.ExitStack() as held:
        while (low := os.dup(fd)) < LOWEST:
            held.callback(os.close, low)
        held.callback(os.close, low)
        return mmap.mmap(fd, protocol.BOARD_BYTES)
