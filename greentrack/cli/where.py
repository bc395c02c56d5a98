"""``greentrack where``: what a run would have cost elsewhere."""

from typing import TYPE_CHECKING, Any

import click

from greentrack.cli import options

if TYPE_CHECKING:
    from greentrack.analysis.regions import Region, RegionRanking

UNKNOWN = "—"
MIN_NAME = 8
"""So much of a place's name is shown where room is short."""


@click.command(
    short_help="Rank places by what a run would have cost there.",
    epilog="""\b
Examples:
  greentrack where
  greentrack where digits --zones SE,FR,US-CA,aws:eu-west-1
  greentrack where digits --cloud aws --pue 1.15 --top 5
  greentrack where digits --by money --format json
""",
)
@click.argument("run", default="latest", shell_complete=options.complete_run)
@click.option("--zones", metavar="ZONES", default="", help="Only these places: SE,FR,US-CA,aws:eu-west-1.")
@click.option("--cloud", metavar="CLOUD", help="The regions of a cloud: aws, azure or gcp.")
@click.option(
    "--by",
    metavar="WHAT",
    default="carbon",
    show_default=True,
    help="Rank by carbon, or by money in the currency here.",
)
@click.option(
    "--top", metavar="N", type=click.IntRange(min=1), default=15, show_default=True, help="Show so many; JSON has all."
)
@click.option(
    "--format",
    "form",
    metavar="FORMAT",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="text or json.",
)
@options.costing
@options.db
def where(
    *, run: str, zones: str, cloud: str | None, by: str, top: int, form: str, db: str | None, **costing: Any
) -> None:
    """Cost the energy of RUN in every country, state and price area, or in some places, and rank them.

    The joules are those of the run: elsewhere the same hardware is taken to do the same work. Places whose ranges
    overlap cannot be told apart and share a rank. RUN is as in show; --zone is where it was costed, the row "here".
    """
    from greentrack.analysis.regions import to_dict
    from greentrack.analysis.regions import where as places
    from greentrack.reports.regions_notes import regions_notes

    among = [zone.strip() for zone in zones.split(",") if zone.strip()]
    found = places(run, db=db, among=among, cloud=cloud, by=by, **costing)
    if form == "json":
        import json

        made = {**to_dict(found), "notes": list(regions_notes(found))}
        click.echo(json.dumps(made, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        click.echo("\n".join(_lines(found, top)))


def _lines(found: "RegionRanking", top: int) -> list[str]:
    import textwrap
    from shutil import get_terminal_size

    from greentrack.cli.plain import cut, printable
    from greentrack.cli.table import GAP, Column, lines
    from greentrack.formatting import layout
    from greentrack.formatting.units import digits, energy_range, mass_range
    from greentrack.reports.regions_notes import regions_notes

    width = max(40, get_terminal_size().columns)
    shown = [found.here, *found.ranked[:top]]
    names = [printable(place.name) for place in shown]
    columns = {
        "rank": Column("rank", ["here", *(str(place.rank or "") for place in shown[1:])], right=True),
        "zone": Column("zone", [place.zone for place in shown]),
        "place": Column("place", names),
        "grid": Column("g/kWh", [digits(place.intensity.g_per_kwh) for place in shown], right=True),
        "boundary": Column("", [place.intensity.boundary.replace("life-cycle", "") for place in shown]),
        "carbon": Column("CO2e", [mass_range(place.g).replace(" CO2e", "") for place in shown]),
        "times": Column("x here", [_times(place, found.here) for place in shown], right=True),
        "money": Column("money", [_money(place, found.by) for place in shown], right=True),
    }
    for rare in ("boundary", "money"):
        if not any(text.strip(UNKNOWN) for text in columns[rare].texts):
            del columns[rare]

    def room() -> int:
        return width - sum(len(GAP) + columns[name].width for name in columns if name != "place")

    if room() < MIN_NAME:
        columns.pop("money" if found.by == "carbon" else "carbon", None)
    if room() < columns["place"].width:
        columns["place"] = Column("place", [cut(name, max(MIN_NAME, room())) for name in names])
    counted = [place for place in found.ranked if place.rank is not None]
    less = sum(place.times_here < 1 and not place.like_here for place in counted)
    title = f"{printable(found.run.name)} elsewhere, by {found.by}: {energy_range(found.joules)}"
    if found.ranked:
        what = "emit less" if found.by == "carbon" else "are cheaper"
        title += f"; {less:,} of {len(counted):,} places {what}, beyond their ranges"
    more = f"… and {len(found.ranked) - top:,} more" if len(found.ranked) > top else ""
    left_out = f"{len(found.unranked):,} places without such a price are not ranked" if found.unranked else ""
    return [
        *textwrap.wrap(title, width),
        "",
        *lines(list(columns.values())),
        *([more] if more else []),
        "",
        *layout.notes(map(printable, (*regions_notes(found), *([left_out] if left_out else []))), width),
    ]


def _times(place: "Region", here: "Region") -> str:
    from greentrack.formatting.units import digits

    if place is here:
        return ""
    return "as here" if place.like_here else digits(place.times_here, 2)


def _money(place: "Region", by: str) -> str:
    from greentrack.formatting.units import money, money_range

    paid = place.money
    if paid is None:
        return "—"
    tilde = "" if place.sure_of_price else "~"
    return tilde + (
        money_range(paid.amount, paid.currency) if by == "money" else money(paid.amount.value, paid.currency)
    )
