"""The declared types of messages, and the facts that travel in them."""

from typing import Any

import pytest

from greentrack import calibration_facts, model
from greentrack.recorder.transport import messages, protocol

USE = model.DeviceUse(
    device=model.Device(uid="gpu:0", kind="gpu", name="A100", details={"slots": 7}),
    method="nvml-energy",
    energy=model.Energy(joules=1.0, seconds=2.0, cross_check=3.0),
    counter_valid=False,
    process=0.5,
    note="says so",
    idle=model.Energy(joules=0.25, seconds=1.0),
    idle_watts=50.0,
)
OVERHEAD = model.TrackerOverhead(cpu_seconds=0.1, readings=2, late=3, failures=4, restarts=5)
HOST = model.Host("h", "node", "Linux", cpu="EPYC", cpus=64, memory_bytes=1, chassis="server", timezone="Europe/Paris")
CALIBRATION = calibration_facts.Calibration(
    at=1.0, components_watts=2.0, wall_watts=3.0, seconds=4.0, devices=("gpu:0",), source="plug", number=5
)
KNOWN = calibration_facts.HostCalibration(calibrations=(CALIBRATION,), updates={"gpu:0": 0.1})


@pytest.fixture
def received() -> Any:
    """Figures of a run as they come out of JSON, which has no tuples."""
    figures: Any = protocol.figures(1.0, [USE], OVERHEAD, HOST, KNOWN)
    (plain,) = protocol.LineBuffer[Any]().feed(protocol.line(figures))
    return plain


@pytest.mark.parametrize(
    ("path", "fact"),
    [
        (("devices", 0, "energy"), model.Energy),
        (("devices", 0, "idle"), model.Energy),
        (("devices", 0, "device"), model.Device),
        (("devices", 0), model.DeviceUse),
        (("host",), model.Host),
        (("overhead",), model.TrackerOverhead),
        (("calibration", "calibrations", 0), calibration_facts.Calibration),
        (("calibration",), calibration_facts.HostCalibration),
    ],
)
def test_a_fact_travels_with_all_its_fields(received: Any, path: tuple[str | int, ...], fact: Any) -> None:
    """A field that is added to a fact is missing in no message."""
    fields = received
    for key in path:
        fields = fields[key]
    assert tuple(fields) == fact._fields


def test_a_run_tells_only_facts_that_a_run_has() -> None:
    """Each of them is taken."""
    assert set(messages.RunFacts.__annotations__) <= set(model.RunInfo._fields)


def test_facts_come_back_as_they_were(received: messages.RunFigures) -> None:
    """Every field of theirs, of the type that it had."""
    assert protocol.figures_of(received) == ([USE], OVERHEAD)
    assert received["host"] is not None
    assert protocol.fact_of(model.Host, received["host"]) == HOST


def test_calibrations_come_back_as_they_were(received: messages.RunFigures) -> None:
    """Through JSON, which has no tuples."""
    assert protocol.calibration_of(received) == KNOWN
