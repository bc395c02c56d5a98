"""The intensity of a named zone; without a name, of the time zone's country or the world; never of a neighbour."""

import datetime
from collections.abc import Iterator, Sequence

from greentrack import registry
from greentrack.carbon.base import Intensity, Source
from greentrack.carbon.timezones import country_of
from greentrack.errors import ZoneError

WORLD = "WORLD"
STALE_MONTHS = 18
_ALIASES = {"UK": "GB", "EL": "GR"}
_FORMS = (
    "ISO countries (FR, FRA), states (US-CA, CA-QC, CN-BJ), Nordic areas (SE-SE3), cloud regions (aws:eu-west-1), WORLD"
)


def find_intensity(
    zone: str | None = None, *, timezone: str | None = None, sources: Sequence[Source] | None = None
) -> Intensity:
    """Return the carbon intensity of *zone*, or a guess from *timezone* (``Europe/Paris``), or the world's average.

    Raises ZoneError, with suggestions, for a zone that was named but is not known.
    """
    if zone is not None:
        if (found := _find(normalise(zone), sources)) is None:
            raise ZoneError(_unknown(zone, sources))
        return found
    country = country_of(timezone) if timezone else None
    if country and (found := _find(country, sources)):
        return found._replace(how=f"guessed from the time zone {timezone}")
    if (world := _find(WORLD, sources)) is None:
        raise ZoneError("the table of intensities has no row for WORLD; reinstall greentrack")
    why = f"no figure is known for {country}, the country of {timezone}" if country else "no zone is known"
    return world._replace(
        how=f"world average; {why}",
        below=0.924,
        above=0.757,
        note="the place is not known, and nine countries in ten lie between 35 and 805 g/kWh",
    )


def normalise(zone: str) -> str:
    """Return *zone* as the sources spell it.

    >>> normalise("uk"), normalise("us-ca"), normalise("se3"), normalise("AWS:EU-West-1")
    ('GB', 'US-CA', 'SE-SE3', 'aws:eu-west-1')
    """
    zone = zone.strip()
    if ":" in zone:
        return zone.lower()
    zone = zone.upper().replace("_", "-")
    if len(zone) == 3 and zone[:2] in {"SE", "NO"} and zone[2].isdigit():  # a price area by its short name
        return f"{zone[:2]}-{zone}"
    return _ALIASES.get(zone, zone)


def zones(sources: Sequence[Source] | None = None) -> dict[str, str]:
    """Return every known zone and its name; where two sources know one, the first source's name."""
    known: dict[str, str] = {}
    for source in _each(sources):
        known = {**source.zones(), **known}
    return dict(sorted(known.items()))


def months_if_old(intensity: Intensity, today: datetime.date) -> int | None:
    """Return the months from the end of the figure's year to *today*; None where they are 18 or fewer."""
    months = (today.year - intensity.year - 1) * 12 + today.month - 1
    return months if months > STALE_MONTHS else None


def _each(sources: Sequence[Source] | None) -> Iterator[Source]:
    if sources is not None:
        yield from sources
        return
    for name in registry.INTENSITIES:  # loaded one by one: the first mostly knows
        yield registry.load(registry.INTENSITIES, name, "source of grid intensity")()


def _find(zone: str, sources: Sequence[Source] | None) -> Intensity | None:
    return next((found for source in _each(sources) if (found := source.find(zone))), None)


def _unknown(zone: str, sources: Sequence[Source] | None) -> str:
    import difflib

    known = zones(sources)
    wanted = normalise(zone)
    country = wanted.partition("-")[0]
    names = {name.casefold(): code for code, name in known.items()}
    near = [
        *([country] if country in known else []),
        *difflib.get_close_matches(wanted, known, n=2, cutoff=0.75),
        *(names[name] for name in difflib.get_close_matches(zone.strip().casefold(), names, n=2, cutoff=0.75)),
    ]
    hints = " or ".join(f"{code} ({known[code]})" for code in dict.fromkeys(near))
    return f"no carbon intensity is known for zone {zone!r}; " + (
        f"did you mean {hints}?" if hints else f"known are {_FORMS}"
    )
