"""A run's own end shows money under the settings in force, and wrong prices are told before it begins."""

from pathlib import Path

import pytest

from greentrack import track
from greentrack.costing.api import summarize
from greentrack.errors import ConfigError


def test_the_end_of_a_run_and_later_reports_have_the_same_money(
    db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """GREENTRACK_TARIFF and GREENTRACK_PUE hold for the line, for the handle's summary and for a stored run."""
    monkeypatch.setenv("GREENTRACK_TARIFF", "1000000 EUR")
    monkeypatch.setenv("GREENTRACK_PUE", "2")
    with track("x", db=db, zone="IS", meters=["fake:gpu=360000"], rest="off") as run:
        pass
    now, later = run.summary().money, summarize(run.id, db=db).money
    assert now is not None
    assert later is not None
    assert now.currency == later.currency == "EUR"
    assert now.amount.value == pytest.approx(later.amount.value)
    assert "EUR" in capsys.readouterr().err
    plain = run.summary(pue=1, tariff="1000000 EUR").money
    assert plain is not None
    assert plain.amount.value == pytest.approx(now.amount.value / 2)


@pytest.mark.parametrize(("name", "value"), [("TARIFF", "0.30"), ("RENT", "much"), ("PUE", "0.5")])
def test_a_wrong_price_is_told_before_the_training_begins(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """With the variable that it comes from."""
    monkeypatch.setenv(f"GREENTRACK_{name}", value)
    with pytest.raises(ConfigError, match=f"environment variable GREENTRACK_{name}"):
        track("x")
