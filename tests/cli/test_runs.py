"""``greentrack runs``: its figures, its filters, and tables that fit whatever a run is called."""

import csv
import datetime
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from greentrack import config
from greentrack.costing.run_list import SORTS, list_runs, total
from greentrack.costing.session import CostingSession
from greentrack.errors import ConfigError
from greentrack.formatting.escape import printable
from greentrack.formatting.layout import display_width, listed
from greentrack.formatting.table import lines
from greentrack.reports.run_list_text import table
from greentrack.store import database
from tests.cli.conftest import COMMAND, Ask, Keep

DAY = 86_400.0
KEYS = ["id", "name", "project", "status", "started_at", "seconds", "kwh", "g", "measured_share", "parts"]
NASTY = [
    "two\nlines",
    "\x1b[31mred\x1b[0m\x07",
    "\u202eright to left",
    "=cmd()",
    "@SUM(1)",
    "-1",
    "日本語の実験" * 20,
    "x" * 10_000,
    "[bold]not markup[/bold]",
    "\u2028\x85\x9b",
]


def names(answer: Any) -> list[str]:
    return [row["name"] for row in json.loads(answer.out)]


def test_a_list_has_energy_and_carbon_of_each_run(ask: Ask, keep: Keep, db: Path) -> None:
    """An hour at 360 W and a server's quarter on top is 0.45 kWh, and 80 % of that was measured."""
    run = keep(project="demo")
    answer = ask("runs", "--db", db, "--format", "json")
    (row,) = json.loads(answer.out)
    assert list(row) == KEYS
    assert (row["id"], row["name"], row["project"], row["status"]) == (run.id, "digits", "demo", "finished")
    assert row["started_at"] == "2026-09-21T14:13:20.000+00:00"
    assert row["seconds"] == 3600.0
    assert row["kwh"] == pytest.approx(0.45)
    assert row["measured_share"] == pytest.approx(0.8)


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"rest": "off"},
        {"rest": "desktop"},
        {"zone": None},
        {"zone": "US-CA"},
        {"method": "cpu-model"},
        {"seconds": 0.0},
        {"status": "interrupted"},
    ],
)
def test_the_list_and_the_summary_agree(ask: Ask, keep: Keep, db: Path, facts: dict[str, Any]) -> None:
    """What runs lists is what show shows, to the last digit that matters."""
    keep(**facts)
    (row,) = json.loads(ask("runs", "--db", db, "--format", "json").out)
    shown = json.loads(ask("show", "--db", db, "--format", "json").out)
    if shown["energy"]["kwh"] is None:
        assert (row["kwh"], row["g"]) == (None, None)
        return
    assert row["kwh"] == pytest.approx(shown["energy"]["kwh"]["value"])
    assert row["g"] == pytest.approx(shown["carbon"]["g"]["value"])
    assert row["measured_share"] == pytest.approx(shown["energy"]["measured_share"])


def test_a_run_of_which_nothing_was_read_has_no_energy(ask: Ask, keep: Keep, db: Path) -> None:
    """Absent is not zero: null in JSON, a dash in the table."""
    keep(seconds=0.0)
    (row,) = json.loads(ask("runs", "--db", db, "--format", "json").out)
    assert (row["kwh"], row["g"], row["measured_share"]) == (None, None, None)
    assert ask("runs", "--db", db).out.split("\n")[1].split()[-3:] == ["—", "—", "—"]


def test_a_run_in_an_unknown_zone_does_not_hide_the_others(ask: Ask, keep: Keep, db: Path) -> None:
    """Its carbon is unknown, its energy is not."""
    keep(zone="ATLANTIS")
    keep()
    rows = json.loads(ask("runs", "--db", db, "--format", "json").out)
    assert sorted(row["g"] is None for row in rows) == [False, True]
    assert all(row["kwh"] for row in rows)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--project", "p"], ["b"]),
        (["--tag", "x"], ["c", "b"]),
        (["--tag", "x", "--tag", "y"], ["c"]),
        (["--status", "failed"], ["a"]),
        (["--name", "[ab]"], ["b", "a"]),
        (["--name", "nobody"], []),
        (["--since", "2026-09-22"], ["c", "b"]),
        (["--until", "2026-09-21"], ["a"]),
        (["--since", "2026-09-22", "--until", "2026-09-22"], ["b"]),
        (["--limit", "1"], ["c"]),
        (["--sort", "-started"], ["a", "b", "c"]),
        (["--sort", "started", "--reverse"], ["a", "b", "c"]),
        (["--sort", "-started", "--reverse"], ["c", "b", "a"]),
        (["--sort", "kwh", "--limit", "2"], ["b", "c"]),
        (["--sort", "-kwh"], ["a", "c", "b"]),
        (["--sort", "g"], ["c", "b", "a"]),
        (["--sort", "seconds"], ["a", "b", "c"]),
        (["--sort", "name"], ["a", "b", "c"]),
        (["--sort", "-status"], ["c", "b", "a"]),
    ],
)
def test_runs_are_found_and_sorted(ask: Ask, keep: Keep, db: Path, options: list[str], found: list[str]) -> None:
    """Every filter and order: a (1 W h, failed), b (3 W h, project p, tag x), c (2 W h in Poland, tags x and y)."""
    noon = datetime.datetime(2026, 9, 21, 12).timestamp()
    keep("a", watts=0.1, seconds=36_000.0, started_at=noon, status="failed")
    keep("b", watts=3, seconds=3600.0, started_at=noon + DAY, project="p", tags=("x",))
    keep("c", watts=4, seconds=1800.0, started_at=noon + 2 * DAY, zone="PL", tags=("y", "x"), status="stopped")
    assert names(ask("runs", "--db", db, "--format", "json", *options)) == found


def test_a_resumed_training_is_one_line_unless_its_parts_are_asked_for(ask: Ask, keep: Keep, db: Path) -> None:
    """Two hours of 0.45 kWh each are one line of 0.9 kWh, which says how many parts it has."""
    first = keep("digits", status="interrupted")
    keep("digits", started_at=1_790_000_000.0 + DAY, continues=first.id)
    (row,) = json.loads(ask("runs", "--db", db, "--format", "json").out)
    assert (row["status"], row["parts"], row["seconds"]) == ("finished", 2, 7200.0)
    assert row["kwh"] == pytest.approx(0.9)
    head, line = ask("runs", "--db", db).out.splitlines()
    assert head.split()[:4] == ["run", "name", "status", "parts"]
    assert line.split()[2:4] == ["finished", "2"]
    both = json.loads(ask("runs", "--db", db, "--format", "json", "--all-parts").out)
    assert [(row["status"], row["parts"]) for row in both] == [("finished", 1), ("interrupted", 1)]
    assert "parts" not in ask("runs", "--db", db, "--all-parts").out
    assert "1 run  2 h  900 Wh" in ask("runs", "--db", db, "--totals").out


def test_python_can_list_what_the_command_lists(keep: Keep, db: Path) -> None:
    """The command is one library call."""
    keep("a", watts=1)
    keep("b", watts=2)
    assert [cost.run.name for cost in list_runs(db=db, sort="kwh")] == ["b", "a"]
    with pytest.raises(ConfigError, match="did you mean started"):
        list_runs(db=db, sort="start")


def test_the_help_names_every_order(ask: Ask) -> None:
    """In the words of the library."""
    assert f"By {listed(SORTS, 'or')};" in " ".join(ask("runs", "--help").out.split())


def test_what_was_not_measured_is_left_out_of_the_totals_and_said(ask: Ask, keep: Keep, db: Path) -> None:
    """The carbon of what was read is known; where nothing was read at all, nothing is: no zeros."""
    keep("a")
    keep("unread", watts=None)
    totals = json.loads(ask("runs", "--db", db, "--totals", "--format", "json").out)["totals"]
    assert totals["kwh"] == pytest.approx(0.45)
    assert totals["g"] == pytest.approx(0.45 * 41.44, rel=1e-3)
    assert totals["unread"] == 1
    assert "Nothing was measured of 1 of them." in ask("runs", "--db", db, "--totals").out
    none = ask("runs", "--db", db, "--totals", "--name", "unread").out
    assert "1 run  1 h  energy not known  CO2e not known" in none


def test_names_steer_no_terminal_in_json(ask: Ask, keep: Keep, db: Path) -> None:
    """Reversed writing and old escapes come as escapes, which mean the same."""
    keep("a\u202eb\x9b2J")
    text = ask("runs", "--db", db, "--format", "json").out
    assert all(line.isprintable() for line in text.split("\n"))
    assert json.loads(text)[0]["name"] == "a\u202eb\x9b2J"


def test_totals_count_a_joule_once(ask: Ask, keep: Keep, db: Path) -> None:
    """Two runs of the same hour on the same GPU used what one used; it says so."""
    keep("a")
    keep("b")
    keep("c", uid="gpu:1")
    found = json.loads(ask("runs", "--db", db, "--totals", "--format", "json").out)
    assert [run["kwh"] for run in found["runs"]] == pytest.approx([0.45] * 3)
    assert found["totals"]["runs"] == 3
    assert found["totals"]["kwh"] == pytest.approx(0.9)
    assert found["totals"]["overlapped_kwh"] == pytest.approx(0.36)
    assert found["totals"]["g"] == pytest.approx(2 * found["runs"][0]["g"])
    text = ask("runs", "--db", db, "--totals").out
    assert "3 runs  3 h  900 Wh" in text
    assert "360 Wh that more than one of them saw counts once" in text


def test_no_runs_is_an_empty_list(ask: Ask, db: Path) -> None:
    """Without a database there is nothing to list, which is no mistake; the way on goes to standard error."""
    answer = ask("runs", "--db", db)
    assert (answer.status, answer.out) == (0, "")
    assert "record one with: greentrack run -- COMMAND" in answer.err
    assert json.loads(ask("runs", "--db", db, "--format", "json").out) == []
    assert ask("runs", "--db", db, "--format", "csv").out == ",".join(KEYS) + "\n"
    assert not db.exists()


def test_no_name_breaks_the_table(ask: Ask, keep: Keep, db: Path) -> None:
    """A row is a line, no wider than the terminal, and holds nothing that steers one."""
    for name in NASTY:
        keep(name, project=name)
    lines = ask("runs", "--db", db).out.removesuffix("\n").split("\n")
    assert len(lines) == 1 + len(NASTY)
    assert all(line.isprintable() for line in lines)
    assert max(map(display_width, lines)) <= 80


def test_no_name_is_a_formula_in_a_spreadsheet(ask: Ask, keep: Keep, db: Path) -> None:
    """What would be worked out is marked as text, a run is a line, and nothing steers a terminal."""
    for name in NASTY:
        keep(name, started_at=0.0)
    rows = list(csv.DictReader(io.StringIO(ask("runs", "--db", db, "--format", "csv").out, newline="")))
    assert {row["name"] for row in rows} == {f"'{name}" if name[0] in "=@-" else printable(name) for name in NASTY}
    assert {row["kwh"] for row in rows} == {"0.45"}


def test_json_keeps_every_name(ask: Ask, keep: Keep, db: Path) -> None:
    """Machines get what was given."""
    for name in NASTY:
        keep(name)
    assert sorted(names(ask("runs", "--db", db, "--format", "json"))) == sorted(NASTY)


def test_columns_go_where_there_is_no_room(keep: Keep, db: Path) -> None:
    """A wide terminal shows all; a narrow one gives up the project, the time of day, and only then the share."""
    keep("a-rather-long-name-of-a-run", project="some-project", status="interrupted", seconds=3720.0)
    costs = list_runs(db=db)
    today = datetime.date(2026, 12, 1)
    titles = {width: list(table(costs, width, today=today).head) for width in (140, 80, 50)}
    assert titles[140] == ["run", "name", "project", "status", "started", "time", "energy", "CO2e", "measured"]
    assert titles[80] == ["run", "name", "status", "day", "time", "energy", "CO2e", "measured"]
    assert titles[50] == ["run", "name", "status", "day", "time", "energy", "CO2e"]
    for width in (140, 80):
        assert max(map(display_width, lines(table(costs, width, today=today)))) <= width


@pytest.mark.parametrize(("setting", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colours_unless_it_wants_none(
    keep: Keep, db: Path, setting: dict[str, str], coloured: bool
) -> None:
    """Colour is for terminals, and NO_COLOR turns it off; no row wraps."""
    keep("[bold]x[/bold]")
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", **setting}
    pid, screen = pty.fork()
    if pid == 0:
        os.execve(sys.executable, [*COMMAND, "runs", "--db", str(db)], env)  # noqa: S606  # a real terminal is the point
    seen = b""
    try:
        while part := os.read(screen, 4096):
            seen += part
    except OSError:  # the other end is closed
        pass
    os.close(screen)
    os.waitpid(pid, 0)
    assert (b"\x1b[32mfinished" in seen) == coloured
    assert (b"\x1b[" in seen.replace(b"\x1b[1m", b"").replace(b"\x1b[0m", b"")) == coloured
    assert b"[bold]x[/b" in seen
    assert seen.count(b"\r\n") == 2


def test_piped_output_loads_nothing_heavy(keep: Keep, db: Path) -> None:
    """Listing needs neither rich nor psutil nor sqlite-utils nor pandas: that is what keeps it quick."""
    import subprocess

    keep()
    script = f"""
import sys
from greentrack.cli import main
assert not set(sys.modules) & {{"sqlite3", "rich", "json"}}
try: main(["runs", "--db", {str(db)!r}])
except SystemExit: pass
print(*sorted(set(sys.modules) & {{"rich", "psutil", "sqlite_utils", "pandas", "codecarbon", "pynvml", "asyncio"}}))
"""
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == ""


def test_a_table_for_an_ascii_output_escapes_what_is_not_ascii(keep: Keep, db: Path) -> None:
    """A pipe to a tool that takes only ASCII gets nothing else."""
    keep("日本")
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*COMMAND, "runs", "--db", db], env=env, capture_output=True, check=True)
    assert b"\\u65e5\\u672c" in done.stdout
    assert done.stdout.isascii()


def test_a_list_and_its_totals_load_the_settings_and_open_the_database_once(
    ask: Ask, keep: Keep, db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both take the session of the command."""
    keep()
    calls: list[str] = []

    def counted(module: Any, name: str) -> None:
        real = getattr(module, name)

        def call(*args: Any, **options: Any) -> Any:
            calls.append(name)
            return real(*args, **options)

        monkeypatch.setattr(module, name, call)

    counted(config, "load")
    counted(database, "open_for_reading")
    assert ask("runs", "--db", db, "--totals").status == 0
    assert sorted(calls) == ["load", "open_for_reading"]


def test_a_session_that_is_handed_in_stays_open(keep: Keep, db: Path) -> None:
    """Its owner closes it, and its lists are those of its database."""
    run = keep()
    with CostingSession.open(db, tariff="0.30 EUR") as session:
        found = list_runs(session=session)
        assert found == list_runs(db=db)
        assert total(found, session=session) == total(found, db=db)
        assert session.summarize(run.id).run.id == run.id
