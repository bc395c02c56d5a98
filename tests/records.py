"""Records made by hand, with figures one can check in the head."""

from collections.abc import Callable
from typing import Any

import pytest

from greentrack.model import Device, DeviceUse, Energy, Host, Record, RunInfo

HOUR = 3600.0
MakeUse = Callable[..., DeviceUse]
MakeRecord = Callable[..., Record]


@pytest.fixture
def use() -> MakeUse:
    """A device that drew *watts* for *seconds*."""

    def make(
        uid: str = "gpu:0",
        kind: str = "gpu",
        *,
        watts: float = 360.0,
        seconds: float = HOUR,
        method: str = "fake",
        check: float | None = None,
        details: dict[str, Any] | None = None,
        **more: Any,
    ) -> DeviceUse:
        device = Device(uid=uid, kind=kind, name=f"the {kind}", details=details or {})
        energy = Energy(joules=watts * seconds, seconds=seconds, cross_check=check)
        return DeviceUse(device=device, method=method, energy=energy, **more)

    return make


@pytest.fixture
def record() -> MakeRecord:
    """A run of an hour with these devices; no rest of the machine and in France unless said otherwise."""

    def make(*uses: DeviceUse, chassis: str = "unknown", timezone: str | None = None, **more: Any) -> Record:
        facts = {
            key: more.pop(key)
            for key in list(more)
            if key not in {"spans", "phases", "metrics", "forecasts", "work", "tracker_overhead", "calibration"}
        }
        host = Host(id="h", name="box", chassis=chassis, timezone=timezone)
        run = RunInfo(
            **{
                "id": "019a0000-0000-7000-8000-000000000001",
                "name": "digits",
                "status": "finished",
                "started_at": 1_790_000_000.0,
                "seconds": HOUR,
                "host": host,
                "zone": "FR",
                "rest": "off",
                **facts,
            }
        )
        return Record(run=run, devices=uses, **more)

    return make
