"""Carbon by the hour: each joule is counted at the intensity of the hour in which it was used."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from greentrack.carbon.base import Intensity, NotHourly
from greentrack.store.intensity_cache import CachedHour

ACTUAL_ERROR, FORECAST_ERROR = 0.05, 0.10
"""How far an hour's figure may be off, each way: an actual one; a forecast or an estimate (judgement)."""

COMPLETE = 1 - 1e-9
"""A share above this is all of it, apart from rounding."""

BOUNDARY_NOTES = {
    "life-cycle": "",
    "direct": "hourly figures count CO2 from chimneys only; life-cycle figures would be higher",
    "not stated": "the source of the hourly figures does not say whether they count chimneys or the whole life-cycle",
}
"""The note on figures of each boundary."""

Stretch = tuple[float, float, float]
"""An energy: the end of its interval (Unix time), the length in seconds, and joules; as in a ``model.Reading``."""


class Series(NamedTuple):
    """Hours of one *zone*, in order of time, without overlaps, each with a figure; there may be gaps between them.

    *note* says what a reader must know about their origin.
    """

    zone: str
    hours: tuple[CachedHour, ...]
    source: str
    boundary: str = "life-cycle"
    note: str = ""

    def mean(self, start: float, end: float) -> float | None:
        """Return the mean g/kWh from *start* to *end*, at constant power; None where an hour of it has no figure."""
        shares, seen = _shares(self.hours, [(end, end - start, 1.0)])
        return sum(share * (hour.g_per_kwh or 0.0) for hour, share in shares) if seen >= COMPLETE else None


def applied(stretches: Iterable[Stretch], series: Series, yearly: Intensity) -> Intensity:
    """Return the intensity of these joules: the sum of E_i x CI_i over the hours, divided by the sum of E_i.

    Joules in hours without a figure count at *yearly*, and the result says how many: its ``hourly_share`` is the part
    that the hours cover. Without any joules or any hour that fits, it is *yearly* and says why.
    """
    shares, seen = _shares(series.hours, stretches)
    if not shares:
        return unchanged(yearly, NotHourly("no figure", series.source, series.note))
    unseen = 0.0 if seen >= COMPLETE else 1 - seen
    parts = [(share, hour.g_per_kwh or 0.0, *_spread(hour)) for hour, share in shares]
    if unseen:
        parts.append((unseen, yearly.g_per_kwh, yearly.below, yearly.above))
    mean = sum(share * grams for share, grams, _, _ in parts)
    uncertain = sum(share for hour, share in shares if hour.forecast or hour.estimated)
    return yearly._replace(
        g_per_kwh=mean,
        source=series.source,
        year=datetime.fromtimestamp(shares[-1][0].start, UTC).year,
        how=f"hour by hour; zone {yearly.how}",
        boundary=series.boundary,
        # hours of one source err together, so their ranges add as they are
        below=sum(share * grams * below for share, grams, below, _ in parts) / mean if mean else 0.0,
        above=sum(share * grams * above for share, grams, _, above in parts) / mean if mean else 0.0,
        note="; ".join(part for part in _notes(series, yearly, unseen, uncertain) if part),
        hourly_share=1 - unseen,
        yearly=yearly if unseen else None,
    )


def unchanged(yearly: Intensity, why: NotHourly) -> Intensity:
    """Return *yearly* where the hourly figures that were asked for are not used, and *why*."""
    return yearly._replace(hourly_share=0.0, not_hourly=why)


def _shares(hours: Sequence[CachedHour], stretches: Iterable[Stretch]) -> tuple[list[tuple[CachedHour, float]], float]:
    """Return the share of all joules in each hour that had any, and their sum."""
    starts = [hour.start for hour in hours]
    joules_in = [0.0] * len(hours)
    total = 0.0
    for at, seconds, joules in stretches:
        total += joules
        since = at - seconds
        width = at - since  # as it is in floats, so that parts of it add up to it exactly
        index = max(0, bisect_right(starts, since) - 1)
        while index < len(hours) and starts[index] < at:
            overlap = min(at, hours[index].end) - max(since, starts[index])
            if overlap > 0:
                joules_in[index] += joules * overlap / width
            index += 1
    if total <= 0:
        return [], 0.0
    shares = [(hour, joules / total) for hour, joules in zip(hours, joules_in, strict=True) if joules > 0]
    return shares, sum(share for _, share in shares)


def _spread(hour: CachedHour) -> tuple[float, float]:
    off = FORECAST_ERROR if hour.forecast or hour.estimated else ACTUAL_ERROR
    return off, off


def _notes(series: Series, yearly: Intensity, unseen: float, uncertain: float) -> Iterable[str]:
    if unseen:
        yield (
            f"{_percent(unseen)} of the energy fell into hours without a figure and counts at the yearly average "
            f"({yearly.g_per_kwh:.3g} g/kWh, {yearly.boundary}, {yearly.year})"
        )
        yield yearly.note
    if uncertain > 1 - COMPLETE:
        yield f"the hourly figures for {_percent(uncertain)} of the energy are forecasts or estimates"
    yield BOUNDARY_NOTES[series.boundary]
    yield series.note


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.4g} %"
