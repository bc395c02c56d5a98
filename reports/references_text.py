"""Published trainings as a table, then what each is, and the misprints about them."""

from collections.abc import Iterable, Sequence

from greentrack.costing.published_trainings import HOW, PublishedError, PublishedTraining
from greentrack.formatting.layout import UNKNOWN, sections, titled
from greentrack.formatting.table import Table, lines


def render(trainings: Sequence[PublishedTraining], misprints: Iterable[PublishedError], *, width: int = 80) -> str:
    """Return the table at its full width, and lists of at most *width* columns."""
    width = max(width, 40)
    rows = tuple(
        (row.name, str(row.year), row.energy_text or UNKNOWN, row.carbon_text or UNKNOWN, HOW[row.how])
        for row in trainings
    )
    paid = (
        f"{row.name}: {row.money_text}: {row.money.how} [{row.source}]" for row in trainings if row.money is not None
    )
    parts = (
        lines(Table(("training", "year", "energy", "CO2e", "energy was"), rows, right=(2, 3))),
        titled("What they are", (f"{row.name}: {_about(row)} [{row.source}]" for row in trainings), width),
        titled("What was paid for them, where it was published", paid, width),
        titled("Misprints", (f'"{one.said}": {one.so} [{one.source}]' for one in misprints), width),
    )
    return sections(parts)


def _about(row: PublishedTraining) -> str:
    parts = (row.hardware, row.boundary, "" if row.certainty == "published" else row.certainty)
    return "; ".join(part for part in parts if part)
