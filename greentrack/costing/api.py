"""The costs of a run by its name or its record: ``summarize`` and ``summary_of``."""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, Unpack

from greentrack.config import Settings
from greentrack.costing import engine
from greentrack.costing.options import CostingOptions, parse_options
from greentrack.costing.summary import Summary
from greentrack.errors import check_keywords
from greentrack.model import Reading, Record, RunInfo
from greentrack.vocabulary import DISABLED


class Recorded(Protocol):
    """Anything with a record, such as the handle of an open run."""

    def record(self) -> Record:
        """Return what is known of the run so far."""


def summary_of(
    record: Record,
    *,
    settings: Settings | None = None,
    readings: Mapping[str, Sequence[Reading]] | None = None,
    today: datetime.date | None = None,
    **options: Unpack[CostingOptions],
) -> Summary:
    """Return what *record* cost under *options* (see ``CostingOptions``); the rest comes from run and *settings*.

    *readings*, by device uid, tell the hours for carbon and tariffs by hour. Raises ZoneError for a zone that does not
    exist, ConfigError for any other option that cannot be read.
    """
    return engine.cost(record, parse_options(settings, **options), readings=readings, today=today)


def summarize(
    run: str | Record | Recorded, *, db: str | Path | None = None, **options: Unpack[CostingOptions]
) -> Summary:
    """Work out what a run cost: an id, the start of one, a name, ``latest``, a record, or a handle with ``record()``.

    *db* is the database that holds it, by default that of the settings. *options* are those of ``CostingOptions``; what
    is not given is as the run or else the settings have it. Raises NotFoundError for an unknown run, ConfigError for an
    option.
    """
    from greentrack.costing.session import CostingSession  # the end of a run needs none

    check_keywords("summarize", options, CostingOptions.__annotations__)
    with CostingSession.open(db, **options) as session:
        if run == DISABLED:  # a script under GREENTRACK_DISABLED=1 asks for what it did not record
            return session.cost(Record(run=RunInfo(id=DISABLED, name=DISABLED, status=DISABLED)))
        if isinstance(run, str):
            return session.summarize(run)
        return session.cost(run if isinstance(run, Record) else run.record())
