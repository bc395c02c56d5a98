"""Options and arguments that several commands share."""

import math
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

db = click.option("--db", metavar="FILE", help="The database; by default the one that the settings name.")
zone = click.option(
    "--zone", metavar="ZONE", help="The place on the grid: FR, US-CA, aws:eu-west-1; by default the run's own."
)

MOST_COMPLETIONS = 50


class Number(click.FloatRange):
    """A float in a range; not a NaN, which click takes for one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number. Raises click.BadParameter."""
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return number


def database(db: str | None) -> Path:
    """Return the database that *db* or the settings name. Raises ConfigError, or StoreError where there is no home."""
    from greentrack import config
    from greentrack.store.place import default_path

    place = config.load({"db": db}).db
    return Path(place) if place else default_path()


def complete_run(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer the newest runs by id and by name; nothing where there is no database."""
    del param
    from greentrack.cli.plain import printable
    from greentrack.errors import GreenTrackError
    from greentrack.store.reader import Reader

    try:
        with Reader(database(ctx.params.get("db"))) as reader:
            newest = reader.runs(limit=MOST_COMPLETIONS)
    except GreenTrackError:  # completion is no place to complain
        return []
    names = dict.fromkeys(row.name for row in newest if row.name.isprintable())
    offers = {"latest": "the newest run", **dict.fromkeys(names, "its newest run")}
    offers |= {row.id: printable(row.name) for row in newest}
    return [CompletionItem(word, help=text) for word, text in offers.items() if word.startswith(incomplete)]
