"""What the earlier parts of a resumed work used: by the database, or else by what its checkpoint says."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from greentrack import log
from greentrack.config import Settings
from greentrack.costing.api import summary_of
from greentrack.errors import GreenTrackError, NotFoundError
from greentrack.integrations.training.live_figures import Figures
from greentrack.tracking.budget import spent_of


def earlier_parts(run: str, own: str, state: Mapping[str, Any], settings: Settings) -> Figures:
    """Return the figures of all parts so far of the work of *run*, which wrote the checkpoint with this *state*.

    The database also knows what was used after the checkpoint and lost with it, and attempts that failed since, so it
    comes first; *own* is the run that goes on now and is no earlier part. Without it what the checkpoint says is taken,
    as far as those are figures.
    """
    try:
        return _stored(run, own, settings)
    except GreenTrackError as error:
        log.debug("the earlier parts of %s are taken from the checkpoint: %s", run, error)
    kept: dict[str, Any] = {
        name: float(value)
        for name in Figures._fields
        if isinstance(value := state.get(name), int | float) and 0 <= value < math.inf
    }
    currency = state.get("currency")
    return Figures(**{**kept, "watts": 0.0, "currency": currency if isinstance(currency, str) else None})


def _stored(run: str, own: str, settings: Settings) -> Figures:
    from greentrack.store.location import default_path
    from greentrack.store.reader import Reader

    whole = Figures()
    with Reader(Path(settings.db) if settings.db else default_path()) as reader:
        parts = reader.work_of(run)
        if not parts:
            raise NotFoundError(f"run {run} is not in {reader.path}")
        for part in parts:
            if part.id == own or (part.status == "running" and part.id != run):  # the other hosts' parts of this work
                continue
            record = reader.record(part.id)
            summary = summary_of(record, settings=settings)
            spent = spent_of(summary)
            whole = Figures(
                joules=spent.joules or 0.0,
                gpu_joules=summary.by_kind.get("gpu", 0.0),
                grams=spent.grams or 0.0,
                seconds=spent.seconds,
                samples=record.work.get("samples", 0.0),
                money=spent.money,
                currency=spent.currency,
            ).plus(whole)
    return whole
