"""``greentrack when``: the best hours of the next day to start something."""

from typing import TYPE_CHECKING

import click

from greentrack.cli import options

if TYPE_CHECKING:
    from greentrack.analysis.schedule import Schedule, StartTime

MAX_SHOWN = 8
"""So many starts are in the table; the JSON has them all."""


@click.command(
    short_help="Find the best hours of the next day to start.",
    epilog="""\b
Examples:
  greentrack when --hourly uk --zone GB --hours 3 --power 300W
  greentrack when --hourly electricitymaps --zone FR --like digits
  greentrack when --hourly forecast.csv --format json
""",
)
@click.option(
    "--hours",
    metavar="HOURS",
    type=options.Number(0, 168, min_open=True),
    help="How long it will take; 3, or as long as the run of --like.",
)
@options.zone
@options.hourly
@click.option("--power", metavar="POWER", help="What it will draw: 300W, 1.2kW.")
@click.option("--like", metavar="RUN", help="A past run that it will be like.", shell_complete=options.complete_run)
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="text or json.",
)
@options.db
def when(
    *,
    hours: float | None,
    zone: str | None,
    hourly: str | None,
    power: str | None,
    like: str | None,
    form: str,
    db: str | None,
) -> None:
    """Rank the hours of the next day by the carbon of starting then, from a forecast.

    The forecast comes from --hourly: a source on the network, which is asked within 5 s and whose answer is kept for
    half an hour, or a CSV file that reaches into the future. Times are local, with their offset.
    """
    from greentrack.analysis.schedule import best_starts, to_dict
    from greentrack.reports.schedule_notes import schedule_notes

    found = best_starts(hourly=hourly, zone=zone, hours=hours, power=power, like=like, db=db)
    if form == "json":
        import json

        made = {**to_dict(found), "notes": list(schedule_notes(found))}
        click.echo(json.dumps(made, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        click.echo("\n".join(_lines(found)))


def _lines(found: "Schedule") -> "list[str]":
    import textwrap
    from shutil import get_terminal_size

    from greentrack.cli.plain import printable
    from greentrack.cli.table import Column, lines
    from greentrack.formatting.units import clock_time, digits, duration, energy
    from greentrack.quantity import JOULES_PER_KWH
    from greentrack.reports.schedule_notes import schedule_notes

    work = duration(found.hours * 3600)
    if found.kwh is not None:
        work += f" and {energy(found.kwh.value * JOULES_PER_KWH)}"
    place = f" in {found.zone}" if found.zone else ""
    shown: list[StartTime] = [*found.best[:MAX_SHOWN], *([found.now] if found.now else [])]
    columns = [
        Column("start", [clock_time(start.at) for start in shown]),
        Column("in", ["now" if start.at == found.at else duration(start.at - found.at) for start in shown], right=True),
        Column("g/kWh", [digits(start.g_per_kwh) for start in shown], right=True),
        Column("CO2e", [_mass(start) for start in shown], right=True),
        Column("saved", [_saved(start, found) for start in shown], right=True),
    ]
    if found.kwh is None:
        del columns[3]
    width = max(40, get_terminal_size().columns)
    return [
        *textwrap.wrap(printable(f"Best starts of the next 24 h for {work}{place}, by {found.source}"), width),
        "",
        *lines(columns),
        "",
        *(
            line
            for note in schedule_notes(found)
            for line in textwrap.wrap(printable(note), width, initial_indent="- ", subsequent_indent="  ")
        ),
    ]


def _mass(start: "StartTime") -> str:
    from greentrack.formatting.units import mass

    return "—" if start.g is None else mass(start.g.value).removesuffix(" CO2e")


def _saved(start: "StartTime", found: "Schedule") -> str:
    if start.saved is None or start.at == found.at:
        return "—"
    return f"{100 * start.saved:.0f} %"
