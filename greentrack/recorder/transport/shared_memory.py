"""The memory in which a recorder shows the latest figures of its run."""

import contextlib
import json
import mmap
import os
import zlib
from typing import TYPE_CHECKING, Any

from greentrack.recorder.transport.pipes import MIN_FD, memory_file
from greentrack.recorder.transport.protocol import encode

if TYPE_CHECKING:
    from greentrack.recorder.transport.messages import RunFigures

MEMORY_BYTES = 1 << 16
"""The size of the memory."""

MEMORY_FD = 3
"""The recorder's descriptor of the memory; 0 and 1 are its pipes."""

_HEAD = 8  # bytes: the length and the checksum of what follows

_lost: list[mmap.mmap] = []
"""Memory of programs that closed all their files: never freed, since that would close another file."""


class SharedFigures:
    """The run's side of the memory. *fd* is what a recorder inherits."""

    def __init__(self) -> None:
        self._file = memory_file(MEMORY_BYTES)
        self._memory = _mapped(self._file.fd)
        self.fd = self._file.fd

    def look(self) -> "RunFigures | None":
        """The figures; None where there are none yet, or where they are being written."""
        return read_figures(self._memory)

    def intact(self) -> bool:
        """True while its file is open."""
        return self._file.intact()

    def close(self) -> None:
        """Free the memory."""
        if self._file.intact():
            self._memory.close()
            self._file.close()
        else:
            _lost.append(self._memory)  # its own descriptor's number is another file's by now


def write_figures(memory: Any, figures: "RunFigures") -> None:
    """Write *figures* to *memory* (a writable buffer of MEMORY_BYTES); figures too long are left out."""
    data = encode(figures)
    if len(data) <= MEMORY_BYTES - _HEAD:
        memory[_HEAD : _HEAD + len(data)] = data
        memory[:_HEAD] = len(data).to_bytes(4, "little") + zlib.crc32(data).to_bytes(4, "little")


def read_figures(memory: Any) -> "RunFigures | None":
    """Read the figures in *memory*; None where there are none yet, or where they keep being written."""
    for _ in range(20):
        head = bytes(memory[:_HEAD])
        size = int.from_bytes(head[:4], "little")
        if not 0 < size <= MEMORY_BYTES - _HEAD:
            return None
        data = bytes(memory[_HEAD : _HEAD + size])
        if zlib.crc32(data) == int.from_bytes(head[4:], "little"):  # else it was being written: look again
            figures: RunFigures = json.loads(data)
            return figures
    return None


def _mapped(fd: int) -> mmap.mmap:
    """The memory of the file *fd*; mmap holds a descriptor of its own, which must not be among the lowest either."""
    with contextlib.ExitStack() as held:
        while (low := os.dup(fd)) < MIN_FD:
            held.callback(os.close, low)
        held.callback(os.close, low)
        return mmap.mmap(fd, MEMORY_BYTES)
