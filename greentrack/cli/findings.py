"""What the doctor found, as text and as JSON."""

import json
import textwrap
from collections.abc import Iterator
from typing import Any

from greentrack.cli.examination import DeviceCheck, Examination
from greentrack.cli.selftest import SelfTestResult, remarks
from greentrack.formatting.units import digits, duration

WIDTH = 80


def text(found: Examination, tested: SelfTestResult | None = None) -> str:
    """Return *found* for people, in lines of at most 80 characters; commands stay whole."""
    test = _self_test(tested) if tested else ()
    return "\n".join((*_head(found), *_devices(found), *_missing(found), *test, *_rest(found), *_settings(found)))


def json_text(found: Examination, tested: SelfTestResult | None = None) -> str:
    """Return *found* as a JSON object."""
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
            "devices": [_device(device) for device in found.devices],
            "missing": [
                {"source": one.source, "reason": one.reason, "remedy": one.remedy or None} for one in found.missing
            ],
            "recorder": {"works": found.recorder_seconds is not None, "seconds": found.recorder_seconds},
            "database": {
                "path": found.place.path,
                "exists": found.place.exists,
                "runs": found.place.runs,
                "usable": not found.place.trouble,
                "trouble": found.place.trouble or None,
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
    sensors = [sensor._asdict() for sensor in tested.test.sensors]
    return tested.test._asdict() | {"sensors": sensors, "not_kept": tested.trouble or None}


def _device(device: DeviceCheck) -> dict[str, Any]:
    return {
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


def _head(found: Examination) -> Iterator[str]:
    kinds = list(dict.fromkeys(device.kind for device in found.devices if device.measured))
    if kinds:
        yield f"Measured here: {', '.join(kinds)}."
    elif found.devices:
        yield "Nothing is measured here: all figures would come from models."
    else:
        yield "Nothing is measured here, and nothing can be modelled."


def _devices(found: Examination) -> Iterator[str]:
    for device in found.devices:
        how = "measured" if device.measured else ("not readable" if device.watts is None else "modelled")
        now = "" if device.watts is None else f", {digits(device.watts)} W now"
        yield ""
        yield from _wrap(f"{device.kind:<5} {device.name}: {how}{now}", "", 6)
        method = device.method
        spread = f"-{method.below:.0%} to +{method.above:.0%}".replace("%", " %")
        yield from _wrap(f"{method.text} ({method.name}, {spread})", " " * 6, 6)
        for remark in (device.trouble, device.note):
            if remark:
                yield from _wrap(remark, " " * 6, 6)


def _missing(found: Examination) -> Iterator[str]:
    if found.missing:
        yield ""
        yield "Missing"
    for one in found.missing:
        yield from _wrap(f"- {one.source}: {one.reason}", "", 2)
        if one.remedy:
            yield f"  try: {one.remedy}"  # never wrapped: it is there to be copied


def _self_test(tested: SelfTestResult) -> Iterator[str]:
    test = tested.test
    yield ""
    yield "Self-test"
    yield from _wrap(
        f"{test.ticks} readings in {duration(test.seconds)} were late by {duration(test.late_p50)}, "
        f"1 in 100 by {duration(test.late_p99)} or more",
        "  ",
        4,
    )
    for sensor in test.sensors:
        yield from _wrap(f"{sensor.uid} {sensor.name}", "  ", 4)
        for remark in remarks(sensor, test.seconds):
            yield from _wrap(remark, "    ", 6)
    if not test.sensors:
        yield "  No sensor could be tested: nothing is measured here."
    if tested.trouble:
        yield from _wrap(f"It was not kept: {tested.trouble}", "  ", 4)


def _rest(found: Examination) -> Iterator[str]:
    place, carbon, took = found.place, found.intensity, found.recorder_seconds
    yield ""
    yield from _labelled(
        "recorder",
        "does not work: a trial run was not kept" if took is None else f"works; a trial run took {duration(took)}",
    )
    holds = place.trouble or (
        f"holds {place.runs:,} {'run' if place.runs == 1 else 'runs'}"
        if place.exists
        else "will be made by the first run"
    )
    yield from _labelled("database", place.path)
    yield from _labelled("", holds)
    yield from _labelled("zone", f"{carbon.zone} ({carbon.how}): {digits(carbon.g_per_kwh)} g/kWh, {carbon.year}")
    yield from _labelled("machine", f"{found.host.chassis}, time zone {found.host.timezone or 'not known'}")


def _settings(found: Examination) -> Iterator[str]:
    yield ""
    yield "Settings"
    for setting in found.settings:
        value = setting.value if setting.value not in (None, ()) else "—"
        value = ", ".join(map(str, value)) if isinstance(value, tuple) else value
        yield from _wrap(f"  {setting.name:<9} {value}  ({setting.origin})", "", 12)


def _labelled(label: str, words: str) -> list[str]:
    return _wrap(f"{label:<9} {words}", "", 10)


def _wrap(words: str, first: str, later: int) -> list[str]:
    return textwrap.wrap(
        words,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * later,
        break_on_hyphens=False,
        break_long_words=False,
        drop_whitespace=True,
    )
