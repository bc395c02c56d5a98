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
  greentrack doctor --self-test
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
@click.option("--self-test", "self_test", is_flag=True, help="Test the sensors as well; takes 8 seconds more.")
@click.option(
    "--seconds",
    metavar="SECONDS",
    type=options.Number(2, 600),
    help="Let the self-test record for so long; by default 6 seconds.",
)
@options.db
def doctor(*, form: str, self_test: bool, seconds: float | None, db: str | None) -> None:
    """Say what can be measured on this machine, by which sensor and how well; what cannot be, why, and the remedy.

    Also whether the recorder works, where runs are kept, which zone applies, and where each setting comes from.
    --self-test shows how late readings are, how often each counter moves and whether it agrees with its power. It is
    kept with this machine, and the ranges of its runs follow from it.

    The exit status is 0 where something is measured, 1 where all is modelled, and 2 where a setting is wrong.
    """
    from greentrack.cli import examination, findings, selftest

    if seconds is not None and not self_test:
        raise click.UsageError("--seconds goes with --self-test")
    found = examination.examine(db=db)
    tested = selftest.run(db, found.host, seconds) if self_test else None
    click.echo(printable_lines(findings.text(found, tested)) if form == "text" else findings.json_text(found, tested))
    click.get_current_context().exit(0 if found.measured else 1)
