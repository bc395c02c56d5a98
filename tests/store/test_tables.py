"""The declared columns are those of the database, and hold every field of the model that is stored."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from greentrack.calibration_facts import Calibration, SelfTest, SensorTest
from greentrack.model import (
    Device,
    DeviceUse,
    Energy,
    Forecast,
    Host,
    Metric,
    Phase,
    Reading,
    RunInfo,
    Span,
    TrackerOverhead,
)
from greentrack.store import rows, schema, tables
from greentrack.store.columns import TableColumns
from greentrack.store.intensity_cache import CachedHour
from greentrack.store.tables import TABLES
from greentrack.store.time_bins import PhaseTime

of_every_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@pytest.fixture
def db(path: Path) -> Iterator[sqlite3.Connection]:
    """An empty database of the newest schema."""
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        schema.upgrade(made, path)
        yield made


def test_every_table_is_declared(db: sqlite3.Connection) -> None:
    """And none that is not there; sqlite-utils keeps its own."""
    there = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%sqlite%'")
    assert {table.name for table in TABLES} == {name for (name,) in there}


@of_every_table
def test_columns_are_declared_as_the_migrations_make_them(db: sqlite3.Connection, table: TableColumns) -> None:
    """Every one with its type, and optional where it may be NULL; a key never is."""
    there = {
        name: (kind, not required and not key)
        for _, name, kind, required, _, key in db.execute(f"PRAGMA table_info({table.name})")
    }
    assert {column.name: (column.value_type.sql, column.optional) for column in table.columns} == there


@of_every_table
def test_the_key_of_a_table_is_unique(db: sqlite3.Connection, table: TableColumns) -> None:
    """What is written again finds its row by it."""
    unique: list[list[str]] = [
        [name for _, name, *_, key in db.execute(f"PRAGMA table_info({table.name})") if key],
        *(
            [column for _, _, column in db.execute(f"PRAGMA index_info({index})")]
            for _, index, is_unique, *_ in db.execute(f"PRAGMA index_list({table.name})")
            if is_unique
        ),
    ]
    assert list(table.key) in unique


@pytest.mark.parametrize(
    ("model", "table", "elsewhere"),
    [
        (RunInfo, tables.RUNS, {"host"}),
        (TrackerOverhead, tables.RUNS, set()),
        (Host, tables.HOSTS, set()),
        (Device, tables.DEVICES, set()),
        (DeviceUse, tables.RUN_DEVICES, {"energy", "idle"}),
        (Reading, tables.READINGS, set()),
        (Energy, tables.RUN_DEVICES, set()),
        (Energy, tables.SPAN_ENERGY, set()),
        (Energy, tables.PHASE_ENERGY, set()),
        (Span, tables.SPANS, {"energy"}),
        (Phase, tables.PHASES, {"energy"}),
        (PhaseTime, tables.PHASE_TIMES, set()),
        (Metric, tables.METRICS, set()),
        (Calibration, tables.CALIBRATIONS, set()),
        (SelfTest, tables.SELF_TESTS, {"sensors"}),
        (SensorTest, tables.SELF_TESTS, {"name"}),
        (CachedHour, tables.HOURS, {"end"}),
    ],
)
def test_every_field_of_the_model_has_its_column(model: type[Any], table: TableColumns, elsewhere: set[str]) -> None:
    """But for what is stored in other tables, and the name of a sensor, which is the device's."""
    assert {column.field for column in table.of(model._fields)} == set(model._fields) - elsewhere


def test_positional_rows_are_in_the_order_of_their_fields() -> None:
    """Readings, sums, energies and hosts are made of rows, or rows of them, as they are."""
    assert [column.field for column in rows.READING] == list(Reading._fields[1:])
    assert [column.field for column in rows.TOTALS] == list(tables.TOTALS)
    assert [column.field for column in rows.HOST] == list(Host._fields)
    assert [column.field for column in rows.OVERHEAD] == list(TrackerOverhead._fields)
    assert [column.field for column in tables.SPAN_ENERGY.of(Energy._fields)] == list(Energy._fields)
    assert {name.partition("_")[0] for name in Forecast._fields} == {"at", "progress", "joules", "seconds"}
