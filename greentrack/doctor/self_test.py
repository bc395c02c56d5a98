"""The self-test of this machine's sensors: run, and kept with the machine."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from greentrack import config
from greentrack.doctor.facts import SelfTestResult
from greentrack.errors import StoreError
from greentrack.host import facts
from greentrack.meters.base import Context
from greentrack.meters.discovery import AUTO, discover
from greentrack.model import Host
from greentrack.recorder.sensor_probe import TEST_S, self_test
from greentrack.store.host_calibrations import keep_self_test
from greentrack.store.location import path_of


def run_self_test(
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
        return SelfTestResult(test)
    try:
        keep_self_test(path_of(settings.db), host, test)
    except StoreError as error:
        return SelfTestResult(test, str(error))
    return SelfTestResult(test)
