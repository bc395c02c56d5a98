"""One fit, validate, test or predict of a Lightning trainer on the record, between the callback's setup and its end."""

import functools
import math
import time
from collections.abc import Callable
from time import perf_counter
from typing import Any

from greentrack.config import Settings
from greentrack.integrations.lightning import trainer as ask
from greentrack.integrations.lightning.plan import plan
from greentrack.integrations.training.forecast import Forecaster, LiveForecast, WorkCost
from greentrack.integrations.training.forecast_line import forecast_line
from greentrack.integrations.training.live_figures import Figures, Live
from greentrack.integrations.training.stage import Stage
from greentrack.tracking.budget import BudgetUse
from greentrack.tracking.run import Run

LOOK_S = 1.0
"""How often, at most, the figures are looked at while batches go by."""

FIRST_WAIT_S = 1.0
"""How long the first end of an epoch waits, once, for the run's very first reading: what is watched must be there."""

OWN = ("energy/", "carbon/")
"""How the names of our own figures begin, which are no outcome of a training."""


class Session:
    """What the callback keeps for one stage; a new one for each, so that nothing is left of the one before."""

    def __init__(
        self,
        run: Run,
        crew: ask.Crew,
        stage: str,
        *,
        settings: Settings | None = None,
        synchronize: Callable[[], None] | None = None,
    ) -> None:
        self.run, self.crew, self.name = run, crew, stage
        self.stage = Stage(run)
        self.live = Live(run, settings)
        self.forecaster = Forecaster()
        self.forecast: LiveForecast | None = None
        self.samples = 0.0  # of this process
        self.batches = 0
        self.steps = 0  # of the optimizers, as the trainer counts them
        self.fresh = False  # figures that no logger has seen
        self.waited_s = 0.0  # in synchronize
        self._synchronize = synchronize
        self._counted = 0.0  # samples that the run was told of
        self._scale = float(crew.hosts)  # the job's joules for each of this host's
        self._look_at = perf_counter() + LOOK_S
        self._epoch_from = (0, WorkCost())
        self._trained_from: float | None = None  # seconds of this part before its first epoch
        self._validated = WorkCost()  # within this epoch
        self._validation_from = WorkCost()
        self._before_validation: str | None = None
        self._awaited = False  # the first reading
        self._kept: dict[str, float] = {}
        self._of_validation: set[str] = set()
        self._unwrap: Callable[[], None] = lambda: None
        self.stage.enter("other")
        self.stage.open(stage)

    # -- batches: nothing here waits, computes on a device, or talks to another process

    def batch_starts(self) -> None:
        """The data is there and the step begins."""
        self.stage.enter("step")

    def batch_ends(self, batch: Any, steps: int, *, last: bool) -> bool:
        """Count a batch that was trained on, after so many *steps*; True where ``look`` is due: about once a second."""
        if self._synchronize is not None:
            self._wait_for_gpu()
        n = ask.samples_in(batch)
        self.samples += n
        self.batches += 1
        n *= self.crew.local
        self._counted += n
        self.run.advance(samples=n, batches=1)
        if steps > self.steps:  # with accumulation not after each batch
            self.run.advance(steps=steps - self.steps)
        self.steps = steps
        self.stage.enter("other" if last else "data")
        return perf_counter() >= self._look_at or self.forecaster.wants_mark(self.batches - self._epoch_from[0])

    def look(self) -> None:
        """Take the newest figures."""
        self._look_at = perf_counter() + LOOK_S
        if self.live.refresh(self.samples):
            self.fresh = True
        begun, cost = self._epoch_from
        if self.batches > begun:
            self.forecaster.mark(self.batches - begun, self._now().minus(cost).minus(self._validated))

    def await_first(self) -> None:
        """Wait for the first reading, which takes milliseconds; once, and not for ever, for there may be none."""
        if self._awaited or not self.crew.records:
            return
        self._awaited = True
        deadline = time.monotonic() + FIRST_WAIT_S
        while self.live.own.joules <= 0 and time.monotonic() < deadline:
            if self.live.refresh(self.samples):
                return
            time.sleep(0.005)

    # -- epochs and validations

    def epoch_starts(self, number: int) -> None:
        """A training epoch begins."""
        self._wait_for_gpu()
        self.stage.open("epoch", index=number)
        self.await_first()  # or what was used before would be taken to be the epoch's
        self.stage.enter("data")
        self.look()
        self._epoch_from, self._validated = (self.batches, self._now()), WorkCost()
        if self._trained_from is None:
            self._trained_from = self._now().seconds

    def epoch_ends(self) -> None:
        """A training epoch is done, its validations included."""
        self._wait_for_gpu()
        self.stage.close("epoch")
        self.stage.enter("other")
        self.await_first()
        self.look()
        batches, cost = self._epoch_from
        self.forecaster.epoch(self.batches - batches, self._now().minus(cost).minus(self._validated))

    def validation_starts(self, *, sanity: bool) -> None:
        """A validation begins; *sanity* is the one before the training."""
        self._wait_for_gpu()
        self.stage.open("sanity" if sanity else "validation")
        self._before_validation = self.stage.enter("validation")
        self.look()
        self._validation_from = self._now()

    def validation_ends(self, *, sanity: bool) -> None:
        """It is done."""
        self._wait_for_gpu()
        self.stage.close("sanity" if sanity else "validation")
        self.stage.enter(self._before_validation or "other")
        self.look()
        self._look_at = 0.0  # after the next batch again: it may have used much, and another may come within a second
        if not sanity:
            cost = self._now().minus(self._validation_from)
            self.forecaster.validation(cost)
            self._validated = WorkCost(self._validated.joules + cost.joules, self._validated.seconds + cost.seconds)

    def foresee(self, trainer: Any) -> bool:
        """Work out what the whole fit will come to; True where this is its first forecast, and something is left."""
        batches, _ = self._epoch_from
        left = plan(trainer, self.batches - batches, self.forecaster.batch_seconds())
        if left is None or not self.live.has_read(self._trained_from or 0.0):  # else its power is that of the start
            return False
        first = self.forecast is None
        earlier, now = self.live.earlier, self._now()
        spent = WorkCost(now.joules * self._scale + earlier.joules, now.seconds + earlier.seconds)
        made = self.forecaster.forecast(spent, left, self._scale)
        if made is None or spent.joules <= 0:
            return False
        self.forecast = made
        is_left = left.batches > 0 and (left.seconds is None or left.seconds > 0)
        if is_left:  # after the last epoch it is no forecast any more
            raw = [part / self.live.overhead for part in made.joules]  # the PUE is applied when somebody asks
            self.run.forecast(made.progress, joules=raw, seconds=made.seconds)
        return first and is_left

    def forecast_line(self, epoch: int, *, at_most: bool = False) -> str:
        """Return the newest forecast, made after the *epoch*-th epoch, in one line; see the function of this name."""
        assert self.forecast is not None
        return forecast_line(self.forecast, self.live, hosts=self._scale, epoch=epoch, at_most=at_most)

    def expected(self) -> BudgetUse | None:
        """Return what all hosts are expected to have used at the end, earlier parts included; None if not known yet."""
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

    def keep(self, metrics: Any, *, validated: bool = False) -> None:
        """Keep the outcomes that have changed, with the energy so far; a validation's also where they have not."""
        if not self.crew.records:
            return
        values = {name: value for name, value in ask.scalars(metrics).items() if not name.startswith(OWN)}
        new = {name: value for name, value in values.items() if not _is_same(value, self._kept.get(name))}
        if validated:  # nothing says which of all metrics are the validation's, but those that it once changed
            self._of_validation |= new.keys()
            new |= {name: value for name, value in values.items() if name in self._of_validation}
        if new:
            self._kept |= new
            self.run.log(new)

    # -- figures of the whole job

    def figures(self) -> Figures:
        """Return this host's figures, earlier parts included."""
        return self.live.total()

    def named(self) -> dict[str, float]:
        """Return them under the names of a logger, with the newest forecast; {} before the first reading."""
        return self.figures().named(self.forecast.joules.value if self.forecast is not None else 0.0)

    def named_for_all(self, strategy: Any) -> dict[str, float]:
        """Return the figures of all hosts together, the same for every rank.

        Every rank must ask: one small sum over the ranks is made by the strategy.
        """
        expected = self.forecast.joules.value if self.forecast is not None else 0.0
        own, part = self.figures(), self.live.own
        if self.crew.world_size == 1:
            return own.named(expected)
        import torch

        first = self.crew.rank == 0
        used = own if first else part  # what earlier parts used is known to all, and counts once
        mine = [used.joules, used.gpu_joules, used.grams, used.watts, part.joules]
        mine = mine if self.crew.records else [0.0] * len(mine)
        earlier = self.live.earlier.samples if first else 0.0
        mine += [expected if first else 0.0, self.samples, earlier]
        vector = torch.tensor(mine, dtype=torch.float64, device=strategy.root_device)
        whole = strategy.reduce(vector, reduce_op="sum").tolist()  # the default would be the mean
        joules, gpu_joules, grams, watts, of_this_part, expected, samples, earlier = whole
        if part.joules > 0:
            self._scale = of_this_part / part.joules
        if self.crew.hosts == 1 and self.crew.records:  # what the other ranks did, where it is not what this one did
            self.run.advance(samples=samples - self._counted)
            self._counted = samples
        return Figures(joules, gpu_joules, grams, samples=samples + earlier, watts=watts).named(expected)

    def cost_of_all(self) -> WorkCost:
        """Return what all hosts have used up to now, earlier parts included."""
        joules = self.figures().joules + (self._scale - 1) * self.live.own.joules
        return WorkCost(joules, self.live.earlier.seconds + self._now().seconds)

    def cost_of_a_validation(self) -> WorkCost:
        """Return what a validation costs all hosts, by those seen; nothing before the first."""
        joules, seconds = self.forecaster.validation_cost()
        return WorkCost(joules * self._scale, seconds)

    # -- checkpoints and the end

    def watch_checkpoints(self, trainer: Any) -> None:
        """Let each ``trainer.save_checkpoint`` be a span and a phase, gathering and writing included."""
        original = trainer.save_checkpoint

        @functools.wraps(original)
        def save_checkpoint(*args: Any, **kwargs: Any) -> Any:
            before = self.stage.enter("checkpoint")
            self.stage.open("checkpoint")
            try:
                return original(*args, **kwargs)
            finally:
                self.stage.close("checkpoint")
                self.stage.enter(before or "other")

        def unwrap() -> None:
            if trainer.__dict__.get("save_checkpoint") is save_checkpoint:
                del trainer.save_checkpoint

        trainer.save_checkpoint = save_checkpoint
        self._unwrap = unwrap

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps: the run and its figures as they were last looked at; {} in other ranks."""
        return {"version": 1, "run": self.run.id, **self.figures()._asdict()} if self.crew.records else {}

    def end(self, status: str, error: str | None) -> None:
        """End the stage and its run."""
        self._unwrap()
        if self.waited_s > 0:
            self.run.log({"synchronize_seconds": self.waited_s})
        self.stage.end(status, error)

    def _now(self) -> WorkCost:
        """What this part has cost up to this moment."""
        return WorkCost(*self.live.now())

    def _wait_for_gpu(self) -> None:
        if self._synchronize is not None:
            began = perf_counter()
            self._synchronize()
            self.waited_s += perf_counter() - began


def _is_same(value: float, before: float | None) -> bool:
    """Whether a metric is what it was *before*; not a number is the same as not a number."""
    return value == before or (before is not None and math.isnan(value) and math.isnan(before))
