"""A list of runs as CSV, a row a run."""

from collections.abc import Sequence

from greentrack.costing.run_list import RunCost
from greentrack.formatting.escape import csv_lines, spreadsheet
from greentrack.reports.run_list_json import COLUMNS, to_dict


def render(costs: Sequence[RunCost]) -> str:
    """Return a header and a row for each of *costs*; names are printable, and no spreadsheet works them out."""
    rows = map(to_dict, costs)
    texts = (row | {key: spreadsheet(row[key] or "") for key in ("name", "project")} for row in rows)
    return csv_lines(COLUMNS, *(row.values() for row in texts))
