"""What is found out about a machine, its database first."""

from pathlib import Path

import pytest

from greentrack.doctor.examination import examine


@pytest.fixture(autouse=True)
def _virtual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two virtual devices."""
    monkeypatch.setenv("GREENTRACK_METERS", "fake:gpu=300,cpu=100")
    monkeypatch.setenv("GREENTRACK_ZONE", "FR")


@pytest.mark.parametrize("content", [b"no database" * 20, None])
def test_a_place_that_cannot_be_used_is_said(db: Path, content: bytes | None) -> None:
    """A damaged database, or a folder that nothing can be written to, is a finding and no error."""
    if content is None:
        (db.parent / "file").write_text("")
        place = examine(db=str(db.parent / "file" / "runs.db"), pause=lambda _: None).database
    else:
        db.write_bytes(content)
        place = examine(db=str(db), pause=lambda _: None).database
    assert "GREENTRACK_DB" in place.trouble
