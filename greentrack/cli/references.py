"""``greentrack references``: published trainings, and the misprints about them."""

import click

from greentrack.cli.output import Renderer, format_option, terminal_width
from greentrack.registry import REFERENCES


@click.command(
    short_help="List published trainings to compare a run with.",
    epilog="""\b
Examples:
  greentrack references
  greentrack references --format json
""",
)
@format_option(REFERENCES)
def references(*, form: str) -> None:
    """List what published trainings took: energy, CO2e, money where known, and how each figure was obtained.

    A figure with a tilde was not checked at its source; a dash is a figure that nobody published. The misprints that
    go round follow, each worked out anew.
    """
    from greentrack.costing.published_trainings import published_errors
    from greentrack.costing.published_trainings import references as published

    click.echo(Renderer(REFERENCES, form)(published(), published_errors(), width=terminal_width()))
