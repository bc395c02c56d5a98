"""``greentrack compare`` and ``show --until``: from the command line to the text, the JSON and the refusals."""

import json
from pathlib import Path
from typing import Any

import pytest

from greentrack.model import Metric, RunInfo
from greentrack.store.batch import Batch
from greentrack.store.writer import Writer
from tests.cli.conftest import Answer, Ask, Keep

START = 1_790_000_000.0
DAY = 86_400.0


@pytest.fixture
def log(db: Path) -> Any:
    """Log the accuracy of a run after each quarter of its hour, with the joules of its GPU by then."""

    def make(run: RunInfo, watts: float, *values: float) -> None:
        metrics = [
            Metric(name="val_acc", at=run.started_at + 900 * n, value=value, joules=900 * n * watts)
            for n, value in enumerate(values, 1)
        ]
        writer = Writer(db)
        writer.write(Batch(run_id=run.id, run=run, metrics=metrics, work={"samples": 1000.0}))
        writer.close()

    return make


def refused(answer: Answer, *words: str) -> None:
    assert answer.status == 2, answer
    assert answer.err.count("\n") == 1, answer.err
    assert all(word in answer.err for word in words), answer.err
    assert answer.out == ""


def test_two_runs_are_compared(ask: Ask, keep: Keep, db: Path) -> None:
    """An hour at 360 W beside one at 248.4: 31 % less, by virtual devices and a modelled rest."""
    keep("fp32")
    keep("int8", watts=0.69 * 360, started_at=START + DAY)
    answer = ask("compare", "fp32", "int8", "--db", db)
    assert answer.status == 0, answer.err
    text = " ".join(answer.out.split())
    assert "int8 beside fp32 - 31 % less energy" in text
    assert "one run each: no repeats, so chance is unknown" in text
    assert "they share no unit of work" in text


def test_repeats_of_a_project_get_an_interval(ask: Ask, keep: Keep, db: Path, log: Any) -> None:
    """Three seeds each, as JSON with n and p."""
    for name, watts in (("fp32", 360.0), ("int8", 240.0)):
        for part in (0.99, 1.0, 1.01):
            log(keep(name, watts=watts * part, project="p", rest="off"), watts * part, 0.9)
    answer = ask("compare", "--project", "p", "--per", "sample", "--format", "json", "--db", db)
    made = json.loads(answer.out)
    row = next(row for row in made["quantities"] if row["name"] == "energy per sample")
    (difference,) = row["differences"]
    assert difference["change"] == pytest.approx(-1 / 3)
    assert (difference["n"], difference["claimed"]) == ([3, 3], True)
    assert "n = 3+3" in difference["text"]


def test_a_trend_has_a_line_a_run(ask: Ask, keep: Keep, db: Path, log: Any) -> None:
    """The same accuracy after four quarters and then after two."""
    log(keep("old", project="p", rest="off"), 360, 0.5, 0.6, 0.7, 0.97)
    log(keep("new", project="p", rest="off", started_at=START + DAY), 360, 0.5, 0.97)
    answer = ask("compare", "--project", "p", "--until", "val_acc>=0.97", "--db", db)
    old, new = (line.split() for line in answer.out.splitlines() if line.startswith(("old", "new")))
    assert old[3:5] == ["360", "Wh"]
    assert new[3:5] == ["180", "Wh"]
    assert new[-3:] == ["50", "%", "less"]
    assert "the same result gets cheaper: 50 % less energy" in answer.out
    made = json.loads(ask("compare", "--project", "p", "--until", "val_acc>=0.97", "--format", "json", "--db", db).out)
    assert [run["name"] for run in made["runs"]] == ["old", "new"]


def test_show_tells_the_cost_to_a_target(ask: Ask, keep: Keep, db: Path, log: Any) -> None:
    """Half of an hour at 360 W."""
    log(keep("digits", rest="off"), 360, 0.5, 0.97)
    answer = ask("show", "digits", "--until", "val_acc>=0.97", "--db", db)
    assert "Until val_acc >= 0.97: 180 Wh, 30 min" in answer.out
    made = json.loads(ask("show", "digits", "--until", "val_acc>=2", "--format", "json", "--db", db).out)
    assert (made["until"]["reached"], made["until"]["value"]) == (False, 0.97)


def test_a_name_cannot_steer_the_terminal(ask: Ask, keep: Keep, db: Path) -> None:
    """Whatever runs are called."""
    one, other = keep("\x1b[31mred", project="p\x1b[0m"), keep("b\nc", watts=100.0)
    answer = ask("compare", one.id, other.id, "--db", db)
    assert answer.status == 0
    assert "\x1b" not in answer.out


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], ["two runs or more"]),
        (["fp32"], ["name two or more"]),
        (["fp32", "int8", "--project", "p"], ["not both"]),
        (["fp32", "int 8"], ["no run 'int 8'", "did you mean int8?"]),
        (["--project", "p"], ["one group only (fp32)"]),
        (["--project", "q"], ["project 'q'", "known: p"]),
        (["--project", "p", "--param", "bits"], ["param 'bits'", "known: none"]),
        (["fp32", "int8", "--until", "val_acc=1"], ["'val_acc=1'", "'val_acc>=0.97'"]),
        (["--project", "p", "--until", "acc>1"], ["'acc'", "logged: none"]),
        (["fp32", "int8", "--per", "sample"], ["do not all count sample"]),
        (["fp32", "int8", "--front", "acc"], ["logged 'acc'"]),
        (["fp32", "int8", "--better", "higher"], ["say which one"]),
        (["fp32", "int8", "--until", "acc>1", "--scope", "process"], ["scope machine only"]),
        (["fp32", "int8", "--zone", "FRANC"], ["did you mean FR (France)?"]),
    ],
)
def test_what_cannot_be_compared_is_refused_in_one_line(
    ask: Ask, keep: Keep, db: Path, args: list[str], words: list[str]
) -> None:
    """With what to do."""
    keep("fp32", project="p")
    keep("int8")
    refused(ask("compare", *args, "--db", db), *words)
