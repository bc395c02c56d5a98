"""Unit costs of inference: joules and money for predictions and tokens, and how many a kWh pays for."""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from greentrack.costing.assumptions import Assumption
from greentrack.costing.equivalents import constant
from greentrack.costing.tariffs import Money
from greentrack.quantity import JOULES_PER_KWH, Figure, product

UNITS: Mapping[str, int] = {"predictions": 1, "requests": 1, "samples": 1, "tokens": 1000}
"""The units of work with unit costs, and for how many of each the joules are given."""

INFERENCE_UNITS = frozenset({"predictions", "requests", "tokens"})
"""A run that counts one of these has unit costs; samples alone are mostly a training's."""

MILLION = 1e6
AIR_CONDITIONING = "hours of room air conditioning"


class UnitCost(NamedTuple):
    """The cost of a unit of work. *joules* are for *per* units, *money* (in *currency*) is for a million.

    *per_kwh* and *per_air_hour* (an hour of room air conditioning) are how many units that energy pays for. With
    *has_overhead* energy and money include the data centre's overhead (PUE).
    """

    unit: str
    per: int
    joules: Figure
    per_kwh: Figure
    per_air_hour: Figure
    money: Figure | None
    currency: str
    has_overhead: bool


def assumptions(work: Mapping[str, float]) -> Iterator[Assumption]:
    """Yield the assumptions of the unit costs of *work*; nothing where it has none."""
    if INFERENCE_UNITS & work.keys():
        air = constant(AIR_CONDITIONING)
        yield Assumption("air conditioning", air.figure, air.source, air.year, (air.unit,))


def unit_costs(
    work: Mapping[str, float], joules: Figure | None, money: Money | None = None, *, has_overhead: bool = False
) -> tuple[UnitCost, ...]:
    """Return the unit costs of *work* with predictions, requests or tokens among its units; none without *joules*.

    *has_overhead* says that a PUE is in *joules* and *money*. The whole run counts, its start and waiting included.
    """
    if joules is None or joules.value <= 0 or not INFERENCE_UNITS & work.keys():
        return ()
    done = {unit: work[unit] for unit in UNITS if work.get(unit, 0.0) > 0}
    return tuple(_unit_cost(unit, total, joules, money, has_overhead=has_overhead) for unit, total in done.items())


def _unit_cost(unit: str, total: float, joules: Figure, money: Money | None, *, has_overhead: bool) -> UnitCost:
    per_kwh = Figure(
        value=total / joules.value * JOULES_PER_KWH,
        low=total / joules.high * JOULES_PER_KWH,
        high=total / joules.low * JOULES_PER_KWH if joules.low > 0 else math.inf,
    )
    return UnitCost(
        unit=unit,
        per=UNITS[unit],
        joules=joules / (total / UNITS[unit]),
        per_kwh=per_kwh,
        per_air_hour=product(per_kwh, constant(AIR_CONDITIONING).figure),
        money=money.amount / (total / MILLION) if money else None,
        currency=money.currency if money else "",
        has_overhead=has_overhead,
    )
