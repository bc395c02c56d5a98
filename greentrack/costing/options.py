"""Costing options: place, scope, overheads and prices; joules never depend on them."""

from typing import TYPE_CHECKING, NamedTuple, TypedDict

from greentrack.errors import ConfigError

if TYPE_CHECKING:
    from greentrack.config import Settings
    from greentrack.costing.gpu_rental import Rent
    from greentrack.costing.hourly_carbon import HourlySource
    from greentrack.costing.pue import Pue
    from greentrack.costing.tariffs import Tariff

SCOPES = ("machine", "process")
"""``machine``: all that the devices drew while the run lasted. ``process``: the run's own share, where it is known."""


class CostingOptions(TypedDict, total=False):
    """The costing options of Python and of the command line; None takes what the settings and the run say.

    Attributes:
        zone: the place on the grid, such as "FR", "US-CA", "aws:eu-west-1".
        hourly: where carbon by the hour comes from: "uk", "electricitymaps", or a CSV file; else the yearly average.
        rest: the rest of the machine: "auto", "off", "desktop", "laptop", "server" or "vm".
        scope: "machine" (default) or "process".
        pue: the data centre's overhead: a number from 1 on, or "world" for the world's average; without it, none.
        tariff: electricity's price: "0.12 EUR", "0.30 EUR; 22-6 0.18", or a CSV file; else the zone's households'.
        rent: the price of a GPU-hour: "2.95 USD", or the table's: "specialist", "H100 hyperscaler".
        embodied: True adds the carbon of making the hardware, as a line of its own.
        water: True adds the water that is evaporated.
    """

    zone: str | None
    hourly: str | None
    rest: str | None
    scope: str | None
    pue: str | float | None
    tariff: str | None
    rent: str | None
    embodied: bool | None
    water: bool | None


class ParsedOptions(NamedTuple):
    """Costing options and settings, parsed. *default_zone* is for runs that name no zone."""

    zone: str | None = None
    default_zone: str | None = None
    hourly: "HourlySource | None" = None
    rest: str | None = None
    scope: str = "machine"
    pue: "Pue | None" = None
    tariff: "Tariff | None" = None
    rent: "Rent | None" = None
    embodied: bool = False
    water: bool = False

    @property
    def needs_hours(self) -> bool:
        """True where the figures depend on the hours in which the energy was used."""
        return self.hourly is not None or (self.tariff is not None and bool(self.tariff.hours))


def parse_options(
    settings: "Settings | None" = None,
    *,
    zone: str | None = None,
    hourly: str | None = None,
    rest: str | None = None,
    scope: str | None = None,
    pue: str | float | None = None,
    tariff: str | None = None,
    rent: str | None = None,
    embodied: bool | None = None,
    water: bool | None = None,
) -> ParsedOptions:
    """Return the options given as arguments (see ``CostingOptions``), then those of *settings*, then the defaults.

    A tariff or a rent that is asked for replaces both of the settings'; where the settings have both, the rent counts.
    Raises ConfigError for what cannot be read, and for a tariff and a rent asked for at once.
    """
    scope = scope or "machine"
    if scope not in SCOPES:
        raise ConfigError(f"unknown scope {scope!r}; known: {', '.join(SCOPES)}")
    if tariff is not None and rent is not None:
        raise ConfigError(f"tariff {tariff!r} and rent {rent!r}: an owner pays the one, a renter the other; give one")
    if settings is not None:
        hourly = settings.hourly if hourly is None else hourly
        pue = settings.pue if pue is None else pue
        embodied = settings.embodied if embodied is None else embodied
        water = settings.water if water is None else water
        if tariff is None and rent is None:
            rent = settings.rent
            tariff = settings.tariff if rent is None else None
    parsed = ParsedOptions(zone=zone, rest=rest, scope=scope, embodied=bool(embodied), water=bool(water))
    if settings is not None:
        parsed = parsed._replace(default_zone=settings.zone)
    if hourly is not None:  # what reads an option is loaded only where it is given
        from greentrack.carbon import base
        from greentrack.costing.hourly_carbon import HourlySource, NetworkWait

        source = HourlySource(hourly, None if settings is None else settings.db, NetworkWait(base.LIMIT_S))
        parsed = parsed._replace(hourly=source)
    if pue is not None:
        from greentrack.costing.pue import parse_pue

        parsed = parsed._replace(pue=parse_pue(pue))
    if tariff is not None:
        from greentrack.costing.tariffs import parse_tariff

        parsed = parsed._replace(tariff=parse_tariff(tariff))
    if rent is not None:
        from greentrack.costing.gpu_rental import parse_rent

        parsed = parsed._replace(rent=parse_rent(rent))
    return parsed
