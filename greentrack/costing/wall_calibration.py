"""Calibration of one machine's system overhead with a meter at its wall, at one steady load or several.

The wall's watts are taken to be base + slope x the components' watts. One load gives the base, with the usual slope of
such a machine; loads that are far enough apart give both, by least squares.
"""

import datetime
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from greentrack.calibration_facts import Calibration
from greentrack.costing.attribution import method_of
from greentrack.costing.system_overhead import Chassis
from greentrack.errors import ConfigError
from greentrack.formatting.units import digits, duration
from greentrack.methods import METHODS, off_at_edges
from greentrack.model import Reading, Record

METHOD = "rest-calibrated"

MIN_LOAD_DIFFERENCE = 0.3
"""Loads give a slope where they differ by this part of the wall's power: a meter's 2 % then move it by a tenth."""

SLOPE_LIMITS = (1.0, 1.6)
"""Watts at the wall for one more watt of the components: never fewer, and no converters and fans take so many more."""

MAX_MISFIT = 0.05
"""Maximum distance of a fit from a reading, as a part of the wall's power."""

MAX_WATTS, MAX_SLOPE = 200.0, 3.0
"""Above this many watts plus this many times the components' power, the meter feeds something else as well."""

MAX_DRIFT = 0.1
"""Maximum difference between the two halves of a steady load, as a part of their mean."""

MAX_UPDATE_S = 0.1
"""At a steady load a slower sensor's value, a mean of the time before, is as good as one that is new."""

MIN_COVERAGE = 0.9
"""Minimum part of the run that every device's sensor must have seen."""

MIN_STEPS = 20
"""Minimum steps of the meter's last digit, for a reading that is good for 5 %."""


def calibrated(chassis: Chassis, calibrations: Iterable[Calibration], devices: Collection[str]) -> Chassis:
    """Return *chassis* as calibrated with exactly these *devices*; unchanged where there is no such calibration."""
    made = matching(calibrations, devices)
    return chassis_from(chassis, made) if made else chassis


def matching(calibrations: Iterable[Calibration], devices: Collection[str]) -> list[Calibration]:
    """Return the calibrations with exactly these *devices*: with others, the overhead differs."""
    wanted = sorted(devices)
    return [calibration for calibration in calibrations if sorted(calibration.devices) == wanted]


def chassis_from(chassis: Chassis, calibrations: Sequence[Calibration]) -> Chassis:
    """Return the machine that fits the *calibrations*; where they give no slope, it has that of *chassis*."""
    base, slope, two = _line(chassis, calibrations)
    newest = max(calibrations, key=lambda one: one.at)
    day = datetime.datetime.fromtimestamp(newest.at).date()
    method = METHODS[METHOD]
    count = len(calibrations)
    kept = "" if two else f"; its slope is that of a {chassis.text.partition(':')[0]}"
    return Chassis(
        text=(f"{digits(base)} W and " if base else "") + f"{digits(slope)} x the components' power",
        base_watts=base / slope,
        efficiency=1 / slope,
        below=method.below,
        above=method.above,
        source=f"calibrated at the wall on {day} with {count} {'load' if count == 1 else 'loads'}{kept}",
        year=day.year,
        method=METHOD,
        loads=tuple(calibration.components_watts for calibration in calibrations),
    )


def check_consistent(chassis: Chassis, calibrations: Sequence[Calibration]) -> None:
    """Raise ConfigError if the last of *calibrations* is absurd or contradicts the earlier ones."""
    new, *before = reversed(calibrations)
    watts = f"the components drew {digits(new.components_watts)} W and the wall shows {digits(new.wall_watts)} W"
    if new.wall_watts <= new.components_watts:
        raise ConfigError(f"{watts}: less than its parts; does the meter feed all of the machine, in watts?")
    if new.wall_watts > MAX_WATTS + MAX_SLOPE * new.components_watts:
        raise ConfigError(f"{watts}: too much for one machine; does the meter feed something else as well?")
    base, slope, _ = _line(chassis, calibrations)
    worst = max(abs(base + slope * one.components_watts - one.wall_watts) / one.wall_watts for one in (new, *before))
    if SLOPE_LIMITS[0] <= slope <= SLOPE_LIMITS[1] and worst <= MAX_MISFIT:
        return
    earlier = ", ".join(
        f"{digits(one.components_watts)} W beside {digits(one.wall_watts)} W (number {one.number})" for one in before
    )
    raise ConfigError(
        f"{watts}, which does not go with {earlier}; read again, or drop an earlier one with "
        "greentrack calibrate --forget NUMBER"
    )


def calibration_from(
    record: Record,
    readings: Mapping[str, Sequence[Reading]],
    *,
    wall_watts: float | None = None,
    wall_kwh: tuple[str, str] | None = None,
    about: str | None = None,
) -> Calibration:
    """Return the calibration from a finished run, its *readings* by device, and one reading of a meter.

    *wall_watts* is what the meter showed during the run; *wall_kwh* what it showed at its start and end, with all
    digits, which tell how exact it is. *about* names the load. Raises ConfigError where run and meter cannot be
    compared.
    """
    run = record.run
    uses = [use for use in record.devices if use.energy.seconds > 0]
    if not uses or run.seconds <= 0:
        raise ConfigError(f"run {run.id} ({run.name}) has no readings to compare with a meter; see: greentrack doctor")
    if run.status == "running":
        raise ConfigError(f"run {run.id} ({run.name}) is still running; calibrate with it when it has ended")
    if any(use.device.kind == "rest" for use in uses):
        raise ConfigError("the rest of this machine is measured already, so there is nothing to calibrate")
    for use in uses:
        if use.energy.seconds < MIN_COVERAGE * run.seconds:
            raise ConfigError(
                f"{use.device.uid} was seen for {use.energy.seconds:.0f} s of {run.seconds:.0f} s only; "
                "calibrate with a run that was seen as a whole"
            )
        method = method_of(use)
        update = min(MAX_UPDATE_S, method.update_seconds)
        if off_at_edges(method, run.seconds, update) > MAX_MISFIT:
            raise ConfigError(
                f"{duration(run.seconds)} are too short for {use.device.uid}, which shows something new every "
                f"{duration(update)}; it takes {duration(2 * update / MAX_MISFIT)} or more"
            )
    components = sum(use.joules / use.energy.seconds for use in uses)
    if wall_watts is not None:
        _steady(readings, run.started_at + run.seconds / 2)
        watts, source = wall_watts, f"{digits(wall_watts)} W shown"
    elif wall_kwh is not None:
        watts = _kwh(*wall_kwh) * 3.6e6 / run.seconds
        source = f"{wall_kwh[0]} to {wall_kwh[1]} kWh"
    else:
        raise ConfigError("a reading of the meter is missing; give wall_watts or wall_kwh")
    return Calibration(
        at=run.ended_at or run.started_at + run.seconds,
        components_watts=components,
        wall_watts=watts,
        seconds=run.seconds,
        devices=tuple(sorted(use.device.uid for use in uses)),
        source=f"{source}, {about or f'run {run.id}'}",
    )


def _line(chassis: Chassis, calibrations: Sequence[Calibration]) -> tuple[float, float, bool]:
    """Return base and slope, and True if the slope comes from the calibrations."""
    n = len(calibrations)
    x = [calibration.components_watts for calibration in calibrations]
    y = [calibration.wall_watts for calibration in calibrations]
    mean_x, mean_y = sum(x) / n, sum(y) / n
    two = max(x) - min(x) >= MIN_LOAD_DIFFERENCE * mean_y
    slope = 1 / chassis.efficiency
    if two:
        square = sum((one - mean_x) ** 2 for one in x)
        slope = sum((one - mean_x) * (other - mean_y) for one, other in zip(x, y, strict=True)) / square
    base = mean_y - slope * mean_x
    if base >= 0:
        return base, slope, two
    # an idle machine draws no less than nothing: a line through the origin
    through = sum(one * other for one, other in zip(x, y, strict=True)) / sum(one**2 for one in x)
    return 0.0, through, True


def _kwh(start: str, stop: str) -> float:
    texts = [text.strip().replace(",", ".") for text in (start, stop)]
    if not all(re.fullmatch(r"\d+(\.\d+)?", text) for text in texts):
        raise ConfigError(f"{start!r} and {stop!r} are no readings in kWh; write for example 12.340 and 12.812")
    first, last = map(float, texts)
    digit = 10.0 ** -min(len(text.partition(".")[2]) for text in texts)
    if not last > first:
        raise ConfigError(f"the meter went from {start} to {stop} kWh; the second reading must be the larger one")
    if last - first < (MIN_STEPS - 0.5) * digit:
        raise ConfigError(
            f"{start} to {stop} kWh are too few steps of the meter's last digit; let the load run until "
            f"{digits(MIN_STEPS * digit)} kWh are used, or read its watts"
        )
    return last - first


def _steady(readings: Mapping[str, Sequence[Reading]], middle: float) -> None:
    """Raise ConfigError if the components' power differs before and after the *middle*."""
    halves = [0.0, 0.0]
    for of_device in readings.values():
        joules, seconds = [0.0, 0.0], [0.0, 0.0]
        for reading in of_device:
            half = int(reading.at - reading.seconds / 2 > middle)
            joules[half] += reading.joules
            seconds[half] += reading.seconds
        if not all(seconds):
            return  # too short to tell
        halves = [sum_ + part / time for sum_, part, time in zip(halves, joules, seconds, strict=True)]
    before, after = halves
    if abs(after - before) > MAX_DRIFT * (before + after) / 2:
        raise ConfigError(
            f"the load was not steady: {digits(before)} W in its first half and {digits(after)} W in its second; "
            "calibrate with a steady load, or read the meter's kWh at both ends of a run"
        )
