"""Hourly carbon from a user's CSV file: a column ``datetime``, and one whose name is its unit.

::

    # zone: FR
    # boundary: life-cycle
    datetime,g_per_kwh
    2026-03-29T00:00+01:00,31
    2026-03-29T01:00+01:00,28

A time without offset is refused unless ``# timezone: Europe/Paris``, or a column ``timezone``, names its time zone.
Missing hours stay missing; a contradiction is refused with its line.
"""

import csv
import math
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from greentrack.carbon.hourly import BOUNDARY_NOTES, Series
from greentrack.carbon.online import MAX_G_PER_KWH
from greentrack.errors import ConfigError, did_you_mean
from greentrack.store.intensity_cache import CachedHour

UNITS = ("g_per_kwh", "gCO2/kWh", "gCO2e/kWh", "gCO2eq/kWh", "kg_per_mwh")
"""Names that a column of figures may have; a kg per MWh is a g per kWh."""

MIN_G_PER_KWH = 1.5
"""A file without any figure as large is taken to be in kg: the yearly averages of grids are 21 to 1,306 g/kWh (Ember
2025), and less than 1.5 g only where chimneys alone are counted."""

MAX_STEP_S = 3600.0
_SETTINGS = ("timezone", "zone", "boundary", "source")
_FOLDED = {unit.casefold() for unit in UNITS}


class _Row(NamedTuple):
    line: int
    at: float
    g_per_kwh: float | None


def read(file: Path) -> Series:
    """Return the hours of *file*; those without a figure are left out. Raises ConfigError, which names the line."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise ConfigError(f"{file} cannot be read: {reason}") from error
    lines = text.splitlines()
    head = dict(_settings(file, lines))
    rows = list(_rows(file, lines, head))
    step = _step(file, rows)
    boundary = head.get("boundary", "not stated")
    most = max(row.g_per_kwh or 0.0 for row in rows)
    if 0 < most < MIN_G_PER_KWH and boundary != "direct":
        raise ConfigError(
            f"{file}: its largest figure is {most:g} g/kWh; is it in kg per kWh? If not, add: # boundary: direct"
        )
    hours = (CachedHour(row.at, row.at + step, row.g_per_kwh) for row in rows if row.g_per_kwh is not None)
    source = head.get("source", file.name)
    return Series(head.get("zone", ""), tuple(hours), source, boundary)


def _settings(file: Path, lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the settings in the comments: ``# timezone: Europe/Paris``."""
    from greentrack.carbon.zones import normalise

    for number, line in enumerate(lines, 1):
        key, found, value = line.removeprefix("#").partition(":")
        key, value = key.strip().casefold(), value.strip()
        if not line.startswith("#") or not found or key not in _SETTINGS:
            continue
        if key == "boundary" and value not in BOUNDARY_NOTES:
            raise _wrong(file, number, f"boundary {value!r} is none of {', '.join(BOUNDARY_NOTES)}")
        yield key, normalise(value) if key == "zone" else value


def _rows(file: Path, lines: list[str], head: Mapping[str, str]) -> Iterator[_Row]:
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")]
    if not numbered:
        raise ConfigError(f"{file} is empty; it needs the columns datetime and g_per_kwh")
    cells = csv.reader(line for _, line in numbered)
    columns = [name.strip() for name in next(cells)]
    time, unit, timezone = _columns(file, columns)
    try:
        for row in cells:
            number = numbered[cells.line_num - 1][0]
            if len(row) != len(columns):
                raise _wrong(file, number, f"{len(row)} columns instead of {len(columns)}")
            clock = (row[timezone].strip() if timezone is not None else "") or head.get("timezone", "")
            try:
                at, figure = _moment(row[time].strip(), clock), _figure(row[unit].strip())
            except ConfigError as error:
                raise _wrong(file, number, str(error)) from None
            yield _Row(number, at, figure)
    except csv.Error as error:
        raise ConfigError(f"{file} is not well-formed CSV: {error}") from error


def _columns(file: Path, columns: list[str]) -> tuple[int, int, int | None]:
    folded = [name.casefold() for name in columns]
    if "datetime" not in folded:
        raise ConfigError(f"{file} has no column datetime; it has {', '.join(columns)}")
    units = [index for index, name in enumerate(folded) if name in _FOLDED]
    if len(units) > 1:
        raise ConfigError(
            f"{file} has two columns of figures: {', '.join(columns[index] for index in units)}; leave one"
        )
    if not units:
        kilos = next((name for name in columns if name.casefold() in ("kg_per_kwh", "kgco2/kwh", "kgco2e/kwh")), None)
        if kilos:
            raise ConfigError(f"{file}: {kilos} is not read; multiply by 1000 and call the column g_per_kwh")
        near = next((hint for name in folded if (hint := did_you_mean(name, UNITS))), "")
        raise ConfigError(f"{file} does not say its unit{near}; call the column of figures one of {', '.join(UNITS)}")
    return folded.index("datetime"), units[0], folded.index("timezone") if "timezone" in folded else None


def _moment(text: str, clock: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{text!r} is no ISO 8601 time such as 2026-03-29T00:00+01:00") from None
    if at.tzinfo is not None:
        return at.timestamp()
    if not clock:
        raise ConfigError(
            f"{text!r} has no offset; write 2026-03-29T00:00Z or +01:00, or add: # timezone: Europe/Paris"
        )
    try:
        zone = ZoneInfo(clock)
    except (KeyError, ValueError, OSError):
        raise ConfigError(f"time zone {clock!r} is not known; write it like Europe/Paris") from None
    here = at.replace(tzinfo=zone)
    if here.utcoffset() != here.replace(fold=1).utcoffset():
        there = here.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == at
        what = "happens twice" if there else "does not happen"
        raise ConfigError(f"{text!r} {what} in {clock}, where the clock is changed; write times with their offset")
    return here.timestamp()


def _figure(text: str) -> float | None:
    if not text:
        return None
    try:
        grams = float(text)
    except ValueError:
        grams = math.nan
    if not math.isfinite(grams) or "_" in text:
        raise ConfigError(f"{text!r} is not a number")
    if not 0 <= grams <= MAX_G_PER_KWH:
        raise ConfigError(f"{text} g/kWh cannot be (0 to {MAX_G_PER_KWH:g}); is it in another unit?")
    return grams


def _step(file: Path, rows: list[_Row]) -> float:
    """Return how long each row holds: the most frequent time between two rows."""
    if len(rows) < 2:
        raise ConfigError(f"{file} has {len(rows)} rows; how long one holds shows only from two on")
    apart: Counter[float] = Counter()
    for before, row in pairwise(rows):
        if row.at == before.at:
            raise _wrong(file, row.line, f"the same time as line {before.line}")
        if row.at < before.at:
            raise _wrong(file, row.line, f"earlier than line {before.line}; sort the rows by time")
        apart[row.at - before.at] += 1
    step = min(apart, key=lambda seconds: (-apart[seconds], seconds))
    if step > MAX_STEP_S:
        raise ConfigError(
            f"{file}: its rows are {timedelta(seconds=step)} apart; figures of at most an hour are wanted"
        )
    for before, row in pairwise(rows):
        if row.at - before.at < step:
            raise _wrong(file, row.line, f"overlaps line {before.line}, which holds for {timedelta(seconds=step)}")
    return step


def _wrong(file: Path, line: int, what: str) -> ConfigError:
    return ConfigError(f"{file}, line {line}: {what}")
