"""``greentrack runs``: the runs that were kept, with what each cost."""

from typing import TYPE_CHECKING

import click

from greentrack.cli import options

if TYPE_CHECKING:
    from greentrack.costing.run_list import RunCost, Totals

SORTS = "started, name, seconds, kwh, g or status"


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
    "--status",
    metavar="STATUS",
    help="Only runs that are running, finished, failed, stopped, interrupted or imported.",
)
@click.option("--name", metavar="NAME", help="Only runs of this name; * and ? stand for anything.")
@click.option("--since", metavar="WHEN", help="Started then or later: 2026-05-01, 2026-05-01T14:30, 7d, 12h, today.")
@click.option("--until", metavar="WHEN", help="Started before then; a day counts up to its end.")
@click.option(
    "--sort",
    metavar="KEY",
    default="started",
    show_default=True,
    help=f"By {SORTS}; the newest, longest or costliest first; -KEY turns it round.",
)
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option("--limit", metavar="N", type=int, help="At most so many.")
@click.option("--all-parts", is_flag=True, help="Also the earlier parts of what was resumed, and other hosts' parts.")
@click.option("--totals", is_flag=True, help="Also what they come to; joules of runs that overlapped count once.")
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    show_default=True,
    help="table, json or csv.",
)
@options.db
def runs(
    *,
    project: str | None,
    tags: tuple[str, ...],
    status: str | None,
    name: str | None,
    since: str | None,
    until: str | None,
    sort: str,
    reverse: bool,
    limit: int | None,
    all_parts: bool,
    totals: bool,
    form: str,
    db: str | None,
) -> None:
    """List past and present runs: duration, energy, CO2e, and how much of the energy was measured.

    A training that was resumed or ran on several hosts is one line, with what all its parts came to; how it stands and
    when it began are its latest part's. The table drops columns that have no room; json and csv hold everything. With
    --totals, json is an object with "runs" and "totals" instead of a list.
    """
    import gc

    from greentrack.cli.when import moment
    from greentrack.costing.run_list import list_runs, total

    if totals and form == "csv":
        raise click.UsageError("--totals goes with the formats table and json")
    gc.disable()  # all that is made lives to the end: looking for garbage in ten thousand runs takes a third longer
    found = list_runs(
        db=db,
        project=project,
        tags=tags,
        status=status,
        since=None if since is None else moment(since, "--since"),
        until=None if until is None else moment(until, "--until", end=True),
        name=name,
        sort=sort.removeprefix("-"),
        reverse=reverse != sort.startswith("-"),
        limit=limit,
        all_parts=all_parts,
    )
    sums = total(found, db=db) if totals else None
    if form == "table":
        _table(found, sums, db)
    elif form == "json":
        _json(found, sums)
    else:
        _csv(found)


def _table(found: "list[RunCost]", sums: "Totals | None", db: str | None) -> None:
    from greentrack.cli import table
    from greentrack.formatting.units import duration, energy, mass

    if not found:
        click.echo(f"no such runs at {options.database(db)}; record one with: greentrack run -- COMMAND", err=True)
        return
    table.write(found)
    if sums is not None:
        carbon = "CO2e not known" if sums.g is None else mass(sums.g)
        count = f"{sums.runs:,} {'run' if sums.runs == 1 else 'runs'}"
        spent = "energy not known" if sums.joules is None else energy(sums.joules)
        click.echo("\n" + "  ".join((count, duration(sums.seconds), spent, carbon)))
        if sums.unread:
            click.echo(f"Nothing was measured of {sums.unread:,} of them.")
        if sums.overlapped:
            click.echo(f"Runs overlapped: {energy(sums.overlapped)} that more than one of them saw counts once.")


def _json(found: "list[RunCost]", sums: "Totals | None") -> None:
    import json

    from greentrack.costing.run_list import to_dict
    from greentrack.formatting.escape import json_text
    from greentrack.quantity import JOULES_PER_KWH

    # a line a run: for people to search, and three times as fast as json's own indenting
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
    rows = json_text(",\n".join(encode(to_dict(cost)) for cost in found))
    runs = f"[\n{rows}\n]" if found else "[]"
    if sums is None:
        click.echo(runs)
        return
    totals = {
        "runs": sums.runs,
        "seconds": sums.seconds,
        "kwh": None if sums.joules is None else sums.joules / JOULES_PER_KWH,
        "g": sums.g,
        "overlapped_kwh": sums.overlapped / JOULES_PER_KWH,
        "unread": sums.unread,
    }
    click.echo(f'{{"totals": {json.dumps(totals, allow_nan=False)},\n"runs": {runs}}}')


def _csv(found: "list[RunCost]") -> None:
    import csv
    import io

    from greentrack.cli.plain import printable, spreadsheet
    from greentrack.costing.run_list import COLUMNS, to_dict

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in map(to_dict, found):
        row |= {key: spreadsheet(printable(row[key] or "")) for key in ("name", "project")}
        writer.writerow(row.values())
    click.echo(text.getvalue(), nl=False)
