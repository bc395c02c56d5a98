"""codecarbon's data files, their defects corrected, their absence and their change survived."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from greentrack.carbon.codecarbon import CodeCarbon
from greentrack.carbon.regions import Regions


def lay(data: Path, name: str, text: str) -> CodeCarbon:
    file = data / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return CodeCarbon(data)


def states(emissions: float = 1000.0, unit: str = "lbs/MWh") -> str:
    return json.dumps(
        {
            "_unit": {"emissions": unit},
            "_source": {"name": "EPA", "year": 2023},
            "california": {"emissions": emissions, "regionCode": "CA"},
            "usa": {"emissions": 1, "regionCode": "usa"},
        }
    )


USA = "private_infra/2023/usa_emissions.json"
CANADA = "private_infra/2023/canada_energy_mix.json"
NORDIC = "private_infra/nordic_emissions.json"
CLOUD = "cloud/impact.csv"
HEAD = "provider,region,country_name,city,impact\n"


def test_pounds_per_megawatt_hour_become_grams(tmp_path: Path) -> None:
    """1,000 lb/MWh are 453.6 g/kWh, and only chimneys are counted."""
    found = lay(tmp_path, USA, states()).find("US-CA")
    assert found is not None
    assert found.g_per_kwh == pytest.approx(453.59237)
    assert found.boundary == "direct"


def test_a_file_in_another_unit_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A changed unit must not become a wrong figure; it is said once."""
    source = lay(tmp_path, USA, states(unit="kg/MWh"))
    assert source.find("US-CA") is None
    assert source.find("US-CA") is None
    assert len(caplog.records) == 1


def test_a_province_of_water_and_atoms_is_not_zero(tmp_path: Path) -> None:
    """Half hydro at 24 g and half nuclear at 12 g make 18 g, not 0."""
    mix = dict.fromkeys(("coal", "naturalGas", "petroleum", "biomass", "solar", "wind", "tidal"), 0.0)
    found = lay(tmp_path, CANADA, json.dumps({"quebec": {**mix, "hydro": 50.0, "nuclear": 50.0}})).find("CA-QC")
    assert found is not None
    assert found.g_per_kwh == pytest.approx(18.0)
    assert found.high - found.g_per_kwh > found.g_per_kwh - found.low


def test_a_mix_that_does_not_add_up_is_left_out(tmp_path: Path) -> None:
    """Shares that sum to 60 % say nothing about the province."""
    mix = dict.fromkeys(("coal", "naturalGas", "petroleum", "biomass", "solar", "wind", "tidal", "nuclear"), 0.0)
    assert lay(tmp_path, CANADA, json.dumps({"quebec": {**mix, "hydro": 60.0}})).find("CA-QC") is None


def test_the_misspelt_region_is_found_by_its_right_name(tmp_path: Path) -> None:
    """me-cenrtal1 is me-central1."""
    source = lay(tmp_path, CLOUD, HEAD + "gcp,me-cenrtal1,Qatar,Doha,575\n")
    assert list(source.zones()) == ["gcp:me-central1"]
    found = source.find("gcp:me-central1")
    assert found is not None
    assert found.g_per_kwh == 575


@pytest.mark.parametrize(
    "row", ["gcp,nan,Qatar,Doha,575", "gcp,,Qatar,Doha,575", "gcp,x,Canada,Montreal,2", "gcp,x,Y,Z,0"]
)
def test_a_region_without_name_or_with_an_impossible_figure_is_left_out(tmp_path: Path, row: str) -> None:
    """No mix of power stations has less than 11 g/kWh over its life."""
    assert not lay(tmp_path, CLOUD, f"{HEAD}{row}\n").zones()


def test_what_a_nordic_area_counts_as_zero_widens_its_range(tmp_path: Path) -> None:
    """A tenth of the generation without a factor may be biomass at 230 g: 23 g more, beside the usual 10 %."""
    row = {"emission_factor": 23.0, "year": 2025, "description": "South", "coverage": "90.00% (uncovered: Other)"}
    found = lay(tmp_path, NORDIC, json.dumps({"data": {"SE4": row}})).find("SE-SE4")
    assert found is not None
    assert found.high == pytest.approx(23.0 * 2.1)
    assert found.low == pytest.approx(23.0 * 0.9)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"california": 3}', "\x00"])
def test_a_changed_file_is_no_figure_and_no_crash(tmp_path: Path, text: str) -> None:
    """A codecarbon of another year may look otherwise."""
    for file, zone in ((USA, "US-CA"), (CANADA, "CA-QC"), (NORDIC, "SE-SE4"), (CLOUD, "gcp:europe-west1")):
        assert lay(tmp_path, file, text).find(zone) is None


def test_the_installed_files_are_as_expected(caplog: pytest.LogCaptureFixture) -> None:
    """The codecarbon beside us still has 50 states and DC, 13 provinces and its regions; nothing is warned of."""
    zones = CodeCarbon().zones()
    assert sum(zone.startswith("US-") for zone in zones) == 51
    assert sum(zone.startswith("CA-") for zone in zones) == 13
    assert sum(zone.startswith("gcp:") for zone in zones) >= 35
    assert not caplog.records


def test_codecarbon_itself_is_never_imported() -> None:
    """Its import takes half a second; its files take milliseconds."""
    code = (
        "import sys; from greentrack.carbon import find_intensity, zones; find_intensity('US-CA'); zones(); "
        "sys.exit('codecarbon' in sys.modules or 'pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_region_without_its_own_figure_names_the_country_it_uses() -> None:
    """aws:eu-west-1 stands in Ireland, and the figure says whose it is."""
    found = Regions().find("aws:eu-west-1")
    assert found is not None
    assert found.zone == "aws:eu-west-1"
    assert "Ireland" in found.name
    assert "that of IE is used" in found.note


def test_every_region_stands_somewhere_that_has_a_figure() -> None:
    """No row of the table of regions points at a place without intensity."""
    regions = Regions()
    assert [region for region in regions.zones() if regions.find(region) is None] == []
