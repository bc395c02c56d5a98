"""The notes of a ranking of regions: what is assumed, what is left out, and what cannot be told apart."""

from collections.abc import Iterator

from greentrack.analysis.regions import RegionRanking
from greentrack.formatting.units import digits


def regions_notes(found: RegionRanking) -> Iterator[str]:
    """Yield what a reader of the ranking has to know."""
    options, here = found.options, found.here
    places = (here, *found.ranked, *found.unranked)
    if found.parts > 1:
        yield f"the run is one of {found.parts} parts of a multi-part run; this is the part alone"
    overhead = "and no data centre's overhead, which differs"
    if options.pue is not None:
        overhead = f"and a PUE of {digits(found.pue.value)}"
    yield f"everywhere the same joules are taken: the same hardware, as busy as here, {overhead}"
    yield (
        "places of one rank cannot be told apart: their ranges overlap that of the first of them "
        f"(of its {'grid' if found.by == 'carbon' else 'price'}; the energy's own error is the same everywhere)"
    )
    if found.by == "carbon" and len({place.intensity.boundary for place in places}) > 1:
        yield (
            "direct: only chimneys are counted; the life-cycle figure, which the others have, would be higher, so what "
            "is counted otherwise than here stands among them without a rank"
        )
    if here.intensity.how != "given":
        yield f"the zone here is {here.intensity.how}"
    if options.hourly is not None:
        yield "these are yearly averages; carbon by the hour is known for one place at a time: greentrack show --hourly"
    if options.embodied or options.water:
        yield "the carbon of making the hardware, which is the same everywhere, and water are left out"
    if options.rent is not None:
        yield "a rent is the same wherever the run is, and has the electricity in it; so money is left out"
        return
    if options.tariff is not None:
        yield "the tariff that was given is taken to be that of here; elsewhere it is what households pay"
    if any(":" in place.zone for place in places):
        yield "a cloud's customers pay rent and not for electricity, so its regions have no money here"
    if any(place.money is not None and not place.sure_of_price for place in places):
        yield "money with a tilde is from a price that was not checked at its source"
    if found.by == "money" and here.money is not None:
        yield f"only prices in {here.money.currency}, as here, are ranked; no rate of exchange is assumed"
