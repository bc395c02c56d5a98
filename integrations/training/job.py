"""What all hosts of a training have used so far, and what they are expected to use in all."""

from greentrack.config import Settings
from greentrack.integrations.training.forecast import Forecaster, LiveForecast, Plan, WorkCost
from greentrack.integrations.training.live_figures import Consumption, LiveFigures
from greentrack.integrations.training.loop import Loop
from greentrack.integrations.training.ranks import Ranks
from greentrack.reports.forecast_text import before_overhead, cells
from greentrack.tracking.budget import BudgetUse
from greentrack.tracking.run import Run


class Job:
    """A training on one or several hosts, by the figures of this host and the sums over the ranks."""

    def __init__(self, run: Run, ranks: Ranks, settings: Settings) -> None:
        self.run, self.ranks = run, ranks
        self.live = LiveFigures(run, settings)
        self.forecaster = Forecaster()
        self.forecast: LiveForecast | None = None
        self._scale = float(ranks.hosts)  # the job's joules for each of this host's

    def cost(self) -> WorkCost:
        """Return what all hosts have used up to this moment, earlier parts included."""
        joules = self.live.total().joules + (self._scale - 1) * self.live.own.joules
        return WorkCost(joules, self.live.earlier.seconds + self.live.now().seconds)

    def validation_cost(self) -> WorkCost:
        """Return what a validation costs all hosts, by the mean of those so far; nothing before the first."""
        joules, seconds = self.forecaster.validation_cost()
        return WorkCost(joules * self._scale, seconds)

    def named(self) -> dict[str, float]:
        """Return this host's figures under the names of a logger, with the newest forecast; {} before a reading."""
        return self.live.total().named(self._expected_joules())

    def named_for_all(self, loop: Loop, samples: float) -> tuple[dict[str, float], float]:
        """Return the figures of all hosts, the same in every rank, and the sum of the *samples* of all ranks.

        Every rank calls this at the same time: *loop* makes one small sum over the ranks.
        """
        if self.ranks.world_size == 1:
            return self.named(), samples
        part, earlier, is_first = self.live.own, self.live.earlier, self.ranks.rank == 0
        used = self.live.total() if is_first else part  # what earlier parts used counts once
        mine = [used.joules, used.gpu_joules, used.grams, used.watts, part.joules]
        mine = mine if self.ranks.is_recorder else [0.0] * len(mine)
        mine += [self._expected_joules() if is_first else 0.0, samples, earlier.samples if is_first else 0.0]
        joules, gpu_joules, grams, watts, part_joules, expected, samples, before = loop.sum(mine)
        if part.joules > 0:
            self._scale = part_joules / part.joules
        every = Consumption(joules, gpu_joules, grams, samples=samples + before, watts=watts)
        return every.named(expected), samples

    def make_forecast(self, plan: Plan) -> bool:
        """Forecast the whole, *plan* being left; return True if this is the first forecast and something is left."""
        is_first, earlier, now = self.forecast is None, self.live.earlier, self.live.now()
        spent = WorkCost(now.joules * self._scale + earlier.joules, now.seconds + earlier.seconds)
        made = self.forecaster.forecast(spent, plan, self._scale)
        if made is None or spent.joules <= 0:
            return False
        self.forecast = made
        is_left = plan.batches > 0 and (plan.seconds is None or plan.seconds > 0)
        if is_left:  # after the last epoch it is no forecast any more
            raw = [part / self.live.overhead for part in made.joules]  # reports apply the PUE
            self.run.forecast(made.progress, joules=raw, seconds=made.seconds)
        return is_first and is_left

    def forecast_line(self, epochs: int, *, at_most: bool = False) -> str:
        """Return the newest forecast, made after so many *epochs*, in one line and in the figures of its report.

        The energy is without a PUE, as in the report; carbon and money include it. *at_most* says that early stopping
        may end the training before.
        """
        assert self.forecast is not None
        energy, *others = cells(self.live.at_the_end(self.forecast, self._scale))
        energy = " ".join(filter(None, (energy, before_overhead(self.live.overhead))))
        text = ", ".join(filter(None, (energy, *others)))
        but = " at most: early stopping may end it before" if at_most else ""
        return f"greentrack: forecast after epoch {epochs}: {text}{but}"

    def expected(self) -> BudgetUse | None:
        """Return what all hosts will have used at the end, earlier parts included; None before the first forecast."""
        if self.forecast is None:
            return None
        cost = self.live.at_the_end(self.forecast, self._scale)
        return BudgetUse(
            joules=self.forecast.joules.value,
            grams=None if cost.g is None else cost.g.value,
            money=None if cost.money is None else cost.money.amount.value,
            currency=None if cost.money is None else cost.money.currency,
            seconds=cost.seconds.value,
        )

    def _expected_joules(self) -> float:
        return self.forecast.joules.value if self.forecast is not None else 0.0
