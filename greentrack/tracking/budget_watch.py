"""Compares a run with its budget while it is in progress."""

from collections.abc import Callable, Sequence
from time import perf_counter

from greentrack import log
from greentrack.tracking.budget import BudgetUse, Limit, amount_of, describe, first_over

CHECK_S = 0.5
"""Seconds between two comparisons of a run's figures with its budget."""


class BudgetWatch:
    """Compares what a run used with its limits, every CHECK_S seconds and when its time is up."""

    __slots__ = ("_check_at", "_clock", "_grace_s", "_limits", "_spent", "_timed", "_training_knows", "_warned", "text")

    def __init__(
        self,
        limits: Sequence[Limit],
        spent: Callable[[bool], BudgetUse],
        *,
        grace_s: float,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        """*spent* returns what was used, only the time if its argument is True.

        What is still unknown after *grace_s* seconds is warned about.
        """
        self._limits, self._spent, self._grace_s, self._clock = limits, spent, grace_s, clock
        self._timed = all(limit.kind == "time" for limit in limits)
        self._check_at = 0.0
        self._training_knows = False
        self._warned: set[str] = set()
        self.text: str | None = None

    def is_over(self) -> bool:
        """True if the run is over its budget; the training that asks may stop for it."""
        self.check()
        self._training_knows = self.text is not None
        return self._training_knows

    def check(self, *, now: bool = False) -> None:
        """Read the figures if that is due, or *now*; warn once if they are over a limit, or unknown."""
        if self.text is not None or ((at := self._clock()) < self._check_at and not now):
            return
        self._check_at = at + CHECK_S
        try:
            spent = self._spent(self._timed)
        except Exception as error:  # noqa: BLE001  # never raise into the training
            self._warn(f"only time can be compared with the budget: {error!r}")
            spent = self._spent(True)
        over = first_over(self._limits, spent)
        if over is not None:
            self.text = describe(over, spent)
            self._warn(f"over budget: {self.text}")
            return
        for limit in self._limits:
            if limit.kind == "time":
                self._check_at = min(self._check_at, at + limit.amount - spent.seconds)
            elif spent.seconds > self._grace_s and amount_of(limit, spent) is None:
                self._warn(f"budget {limit.text!r} cannot be watched: it is not known how much {limit.kind} was used")

    def final_status(self, status: str, error: str | None) -> tuple[str, str | None]:
        """Return how a run that ends with *status* is kept: ``stopped`` if its training saw that it is over."""
        if self._training_knows and status == "finished":
            return "stopped", f"budget: {self.text}"
        self.check(now=True)
        return status, error

    def _warn(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            log.warning("%s", text)
