"""What a work was forecast to come to, in energy, carbon, money and time, beside what it came to.

Kept are joules and seconds, each with its range. Carbon and money are worked out when somebody asks, at what a joule or
a second of the run costs under the terms that it is costed under, so a forecast and what came of it have one price.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from greentrack.reports.figures import Figure, product, quotient
from greentrack.reports.units import digits, duration_range, energy_range, mass_range, money_range, percent
from greentrack.reports.words import shown

if TYPE_CHECKING:
    from greentrack.model import Forecast
    from greentrack.reports.money import Money
    from greentrack.reports.summary import Summary

_ENDED = {"finished": "it came to", "failed": "it failed at"}
_WAS = "it was {} at"


class Cost(NamedTuple):
    """A work's *joules* without a PUE, and its *g* and *money* with it; None where they are not known."""

    joules: Figure | None
    g: Figure | None
    money: Money | None
    seconds: Figure

    def of_hosts(self, n: float) -> Cost:
        """Return what *n* hosts like this one have cost in the same time."""
        return Cost(
            joules=None if self.joules is None else self.joules * n,
            g=None if self.g is None else self.g * n,
            money=None if self.money is None else self.money._replace(amount=self.money.amount * n),
            seconds=self.seconds,
        )


class Row(NamedTuple):
    """A forecast or what came, as people read it; "" where it is not known."""

    when: str
    energy: str
    carbon: str
    money: str
    time: str


def came_to(summary: Summary) -> tuple[str, Cost]:
    """Return how the whole work stands, and what it has come to as forecasts count it."""
    whole = summary.whole
    if whole is None:
        return summary.run.status, cost_so_far(summary)
    return whole.status, Cost(whole.joules, whole.g, whole.money, _exactly(whole.seconds))


def cost_so_far(summary: Summary) -> Cost:
    """Return what the run itself has cost, without other parts of its work."""
    return Cost(summary.joules, summary.g, summary.money, _exactly(summary.run.seconds))


def cost_of(joules: Figure, seconds: Figure, like: Cost) -> Cost:
    """Return what *joules* and *seconds* cost at the grams and the money of a work *like* them.

    Electricity is paid for by the joule and rent by the second; the ranges of the factors go along.
    """
    g = money = None
    if like.joules is not None and like.joules.value > 0:
        if like.g is not None:
            g = product(joules, quotient(like.g, like.joules))
        if like.money is not None and like.money.basis != "renter":
            money = like.money._replace(amount=product(joules, quotient(like.money.amount, like.joules)))
    if like.money is not None and like.money.basis == "renter" and like.seconds.value > 0:
        money = like.money._replace(amount=product(seconds, like.money.amount / like.seconds.value))
    return Cost(joules, g, money, seconds)


def cost(forecast: Forecast, summary: Summary) -> Cost:
    """Return what was forecast, costed as *summary* is."""
    joules = Figure(value=forecast.joules, low=forecast.joules_low, high=forecast.joules_high)
    seconds = Figure(value=forecast.seconds, low=forecast.seconds_low, high=forecast.seconds_high)
    return cost_of(joules, seconds, came_to(summary)[1])


def rows(summary: Summary, some: Sequence[Forecast]) -> Iterator[Row]:
    """Yield *some* of the forecasts, and after them what came; nothing where there are none."""
    for one in some:
        yield Row(f"after {percent(one.progress)}", *cells(cost(one, summary)))
    status, came = came_to(summary)
    if some and status != "running":
        yield Row(_ENDED.get(status, _WAS.format(status)), *cells(came))


def cells(cost: Cost) -> tuple[str, str, str, str]:
    """Return energy, carbon, money and time as people read them, each with its range."""
    return (
        "an energy that was not measured" if cost.joules is None else energy_range(cost.joules),
        "" if cost.g is None else mass_range(cost.g),
        "" if cost.money is None else money_range(cost.money.amount, cost.money.currency),
        duration_range(cost.seconds),
    )


def before_overhead(pue: float) -> str:
    """Return what is to be said of an energy whose carbon and money have a *pue* in them; "" for one that has none."""
    return f"before a PUE of {digits(pue)}" if pue != 1 else ""


def remarks(summary: Summary) -> Iterator[str]:
    """Yield how the forecasts are to be read beside what came."""
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


def _exactly(value: float) -> Figure:
    return Figure(value=value, low=value, high=value)
