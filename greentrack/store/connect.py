"""Opens the database for writing and for reading, and turns SQLite's errors into StoreError."""

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from greentrack.errors import BusyError, RefusedError, StoreError
from greentrack.store import schema, stale_wal
from greentrack.store.location import REMEDY, network_filesystem, prepare, shares_memory

MAGIC = b"SQLite format 3\x00"

_open_files: dict[int, tuple[int, int]] = {}
"""Device and inode of the file of every open connection of this process, by the id() of the connection."""


class Connection(sqlite3.Connection):
    """A connection whose file is in ``_open_files`` while it is open."""

    def close(self) -> None:
        """Close it; closing it again does nothing."""
        _open_files.pop(id(self), None)
        super().close()


_PROBLEMS = {  # by the start of SQLite's name of the error
    "SQLITE_BUSY": "is locked by another process",
    "SQLITE_LOCKED": "is locked by another process",
    "SQLITE_FULL": "cannot grow: the disk is full",
    "SQLITE_READONLY": "cannot be written (read-only)",
    "SQLITE_CANTOPEN": "cannot be opened",
    "SQLITE_PERM": "may not be opened",
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error",
    "SQLITE_CORRUPT": "is damaged",
    "SQLITE_NOTADB": "is not a database, or is damaged",
}


NO_FILE = (0, 0)


def identity(path: Path) -> tuple[int, int]:
    """Return device and inode of the file at *path*, which stay when it is moved; ``NO_FILE`` where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return NO_FILE
    return stat.st_dev, stat.st_ino


def open_for_writing(path: Path, busy_timeout_s: float = 5.0) -> sqlite3.Connection:
    """Open *path* in autocommit mode, created or migrated if needed. Raises StoreError; the file is then unchanged."""
    prepare(path)
    _check_header(path)
    with translated(path):
        try:
            shares_log = not network_filesystem(path) and shares_memory(path.parent)
            return _opened(path, busy_timeout_s, shares_log=shares_log)
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_IOERR_SHM"):
                raise
        # it came from elsewhere with a log (WAL), which needs memory that processes cannot share here
        _leave_log(path, busy_timeout_s)
        return _opened(path, busy_timeout_s, shares_log=False)


@contextmanager
def _connected(path: Path, busy_timeout_s: float, **options: Any) -> Iterator[sqlite3.Connection]:
    """Connect to *path*; the connection stays open, but is closed where something is raised within this."""
    with ExitStack() as failed:
        db = sqlite3.connect(
            **{"database": path, **options}, timeout=busy_timeout_s, isolation_level=None, factory=Connection
        )
        failed.callback(db.close)
        _open_files[id(db)] = identity(path)
        yield db
        failed.pop_all()


@contextmanager
def transaction(path: Path, busy_timeout_s: float = 5.0, *, cascade: bool = False) -> Iterator[sqlite3.Connection]:
    """Open *path* to change it in one transaction, which is rolled back where something is raised within this.

    With *cascade* what belongs to a deleted row is deleted with it. Raises StoreError.
    """
    with closing(open_for_writing(path, busy_timeout_s)) as db, translated(path):
        if cascade:
            db.execute("PRAGMA foreign_keys = 1")
        db.execute("BEGIN IMMEDIATE")
        yield db
        db.execute("COMMIT")


def _opened(path: Path, busy_timeout_s: float, *, shares_log: bool) -> sqlite3.Connection:
    with _connected(path, busy_timeout_s, check_same_thread=False) as db:
        schema.upgrade(db, path)
        with suppress(sqlite3.OperationalError):  # another process does the same; either mode works meanwhile
            db.execute(f"PRAGMA journal_mode = {'WAL' if shares_log else 'DELETE'}")
        # NORMAL: a commit survives any crash of the process; losing power can cost the last commits, never the file
        db.execute(f"PRAGMA synchronous = {'NORMAL' if shares_log else 'FULL'}")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()  # only a query maps the log's memory
    return db


def _leave_log(path: Path, busy_timeout_s: float) -> None:
    """Turn a database with a log into one without; a connection that is alone with the file needs no shared memory."""
    with _connected(path, busy_timeout_s) as db, closing(db):
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = DELETE")


def open_for_reading(path: Path, busy_timeout_s: float = 5.0) -> sqlite3.Connection | None:
    """Open *path* so that nothing can be changed through it; None where there is no database yet. Raises StoreError.

    An older schema is migrated first. A writable file is opened for writing, under ``query_only``: a reader can then
    recover what a killed writer left and tidy up the log, which SQLite's own read-only mode cannot.
    """
    try:
        if path.stat().st_size == 0:
            return None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}); {REMEDY}") from error
    if path.is_dir():
        raise StoreError(f"{path} is a folder, not a database; {REMEDY}")
    _check_header(path)
    with translated(path):
        for mode in ("mode=rw", "mode=ro", "immutable=1"):  # the last: a log in a folder that may not be written
            uri = f"{path.absolute().as_uri()}?{mode}"
            try:
                with _connected(path, busy_timeout_s, database=uri, uri=True) as db:
                    schema.upgrade(db, path)
                    db.execute("PRAGMA query_only = 1")
                    db.execute("SELECT count(*) FROM sqlite_master").fetchone()
                return db
            except sqlite3.OperationalError as error:
                if mode == "immutable=1" or not error.sqlite_errorname.startswith(
                    ("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_IOERR_SHM")
                ):
                    raise
    raise AssertionError("unreachable")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about *path* into StoreError, but for those of a wrong call."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except (sqlite3.IntegrityError, sqlite3.DataError) as error:
        raise RefusedError(f"{path} does not take a value ({error}); {REMEDY}") from error
    except sqlite3.Error as error:
        raise _store_error(path, getattr(error, "sqlite_errorname", ""), str(error)) from error
    except UnicodeDecodeError as error:  # SQLite quotes the damaged text
        raise _store_error(path, "SQLITE_CORRUPT", "it holds what is no text") from error


def _store_error(path: Path, name: str, detail: str) -> StoreError:
    problem = next((text for start, text in _PROBLEMS.items() if name.startswith(start)), "cannot be used")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return BusyError(f"{path} {problem} ({detail}); wait until that process lets go of it, or {REMEDY}")
    remedy = REMEDY
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        import shlex

        remedy = (
            f"save what is left of it with: sqlite3 {shlex.quote(str(path))} .recover, then move it away; or {REMEDY}"
        )
    return StoreError(f"{path} {problem} ({detail}); {remedy}")


def _check_header(path: Path) -> None:
    """Refuse a file that is not GreenTrack's before SQLite opens it: even opening and closing may change a file.

    A stale log of another file is removed.
    """
    try:
        # POSIX drops all locks of a process on a file when it closes any descriptor of it: reading a file that one of
        # our connections has open would let another process remove the log of that connection
        if identity(path) in list(_open_files.values()):
            return
        if stale_wal.IS_SUPPORTED:
            stale_wal.clear(path)
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}); {REMEDY}") from error
    if not head or Path(f"{path}-journal").exists():  # new, or a crash that SQLite undoes
        return
    if len(head) < 100 or not head.startswith(MAGIC):
        raise _store_error(path, "SQLITE_NOTADB", "it does not begin as SQLite files do")
    application = int.from_bytes(head[68:72], "big")
    if application == schema.APPLICATION_ID or (application == 0 and _is_empty(path)):
        return
    raise schema.foreign_database(path)


def _is_empty(path: Path) -> bool:
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)) as db:
        try:
            return not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        except sqlite3.Error:
            return False
