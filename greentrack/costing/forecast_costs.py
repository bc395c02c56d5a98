"""The costs of forecasts: energy, carbon, money and time, beside the actual costs.

The store keeps joules and seconds. Carbon and money follow at the run's own rates, so that a forecast and its outcome
have the same price.
"""

from typing import NamedTuple, Self

from greentrack.costing.summary import Summary
from greentrack.costing.tariffs import Money
from greentrack.model import Forecast
from greentrack.quantity import Figure, product, quotient


class ForecastCost(NamedTuple):
    """A run's *joules* without a PUE, and its *g* and *money* with it; None where unknown."""

    joules: Figure | None
    g: Figure | None
    money: Money | None
    seconds: Figure

    def of_hosts(self, n: float) -> Self:
        """Return the costs of *n* such hosts in the same time."""
        return self._replace(
            joules=self.joules and self.joules * n,
            g=self.g and self.g * n,
            money=self.money and self.money._replace(amount=self.money.amount * n),
        )


def came_to(summary: Summary) -> tuple[str, ForecastCost]:
    """Return the status and the costs of the run, or of all parts of a multi-part run."""
    whole = summary.whole
    if whole is None:
        return summary.run.status, cost_so_far(summary)
    return whole.status, ForecastCost(whole.joules, whole.g, whole.money, Figure.exact(whole.seconds))


def cost_so_far(summary: Summary) -> ForecastCost:
    """Return the costs of the run itself, without other parts of a multi-part run."""
    return ForecastCost(summary.joules, summary.g, summary.money, Figure.exact(summary.run.seconds))


def cost_of(joules: Figure, seconds: Figure, like: ForecastCost) -> ForecastCost:
    """Return the costs of *joules* and *seconds* at the rates of the run *like* them.

    Electricity is paid for by the joule and rent by the second; the ranges include those of the rates.
    """
    g = money = None
    if like.joules is not None and like.joules.value > 0:
        if like.g is not None:
            g = product(joules, quotient(like.g, like.joules))
        if like.money is not None and like.money.basis != "renter":
            money = like.money._replace(amount=product(joules, quotient(like.money.amount, like.joules)))
    if like.money is not None and like.money.basis == "renter" and like.seconds.value > 0:
        money = like.money._replace(amount=product(seconds, like.money.amount / like.seconds.value))
    return ForecastCost(joules, g, money, seconds)


def forecast_cost(forecast: Forecast, summary: Summary) -> ForecastCost:
    """Return the costs of *forecast*, at the rates of *summary*."""
    joules = Figure(value=forecast.joules, low=forecast.joules_low, high=forecast.joules_high)
    seconds = Figure(value=forecast.seconds, low=forecast.seconds_low, high=forecast.seconds_high)
    return cost_of(joules, seconds, came_to(summary)[1])
