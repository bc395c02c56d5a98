"""The best hours to start as JSON, all of them."""

from greentrack.analysis.schedule import Schedule, to_dict
from greentrack.formatting.escape import indented_json


def render(found: Schedule) -> str:
    """Return *found* as an indented JSON object."""
    return indented_json(to_dict(found))
