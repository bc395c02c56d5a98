"""Rows that GreenTrack did not write are refused by name, and only they."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from greentrack.errors import StoreError
from greentrack.store.batch import Batch
from greentrack.store.columns import AMOUNT, ANY, ID, Column
from greentrack.store.maintenance import delete
from greentrack.store.reader import Reader
from greentrack.store.validation import rules
from greentrack.store.writer import Writer

COLUMNS = (
    *(Column("id", ID), Column("joules", AMOUNT), Column("check_joules", AMOUNT, optional=True)),
    Column("whatever", ANY),
)


def test_what_is_written_fits() -> None:
    """Zero, nothing where nothing may be, and anything in a column of any type."""
    wanted = rules(COLUMNS)
    rows = [("01-a", 0.0, None, b"x"), ("02-b", 5, 1e14, None)]
    assert wanted.fits(rows)
    for row in rows:
        wanted.check(row, Path("db"))


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((None, 1.0, None, 0), "id is nothing"),
        (("01-a", None, None, 0), "joules is nothing"),
        (("01-a", "12", None, 0), "joules is '12'"),
        (("01-a", float("inf"), None, 0), "joules is inf"),
        (("01-a", -1e300, None, 0), "joules is -1e[+]300"),
        (("01-a", 1e-300, None, 0), "joules is 1e-300"),
        (("01-a", 1.0, b"\xff", 0), "check_joules is b'"),
    ],
)
def test_what_is_not_is_named(row: tuple[object, ...], why: str) -> None:
    """Texts for numbers, bytes, what is out of all proportion; quickly for all rows, and then by its column."""
    wanted = rules(COLUMNS)
    assert not wanted.fits([("02-b", 1.0, None, 0), row])
    with pytest.raises(StoreError, match=f"^db, changed by something else, cannot be read: {why}"):
        wanted.check(row, Path("db"))


def test_a_run_that_was_edited_is_named_and_can_be_deleted(
    path: Path, reader: Reader, writer: Writer, a_batch: Callable[..., Batch]
) -> None:
    """Lists and reports say which run it is and what to do; the others are as they were once it is gone."""
    writer.write(a_batch(joules=[1.0], status="finished"))
    writer.write(a_batch("02-b", joules=[2.0], status="finished"))
    writer.close()
    db = sqlite3.connect(path)
    db.execute("UPDATE runs SET started_at = 'yesterday' WHERE id = '01-a'")
    db.commit()
    db.close()
    with pytest.raises(StoreError, match=r"started_at is 'yesterday' in run 01-a; .* greentrack delete 01-a"):
        reader.runs()
    with pytest.raises(StoreError, match="in run 01-a"):
        reader.record("01-a")
    assert reader.record("02-b").run.started_at == 100.0
    assert delete(path, ["01-a"]) == 1
    assert [row.id for row in reader.runs()] == ["02-b"]
