"""A database that somebody edited, a newer program wrote or a disk damaged: one line or a right answer.

What is broken in one run is never in the figures of another.
"""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from greentrack.registry import FORMATS
from greentrack.store.export import TABLES
from tests.fuzz import past
from tests.fuzz.asking import answered
from tests.fuzz.conftest import cases

ODD = (
    *(None, b"", b"\x00\xff\xfe", b"{}", "", " ", "abc", "12", "1e5", "-1", "\x00", "\x1b[2J", "é\u202e", "<script>"),
    *(0, 1, -1, 2**31, 2**63 - 1, -(2**63), 0.0, -0.5, 1e-300, 1e18, 1e300, -1e300, float("inf"), float("-inf")),
    *("[]", "{}", "null", "1", '"a"', "[1", '{"a":', "[null]", '[{"a": 1}]', "[[]]", '{"a": NaN}', '{"a": 1e999}'),
    *('{"index": "x"}', '{"a": "\\ud800"}', '["a", 1]', "[" * 20_000, '{"a":' * 20_000, "a" * 100_000, "NaN"),
    *("running", "imported", "aborted", "gpu", "npu", "rest", "nvml-counter", "quantum-meter", "codecarbon-gpu"),
    *("[" * 500 + "]" * 500, '{"a":' * 300 + "1" + "}" * 300),
    *(past.IDS[0], past.IDS[2], "XX", "FR", "Mars/Olympus", "=1+1", "%s{}"),
)
"""Values of every kind that SQLite keeps, whatever its column says."""

COMMANDS = (
    ["runs"],
    ["runs", "--format", "json", "--all-parts", "--totals"],
    ["runs", "--format", "csv", "--sort", "kwh"],
    *(["show", "alpha", "--format", form] for form in FORMATS),
    ["show", "alpha", "--format", "json", "--embodied", "--water", "--scope", "process", "--rent", "specialist"],
    ["show", "beta", "--format", "json", "--hourly", "hours.csv", "--tariff", "0.3 EUR; 22-6 0.1"],
    ["show", "alpha", "--until", "val_acc>=0.5"],
    ["compare", "alpha", "beta", "gamma", "--format", "json", "--front", "val_acc"],
    ["compare", "--project", "demo", "--param", "lr"],
    ["where", "alpha", "--format", "json"],
    ["estimate", "--from", "alpha", "--samples", "1e6", "--format", "json"],
    ["report", "--project", "demo", "-o", "out.html"],
    *(["export", "--what", what, "--format", form, "-o", "out"] for what in TABLES for form in ("csv", "jsonl")),
    ["import", "codecarbon", "emissions.csv"],
    ["calibrate", "--list"],
    ["calibrate", "--run", "alpha", "--wall-watts", "500"],
    ["delete", "alpha", "--yes"],
)

RUN_TABLES = (
    "readings",
    "run_devices",
    "spans",
    "span_energy",
    "phases",
    "phase_energy",
    "phase_times",
    "metrics",
    "work",
    "forecasts",
)
LINKS = ("key", "run", "device", "span", "phase", "continues", "host", "group_id", "world_size", "boot_id")
"""What says to which run, device or work a row belongs: who changes it gives one run's rows to another."""

Change = tuple[str, str, object]


def changes(columns: dict[str, list[str]], *, links: bool) -> st.SearchStrategy[list[Change]]:
    """Some values of the first run (and, where *links* may be changed, of what runs share) replaced by odd ones."""
    places = [
        (table, column)
        for table, names in columns.items()
        if links or table in ("runs", *RUN_TABLES)
        for column in names
        if links or column not in LINKS
    ]
    return st.lists(st.tuples(st.sampled_from(places), st.sampled_from(ODD)), min_size=1, max_size=3).map(
        lambda found: [(*place, value) for place, value in found]
    )


def change(path: Path, edits: Sequence[Change]) -> None:
    """Do to the database what no part of GreenTrack would; what its own rules forbid is left."""
    db = sqlite3.connect(path)
    for table, column, value in edits:
        whose = "key = 1" if table == "runs" else "run = 1" if table in RUN_TABLES else "1"
        try:
            db.execute(f"UPDATE OR IGNORE {table} SET {column} = ? WHERE {whose}", (value,))  # noqa: S608  # its own
        except sqlite3.IntegrityError:  # a key that must be a whole number
            continue
    db.commit()
    db.close()


def test_any_contents_get_a_right_answer_or_one_line(place: Path, whole: Path) -> None:
    """Up to three columns anywhere hold what nobody expects, and any command is asked about it."""

    @cases(400)
    @given(changes(past.tables(whole), links=True), st.sampled_from(COMMANDS))
    def each(edits: list[Change], command: list[str]) -> None:
        past.renew(whole, place / "g.db")
        change(place / "g.db", edits)
        answered(command)

    each()


def test_what_is_broken_in_a_run_is_not_in_anothers_figures(place: Path, whole: Path) -> None:
    """However the first run's rows look, the third one's summary stays the same to the letter."""
    past.renew(whole, place / "g.db")
    right = answered(["show", "gamma", "--format", "json"]).out
    assert json.loads(right)["run"]["name"] == "gamma"

    @cases(150)
    @given(changes(past.tables(whole), links=False))
    def each(edits: list[Change]) -> None:
        past.renew(whole, place / "g.db")
        change(place / "g.db", edits)
        assert answered(["show", "gamma", "--format", "json"]).out == right

    each()


def test_a_run_whatever_it_holds_can_be_deleted(place: Path, whole: Path) -> None:
    """That is the way out which the others name."""

    @cases(150)
    @given(changes(past.tables(whole), links=False).filter(lambda edits: ("runs", "id") not in [e[:2] for e in edits]))
    def each(edits: list[Change]) -> None:
        past.renew(whole, place / "g.db")
        change(place / "g.db", edits)
        assert answered(["delete", past.IDS[0], "--yes"]).status == 0
        assert answered(["runs", "--format", "json"]).status == 0

    each()


def test_a_damaged_file_gets_a_right_answer_or_one_line(place: Path, whole: Path) -> None:
    """Bytes changed or cut off anywhere."""
    content = whole.read_bytes()

    @cases(200)
    @given(
        st.lists(st.tuples(st.integers(0, len(content) - 1), st.binary(min_size=1, max_size=40)), max_size=8),
        st.none() | st.integers(0, len(content)),
        st.sampled_from(COMMANDS),
    )
    def each(damage: list[tuple[int, bytes]], length: int | None, command: list[str]) -> None:
        past.renew(whole, place / "g.db")
        broken = bytearray(content)
        for at, piece in damage:
            broken[at : at + len(piece)] = piece
        (place / "g.db").write_bytes(broken[:length])
        answered(command)

    each()
