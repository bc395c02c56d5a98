"""What SQLite finds wrong, in our words and by what can be done about it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from greentrack.errors import BusyError, RefusedError, StoreError
from greentrack.store.connect import open_for_writing, translated


@pytest.fixture
def db(path: Path) -> Iterator[sqlite3.Connection]:
    """A database of ours."""
    with closing(open_for_writing(path, 0.0)) as made:
        yield made


def test_a_lock_is_told_from_what_does_not_go_away(path: Path, db: sqlite3.Connection) -> None:
    """Who has it locked will let go of it."""
    db.execute("BEGIN IMMEDIATE")
    with closing(open_for_writing(path, 0.0)) as other:
        with pytest.raises(BusyError, match="is locked by another process"), translated(path):
            other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="cannot be used") as caught, translated(path):
            other.execute("SELECT none FROM nothing")
    assert not isinstance(caught.value, BusyError)


def test_a_value_that_is_refused_is_told_from_a_file_that_cannot_be_used(path: Path, db: sqlite3.Connection) -> None:
    """Against a rule of the table, or longer than SQLite takes: other values are taken."""
    with pytest.raises(RefusedError, match="NOT NULL"), translated(path):
        db.execute("INSERT INTO hosts (id) VALUES (NULL)")
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 1000)
    with pytest.raises(RefusedError, match="too big"), translated(path):
        db.execute("SELECT ?", ("x" * 2000,))


def test_a_value_of_no_type_that_sqlite_knows_is_no_trouble_of_the_file(path: Path, db: sqlite3.Connection) -> None:
    """It comes out as it was."""
    with pytest.raises(sqlite3.ProgrammingError), translated(path):
        db.execute("SELECT ?", (object(),))
