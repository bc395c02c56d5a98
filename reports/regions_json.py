"""The places of a ranking as JSON, all of them."""

from typing import Any

from greentrack.analysis.regions import Region, RegionRanking
from greentrack.formatting.escape import indented_json
from greentrack.quantity import JOULES_PER_KWH
from greentrack.reports.regions_notes import regions_notes


def render(found: RegionRanking) -> str:
    """Return *found* as an indented JSON object."""
    return indented_json({**to_dict(found), "notes": list(regions_notes(found))})


def to_dict(found: RegionRanking) -> dict[str, Any]:
    """Return *found* as a JSON object without its notes; ``zones`` are all that are ranked, the best first."""
    return {
        "run": found.run.id,
        "name": found.run.name,
        "kwh": (found.joules / JOULES_PER_KWH).to_dict(),
        "by": found.by,
        "here": _row(found.here),
        "zones": [_row(place) for place in found.ranked],
        "unranked": [_row(place) for place in found.unranked],
    }


def _row(place: Region) -> dict[str, Any]:
    grid, money = place.intensity, place.money
    return {
        "rank": place.rank,
        "zone": place.zone,
        "name": place.name,
        "g_per_kwh": grid.figure.to_dict(),
        "boundary": grid.boundary,
        "source": grid.source,
        "year": grid.year,
        "g": place.g.to_dict(),
        "times_here": place.times_here,
        "like_here": place.like_here,
        "money": None if money is None else {**money._asdict(), "amount": money.amount.to_dict()},
    }
