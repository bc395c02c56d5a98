"""What the command line says of itself, and how it says what is wrong."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import BashComplete

from greentrack import __version__
from greentrack.cli.app import COMMANDS, greentrack
from greentrack.cli.reference import reference
from greentrack.registry import load
from greentrack.store.writer import Writer
from tests.cli.conftest import COMMAND, Answer, Ask, Keep

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"


def refused(answer: Answer, *words: str) -> None:
    """One line that holds *words*, exit status 2, and nothing on standard output."""
    assert answer.status == 2, answer
    assert answer.err.startswith("greentrack: ")
    assert answer.err.count("\n") == 1, answer.err
    assert all(word in answer.err for word in words), answer.err
    assert answer.out == ""


def test_the_version_is_said(ask: Ask) -> None:
    """``--version`` is the package's."""
    assert ask("--version") == Answer(0, f"greentrack {__version__}\n", "")


def test_without_arguments_it_explains_itself(ask: Ask) -> None:
    """The plain command is its help, with every subcommand in it."""
    answer = ask()
    assert answer == ask("--help")
    assert answer.status == 0
    assert all(f"\n  {name} " in answer.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_fits_and_has_an_example(ask: Ask, name: str) -> None:
    """80 columns, an example, and a text for every option."""
    text = ask(name, "--help").out
    assert max(map(len, text.splitlines())) <= 80
    assert f"  Examples:\n    greentrack {name}" in text
    command = load(COMMANDS, name, "command")
    assert all(option.help for option in command.params if isinstance(option, click.Option))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_example_is_understood(name: str) -> None:
    """What the help shows is parsed by the command that shows it."""
    import shlex

    command = load(COMMANDS, name, "command")
    examples = [text.partition("  #")[0].strip() for text in str(command.epilog).splitlines()[2:] if text.strip()]
    for example in examples:
        words = shlex.split(example.partition(" > ")[0])
        assert words[:2] == ["greentrack", name]
        command.make_context(name, words[2:])


def test_the_document_is_what_the_commands_say() -> None:
    """docs/cli.md is written from the commands; write it anew: python -m greentrack.cli.reference > docs/cli.md."""
    assert DOCS.read_text(encoding="utf-8") == reference()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["shwo"], ["no command is called 'shwo' (did you mean show?)", "greentrack --help"]),
        (["show", "--zoen", "FR"], ["--zoen", "--zone", "greentrack show --help"]),
        (["show", "digitz"], ["no run 'digitz'", "did you mean digits?", "greentrack runs"]),
        (["show", "019a"], ["begins the ids of 2 runs", "give more of it"]),
        (["show", "--zone", "FRANC"], ["zone 'FRANC'", "did you mean FR (France)?"]),
        (["show", "--format", "jsn"], ["unknown format 'jsn' (did you mean json?)"]),
        (["show", "--rest", "tower"], ["unknown rest 'tower'; known: auto, off, desktop, laptop, server, vm\n"]),
        (["show", "--scope", "all"], ["unknown scope 'all'", "machine, process"]),
        (["runs", "--project", "dmeo"], ["project 'dmeo' (did you mean demo?)"]),
        (["runs", "--tag", "basline"], ["tag 'basline' (did you mean baseline?)"]),
        (["runs", "--status", "done"], ["status", "'done'", "finished"]),
        (["runs", "--sort", "cost"], ["unknown sort 'cost'", "kwh"]),
        (["runs", "--limit", "0"], ["limit = 0 is below 1"]),
        (["runs", "--limit", "few"], ["'few'", "--limit"]),
        (["runs", "--since", "soon"], ["--since 'soon'", "7d", "yesterday"]),
        (["runs", "--until", "2026-02-30"], ["--until '2026-02-30'"]),
        (["runs", "--format", "xml"], ["'xml'", "'csv'"]),
        (["runs", "--format", "csv", "--totals"], ["--totals goes with the formats table and json"]),
        (["delete", "nobody"], ["no run 'nobody'"]),
        (["delete"], ["RUN", "greentrack delete --help"]),
        (["delete", "digits"], ["nobody can be asked here", "--yes"]),
        (["run"], ["COMMAND", "greentrack run --help"]),
    ],
)
def test_a_wrong_argument_is_one_line(ask: Ask, keep: Keep, db: Path, args: list[str], words: list[str]) -> None:
    """It names the thing and the way out; nothing is lost."""
    keep(project="demo", tags=("baseline",))
    keep("other")
    before = db.read_bytes()
    answer = ask(*args, *(("--db", db) if len(args) > 1 else ()))
    answer = Answer(answer.status, answer.out, answer.err.removeprefix(listed(answer.err)))
    refused(answer, *words)
    assert db.read_bytes() == before


def listed(err: str) -> str:
    """The lines in which delete shows what it is asked to delete."""
    return "".join(line for line in err.splitlines(True) if not line.startswith("greentrack: "))


@pytest.mark.parametrize("args", [["runs"], ["show"], ["delete", "latest", "--yes"]])
class TestDatabases:
    """Databases that cannot be used: one line, and the file stays as it is."""

    def check(self, ask: Ask, db: Path, args: list[str], *words: str) -> None:
        before = db.read_bytes()
        refused(ask(*args, "--db", db), str(db), *words)
        assert db.read_bytes() == before

    def test_another_programs(self, ask: Ask, db: Path, args: list[str]) -> None:
        """Tables of another program are left alone."""
        other = sqlite3.connect(db)
        other.execute("CREATE TABLE notes (text)")
        other.close()
        self.check(ask, db, args, "another program's database", "GREENTRACK_DB")

    def test_a_newer_schema(self, ask: Ask, keep: Keep, db: Path, args: list[str]) -> None:
        """What a newer version wrote is not guessed at."""
        keep()
        newer = sqlite3.connect(db)
        newer.execute("PRAGMA user_version = 99")
        newer.close()
        self.check(ask, db, args, "newer GreenTrack", "pip install -U greentrack")

    def test_no_database_at_all(self, ask: Ask, db: Path, args: list[str]) -> None:
        """Some other file."""
        db.write_bytes(b"a text, not a database" * 100)
        self.check(ask, db, args, "is not a database")

    def test_a_truncated_one(self, ask: Ask, keep: Keep, db: Path, args: list[str]) -> None:
        """Half a file."""
        for _ in range(20):
            keep()
        db.write_bytes(db.read_bytes()[: db.stat().st_size // 2])
        self.check(ask, db, args, "is damaged", ".recover")

    def test_a_folder(self, ask: Ask, db: Path, args: list[str]) -> None:
        """A folder where a file should be."""
        db.mkdir()
        refused(ask(*args, "--db", db), str(db), "is a folder")


def test_a_wrong_configuration_file_is_named(ask: Ask, tmp_path: Path) -> None:
    """An unknown key and a bad value each name their file."""
    file = tmp_path / "greentrack.toml"
    file.write_text("zoen = 'FR'\n")
    refused(ask("runs"), str(file), "unknown setting 'zoen' (did you mean zone?)")
    file.write_text("interval = 'often'\n")
    refused(ask("doctor"), str(file), "interval = 'often' is not a number of seconds")


def test_no_home_is_one_line(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a home folder it says how to name a database."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    refused(ask("runs"), "GREENTRACK_DB")


def test_a_reader_that_stops_reading_is_no_trouble(keep: Keep, db: Path) -> None:
    """``greentrack runs | head -1`` ends quietly, however much was still to come."""
    for number in range(4):
        keep("x" * 100_000 + str(number))
    command = " ".join((*COMMAND, "runs", "--format", "json", "--db", str(db)))
    ended = subprocess.run(["sh", "-c", f"{command} | head -c 1"], capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("[", "")


def test_a_full_disk_is_one_line(keep: Keep, db: Path) -> None:
    """What cannot be written is said."""
    keep()
    command = " ".join((*COMMAND, "runs", "--db", str(db)))
    ended = subprocess.run(["sh", "-c", f"{command} > /dev/full"], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert ended.stderr == "greentrack: the output: No space left on device\n"


def test_a_closed_output_is_no_trouble(keep: Keep, db: Path) -> None:
    """Nobody reads, and nothing is said."""
    keep("01-a")
    command = ["sh", "-c", '"$@" >&-', "sh", *COMMAND, "runs", "--db", str(db)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_without_our_letters_gets_the_rest(keep: Keep, db: Path) -> None:
    """Where the encoding has no such letters, there are escapes and no traceback."""
    keep("日本")
    env = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    for command in ("show", "runs"):
        ended = subprocess.run([*COMMAND, command, "--db", str(db)], capture_output=True, check=True, env=env)
        assert b"\\u65e5\\u672c" in ended.stdout


def test_runs_complete_by_id_and_name(keep: Keep, db: Path) -> None:
    """The Tab key knows the runs, and is silent where there is no database."""
    run = keep()

    def offered(word: str, place: Path) -> list[str]:
        completion = BashComplete(greentrack, {}, "greentrack", "_GREENTRACK_COMPLETE")
        return [item.value for item in completion.get_completions(["show", "--db", str(place)], word)]

    assert offered("", db) == ["latest", "digits", run.id]
    assert offered("dig", db) == ["digits"]
    assert offered("", db.parent) == []


def test_show_and_errors_steer_no_terminal(ask: Ask, keep: Keep, db: Path) -> None:
    """A name with escapes in it is shown without them."""
    keep("\x1b[31mred", error="\x1b]0;title\x07")
    assert ask("show", "--db", db).out.replace("\n", "").isprintable()
    assert "\x1b" not in ask("show", "\x1b[31mrde", "--db", db).err


def test_show_costs_a_run_anew(ask: Ask, keep: Keep, db: Path) -> None:
    """The same joules at another place, without the rest of the machine: 0.36 kWh."""
    import json

    run = keep()
    shown = json.loads(ask("show", run.id[:9], "--db", db, "--zone", "PL", "--rest", "off", "--format", "json").out)
    assert shown["energy"]["kwh"]["value"] == pytest.approx(0.36)
    assert shown["carbon"]["zone"] == "PL"


def test_delete_removes_what_it_lists(ask: Ask, keep: Keep, db: Path) -> None:
    """With --yes it does not ask; what it deletes is shown, the rest stays."""
    keep("a")
    keep("b")
    answer = ask("delete", "a", "--yes", "--db", db)
    assert answer.status == 0
    assert "a  finished" in answer.err
    assert answer.out == f"deleted 1 of {db}\n"
    assert "b" in ask("runs", "--db", db).out
    refused(ask("show", "a", "--db", db), "no run 'a'")


def test_a_running_run_is_not_deleted_unless_forced(ask: Ask, keep: Keep, db: Path) -> None:
    """Its recorder would make it anew."""
    keep("live", status="running")
    answer = ask("delete", "live", "--yes", "--db", db)
    assert answer.status == 2
    assert "is still running" in answer.err
    assert ask("delete", "live", "--yes", "--force", "--db", db).status == 0


@pytest.mark.parametrize(("keys", "status", "left"), [("y", 0, 0), ("n", 1, 1), ("", 130, 1)])
def test_delete_asks(
    ask: Ask, keep: Keep, db: Path, monkeypatch: pytest.MonkeyPatch, keys: str, status: int, left: int
) -> None:
    """Only a yes deletes; no, and no answer, leave all as it was."""
    import io

    class Keyboard(io.StringIO):
        def isatty(self) -> bool:
            return True

    keep()
    monkeypatch.setattr(sys, "stdin", Keyboard(f"{keys}\n" if keys else ""))
    answer = ask("delete", "latest", "--db", db)
    assert answer.status == status
    assert "Delete this run?" in answer.err + answer.out
    assert len(ask("runs", "--db", db).out.splitlines()) == (2 if left else 0)


def test_a_database_is_closed_behind_every_command(ask: Ask, keep: Keep, db: Path) -> None:
    """No command leaves a log beside the database."""
    keep()
    ask("runs", "--db", db)
    ask("show", "--db", db)
    assert [file.name for file in db.parent.iterdir()] == [db.name]
    Writer(db).close()
