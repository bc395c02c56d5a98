"""Whether a run is over its budget, found out while it goes on."""

from collections.abc import Callable, Sequence
from time import perf_counter

from greentrack import log
from greentrack.tracking.budget import BudgetUse, Limit, amount_of, describe, first_over

LOOK_S = 0.5
"""How often a run's figures are held against its budget."""


class BudgetWatch:
    """Whether a run is over its budget: its figures are looked at every LOOK_S seconds and when its time is up."""

    __slots__ = ("_blind_s", "_clock", "_limits", "_look_at", "_seen", "_spent", "_timed", "_told", "text")

    def __init__(
        self,
        limits: Sequence[Limit],
        spent: Callable[[bool], BudgetUse],
        *,
        blind_s: float,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        """*spent* tells what was used, only the time where it is given True; after *blind_s* it should know all."""
        self._limits, self._spent, self._blind_s, self._clock = limits, spent, blind_s, clock
        self._timed = all(limit.kind == "time" for limit in limits)
        self._look_at = 0.0
        self._seen = False
        self._told: set[str] = set()
        self.text: str | None = None

    def see(self) -> bool:
        """Whether it is over, as an answer to the training, which may stop for it."""
        self.look()
        self._seen = self.text is not None
        return self._seen

    def look(self, *, now: bool = False) -> None:
        """Look at the figures where that is due, or *now*; say once that they are over, or cannot be known."""
        if self.text is not None or ((at := self._clock()) < self._look_at and not now):
            return
        self._look_at = at + LOOK_S
        try:
            spent = self._spent(self._timed)
        except Exception as error:  # noqa: BLE001  # no training ends because its figures could not be looked at
            self._say(f"only time can be held against the budget: {error!r}")
            spent = self._spent(True)
        over = first_over(self._limits, spent)
        if over is not None:
            self.text = describe(over, spent)
            self._say(f"over budget: {self.text}")
            return
        for limit in self._limits:
            if limit.kind == "time":
                self._look_at = min(self._look_at, at + limit.amount - spent.seconds)
            elif spent.seconds > self._blind_s and amount_of(limit, spent) is None:
                self._say(f"budget {limit.text!r} cannot be watched: it is not known how much {limit.kind} was used")

    def verdict(self, status: str, error: str | None) -> tuple[str, str | None]:
        """How a run is to be kept that ends with *status*: ``stopped`` where its training saw that it is over."""
        if self._seen and status == "finished":
            return "stopped", f"budget: {self.text}"
        self.look(now=True)
        return status, error

    def _say(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            log.warning("%s", text)
