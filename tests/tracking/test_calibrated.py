"""A run on a machine that was calibrated shows it at its own end, as later reports do."""

from pathlib import Path

import pytest

from greentrack import track
from greentrack.calibration_facts import Calibration
from greentrack.costing.api import summarize
from greentrack.host import facts
from greentrack.store.host_calibrations import add_calibration


def test_the_end_of_a_run_and_later_reports_agree(db: Path) -> None:
    """Both have the rest as calibrated: 100 W of components and 150 W at the wall are half as much again."""
    made = Calibration(at=1.0, components_watts=100.0, wall_watts=150.0, seconds=30.0, devices=("fake:gpu:0",))
    add_calibration(db, facts.host(), made)
    with track("x", db=db, meters=["fake:gpu=100"], rest="desktop", quiet=True) as run:
        pass
    now, later = run.summary(), summarize(run.id, db=db)
    assert now.devices[-1].method == later.devices[-1].method == "rest-calibrated"
    assert now.by_kind["rest"] == pytest.approx(now.by_kind["gpu"] / 2, rel=0.02)
    assert now.by_kind == pytest.approx(later.by_kind)
