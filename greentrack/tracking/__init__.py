"""``track()`` and the run that it returns: the training's side, without thread, sensor or database."""

from greentrack.tracking.run import Run
from greentrack.tracking.tracker import Tracker, track

__all__ = ["Run", "Tracker", "track"]
