"""What the same run would have cost in other regions, ranked by carbon or by money."""

import datetime
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple, Unpack

from greentrack import registry
from greentrack.carbon import Intensity, find_intensity, zones
from greentrack.carbon.base import Source
from greentrack.costing.options import CostingOptions, ParsedOptions
from greentrack.costing.session import CostingSession
from greentrack.costing.summary import Summary
from greentrack.costing.tariffs import Money, electricity_cost, household_tariff
from greentrack.data.tables import age
from greentrack.errors import ConfigError, did_you_mean
from greentrack.model import Record, RunInfo
from greentrack.quantity import JOULES_PER_KWH, Figure, product

WAYS = ("carbon", "money")
CLOUDS = ("aws", "azure", "gcp")


class Region(NamedTuple):
    """The cost of the run in a zone. *money* is None where no price is known there.

    Regions whose ranges overlap share the *rank* of the first of them; it is None where the region is not ranked.
    *like_here* is True where it overlaps the run's own zone. *times_here* is the carbon, or the money, there / here.
    """

    zone: str
    name: str
    intensity: Intensity
    g: Figure
    money: Money | None
    price: Figure | None
    sure_of_price: bool
    rank: int | None = None
    times_here: float = 1.0
    like_here: bool = False


class RegionRanking(NamedTuple):
    """The regions of a run ranked *by* carbon or money, the best first. *here* is its own, which is not in *ranked*.

    *joules* include the PUE where one is given. *unranked* regions have no money that can be compared. *parts* is the
    number of parts of the multi-part run.
    """

    run: RunInfo
    joules: Figure
    by: str
    here: Region
    ranked: tuple[Region, ...]
    unranked: tuple[Region, ...]
    pue: Figure
    options: ParsedOptions
    parts: int


def where(
    run: str | Record,
    *,
    db: str | None = None,
    among: Sequence[str] = (),
    cloud: str | None = None,
    by: str = "carbon",
    today: datetime.date | None = None,
    **options: Unpack[CostingOptions],
) -> RegionRanking:
    """Cost the joules of *run* in every country and state, or *among* some zones, or in all regions of a *cloud*.

    *run* and *options* are those of ``summarize``. Raises NotFoundError for an unknown run, ZoneError for an unknown
    zone, ConfigError for an invalid option and for a run without energy.
    """
    if by not in WAYS:
        raise ConfigError(f"places cannot be ranked by {by!r}{did_you_mean(by, WAYS)}; known: {', '.join(WAYS)}")
    session = CostingSession.open(db, today=today, **options)
    asked = session.options
    if by == "money" and asked.rent is not None:
        raise ConfigError("a rent is the same wherever the run is, so places cannot be ranked by money")
    places = _intensities(among, cloud)
    with session.replaced(asked._replace(hourly=None)) as yearly:
        found = yearly.find(run)
        summary = yearly.cost(found.record, found.readings)
    joules = summary.facility_joules or summary.joules
    if joules is None:
        raise ConfigError(f"{found.name} has no energy that could be placed elsewhere; greentrack doctor says why")
    today = today or datetime.datetime.now(datetime.UTC).date()
    here = _here(summary, joules, asked, today)
    if by == "money" and here.money is None:
        raise ConfigError(f"no price of electricity is known in {here.zone}, to rank others beside; give it: --tariff")
    others = [_place(one, name, joules, asked, today) for one, name in places if one.zone != here.zone]
    comparable = [one for one in others if _comparable(one, here, by)]
    ranked = _ranked(sorted(comparable, key=lambda one: (_figure(one, by).value, one.zone)), here, by)
    return RegionRanking(
        run=summary.run,
        joules=joules,
        by=by,
        here=here,
        ranked=ranked,
        unranked=tuple(one for one in others if not _comparable(one, here, by)),
        pue=summary.pue,
        options=asked,
        parts=found.parts,
    )


_tariff = cache(household_tariff)  # each country's is read once


def _intensities(among: Sequence[str], cloud: str | None) -> list[tuple[Intensity, str]]:
    """Return the zones that were asked for, each once, with their names."""
    if among and cloud is not None:
        raise ConfigError("give zones, or a cloud whose regions are meant, not both")
    if cloud is not None and cloud not in CLOUDS:
        raise ConfigError(f"unknown cloud {cloud!r}{did_you_mean(cloud, CLOUDS)}; known: {', '.join(CLOUDS)}")
    kind = "source of grid intensity"  # each is made once, since it reads its files when first asked
    sources: list[Source] = [registry.load(registry.INTENSITIES, name, kind)() for name in registry.INTENSITIES]
    known = zones(sources)
    if among:
        wanted: list[str] = [*among]
    elif cloud is not None:
        wanted = [zone for zone in known if zone.startswith(f"{cloud}:")]
    else:
        wanted = [zone for zone in known if ":" not in zone and zone != "WORLD"]
    found = {one.zone: one for one in (find_intensity(zone, sources=sources) for zone in wanted)}
    return [(one, known.get(zone, one.name)) for zone, one in found.items()]


def _here(summary: Summary, joules: Figure, options: ParsedOptions, today: datetime.date) -> Region:
    place = _place(summary.intensity, summary.intensity.name, joules, options, today)
    if options.tariff is None or summary.money is None:
        return place
    each = summary.money.amount.value / (joules.value / JOULES_PER_KWH) if joules.value > 0 else 0.0
    return place._replace(money=summary.money, price=Figure.exact(each), sure_of_price=True)


def _place(grid: Intensity, name: str, joules: Figure, options: ParsedOptions, today: datetime.date) -> Region:
    pays_rent = options.rent is not None or ":" in grid.zone  # as the customers of a cloud do
    tariff = None if pays_rent else _tariff(grid.zone.partition("-")[0])
    money = None
    if tariff is not None:
        money = electricity_cost(joules, tariff.price, tariff, f"{tariff.note}{age(tariff.until, today)}")
    return Region(
        zone=grid.zone,
        name=name,
        intensity=grid,
        g=product(joules / JOULES_PER_KWH, grid.figure),
        money=money,
        price=None if tariff is None else tariff.price,
        sure_of_price=tariff is not None and "uncertain" not in tariff.note,
    )


def _figure(place: Region, by: str) -> Figure:
    """Return what a region is ranked by: the energy's own error is the same everywhere, so it is left out."""
    return place.intensity.figure if by == "carbon" else place.price or Figure.exact(0.0)


def _comparable(place: Region, here: Region, by: str) -> bool:
    if by == "carbon":
        return True
    return place.money is not None and here.money is not None and place.money.currency == here.money.currency


def _ranked(places: Sequence[Region], origin: Region, by: str) -> tuple[Region, ...]:
    """Return *places* with their ranks; none where the boundary of the intensity differs from that of *origin*."""
    made: list[Region] = []
    rank, number, first = 0, 0, None
    here = _figure(origin, by)
    for place in places:
        figure = _figure(place, by)
        times = figure.value / here.value if here.value > 0 else 1.0
        if by == "carbon" and place.intensity.boundary != origin.intensity.boundary:
            made.append(place._replace(times_here=times))
            continue
        number += 1
        if first is None or figure.low > first.high:
            rank, first = number, figure
        like_here = figure.low <= here.high and here.low <= figure.high
        made.append(place._replace(rank=rank, times_here=times, like_here=like_here))
    return tuple(made)
