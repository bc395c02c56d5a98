"""The places of a ranking as a table that fits a terminal."""

import textwrap
from collections.abc import Iterator

from greentrack.analysis.regions import Region, RegionRanking
from greentrack.formatting.escape import printable
from greentrack.formatting.layout import UNKNOWN, sections, titled
from greentrack.formatting.table import MIN_WIDTH, GiveWay, Table, lines
from greentrack.formatting.units import digits, energy_range, mass_range, money, money_range
from greentrack.reports.regions_notes import regions_notes

_HEAD = ("rank", "zone", "place", "g/kWh", "", "CO2e", "x here", "money")
_PLACE, _BOUNDARY, _CARBON, _MONEY = 2, 4, 5, 7


def render(found: RegionRanking, *, top: int = 15, width: int = 80) -> str:
    """Return the place of the run, the first *top* of the ranking, and notes."""
    width = max(40, width)
    counted = [place for place in found.ranked if place.rank is not None]
    less = sum(place.times_here < 1 and not place.like_here for place in counted)
    title = f"{printable(found.run.name)} elsewhere, by {found.by}: {energy_range(found.joules)}"
    if found.ranked:
        what = "emit less" if found.by == "carbon" else "are cheaper"
        title += f"; {less:,} of {len(counted):,} places {what}, beyond their ranges"
    more = [f"… and {len(found.ranked) - top:,} more"] if len(found.ranked) > top else []
    left_out = f"{len(found.unranked):,} places without such a price are not ranked" if found.unranked else ""
    notes = titled("Notes", filter(None, map(printable, (*regions_notes(found), left_out))), width)
    return sections((textwrap.wrap(title, width), [*_table(found, top, width), *more], notes))


def _table(found: RegionRanking, top: int, width: int) -> Iterator[str]:
    shown = [found.here, *found.ranked[:top]]
    rows = tuple(
        (
            "here" if number == 0 else str(place.rank or ""),
            place.zone,
            place.name,
            digits(place.intensity.g_per_kwh),
            place.intensity.boundary.replace("life-cycle", ""),
            mass_range(place.g).replace(" CO2e", ""),
            _times(place, found.here),
            _money(place, found.by),
        )
        for number, place in enumerate(shown)
    )
    table = Table(_HEAD, rows, right=(0, 3, 6, 7)).without_unknown((_BOUNDARY, _MONEY))
    least = _HEAD[_MONEY if found.by == "carbon" else _CARBON]
    steps = [GiveWay(table.head.index(least), MIN_WIDTH)] if least in table.head else []
    return lines(table, width, flexible=_PLACE, steps=steps)


def _times(place: Region, here: Region) -> str:
    if place is here:
        return ""
    return "as here" if place.like_here else digits(place.times_here, 2)


def _money(place: Region, by: str) -> str:
    paid = place.money
    if paid is None:
        return UNKNOWN
    tilde = "" if place.sure_of_price else "~"
    return tilde + (
        money_range(paid.amount, paid.currency) if by == "money" else money(paid.amount.value, paid.currency)
    )
