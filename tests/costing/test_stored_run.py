"""Runs as reports find them again: from the store, or as a record that somebody holds."""

from pathlib import Path

import pytest

from greentrack import config
from greentrack.costing.options import parse_options
from greentrack.costing.stored_run import past
from greentrack.errors import NotFoundError
from greentrack.model import Device, DeviceUse, Reading, Record, RunInfo
from greentrack.store.batch import Batch
from greentrack.store.writer import Writer

RUN = RunInfo(id="019a0000-0000-7000-8000-000000000001", name="digits", status="finished", ended_at=60.0, seconds=60.0)


@pytest.fixture
def kept(db: Path) -> str:
    """The path of a database with one run: 600 J in a minute."""
    use = DeviceUse(device=Device(uid="gpu:0", kind="gpu", name="A GPU"), method="fake")
    reading = Reading(device="gpu:0", at=60.0, seconds=60.0, joules=600.0)
    with_it = Batch(run_id=RUN.id, run=RUN, devices=[use], readings=[reading])
    writer = Writer(db)
    writer.write(with_it)
    writer.close()
    return str(db)


def test_a_run_is_found_by_its_name(kept: str) -> None:
    """With its energy; its readings only where a tariff needs their hours."""
    settings = config.load({"db": kept})
    found = past("digits", settings, parse_options())
    assert (found.record.devices[0].joules, found.readings, found.parts) == (600.0, None, 1)
    assert found.name == "run 019a0000-0000 (digits)"
    by_hour = past("digits", settings, parse_options(tariff="0.30 EUR; 22-6 0.18"))
    assert by_hour.readings is not None
    assert [reading.joules for reading in by_hour.readings["gpu:0"]] == [600.0]
    with pytest.raises(NotFoundError):
        past("nope", settings, parse_options())


def test_a_record_is_taken_as_it_is() -> None:
    """No database is opened."""
    record = Record(run=RUN)
    assert past(record, config.Settings(db="/nowhere"), parse_options()).record is record
