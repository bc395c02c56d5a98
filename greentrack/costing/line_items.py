"""Line items of a run beside its energy and carbon: money, the carbon of making its hardware, water."""

import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from greentrack.costing.assumptions import Assumption, Ends, Spread, spread_of
from greentrack.costing.caveats import Caveat
from greentrack.costing.pue import Pue
from greentrack.costing.tariffs import Money, Tariff, electricity_cost, household_tariff, price_of
from greentrack.data.tables import age
from greentrack.model import Reading, Record
from greentrack.quantity import Figure

if TYPE_CHECKING:
    from greentrack.costing.gpu_rental import Rent

JUDGEMENT = "judgement"


class LineItem(NamedTuple):
    """One figure (None where it is not known), what it rests on, and its caveats."""

    figure: Figure | None = None
    money: Money | None = None
    rests_on: tuple[Assumption, ...] = ()
    caveats: tuple[Caveat, ...] = ()


def overhead(pue: Pue) -> Iterator[Assumption]:
    """Yield what the energy of the data centre rests on."""
    yield Assumption("pue", pue.figure.value, pue.source, pue.year)
    if pue.figure.low < pue.figure.high:
        yield Assumption("pue range", spread_of(pue.figure), JUDGEMENT, 2026)


def electricity(
    record: Record,
    facility: Figure | None,
    given: Tariff | None,
    *,
    zone: str,
    readings: Mapping[str, Sequence[Reading]] | None,
    today: datetime.date,
) -> LineItem:
    """Charge an owner for the joules of the *facility*, at the tariff *given* or that of the *zone*'s households."""
    tariff = given or household_tariff(zone)
    if tariff is None or facility is None:
        return LineItem()
    price, about = tariff.price, tariff.note
    if tariff.hours:
        from greentrack.costing.time_of_use import shares_by_hour

        shares, about = shares_by_hour(record.run, record.devices, readings)
        price = price_of(tariff, shares)
    rests_on = [Assumption("electricity price", price.value, tariff.source, tariff.year, (tariff.currency, about))]
    if tariff.hours:
        ends = Ends(min(tariff.hours), max(tariff.hours))
        rests_on.append(Assumption("electricity price by hour", ends, tariff.source, tariff.year))
    if given is None:
        why = "contracts differ, and firms pay other prices than households; judgement"
        rests_on.append(Assumption("electricity price range", spread_of(price), why, 2026))
    money = electricity_cost(facility, price, tariff, f"{about}{age(tariff.until, today)}")
    caveats = (Caveat("cloud tariff", (zone,)),) if given is None and ":" in zone else ()
    return LineItem(money=money, rests_on=tuple(rests_on), caveats=caveats)


def gpu_hours(record: Record, rent: "Rent", *, today: datetime.date) -> LineItem:
    """Charge a renter for the time of the run's GPUs, whether they worked or not."""
    from greentrack.costing.gpu_rental import find_prices, rental_cost

    found = find_prices(rent, [use.device.name for use in record.devices if use.device.kind == "gpu"])
    if not isinstance(found, list):
        return LineItem(caveats=(found,))
    rests_on: list[Assumption] = []
    for price in dict.fromkeys(found):
        about = (price.gpu, price.currency, price.tier, "" if price.is_checked else "uncertain")
        rests_on.append(Assumption("gpu rent", price.price.value, price.source, price.year, about))
        if price.price.low < price.price.high:
            spread = spread_of(price.price)
            rests_on.append(Assumption("gpu rent range", spread, price.source, price.year, (price.gpu,)))
    return LineItem(money=rental_cost(found, record.run.seconds, today), rests_on=tuple(rests_on))


def embodied(record: Record, share: float) -> LineItem:
    """Charge the carbon of making the hardware for the run's time; *share* is the run's part of its joules."""
    from greentrack.costing import datacenter

    parts, unknown = datacenter.parts_of(record.run, record.devices)
    caveats = (unknown,) if unknown else ()
    if not parts:
        return LineItem(caveats=caveats)
    rests_on = [Assumption("embodied carbon", one.kg, one.source, one.year, (one.text,)) for one in parts]
    rests_on += [
        Assumption("hardware life", datacenter.LIFE_YEARS, JUDGEMENT, 2026),
        Assumption("hardware use", datacenter.IN_USE, JUDGEMENT, 2026),
        Assumption("embodied carbon range", Spread(*datacenter.EMBODIED_RANGE), JUDGEMENT, 2026),
    ]
    grams = datacenter.embodied(parts, record.run.seconds) * share
    return LineItem(figure=grams, rests_on=tuple(rests_on), caveats=caveats)


def water(joules: Figure | None, *, zone: str, pue: Pue) -> LineItem:
    """Charge the water that the site and the power stations of *zone* evaporate for these *joules*."""
    from greentrack.carbon.regions import country
    from greentrack.costing import datacenter

    if joules is None:
        return LineItem()
    places = datacenter.water_of(zone, country(zone))
    rests_on = [Assumption("water", one.per_kwh, one.source, one.year, (one.text,)) for one in places]
    rests_on.append(Assumption("water range", Spread(*datacenter.WATER_RANGE), JUDGEMENT, 2026))
    return LineItem(figure=datacenter.water(joules, pue.figure, *places), rests_on=tuple(rests_on))
