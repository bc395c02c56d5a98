"""Embodied carbon of the hardware, and the water that the energy takes."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from greentrack.costing.caveats import Caveat
from greentrack.data.tables import fits, rows
from greentrack.model import DeviceUse, RunInfo
from greentrack.quantity import JOULES_PER_KWH, Figure, product

LIFE_YEARS, IN_USE = 4.0, 0.60
LIFE_HOURS = LIFE_YEARS * 365 * 24 * IN_USE
"""Hours of use in the life of hardware (judgement)."""

GPUS_PER_SERVER = 8

EMBODIED_RANGE = (0.50, 1.00)
"""How far embodied carbon may be off, below and above: footprints of like servers and lives of three to six years
differ by a factor of two (judgement)."""

WATER_RANGE = (0.50, 1.00)
"""The same for water: a factor of two (judgement)."""


class EmbodiedPart(NamedTuple):
    """*number* of one kind of hardware, and the *kg* of CO2e of making each."""

    text: str
    kg: float
    number: int
    source: str
    year: int


class Litres(NamedTuple):
    """Water for each kWh at a place: a power station, or the site of the computers."""

    text: str
    per_kwh: float
    source: str
    year: int


def parts_of(run: RunInfo, uses: Sequence[DeviceUse]) -> tuple[list[EmbodiedPart], Caveat | None]:
    """Return the hardware with a known footprint, and a caveat on what is left out, None where nothing is."""
    table = {(row["what"], row["item"]): row for row in rows("embodied.csv")}
    boards = [item for what, item in table if what == "gpu" and item != "other"]
    gpus = [use.device.name for use in uses if use.device.kind == "gpu"]
    counts = Counter(next((item for item in boards if fits(item, name)), "other") for name in gpus)
    made = [_part(table["gpu", item], f"a GPU ({item})", count) for item, count in counts.items()]
    chassis = run.host.chassis if run.host else "unknown"
    if chassis in ("desktop", "laptop"):
        return made, Caveat("embodied unknown", (chassis, bool(made)))
    if gpus:
        share = _part(table["host", "gpu server"], "a GPU's eighth of its server", len(gpus))
        return [*made, share._replace(kg=share.kg / GPUS_PER_SERVER)], None
    if chassis == "server":
        return [_part(table["host", "server"], "a server", 1)], None
    return [], Caveat("embodied unknown", (chassis, False))


def embodied(parts: Sequence[EmbodiedPart], seconds: float) -> Figure:
    """Return the grams of CO2e of making *parts* for *seconds* of their use."""
    g_per_hour = sum(part.number * part.kg * 1000 / LIFE_HOURS for part in parts)
    return Figure.around(g_per_hour * seconds / 3600, *EMBODIED_RANGE)


def water_of(zone: str, country: str | None) -> tuple[Litres, Litres]:
    """Return the litres per kWh at the power stations of *country*, or the world's, and at the site of *zone*'s cloud.

    Other sites are taken to cool without evaporation, as small rooms do.
    """
    table = {(row["what"], row["place"]): row for row in rows("water.csv")}
    grid = table.get(("grid", country or "WORLD")) or table["grid", "WORLD"]
    place = "the world's average" if grid["place"] == "WORLD" else grid["place"]
    made = Litres(f"power stations, {place}", float(grid["litres_per_kwh"]), grid["source"], int(grid["year"]))
    site = table.get(("site", zone.partition(":")[0]))
    if site is None:
        return made, Litres("the site itself", 0.0, "taken to cool without evaporation; judgement", 2026)
    text = f"the site itself, {site['place']}" + _doubt(site)
    return made, Litres(text, float(site["litres_per_kwh"]), site["source"], int(site["year"]))


def water(joules: Figure, pue: Figure, grid: Litres, site: Litres) -> Figure:
    """Return litres: what the site evaporates for its computers, and the power stations for all that it draws."""
    there = product(pue, Figure.around(grid.per_kwh, *WATER_RANGE))
    here = Figure.around(site.per_kwh, *WATER_RANGE)
    return product(joules / JOULES_PER_KWH, Figure.total([there, here]))


def _part(row: dict[str, str], text: str, number: int) -> EmbodiedPart:
    return EmbodiedPart(text + _doubt(row), float(row["kg"]), number, row["source"], int(row["year"]))


def _doubt(row: dict[str, str]) -> str:
    return "" if row["certainty"] == "checked" else ", uncertain"
