"""The notes of a schedule: how sure the forecast is, and what it counts."""

from collections.abc import Iterator

from greentrack.analysis.schedule import Schedule
from greentrack.carbon.hourly import BOUNDARY_NOTES, FORECAST_ERROR
from greentrack.formatting.units import percent


def schedule_notes(found: Schedule) -> Iterator[str]:
    """Yield what a reader of the schedule has to know."""
    if found.zone_guess:
        yield f"the zone {found.zone} is {found.zone_guess}"
    yield f"forecasts may be off by {percent(FORECAST_ERROR)}; starts that differ by less cannot be told apart"
    yield (
        "these are averages of the grid; what a shifted load really avoids is decided by the power stations that "
        "follow it"
    )
    if note := BOUNDARY_NOTES[found.boundary]:
        yield note
    if found.source_note:
        yield found.source_note
    if found.now is None:
        yield "the forecast does not cover starting now, so savings are not known"
