"""``greentrack import codecarbon``: past runs in the list, flagged, and each once."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Ask, Keep

HEAD = (
    "timestamp,project_name,run_id,duration,emissions,cpu_energy,gpu_energy,ram_energy,energy_consumed,"
    "country_iso_code,codecarbon_version,tracking_mode,gpu_count,gpu_model"
)
ID = "9adda612-4ce8-49d0-9a55-e3b071a7b885"
HOUR = f"2024-05-01T13:00:00,vision,{ID},3600,0.02,0.05,0.4,0.01,0.46,FRA,2.8.3,machine,1,1 x NVIDIA A100\n"
BROKEN = "2024-05-01T13:00:00,vision,119c2ff3-8008-4581-b7a3-d9dfe67d8517,3600,,-1,0.4,0.01,0.46,FRA,2.8.3,machine,,\n"


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Make an emissions.csv of these lines."""

    def make(*lines: str) -> Path:
        file = tmp_path / "emissions.csv"
        file.write_text(f"{HEAD}\n{''.join(lines)}")
        return file

    return make


def test_imported_runs_are_in_the_list_and_flagged(ask: Ask, write: Callable[..., Path], db: Path) -> None:
    """0.46 kWh and a quarter for the rest of the machine are 0.575 kWh, none of it measured."""
    answer = ask("import", "codecarbon", write(HOUR), "--db", db)
    assert answer.out == f"imported from {db.parent}/emissions.csv into {db}: 1 new, 0 changed, 0 known already\n"
    assert (answer.status, answer.err) == (0, "")
    (run,) = json.loads(ask("runs", "--status", "imported", "--format", "json", "--db", db).out)
    assert (run["id"], run["name"], run["project"], run["status"]) == (ID, "vision", "vision", "imported")
    assert run["kwh"] == pytest.approx(0.575)
    assert run["measured_share"] == 0
    assert "imported" in ask("runs", "--db", db).out


def test_the_summary_says_what_the_figures_are_worth(ask: Ask, write: Callable[..., Path], db: Path) -> None:
    """Methods of their own, a wide range, codecarbon's 20 g as a note, and France's grid as GreenTrack has it."""
    ask("import", "codecarbon", write(HOUR), "--db", db)
    text = " ".join(ask("show", ID[:8], "--db", db).out.split())
    assert "codecarbon-gpu" in text
    assert "codecarbon-cpu" in text
    assert "0 % of it measured" in text
    assert "imported from codecarbon 2.8.3 (tracking_mode machine)" in text
    assert "codecarbon's own figure, 20 g CO2e, is not used" in text
    assert "g/kWh, FR" in text


def test_importing_twice_adds_nothing(ask: Ask, write: Callable[..., Path], db: Path) -> None:
    """The database stays as it is."""
    file = write(HOUR)
    ask("import", "codecarbon", file, "--db", db)
    with closing(sqlite3.connect(db)) as connection:
        before = list(connection.iterdump())
    assert "0 new, 0 changed, 1 known already" in ask("import", "codecarbon", file, "--db", db).out
    with closing(sqlite3.connect(db)) as connection:
        assert list(connection.iterdump()) == before


def test_another_project_moves_the_runs(ask: Ask, write: Callable[..., Path], db: Path) -> None:
    """Asked for at the second import."""
    ask("import", "codecarbon", write(HOUR), "--db", db)
    assert "1 changed" in ask("import", "codecarbon", write(HOUR), "--project", "old", "--db", db).out
    assert len(json.loads(ask("runs", "--project", "old", "--format", "json", "--db", db).out)) == 1


def test_lines_that_are_no_runs_are_named(ask: Ask, write: Callable[..., Path], db: Path) -> None:
    """The first ten of them, and how many more; lines of an earlier state are counted."""
    earlier = HOUR.replace("13:00:00", "12:30:00")
    answer = ask("import", "codecarbon", write(earlier, HOUR, *[BROKEN] * 12), "--db", db)
    assert answer.status == 0
    first, *_, more, flushed = answer.err.splitlines()
    assert first == "line 4 is left out: cpu_energy is '-1', and must be a number from 0 on"
    assert more == "and 2 more lines are left out"
    assert flushed == "lines of a run that another line tells anew: 1"


def test_a_file_that_cannot_be_imported_makes_no_database(ask: Ask, write: Callable[..., Path], db: Path) -> None:
    """One line says why."""
    for file, said in ((write(BROKEN), "has no runs; line 2: cpu_energy"), ("none.csv", "none.csv cannot be read")):
        answer = ask("import", "codecarbon", file, "--db", db)
        assert (answer.status, answer.err.count("\n")) == (2, 1)
        assert said in answer.err
    assert "'wandb' is not 'codecarbon'" in ask("import", "wandb", "x.csv", "--db", db).err
    assert not db.exists()


def test_imported_runs_can_be_compared_and_deleted(ask: Ask, keep: Keep, write: Callable[..., Path], db: Path) -> None:
    """Like any other."""
    keep("new")
    ask("import", "codecarbon", write(HOUR), "--db", db)
    assert ask("compare", "vision", "new", "--db", db).status == 0
    assert ask("delete", ID, "--yes", "--db", db).status == 0
    assert "1 new" in ask("import", "codecarbon", write(HOUR), "--db", db).out
