"""``greentrack report``: one run, several or a whole project as an HTML file."""

import contextlib
import os
import webbrowser
from pathlib import Path
from typing import Any

import click

from greentrack.cli import options
from greentrack.errors import ConfigError
from greentrack.store.location import opener


@click.command(
    short_help="Write runs as an HTML page that works offline.",
    epilog="""\b
Examples:
  greentrack report
  greentrack report fp32 int8 -o precision.html --open
  greentrack report --project demo --zone SE --pue 1.1
""",
)
@click.argument("runs", metavar="[RUN]...", nargs=-1, shell_complete=options.complete_run)
@click.option("--project", metavar="PROJECT", help="The runs of this project.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="The runs that have it; may be repeated.")
@options.output("report.html", "Where to; - is the standard output.")
@click.option("--open", "look", is_flag=True, help="Open it in the browser.")
@options.costing
@options.db
def report(
    *,
    runs: tuple[str, ...],
    project: str | None,
    tags: tuple[str, ...],
    to: str,
    look: bool,
    db: str | None,
    **costing: Any,
) -> None:
    """Write each RUN (by default the latest) or the runs of a project as one HTML file that needs no network.

    It has power over time, the way from the chips to the facility, epochs, outcomes against energy, and all that
    greentrack show says; of several runs a table and how they compare, and of up to eight each one's own part. It needs
    jinja2 and plotly: pip install 'greentrack[report]'.
    """
    from greentrack.analysis.run_report import run_report
    from greentrack.reports.html.report import render

    if runs and (project or tags):
        raise click.UsageError("name runs, or give --project and --tag, not both")
    text = render(run_report(runs, project=project, tags=tags, db=db, **costing))
    if to == "-":
        click.echo(text)
        return
    file = Path(os.path.realpath(os.path.expanduser(to)))
    if file == options.database(db).resolve():
        raise click.UsageError(f"{to} is the database itself; name another file")
    _write(file, text)
    click.echo(f"{to}  {len(text.encode()) / 1e6:.1f} MB")
    if look:
        webbrowser.open(file.as_uri())


def _write(file: Path, text: str) -> None:
    """Write *text*, whole or not at all. Raises ConfigError."""
    begun = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with open(begun, "w", encoding="utf-8", opener=opener) as page:
            page.write(text)
        begun.replace(file)
    except OSError as error:
        raise ConfigError(
            f"{file} cannot be written ({error.strerror or error}); name another place with -o"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            begun.unlink(missing_ok=True)
