"""What a session asks of the framework's training loop; each framework overrides what its loop can answer."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

from greentrack.integrations.training.forecast import Plan

T = TypeVar("T")

LogPoint = Literal["batch", "validation", "epoch"]
"""Where in the training the figures are logged."""


class Loop:
    """A training loop in one process that answers nothing: it has no metrics, no loggers and no known end."""

    source: Any = None
    """The framework's own object, which a budget's function gets: a trainer, a model."""

    def metrics(self) -> Mapping[str, Any]:
        """Return the metrics of the training as of now."""
        return {}

    def remaining(self, epoch_batches: float, batch_s: float) -> Plan | None:
        """Return what is left after the current epoch, which had *epoch_batches* of *batch_s* seconds each.

        None if nothing says when the training will end: there is no forecast then.
        """
        return None

    def may_stop_early(self) -> bool:
        """Return True if the training may end before its plan does: forecasts are upper bounds."""
        return False

    def validates(self) -> bool:
        """Return True if a validation follows when the training is stopped."""
        return False

    def is_complete(self) -> bool:
        """Return True if the training has done all that it was to do, so that there is nothing to stop."""
        return False

    def stop(self) -> str | None:
        """Ask the training to stop; return what keeps it going all the same, or None."""
        return None

    def save(self) -> str | None:
        """Save the state of a stopped training; return the path, or None if there is nothing to save."""
        return None

    def logs_now(self) -> bool:
        """Return True if the loggers' cadence is due after this batch."""
        return False

    def log(self, figures: Mapping[str, float], point: LogPoint) -> None:
        """Log *figures*: after a batch those of this host, else the job's, in every rank at the same time."""

    def sum(self, values: Sequence[float]) -> list[float]:
        """Return the sums of *values* over all ranks; every rank calls this at the same time."""
        return list(values)

    def broadcast(self, value: T) -> T:
        """Return rank 0's *value*; every rank calls this at the same time."""
        return value
