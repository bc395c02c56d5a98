"""``greentrack show`` under other terms: prices, overheads, and what is wrong with them."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ask, Keep


def test_a_past_run_is_costed_again_under_other_terms(ask: Ask, keep: Keep, db: Path) -> None:
    """0.36 kWh of devices x 1.5 = 0.54 kWh in Sweden (35.26 g) at 0.20 EUR: 0.108 EUR and 19 g; the joules stay."""
    keep(watts=360.0, seconds=3600.0)
    terms = ("--zone", "SE", "--pue", "1.5", "--tariff", "0.20EUR", "--rest", "off", "--embodied", "--water")
    shown = json.loads(ask("show", "--db", db, *terms, "--format", "json").out)
    assert shown["energy"]["kwh"]["value"] == pytest.approx(0.36)
    assert shown["facility"]["kwh"]["value"] == pytest.approx(0.54)
    assert shown["carbon"]["g"]["value"] == pytest.approx(0.54 * 35.26)
    assert shown["money"]["amount"]["value"] == pytest.approx(0.108)
    assert shown["money"]["currency"] == "EUR"
    assert shown["embodied"]["g"]["value"] > 0
    assert shown["water"]["litres"]["value"] == pytest.approx(0.54 * 6.03)


def test_a_rented_gpu_is_paid_by_the_hour(ask: Ask, keep: Keep, db: Path) -> None:
    """One GPU for an hour at 2.95 USD."""
    keep(seconds=3600.0)
    assert "2.95 USD  renter: 1 GPU at 2.95 USD/GPU-hour" in ask("show", "--db", db, "--rent", "2.95 USD").out


def test_settings_price_past_runs_and_options_come_before_them(
    ask: Ask, keep: Keep, db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GREENTRACK_PUE=2 unless --pue says otherwise; GREENTRACK_WATER=1 unless --no-water."""
    keep()
    monkeypatch.setenv("GREENTRACK_PUE", "2")
    monkeypatch.setenv("GREENTRACK_WATER", "1")
    made = json.loads(ask("show", "--db", db, "--format", "json").out)
    assert made["facility"]["pue"]["value"] == 2.0
    assert made["water"] is not None
    made = json.loads(ask("show", "--db", db, "--format", "json", "--pue", "1.1", "--no-water").out)
    assert made["facility"]["pue"]["value"] == 1.1
    assert made["water"] is None


def test_the_readings_of_a_stored_run_price_a_night_tariff(ask: Ask, keep: Keep, db: Path) -> None:
    """Whatever the hour of the run: the note says that its readings were asked."""
    keep()
    shown = json.loads(ask("show", "--db", db, "--format", "json", "--tariff", "0.30 EUR; 22-6 0.18").out)
    assert "by the hours of its readings" in shown["money"]["note"]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--pue", "0.9"], "from 1 to 10"),
        (["--pue", "-1"], "from 1 to 10"),
        (["--pue", "wrold"], "did you mean world?"),
        (["--tariff", "0.12"], "no price per kWh with a currency"),
        (["--tariff", "-0.12 EUR"], "negative"),
        (["--tariff", "nowhere.csv"], "cannot be read"),
        (["--rent", "specialst"], "did you mean specialist?"),
        (["--tariff", "0.12 EUR", "--rent", "2 USD"], "give one"),
    ],
)
def test_a_term_that_cannot_be_read_is_one_line(ask: Ask, keep: Keep, db: Path, args: list[str], says: str) -> None:
    """Status 2, and what would be right."""
    keep()
    answer = ask("show", "--db", db, *args)
    assert (answer.status, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert says in answer.err
