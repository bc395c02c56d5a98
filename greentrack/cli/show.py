"""``greentrack show``: one run's summary."""

import click

from greentrack.cli import options
from greentrack.cli.plain import printable_lines
from greentrack.registry import FORMATS, load


@click.command(
    short_help="Show one run's summary.",
    epilog="""\b
Examples:
  greentrack show
  greentrack show digits --zone FR
  greentrack show 019a1b2c --format json
""",
)
@click.argument("run", default="latest", shell_complete=options.complete_run)
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    default="text",
    show_default=True,
    help=f"{', '.join(list(FORMATS)[:-1])} or {list(FORMATS)[-1]}.",
)
@options.zone
@click.option("--rest", metavar="KIND", help="The rest of the machine: auto, off, desktop, laptop, server or vm.")
@click.option(
    "--scope",
    metavar="SCOPE",
    default="machine",
    show_default=True,
    help="machine: all that its devices drew. process: the run's own share of it, where that is known.",
)
@options.db
def show(*, run: str, form: str, zone: str | None, rest: str | None, scope: str, db: str | None) -> None:
    """Show what RUN cost: energy by device with its range, CO2e, spans, phases, and what the figures rest on.

    RUN is an id, the beginning of one, a name (its newest run), or "latest", which is the default. The joules are as
    they were recorded; zone, rest and scope are applied now.
    """
    from greentrack.reports.summary import summarize

    render = load(FORMATS, form, "format")
    text = render(summarize(run, db=db, zone=zone, rest=rest, scope=scope))
    click.echo(printable_lines(text) if form == "text" else text)
