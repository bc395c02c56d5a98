"""What the doctor found as JSON."""

import json
from typing import Any

from greentrack.calibration_facts import SensorTest
from greentrack.doctor.facts import Examination, SelfTestResult


def render(found: Examination, tested: SelfTestResult | None = None) -> str:
    """Return *found* as an indented JSON object, with the self-test where there was one."""
    return json.dumps(
        {
            "measured": found.measured,
            "host": {
                "name": found.host.name,
                "system": found.host.system,
                "cpu": found.host.cpu,
                "chassis": found.host.chassis,
                "timezone": found.host.timezone,
            },
            "devices": [
                {
                    "id": device.uid,
                    "kind": device.kind,
                    "name": device.name,
                    "method": device.method.name,
                    "measured": device.measured,
                    "below": device.method.below,
                    "above": device.method.above,
                    "watts": device.watts,
                    "trouble": device.trouble or None,
                    "note": device.note or None,
                }
                for device in found.devices
            ],
            "missing": [one._asdict() | {"remedy": one.remedy or None} for one in found.missing],
            "recorder": {"works": found.recorder_seconds is not None, "seconds": found.recorder_seconds},
            "database": {
                "path": found.database.path,
                "exists": found.database.exists,
                "runs": found.database.runs,
                "usable": not found.database.trouble,
                "trouble": found.database.trouble or None,
            },
            "zone": {
                "zone": found.intensity.zone,
                "name": found.intensity.name,
                "how": found.intensity.how,
                "g_per_kwh": found.intensity.g_per_kwh,
                "source": found.intensity.source,
                "year": found.intensity.year,
            },
            "settings": {
                setting.name: {"value": setting.value, "origin": setting.origin} for setting in found.settings
            },
        }
        | ({} if tested is None else {"self_test": _tested(tested)}),
        indent=2,
        ensure_ascii=False,
    )


def _tested(tested: SelfTestResult) -> dict[str, Any]:
    sensors = [_sensor(sensor) for sensor in tested.test.sensors]
    return tested.test._asdict() | {"sensors": sensors, "not_kept": tested.trouble or None}


def _sensor(sensor: SensorTest) -> dict[str, Any]:
    return {
        "uid": sensor.uid,
        "name": sensor.name,
        "update_seconds": sensor.update_seconds,
        "spread": sensor.spread,
        "joules": sensor.joules,
        "check": sensor.cross_check,
        "note": sensor.note,
    }
