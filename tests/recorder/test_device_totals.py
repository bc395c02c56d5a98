"""What readings come to: the run's own, the idle ones, and a device's power while nothing ran on it."""

from collections.abc import Iterable

import pytest

from greentrack.model import Device, DeviceUse, Energy, Reading
from greentrack.recorder.device_totals import DeviceTotals


def sums_of(pieces: Iterable[tuple[float, float | None]], before: DeviceUse | None = None) -> DeviceTotals:
    """The sums of readings of a second each, given as (watts, how busy)."""
    sums = DeviceTotals(before)
    for second, (watts, busy) in enumerate(pieces):
        sums.add(Reading(device="gpu:0", at=float(second), seconds=1.0, joules=watts, busy=busy))
    return sums


def test_idle_is_less_than_a_tenth_busy() -> None:
    """Of 300 W at 100 %, 110 W at 10 % and 90 W at 9 %, the last second's 90 J were used while it idled."""
    assert sums_of([(300, 1.0), (110, 0.1), (90, 0.09)]).idle == Energy(joules=90.0, seconds=1.0)


def test_always_busy_is_idle_for_nothing_and_unknown_is_unknown() -> None:
    """0 J where it is known; None where no reading tells."""
    assert sums_of([(300, 1.0)] * 3).idle == Energy()
    assert sums_of([(300, None)] * 3).idle is None
    assert sums_of([(300, None), (60, 0.0)]).idle == Energy(joules=60.0, seconds=1.0)


def test_the_power_at_rest_is_the_least_of_ten_seconds_in_which_nothing_ran() -> None:
    """30 s at 60 W and, later, 20 s at 70 W: 60 W; the second in which work ended (200 W) is not taken for rest."""
    pieces = [(60.0, 0.0)] * 30 + [(400.0, 1.0)] * 9 + [(200.0, 0.0)] + [(70.0, 0.0)] * 20
    assert sums_of(pieces).idle_watts == pytest.approx(60.0)
    assert sums_of(pieces[30:]).idle_watts == pytest.approx(70.0)


@pytest.mark.parametrize("busy", [0.01, 0.5, None])
def test_rest_that_is_interrupted_is_none(busy: float | None) -> None:
    """Nine still seconds, one that was not or that nobody knows, and nine more tell of no power at rest."""
    assert sums_of([(60.0, 0.0)] * 10 + [(60.0, busy)] + [(60.0, 0.0)] * 10).idle_watts is None
    assert sums_of([(60.0, 0.0)] * 11).idle_watts == 60.0


def test_they_go_on_from_those_of_a_recorder_that_died() -> None:
    """Sums are added to, and the least power at rest stays the least."""
    device = Device(uid="gpu:0", kind="gpu", name="a GPU")
    before = DeviceUse(
        device=device, method="fake", process=5.0, idle=Energy(joules=50.0, seconds=1.0), idle_watts=50.0
    )
    after = sums_of([(60.0, 0.0)] * 11, before)
    assert (after.process, after.idle, after.idle_watts) == (5.0, Energy(joules=710.0, seconds=12.0), 50.0)
