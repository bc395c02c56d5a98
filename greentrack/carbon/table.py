"""Yearly averages of countries, from the table that ships with the package (Ember, through Our World in Data)."""

from collections.abc import Mapping
from functools import cached_property

from greentrack.carbon.base import Intensity
from greentrack.data import tables

SOURCE = "Ember (2026), with major processing by Our World in Data, CC BY 4.0"


class IntensityTable:
    """Countries by ISO 3166 code of two or three letters, and WORLD."""

    def find(self, zone: str) -> Intensity | None:
        """Return the intensity of the country *zone*, or None."""
        for row in self._rows:
            if zone and zone in {row["alpha2"], row["alpha3"]}:
                return Intensity(
                    zone=row["alpha2"],
                    name=row["name"],
                    g_per_kwh=float(row["g_per_kwh"]),
                    source=SOURCE,
                    year=int(row["year"]),
                )
        return None

    def zones(self) -> Mapping[str, str]:
        """Return every country's two letters and name, and WORLD."""
        return {row["alpha2"]: row["name"] for row in self._rows}

    @cached_property
    def _rows(self) -> list[dict[str, str]]:
        return list(tables.rows("grid_intensity.csv"))
