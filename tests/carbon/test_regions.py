"""Where a zone lies: the country of states, provinces, price areas and cloud regions."""

import pytest

from greentrack.carbon.codecarbon import CodeCarbon
from greentrack.carbon.regions import Regions, country
from greentrack.carbon.table import IntensityTable


@pytest.mark.parametrize("zone", sorted(Regions().zones()))
def test_every_cloud_region_lies_in_a_country_of_the_table(zone: str) -> None:
    """Otherwise neither its price nor its water would be found."""
    place = country(zone)
    assert place is not None
    assert IntensityTable().find(place) is not None


def test_google_regions_with_a_figure_of_their_own_have_a_country_too() -> None:
    """Those that codecarbon knows are in the list of regions as well."""
    unknown = [zone for zone in CodeCarbon().zones() if zone.startswith("gcp:") and country(zone) is None]
    assert unknown == []


@pytest.mark.parametrize(("zone", "place"), [("FR", "FR"), ("FRA", "FR"), ("US-CA", "US"), ("SE-SE3", "SE")])
def test_a_part_of_a_country_lies_in_it(zone: str, place: str) -> None:
    """Two or three letters, a state, a price area."""
    assert country(zone) == place


@pytest.mark.parametrize("zone", ["WORLD", "aws:nowhere-1", ""])
def test_what_lies_in_no_country_has_none(zone: str) -> None:
    """Never a guess."""
    assert country(zone) is None
