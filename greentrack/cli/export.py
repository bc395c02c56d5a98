"""``greentrack export``: what was recorded, for other programs."""

import sys

import click

from greentrack.cli import options
from greentrack.formatting.layout import listed
from greentrack.registry import EXPORTS


@click.command(
    short_help="Write what was recorded as CSV, JSON lines or Parquet.",
    epilog="""\b
Examples:
  greentrack export digits -o readings.csv
  greentrack export --project demo --what metrics -o metrics.jsonl
  greentrack export --what all --format csv -o everything
  greentrack export latest --what spans --format jsonl
""",
)
@click.argument("runs", metavar="[RUN]...", nargs=-1, shell_complete=options.complete_run)
@click.option("--project", metavar="PROJECT", help="The runs of this project; without it or a RUN, all runs.")
@click.option(
    "--what",
    metavar="ROWS",
    default="readings",
    show_default=True,
    help="readings, runs, devices, spans, phases, phase_times, metrics, work, forecasts, or all of them.",
)
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    help=f"{listed(EXPORTS, 'or')}; by default what FILE ends in, or else csv.",
)
@options.output("-", "Where to; - is the standard output. For all as csv or parquet: a folder.")
@options.db
def export(*, runs: tuple[str, ...], project: str | None, what: str, form: str | None, to: str, db: str | None) -> None:
    """Write what was recorded of each RUN, raw and a row at a time: joules, seconds, Unix time.

    The columns are those of the database. Where "trusted" is 0 (a counter disagreed with its own power), check_joules
    are the joules to believe. What costs depend on (place, overheads, prices) is in no row: see greentrack runs and
    show. A text that a spreadsheet would work out gets an apostrophe before it in csv. A file is replaced once the new
    one is whole. Parquet needs pyarrow: pip install 'greentrack[parquet]'.
    """
    from greentrack.exchange.export import export as write
    from greentrack.formatting.units import counted

    if runs and project is not None:
        raise click.UsageError("name runs, or give --project, not both")
    if to == "-" and form and form in EXPORTS and EXPORTS[form].is_binary and sys.stdout.isatty():
        raise click.UsageError(f"{form} is not for a terminal; name a file with -o")
    done = write(sys.stdout.buffer if to == "-" else to, runs=runs, project=project, what=what, form=form, db=db)
    if to != "-":
        counts = ", ".join(f"{name} {count:,}" for name, count in done.rows.items())
        click.echo(f"exported {counted(done.runs, 'run')} to {to}; rows of {counts}")
