"""Hours from a file of the user's: read as meant, or refused with the line."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from greentrack.carbon.hourly import Series
from greentrack.carbon.hourly_csv import read
from greentrack.errors import ConfigError

Reads = Callable[..., Series]


@pytest.fixture
def reads(tmp_path: Path) -> Reads:
    """Read a file of these lines."""

    def make(*lines: str, head: str = "datetime,g_per_kwh") -> Series:
        file = tmp_path / "hours.csv"
        file.write_text("\n".join((head, *lines)), encoding="utf-8")
        return read(file)

    return make


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_hours_with_their_offset_are_read(reads: Reads) -> None:
    """Noon at +02:00 is ten o'clock UTC; each row holds until the next, the last one as long."""
    found = reads("2026-05-01T12:00+02:00,31", "2026-05-01T11:00Z,28.5")
    assert [(hour.start, hour.end, hour.g_per_kwh) for hour in found.hours] == [
        (at("2026-05-01T10:00"), at("2026-05-01T11:00"), 31.0),
        (at("2026-05-01T11:00"), at("2026-05-01T12:00"), 28.5),
    ]
    assert (found.source, found.boundary, found.zone) == ("hours.csv", "not stated", "")


@pytest.mark.parametrize("unit", ["g_per_kwh", "gCO2/kWh", "GCO2EQ/KWH", "kg_per_mwh"])
def test_the_header_names_the_unit(reads: Reads, unit: str) -> None:
    """A kg per MWh is a g per kWh."""
    found = reads("2026-05-01T12:00Z,31", "2026-05-01T13:00Z,28", head=f"datetime,{unit}")
    assert [hour.g_per_kwh for hour in found.hours] == [31.0, 28.0]


def test_comments_say_what_columns_cannot(reads: Reads) -> None:
    """Zone, boundary and source; a comment that says nothing is one."""
    head = "# zone: uk\n# boundary: direct\n# source: my supplier, 2026\n# hello\ndatetime,g_per_kwh"
    found = reads("2026-05-01T12:00Z,31", "2026-05-01T13:00Z,28", head=head)
    assert (found.zone, found.boundary, found.source) == ("GB", "direct", "my supplier, 2026")


def test_a_day_of_23_and_one_of_25_hours_are_read_by_their_offsets(reads: Reads) -> None:
    """When Paris changes its clock, two o'clock is missing in spring and happens twice in autumn."""
    spring = reads("2026-03-29T01:00+01:00,1", "2026-03-29T03:00+02:00,2", "2026-03-29T04:00+02:00,3")
    autumn = reads("2026-10-25T02:00+02:00,1", "2026-10-25T02:00+01:00,2", "2026-10-25T03:00+01:00,3")
    for found in (spring, autumn):
        assert [hour.end - hour.start for hour in found.hours] == [3600.0] * 3
        assert found.hours[0].end == found.hours[1].start


@pytest.mark.parametrize(
    ("head", "tail"),
    [("# timezone: Europe/Paris\ndatetime,g_per_kwh", ""), ("datetime,g_per_kwh,timezone", ",Europe/Paris")],
)
def test_times_without_offset_need_to_know_their_clock(reads: Reads, head: str, tail: str) -> None:
    """Noon in Paris in May is ten o'clock UTC, by a comment or a column."""
    found = reads(f"2026-05-01 12:00,31{tail}", f"2026-05-01 13:00,28{tail}", head=head)
    assert found.hours[0].start == at("2026-05-01T10:00")


@pytest.mark.parametrize(
    ("time", "what"),
    [
        ("2026-10-25T02:00", "line 4: '2026-10-25T02:00' happens twice in Europe/Paris"),
        ("2026-03-29T02:30", "line 4: '2026-03-29T02:30' does not happen in Europe/Paris"),
    ],
)
def test_a_time_that_the_changed_clock_makes_unclear_is_refused(reads: Reads, time: str, what: str) -> None:
    """Which of two hours it is, or what an hour means that never was, is not guessed."""
    with pytest.raises(ConfigError, match=what):
        reads("2026-01-01T00:00,31", f"{time},28", head="# timezone: Europe/Paris\ndatetime,g_per_kwh")


def test_holes_stay_holes(reads: Reads) -> None:
    """A row that is not there and a row without a figure leave a gap; nothing reaches into it."""
    found = reads(
        "2026-05-01T00:00Z,1", "2026-05-01T01:00Z,2", "2026-05-01T04:00Z,3", "2026-05-01T05:00Z,", "2026-05-01T06:00Z,4"
    )
    starts = [(hour.start - at("2026-05-01T00:00")) / 3600 for hour in found.hours]
    assert starts == [0, 1, 4, 6]
    assert all(hour.end - hour.start == 3600 for hour in found.hours)


@pytest.mark.parametrize(
    ("second", "what"),
    [
        ("2026-05-01T01:00,5", "line 3: '2026-05-01T01:00' has no offset; write .*Z or"),
        ("2026-05-01T00:00Z,5", "line 3: the same time as line 2"),
        ("2026-05-01T02:00+02:00,5", "line 3: the same time as line 2"),
        ("2026-04-30T23:00Z,5", "line 3: earlier than line 2; sort"),
        ("2026-05-01T01:00Z,-5", "line 3: -5 g/kWh cannot be"),
        ("2026-05-01T01:00Z,2001", "line 3: 2001 g/kWh cannot be .* another unit"),
        ("2026-05-01T01:00Z,nan", "line 3: 'nan' is not a number"),
        ("2026-05-01T01:00Z,inf", "line 3: 'inf' is not a number"),
        ("2026-05-01T01:00Z,1_0", "line 3: '1_0' is not a number"),
        ("2026-05-01T01:00Z,low", "line 3: 'low' is not a number"),
        ('2026-05-01T01:00Z,"1,5"', "line 3: '1,5' is not a number"),
        ("2026-05-01T01:00Z,1,5", "line 3: 3 columns instead of 2"),
        ("01/05/2026 01:00,5", "line 3: '01/05/2026 01:00' is no ISO 8601 time"),
        ("2026-05-02T00:00Z,5", "rows are 1 day, 0:00:00 apart"),
    ],
)
def test_what_contradicts_itself_is_refused_with_its_line(reads: Reads, second: str, what: str) -> None:
    """And nothing is taken from the rest of the file."""
    with pytest.raises(ConfigError, match=what) as caught:
        reads("2026-05-01T00:00Z,4", second)
    assert "\n" not in str(caught.value)


def test_overlapping_rows_are_refused(reads: Reads) -> None:
    """Where the others are an hour apart, one that comes after 40 minutes would count twice."""
    with pytest.raises(ConfigError, match="line 4: overlaps line 3, which holds for 1:00:00"):
        reads("2026-05-01T00:00Z,1", "2026-05-01T01:00Z,2", "2026-05-01T01:40Z,3", "2026-05-01T02:40Z,4")


@pytest.mark.parametrize(
    ("head", "what"),
    [
        ("time,g_per_kwh", "no column datetime; it has time, g_per_kwh"),
        ("datetime,intensity", "does not say its unit"),
        ("datetime,g_per_kw", "did you mean g_per_kwh"),
        ("datetime,kg_per_kwh", "multiply by 1000"),
        ("datetime,g_per_kwh,kg_per_mwh", "two columns of figures"),
        ("# boundary: all\ndatetime,g_per_kwh", "line 1: boundary 'all' is none of life-cycle, direct"),
        ("# timezone: Paris\ndatetime,g_per_kwh", "line 3: time zone 'Paris' is not known"),
        ("", "no column datetime|empty"),
    ],
)
def test_a_header_that_leaves_questions_is_refused(reads: Reads, head: str, what: str) -> None:
    """The unit is never guessed."""
    with pytest.raises(ConfigError, match=what):
        reads("2026-05-01T00:00,4", head=head)


def test_kilograms_that_are_called_grams_are_refused(reads: Reads) -> None:
    """0.475 g/kWh is no grid's, 475 is; where only chimneys are counted, hydropower may be as clean."""
    with pytest.raises(ConfigError, match=r"largest figure is 0.475 g/kWh; is it in kg per kWh\?"):
        reads("2026-05-01T00:00Z,0.475", "2026-05-01T01:00Z,0.381")
    clean = reads("2026-05-01T00:00Z,0.475", "2026-05-01T01:00Z,0", head="# boundary: direct\ndatetime,g_per_kwh")
    assert [hour.g_per_kwh for hour in clean.hours] == [0.475, 0]


def test_one_row_does_not_say_how_long_it_holds(reads: Reads) -> None:
    """Two do."""
    with pytest.raises(ConfigError, match="has 1 rows"):
        reads("2026-05-01T00:00Z,4")


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Absent, or no text."""
    with pytest.raises(ConfigError, match=r"absent\.csv cannot be read: No such file"):
        read(tmp_path / "absent.csv")
    (tmp_path / "picture.csv").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ConfigError, match="not text in UTF-8"):
        read(tmp_path / "picture.csv")


def test_a_spreadsheets_file_is_read(tmp_path: Path) -> None:
    """With its mark of byte order, quotes and line ends."""
    (tmp_path / "sheet.csv").write_bytes(
        b'\xef\xbb\xbf"datetime","g_per_kwh"\r\n"2026-05-01T00:00Z","4"\r\n"2026-05-01T00:30Z","5"\r\n'
    )
    found = read(tmp_path / "sheet.csv")
    assert [(hour.end - hour.start, hour.g_per_kwh) for hour in found.hours] == [(1800.0, 4.0), (1800.0, 5.0)]
