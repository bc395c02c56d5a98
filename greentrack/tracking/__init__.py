"""``track()`` and the run that it hands out: what a training holds, without thread, sensor or database."""

from greentrack.tracking.run import Run
from greentrack.tracking.tracker import Tracker, track

__all__ = ["Run", "Tracker", "track"]
