"""The tables of one run on the HTML page."""

from collections.abc import Sequence
from typing import TypeVar

from greentrack.costing.summary import Summary
from greentrack.formatting.table import Table
from greentrack.model import Forecast
from greentrack.quantity import Figure
from greentrack.reports import forecast_text, tables
from greentrack.reports.assumptions import value_text
from greentrack.reports.lines import numbered

MAX_ROWS = 50
"""Maximum number of rows in a table; a remark beneath it says what is left out."""

T = TypeVar("T")


def forecasts(summary: Summary) -> Table:
    """Return the forecasts, then the costs at the end; no rows where there are none."""
    made = sampled(summary.forecasts, MAX_ROWS)
    remarks = filter(None, (thinned(len(made), len(summary.forecasts)), *forecast_text.remarks(summary)))
    table = forecast_text.table(summary, made)
    return table.without_unknown(range(1, len(table.head)))._replace(remark="; ".join(remarks))


def forecast_range(forecast: Forecast) -> Figure:
    """Return the energy of a forecast."""
    return Figure(value=forecast.joules, low=forecast.joules_low, high=forecast.joules_high)


def devices(summary: Summary) -> Table:
    """Return the devices, each with how it was read; kind and name are one column."""
    names = numbered([f"{device.kind} {device.name}" for device in summary.devices])
    return tables.devices(summary, names).only(range(1, 7))


def assumptions(summary: Summary) -> Table:
    """Return what the figures rest on."""
    rows = tuple((item.name, value_text(item), item.source, f"{item.year}") for item in summary.assumptions)
    return Table(("assumption", "value", "source", "year"), rows, (1, 3), "What the figures rest on")


def sampled(items: Sequence[T], most: int) -> list[T]:
    """Return at most *most* of *items*, evenly spread, the first and the last among them.

    >>> sampled(range(10), 4), sampled("ab", 4)
    ([0, 3, 6, 9], ['a', 'b'])
    """
    if len(items) <= most:
        return list(items)
    return [items[round(number * (len(items) - 1) / (most - 1))] for number in range(most)]


def thinned(rows: int, of: int) -> str:
    """Return the remark on a table of *rows* out of *of*, evenly spread; "" where all are shown."""
    return f"{rows:,} of {of:,} are shown, evenly spread" if of > rows else ""
