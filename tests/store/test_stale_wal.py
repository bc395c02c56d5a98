"""A database that is moved while another process has it open, and what is opened in its place."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from greentrack.store import stale_wal
from greentrack.store.connect import open_for_reading, open_for_writing
from greentrack.store.location import shares_memory

pytestmark = pytest.mark.skipif(not stale_wal.IS_SUPPORTED, reason="who uses a file can be asked on Linux alone")

HOLD = """
import sys
from contextlib import closing
from pathlib import Path
from greentrack.store.connect import open_for_writing
with closing(open_for_writing(Path(sys.argv[1]))) as db:
    for host in ("old", "last"):
        db.execute("INSERT INTO hosts VALUES (?, '', '', '', 1, 1, '', NULL)", (host,))
        print(host, flush=True)
        sys.stdin.readline()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
"""

HOSTS = "SELECT id FROM hosts ORDER BY id"


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has the database open and has written "old"; it writes "last" when it is told, and then ends."""
    if not shares_memory(path.parent):
        pytest.skip("no log can be shared here")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert _line(process) == "old"
        yield process
        process.kill()


@pytest.mark.parametrize("put", ["nothing", "a new file", "a copy"])
def test_those_in_a_file_that_was_moved_and_those_in_the_next_one_do_not_meet(
    path: Path, holder: subprocess.Popen[str], put: str
) -> None:
    """Either has all that was written to it, whoever writes and closes in between; a copy has what it was made of."""
    copy, moved = path.with_name("copy.db"), path.with_name("moved.db")
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    path.rename(moved)
    if put == "a new file":
        path.touch()
    elif put == "a copy":
        shutil.move(copy, path)
    with closing(open_for_writing(path)) as db:
        _add(db, "new 1")
        _tell(holder)
        assert _line(holder) == "last"
        _add(db, "new 2")
        with closing(open_for_writing(path)) as another:
            _add(another, "new 3")
        _tell(holder)
        assert holder.wait() == 0
        _add(db, "new 4")
    kept = ["new 1", "new 2", "new 3", "new 4", *(["old"] if put == "a copy" else [])]
    for file, hosts in ((path, kept), (moved, ["last", "old"])):
        with closing(sqlite3.connect(file)) as check:
            assert check.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert [host for (host,) in check.execute(HOSTS)] == hosts


def test_a_reader_of_the_next_file_sees_that_one(path: Path, holder: subprocess.Popen[str]) -> None:
    """And not what the log of the one before would put over it."""
    with closing(open_for_writing(path.with_name("other.db"))) as other:
        _add(other, "other")
    path.with_name("other.db").replace(path)
    db = open_for_reading(path)
    assert db is not None
    with closing(db):
        assert db.execute(HOSTS).fetchall() == [("other",)]


def test_the_log_of_a_file_in_its_place_stays(path: Path, holder: subprocess.Popen[str]) -> None:
    """While it is used, and when its user was killed: what is in it alone is not lost."""
    logs = [Path(f"{path}-wal"), Path(f"{path}-shm")]
    before = [log.stat().st_ino for log in logs]
    stale_wal.clear(path)
    assert [log.stat().st_ino for log in logs] == before
    holder.kill()
    holder.wait()
    stale_wal.clear(path)
    assert [log.stat().st_ino for log in logs] == before
    with closing(open_for_writing(path)) as db:
        assert db.execute(HOSTS).fetchall() == [("old",)]


def _add(db: sqlite3.Connection, host: str) -> None:
    db.execute("INSERT INTO hosts VALUES (?, '', '', '', 1, 1, '', NULL)", (host,))


def _tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("on\n")
    process.stdin.flush()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
