"""Tariffs of electricity, by the hour of the day where they depend on it, and what energy costs at them."""

import datetime
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from greentrack.data.tables import rows
from greentrack.errors import ConfigError, did_you_mean
from greentrack.formatting.units import digits
from greentrack.quantity import JOULES_PER_KWH, Figure, product

_CODES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL "
    "HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD "
    "MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG "
    "QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD "
    "TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CURRENCIES = frozenset(_CODES.split())
"""The currencies of ISO 4217."""

_USUAL = ("EUR", "USD", "GBP", "CHF", "SEK", "JPY", "CNY", "INR")

HOUSEHOLD_RANGE = 0.15
"""How far a price may be from the average household's, each way: contracts and firms differ (judgement)."""

UNCHECKED_RANGE = 0.30
"""The same for prices without a primary source (judgement)."""


class Money(NamedTuple):
    """What a run costs. *basis* is ``owner`` (energy x tariff) or ``renter`` (GPU-hours x rent); *note* is the price.

    A renter's bill has the electricity in it, so the two are never added.
    """

    amount: Figure
    currency: str
    basis: str
    source: str
    year: int
    note: str


class Tariff(NamedTuple):
    """The price of a kWh. Where it depends on the hour, *hours* are the 24 prices and *price* is their plain mean.

    *until* is the last month (``2025-06``) that a table's price holds for; "" for the user's own.
    """

    price: Figure
    currency: str
    source: str
    year: int
    note: str = ""
    hours: tuple[float, ...] = ()
    until: str = ""


def household_tariff(zone: str | None) -> Tariff | None:
    """Return what households pay in the country of *zone*; None where unknown.

    *zone* is a country (``FR``), a part of one (``US-CA``), or a cloud region (``aws:eu-west-1``).
    """
    from greentrack.carbon.regions import country
    from greentrack.carbon.zones import normalise

    place = country(normalise(zone)) if zone else None
    row = next((row for row in rows("tariffs.csv") if row["country"] == place), None)
    if row is None:
        return None
    price, sure = float(row["per_kwh"]), row["certainty"] == "checked"
    off = HOUSEHOLD_RANGE if sure else UNCHECKED_RANGE
    return Tariff(
        price=Figure.around(price, off, off),
        currency=row["currency"],
        source=row["source"],
        year=int(row["until"][:4]),
        note=f"household price in {place}" + ("" if sure else ", uncertain"),
        until=row["until"],
    )


def parse_tariff(text: str) -> Tariff:
    """Read a tariff: ``0.12 EUR``, by hours of the local day (``0.30 EUR; 22-6 0.18``), or a CSV file.

    The file's columns are the hour, 0 to 23, and a currency: ``hour,EUR``. Raises ConfigError.

    >>> parse_tariff("0.12 EUR/kWh").price.value, parse_tariff("0.30 EUR; 22-6 0.18").hours[5:7]
    (0.12, (0.18, 0.3))
    """
    if text.strip().lower().endswith(".csv"):
        hours, currency = _file(Path(text.strip()).expanduser())
        return _by_hour(hours, currency, text.strip())
    first, *windows = text.split(";")
    price, currency = parse_price(first, "tariff", "kWh")
    if not windows:
        return Tariff(Figure.exact(price), currency, "given by the user", this_year())
    return _by_hour(_windows(text, price, currency, windows), currency, "given by the user")


def parse_price(text: str, what: str, per: str) -> tuple[float, str]:
    """Read a price with its currency: ``2.95 USD``; *what* and *per* (its unit) are for messages.

    Raises ConfigError for a price without currency, one that is negative or not finite, and an unknown currency.
    """
    match = re.fullmatch(rf"\s*(\S*?)\s*([A-Za-z]{{3}})\s*(?:/\s*{per})?\s*", text)
    form = f"a price names its currency, such as: {what} = '0.30 EUR'"
    if match is None:
        raise ConfigError(f"{what} {text.strip()!r} is no price per {per} with a currency; {form}")
    number, currency = match[1], match[2].upper()
    if currency not in CURRENCIES:
        hint = did_you_mean(currency, _USUAL) or did_you_mean(currency, sorted(CURRENCIES))
        raise ConfigError(f"{what} {text.strip()!r}: {match[2]!r} is no currency of ISO 4217{hint}; {form}")
    return _amount(number, f"{what} {text.strip()!r}"), currency


def this_year() -> int:
    """Return the year of a price that the user gives now."""
    return datetime.datetime.now(datetime.UTC).year


def price_of(tariff: Tariff, shares: Sequence[float]) -> Figure:
    """Return the price of a kWh of which *shares* (adding up to 1) are drawn in each hour of the local day.

    >>> price_of(parse_tariff("0.30 EUR; 22-6 0.18"), [0.5, *[0.0] * 11, 0.5, *[0.0] * 11]).value
    0.24
    """
    return Figure.exact(math.fsum(share * each for share, each in zip(shares, tariff.hours, strict=True)))


def electricity_cost(joules: Figure, price: Figure, tariff: Tariff, about: str) -> Money:
    """Return the money for *joules* at *price* per kWh of *tariff*; *about* describes the price further."""
    at = f"electricity at {digits(price.value, 4)} {tariff.currency}/kWh"
    return Money(
        amount=product(joules / JOULES_PER_KWH, price),
        currency=tariff.currency,
        basis="owner",
        source=tariff.source,
        year=tariff.year,
        note=f"{at}, {about}" if about else at,
    )


def _amount(number: str, where: str) -> float:
    try:
        price = float(number)
    except ValueError:
        hint = "; write a decimal point, not a comma" if "," in number else ""
        raise ConfigError(f"{where}: {number!r} is not a number{hint}") from None
    if not math.isfinite(price) or "_" in number:
        raise ConfigError(f"{where}: {number!r} is not a number")
    if price < 0:
        raise ConfigError(f"{where} is negative; a price is 0 or more")
    return price


def _by_hour(hours: Sequence[float], currency: str, source: str) -> Tariff:
    return Tariff(Figure.exact(math.fsum(hours) / 24), currency, source, this_year(), hours=tuple(hours))


def _windows(text: str, base: float, currency: str, windows: Sequence[str]) -> list[float]:
    hours: dict[int, float] = {}
    for window in windows:
        match = re.fullmatch(rf"\s*(\d{{1,2}})\s*-\s*(\d{{1,2}})\s+(\S*?)\s*(?:{currency})?(?:/kWh)?\s*", window, re.I)
        if match is None:
            example = f"{digits(base)} {currency}; 22-6 {digits(base * 0.6)}"
            raise ConfigError(f"tariff {text!r}: {window.strip()!r} is no pair of whole hours and a price: '{example}'")
        since, until = int(match[1]), int(match[2])
        if since > 23 or until > 24 or since == until:
            raise ConfigError(f"tariff {text!r}: {since}-{until} are no hours of a day; from 0-1 to 23-24, or 22-6")
        price = _amount(match[3], f"tariff {text!r}")
        for hour in range(since, until if until > since else until + 24):
            if hour % 24 in hours:
                raise ConfigError(f"tariff {text!r} has two prices for the hour from {hour % 24} o'clock")
            hours[hour % 24] = price
    return [hours.get(hour, base) for hour in range(24)]


def _file(path: Path) -> tuple[list[float], str]:
    """Return the 24 prices of a file and their currency."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"tariff {path} cannot be read: {getattr(error, 'strerror', '') or error}") from error
    cells_of = [[cell.strip() for cell in line.split(",")] for line in lines if line.strip() and line[0] != "#"]
    head, *others = cells_of or [["", ""]]
    currency = head[-1].removesuffix("/kWh").strip().upper()
    if head[0].lower() != "hour" or len(head) != 2 or currency not in CURRENCIES:
        raise ConfigError(f"tariff {path} begins with {','.join(head)!r}; its first line names its columns: hour,EUR")
    hours: dict[int, float] = {}
    for number, cells in enumerate(others, start=2):
        where = f"tariff {path}, row {number}"
        if len(cells) != 2 or not cells[0].isdecimal() or int(cells[0]) > 23:
            raise ConfigError(f"{where}: {','.join(cells)!r} is no hour from 0 to 23 and a price")
        if int(cells[0]) in hours:
            raise ConfigError(f"{where} has a second price for the hour from {int(cells[0])} o'clock")
        hours[int(cells[0])] = _amount(cells[1], where)
    if missing := [str(hour) for hour in range(24) if hour not in hours]:
        raise ConfigError(f"tariff {path} has no price for the hours {', '.join(missing)}; give all from 0 to 23")
    return [hours[hour] for hour in range(24)], currency
