"""``greentrack estimate``: from a run or from hardware, never from both; text and JSON."""

import json
from pathlib import Path

import pytest

from greentrack.model import Host
from tests.cli.conftest import Ask, Keep


@pytest.fixture
def desk(keep: Keep, db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1,000 W for an hour in France, and nothing for the rest: 1 kWh."""
    monkeypatch.setenv("GREENTRACK_DB", str(db))
    keep("digits", watts=1000.0, rest="off", host=Host(id="h1", name="box"))


@pytest.mark.usefixtures("desk")
def test_a_run_is_scaled(ask: Ask) -> None:
    """Ten hours of 1 kWh an hour, at 0.20 EUR a kWh."""
    answer = ask("estimate", "--from", "digits", "--hours", 10, "--tariff", "0.20EUR")
    text = " ".join(answer.out.split())
    assert answer.status == 0
    assert text.startswith("Estimate: nothing of this was measured how scaled from run 019a0000-0000 (digits), 1 h,")
    assert "energy 10 kWh (8–12) estimate" in text
    assert "money 2.00 EUR" in text


def test_hardware_is_modelled(ask: Ask) -> None:
    """8 x 700 W x 0.75 x 72 h x 1.3 x 1.25 = 491.4 kWh; no database is needed."""
    made = json.loads(ask("estimate", "--gpu", "H100", "--count", 8, "--hours", 72, "--format", "json").out)
    assert made["energy"]["kwh"]["value"] == pytest.approx(491.4)
    assert max(map(len, ask("estimate", "--gpu", "H100", "--hours", 72).out.splitlines())) <= 80


@pytest.mark.usefixtures("desk")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "one of the two"),
        (("--from", "digits", "--gpu", "H100", "--hours", 1), "one of the two"),
        (("--from", "digits"), "how much"),
        (("--from", "digits", "--hours", 1, "--steps", 5), "once"),
        (("--from", "digits", "--hours", 1, "--count", 8), "go with --gpu"),
        (("--from", "digits", "--steps", 5), "counted no steps; scale it by its hours"),
        (("--from", "digits", "--hours", 0), "no number above 0"),
        (("--from", "digits", "--hours", "nan"), "no number above 0"),
        (("--from", "nope", "--hours", 1), "nope"),
        (("--gpu", "H100"), "goes with --hours"),
        (("--gpu", "H100", "--steps", 5), "goes with --hours"),
        (("--gpu", "H1O0", "--hours", 1), "did you mean H100"),
        (("--gpu", "H100", "--hours", -1), "no number above 0"),
        (("--gpu", "H100", "--hours", 1, "--count", 0), "count = 0"),
        (("--gpu", "H100", "--hours", 1, "--utilization", 70), "70 % is 0.7"),
        (("--gpu", "H100", "--hours", 1, "--zone", "XX"), "XX"),
    ],
)
def test_what_is_wrong_is_one_line(ask: Ask, arguments: tuple[object, ...], says: str) -> None:
    """And exit status 2, never a traceback, never a guess."""
    answer = ask("estimate", *arguments)
    assert (answer.status, answer.out) == (2, "")
    assert says in answer.err
    assert answer.err.count("\n") == 1
