"""A list of runs as CSV, a row a run."""

import csv
import io
from collections.abc import Sequence

from greentrack.costing.run_list import COLUMNS, RunCost, to_dict
from greentrack.formatting.escape import spreadsheet


def render(costs: Sequence[RunCost]) -> str:
    """Return a header and a row for each of *costs*; names are printable, and no spreadsheet works them out."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in map(to_dict, costs):
        row |= {key: spreadsheet(row[key] or "") for key in ("name", "project")}
        writer.writerow(row.values())
    return text.getvalue().removesuffix("\n")
