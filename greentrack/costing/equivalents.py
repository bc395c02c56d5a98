"""Equivalents of energy and carbon from everyday life, each with its source."""

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from greentrack.data.tables import rows
from greentrack.quantity import Figure, product

MAX_SHOWN = 3
MIN_N, MAX_N = 0.1, 1000.0
_EU = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU"}
    | {"LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"}
)


class Constant(NamedTuple):
    """The energy or carbon of one of something, with its range, in *unit*.

    Only one of a *family* is shown. *where* are the countries that it is of; none for a constant of all countries.
    *about* is True for a figure that was not checked at its source, or that is rough by nature.
    """

    text: str
    figure: Figure
    unit: str
    family: str
    where: frozenset[str]
    about: bool
    source: str
    year: int

    def number_in(self, amount: Figure) -> Figure:
        """Return how many of it *amount* is, with the ranges of both."""
        each, low, high = self.figure
        return product(amount, Figure(value=1 / each, low=1 / high, high=1 / low))


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


@cache
def constants() -> tuple[Constant, ...]:
    """Return all constants, the better known first."""
    return tuple(map(_constant, rows("equivalents.csv")))


def constant(text: str) -> Constant:
    """Return the constant of that text."""
    return next(known for known in constants() if known.text == text)


def one_of(text: str) -> str:
    """Return the name of one of *text*, whose first word in the plural is what is counted.

    >>> one_of("smartphone charges"), one_of("days of a UK home's electricity"), one_of("km in a new EU car")
    ('smartphone charge', "day of a UK home's electricity", 'km in a new EU car')
    """
    return re.sub(r"(?<=[a-z])s(?= |$)", "", text, count=1)


def equivalents(kwh: Figure, g: Figure, zone: str = "") -> tuple[Equivalent, ...]:
    """Return at most three equivalents with 0.1 <= n <= 1000, one of them of the carbon where one fits.

    Those with n between 1 and 100 come first, then the better known. *zone* picks the home and the car of the place.

    >>> [e.text for e in equivalents(Figure(value=1.1, low=1.1, high=1.1), Figure(value=488, low=488, high=488))]
    ['10 litres of water boiled in a kettle', '58 smartphone charges', '2 km in an average US passenger car']
    """
    here = _of_place(zone.partition("-")[0])
    energy, carbon = _fitting(here, kwh, "kWh"), _fitting(here, g, "g CO2e")[:1]
    return tuple(energy[: MAX_SHOWN - len(carbon)] + carbon)


def _constant(row: dict[str, str]) -> Constant:
    amounts = (float(row[key] or row["amount"]) / float(row["per"]) for key in ("amount", "low", "high"))
    named = row["where"].split()
    return Constant(
        text=row["text"],
        figure=Figure(*amounts),
        unit=row["unit"],
        family=row["family"],
        where=frozenset(named) | (_EU if "EU" in named else frozenset()),
        about=bool(row["about"]),
        source=row["source"],
        year=int(row["year"]),
    )


def _of_place(country: str) -> list[Constant]:
    """Return the constants of *country*; where it has its own of a family, nobody else's of it."""
    own = {known.family for known in constants() if country in known.where}
    return [known for known in constants() if country in known.where or (not known.where and known.family not in own)]


def _fitting(known: Iterable[Constant], amount: Figure, unit: str) -> list[Equivalent]:
    """Return the equivalents of *amount*, one of each family."""
    made = [(constant.family, _equivalent(constant, amount)) for constant in known if constant.unit == unit]
    fitting = [(family, equivalent) for family, equivalent in made if MIN_N <= equivalent.n <= MAX_N]
    chosen: dict[str, Equivalent] = {}
    for family, equivalent in sorted(fitting, key=lambda pair: not 1 <= pair[1].n <= 100):  # the better known in front
        chosen.setdefault(family, equivalent)
    return list(chosen.values())


def _equivalent(constant: Constant, amount: Figure) -> Equivalent:
    n, low, high = (_two_digits(part) for part in constant.number_in(amount))
    each, least, most = constant.figure
    spread = "" if low == high else f" ({low:g}–{high:g})"
    ends = "" if least == most else f"; {least:.3g} to {most:.3g} {constant.unit}"
    return Equivalent(
        text=f"{'about ' if constant.about else ''}{n:g} {one_of(constant.text) if n == 1 else constant.text}{spread}",
        what=constant.text,
        n=n,
        low=low,
        high=high,
        constant=each,
        unit=constant.unit,
        source=constant.source + ends,
        year=constant.year,
    )


def _two_digits(number: float) -> float:
    return float(f"{number:.1e}")
