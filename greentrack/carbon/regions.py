"""Cloud regions without a figure of their own: the figure of their country (in Canada, of their province)."""

from collections.abc import Mapping
from functools import cached_property

from greentrack.carbon.base import Intensity, Source
from greentrack.carbon.codecarbon import CodeCarbon
from greentrack.carbon.table import IntensityTable
from greentrack.data import tables


class Regions:
    """Regions of AWS, Azure and Google Cloud, by the zone that they lie in."""

    def find(self, zone: str) -> Intensity | None:
        """Return the intensity of the zone that the region *zone* lies in, or None."""
        if ":" not in zone or zone not in self._places:
            return None
        place = self._places[zone][0]
        sources: tuple[Source, ...] = (IntensityTable(), CodeCarbon())
        for source in sources:
            if found := source.find(place):
                note = f"{zone} has no figure of its own; that of {place} is used"
                return found._replace(
                    zone=zone,
                    name=f"{found.name} ({place}), where {zone} stands",
                    note=f"{note}; {found.note}" if found.note else note,
                )
        return None

    def place(self, region: str) -> str | None:
        """Return the zone that *region* lies in, or None for an unknown region."""
        return self._places[region][0] if region in self._places else None

    def zones(self) -> Mapping[str, str]:
        """Return every region and its place."""
        return {region: place for region, (_, place) in self._places.items()}

    @cached_property
    def _places(self) -> dict[str, tuple[str, str]]:
        rows = tables.rows("cloud_regions.csv")
        return {f"{row['provider']}:{row['region']}": (row["zone"], row["place"]) for row in rows}


def country(zone: str) -> str | None:
    """Return the two letters of the country that *zone*, spelt as ``zones.normalise`` does, lies in; None for WORLD.

    >>> country("US-CA"), country("aws:eu-west-1"), country("FRA"), country("WORLD")
    ('US', 'IE', 'FR', None)
    """
    if ":" in zone:
        zone = Regions().place(zone) or ""
    code = zone.partition("-")[0]
    if len(code) == 3 and (found := IntensityTable().find(code)):
        code = found.zone
    return code if len(code) == 2 else None
