"""What is charged to a run beside its energy and carbon: money, the carbon of making its hardware, water.

Each part returns its figure (None where it is not known), what the figure rests on, and what is to be said of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from greentrack.costing.assumptions import range_text
from greentrack.costing.summary import Assumption
from greentrack.model import Reading, Record
from greentrack.quantity import Figure

if TYPE_CHECKING:
    import datetime

    from greentrack.costing.gpu_rental import Rent
    from greentrack.costing.pue import Pue
    from greentrack.costing.tariffs import Money, Tariff

JUDGEMENT = "judgement"

OVERHEAD = "data centre's overhead (PUE)"
"""What the assumption is called that has the PUE's source and year."""


class LineItem(NamedTuple):
    """One figure, what it rests on, and what is to be said of it."""

    figure: Figure | None = None
    money: Money | None = None
    rests_on: tuple[Assumption, ...] = ()
    notes: tuple[str, ...] = ()


def overhead(pue: Pue) -> Iterator[Assumption]:
    """Yield what the facility's energy rests on."""
    yield Assumption(OVERHEAD, pue.figure.value, pue.source, pue.year)
    if pue.figure.low < pue.figure.high:
        yield _range("range of the PUE", pue.figure, JUDGEMENT, 2026)


def electricity(
    record: Record,
    facility: Figure | None,
    given: Tariff | None,
    *,
    zone: str,
    readings: Mapping[str, Sequence[Reading]] | None,
    today: datetime.date,
) -> LineItem:
    """Charge an owner for the energy of the *facility*, at the tariff *given* or that of the *zone*'s households."""
    from greentrack.costing.tariffs import owned, price_of, tariff_of
    from greentrack.data.tables import age

    tariff = given or tariff_of(zone, None)
    if tariff is None or facility is None:
        return LineItem()
    price, about = tariff.price, tariff.note
    if tariff.hours:
        from greentrack.costing.time_of_use import shares_by_hour

        shares, about = shares_by_hour(record.run, record.devices, readings)
        price = price_of(tariff, shares)
    name = f"price of electricity{f' ({about})' if about else ''}, {tariff.currency}/kWh"
    rests_on = [Assumption(name, price.value, tariff.source, tariff.year)]
    if tariff.hours:
        edges = f"{min(tariff.hours):g} to {max(tariff.hours):g}"
        rests_on.append(Assumption("least and most by hour of the day", edges, tariff.source, tariff.year))
    notes = []
    if given is None:
        why = "contracts differ, and firms pay other prices than households; judgement"
        rests_on.append(_range("range of the price of electricity", price, why, 2026))
        if ":" in zone:
            notes.append(
                f"{zone} is a cloud's: its customers pay rent, not the household price that the money here is "
                "worked out from; give it: rent = '2.95 USD'"
            )
    money = owned(facility, price, tariff, f"{about}{age(tariff.until, today)}")
    return LineItem(money=money, rests_on=tuple(rests_on), notes=tuple(notes))


def gpu_hours(record: Record, rent: Rent, *, today: datetime.date) -> LineItem:
    """Charge a renter for the time of the run's GPUs, whether they worked or not."""
    from greentrack.costing.gpu_rental import find, rented

    found = find(rent, [use.device.name for use in record.devices if use.device.kind == "gpu"])
    if isinstance(found, str):
        return LineItem(notes=(found,))
    rests_on: list[Assumption] = []
    for price in dict.fromkeys(found):
        who = f" of a {price.tier}" if price.tier else ""
        doubt = "" if price.sure else ", uncertain"
        name = f"rent of {price.gpu}{who}{doubt}, {price.currency}/GPU-hour"
        rests_on.append(Assumption(name, price.price.value, price.source, price.year))
        if price.price.low < price.price.high:
            rests_on.append(_range(f"range of the rent of {price.gpu}", price.price, price.source, price.year))
    return LineItem(money=rented(found, record.run.seconds, today), rests_on=tuple(rests_on))


def making(record: Record, part: float) -> LineItem:
    """Charge the carbon of making the hardware for the run's time; *part* is the run's share of its joules."""
    from greentrack.costing import datacenter

    parts, missing = datacenter.parts_of(record.run, record.devices)
    notes = (f"embodied carbon: {missing}",) if missing else ()
    if not parts:
        return LineItem(notes=notes)
    below, above = datacenter.EMBODIED_DOUBT
    rests_on = [Assumption(f"making of {one.text}, kg CO2e", one.kg, one.source, one.year) for one in parts]
    rests_on += [
        Assumption("life of the hardware, years", datacenter.LIFE_YEARS, JUDGEMENT, 2026),
        Assumption("part of its life that the hardware is in use", datacenter.IN_USE, JUDGEMENT, 2026),
        Assumption("range of embodied carbon", range_text(below, above), JUDGEMENT, 2026),
    ]
    grams = datacenter.embodied(parts, record.run.seconds) * part
    return LineItem(figure=grams, rests_on=tuple(rests_on), notes=notes)


def evaporation(joules: Figure | None, *, zone: str, pue: Pue) -> LineItem:
    """Charge the water that the site and the power stations of *zone* evaporate for these *joules*."""
    from greentrack.carbon.regions import country
    from greentrack.costing import datacenter

    if joules is None:
        return LineItem()
    places = datacenter.water_of(zone, country(zone))
    below, above = datacenter.WATER_DOUBT
    rests_on = [Assumption(f"water at {one.text}, litres per kWh", one.per_kwh, one.source, one.year) for one in places]
    rests_on.append(Assumption("range of the water", range_text(below, above), JUDGEMENT, 2026))
    return LineItem(figure=datacenter.water(joules, pue.figure, *places), rests_on=tuple(rests_on))


def _range(name: str, figure: Figure, source: str, year: int) -> Assumption:
    text = range_text(1 - figure.low / figure.value, figure.high / figure.value - 1)
    return Assumption(name, text, source, year)
