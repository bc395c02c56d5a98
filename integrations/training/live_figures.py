"""What a run has used while it goes on: as its summary will say, and with what earlier parts used."""

from typing import NamedTuple

from greentrack.config import Settings
from greentrack.costing import forecast_costs
from greentrack.costing.api import Recorded, summary_of
from greentrack.costing.summary import Summary
from greentrack.integrations.training.forecast import LiveForecast, WorkCost
from greentrack.tracking.budget import spent_of

LOOK_S = 1.0
"""How often, at most, the figures are looked at while batches go by."""

MAX_AHEAD_S = 5.0
"""The power of the last interval is assumed to go on for this long after the last reading, at most."""


class Consumption(NamedTuple):
    """Joules (of all devices, of the GPUs), grams of CO2e, money, seconds, samples so far; *watts* are of the moment.

    *money* is None if no price is known, or if a part has a price in another currency.
    """

    joules: float = 0.0
    gpu_joules: float = 0.0
    grams: float = 0.0
    seconds: float = 0.0
    samples: float = 0.0
    money: float | None = None
    currency: str | None = None
    watts: float = 0.0

    def plus(self, earlier: "Consumption") -> "Consumption":
        """Return the sum with an *earlier* part of the same run; the watts are those of this one."""
        used = [part for part in (earlier, self) if part.joules > 0]
        prices = [part.money for part in used if part.money is not None]
        currencies = {part.currency for part in used}
        known = len(prices) == len(used) and len(currencies) == 1
        return self._replace(
            joules=self.joules + earlier.joules,
            gpu_joules=self.gpu_joules + earlier.gpu_joules,
            grams=self.grams + earlier.grams,
            seconds=self.seconds + earlier.seconds,
            samples=self.samples + earlier.samples,
            money=sum(prices) if known else None,
            currency=currencies.pop() if known else None,
        )

    def named(self, expected: float = 0.0) -> dict[str, float]:
        """Return the figures that are known under the names of a logger, with the joules *expected* at the end."""
        if self.joules <= 0:
            return {}
        named = {
            "energy/kwh": self.joules / 3.6e6,
            "energy/gpu_kwh": self.gpu_joules / 3.6e6,
            "energy/power_w": self.watts,
            "carbon/g": self.grams,
        }
        if self.samples > 0:
            named["energy/j_per_sample"] = self.joules / self.samples
        if expected > 0:  # a run cannot use less than it has used
            named["energy/forecast_kwh"] = max(expected, self.joules) / 3.6e6
        return named


class LiveFigures:
    """What *run* has used as of its last reading, costed under *settings*."""

    def __init__(self, run: Recorded, settings: Settings | None = None) -> None:
        self.earlier = Consumption()  # of the earlier parts of a resumed run
        self.own = Consumption()
        self.overhead = 1.0  # the PUE that is in the joules
        self._run, self._settings = run, settings
        self._cost: forecast_costs.ForecastCost | None = None  # of this part: the price of forecasts
        self._interval_s = 0.0  # between two readings
        self._read_s = 0.0  # seconds of the run that its devices have been read for
        self._elapsed_s = 0.0

    def refresh(self, samples: float) -> bool:
        """Look at the run's figures again, *samples* having been done in this part; return True after a new reading.

        It takes about a millisecond: do not call it every step.
        """
        record = self._run.record()
        read_s = max((use.energy.seconds for use in record.devices), default=0.0)
        self._elapsed_s, self._interval_s = record.run.seconds, record.run.interval
        if read_s <= self._read_s:
            return False
        self._take(summary_of(record, settings=self._settings), read_s, samples)
        return True

    def total(self) -> Consumption:
        """Return what all parts have used, as of the last reading."""
        return self.own.plus(self.earlier)

    def now(self) -> WorkCost:
        """Return what this part has used up to now, by the power of the last interval since the last reading."""
        ahead = min(max(0.0, self._elapsed_s - self._read_s), MAX_AHEAD_S)
        return WorkCost(self.own.joules + self.own.watts * ahead, self._elapsed_s)

    def has_read(self, since: float) -> bool:
        """Return True if at least one interval has been read after the first *since* seconds of this part."""
        return self._read_s - since >= self._interval_s > 0

    def at_the_end(self, forecast: LiveForecast, hosts: float = 1.0) -> forecast_costs.ForecastCost:
        """Return what the *forecast* consumption of so many *hosts* like this one costs.

        Earlier parts cost what they did, wherever they ran; the rest has the price of this part.
        """
        whole, seconds, before = forecast.joules, forecast.seconds, self.earlier
        if self._cost is None or whole.value <= 0 or seconds.value <= 0:
            return forecast_costs.ForecastCost(whole / self.overhead, None, None, seconds)
        cost = forecast_costs.cost_of(whole / self.overhead, seconds, self._cost.of_hosts(hosts))
        if before.joules <= 0:
            return cost
        by_joules, by_seconds = 1 - before.joules / whole.value, 1 - before.seconds / seconds.value
        g, money = cost.g, cost.money
        if g is not None and g.value > 0:
            g *= by_joules + before.grams / g.value
        if money is not None:
            own = by_seconds if money.basis == "renter" else by_joules
            known = before.money is not None and before.currency == money.currency and money.amount.value > 0
            part = own + (before.money or 0.0) / money.amount.value if known else 0.0
            money = money._replace(amount=money.amount * part) if known else None
        return cost._replace(g=g, money=money)

    def _take(self, summary: Summary, read_s: float, samples: float) -> None:
        spent = spent_of(summary)
        if spent.joules is None or spent.grams is None:
            return
        watts = (spent.joules - self.own.joules) / (read_s - self._read_s)
        self._read_s = read_s
        self.overhead = summary.pue.value
        self._cost = forecast_costs.cost_so_far(summary)
        self.own = consumption_of(summary, samples)._replace(watts=max(0.0, watts))


def consumption_of(summary: Summary, samples: float) -> Consumption:
    """Return what a run has used by its *summary*; energy and carbon that are not known count as nothing."""
    spent = spent_of(summary)
    return Consumption(
        joules=spent.joules or 0.0,
        gpu_joules=summary.by_kind.get("gpu", 0.0),
        grams=spent.grams or 0.0,
        seconds=spent.seconds,
        samples=samples,
        money=spent.money,
        currency=spent.currency,
    )
