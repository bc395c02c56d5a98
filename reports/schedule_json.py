"""The best hours to start as JSON, all of them."""

from greentrack.analysis.schedule import Schedule, StartTime
from greentrack.formatting.escape import indented_json
from greentrack.formatting.units import iso
from greentrack.reports.schedule_notes import schedule_notes


def render(found: Schedule) -> str:
    """Return *found* as an indented JSON object."""
    return indented_json({**to_dict(found), "notes": list(schedule_notes(found))})


def to_dict(starts: Schedule) -> dict[str, object]:
    """Return *starts* as a JSON object without its notes; ``best`` is in the order of carbon."""
    return {
        "zone": starts.zone or None,
        "hours": starts.hours,
        "kwh": starts.kwh and starts.kwh.to_dict(),
        "now": None if starts.now is None else _start(starts.now),
        "best": [_start(start) for start in starts.best],
        "source": starts.source,
        "boundary": starts.boundary,
    }


def _start(start: StartTime) -> dict[str, object]:
    return {"at": iso(start.at), "g_per_kwh": start.g_per_kwh, "g": start.g and start.g.to_dict(), "saved": start.saved}
