"""Budgets: limits of energy, carbon, money and time, and whether a run is over one of them."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from greentrack.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from greentrack.config import Settings
    from greentrack.costing.summary import Summary

EXAMPLES = "2 kWh, 500 g CO2e, 3 EUR, 1h30m"
"""One limit of each kind, for messages."""

_UNITS: Mapping[str, tuple[str, float]] = {
    "mJ": ("energy", 1e-3),
    "J": ("energy", 1.0),
    "kJ": ("energy", 1e3),
    "MJ": ("energy", 1e6),
    "GJ": ("energy", 1e9),
    "mWh": ("energy", 3.6),
    "Wh": ("energy", 3.6e3),
    "kWh": ("energy", 3.6e6),
    "MWh": ("energy", 3.6e9),
    "GWh": ("energy", 3.6e12),
    "g": ("carbon", 1.0),
    "kg": ("carbon", 1e3),
    "t": ("carbon", 1e6),
    "s": ("time", 1.0),
    "min": ("time", 60.0),
    "h": ("time", 3600.0),
    "d": ("time", 86400.0),
}
"""Kind and size of each unit, in joules, grams and seconds; case tells MWh from mWh."""

_NAMES: Mapping[str, str] = {
    **{unit: unit for unit in _UNITS},
    "sec": "s", "second": "s", "seconds": "s", "m": "min", "mins": "min", "minute": "min", "minutes": "min",
    "hour": "h", "hours": "h", "hr": "h", "hrs": "h", "day": "d", "days": "d", "joule": "J", "joules": "J",
    "gram": "g", "grams": "g", "ton": "t", "tons": "t", "tonne": "t", "tonnes": "t",
}  # fmt: skip

_SYMBOLS: Mapping[str, str] = {"€": "EUR", "$": "USD", "£": "GBP"}

_UNIT = r"(?:[^\W\d_]+|[€$£])"
_NUMBER = r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?"


class Limit(NamedTuple):
    """At most *amount* joules, grams, units of *currency* or seconds; *text* as given, *unit* as printed."""

    kind: str
    amount: float
    currency: str | None
    text: str
    unit: str


class BudgetUse(NamedTuple):
    """What was used, or is expected to be used; None is unknown and over no limit."""

    joules: float | None
    grams: float | None
    money: float | None
    currency: str | None
    seconds: float


def budget_of(given: str | Sequence[str] | None) -> tuple[Limit, ...]:
    """Return the limits in a text or a list of texts, several in a text separated by ";"; none for None and [].

    Raises ConfigError for a text that is not a limit, and for two limits of one kind.

    >>> [limit.kind for limit in budget_of(["2 kWh", "1h30m"])]
    ['energy', 'time']
    """
    if given is None:
        return ()
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, Sequence) or not all(isinstance(text, str) for text in texts):
        raise ConfigError(f"budget {given!r} is not a text or a list of texts; such as {EXAMPLES}")
    limits = tuple(parse(part.strip()) for text in texts for part in text.split(";"))
    for index, limit in enumerate(limits):
        for other in limits[:index]:
            if other.kind == limit.kind:
                raise ConfigError(
                    f"budget: {other.text!r} and {limit.text!r} both limit {limit.kind}; give one of them"
                )
    return limits


def limits_of(settings: "Settings") -> tuple[Limit, ...]:
    """Return the limits in *settings*. Raises ConfigError also for a limit of money without a price in its currency."""
    limits = budget_of(settings.budget)
    for limit in limits:
        if limit.kind == "money":
            _check_price(limit, settings)
    return limits


def parse(text: str) -> Limit:
    """Return one limit: "300 Wh", "5 MJ", "500 g", "0.1 t CO2e", "3 EUR", "$3", "90 min", "1h30m".

    Raises ConfigError for other texts, unknown units and currencies, and amounts that are not above zero.

    >>> parse("2 kWh").amount, parse("0.5 kg CO2e").amount, parse("1h30m").amount
    (7200000.0, 500.0, 5400.0)
    """
    words = text.strip()
    if re.search(r"[0-9],[0-9]", words):
        raise _refused(text, ": write the number without commas, with a point for decimals")
    if words.startswith("-") or re.match(r"[€$£]\s*-", words):
        raise _refused(text, " is below zero")
    words = re.sub(rf"([€$£])\s*({_NUMBER})", r"\2 \1", words, flags=re.IGNORECASE)
    plain = re.sub(r"\s*CO[2₂](?:e|eq)?$", "", words, flags=re.IGNORECASE)
    if re.fullmatch(rf"(?:{_NUMBER}\s*{_UNIT}\s*)+", plain, re.IGNORECASE) is None:
        raise _refused(text, " is not a number and a unit")
    pairs = re.findall(rf"({_NUMBER})\s*({_UNIT})", plain, re.IGNORECASE)
    limits = [_limit(text, float(number), unit) for number, unit in pairs]
    limit, amount = limits[-1], math.fsum(each.amount for each in limits)
    if plain != words and limit.kind != "carbon":
        raise _refused(text, ": CO2 is limited in g, kg or t")
    sizes = [_UNITS[each.unit][1] for each in limits if each.kind == "time"]
    if len(limits) > 1 and (len(sizes) < len(limits) or sizes != sorted(set(sizes), reverse=True)):
        raise _refused(text, " is not one limit; several are given as a list")
    if not 0 < amount < math.inf:
        raise _refused(text, " allows nothing" if amount == 0 else " is more than a number can hold")
    return limit._replace(amount=amount)


def spent_of(summary: "Summary") -> BudgetUse:
    """Return what a run has used by the totals of its *summary*."""
    money = summary.money
    joules = summary.joules if summary.facility_joules is None else summary.facility_joules
    return BudgetUse(
        joules=None if joules is None else joules.value,
        grams=None if summary.g is None else summary.g.value,
        money=None if money is None else money.amount.value,
        currency=None if money is None else money.currency,
        seconds=summary.run.seconds,
    )


def first_over(limits: Sequence[Limit], spent: BudgetUse) -> Limit | None:
    """Return the first limit that *spent* exceeds; equal is not over, nor is unknown.

    >>> over = first_over(budget_of(["2 kWh", "1 h"]), BudgetUse(7.3e6, None, None, None, 60.0))
    >>> over.text
    '2 kWh'
    """
    exceeded = (limit for limit in limits if (used := amount_of(limit, spent)) is not None and used > limit.amount)
    return next(exceeded, None)


def amount_of(limit: Limit, spent: BudgetUse) -> float | None:
    """Return how much was used of what *limit* limits, in the unit of its amount; None if unknown."""
    if limit.kind == "money":
        return spent.money if spent.currency == limit.currency else None
    return {"energy": spent.joules, "carbon": spent.grams, "time": spent.seconds}[limit.kind]


def describe(limit: Limit, spent: BudgetUse) -> str:
    """Return the used and the allowed amount in the limit's unit, with enough digits to see which is larger.

    >>> describe(parse("2 kWh"), BudgetUse(7.236e6, None, None, None, 60.0))
    '2.01 of 2 kWh'
    """
    from greentrack.formatting.units import digits

    size = 1.0 if limit.kind == "money" else _UNITS[limit.unit][1]
    allowed, used = limit.amount / size, amount_of(limit, spent)
    allowed_text, unit = digits(allowed, 6), f"{limit.unit} CO2e" if limit.kind == "carbon" else limit.unit
    if used is None:
        return f"an unknown part of {allowed_text} {unit}"
    texts = [digits(used / size, significant) for significant in range(3, 10)]
    faithful = (text for text in texts if (float(text.replace(",", "")) > allowed) == (used > limit.amount))
    return f"{next(faithful, texts[-1])} of {allowed_text} {unit}"


def _limit(text: str, number: float, unit: str) -> Limit:
    known = _known_unit(unit)
    if known is None:
        currency = _currency(text, unit)
        return Limit("money", number, currency, text, currency)
    kind, size = _UNITS[known]
    return Limit(kind, number * size, None, text, known)


def _known_unit(word: str) -> str | None:
    """Return the unit that *word* means, in any case that is not ambiguous; None if there is none."""
    if word in _NAMES:
        return _NAMES[word]
    units = {unit for name, unit in _NAMES.items() if len(name) > 1 and name.lower() == word.lower()}
    return units.pop() if len(units) == 1 else None


def _currency(text: str, word: str) -> str:
    from greentrack.costing.tariffs import CURRENCIES

    word = _SYMBOLS.get(word, word)
    if word in CURRENCIES:
        return word
    alike = [unit for unit in (*_UNITS, *CURRENCIES) if unit.lower() == word.lower()]
    near = f" (did you mean {' or '.join(alike)}?)" if alike else did_you_mean(word, [*_NAMES, *CURRENCIES])
    raise _refused(text, f": unknown unit {word!r}{near}")


def _check_price(limit: Limit, settings: "Settings") -> None:
    from greentrack.carbon import find_intensity
    from greentrack.costing.gpu_rental import prices
    from greentrack.costing.options import parse_options
    from greentrack.costing.tariffs import household_tariff

    options = parse_options(settings)
    if options.rent is not None:
        of_tier = (price.currency for price in prices() if price.tier == options.rent.tier)
        currency, where, remedy = options.rent.currency or next(of_tier, ""), "for the rent", "rent = '2.95"
    else:
        zone = find_intensity(settings.zone).zone
        tariff = options.tariff or household_tariff(zone)
        currency, where, remedy = tariff.currency if tariff else "", f"for zone {zone}", "tariff = '0.30"
    if currency != limit.currency:
        known = f" (but in {currency})" if currency else ""
        raise ConfigError(
            f"budget {limit.text!r}: no price in {limit.currency} is known {where}{known}; "
            f"give one: {remedy} {limit.currency}'"
        )


def _refused(text: str, why: str) -> ConfigError:
    return ConfigError(f"budget {text!r}{why}; such as {EXAMPLES}")
