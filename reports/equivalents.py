"""Energy and carbon in terms a household knows: energy from energy, carbon from carbon, each with its source."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from greentrack.reports.figures import Figure

MOST = 3
LEAST_N, MOST_N = 0.1, 1000.0
_EUROPE = frozenset(  # the European Union, Iceland and Norway: the cars of the EEA's figure
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LT", "LU"}
    | {"LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"}
)


class Constant(NamedTuple):
    """What one of something costs: *each* kWh of energy or grams of carbon. Of one *family* only one is shown."""

    text: str
    each: float
    unit: str
    family: str
    source: str
    year: int
    where: frozenset[str] | None = None


class Equivalent(NamedTuple):
    """*n* of *what*, at most two significant figures, and its range; *constant* is what one costs, in *unit*."""

    text: str
    what: str
    n: float
    low: float
    high: float
    constant: float
    unit: str
    source: str
    year: int


CONSTANTS = (  # the better known come first; of a family, the one that belongs to the place
    Constant(
        text="litres of water boiled in a kettle",
        each=0.11,
        unit="kWh",
        family="kettle",
        source="physics: 80 K x 4.19 kJ per kg, a kettle of 85 % efficiency",
        year=2026,
    ),
    Constant(
        text="smartphone charges",
        each=0.019,
        unit="kWh",
        family="phone",
        source="US EPA, greenhouse gas equivalencies calculator",
        year=2026,
    ),
    Constant(
        text="days of a UK home's electricity",
        each=2500 / 365,
        unit="kWh",
        family="home",
        source="Ofgem, typical domestic consumption (2,500 kWh a year, from July 2026)",
        year=2026,
        where=frozenset({"GB"}),
    ),
    Constant(
        text="days of a US home's electricity",
        each=10260 / 365,
        unit="kWh",
        family="home",
        source="US EIA, FAQ 97 (10,260 kWh a year)",
        year=2023,
    ),
    Constant(
        text="hours of video streaming",
        each=0.077,
        unit="kWh",
        family="streaming",
        source="IEA, revised; mostly the viewer's own screen, and old",
        year=2019,
    ),
    Constant(
        text="hours of a 10 W lamp",
        each=0.010,
        unit="kWh",
        family="lamp",
        source="by definition",
        year=2026,
    ),
    Constant(
        text="minutes of a 10 W lamp",
        each=0.010 / 60,
        unit="kWh",
        family="lamp",
        source="by definition",
        year=2026,
    ),
    Constant(
        text="seconds of a 10 W lamp",
        each=0.010 / 3600,
        unit="kWh",
        family="lamp",
        source="by definition",
        year=2026,
    ),
    Constant(
        text="km in a new EU car",
        each=106.8,
        unit="g CO2e",
        family="car",
        source="EEA, type approval of new cars, tailpipe only",
        year=2024,
        where=_EUROPE,
    ),
    Constant(
        text="km in an average US passenger car",
        each=244.0,
        unit="g CO2e",
        family="car",
        source="US EPA, calculator references (393 g a mile)",
        year=2026,
    ),
)


def equivalents(kwh: Figure, g: Figure, zone: str = "") -> tuple[Equivalent, ...]:
    """Return at most three equivalents with 0.1 <= n <= 1000, one of them of the carbon where one fits.

    Those with n between 1 and 100 come first, then the better known. *zone* picks the home and the car of the place.

    >>> [e.text for e in equivalents(Figure(value=1.1, low=1.1, high=1.1), Figure(value=488, low=488, high=488))]
    ['10 litres of water boiled in a kettle', '58 smartphone charges', '2 km in an average US passenger car']
    """
    country = zone.partition("-")[0]
    here = [constant for constant in CONSTANTS if constant.where is None or country in constant.where]
    energy = list(_one_a_family(_fitting(here, kwh, "kWh")))
    carbon = list(_one_a_family(_fitting(here, g, "g CO2e")))[:1]
    return tuple(energy[: MOST - len(carbon)] + carbon)


def _fitting(constants: Iterable[Constant], amount: Figure, unit: str) -> list[tuple[str, Equivalent]]:
    made = [(constant.family, _equivalent(constant, amount)) for constant in constants if constant.unit == unit]
    fitting = [(family, equivalent) for family, equivalent in made if LEAST_N <= equivalent.n <= MOST_N]
    return sorted(fitting, key=lambda pair: not 1 <= pair[1].n <= 100)  # stable: the better known stay in front


def _one_a_family(pairs: Iterable[tuple[str, Equivalent]]) -> Iterator[Equivalent]:
    seen = set()
    for family, equivalent in pairs:
        if family not in seen:
            seen.add(family)
            yield equivalent


def _equivalent(constant: Constant, amount: Figure) -> Equivalent:
    n, low, high = (_two_digits(part / constant.each) for part in (amount.value, amount.low, amount.high))
    spread = "" if low == high else f" ({low:g}–{high:g})"
    return Equivalent(
        text=f"{n:g} {constant.text}{spread}",
        what=constant.text,
        n=n,
        low=low,
        high=high,
        constant=constant.each,
        unit=constant.unit,
        source=constant.source,
        year=constant.year,
    )


def _two_digits(number: float) -> float:
    return float(f"{number:.1e}")
