"""The budget of a training: whether it is exceeded, and what happens then, in all ranks together."""

import math
from collections.abc import Callable
from typing import Any, Literal

from greentrack import log
from greentrack.errors import ConfigError
from greentrack.integrations.training import live_figures
from greentrack.integrations.training.forecast import WorkCost
from greentrack.integrations.training.guard import Guard
from greentrack.integrations.training.job import Job
from greentrack.integrations.training.loop import Loop
from greentrack.tracking.budget import BudgetUse, describe, first_over

OnBudget = Literal["stop", "warn"] | Callable[[Any, str], None]
When = Literal["spent", "forecast"]

MAX_BATCHES_BETWEEN_CHECKS = 1000
"""Ranks agree on a budget after no more batches than this, usually about once a second."""


class Budget:
    """The limits of one training. *over* says which limit has stopped it; None while none has.

    Several ranks check it together, next after *check_at* batches.
    """

    def __init__(self, job: Job, on_budget: OnBudget = "stop", when: When = "spent") -> None:
        self.over: str | None = None
        self._job = job
        self._on_budget, self._when = on_budget, when
        self._reported: set[str] = set()
        self.check_at = 1

    def check(self, loop: Loop, batches: int, guard: Guard) -> None:
        """Act if a limit is exceeded. Several ranks agree on it here, so each must call this."""
        ranks = self._job.ranks
        if self.over is not None:
            return
        text = None
        if ranks.rank == 0:
            with guard.protect("budget"):  # the exchange needs every rank
                text = self._exceeded(reserve=self._on_budget == "stop" and loop.validates())
        if ranks.world_size > 1:
            text, more = loop.broadcast((text, self._batches_per_look(batches)))
            self.check_at = batches + more
        if text is None:
            return
        if callable(self._on_budget):
            self._on_budget(loop.source, text)  # the user's own: what it raises is meant
            return
        consequence = "" if self._on_budget == "warn" else self._stop(loop, text)
        if ranks.rank == 0:
            log.warning("%s%s", text, consequence)

    def finish(self, loop: Loop) -> None:
        """Save the state of a training that it has stopped; every rank must call this.

        A training that completed before it could be stopped counts as not stopped.
        """
        if loop.is_complete():
            self.over = None
        if self.over is None:
            return
        path = loop.save()
        if path is not None and self._job.ranks.rank == 0:
            log.warning("the state of the training that its budget stopped is kept in %s", path)

    def _stop(self, loop: Loop, text: str) -> str:
        """Ask the training to stop; return the words that say what comes of it."""
        if loop.is_complete():
            return "; the training came to its end with it"
        self.over = text
        keeps_going = loop.stop()
        return "; the training is stopped" if keeps_going is None else f"; {keeps_going} keep the training going"

    def _exceeded(self, *, reserve: bool) -> str | None:
        """Return which limit is exceeded and by what, each limit once; None if none is (any more).

        With *reserve* a limit is exceeded as soon as the validation that follows a stop would exceed it.
        """
        job = self._job
        figures = job.live.total()
        limits = tuple(limit for limit in job.ranks.limits if limit.text not in self._reported)
        spent, reserved = job.cost(), WorkCost()

        def use(cost: WorkCost) -> BudgetUse:
            part = cost.joules / figures.joules if figures.joules > 0 else 1.0
            money = None if figures.money is None else figures.money * part
            return BudgetUse(cost.joules, figures.grams * part, money, figures.currency, cost.seconds)

        if self._when == "forecast":
            used = soon = job.expected()
            how = "expected at the end"
        else:
            if reserve:
                reserved = job.validation_cost()
            used, how = use(spent), "used"
            soon = use(WorkCost(spent.joules + reserved.joules, spent.seconds + reserved.seconds))
        limit = None if soon is None else first_over(limits, soon)
        if limit is None or used is None:
            return None
        if first_over((limit,), used) is None:
            how = "used, the rest is kept for a validation"
        self._reported.add(limit.text)
        return f"budget: {describe(limit, used)} {how}"

    def _batches_per_look(self, batches: int) -> int:
        """Return after how many batches the ranks agree again: about as often as the figures are looked at."""
        seconds = self._job.live.now().seconds
        rate = batches / seconds if seconds > 0 else 1.0
        return max(1, min(MAX_BATCHES_BETWEEN_CHECKS, math.ceil(rate * live_figures.LOOK_S)))


def check_reaction(on_budget: OnBudget, when: When) -> None:
    """Raise ConfigError if *on_budget* or *when* is no reaction to an exceeded budget."""
    if on_budget not in ("stop", "warn") and not callable(on_budget):
        raise ConfigError(f"on_budget = {on_budget!r} is neither 'stop' nor 'warn' nor a function")
    if when not in ("spent", "forecast"):
        raise ConfigError(f"when = {when!r} is neither 'spent' nor 'forecast'")
