"""``greentrack show``: one run's summary."""

import sys
from typing import TYPE_CHECKING, Any

import click

from greentrack.cli import options
from greentrack.cli.output import Renderer, terminal_width
from greentrack.formatting.layout import listed
from greentrack.registry import FORMATS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from greentrack.analysis.time_to_target import CostToTarget
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
@click.option("--format", "form", metavar="FORMAT", default="text", show_default=True, help=f"{listed(FORMATS, 'or')}.")
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

    render = Renderer(FORMATS, form, until=until, per=per)
    summary = summarize(run, db=db, **costing)
    width = min(MAX_WIDTH, terminal_width())
    chart = _chart(summary, db, width) if render.takes("chart") else ()
    click.echo(render(summary, width=width, chart=chart, until=_cost_to(summary, until)))


def _cost_to(summary: "Summary", target: str | None) -> "CostToTarget | None":
    """Return the cost until *target* was first reached; None where none is given."""
    if target is None:
        return None
    from greentrack.analysis.time_to_target import checked_cost_to, parse_target  # few ask, and it loads five modules

    return checked_cost_to(summary, parse_target(target))


def _chart(summary: "Summary", db: str | None, width: int) -> "Sequence[str]":
    """Return the power of the run's devices over time; nothing where the terminal cannot show it."""
    from greentrack.reports import terminal_chart
    from greentrack.store.reader import Reader

    try:
        terminal_chart.BLOCKS.encode(sys.stdout.encoding or "utf-8")
    except UnicodeError:
        return ()
    run = summary.run
    if summary.scope != "machine" or run.seconds <= 0:
        return ()
    columns = terminal_chart.columns_of(width)
    with Reader(options.database(db)) as reader:
        bins = reader.power_bins(run.id, run.started_at, run.seconds, columns)
    return list(terminal_chart.chart(bins, run.started_at, run.seconds, columns))
