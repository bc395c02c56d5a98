"""``greentrack report``: the file it writes, and what it refuses."""

import webbrowser
from pathlib import Path

import pytest

from tests.cli.conftest import Ask, Keep

START = 1_790_000_000.0


def test_the_latest_run_is_written_to_a_file_of_ones_choice(ask: Ask, keep: Keep, db: Path, tmp_path: Path) -> None:
    """By default report.html in the folder one is in; the file that was there is replaced, and nothing is left over."""
    keep("old")
    keep("new", started_at=START + 7200)
    (tmp_path / "report.html").write_text("before", encoding="utf-8")
    answer = ask("report", "--db", db, "--pue", "1.5")
    assert answer.status == 0, answer.err
    assert answer.out.startswith("report.html  4.")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<bdi>new</bdi>" in page
    assert "a PUE of 1.5" in page
    assert sorted(file.name for file in tmp_path.iterdir()) == ["greentrack.db", "report.html"]
    assert (tmp_path / "report.html").stat().st_mode & 0o777 == db.stat().st_mode & 0o777
    assert ask("report", "old", "-o", "-", "--db", db).out.startswith("<!doctype html>")


def test_it_is_opened_where_that_is_asked_for(
    ask: Ask, keep: Keep, db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the browser, by the file's address."""
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    keep()
    assert ask("report", "--db", db, "-o", "a b.html", "--open").status == 0
    assert opened == [(tmp_path / "a b.html").as_uri()]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["nothing"], "no run 'nothing'"),
        (["--project", "nothing"], "has the project 'nothing'"),
        (["digits", "--project", "demo"], "not both"),
        (["--pue", "0.5"], "from 1 to 10"),
        (["-o", "no/such/folder.html"], "cannot be written (No such file or directory)"),
        (["-o", "."], "cannot be written"),
        (["-o", "greentrack.db"], "is the database itself"),
    ],
)
def test_what_cannot_be_written_is_one_line(ask: Ask, keep: Keep, db: Path, args: list[str], says: str) -> None:
    """Status 2, what is wrong, nothing written, the database as it was."""
    keep()
    before = db.read_bytes()
    answer = ask("report", "--db", db, *args)
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert says in answer.err
    assert db.read_bytes() == before
    assert [file.name for file in db.parent.iterdir()] == ["greentrack.db"]


def test_html_is_a_format_of_show_too(ask: Ask, keep: Keep, db: Path) -> None:
    """Without the power over time, for which readings are needed."""
    keep()
    answer = ask("show", "--db", db, "--format", "html")
    assert answer.status == 0, answer.err
    assert "run-1-waterfall" in answer.out
    assert "run-1-power" not in answer.out
