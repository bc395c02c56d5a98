"""``greentrack references``: published trainings, and the misprints about them."""

import textwrap
from collections.abc import Iterator
from shutil import get_terminal_size
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from greentrack.costing.published_trainings import PublishedTraining

UNKNOWN = "—"


@click.command(
    short_help="List published trainings to compare a run with.",
    epilog="""\b
Examples:
  greentrack references
  greentrack references --format json
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
def references(*, form: str) -> None:
    """List what published trainings took: energy, CO2e, money where known, and how each figure was obtained.

    A figure with a tilde was not checked at its source; a dash is a figure that nobody published. The misprints that
    go round follow, each worked out anew.
    """
    click.echo(_json() if form == "json" else "\n".join(_lines(get_terminal_size().columns)))


def _json() -> str:
    import json

    from greentrack.analysis.published_errors import published_errors
    from greentrack.costing.published_trainings import references as published

    made = {
        "references": [row.to_dict() for row in published()],
        "misprints": [misprint._asdict() for misprint in published_errors()],
    }
    return json.dumps(made, indent=2, ensure_ascii=False)


def _lines(width: int) -> Iterator[str]:
    from greentrack.analysis.published_errors import published_errors
    from greentrack.cli.table import Column, lines
    from greentrack.costing.published_trainings import HOW
    from greentrack.costing.published_trainings import references as published

    rows = published()
    columns = (
        Column("training", [row.name for row in rows]),
        Column("year", [str(row.year) for row in rows]),
        Column("energy", [row.energy_text or UNKNOWN for row in rows], right=True),
        Column("CO2e", [row.carbon_text or UNKNOWN for row in rows], right=True),
        Column("energy was", [HOW[row.how] for row in rows]),
    )
    yield from lines(columns)
    yield ""
    yield "What they are"
    for row in rows:
        yield from _item(f"{row.name}: {_about(row)} [{row.source}]", width)
    yield ""
    yield "What was paid for them, where it was published"
    for row in rows:
        if row.money is not None:
            yield from _item(f"{row.name}: {row.money_text}: {row.money.how} [{row.source}]", width)
    yield ""
    yield "Misprints"
    for misprint in published_errors():
        yield from _item(f'"{misprint.said}": {misprint.so} [{misprint.source}]', width)


def _about(row: "PublishedTraining") -> str:
    parts = (row.hardware, row.boundary, "" if row.certainty == "published" else row.certainty)
    return "; ".join(part for part in parts if part)


def _item(text: str, width: int) -> list[str]:
    width = max(width, 40)
    return textwrap.wrap(text, width, initial_indent="- ", subsequent_indent="  ", break_on_hyphens=False)
