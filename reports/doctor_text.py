"""What the doctor found as text, in lines of at most 80 characters; commands stay whole."""

import textwrap
from collections.abc import Iterator

from greentrack.calibration_facts import SensorTest
from greentrack.doctor.facts import DeviceCheck, Examination, SelfTestResult
from greentrack.formatting.layout import sections
from greentrack.formatting.units import counted, digits, duration
from greentrack.reports.assumptions import range_text

WIDTH = 80

EDGE_ERROR = 0.05
"""Share of a stretch's energy that its edges may misplace before it is called uncertain."""


def render(found: Examination, tested: SelfTestResult | None = None) -> str:
    """Return *found*, and the self-test where there was one."""
    test = _self_test(tested) if tested else ()
    devices = map(_device, found.devices)
    return sections(([_head(found)], *devices, _missing(found), test, _machine(found), _settings(found)))


def _head(found: Examination) -> str:
    if kinds := dict.fromkeys(device.kind for device in found.devices if device.measured):
        return f"Measured here: {', '.join(kinds)}."
    if found.devices:
        return "Nothing is measured here: all figures would come from models."
    return "Nothing is measured here, and nothing can be modelled."


def _device(device: DeviceCheck) -> Iterator[str]:
    how = "measured" if device.measured else ("not readable" if device.watts is None else "modelled")
    now = "" if device.watts is None else f", {digits(device.watts)} W now"
    yield from _wrap(f"{device.kind:<5} {device.name}: {how}{now}", "", 6)
    method = device.method
    for remark in (
        f"{method.text} ({method.name}, {range_text(method.below, method.above)})",
        device.trouble,
        device.note,
    ):
        yield from _wrap(remark, " " * 6, 6)


def _missing(found: Examination) -> Iterator[str]:
    if found.missing:
        yield "Missing"
    for one in found.missing:
        yield from _wrap(f"- {one.source}: {one.reason}", "", 2)
        if one.remedy:
            yield f"  try: {one.remedy}"  # never wrapped: it is there to be copied


def _self_test(tested: SelfTestResult) -> Iterator[str]:
    test = tested.test
    yield "Self-test"
    late = f"late by {duration(test.late_p50)}, 1 in 100 by {duration(test.late_p99)} or more"
    yield from _wrap(f"{test.ticks} readings in {duration(test.seconds)} were {late}", "  ", 4)
    for sensor in test.sensors:
        yield from _wrap(f"{sensor.uid} {sensor.name}", "  ", 4)
        for verdict in _verdicts(sensor, test.seconds):
            yield from _wrap(verdict, "    ", 6)
    if not test.sensors:
        yield "  No sensor could be tested: nothing is measured here."
    if tested.trouble:
        yield from _wrap(f"It was not kept: {tested.trouble}", "  ", 4)


def _verdicts(sensor: SensorTest, seconds: float) -> Iterator[str]:
    """Yield what a test of so many *seconds* showed of *sensor*, and what it means for short runs."""
    update = sensor.update_seconds
    if update is None:
        yield f"{sensor.note[:1].upper()}{sensor.note[1:]}."
    else:
        often = f"Its counter moves every {duration(update)}" + (f" ({sensor.note})" if sensor.note else "")
        short = duration(2 * update / EDGE_ERROR)
        yield f"{often}: what takes less than {short} is uncertain by more than {EDGE_ERROR:.0%}."
    if sensor.cross_check is not None and sensor.cross_check > 0:
        apart = abs(sensor.joules / sensor.cross_check - 1)
        allowed = max(EDGE_ERROR * sensor.cross_check, 2 * (update or 0.1) * sensor.cross_check / seconds)
        differs = abs(sensor.joules - sensor.cross_check) > allowed
        verdict = "; where a long run shows it too, power is used" if differs else ""
        both = f"counter {digits(sensor.joules)} J, integrated power {digits(sensor.cross_check)} J"
        yield f"By {both}: {apart:.1%} apart{verdict}."
    if sensor.spread is not None:
        yield f"Windows of 1 s, one after the other, differ by {sensor.spread:.1%} at most."


def _machine(found: Examination) -> Iterator[str]:
    database, carbon, took = found.database, found.intensity, found.recorder_seconds
    works = "does not work: a trial run was not kept" if took is None else f"works; a trial run took {duration(took)}"
    yield from _labelled("recorder", works)
    holds = f"holds {counted(database.runs, 'run')}" if database.exists else "will be made by the first run"
    yield from _labelled("database", database.path)
    yield from _labelled("", database.trouble or holds)
    yield from _labelled("zone", f"{carbon.zone} ({carbon.how}): {digits(carbon.g_per_kwh)} g/kWh, {carbon.year}")
    yield from _labelled("machine", f"{found.host.chassis}, time zone {found.host.timezone or 'not known'}")


def _settings(found: Examination) -> Iterator[str]:
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
    )
