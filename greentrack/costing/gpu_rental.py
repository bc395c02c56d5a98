"""GPU rental: the user's own price of a GPU-hour, or a dated table's by GPU and kind of provider."""

import datetime
from collections.abc import Sequence
from typing import NamedTuple

from greentrack.costing.caveats import Caveat
from greentrack.costing.tariffs import UNCHECKED_RANGE, Money, parse_price, this_year
from greentrack.data.tables import age, fits, rows
from greentrack.errors import ConfigError, did_you_mean
from greentrack.formatting.units import digits
from greentrack.quantity import Figure

TIERS = ("hyperscaler", "specialist", "marketplace")
"""The kinds of provider in the table."""


class Rent(NamedTuple):
    """The price of a GPU-hour: *price* in *currency*, or the table's at *tier*, for *gpu* ("" is the run's)."""

    price: float | None = None
    currency: str = ""
    tier: str = ""
    gpu: str = ""


class Price(NamedTuple):
    """The price of an hour of one *gpu*; *tier* and *until* (its last month, ``2026-05``) are "" for the user's own."""

    price: Figure
    currency: str
    gpu: str
    tier: str
    is_checked: bool
    until: str
    source: str
    year: int


def parse_rent(text: str) -> Rent:
    """Read ``2.95 USD`` (an hour of any GPU), ``specialist`` (the run's own GPUs), or ``H100 specialist``.

    Raises ConfigError for a price without currency, and for a GPU or a kind of provider that is not in the table.

    >>> parse_rent("2.95 USD").price, parse_rent("h100 specialist").gpu
    (2.95, 'H100')
    """
    *words, last = text.split() or [""]
    if any(character.isdecimal() for character in last) or (words and words[0][:1] in "-.0123456789"):
        price, currency = parse_price(text, "rent", "GPU-hour")
        return Rent(price=price, currency=currency)
    tier = last.lower()
    if tier not in TIERS:
        hint = did_you_mean(tier, TIERS)
        raise ConfigError(
            f"rent {text!r} is neither a price (2.95 USD) nor a kind of provider{hint}: {', '.join(TIERS)}"
        )
    gpu = " ".join(words)
    if not gpu:
        return Rent(tier=tier)
    known = [price.gpu for price in prices() if price.tier == tier]
    match = next((name for name in known if name.casefold() == gpu.casefold()), None)
    if match is None:
        hint = did_you_mean(gpu, known)
        raise ConfigError(f"rent {text!r}: no price of a {tier} is known for {gpu}{hint}; known: {', '.join(known)}")
    return Rent(tier=tier, gpu=match)


def prices() -> list[Price]:
    """Return the table of prices; the range of a price without a primary source is 30 % wider at either end."""
    made = []
    for row in rows("gpu_rents.csv"):
        low, high, is_checked = float(row["low"]), float(row["high"]), row["certainty"] == "checked"
        off = 0.0 if is_checked else UNCHECKED_RANGE
        made.append(
            Price(
                price=Figure(value=(low + high) / 2, low=low * (1 - off), high=high * (1 + off)),
                currency=row["currency"],
                gpu=row["gpu"],
                tier=row["tier"],
                is_checked=is_checked,
                until=row["until"],
                source=row["source"],
                year=int(row["until"][:4]),
            )
        )
    return made


def find_prices(rent: Rent, gpus: Sequence[str]) -> list[Price] | Caveat:
    """Return the price of each of *gpus* (by the driver's names), or the caveat where one is unknown."""
    if not gpus:
        return Caveat("rent without gpu")
    if rent.price is not None:
        price = Figure.exact(rent.price)
        return [Price(price, rent.currency, "any GPU", "", True, "", "given by the user", this_year())] * len(gpus)
    table = [price for price in prices() if price.tier == rent.tier]
    found = []
    for name in gpus:
        row = next((price for price in table if fits(price.gpu, rent.gpu or name)), None)
        if row is None:
            return Caveat("rent unknown", (rent.tier, name, tuple(price.gpu for price in table)))
        found.append(row)
    return found


def rental_cost(found: Sequence[Price], seconds: float, today: datetime.date) -> Money:
    """Return the money for *seconds* of GPUs at these prices."""
    hours = seconds / 3600
    each = {price.gpu: price for price in found}
    at = " and ".join(
        f"{digits(price.price.value, 4)} {price.currency}/GPU-hour" + (f" ({gpu}, {price.tier})" if price.tier else "")
        for gpu, price in each.items()
    )
    oldest = min(price.until for price in found)
    return Money(
        amount=Figure.total(price.price for price in found) * hours,
        currency=found[0].currency,
        basis="renter",
        source="; ".join(dict.fromkeys(price.source for price in found)),
        year=min(price.year for price in found),
        note=f"{len(found)} GPU{'s' if len(found) > 1 else ''} at {at}"
        + ("" if all(price.is_checked for price in found) else ", uncertain")
        + age(oldest, today),
    )
