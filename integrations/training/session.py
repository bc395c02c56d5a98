"""One fit, validation, test or prediction as a recorded run: what a framework's hooks call."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from greentrack.config import Settings
from greentrack.integrations.training import live_figures
from greentrack.integrations.training.activity import Activity
from greentrack.integrations.training.budget import Budget
from greentrack.integrations.training.forecast import WorkCost
from greentrack.integrations.training.guard import Guard, harmless
from greentrack.integrations.training.job import Job
from greentrack.integrations.training.loop import LogPoint, Loop
from greentrack.integrations.training.metrics import MetricChanges
from greentrack.integrations.training.ranks import Ranks
from greentrack.tracking.run import Run

FIRST_WAIT_S = 1.0
"""How long the first epoch waits, once, for the run's very first reading: callbacks that watch a figure need it."""


class TrainingSession:
    """Records one stage ("fit", "validate", "test", "predict") of a training as a run.

    A framework calls in order: ``training_starts``, ``epoch_starts``, for each batch ``batch_starts`` and
    ``batch_ends``, ``validation_starts`` and ``validation_ends``, ``epoch_ends``, ``training_ends``. Faults of ours are
    warnings: only a budget's function raises, and what the loop does for all ranks.
    """

    def __init__(
        self,
        run: Run,
        stage: str,
        loop: Loop,
        ranks: Ranks,
        *,
        settings: Settings,
        params: Mapping[str, Any],
        guard: Guard,
        synchronize: Callable[[], None] | None = None,
    ) -> None:
        """Open the span of *stage*. *synchronize* waits for the GPU, at the edges of steps, epochs and validations.

        *params* are the user's own, which come before facts of the same name.
        """
        self.run, self.stage, self.loop, self.ranks, self.guard = run, stage, loop, ranks, guard
        self.activity = Activity(run)
        self.job = Job(run, self.ranks, settings)
        self.budget: Budget | None = None
        self.batches = 0
        self._live, self._forecaster = self.job.live, self.job.forecaster
        self._is_quiet, self._params = settings.quiet, params
        self._metrics = MetricChanges()
        self._synchronize = synchronize
        self._synchronize_s = 0.0
        self.samples = 0.0  # of this process
        self._advanced = 0.0  # samples that the run was told of
        self._steps = 0  # of the optimizers
        self._is_fresh = False  # no logger has seen the figures
        self._look_at = perf_counter() + live_figures.LOOK_S
        self._epoch_batches, self._epoch_cost = 0, WorkCost()  # at the start of the epoch
        self._trained_from_s: float | None = None  # of this part before its first epoch
        self._validated = WorkCost()  # within this epoch
        self._validation_cost = WorkCost()  # at the start of the validation
        self._phase_before_validation: str | None = None
        self._has_awaited = False  # the first reading
        self.activity.enter("other")
        self.activity.open(stage)

    # -- batches: nothing here waits, computes on a device, or talks to another process

    def batch_starts(self) -> None:
        """The data is there and the step begins."""
        self.activity.enter("step")

    def batch_ends(self, samples: float = 1.0, steps: int | None = None, *, is_last: bool = False) -> None:
        """Count a batch of *samples*; *is_last* for the epoch's last one.

        *steps* are the optimizers' so far; by default there is one for each batch. About once a second the figures are
        looked at and logged, and the budget is checked.
        """
        looked = False
        try:
            if self._synchronize is not None:
                self._wait_for_gpu()
            self.samples += samples
            self.batches += 1
            samples *= self.ranks.local_size
            self._advanced += samples
            if steps is None:
                steps = self._steps + 1
            if steps > self._steps:
                self.run.advance(samples=samples, batches=1, steps=steps - self._steps)
            else:  # gradients are accumulated
                self.run.advance(samples=samples, batches=1)
            self._steps = steps
            self.activity.enter("other" if is_last else "data")
            if perf_counter() >= self._look_at or self._forecaster.wants_mark(self.batches - self._epoch_batches):
                self.look()
                looked = True
            if self._is_fresh:
                self._log_batch()
        except Exception as error:  # noqa: BLE001  # as in harmless, without the cost of another call
            self.guard.complain("batch_ends", error)
            looked = False
        if self.budget is not None:
            is_due = looked if self.ranks.world_size == 1 else self.batches >= self.budget.check_at
            if is_due:
                self.check_budget()

    def count(self, unit: str, amount: float) -> None:
        """Count work of an evaluation, which this process did as one of the ranks of its host."""
        self.run.advance(**{unit: amount * self.ranks.local_size})

    def look(self) -> None:
        """Take the newest figures."""
        self._look_at = perf_counter() + live_figures.LOOK_S
        if self._live.refresh(self.samples):
            self._is_fresh = True
        batches = self.batches - self._epoch_batches
        if batches > 0:
            self._forecaster.add_mark(batches, self._epoch_cost_so_far())

    # -- epochs, validations, checkpoints

    @harmless
    def training_starts(self, steps: int = 0) -> None:
        """The training begins or, from a checkpoint, goes on after so many *steps*."""
        self._steps = steps

    @harmless
    def epoch_starts(self, index: int) -> None:
        """A training epoch begins."""
        self._wait_for_gpu()
        self.activity.open("epoch", index=index)
        self._await_first_reading()  # or what was used before would be taken to be the epoch's
        self.activity.enter("data")
        self.look()
        self._epoch_batches, self._epoch_cost, self._validated = self.batches, self._live.now(), WorkCost()
        if self._trained_from_s is None:
            self._trained_from_s = self._live.now().seconds

    def epoch_ends(self, index: int) -> None:
        """A training epoch is done, its validations included: forecast the rest, log, check the budget."""
        with self.guard.protect("epoch_ends"):  # what follows needs every rank
            self._close_epoch(index)
        self.log_for_all("epoch")
        self.check_budget()

    @harmless
    def validation_starts(self, *, is_sanity: bool = False) -> None:
        """A validation begins; *is_sanity* for the check before the training."""
        self.keep_metrics()
        self._wait_for_gpu()
        self.activity.open("sanity" if is_sanity else "validation")
        self._phase_before_validation = self.activity.enter("validation")
        self.look()
        self._validation_cost = self._live.now()

    @harmless
    def validation_ends(self, *, is_sanity: bool = False) -> None:
        """The validation is done: keep its metrics."""
        self._wait_for_gpu()
        self.activity.close("sanity" if is_sanity else "validation")
        self.activity.enter(self._phase_before_validation or "other")
        self.look()
        self._look_at = 0.0  # after the next batch again: it may have used much, and another may come within a second
        if is_sanity:
            return
        cost = self._live.now().minus(self._validation_cost)
        self._forecaster.add_validation(cost)
        self._validated = WorkCost(self._validated.joules + cost.joules, self._validated.seconds + cost.seconds)
        self.keep_metrics(is_validation=True)

    @contextmanager
    def checkpoint(self) -> Iterator[None]:
        """Let the saving of a checkpoint be a span and a phase."""
        before = self.activity.enter("checkpoint")
        self.activity.open("checkpoint")
        try:
            yield
        finally:
            self.activity.close("checkpoint")
            self.activity.enter(before or "other")

    # -- metrics, figures and budget

    def describe(self, facts: Mapping[str, Any]) -> None:
        """Keep *facts* of the training as params of the run; the user's own params win."""
        self.run.learn(params={**facts, **self._params})

    def keep_metrics(self, metrics: Mapping[str, Any] | None = None, *, is_validation: bool = False) -> None:
        """Keep the *metrics* that have changed, by default the loop's, with the energy so far."""
        found = self.loop.metrics() if metrics is None else metrics  # in every rank: it may be summed over them
        if self.ranks.is_recorder and (changed := self._metrics.update(found, is_validation=is_validation)):
            self.run.log(changed)

    def log_for_all(self, point: LogPoint) -> None:
        """Log the figures of the whole job. Every rank calls this at the same time."""
        with self.guard.protect("look"):  # what follows needs every rank
            self._await_first_reading()
            self.look()
        named, samples = self.job.named_for_all(self.loop, self.samples)
        if self.ranks.world_size > 1 and self.ranks.hosts == 1 and self.ranks.is_recorder:
            self.run.advance(samples=samples - self._advanced)  # the other ranks' may differ from this one's
            self._advanced = samples
        self.loop.log(named, point)

    def check_budget(self) -> None:
        """Act if the budget is exceeded; every rank must call this."""
        if self.budget is not None:
            self.budget.check(self.loop, self.batches, self.guard)

    @property
    def is_over_budget(self) -> bool:
        """True once the budget has stopped the training."""
        return self.budget is not None and self.budget.over is not None

    # -- the end

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint keeps, in plain values and without a lock; {} in ranks that do not record."""
        if not self.ranks.is_recorder:
            return {}
        return {"version": 1, "run": self.run.id, **self._live.total()._asdict()}

    def training_ends(self) -> None:
        """The training is done: keep its last metrics, and the state of one that its budget stopped."""
        try:
            self.keep_metrics()
            if self.budget is not None:
                self.budget.finish(self.loop)
        except Exception as error:
            if self.is_over_budget and self.ranks.world_size > 1:
                raise  # the other ranks wait for this one to save, and would for ever
            self.guard.complain("training_ends", error)

    def finish(self, status: str = "finished", error: str | None = None) -> None:
        """End the stage and its run; "finished" becomes "stopped" if the budget has stopped it."""
        if status == "finished" and self.budget is not None and self.budget.over is not None:
            status, error = "stopped", self.budget.over
        if self._synchronize_s > 0:
            self.run.log({"synchronize_seconds": self._synchronize_s})
        self.activity.end(status, error)

    # -- details

    def _close_epoch(self, index: int) -> None:
        self._wait_for_gpu()
        self.activity.close("epoch")
        self.activity.enter("other")
        self._await_first_reading()
        self.look()
        batches = self.batches - self._epoch_batches
        self._forecaster.add_epoch(batches, self._epoch_cost_so_far())
        self.keep_metrics()
        if self.ranks.rank != 0:
            return
        plan = self.loop.remaining(batches, self._forecaster.batch_seconds())
        if plan is None or not self._live.has_read(self._trained_from_s or 0.0):  # else its power is that of the start
            return
        if self.job.make_forecast(plan) and not self._is_quiet:
            print(self.job.forecast_line(index + 1, at_most=self.loop.may_stop_early()), file=sys.stderr)

    def _epoch_cost_so_far(self) -> WorkCost:
        return self._live.now().minus(self._epoch_cost).minus(self._validated)

    def _log_batch(self) -> None:
        """Log this host's figures, where it is the only one, at the loggers' cadence."""
        if self.ranks.rank != 0 or self.ranks.hosts > 1 or not self.loop.logs_now():
            return
        self._is_fresh = False
        if named := self.job.named():
            self.loop.log(named, "batch")

    def _await_first_reading(self) -> None:
        """Wait for the first reading, which takes milliseconds; once, and not for ever, for there may be none."""
        if self._has_awaited or not self.ranks.is_recorder:
            return
        self._has_awaited = True
        deadline = time.monotonic() + FIRST_WAIT_S
        while self._live.own.joules <= 0 and time.monotonic() < deadline and not self._live.refresh(self.samples):
            time.sleep(0.005)

    def _wait_for_gpu(self) -> None:
        if self._synchronize is not None:
            began = perf_counter()
            self._synchronize()
            self._synchronize_s += perf_counter() - began
