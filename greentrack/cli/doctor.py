"""``greentrack doctor``: what is measured on this machine and how, what is missing, and how to mend it."""

import click

from greentrack.cli import options
from greentrack.cli.output import Renderer, format_option
from greentrack.registry import EXAMINATIONS


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
@format_option(EXAMINATIONS)
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
    from greentrack.doctor import examination

    if seconds is not None and not self_test:
        raise click.UsageError("--seconds goes with --self-test")
    found = examination.examine(db=db)
    tested = examination.run_self_test(db, found.host, seconds) if self_test else None
    click.echo(Renderer(EXAMINATIONS, form)(found, tested))
    click.get_current_context().exit(0 if found.measured else 1)
