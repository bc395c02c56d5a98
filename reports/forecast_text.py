"""Forecasts of a run as text, and the costs at its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from greentrack.costing.forecast_costs import ForecastCost, came_to, forecast_cost
from greentrack.formatting.escape import shown
from greentrack.formatting.layout import UNKNOWN
from greentrack.formatting.table import Table
from greentrack.formatting.units import digits, duration_range, energy_range, mass_range, money_range, percent

if TYPE_CHECKING:
    from greentrack.costing.summary import Summary
    from greentrack.model import Forecast

_ENDED = {"finished": "it came to", "failed": "it failed at"}


def rows(summary: Summary, some: Sequence[Forecast]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield when it was, energy, carbon, money and time of *some* of the forecasts, then of the end, as text.

    A figure that is not known is ""; without forecasts there is no row.
    """
    for one in some:
        yield f"after {percent(one.progress)}", *cells(forecast_cost(one, summary))
    status, came = came_to(summary)
    if some and status != "running":
        yield _ENDED.get(status, f"it was {status} at"), *cells(came)


def table(summary: Summary, some: Sequence[Forecast]) -> Table:
    """Return the same rows as a table; what is not known is a dash."""
    cells = tuple(tuple(cell or UNKNOWN for cell in row) for row in rows(summary, some))
    return Table(("", "energy", "carbon", "money", "time"), cells, (1, 2, 3, 4), "Forecasts of the whole work")


def cells(cost: ForecastCost) -> tuple[str, str, str, str]:
    """Return energy, carbon, money and time as text, each with its range."""
    return (
        "an energy that was not measured" if cost.joules is None else energy_range(cost.joules),
        "" if cost.g is None else mass_range(cost.g),
        "" if cost.money is None else money_range(cost.money.amount, cost.money.currency),
        duration_range(cost.seconds),
    )


def before_overhead(pue: float) -> str:
    """Return the remark on an energy without the *pue* that its carbon and money include; "" for a PUE of 1."""
    return f"before a PUE of {digits(pue)}" if pue != 1 else ""


def remarks(summary: Summary) -> Iterator[str]:
    """Yield what a reader must know to compare the forecasts with the costs at the end."""
    if not summary.forecasts:
        return
    came, early = came_to(summary)[1], summary.run.params.get("early_stopping")
    if summary.scope == "process":
        yield "forecasts are of the whole machine, not the run's own share"
    if early:
        yield f"forecasts are upper bounds: early stopping ({shown(early)}) is not foreseen"
    if before := before_overhead(summary.pue.value):
        money = " and money" if came.money is not None and came.money.basis != "renter" else ""
        yield f"energies are {before}, carbon{money} after it"
    if came.joules is not None and came.joules.low < came.joules.high:
        yield "ranges of forecasts are of what was to come, without the meters' own error"
