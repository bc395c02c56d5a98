"""The budget of a fit: whether it is exceeded, and what happens then, on all ranks together."""

import math
import os
from collections.abc import Callable
from typing import Any, Literal

from greentrack import log
from greentrack.integrations.lightning import plan
from greentrack.integrations.training import session
from greentrack.integrations.training.forecast import WorkCost
from greentrack.integrations.training.session import Session
from greentrack.tracking.budget import BudgetUse, describe, first_over

OnBudget = Literal["stop", "warn"] | Callable[[Any, str], None]

CHECK_MOST = 1000
"""Ranks agree on a budget after no more batches than this; before, about once a second."""


class Budget:
    """The limits of one fit. *over* is what they were exceeded by, where that stops the training."""

    def __init__(self, session: Session, on_budget: OnBudget, when: str) -> None:
        self.over: str | None = None
        self._session = session
        self._on_budget, self._when = on_budget, when
        self._said: set[str] = set()
        self._check_at = 1

    def is_due(self, looked: bool) -> bool:
        """Whether it is to be checked after this batch: where figures were *looked* at, or as all ranks agreed."""
        if self._session.crew.world_size == 1:
            return looked
        return self._session.batches >= self._check_at

    def check(self, trainer: Any, complain: Callable[[str, Exception], None]) -> None:
        """Act where it is exceeded; with several ranks they agree on it here, so all must come."""
        session = self._session
        if self.over is not None:
            return
        text = None
        if session.crew.rank == 0:
            try:
                text = self._exceeded(reserve=self._on_budget == "stop" and trainer.enable_validation)
            except Exception as error:  # noqa: BLE001  # no training ends for ours; what follows needs every rank
                complain("budget", error)
        if session.crew.world_size > 1:
            text, batches = trainer.strategy.broadcast((text, self._batches_of_a_second()), src=0)
            self._check_at = session.batches + batches
        if text is None:
            return
        if callable(self._on_budget):
            self._on_budget(trainer, text)  # the user's own: what it raises is meant
            return
        what = "" if self._on_budget == "warn" else self._stop(trainer, text)
        if session.crew.rank == 0:
            log.warning("%s%s", text, what)

    def finish(self, trainer: Any) -> None:
        """Save the state of a training that it has stopped, unless that was just done. Every rank must come.

        One that had come to its end before it could be stopped was not.
        """
        if plan.is_complete(trainer):
            self.over = None
        if self.over is None or _saved_now(trainer):
            return
        path = os.path.join(_folder_for_checkpoints(trainer), f"greentrack-budget-step={trainer.global_step}.ckpt")
        trainer.save_checkpoint(path)
        if self._session.crew.rank == 0:
            log.warning("the state of the training that its budget stopped is kept in %s", path)

    def _stop(self, trainer: Any, text: str) -> str:
        """Ask the trainer to stop; return the words that say what comes of it."""
        if plan.is_complete(trainer):
            return "; the training came to its end with it"
        self.over = text
        trainer.should_stop = True
        if plan.stopping_is_refused(trainer):
            return "; min_epochs or min_steps keep the training going"
        return "; the training is stopped"

    def _exceeded(self, *, reserve: bool) -> str | None:
        """Return which limit is exceeded and by what, each limit once; None where none is (any more).

        With *reserve* the limit is exceeded as soon as one more validation, which follows a stop, would exceed it.
        """
        session = self._session
        figures = session.figures()
        left = tuple(limit for limit in session.crew.limits if limit.text not in self._said)
        spent, aside = session.cost_of_all(), WorkCost()

        def reckon(cost: WorkCost) -> BudgetUse:
            part = cost.joules / figures.joules if figures.joules > 0 else 1.0
            money = None if figures.money is None else figures.money * part
            return BudgetUse(cost.joules, figures.grams * part, money, figures.currency, cost.seconds)

        if self._when == "forecast":
            used = soon = session.expected()
            how = "expected at the end"
        else:
            if reserve:
                aside = session.cost_of_a_validation()
            used, how = reckon(spent), "used"
            soon = reckon(WorkCost(spent.joules + aside.joules, spent.seconds + aside.seconds))
        limit = None if soon is None else first_over(left, soon)
        if limit is None or used is None:
            return None
        if first_over((limit,), used) is None:
            how = "used, the rest is kept for a validation"
        self._said.add(limit.text)
        return f"budget: {describe(limit, used)} {how}"

    def _batches_of_a_second(self) -> int:
        """Return after how many batches the ranks shall agree on it again: about as often as figures are looked at."""
        seconds = self._session.live.now()[1]
        rate = self._session.batches / seconds if seconds > 0 else 1.0
        return max(1, min(CHECK_MOST, math.ceil(rate * session.LOOK_S)))


def _saved_now(trainer: Any) -> bool:
    """Whether a checkpoint callback has saved the state of this very step."""
    saved = (getattr(callback, "_last_global_step_saved", None) for callback in trainer.checkpoint_callbacks)
    return any(step == trainer.global_step for step in saved)


def _folder_for_checkpoints(trainer: Any) -> str:
    """Return where this training keeps its checkpoints."""
    callback = trainer.checkpoint_callback
    return str(getattr(callback, "dirpath", None) or os.path.join(trainer.default_root_dir, "checkpoints"))
