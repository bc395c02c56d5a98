"""``greentrack doctor`` on machines of which all is known."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ask, Keep


@pytest.fixture(autouse=True)
def _virtual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two virtual devices."""
    monkeypatch.setenv("GREENTRACK_METERS", "fake:gpu=300,cpu=100")
    monkeypatch.setenv("GREENTRACK_ZONE", "FR")


def test_a_measured_device_is_said_with_its_power(ask: Ask, db: Path) -> None:
    """Exit status 0: something is measured; each device has its method, range and watts."""
    answer = ask("doctor", "--format", "json", "--db", db)
    found = json.loads(answer.out)
    assert answer.status == 0
    assert found["measured"] is True
    assert [device["kind"] for device in found["devices"]] == ["gpu", "cpu"]
    assert [device["watts"] for device in found["devices"]] == pytest.approx([300, 100], rel=0.05)
    assert found["recorder"]["works"] is True
    assert found["zone"]["zone"] == "FR"
    assert not db.exists()


def test_settings_say_where_they_come_from(ask: Ask, tmp_path: Path) -> None:
    """An option, a variable, a file, or the default."""
    (tmp_path / "greentrack.toml").write_text("interval = 2\n")
    settings = json.loads(ask("doctor", "--format", "json", "--db", tmp_path / "x.db").out)["settings"]
    assert settings["db"] == {"value": str(tmp_path / "x.db"), "origin": "argument db"}
    assert settings["zone"] == {"value": "FR", "origin": "environment variable GREENTRACK_ZONE"}
    assert settings["interval"] == {"value": 2.0, "origin": str(tmp_path / "greentrack.toml")}
    assert settings["gpus"] == {"value": "auto", "origin": "default"}


def test_what_is_missing_has_a_reason(ask: Ask, db: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Exit status 1 where nothing is measured; the reason is there."""
    monkeypatch.setenv("GREENTRACK_METERS", "rapl")
    monkeypatch.setenv("GREENTRACK_SYS", str(tmp_path))
    answer = ask("doctor", "--db", db)
    assert answer.status == 1
    assert answer.out.startswith("Nothing is measured here")
    assert "\nMissing\n- rapl: " in answer.out


def test_the_text_fits_and_says_all(ask: Ask, keep: Keep, db: Path) -> None:
    """80 columns; devices, recorder, database, zone and settings."""
    keep()
    answer = ask("doctor", "--db", db)
    assert answer.out.startswith("Measured here: gpu, cpu.\n")
    words = ("300 W now", "recorder  works", "holds 1 run\n", "FR (given)", "(environment variable GREENTRACK_ZONE)")
    assert all(word in answer.out for word in words), answer.out
    long = [line for line in answer.out.splitlines() if len(line) > 80 and " " in line.strip()]
    assert [line for line in long if str(db) not in line] == []
