"""Lightning's own way in: with GREENTRACK_AUTO=1 every Trainer is recorded, and no line of the script is changed."""

import os
from typing import Any

from greentrack import log
from greentrack.errors import GreenTrackError


def callbacks() -> list[Any]:
    """Return the callback for a Trainer that is being made: none, unless GREENTRACK_AUTO says so.

    It is the entry point of ``lightning.pytorch.callbacks_factory`` and of ``pytorch_lightning.callbacks_factory``, so
    it is asked in every program that uses Lightning; one with a callback of its own is recorded by that alone. A
    setting that is wrong is a warning: a script that does not know of us does not end for it.
    """
    if os.environ.get("GREENTRACK_AUTO", "").lower() not in ("1", "true", "yes", "on"):
        return []
    try:
        from greentrack.integrations.lightning.callback import AutoCallback

        return [AutoCallback()]
    except GreenTrackError as error:
        log.warning("GREENTRACK_AUTO records nothing: %s", error)
        return []
