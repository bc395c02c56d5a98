"""The figures of a run while it goes on: as its summary will give them, and added to what earlier parts used."""

from typing import NamedTuple

from greentrack.config import Settings
from greentrack.costing import forecast_costs
from greentrack.costing.api import Recorded, summary_of
from greentrack.costing.summary import Summary
from greentrack.integrations.training.forecast import LiveForecast
from greentrack.quantity import Figure
from greentrack.tracking.budget import spent_of

AHEAD_S = 5.0
"""No more than this many seconds since the last reading are filled in at the power of the last interval."""


class Figures(NamedTuple):
    """Joules (of all, of the GPUs), grams of CO2e, money, seconds and samples; *watts* are those of the moment.

    They are cumulative: the earlier parts of a resumed work are in them. *money* is None where no price is known, or
    that of a part is in another currency.
    """

    joules: float = 0.0
    gpu_joules: float = 0.0
    grams: float = 0.0
    seconds: float = 0.0
    samples: float = 0.0
    money: float | None = None
    currency: str | None = None
    watts: float = 0.0

    def plus(self, earlier: "Figures") -> "Figures":
        """Return the sum with an *earlier* part of the same work, at the power of this one."""
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
        """Return them, and the joules *expected* at the end, under the names of a logger, without what is not known."""
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
        if expected > 0:  # a work cannot come to less than it has used
            named["energy/forecast_kwh"] = max(expected, self.joules) / 3.6e6
        return named


class Live:
    """The figures of *run* as of its last reading, costed under *settings*."""

    def __init__(self, run: Recorded, settings: Settings | None = None) -> None:
        self.earlier = Figures()
        self.own = Figures()
        self.overhead = 1.0  # the PUE that is in the joules
        self.like: forecast_costs.ForecastCost | None = None  # what this part has cost: the price of forecasts
        self._run, self._settings = run, settings
        self.interval = 0.0  # seconds between two readings
        self._seen = 0.0  # seconds of the run that its devices had been read for
        self._elapsed = 0.0

    def refresh(self, samples: float) -> bool:
        """Look at the run's figures again; True where a reading has come since. *samples* were done in this part.

        It takes about a millisecond, so it is not for every step.
        """
        record = self._run.record()
        seen = max((use.energy.seconds for use in record.devices), default=0.0)
        self._elapsed, self.interval = record.run.seconds, record.run.interval
        if seen <= self._seen:
            return False
        self._take(summary_of(record, settings=self._settings), seen, samples)
        return True

    def total(self) -> Figures:
        """Return the figures of all parts, as of the last reading."""
        return self.own.plus(self.earlier)

    def now(self) -> tuple[float, float]:
        """Return the joules and the seconds of this part up to now, going on at the power of the last interval."""
        ahead = min(max(0.0, self._elapsed - self._seen), AHEAD_S)
        return self.own.joules + self.own.watts * ahead, self._elapsed

    def has_read(self, since: float) -> bool:
        """Whether what was used after so many seconds of this part has been read for as long as an interval."""
        return self._seen - since >= self.interval > 0

    def at_the_end(self, made: LiveForecast, hosts: float = 1.0) -> forecast_costs.ForecastCost:
        """Return what the work will have cost when it has come to what was *made* out for so many *hosts* like this.

        Earlier parts cost what they did, wherever they ran; what they did not use is at the price of this part.
        """
        whole, seconds, before = Figure(*made.joules), Figure(*made.seconds), self.earlier
        if self.like is None or whole.value <= 0 or seconds.value <= 0:
            return forecast_costs.ForecastCost(whole / self.overhead, None, None, seconds)
        cost = forecast_costs.cost_of(whole / self.overhead, seconds, self.like.of_hosts(hosts))
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

    def _take(self, summary: Summary, seen: float, samples: float) -> None:
        spent = spent_of(summary)
        if spent.joules is None or spent.grams is None:
            return
        watts = (spent.joules - self.own.joules) / (seen - self._seen)
        self._seen = seen
        self.overhead = summary.pue.value
        self.like = forecast_costs.cost_so_far(summary)
        self.own = Figures(
            joules=spent.joules,
            gpu_joules=summary.by_kind.get("gpu", 0.0),
            grams=spent.grams,
            seconds=spent.seconds,
            samples=samples,
            money=spent.money,
            currency=spent.currency,
            watts=max(0.0, watts),
        )
