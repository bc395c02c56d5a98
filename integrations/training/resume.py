"""What the earlier parts of a resumed run used: by the database, or else by its checkpoint."""

import math
from collections.abc import Mapping
from typing import Any

from greentrack import log
from greentrack.config import Settings
from greentrack.costing.api import summary_of
from greentrack.errors import GreenTrackError, NotFoundError
from greentrack.integrations.training.live_figures import Consumption, consumption_of


def earlier_parts(run: str, own: str, state: Mapping[str, Any], settings: Settings) -> Consumption:
    """Return what all parts so far have used of the multi-part run of *run*, which wrote a checkpoint with *state*.

    The database comes first: it also knows what was used after the checkpoint and lost, and attempts that have failed
    since. *own* is the run that goes on now, which is no earlier part. Without a database the numbers in *state* count.
    """
    try:
        return _stored(run, own, settings)
    except GreenTrackError as error:
        log.debug("the earlier parts of %s are taken from the checkpoint: %s", run, error)
    kept: dict[str, Any] = {
        name: float(value)
        for name in Consumption._fields
        if isinstance(value := state.get(name), int | float) and 0 <= value < math.inf
    }
    currency = state.get("currency")
    return Consumption(**{**kept, "watts": 0.0, "currency": currency if isinstance(currency, str) else None})


def _stored(run: str, own: str, settings: Settings) -> Consumption:
    from greentrack.store.location import path_of
    from greentrack.store.reader import Reader

    earlier = Consumption()
    with Reader(path_of(settings.db)) as reader:
        parts = reader.parts_of(run)
        if not parts:
            raise NotFoundError(f"run {run} is not in {reader.path}")
        for part in parts:
            if part.id == own or (part.status == "running" and part.id != run):  # another host's part of this run
                continue
            record = reader.record(part.id)
            summary = summary_of(record, settings=settings)
            earlier = consumption_of(summary, record.work.get("samples", 0.0)).plus(earlier)
    return earlier
