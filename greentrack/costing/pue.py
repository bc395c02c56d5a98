"""Power usage effectiveness (PUE): the overhead of a data centre."""

import math
from typing import NamedTuple

from greentrack.costing.tariffs import this_year
from greentrack.errors import ConfigError, did_you_mean
from greentrack.quantity import Figure

MAX_PUE = 10.0
"""A PUE above this is a percentage or a slip."""

SITE_PUE = 0.10
"""How far a site's yearly PUE may be from the run's own, each way (judgement); none for 1, a place without overhead."""


class Pue(NamedTuple):
    """Energy of a data centre for each unit of its computers' energy."""

    figure: Figure
    source: str
    year: int


NOT_APPLIED = Pue(Figure.exact(1.0), "not applied", 2026)

WORLD_PUE = Pue(
    Figure.around(1.54, 0.25, 0.20),
    "Uptime Institute, world average of its survey; range: judgement",
    2025,
)


def parse_pue(given: str | float) -> Pue:
    """Return the PUE of a site (a number from 1 to 10), or the world's average for ``world``. Raises ConfigError.

    >>> parse_pue("1.2").figure, parse_pue("world").figure.value
    (Figure(value=1.2, low=1.08, high=1.32), 1.54)
    """
    if isinstance(given, str) and given.strip().lower() == "world":
        return WORLD_PUE
    try:
        value = math.nan if isinstance(given, bool) else float(given)
    except (TypeError, ValueError):
        hint = did_you_mean(str(given), ["world"])
        raise ConfigError(f"pue {given!r} is neither a number from 1 to {MAX_PUE:g} nor 'world'{hint}") from None
    if not 1 <= value <= MAX_PUE:
        raise ConfigError(f"pue {given!r} is not from 1 to {MAX_PUE:g}: it is the site's energy over its computers'")
    if value == 1.0:
        return Pue(Figure.exact(1.0), "given by the user", this_year())
    figure = Figure(value=value, low=max(1.0, round(value * (1 - SITE_PUE), 9)), high=round(value * (1 + SITE_PUE), 9))
    return Pue(figure, "given by the user; range: judgement", this_year())
