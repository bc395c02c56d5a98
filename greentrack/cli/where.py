"""``greentrack where``: what a run would have cost elsewhere."""

from typing import Any

import click

from greentrack.cli import options
from greentrack.cli.output import Renderer, format_option, terminal_width
from greentrack.registry import REGIONS


@click.command(
    short_help="Rank places by what a run would have cost there.",
    epilog="""\b
Examples:
  greentrack where
  greentrack where digits --zones SE,FR,US-CA,aws:eu-west-1
  greentrack where digits --cloud aws --pue 1.15 --top 5
  greentrack where digits --by money --format json
""",
)
@click.argument("run", default="latest", shell_complete=options.complete_run)
@click.option("--zones", metavar="ZONES", default="", help="Only these places: SE,FR,US-CA,aws:eu-west-1.")
@click.option("--cloud", metavar="CLOUD", help="The regions of a cloud: aws, azure or gcp.")
@click.option(
    "--by",
    metavar="WHAT",
    default="carbon",
    show_default=True,
    help="Rank by carbon, or by money in the currency here.",
)
@click.option(
    "--top", metavar="N", type=click.IntRange(min=1), default=15, show_default=True, help="Show so many; JSON has all."
)
@format_option(REGIONS)
@options.costing
@options.db
def where(
    *, run: str, zones: str, cloud: str | None, by: str, top: int, form: str, db: str | None, **costing: Any
) -> None:
    """Cost the energy of RUN in every country, state and price area, or in some places, and rank them.

    The joules are those of the run: elsewhere the same hardware is taken to do the same work. Places whose ranges
    overlap cannot be told apart and share a rank. RUN is as in show; --zone is where it was costed, the row "here".
    """
    from greentrack.analysis.regions import where as places

    among = [zone.strip() for zone in zones.split(",") if zone.strip()]
    found = places(run, db=db, among=among, cloud=cloud, by=by, **costing)
    click.echo(Renderer(REGIONS, form)(found, top=top, width=terminal_width()))
