"""``greentrack show``: one run's summary."""

import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from greentrack.cli import options
from greentrack.cli.plain import printable_lines
from greentrack.registry import FORMATS, load

if TYPE_CHECKING:
    from greentrack.costing.summary import Summary

MAX_WIDTH = 80


@click.command(
    short_help="Show one run's summary.",
    epilog="""\b
Examples:
  greentrack show
  greentrack show digits --zone SE --pue 1.1 --tariff 0.12EUR
  greentrack show digits --until 'val_acc>=0.97'
  greentrack show 019a1b2c --format json
  greentrack show digits --format modelcard > README.md
  greentrack show digits --format sci --embodied --per tokens
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
@click.option("--until", metavar="TARGET", help="Add the cost until a metric first reached a value: 'val_acc>=0.97'.")
@click.option("--per", metavar="UNIT", help="With --format sci: a unit of the run's work, such as tokens.")
@options.costing
@options.db
def show(*, run: str, form: str, until: str | None, per: str | None, db: str | None, **costing: Any) -> None:
    """Show what RUN cost: energy by device with its range, CO2e, money, spans, phases, and what the figures rest on.

    RUN is an id, the beginning of one, a name (its newest run), or "latest", which is the default. The joules are as
    they were recorded; place, scope, overheads and prices are applied now, so that any run can be costed again.
    """
    from greentrack.costing.api import summarize

    if until is not None and form not in ("text", "json"):
        raise click.UsageError("--until goes with the formats text and json")
    if per is not None and form != "sci":
        raise click.UsageError("--per goes with the format sci")
    render = load(FORMATS, form, "format")
    summary = summarize(run, db=db, **costing)
    if form == "text":
        render = _for_terminal(render, summary, db)
    elif per is not None:
        render = partial(render, per=per)
    if until is None:
        text = render(summary)
    else:
        from greentrack.reports.target_report import with_target

        text = with_target(summary, until, form, render)
    click.echo(printable_lines(text) if form == "text" else text)


def _for_terminal(render: Callable[..., str], summary: "Summary", db: str | None) -> Callable[..., str]:
    """Give the text the terminal's width, and the run's power over time where the terminal can show it."""
    from shutil import get_terminal_size

    from greentrack.reports import terminal_chart

    width = min(MAX_WIDTH, get_terminal_size().columns)
    try:
        terminal_chart.BLOCKS.encode(sys.stdout.encoding or "utf-8")
    except UnicodeError:
        return partial(render, width=width)
    drawn = (
        terminal_chart.power_of(summary.run, options.database(db), width=width) if summary.scope == "machine" else []
    )
    return partial(render, width=width, chart=drawn)
