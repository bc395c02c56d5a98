"""``greentrack runs``: the stored runs, with what each cost."""

import datetime
import re
import sys
from typing import Any

import click

from greentrack.cli import options
from greentrack.cli.output import Renderer, format_option, terminal_width
from greentrack.errors import ConfigError
from greentrack.registry import RUN_LISTS

MOMENTS = "2026-05-01, 2026-05-01T14:30, 30min, 12h, 7d, 2w, today, yesterday"

_UNITS = {"min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@click.command(
    short_help="List the runs and what each cost.",
    epilog="""\b
Examples:
  greentrack runs --project demo --since 7d
  greentrack runs --tag baseline --sort kwh --limit 10
  greentrack runs --since 2026-05-01 --totals --format json
""",
)
@click.option("--project", metavar="PROJECT", help="Only runs of this project.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Only runs with this tag; several: with all of them.")
@click.option(
    "--status", metavar="STATUS", help="Only runs that are running, finished, failed, stopped, interrupted or imported."
)
@click.option("--name", metavar="NAME", help="Only runs of this name; * and ? stand for anything.")
@click.option("--since", metavar="WHEN", help="Started then or later: 2026-05-01, 2026-05-01T14:30, 7d, 12h, today.")
@click.option("--until", metavar="WHEN", help="Started before then; a day counts up to its end.")
@click.option(
    "--sort",
    metavar="KEY",
    default="started",
    show_default=True,
    help="By started, name, seconds, kwh, g or status; the newest, longest or costliest first; -KEY turns it round.",
)
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option("--limit", metavar="N", type=int, help="At most so many.")
@click.option("--all-parts", is_flag=True, help="Also the earlier parts of what was resumed, and other hosts' parts.")
@click.option("--totals", is_flag=True, help="Also what they come to; joules of runs that overlapped count once.")
@format_option(RUN_LISTS)
@options.db
def runs(
    *,
    since: str | None,
    until: str | None,
    sort: str,
    reverse: bool,
    totals: bool,
    form: str,
    db: str | None,
    **filters: Any,
) -> None:
    """List past and present runs: duration, energy, CO2e, and how much of the energy was measured.

    A training that was resumed or ran on several hosts is one line, with what all its parts came to; how it stands and
    when it began are its latest part's. The table drops columns that have no room; json and csv hold everything. With
    --totals, json is an object with "runs" and "totals" instead of a list.
    """
    import gc

    from greentrack.costing.run_list import list_runs, total
    from greentrack.costing.session import CostingSession

    render = Renderer(RUN_LISTS, form, totals=totals)
    gc.disable()  # all that is made lives to the end: looking for garbage in ten thousand runs takes a third longer
    began = None if since is None else parse_moment(since, "--since")
    before = None if until is None else parse_moment(until, "--until", end=True)
    with CostingSession.without_options(db) as session:
        reverse = reverse != sort.startswith("-")
        found = list_runs(
            session=session, since=began, until=before, sort=sort.removeprefix("-"), reverse=reverse, **filters
        )
        sums = total(found, session=session) if totals else None
    text = render(found, totals=sums, width=terminal_width(), colour=sys.stdout.isatty())
    if not text:
        click.echo(f"no such runs at {session.reader.path}; record one with: greentrack run -- COMMAND", err=True)
    elif form == "table":
        print(text)  # to an output that is ASCII, click.echo would write UTF-8, and print escapes
    else:
        click.echo(text)


def parse_moment(text: str, option: str, *, now: datetime.datetime | None = None, end: bool = False) -> float:
    """Return the Unix time of *text*, which is local time unless it has an offset; with *end*, of a day the end.

    Raises ConfigError, which names the *option*.
    """
    now = now or datetime.datetime.now().astimezone()
    word = text.strip().lower()
    try:
        if found := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(min|h|d|w)", word):
            return (now - datetime.timedelta(**{_UNITS[found[2]]: float(found[1])})).timestamp()
        if word in ("today", "yesterday"):
            return _edge(now.date() - datetime.timedelta(days=word == "yesterday"), end)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", word):
            return _edge(datetime.date.fromisoformat(word), end)
        return datetime.datetime.fromisoformat(word.upper()).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(f"{option} {text!r} is no date or time; write for example {MOMENTS}") from error


def _edge(day: datetime.date, end: bool) -> float:
    first = day + datetime.timedelta(days=1) if end else day
    return datetime.datetime.combine(first, datetime.time()).timestamp()
