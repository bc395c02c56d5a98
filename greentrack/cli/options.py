"""Options and arguments that several commands share."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from greentrack.registry import HOURLY

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

db = click.option("--db", metavar="FILE", help="The database; by default the one that the settings name.")
zone = click.option(
    "--zone", metavar="ZONE", help="The place on the grid: FR, US-CA, aws:eu-west-1; by default the run's own."
)
hourly = click.option(
    "--hourly",
    metavar="SOURCE",
    help=f"Carbon by the hour: {', '.join(HOURLY)} (these ask the network) or a CSV file; else the yearly average.",
)
_COSTING = (
    zone,
    hourly,
    click.option("--rest", metavar="KIND", help="The rest of the machine: auto, off, desktop, laptop, server or vm."),
    click.option(
        "--scope",
        metavar="SCOPE",
        default="machine",
        show_default=True,
        help="machine: all that its devices drew. process: the run's own share of it, where that is known.",
    ),
    click.option(
        "--pue", metavar="PUE", help="The data centre's overhead: a number from 1 on, or world for the world's average."
    ),
    click.option(
        "--tariff",
        metavar="PRICE",
        help="Electricity's price for a kWh: 0.12EUR, by hours of the day '0.30 EUR; 22-6 0.18', or a CSV file.",
    ),
    click.option(
        "--rent",
        metavar="PRICE",
        help="A rented GPU's price by the hour: 2.95USD, or the table's: hyperscaler, specialist, marketplace, "
        "with the GPU before it for another than the run's: 'H100 specialist'.",
    ),
    click.option("--embodied/--no-embodied", default=None, help="Add the carbon of making the hardware."),
    click.option("--water/--no-water", default=None, help="Add the water that is evaporated."),
)

Command = TypeVar("Command", bound=Callable[..., Any])

MAX_COMPLETIONS = 50


class Number(click.FloatRange):
    """A float in a range; not a NaN, which click takes for one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number. Raises click.BadParameter."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


def costing(command: Command) -> Command:
    """Give *command* the options of ``CostingOptions``."""
    for option in reversed(_COSTING):
        command = option(command)
    return command


def output(default: str, about: str) -> Callable[[Command], Command]:
    """Return the option ``--output``, the argument ``to`` of a command."""
    return click.option("-o", "--output", "to", metavar="FILE", default=default, show_default=True, help=about)


def database(db: str | None) -> Path:
    """Return the database that *db* or the settings name. Raises ConfigError, or StoreError where there is no home."""
    from greentrack import config
    from greentrack.store.location import path_of

    return path_of(config.load({"db": db}).db)


def complete_run(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Offer the newest runs by id and by name; nothing where there is no database."""
    del param
    from click.shell_completion import CompletionItem

    from greentrack.errors import GreenTrackError
    from greentrack.formatting.escape import printable
    from greentrack.store.reader import Reader

    try:
        with Reader(database(ctx.params.get("db"))) as reader:
            newest = reader.runs(limit=MAX_COMPLETIONS)
    except GreenTrackError:  # completion is no place to complain
        return []
    names = dict.fromkeys(row.name for row in newest if row.name.isprintable())
    offers = {"latest": "the newest run", **dict.fromkeys(names, "its newest run")}
    offers |= {row.id: printable(row.name) for row in newest}
    return [CompletionItem(word, help=text) for word, text in offers.items() if word.startswith(incomplete)]
