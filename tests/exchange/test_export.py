"""What is exported is what is stored, in each format, and a file is replaced whole or not at all."""

import csv
import io
import json
import math
import os
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from greentrack.errors import ConfigError, NotFoundError, StoreError
from greentrack.exchange import export_csv, export_jsonl, export_parquet
from greentrack.exchange.export import WHAT, export
from greentrack.formatting.escape import FORMULAS
from greentrack.model import Device, DeviceUse, Energy, Metric, Phase, Reading, RunInfo, Span
from greentrack.store.batch import Batch
from greentrack.store.columns import TEXT, Column
from greentrack.store.export import TABLES
from greentrack.store.statements import Statement
from greentrack.store.writer import Writer

GPU = DeviceUse(device=Device(uid="GPU-1", kind="gpu", name="A GPU"), method="fake", counter_valid=False, note="a note")
Put = Callable[..., RunInfo]


@pytest.fixture
def put(db: Path) -> Iterator[Put]:
    """Store a run of two readings of 300 J, whose counter is not trusted, with a span, a phase, work and a metric."""
    writer = Writer(db, clock=lambda: 1000.0)

    def store(run_id: str = "01-a", name: str = "digits", started_at: float = 100.0, **facts: Any) -> RunInfo:
        run = RunInfo(id=run_id, name=name, started_at=started_at, **{"status": "finished", "seconds": 2.0, **facts})
        readings = [
            Reading(device="GPU-1", at=started_at + second, seconds=1.0, joules=300.0, cross_check=330.0, share=0.5)
            for second in (1, 2)
        ]
        energy = {"GPU-1": Energy(joules=300.0, seconds=1.0, cross_check=330.0)}
        writer.write(
            Batch(
                run_id=run.id,
                run=run,
                devices=[GPU],
                readings=readings,
                spans=[
                    Span(
                        id=1,
                        name="epoch",
                        started_at=started_at,
                        ended_at=started_at + 1,
                        attrs={"n": 1},
                        energy=energy,
                    ),
                    Span(id=2, name="empty", started_at=started_at),
                ],
                phases={"load": Phase(name="load", calls=3, seconds=0.5, energy=energy)},
                work={"samples": 64.0},
                metrics=[Metric(name="loss", at=started_at + 1, value=math.inf, joules=300.0)],
            )
        )
        writer.close()
        return run

    yield store
    writer.close()


def rows(db: Path, what: str = "readings", **how: Any) -> list[dict[str, Any]]:
    """Export as JSON lines and read them."""
    file = io.BytesIO()
    export(file, what=what, form="jsonl", db=db, **how)
    return [json.loads(line) for line in file.getvalue().splitlines()]


def cells(db: Path, what: str = "readings", **how: Any) -> list[dict[str, str]]:
    """Export as CSV and read it."""
    file = io.BytesIO()
    export(file, what=what, form="csv", db=db, **how)
    return list(csv.DictReader(io.StringIO(file.getvalue().decode(), newline="")))


def test_readings_are_as_they_were_recorded(db: Path, put: Put) -> None:
    """Joules by both methods, and that the counter is not to be trusted."""
    put()
    first, second = rows(db)
    assert first == {
        **{"run": "01-a", "device": "GPU-1", "kind": "gpu", "at": 101.0, "joules": 300.0, "seconds": 1.0},
        **{"check_joules": 330.0, "trusted": False, "share": 0.5, "busy": None},
    }
    assert second["at"] == 102.0


def test_each_kind_of_rows_has_its_facts(db: Path, put: Put) -> None:
    """A span in which nothing was read has a row without a device."""
    put(tags=("x",), params={"lr": 0.1})
    (run,) = rows(db, "runs")
    assert (run["id"], run["name"], run["tags"], run["params"]) == ("01-a", "digits", ["x"], {"lr": 0.1})
    (device,) = rows(db, "devices")
    assert (
        device["method"],
        device["measured"],
        device["joules"],
        device["check_joules"],
        device["process_joules"],
    ) == (
        *("fake", True, 600.0),
        *(660.0, 300.0),
    )
    assert [(row["span"], row["name"], row["attrs"], row["device"], row["joules"]) for row in rows(db, "spans")] == [
        (1, "epoch", {"n": 1}, "GPU-1", 300.0),
        (2, "empty", {}, None, None),
    ]
    (phase,) = rows(db, "phases")
    assert (phase["calls"], phase["phase_seconds"], phase["joules"]) == (3, 0.5, 300.0)
    assert [(row["unit"], row["amount"]) for row in rows(db, "work")] == [("samples", 64.0)]
    assert rows(db, "forecasts") == []


def test_json_knows_no_infinity_and_csv_does(db: Path, put: Put) -> None:
    """A loss that went to infinity is null there."""
    put()
    assert [row["value"] for row in rows(db, "metrics")] == [None]
    assert [row["value"] for row in cells(db, "metrics")] == ["inf"]


def test_runs_are_chosen_by_name_or_project_and_the_oldest_comes_first(db: Path, put: Put) -> None:
    """Without a choice all of them."""
    put("02-b", "b", 300.0, project="p")
    put("01-a", "a", 100.0)
    assert [row["id"] for row in rows(db, "runs")] == ["01-a", "02-b"]
    assert [row["id"] for row in rows(db, "runs", project="p")] == ["02-b"]
    assert [row["id"] for row in rows(db, "runs", runs=["b", "01-a"])] == ["01-a", "02-b"]
    with pytest.raises(NotFoundError, match="no run 'c'"):
        rows(db, runs=["c"])
    with pytest.raises(ConfigError, match="not both"):
        rows(db, runs=["a"], project="p")


def test_a_run_that_was_killed_is_interrupted(db: Path, put: Put) -> None:
    """Its row still says running, since nobody was there to change it; it ended at its last reading."""
    put(status="running", boot_id="another boot", seconds=0.0)
    (run,) = rows(db, "runs")
    assert (run["status"], run["ended_at"], run["seconds"]) == ("interrupted", 102.0, 2.0)


def test_formulas_are_text_in_csv(db: Path, put: Put) -> None:
    """Whatever a run is called; JSON lines have the name itself."""
    put(name="=cmd()", project="+1", folder="\t@x")
    (run,) = cells(db, "runs")
    assert (run["name"], run["project"], run["folder"]) == ("'=cmd()", "'+1", "'\t@x")
    assert rows(db, "runs")[0]["name"] == "=cmd()"


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30))
@example("a\rb")
@example('"a",\n')
def test_any_name_comes_back(db: Path, put: Put, name: str) -> None:
    """From CSV but for the apostrophe, and from JSON lines."""
    put(name=name, params={"x": name})
    exported = cells(db, "runs")[0]["name"]
    assert exported == (f"'{name}" if name.lstrip().startswith(FORMULAS) else name)
    assert rows(db, "runs")[0]["name"] == name
    assert rows(db, "runs")[0]["params"] == {"x": name}


def test_half_a_surrogate_pair_is_an_escape_in_json_lines(db: Path, put: Put) -> None:
    """A param may hold one, which no file in UTF-8 can; it comes back as it was."""
    put(params={"name": "a\ud800b"})
    file = io.BytesIO()
    export(file, what="runs", form="jsonl", db=db)
    assert json.loads(file.getvalue())["params"] == {"name": "a\ud800b"}


def test_all_tables_are_one_file_of_json_lines(db: Path, put: Put, tmp_path: Path) -> None:
    """Each line says which table it is of."""
    put()
    done = export(tmp_path / "all.jsonl", what="all", db=db)
    lines = (tmp_path / "all.jsonl").read_text(encoding="utf-8").splitlines()
    tables = [json.loads(line)["table"] for line in lines]
    assert {name: tables.count(name) for name in TABLES} == done.rows
    assert (done.runs, done.rows["readings"], done.rows["forecasts"]) == (1, 2, 0)


def test_all_tables_as_csv_are_a_folder(db: Path, put: Put, tmp_path: Path) -> None:
    """A file each, with its columns even where there is no row."""
    put()
    export(tmp_path / "all", what="all", form="csv", db=db)
    assert sorted(file.name for file in (tmp_path / "all").iterdir()) == sorted(f"{name}.csv" for name in TABLES)
    assert (tmp_path / "all/forecasts.csv").read_text() == "run,at,kind,value,low,high\n"
    with pytest.raises(ConfigError, match="one csv file; name a folder"):
        export(io.BytesIO(), what="all", form="csv", db=db)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be a folder"):
        export(tmp_path / "file", what="all", db=db)


def test_the_name_of_the_file_tells_the_format(db: Path, put: Put, tmp_path: Path) -> None:
    """Where none is given; another ending is CSV."""
    put()
    export(tmp_path / "r.JSONL", db=db)
    export(tmp_path / "r.txt", db=db)
    assert (tmp_path / "r.JSONL").read_text().startswith("{")
    assert (tmp_path / "r.txt").read_text().startswith("run,device,")


@pytest.mark.skipif(os.name != "posix", reason="a umask is POSIX's")
def test_a_file_has_the_rights_that_the_umask_leaves(db: Path, put: Put, tmp_path: Path) -> None:
    """0o027 leaves 0o640."""
    put()
    before = os.umask(0o027)
    try:
        export(tmp_path / "r.csv", db=db)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "r.csv").stat().st_mode) == 0o640


def test_what_fails_half_way_leaves_the_old_file_and_nothing_else(
    db: Path, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full at the second run."""
    put()
    put("02-b")
    file = tmp_path / "out/r.csv"
    file.parent.mkdir()
    file.write_text("old")

    def full(*_: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_csv, "write", full)
    with pytest.raises(ConfigError, match=r"r\.csv cannot be written \(No space left on device\)"):
        export(file, db=db)
    assert [(each.name, each.read_text()) for each in file.parent.iterdir()] == [("r.csv", "old")]


def test_a_link_stays_a_link(db: Path, put: Put, tmp_path: Path) -> None:
    """What it leads to is replaced."""
    put()
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    export(tmp_path / "link.csv", db=db)
    assert (tmp_path / "link.csv").is_symlink()
    assert len((tmp_path / "real.csv").read_text().splitlines()) == 3


def test_the_database_itself_is_never_overwritten(db: Path, put: Put, tmp_path: Path) -> None:
    """Not by another name, either."""
    put()
    (tmp_path / "link").symlink_to(db)
    for file in (db, tmp_path / "link"):
        with pytest.raises(ConfigError, match="is the database itself"):
            export(file, db=db)
    assert len(rows(db)) == 2


def test_what_cannot_be_exported_is_said(db: Path, put: Put, tmp_path: Path) -> None:
    """Words that are not known, places that are none, a database that is not there or is damaged."""
    with pytest.raises(NotFoundError, match="no runs yet"):
        export(tmp_path / "r.csv", db=db)
    put()
    with pytest.raises(ConfigError, match=r"unknown rows 'reading' \(did you mean readings\?\)"):
        export(tmp_path / "r.csv", what="reading", db=db)
    with pytest.raises(ConfigError, match="unknown format 'json'"):
        export(tmp_path / "r.csv", form="json", db=db)
    with pytest.raises(ConfigError, match="is a folder"):
        export(tmp_path, db=db)
    with pytest.raises(ConfigError, match="cannot be written"):
        export(tmp_path / "none/r.csv", db=db)
    (tmp_path / "other.db").write_text("nothing like it")
    with pytest.raises(StoreError):
        export(tmp_path / "r.csv", db=tmp_path / "other.db")
    assert not (tmp_path / "r.csv").exists()


def test_rows_are_written_while_they_are_read(db: Path, put: Put) -> None:
    """The first is out before the second is asked for: no more than one is in memory."""
    put()
    seen: list[str] = []

    class Watched(io.BytesIO):
        def write(self, piece: Any) -> int:
            seen.append("written")
            return len(piece)

    def asked() -> Iterator[tuple[str]]:
        for _ in range(3):
            seen.append("asked for")
            yield ("x",)

    for write in (export_csv.write, export_jsonl.write):
        seen.clear()
        write(Watched(), Statement("", [Column("run", TEXT)]), asked())
        assert seen[-6:] == ["asked for", "written"] * 3


def test_every_column_that_is_kept_is_exported(db: Path, put: Put) -> None:
    """But for keys, and what tells a process or is worked out when somebody asks."""
    put()
    left_out = {"key", "id", "run", "span", "phase", "device", "host", "uid", "pid", "pid_started", "boot_id"}
    left_out |= {"updated_at", "last_reading_at"}
    of = {
        **{"runs": ["runs"], "devices": ["devices", "run_devices"], "readings": ["readings"]},
        **{"spans": ["spans", "span_energy"], "phases": ["phases", "phase_energy"]},
        **{name: [name] for name in ("phase_times", "metrics", "work", "forecasts")},
    }
    with closing(sqlite3.connect(db)) as connection:
        for what, tables in of.items():
            for table in tables:
                kept = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
                assert kept - left_out <= {column.name for column in TABLES[what].columns}, what


def test_the_columns_are_those_of_the_query() -> None:
    """Every table; and everything has a name on the command line."""
    assert set(WHAT) == {*TABLES, "all"}
    for table in TABLES.values():
        assert table.sql.partition("FROM")[0].count(",") + 1 == len(table.columns)


def test_parquet_without_its_library_is_said(
    db: Path, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to install, and before a file is begun."""
    put()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"needs pyarrow .* pip install 'greentrack\[parquet\]'"):
        export(tmp_path / "r.parquet", db=db)
    assert not (tmp_path / "r.parquet").exists()


@pytest.mark.parametrize("what", TABLES)
def test_parquet_has_the_same_rows(
    db: Path, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """With their types; JSON is text in it. Two rows at a time, so that there are several groups."""
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(export_parquet, "ROWS_PER_GROUP", 2)
    put(tags=("x",))
    put("02-b", "b", 300.0)
    export(tmp_path / "r.parquet", what=what, db=db)
    made = parquet.read_table(tmp_path / "r.parquet")
    assert made.column_names == [column.name for column in TABLES[what].columns]
    told = rows(db, what)
    in_json = [column.name for column in TABLES[what].columns if column.value_type.export == "json"]
    for row in told:
        row |= {name: json.dumps(row[name]) for name in in_json}
    found = made.to_pylist()
    if what == "metrics":
        assert [row.pop("value") for row in found] == [math.inf, math.inf]
        told = [{name: cell for name, cell in row.items() if name != "value"} for row in told]
    assert found == told
