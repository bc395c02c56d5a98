"""``greentrack where``: a table that fits, and JSON with all of it."""

import json
from pathlib import Path

import pytest

from greentrack.model import Host
from tests.cli.conftest import Ask, Keep


@pytest.fixture
def desk(keep: Keep, db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """360 W for an hour in France, and nothing for the rest: 0.36 kWh, 14.9 g."""
    monkeypatch.setenv("GREENTRACK_DB", str(db))
    keep("digits", rest="off", host=Host(id="h1", name="box"))


@pytest.mark.usefixtures("desk")
def test_here_comes_first_and_then_the_best(ask: Ask) -> None:
    """Sweden's 35 g overlap with France's 41; Germany's 330 are eight times as much."""
    answer = ask("where", "digits", "--zones", "DE,SE")
    rows = [line.split() for line in answer.out.split("\n\n")[1].splitlines()]
    assert answer.status == 0
    assert rows[1][:4] == ["here", "FR", "France", "41.4"]
    assert rows[2][:4] == ["1", "SE", "Sweden", "35.3"]
    assert "as here" in answer.out
    assert rows[3][:4] == ["2", "DE", "Germany", "330"]
    assert "8" in rows[3]


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize("arguments", [(), ("--cloud", "gcp"), ("--by", "money"), ("--zones", "aws:eu-west-1,US-CA")])
def test_it_fits_the_terminal(ask: Ask, arguments: tuple[str, ...]) -> None:
    """80 columns here."""
    answer = ask("where", *arguments)
    assert answer.status == 0
    assert max(map(len, answer.out.splitlines())) <= 80


@pytest.mark.usefixtures("desk")
def test_so_many_are_shown_and_json_has_all(ask: Ask) -> None:
    """Two of more than 300, and how many more there are."""
    text = ask("where", "--top", 2).out
    assert len(text.split("\n\n")[1].splitlines()) == 1 + 1 + 2 + 1
    assert "more" in text.split("\n\n")[1].splitlines()[-1]
    made = json.loads(ask("where", "--top", 2, "--format", "json").out)
    assert len(made["zones"]) > 300
    assert made["here"]["g"]["value"] == pytest.approx(0.36 * 41.44)


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--zones", "XX"), "XX"),
        (("--by", "time"), "known: carbon, money"),
        (("--top", 0), "top"),
        (("nope",), "nope"),
        (("--cloud", "ibm"), "known: aws, azure, gcp"),
    ],
)
def test_what_is_wrong_is_one_line(ask: Ask, arguments: tuple[object, ...], says: str) -> None:
    """And exit status 2."""
    answer = ask("where", *arguments)
    assert (answer.status, answer.out) == (2, "")
    assert says in answer.err
    assert answer.err.count("\n") == 1


def test_without_a_database_that_is_said(ask: Ask) -> None:
    """No traceback."""
    answer = ask("where")
    assert answer.status == 2
    assert "no runs yet" in answer.err
