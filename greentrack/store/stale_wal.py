"""Removes the log (WAL) of a database that was moved while it was open, before another file takes its name.

SQLite finds a log and its shared memory by their names. A process that opens another file under the old name would
share both with those that still have the old file open, and all of them would lose what they write.
"""

import contextlib
import os
import struct
import sys
from pathlib import Path

from greentrack.errors import BusyError
from greentrack.store.location import REMEDY

_MEMORY_IN_USE = (128, 1)
_FILE_IN_USE = (0x40000002, 510)
"""The locks of a connection with an open log, as first byte and length: in the log's memory (UNIX_SHM_DMS in SQLite's
os_unix.c), and, from before to after that, in the file (SHARED_FIRST in its os.h).
"""

IS_SUPPORTED = sys.platform == "linux" and sys.maxsize > 1 << 32
"""True where the system tells which process holds a lock, in the form of 64-bit Linux."""

_LOCK = "hhqqi"  # struct flock of 64-bit Linux: type, whence, start, length, pid


def clear(path: Path) -> None:
    """Remove the log at *path* where it belongs to a file that was moved away and is still open elsewhere.

    It must be called before this process opens the file. Raises BusyError where another process does the same.
    """
    if not _is_stale(path):
        return
    import fcntl

    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_stale(path):
            for name in (f"{path}-wal", f"{path}-shm"):  # the second last: it tells a stale log
                with contextlib.suppress(OSError):
                    os.unlink(name)
    except BlockingIOError as error:
        raise BusyError(f"{path} was replaced just now; try again, or {REMEDY}") from error
    finally:
        os.close(folder)


def _is_stale(path: Path) -> bool:
    """True where a process uses the log's memory at *path* and none the file, which is always closed last."""
    memory = f"{path}-shm"
    try:
        user = _locked_by(memory, *_MEMORY_IN_USE)
        if user is None or _locked_by(str(path), *_FILE_IN_USE) is not None:
            return False
        return _locked_by(memory, *_MEMORY_IN_USE) == user  # or one has closed it meanwhile, and another opened it
    except (OSError, ImportError):  # no such log, or no such system
        return False


def _locked_by(name: str, start: int, length: int) -> int | None:
    """Return the pid of another process that holds a lock there; None where none does. Raises OSError."""
    import fcntl

    fd = os.open(name, os.O_RDONLY)
    try:
        asked = struct.pack(_LOCK, fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)
        kind, *_, pid = struct.unpack(_LOCK, fcntl.fcntl(fd, fcntl.F_GETLK, asked))
        return None if kind == fcntl.F_UNLCK else int(pid)
    finally:
        os.close(fd)
