"""The log of a database that was moved away while somebody had it open, which lies where that of the next one belongs.

SQLite finds a log and the memory that goes with it by their names. Who opens another file under the old name would
share both with those that are still in the old one, and all of them would lose what they write.
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
"""What a connection has locked while it has a log open: of the log's memory, and before and after that of the file
(first byte and length; UNIX_SHM_DMS in SQLite's os_unix.c, and SHARED_FIRST in its os.h).
"""

IS_SUPPORTED = sys.platform == "linux" and sys.maxsize > 1 << 32
"""Whether this system tells who has locked what, in the form that is known here."""

_LOCK = "hhqqi"  # struct flock of 64-bit Linux: type, whence, start, length, pid


def clear(path: Path) -> None:
    """Remove the log at *path* where it is that of a file which is not there any more; its users have it open still.

    It must be called before this process opens the file. Raises BusyError where another process is at the same.
    """
    if not _is_stale(path):
        return
    import fcntl

    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_stale(path):
            for name in (f"{path}-wal", f"{path}-shm"):  # by the second one it is known
                with contextlib.suppress(OSError):
                    os.unlink(name)
    except BlockingIOError as error:
        raise BusyError(f"{path} was replaced just now; try again, or {REMEDY}") from error
    finally:
        os.close(folder)


def _is_stale(path: Path) -> bool:
    """Whether somebody uses the log's memory at *path* and nobody the file; who is leaving lets go of the file last."""
    memory = f"{path}-shm"
    try:
        user = _locked_by(memory, *_MEMORY_IN_USE)
        if user is None or _locked_by(str(path), *_FILE_IN_USE) is not None:
            return False
        return _locked_by(memory, *_MEMORY_IN_USE) == user  # else one has left meanwhile, and another come
    except (OSError, ImportError):  # no such log; or not a system where this can be asked
        return False


def _locked_by(name: str, start: int, length: int) -> int | None:
    """The number of a process, not this one, that holds a lock there; None where nobody does. Raises OSError."""
    import fcntl

    fd = os.open(name, os.O_RDONLY)
    try:
        asked = struct.pack(_LOCK, fcntl.F_WRLCK, os.SEEK_SET, start, length, 0)
        kind, *_, pid = struct.unpack(_LOCK, fcntl.fcntl(fd, fcntl.F_GETLK, asked))
        return None if kind == fcntl.F_UNLCK else int(pid)
    finally:
        os.close(fd)
