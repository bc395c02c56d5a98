"""Files that others wrote, with anything in them: read right, or refused in one line that names the file."""

import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greentrack.carbon.hourly_csv import read as read_hours
from greentrack.costing.options import parse_options
from greentrack.errors import ConfigError
from greentrack.exchange import codecarbon_csv
from greentrack.store.importing import keep
from greentrack.store.reader import Reader
from tests.fuzz.asking import answered, hostile, names
from tests.fuzz.conftest import EMISSIONS, HOURS, TARIFF, cases

CELLS = ("0", "-1", "1e5", "1e400", "nan", "inf", "1_0", "", "x", "FRA", "2024-05-01T13:00:00", "machine", "2.8.3", '"')
IDS = ("9adda612-4ce8-49d0-9a55-e3b071a7b885", "119c2ff3-8008-4581-b7a3-d9dfe67d8517", "latest", "0" * 36)
STAMPS = ("2026-09-21T02:00Z", "2026-09-21T02:30", "2026-13-01T00:00Z", "0001-01-01T00:00Z", "9999-12-31T23:59+00:00")


def edited(text: str, cells: Sequence[str]) -> st.SearchStrategy[bytes]:
    """Draw *text* with cells replaced, lines dropped, doubled and added, or bytes of no file at all."""
    lines = text.splitlines()

    @st.composite
    def edit(draw: st.DrawFn) -> bytes:
        made = list(lines)
        for _ in range(draw(st.integers(1, 4))):
            at = draw(st.integers(0, len(made) - 1)) if made else 0
            match draw(st.integers(0, 5)):
                case 0 if made:
                    del made[at]
                case 1 if made:
                    made.insert(at, made[at])
                case 2:
                    made.insert(at, draw(hostile | st.sampled_from(lines)))
                case _ if made:
                    row = made[at].split(",")
                    row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(cells) | hostile)
                    made[at] = ",".join(row)
        return draw(st.sampled_from(("\n", "\r\n"))).join(made).encode(errors="surrogatepass")

    return edit() | edit() | edit() | st.binary(max_size=80)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A place for a file."""
    return tmp_path / "given.csv"


def test_any_table_of_hours_is_read_or_refused_by_name(file: Path) -> None:
    """What is read lies in order, lasts, and has figures that a grid can have."""

    @cases(600)
    @given(edited(HOURS, (*CELLS, *STAMPS, "g_per_kwh", "datetime", "kgCO2/kWh", "# timezone: Europe/Paris")))
    def each(content: bytes) -> None:
        file.write_bytes(content)
        try:
            found = read_hours(file)
        except ConfigError as error:
            names(error, str(file))
            return
        assert all(0 <= (hour.g_per_kwh or 0) <= 2000 and 0 < hour.end - hour.start <= 3600 for hour in found.hours)
        assert all(one.end <= other.start for one, other in zip(found.hours, found.hours[1:], strict=False))

    each()


def test_any_table_of_prices_is_read_or_refused_by_name(file: Path) -> None:
    """What is read has 24 prices that are no less than nothing."""

    @cases(600)
    @given(edited(TARIFF, (*CELLS, "EUR", "USD/kWh", "hour", "23", "24", "٣")))
    def each(content: bytes) -> None:
        file.write_bytes(content)
        try:
            tariff = parse_options(tariff=str(file)).tariff
        except ConfigError as error:
            names(error, str(file))
            return
        assert tariff is not None
        assert len(tariff.hours) == 24
        assert all(price >= 0 and math.isfinite(price) for price in tariff.hours)

    each()


def test_any_emissions_are_imported_whole_or_refused_by_name(file: Path, db: Path) -> None:
    """What is taken in can be listed: each run once, no more of them than lines, and none of them measured."""

    @cases(300)
    @given(edited(EMISSIONS, (*CELLS, *IDS, *STAMPS, "timestamp", "duration", "cpu_energy")))
    def each(content: bytes) -> None:
        file.write_bytes(content)
        try:
            found = codecarbon_csv.read(file)
        except ConfigError as error:
            names(error, str(file))
            return
        db.unlink(missing_ok=True)
        assert keep(db, found.runs).added == len(found.runs) <= content.count(b"\n") + 1
        with Reader(db) as reader:
            listed = reader.runs()
        assert {run.id for run in listed} == {batch.run_id for batch in found.runs}
        assert all(run.measured_joules == 0 and math.isfinite(run.joules) for run in listed)

    each()


def test_whatever_was_imported_can_be_shown(place: Path) -> None:
    """Through the command line, to the last format."""

    @cases(100)
    @given(edited(EMISSIONS, (*CELLS, *IDS)), st.sampled_from(("json", "text", "markdown")))
    def each(content: bytes, form: str) -> None:
        (place / "g.db").unlink(missing_ok=True)
        (place / "emissions.csv").write_bytes(content)
        if answered(["import", "codecarbon", "emissions.csv"]).status == 0:
            assert answered(["show", "latest", "--format", form]).status == 0
            assert answered(["runs", "--format", "json"]).status == 0

    each()
