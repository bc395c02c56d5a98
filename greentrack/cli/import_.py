"""``greentrack import``: past runs that another tool recorded."""

import click

from greentrack.cli import options

MAX_LINES = 10
"""Maximum number of skipped lines that are printed."""


@click.command(
    "import",
    short_help="Import past runs of codecarbon.",
    epilog="""\b
Examples:
  greentrack import codecarbon emissions.csv
  greentrack import codecarbon old/emissions.csv --project vision
  greentrack import codecarbon emissions.csv_1.bak --db team.db
""",
)
@click.argument("tool", metavar="codecarbon", type=click.Choice(["codecarbon"]))
@click.argument("file", metavar="FILE")
@click.option("--project", metavar="PROJECT", help="The project that the runs belong to; by default codecarbon's own.")
@options.db
def import_(*, tool: str, file: str, project: str | None, db: str | None) -> None:
    """Import the runs of codecarbon's emissions.csv (version 2 or 3); they get its run ids and the status "imported".

    All runs are imported or none; a second time adds nothing, and replaces those that the file has a later state of.
    Lines that cannot be runs are left out and named. Energy is codecarbon's, with wide ranges, and none of it counts as
    measured; carbon and all else is worked out as for any run. Times in the file have no time zone and are taken to be
    this machine's.
    """
    from greentrack.exchange.importing import import_codecarbon
    from greentrack.formatting.escape import printable

    del tool  # there is one
    done = import_codecarbon(file, project=project, db=db)
    for line, why in done.skipped[:MAX_LINES]:
        click.echo(f"line {line} is left out: {printable(why)}", err=True)
    if len(done.skipped) > MAX_LINES:
        click.echo(f"and {len(done.skipped) - MAX_LINES:,} more lines are left out", err=True)
    if done.earlier:
        click.echo(f"lines of a run that another line tells anew: {done.earlier:,}", err=True)
    said = f"{done.added:,} new, {done.changed:,} changed, {done.known:,} known already"
    click.echo(f"imported from {file} into {done.path}: {said}")
