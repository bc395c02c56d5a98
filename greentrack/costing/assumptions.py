"""The assumptions of a summary: typed values with source and year; the reports word them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from greentrack.carbon import Intensity
from greentrack.costing.equivalents import Equivalent
from greentrack.costing.system_overhead import Chassis
from greentrack.methods import METHODS
from greentrack.model import DeviceUse
from greentrack.quantity import Figure

Quantity = Literal[
    "method range",  # of (method, what it is)
    "tdp_watts",  # of (device,), like the next four
    "idle_watts",
    "max_watts",
    "watts_per_gb",
    "idle power seen",
    "chassis base",
    "chassis efficiency",
    "chassis range",  # of (method, what it is)
    "calibrated chassis range",  # of (method, what it is)
    "grid intensity",  # of (zone, its name, boundary, how the zone was chosen)
    "grid intensity range",
    "grid intensity of other hours",  # of (zone, boundary)
    "pue",
    "pue range",
    "electricity price",  # of (currency, what is said of the price)
    "electricity price by hour",
    "electricity price range",
    "gpu rent",  # of (gpu, currency, kind of provider, "uncertain")
    "gpu rent range",  # of (gpu,)
    "embodied carbon",  # of (what was made,)
    "hardware life",
    "hardware use",
    "embodied carbon range",
    "water",  # of (place,)
    "water range",
    "air conditioning",  # of (unit,)
    "equivalent",  # of (what, unit)
    "gpu rating",  # of (gpu, "uncertain")
    "gpu in use",
    "gpu idle",
    "host per gpu",
    "scaling range",
    "scaling start",
]
"""What an assumption can be about."""

_DETAILS: tuple[Quantity, ...] = ("tdp_watts", "idle_watts", "max_watts", "watts_per_gb")
"""What a modelled device says of itself."""


class Spread(NamedTuple):
    """A range as parts of a value: from value x (1 - below) to value x (1 + above)."""

    below: float
    above: float


class Ends(NamedTuple):
    """The least and the most of several values."""

    low: float
    high: float


class Assumption(NamedTuple):
    """A value that the figures rest on, and its source. *about* says what it is of; see ``Quantity``."""

    quantity: Quantity
    value: float | Spread | Ends | Figure
    source: str
    year: int
    about: tuple[str, ...] = ()


def of_equivalents(equivalents: Iterable[Equivalent]) -> Iterator[Assumption]:
    """Yield the assumptions of *equivalents*."""
    for one in equivalents:
        yield Assumption("equivalent", one.constant, one.source, one.year, (one.what, one.unit))


def spread_of(figure: Figure) -> Spread:
    """Return the range of *figure*, which is above 0, as parts of its value."""
    return Spread(1 - figure.low / figure.value, figure.high / figure.value - 1)


def of_methods(methods: Iterable[str], chassis: Chassis | None) -> Iterator[Assumption]:
    """Yield the ranges of *methods*; that of *chassis* is among its own assumptions."""
    for name in dict.fromkeys(methods):
        if chassis and name == chassis.method:
            continue
        method = METHODS[name]
        spread = Spread(method.below, method.above)
        yield Assumption("method range", spread, method.source, method.year, (name, method.text))


def of_device(use: DeviceUse) -> Iterator[Assumption]:
    """Yield what a modelled device says of itself."""
    details: Mapping[str, object] = use.device.details
    if use.energy.seconds <= 0:
        return
    for key in _DETAILS:
        if isinstance(value := details.get(key), int | float):
            source = str(details.get("source", "not stated"))
            year = int(use.device.details.get("year") or METHODS[use.method].year)
            yield Assumption(key, float(value), source, year, (use.device.uid,))


def of_chassis(chassis: Chassis) -> Iterator[Assumption]:
    """Yield what the system overhead of *chassis* rests on."""
    source, year = chassis.source, chassis.year
    if chassis.base_watts:  # most kinds have none
        yield Assumption("chassis base", chassis.base_watts, source, year)
    yield Assumption("chassis efficiency", chassis.efficiency, source, year)
    quantity: Quantity = "calibrated chassis range" if chassis.loads else "chassis range"
    yield Assumption(quantity, Spread(chassis.below, chassis.above), source, year, (chassis.method, chassis.text))


def of_grid(intensity: Intensity) -> Iterator[Assumption]:
    """Yield what the carbon rests on."""
    about = (intensity.zone, intensity.name, intensity.boundary, intensity.how)
    yield Assumption("grid intensity", intensity.g_per_kwh, intensity.source, intensity.year, about)
    yield Assumption(
        "grid intensity range",
        Spread(intensity.below, intensity.above),
        source="10 % for a yearly average by place and for hours that were forecast or estimated, 5 % for hours that "
        "came about, more where the source says so; judgement",
        year=2026,
    )
    if (other := intensity.yearly) is not None:
        of = (other.zone, other.boundary)
        yield Assumption("grid intensity of other hours", other.g_per_kwh, other.source, other.year, of)
