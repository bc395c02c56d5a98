"""The self-test behind ``greentrack doctor --self-test``: runs it, keeps it, says what each sensor's part means."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from greentrack import config
from greentrack.calibration_facts import SelfTest, SensorTest
from greentrack.cli.options import database
from greentrack.errors import StoreError
from greentrack.formatting.units import digits, duration
from greentrack.host import facts
from greentrack.meters.base import Context
from greentrack.meters.discovery import AUTO, discover
from greentrack.model import Host
from greentrack.recorder.sensor_probe import TEST_S, self_test
from greentrack.store.host_calibrations import keep_self_test

SURE = 0.05
"""The part of a stretch's energy that its edges may misplace before it is called uncertain."""


class SelfTestResult(NamedTuple):
    """A self-test, and why it could not be kept; "" where it was."""

    test: SelfTest
    trouble: str = ""


def run(
    db: str | None,
    host: Host,
    seconds: float | None = None,
    *,
    env: Mapping[str, str] | None = None,
    clock: Callable[[], float] = facts.clock,
    pause: Callable[[float], None] = time.sleep,
) -> SelfTestResult:
    """Test the sensors of this *host* under the settings in force, and keep the result with it."""
    env = os.environ if env is None else env
    settings = config.load({"db": db}, env=env)
    found = discover(Context(sys=Path(settings.sys), env=env, gpus=settings.gpus), settings.meters or AUTO)
    test = self_test(found.meters, seconds=TEST_S if seconds is None else seconds, clock=clock, pause=pause)
    if not test.sensors:
        return SelfTestResult(test=test)
    try:
        keep_self_test(database(db), host, test)
    except StoreError as error:
        return SelfTestResult(test=test, trouble=str(error))
    return SelfTestResult(test=test)


def remarks(sensor: SensorTest, seconds: float) -> Iterator[str]:
    """Yield what was found of *sensor* in a test of so many *seconds*, and what it means for short runs."""
    update = sensor.update_seconds
    if update is None:
        yield f"{sensor.note[:1].upper()}{sensor.note[1:]}."
    else:
        often = f"Its counter moves every {duration(update)}" + (f" ({sensor.note})" if sensor.note else "")
        yield f"{often}: what takes less than {duration(2 * update / SURE)} is uncertain by more than {SURE:.0%}."
    if sensor.cross_check is not None and sensor.cross_check > 0:
        apart = abs(sensor.joules / sensor.cross_check - 1)
        allowed = max(SURE * sensor.cross_check, 2 * (update or 0.1) * sensor.cross_check / seconds)
        verdict = (
            ""
            if abs(sensor.joules - sensor.cross_check) <= allowed
            else "; where a long run shows it too, power is used"
        )
        both = f"counter {digits(sensor.joules)} J, integrated power {digits(sensor.cross_check)} J"
        yield f"By {both}: {apart:.1%} apart{verdict}."
    if sensor.spread is not None:
        yield f"Windows of 1 s, one after the other, differ by {sensor.spread:.1%} at most."
