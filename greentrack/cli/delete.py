"""``greentrack delete``: removes runs from the database, after asking."""

import sys

import click

from greentrack.cli import options
from greentrack.formatting.escape import printable


@click.command(
    short_help="Delete runs, after asking.",
    epilog="""\b
Examples:
  greentrack delete 019a1b2c-3d4e
  greentrack delete digits latest --yes
""",
)
@click.argument("runs", metavar="RUN...", nargs=-1, required=True, shell_complete=options.complete_run)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Even a run that is still running.")
@options.db
def delete(*, runs: tuple[str, ...], yes: bool, force: bool, db: str | None) -> None:
    """Delete each RUN (an id, the beginning of one, a name, or "latest") with all its readings: all of them or none."""
    from greentrack.store import maintenance
    from greentrack.store.reader import Reader

    path = options.database(db)
    with Reader(path) as reader:
        found = {run_id: reader.name_and_status(run_id) for run_id in map(reader.find, runs)}
    for run_id, (name, status) in found.items():
        click.echo(f"{run_id}  {printable(name)}  {printable(status)}", err=True)
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("nobody can be asked here, so nothing was deleted; add --yes")
        if not click.confirm(f"Delete {'this run' if len(found) == 1 else f'these {len(found)} runs'}?", err=True):
            click.get_current_context().exit(1)
    click.echo(f"deleted {maintenance.delete(path, found, force=force)} of {path}")
