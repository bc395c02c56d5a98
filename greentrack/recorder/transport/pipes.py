"""Pipes and shared memory whose descriptors are used only while they are ours: a program may close all its files."""

import contextlib
import os
import select

_CLOSED = (-1, -1)

PIPE_BYTES = 1 << 20
"""The size of a pipe, where the system grants it: it holds a run's hello, and bursts of events."""

MIN_FD = 4
"""Our lowest descriptor: a daemon closes the first three, libraries write there, a recorder has its own."""


class OwnedDescriptor:
    """A descriptor and the identity of its file: another file that has its number by now is not touched.

    It is closed at the latest when nobody refers to it.
    """

    __slots__ = ("_identity", "fd")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._identity = _identity(fd)

    def intact(self) -> bool:
        """True while it is open and the same file."""
        try:
            return _identity(self.fd) == self._identity
        except OSError:
            return False

    def close(self) -> None:
        """Close it, where it is still ours."""
        if self._identity != _CLOSED and self.intact():
            os.close(self.fd)
        self._identity = _CLOSED

    def __del__(self) -> None:
        if _identity is None or os.fstat is None:  # the interpreter is ending, and closes it
            return
        if hasattr(self, "_identity"):  # else it was no open file
            self.close()


def pipe() -> tuple[OwnedDescriptor, OwnedDescriptor]:
    """Make a pipe and return its end to read and its end to write; no child inherits either by itself."""
    reading, writing = os.pipe()
    with contextlib.suppress(ImportError, AttributeError, OSError):  # Linux only; 64 KiB where no more is granted
        import fcntl

        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    return OwnedDescriptor(_raised(reading)), OwnedDescriptor(_raised(writing))


def memory_file(size: int) -> OwnedDescriptor:
    """A file of *size* bytes in memory, without a name, for this process and its recorder."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("greentrack")
    else:
        import tempfile  # costs as much as the rest of this module

        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    fd = _raised(fd)
    os.ftruncate(fd, size)
    return OwnedDescriptor(fd)


def readable(reading: int, writing: int | None, wait_s: float) -> bool | None:
    """True where there is something to read within *wait_s* seconds, False where only room to write, else None."""
    poll = select.poll()  # select knows no descriptors above 1023, and a training may have more files open
    poll.register(reading, select.POLLIN)
    if writing is not None:
        poll.register(writing, select.POLLOUT)
    found = poll.poll(wait_s * 1000)
    return any(fd == reading for fd, _ in found) if found else None


def _raised(fd: int) -> int:
    if fd >= MIN_FD:
        return fd
    import fcntl

    raised = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, MIN_FD)
    os.close(fd)
    return raised


def _identity(fd: int) -> tuple[int, int]:
    stat = os.fstat(fd)
    return stat.st_dev, stat.st_ino
