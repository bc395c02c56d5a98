"""What the doctor found as text, in lines of at most 80 characters; commands stay whole."""

import textwrap
from collections.abc import Iterator

from greentrack.calibration_facts import SensorTest
from greentrack.doctor.facts import Examination, SelfTestResult
from greentrack.formatting.escape import printable_lines
from greentrack.formatting.units import digits, duration

WIDTH = 80

EDGE_ERROR = 0.05
"""Share of a stretch's energy that its edges may misplace before it is called uncertain."""


def render(found: Examination, tested: SelfTestResult | None = None) -> str:
    """Return *found*, and the self-test where there was one."""
    test = _self_test(tested) if tested else ()
    sections = (_head(found), _devices(found), _missing(found), test, _machine(found), _settings(found))
    return printable_lines("\n".join(line for section in sections for line in section))


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
        verdict = (
            ""
            if abs(sensor.joules - sensor.cross_check) <= allowed
            else "; where a long run shows it too, power is used"
        )
        both = f"counter {digits(sensor.joules)} J, integrated power {digits(sensor.cross_check)} J"
        yield f"By {both}: {apart:.1%} apart{verdict}."
    if sensor.spread is not None:
        yield f"Windows of 1 s, one after the other, differ by {sensor.spread:.1%} at most."


def _machine(found: Examination) -> Iterator[str]:
    database, carbon, took = found.database, found.intensity, found.recorder_seconds
    yield ""
    yield from _labelled(
        "recorder",
        "does not work: a trial run was not kept" if took is None else f"works; a trial run took {duration(took)}",
    )
    holds = database.trouble or (
        f"holds {database.runs:,} {'run' if database.runs == 1 else 'runs'}"
        if database.exists
        else "will be made by the first run"
    )
    yield from _labelled("database", database.path)
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
