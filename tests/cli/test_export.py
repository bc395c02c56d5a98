"""``greentrack export``: rows on the standard output or in a file, and troubles in one line."""

import json
import subprocess
from pathlib import Path

from tests.cli.conftest import COMMAND, Ask, Keep


def test_readings_go_to_the_standard_output(ask: Ask, keep: Keep, db: Path) -> None:
    """As CSV, and nothing else does."""
    run = keep(watts=360, seconds=3600.0)
    answer = ask("export", "--db", db)
    assert (answer.status, answer.err) == (0, "")
    head, row = answer.out.splitlines()
    assert head == "run,device,kind,at,joules,seconds,check_joules,trusted,share,busy"
    assert row == f"{run.id},gpu:0,gpu,1790003600.0,1296000.0,3600.0,,1,,"


def test_a_file_gets_the_rows_and_the_terminal_a_word(ask: Ask, keep: Keep, db: Path, tmp_path: Path) -> None:
    """What its name ends in is the format."""
    keep("a", project="p")
    keep("b")
    answer = ask("export", "--project", "p", "--what", "runs", "-o", "runs.jsonl", "--db", db)
    assert answer.out == "exported 1 run to runs.jsonl; rows of runs 1\n"
    assert json.loads((tmp_path / "runs.jsonl").read_text())["name"] == "a"


def test_all_of_them(ask: Ask, keep: Keep, db: Path, tmp_path: Path) -> None:
    """A folder of CSV files."""
    keep("a")
    assert ask("export", "a", "--what", "all", "-o", "everything", "--db", db).status == 0
    assert (tmp_path / "everything/readings.csv").read_text().count("\n") == 2


def test_troubles_are_one_line(ask: Ask, keep: Keep, db: Path) -> None:
    """Each says what is wrong."""
    assert "no runs yet" in ask("export", "--db", db).err
    keep("a")
    for arguments, said in (
        (("b",), "no run 'b'"),
        (("a", "--project", "p"), "not both"),
        (("--what", "reading"), "did you mean readings?"),
        (("--format", "cvs"), "did you mean csv?"),
        (("-o", "/none/x.csv"), "/none/x.csv cannot be written"),
        (("-o", str(db)), "is the database itself"),
        (("--what", "all"), "name a folder"),
    ):
        answer = ask("export", *arguments, "--db", db)
        assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
        assert said in answer.err


def test_a_reader_that_leaves_is_no_trouble(keep: Keep, db: Path) -> None:
    """``greentrack export | head -1``."""
    for number in range(300):
        keep(str(number))
    with subprocess.Popen(
        [*COMMAND, "export", "--what", "runs", "--db", str(db)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"id,name,")
        process.stdout.close()
        assert process.stderr.read() == b""
