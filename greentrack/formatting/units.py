"""Writes figures with the unit that fits, few digits and their range in the same unit; also times."""

import datetime
import math
from collections.abc import Sequence

from greentrack.quantity import JOULES_PER_KWH, Figure

_WH = JOULES_PER_KWH / 1000
_ENERGY = ((_WH / 1000, "mWh"), (_WH, "Wh"), (_WH * 1e3, "kWh"), (_WH * 1e6, "MWh"))
_JOULES = ((1.0, "J"), (1e6, "MJ"), (1e9, "GJ"))
_MASS = ((0.001, "mg CO2e"), (1.0, "g CO2e"), (1e3, "kg CO2e"), (1e6, "t CO2e"))
_TIMES = ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))
_WATER = ((0.001, "ml"), (1.0, "l"), (1e3, "m³"))


def energy(joules: float) -> str:
    """Return joules as watt-hours.

    >>> energy(12_276.0), energy(1_296_000.0), energy(1.8)
    ('3.41 Wh', '360 Wh', '0.5 mWh')
    """
    size, unit = _fit(joules, _ENERGY)
    return f"{digits(joules / size)} {unit}"


def energy_range(joules: Figure) -> str:
    """Return joules and their range.

    >>> energy_range(Figure(value=12_276.0, low=10_440.0, high=14_760.0))
    '3.41 Wh (2.9–4.1)'
    """
    return _ranged(joules, _ENERGY)


def mass(g: float) -> str:
    """Return grams of CO2e, with the two digits that they are good for.

    >>> mass(1.56), mass(25_400.0)
    ('1.6 g CO2e', '25 kg CO2e')
    """
    size, unit = _fit(g, _MASS)
    return f"{digits(g / size, 2)} {unit}"


def mass_range(g: Figure) -> str:
    """Return grams of CO2e and their range.

    >>> mass_range(Figure(value=1.56, low=1.3, high=1.9))
    '1.56 g CO2e (1.3–1.9)'
    """
    return _ranged(g, _MASS)


def money(amount: float, currency: str) -> str:
    """Return an amount of money, to the cent where that says enough.

    >>> money(0.6, "EUR"), money(0.00091, "USD"), money(1234.5, "EUR")
    ('0.60 EUR', '0.00091 USD', '1,234 EUR')
    """
    return f"{_amount(amount, amount)} {currency}"


def money_range(amount: Figure, currency: str) -> str:
    """Return an amount of money and its range.

    >>> money_range(Figure(value=0.6, low=0.51, high=0.69), "EUR")
    '0.60 EUR (0.51–0.69)'
    """
    low, high = (_amount(part, amount.value) for part in (amount.low, amount.high))
    return money(amount.value, currency) + ("" if low == high else f" ({low}–{high})")


def joules_each(joules: Figure) -> str:
    """Return the joules of one unit of work and their range.

    >>> joules_each(Figure(value=6.432, low=5.7, high=7.71)), joules_each(Figure(value=2e6, low=1.9e6, high=2.2e6))
    ('6.43 J (5.7–7.7)', '2 MJ (1.9–2.2)')
    """
    size, unit = _fit(joules.value, _JOULES)
    return f"{digits(joules.value / size)} {unit} ({digits(joules.low / size, 2)}–{digits(joules.high / size, 2)})"


def work_done(number: float) -> str:
    """Return how many units of work were done.

    >>> work_done(1_000_000.0), work_done(1234.5)
    ('1,000,000', '1234.5')
    """
    return f"{number:,.0f}" if number == round(number) else digits(number, 6)


def litres_range(litres: Figure) -> str:
    """Return an amount of water and its range.

    >>> litres_range(Figure(value=3.91, low=1.955, high=7.82))
    '3.91 l (2–7.8)'
    """
    return _ranged(litres, _WATER)


def energy_low_to_high(joules: Figure) -> str:
    """Return only the range of some joules, with its unit.

    >>> energy_low_to_high(Figure(value=12_276.0, low=10_440.0, high=14_760.0))
    '2.9–4.1 Wh'
    """
    size, unit = _fit(joules.value, _ENERGY)
    return f"{_low_to_high(joules, size)} {unit}"


def in_unit(figure: Figure, unit: str) -> tuple[str, str, str]:
    """Return value, low and high in *unit*, for machines: the digits that people are shown; only the point moves.

    >>> in_unit(Figure(value=12_276.0, low=10_440.0, high=14_760.0), "MWh")
    ('0.00000341', '0.0000029', '0.0000041')
    """
    units = next(units for units in (_ENERGY, _MASS, _WATER) if any(unit == name for _, name in units))
    size, _ = _fit(figure.value, units)
    moved = round(math.log10(size / next(size for size, name in units if unit == name)))
    value, low, high = (_moved(text, moved) for text in (digits(figure.value / size), *_ends(figure, size)))
    return value, low, high


def money_in_digits(amount: Figure) -> tuple[str, str, str]:
    """Return value, low and high of an amount of money, for machines: as ``money_range``, without its commas.

    >>> money_in_digits(Figure(value=1234.5, low=1000, high=1500))
    ('1234', '1000', '1500')
    """
    value, low, high = (
        _amount(part, amount.value).replace(",", "") for part in (amount.value, amount.low, amount.high)
    )
    return value, low, high


def figure_dict(figure: Figure | None) -> dict[str, float] | None:
    """Return a figure as what JSON can hold, None where it is not known.

    >>> figure_dict(Figure(value=3.0, low=2.0, high=4.0))
    {'value': 3.0, 'low': 2.0, 'high': 4.0}
    """
    return None if figure is None else figure.to_dict()


def duration(seconds: float) -> str:
    """Return a length of time.

    >>> [duration(s) for s in (0.042, 5.25, 72, 11_045, 200_000)]
    ['42 ms', '5.2 s', '1 min 12 s', '3 h 4 min', '2 d 7 h']
    """
    if seconds < 0.9995:
        return f"{digits(seconds * 1000)} ms"
    if seconds < 59.5:
        return f"{digits(seconds, 2)} s"
    whole = round(seconds)
    size, unit, part, smaller = next(units for units in _TIMES if whole >= units[0])
    rest = whole % size // part
    return f"{whole // size} {unit} {rest} {smaller}" if rest else f"{whole // size} {unit}"


def duration_range(seconds: Figure) -> str:
    """Return a length of time and its range.

    >>> duration_range(Figure(value=72, low=66, high=90)), duration_range(Figure(value=5.2, low=5.2, high=5.2))
    ('1 min 12 s (1 min 6 s to 1 min 30 s)', '5.2 s')
    """
    text, low, high = map(duration, seconds)
    return text if low == high else f"{text} ({low} to {high})"


def iso(at: float) -> str:
    """Return a Unix time as ISO 8601 in UTC, to the millisecond.

    >>> iso(1_790_000_000.25)
    '2026-09-21T14:13:20.250+00:00'
    """
    return datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="milliseconds")


def moment(at: float) -> str:
    """Return a Unix time in UTC, to the minute.

    >>> moment(1_790_000_000.25)
    '2026-09-21 14:13 UTC'
    """
    return f"{datetime.datetime.fromtimestamp(at, datetime.UTC):%Y-%m-%d %H:%M} UTC"


def clock_time(at: float) -> str:
    """Return a Unix time in local time with its offset, to the minute: ``2026-11-22 14:30+01:00``."""
    return datetime.datetime.fromtimestamp(at).astimezone().isoformat(" ", "minutes")


def counted(number: int, what: str) -> str:
    """Return a number and its noun.

    >>> counted(1, "run"), counted(1200, "run")
    ('1 run', '1,200 runs')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def percent(share: float) -> str:
    """Return a share; only what is everything is 100 %, only what is nothing is 0 %.

    >>> percent(0.9999), percent(0.5), percent(0.0001), percent(0.0)
    ('> 99 %', '50 %', '< 1 %', '0 %')
    """
    if 0 < share < 0.005:
        return "< 1 %"
    if 0.995 <= share < 1:
        return "> 99 %"
    return f"{share:.0%}".replace("%", " %")


def digits(number: float, significant: int = 3) -> str:
    """Return *number* with so many significant digits, without an exponent and without trailing zeros.

    >>> digits(0.012345), digits(1234567.0), digits(2.50), digits(0.0), digits(999.9), digits(0.0000123)
    ('0.0123', '1,230,000', '2.5', '0', '1,000', '0.0000123')
    """
    text = f"{number:.{significant}g}"
    if "e" not in text:  # nearly always, and lists have ten thousands of figures
        return text
    places = significant - 1 - math.floor(math.log10(abs(number)))
    if places <= 0:
        return f"{round(number, places):,.0f}"
    return f"{round(number, places):,.{places}f}".rstrip("0").rstrip(".")


def _amount(amount: float, like: float) -> str:
    """Return *amount* with the places that suit an amount *like* it."""
    if like < 0.095:
        return digits(amount, 2)
    return f"{amount:,.2f}" if like < 100 else f"{amount:,.0f}"


def _fit(amount: float, units: Sequence[tuple[float, str]]) -> tuple[float, str]:
    for pair in reversed(units):
        if amount >= pair[0] * 0.9995:
            return pair
    return units[0]


def _ranged(figure: Figure, units: Sequence[tuple[float, str]]) -> str:
    size, unit = _fit(figure.value, units)
    text = f"{digits(figure.value / size)} {unit}"
    return text if figure.low == figure.high else f"{text} ({_low_to_high(figure, size)})"


def _low_to_high(figure: Figure, size: float) -> str:
    low, high = _ends(figure, size)
    return low if low == high else f"{low}–{high}"


def _ends(figure: Figure, size: float) -> tuple[str, str]:
    narrow = figure.high - figure.low < 0.15 * figure.value
    return digits(figure.low / size, 3 if narrow else 2), digits(figure.high / size, 3 if narrow else 2)


def _moved(number: str, places: int) -> str:
    """Return *number* with its point so many *places* to the right, and nothing rounded."""
    from decimal import Decimal  # few reports need it, and it takes 2 ms

    text = f"{Decimal(number.replace(',', '')).scaleb(places):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
