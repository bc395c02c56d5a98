"""The best hours to start as JSON, all of them."""

from greentrack.analysis.schedule import Schedule, to_dict
from greentrack.formatting.escape import indented_json
from greentrack.reports.schedule_notes import schedule_notes


def render(found: Schedule) -> str:
    """Return *found* as an indented JSON object."""
    return indented_json({**to_dict(found), "notes": list(schedule_notes(found))})
