"""``greentrack doctor``: what is measured here and by what, what is missing, and the command that mends it."""

import click

from greentrack.cli import options
from greentrack.cli.plain import printable_lines


@click.command(
    short_help="Say what is measured here, what is missing, and what mends it.",
    epilog="""\b
Examples:
  greentrack doctor
  greentrack doctor --format json
  greentrack doctor > /dev/null || echo "no sensor can be read here"
""",
)
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="text or json.",
)
@options.db
def doctor(*, form: str, db: str | None) -> None:
    """Say what can be measured on this machine, by which sensor and how well; what cannot be, why, and the remedy.

    Also whether the recorder works, where runs are kept, which zone applies, and where each setting comes from.
    The exit status is 0 where something is measured, 1 where all is modelled, and 2 where a setting is wrong.
    """
    from greentrack.cli import examination, findings

    found = examination.examine(db=db)
    click.echo(printable_lines(findings.text(found)) if form == "text" else findings.json_text(found))
    click.get_current_context().exit(0 if found.measured else 1)
