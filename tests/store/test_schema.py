"""The tables: made, migrated, refused."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from greentrack.errors import SchemaError
from greentrack.model import Energy, Reading, RunInfo
from greentrack.store import schema
from greentrack.store.batch import Batch
from greentrack.store.reader import Reader
from greentrack.store.writer import Writer

Ask = Callable[..., list[tuple[Any, ...]]]

NEWEST = len(schema.STEPS)
NAMES = [(name,) for name, _ in schema.STEPS]

OLD_RUN = """INSERT INTO runs (id, name, status, tags, params, started_at, seconds, pid, pid_started, boot_id, command,
    folder, python, packages, interval, rest, updated_at)
    VALUES ('old', 'demo', 'finished', '[]', '{}', 1, 1, 7, 1, 'b', '[]', '/', '3.11', '{}', 1, 'off', 2)"""

FIRST_RUN = """
import sys
from pathlib import Path
from greentrack.model import RunInfo
from greentrack.store.batch import Batch
from greentrack.store.reader import Reader
from greentrack.store.writer import Writer
path = Path(sys.argv[1])
writer = Writer(path)
writer.write(Batch(run_id="1", run=RunInfo(id="1", name="demo", status="finished")))
writer.close()
with Reader(path) as reader:
    print(len(reader.runs()))
print(*{"sqlite_utils", "pandas", "psutil", "platformdirs", "click"} & sys.modules.keys())
"""


def opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def site(db: Any) -> None:
    db["hosts"].add_column("site", str)


def extra(db: Any) -> None:
    db["extra"].create({"x": int})


def crashing(db: Any) -> None:
    db["hosts"].add_column("site", str)
    db.execute("DELETE FROM runs")
    raise KeyboardInterrupt


def test_both_ways_of_making_it_lead_to_the_same_schema(path: Path, tmp_path: Path) -> None:
    """sqlite3 makes of an empty file what sqlite-utils makes of it, but for its notes; with them, nothing is left."""
    query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    ours = opened(path)
    schema.upgrade(ours, path)
    theirs = Database(tmp_path / "theirs.db")
    schema.migrations().apply(theirs)
    assert ours.execute(query).fetchall() == [
        row for row in theirs.execute(query) if "_sqlite_migrations" not in row[1]
    ]
    schema.migrations(done=NEWEST).apply(Database(ours))
    assert ours.execute(query).fetchall() == theirs.execute(query).fetchall()
    assert not schema.migrations().pending(Database(ours))
    theirs.close()
    ours.close()


def test_the_file_says_what_it_is(writer: Writer, a_batch: Callable[..., Batch], ask: Ask) -> None:
    """It bears GreenTrack's application id and the number of its newest migration."""
    writer.write(a_batch())
    assert ask("PRAGMA application_id") == [(0x47545231,)]
    assert ask("PRAGMA user_version") == [(len(schema.STEPS),)]


def test_writing_and_reading_import_neither_sqlite_utils_nor_what_it_brings(path: Path, python: Any) -> None:
    """Not even the very first run pays for them."""
    assert python(FIRST_RUN, path).communicate()[0] == "1\n\n"


def test_an_older_database_is_migrated(path: Path, writer: Writer, a_batch: Callable[..., Batch], ask: Ask) -> None:
    """A later migration runs through sqlite-utils, is noted there, and what was stored is still there."""
    writer.write(a_batch(joules=[1.0]))
    writer.close()
    steps = (*schema.STEPS, ("m900_site", site))
    db = opened(path)
    schema.upgrade(db, path, steps)
    schema.upgrade(db, path, steps)
    db.close()
    assert ask("PRAGMA user_version") == [(NEWEST + 1,)]
    assert ask("SELECT name FROM _sqlite_migrations ORDER BY id") == [*NAMES, ("m900_site",)]
    assert ask("SELECT hosts.name, site, joules FROM hosts, run_energy") == [("box", None, 2.0)]


def test_a_database_of_the_first_version_gets_the_tables_of_the_second(
    path: Path, writer: Writer, a_batch: Callable[..., Batch], ask: Ask
) -> None:
    """Written by the first migration alone, it keeps its runs, and its next reader or writer brings it up."""
    db = opened(path)
    schema.upgrade(db, path, schema.STEPS[:1])
    db.close()
    assert ask("PRAGMA user_version") == [(1,)]
    assert ask("SELECT count(*) FROM sqlite_master WHERE name IN ('calibrations', 'self_tests')") == [(0,)]
    writer.write(a_batch(joules=[1.0]))
    writer.close()
    assert ask("PRAGMA user_version") == [(NEWEST,)]
    assert ask("SELECT name FROM _sqlite_migrations ORDER BY id") == NAMES
    assert ask("SELECT count(*) FROM calibrations") == ask("SELECT count(*) FROM self_tests") == [(0,)]
    assert ask("SELECT joules FROM run_energy") == [(2.0,)]


def test_runs_of_the_second_version_continue_nothing(path: Path, writer: Writer, ask: Ask) -> None:
    """What was stored before there were parts is read as works of their own, and a new run may carry one on."""
    db = opened(path)
    schema.upgrade(db, path, schema.STEPS[:2])
    db.execute(OLD_RUN)
    db.close()
    with Reader(path) as reader:
        assert reader.record("old").run.continues is None
        assert reader.multipart_runs() == []
        writer.write(Batch(run_id="new", run=RunInfo(id="new", name="demo", started_at=5.0, continues="old")))
        assert reader.multipart_runs() == [["old", "new"]]
    assert ask("PRAGMA user_version") == [(NEWEST,)]


def test_readings_of_the_fourth_version_do_not_tell_how_busy(path: Path, writer: Writer) -> None:
    """What was stored before is unknown, which is not idle; a reading that is added tells."""
    db = opened(path)
    schema.upgrade(db, path, schema.STEPS[:4])
    db.execute(OLD_RUN)
    db.execute("INSERT INTO devices VALUES (1, 'h1', 'GPU-1', 'gpu', 'A GPU', '{}')")
    db.execute("INSERT INTO run_devices VALUES (1, 1, 'fake', 1, 1, '', 5, 1, NULL, NULL)")
    db.execute("INSERT INTO readings VALUES (1, 1, 2, 1, 5, NULL, NULL)")
    db.close()
    old = Reading(device="GPU-1", at=2.0, seconds=1.0, joules=5.0)
    with Reader(path) as reader:
        (use,) = reader.record("old").devices
        assert (use.joules, use.idle, use.idle_watts) == (5.0, None, None)
        assert reader.readings("old") == {"GPU-1": [old]}
        writer.write(Batch(run_id="old", readings=[old._replace(at=3.0, busy=0.0)]))
        (use,) = reader.record("old").devices
        assert (use.joules, use.idle) == (10.0, Energy(joules=5.0, seconds=1.0))


@pytest.mark.parametrize("version", range(1, NEWEST))
def test_a_new_database_and_a_migrated_one_are_the_same(path: Path, tmp_path: Path, version: int) -> None:
    """What an earlier version becomes is what an empty file becomes, beside the notes of sqlite-utils."""
    query = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    new, old = opened(path), opened(tmp_path / "old.db")
    schema.upgrade(new, path)
    schema.upgrade(old, tmp_path / "old.db", schema.STEPS[:version])
    schema.upgrade(old, tmp_path / "old.db")
    assert new.execute(query).fetchall() == [row for row in old.execute(query) if "_sqlite_migrations" not in row[1]]
    assert not schema.migrations().pending(Database(old))
    new.close()
    old.close()


def test_who_comes_second_to_a_new_database_has_nothing_to_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two recorders begin at once: the other has made all tables while this one waited, which holds up neither."""
    whole, versions, really = sqlite3.connect(path, isolation_level=None), [0], schema._version
    schema.upgrade(whole, path)

    def fail(*_: Any) -> None:
        raise AssertionError("nothing is left to migrate, and sqlite-utils takes its time to load")

    monkeypatch.setattr(schema, "_migrate", fail)
    monkeypatch.setattr(schema, "_version", lambda *asked: versions.pop() if versions else really(*asked))
    schema.upgrade(whole, path)
    assert not versions
    assert not whole.in_transaction
    whole.close()


def test_an_empty_file_gets_every_migration(path: Path, ask: Ask) -> None:
    """A new database is as new as a migrated one."""
    db = opened(path)
    schema.upgrade(db, path, (*schema.STEPS, ("m900_site", site)))
    db.close()
    assert ask("PRAGMA user_version") == [(NEWEST + 1,)]
    assert ask("SELECT count(*) FROM pragma_table_info('hosts') WHERE name = 'site'") == [(1,)]


def test_a_crash_in_a_migration_leaves_the_old_database(
    path: Path, writer: Writer, a_batch: Callable[..., Batch], ask: Ask
) -> None:
    """Nothing of the migrations is left, those before the crash included, and the next run writes on."""
    writer.write(a_batch(joules=[1.0]))
    writer.close()
    db = opened(path)
    with pytest.raises(KeyboardInterrupt):
        schema.upgrade(
            db,
            path,
            (*schema.STEPS, ("m900_extra", extra), ("m901_site", crashing)),
        )
    db.close()
    assert ask("PRAGMA user_version") == [(NEWEST,)]
    assert ask("SELECT count(*) FROM sqlite_master WHERE name LIKE '%_sqlite_migrations%'") == [(0,)]
    assert ask("SELECT count(*) FROM sqlite_master WHERE name = 'extra'") == [(0,)]
    writer.write(a_batch("02-b"))
    assert ask("SELECT id FROM runs ORDER BY id") == [("01-a",), ("02-b",)]


def test_a_newer_database_is_refused(path: Path, writer: Writer, a_batch: Callable[..., Batch], ask: Ask) -> None:
    """Both ends name the cure, and nothing is changed."""
    writer.write(a_batch())
    writer.close()
    db = opened(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    before = path.read_bytes()
    with pytest.raises(SchemaError, match="pip install -U greentrack"):
        writer.write(a_batch("02-b"))
    with pytest.raises(SchemaError, match="newer GreenTrack"):
        Reader(path).runs()
    assert path.read_bytes() == before


def test_an_empty_database_of_nobody_is_adopted(
    path: Path, writer: Writer, a_batch: Callable[..., Batch], ask: Ask
) -> None:
    """A file that some tool made for us, without a table in it, is as good as none."""
    db = opened(path)
    db.execute("VACUUM")
    db.close()
    assert path.stat().st_size > 0
    writer.write(a_batch())
    assert ask("SELECT id FROM runs") == [("01-a",)]


def test_the_views_answer_the_common_questions(writer: Writer, a_batch: Callable[..., Batch], ask: Ask) -> None:
    """1.8 MJ each on a GPU that is measured and a CPU that is modelled are 1 kWh, half of it measured."""
    writer.write(a_batch(joules=[1_800_000.0]))
    writer.write(a_batch("02-b"))
    assert ask("SELECT id, name, joules, kwh, measured_joules FROM run_energy ORDER BY id") == [
        ("01-a", "demo", 3_600_000.0, 1.0, 1_800_000.0),
        ("02-b", "demo", 0.0, 0.0, 0.0),
    ]
    assert ask("SELECT run, uid, kwh, measured FROM device_energy WHERE run = '01-a' ORDER BY uid") == [
        ("01-a", "GPU-1", 0.5, 1),
        ("01-a", "cpu", 0.5, 0),
    ]
