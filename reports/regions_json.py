"""The places of a ranking as JSON, all of them."""

from greentrack.analysis.regions import RegionRanking, to_dict
from greentrack.formatting.escape import indented_json
from greentrack.reports.regions_notes import regions_notes


def render(found: RegionRanking) -> str:
    """Return *found* as an indented JSON object."""
    return indented_json({**to_dict(found), "notes": list(regions_notes(found))})
