"""``greentrack when``: the best hours of the next day to start a training."""

from typing import Any

import click

from greentrack.cli import options
from greentrack.cli.output import Renderer, format_option, terminal_width
from greentrack.registry import SCHEDULES


@click.command(
    short_help="Find the best hours of the next day to start.",
    epilog="""\b
Examples:
  greentrack when --hourly uk --zone GB --hours 3 --power 300W
  greentrack when --hourly electricitymaps --zone FR --like digits
  greentrack when --hourly forecast.csv --format json
""",
)
@click.option(
    "--hours",
    metavar="HOURS",
    type=options.Number(0, 168, min_open=True),
    help="How long it will take; 3, or as long as the run of --like.",
)
@options.zone
@options.hourly
@click.option("--power", metavar="POWER", help="What it will draw: 300W, 1.2kW.")
@click.option("--like", metavar="RUN", help="A past run that it will be like.", shell_complete=options.complete_run)
@format_option(SCHEDULES)
@options.db
def when(*, form: str, **asked: Any) -> None:
    """Rank the hours of the next day by the carbon of starting then, from a forecast.

    The forecast comes from --hourly: a source on the network, which is asked within 5 s and whose answer is kept for
    half an hour, or a CSV file that reaches into the future. Times are local, with their offset.
    """
    from greentrack.analysis.schedule import best_starts

    click.echo(Renderer(SCHEDULES, form)(best_starts(**asked), width=terminal_width()))
