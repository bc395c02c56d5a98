"""The declared types of messages."""

from typing import Any

import pytest

from greentrack import calibration_facts, model
from greentrack.recorder.transport import messages, protocol


@pytest.mark.parametrize(
    ("fields", "fact"),
    [
        (messages.EnergyFields, model.Energy),
        (messages.DeviceFields, model.Device),
        (messages.DeviceUseFields, model.DeviceUse),
        (messages.HostFields, model.Host),
        (messages.OverheadFields, model.TrackerOverhead),
        (messages.CalibrationFields, calibration_facts.Calibration),
        (messages.HostCalibrationFields, calibration_facts.HostCalibration),
    ],
)
def test_a_fact_travels_with_all_its_fields(fields: Any, fact: Any) -> None:
    """A field that is added to a fact is missing in no message."""
    assert tuple(fields.__annotations__) == fact._fields


def test_a_run_tells_only_facts_that_a_run_has() -> None:
    """Each of them is taken."""
    assert set(messages.RunFacts.__annotations__) <= set(model.RunInfo._fields)


def test_calibrations_come_back_as_they_were() -> None:
    """Through JSON, which has no tuples."""
    one = calibration_facts.Calibration(
        at=1.0, components_watts=2.0, wall_watts=3.0, seconds=4.0, devices=("gpu:0",), source="plug", number=5
    )
    known = calibration_facts.HostCalibration(calibrations=(one,), updates={"gpu:0": 0.1})
    plain = protocol.figures(1.0, [], model.TrackerOverhead(), None, known)
    (received,) = protocol.LineBuffer().feed(protocol.line(plain))
    assert protocol.calibration_of(received) == known
