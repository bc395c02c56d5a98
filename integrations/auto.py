"""Lightning's entry points: with GREENTRACK_AUTO=1 every Trainer is recorded, without a change to the script."""

import os
from typing import Any

from greentrack import log
from greentrack.errors import GreenTrackError


def callbacks() -> list[Any]:
    """Return the callback for a new Trainer; [] unless GREENTRACK_AUTO is set.

    Every program that uses Lightning calls it: it is the entry point of ``lightning.pytorch.callbacks_factory`` and of
    ``pytorch_lightning.callbacks_factory``. A Trainer with a callback of its own is recorded by that one alone. A wrong
    setting is a warning: a script that does not know GreenTrack does not end for it.
    """
    if os.environ.get("GREENTRACK_AUTO", "").lower() not in ("1", "true", "yes", "on"):
        return []
    try:
        from greentrack.integrations.lightning.callback import AutoCallback

        return [AutoCallback()]
    except GreenTrackError as error:
        log.warning("GREENTRACK_AUTO records nothing: %s", error)
        return []
