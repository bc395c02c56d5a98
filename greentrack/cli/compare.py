"""``greentrack compare``: runs side by side, or what a target cost run by run over a project."""

from typing import Any

import click

from greentrack.cli import options
from greentrack.cli.output import Renderer, format_option
from greentrack.registry import COMPARISONS, TRENDS


@click.command(
    short_help="Compare runs, with ranges: which one is better.",
    epilog="""\b
Examples:
  greentrack compare fp32 int8
  greentrack compare --project digits --param precision
  greentrack compare --tag sweep --front val_acc --format json
  greentrack compare --project digits --until 'val_acc>=0.97'
""",
)
@click.argument("runs", metavar="[RUN]...", nargs=-1, shell_complete=options.complete_run)
@click.option("--project", metavar="NAME", help="Compare the runs of this project; those of one name are repeats.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Compare the runs that have it; may be repeated.")
@click.option("--param", metavar="KEY", help="Runs with one value of this param are repeats, whatever their name.")
@click.option("--until", metavar="TARGET", help="The cost until a metric first reached a value: 'val_acc>=0.97'.")
@click.option("--per", metavar="UNIT", help="Look at this unit of work only; by default at all that they share.")
@click.option("--front", metavar="METRIC", help="Say who has the best of this metric for the energy.")
@click.option("--better", metavar="WAY", help="higher or lower: which is better, where a metric's name does not tell.")
@format_option(COMPARISONS)
@options.costing
@options.db
def compare(
    *,
    runs: tuple[str, ...],
    project: str | None,
    tags: tuple[str, ...],
    param: str | None,
    until: str | None,
    per: str | None,
    front: str | None,
    better: str | None,
    form: str,
    db: str | None,
    **costing: Any,
) -> None:
    """Compare each RUN with the first, or the groups of repeats in a project or with a tag.

    Differences come with what chance and the methods' errors leave open, and are not claimed where these could explain
    them. With --until and no RUN or --param: what the target cost run by run, and whether it gets cheaper.
    """
    from greentrack.analysis import groups
    from greentrack.analysis.compare import compare as compare_groups
    from greentrack.analysis.time_to_target import parse_target, trend

    if runs and (project or tags or param):
        raise click.UsageError("name runs, or give --project, --tag and --param, not both")
    if not (runs or project or tags or param):
        raise click.UsageError("name two runs or more, or give --project, --tag or --param")
    to = None if until is None else parse_target(until)
    if to is not None and not runs and param is None:
        found, selection = groups.ended(db=db, project=project, tags=tags, **costing)
        click.echo(Renderer(TRENDS, form)(trend(found, to), to, selection))
    else:
        choice = (
            groups.named(runs, db=db, **costing)
            if runs
            else groups.chosen(db=db, project=project, tags=tags, param=param, **costing)
        )
        made = compare_groups(choice.groups, per=per, until=to, front=front, better=better, selection=choice.selection)
        click.echo(Renderer(COMPARISONS, form)(made))
