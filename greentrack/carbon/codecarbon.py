"""States, provinces, Nordic price areas and Google Cloud regions, from the data files of the codecarbon package.

The files are read where they lie; the package itself is never imported. Its countries are not used (the table that
ships here is newer), nor its factor of zero for a province's hydro and nuclear power, nor figures that no mix of power
stations can have.
"""

import csv
import importlib.util
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from greentrack import log
from greentrack.carbon.base import ANNUAL, Intensity

MIN_G_PER_KWH = 11.0
"""g/kWh: the lowest life-cycle median of any kind of power station (wind on land, IPCC AR5); less is an error."""

POUNDS_PER_MWH = 0.45359237
"""A pound per MWh in grams per kWh."""

FUELS = {  # g/kWh, life-cycle medians of IPCC AR5 WG3, table A.III.2; petroleum, not in it, as codecarbon has it
    "coal": 820.0,
    "naturalGas": 490.0,
    "petroleum": 816.0,
    "biomass": 230.0,
    "hydro": 24.0,
    "nuclear": 12.0,
    "solar": 48.0,
    "wind": 11.0,
    "tidal": 17.0,
}
PROVINCES = {
    "alberta": "AB",
    "british columbia": "BC",
    "manitoba": "MB",
    "new brunswick": "NB",
    "newfoundland and labrador": "NL",
    "northwest territories": "NT",
    "nova scotia": "NS",
    "nunavut": "NU",
    "ontario": "ON",
    "prince edward island": "PE",
    "quebec": "QC",
    "saskatchewan": "SK",
    "yukon": "YT",
}
_MISSPELT = {"me-cenrtal1": "me-central1"}


class CodeCarbon:
    """The zones below a country that codecarbon knows; *data* is its data folder, by default that of the package."""

    def __init__(self, data: Path | None = None) -> None:
        self._data = data if data is not None else _installed()
        self._tables: dict[str, dict[str, Intensity]] = {}

    def find(self, zone: str) -> Intensity | None:
        """Return the intensity of *zone*, or None; only the one file that could have it is read."""
        for prefix in _FILES:
            if zone.startswith(prefix) and (found := self._table(prefix).get(zone)):
                return found
        return None

    def zones(self) -> Mapping[str, str]:
        """Return every zone below a country and its name."""
        return {zone: row.name for prefix in _FILES for zone, row in self._table(prefix).items()}

    def _table(self, prefix: str) -> dict[str, Intensity]:
        if prefix not in self._tables:
            self._tables[prefix] = self._read(*_FILES[prefix])
        return self._tables[prefix]

    def _read(self, file: str, rows: Callable[[str], Iterator[Intensity]]) -> dict[str, Intensity]:
        if self._data is None:
            return {}
        try:
            text = (self._data / file).read_text(encoding="utf-8-sig")
            return {row.zone: row for row in rows(text) if row.g_per_kwh >= MIN_G_PER_KWH}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("%s is not as expected and is not used: %r", self._data / file, error)
            return {}


def _installed() -> Path | None:
    spec = importlib.util.find_spec("codecarbon")
    places = spec.submodule_search_locations if spec else None
    return Path(places[0], "data") if places else None


def _states(text: str) -> Iterator[Intensity]:
    rows: dict[str, Any] = json.loads(text)
    about = rows["_source"]
    if rows["_unit"]["emissions"] != "lbs/MWh":
        raise ValueError("the unit is not lbs/MWh")
    for name, row in rows.items():
        if not name.startswith("_") and len(row["regionCode"]) == 2:
            yield Intensity(
                zone=f"US-{row['regionCode']}",
                name=f"{name.title()}, United States".replace(" Of ", " of "),
                g_per_kwh=row["emissions"] * POUNDS_PER_MWH,
                source=f"{about['name']}, by way of codecarbon",
                year=int(about["year"]),
                boundary="direct",
                note="counts chimneys only; a life-cycle figure would be higher",
            )


def _provinces(text: str) -> Iterator[Intensity]:
    for name, mix in json.loads(text).items():
        known = sum(mix[fuel] for fuel in FUELS)
        if not 90 <= known <= 105 or name not in PROVINCES:
            continue
        yield Intensity(
            zone=f"CA-{PROVINCES[name]}",
            name=f"{name.title()}, Canada".replace(" And ", " and "),
            g_per_kwh=sum(mix[fuel] * grams for fuel, grams in FUELS.items()) / known,
            source="generation mix as codecarbon carries it, with the life-cycle medians of IPCC AR5 (2014)",
            year=2023,
            below=0.15,
            above=0.35,  # with its older coal and simple gas turbines a province may be well above the medians
            note="worked out from the province's mix of power stations; uncertain",
        )


def _china(text: str) -> Iterator[Intensity]:
    rows: dict[str, Any] = json.loads(text)
    for zone, row in rows["data"].items():
        yield Intensity(
            zone=zone,
            name=f"{row['description']}, China",
            g_per_kwh=float(row["emission_factor"]),
            source="China, Ministry of Ecology and Environment, announcement 47 of 2025, by way of codecarbon",
            year=int(row["year"]),
            boundary="direct",
            note="counts CO2 from chimneys only; a life-cycle figure would be higher",
        )


def _nordic(text: str) -> Iterator[Intensity]:
    for area, row in json.loads(text)["data"].items():
        if "coverage" not in row:  # Finland's is an old national figure, and the table of countries has a better one
            continue
        grams = float(row["emission_factor"])
        unseen = 1 - float(row["coverage"].partition("%")[0]) / 100
        yield Intensity(
            zone=f"{area[:2]}-{area}",
            name=row["description"],
            g_per_kwh=grams,
            source="ENTSO-E generation with codecarbon's factors, by way of codecarbon",
            year=int(row["year"]),
            above=ANNUAL + unseen * FUELS["biomass"] / grams,  # the source counts what it cannot name as zero
            note=f"{unseen:.0%} of the generation has no factor and counts as zero" if unseen >= 0.02 else "",
        )


def _google(text: str) -> Iterator[Intensity]:
    for row in csv.DictReader(text.splitlines()):
        region = _MISSPELT.get(row["region"], row["region"])
        if row["provider"] == "gcp" and region not in {"", "nan"}:
            yield Intensity(
                zone=f"gcp:{region}",
                name=f"{row['city']}, {row['country_name']}",
                g_per_kwh=float(row["impact"]),
                source="Google Cloud region carbon data, by way of codecarbon",
                year=2023,
                note="its file does not state the year; taken to be 2023",
            )


_FILES: Mapping[str, tuple[str, Callable[[str], Iterator[Intensity]]]] = {
    "US-": ("private_infra/2023/usa_emissions.json", _states),
    "CA-": ("private_infra/2023/canada_energy_mix.json", _provinces),
    "CN-": ("private_infra/2023/china_provincial_emissions.json", _china),
    "SE-": ("private_infra/nordic_emissions.json", _nordic),
    "NO-": ("private_infra/nordic_emissions.json", _nordic),
    "gcp:": ("cloud/impact.csv", _google),
}
