"""A costing session: the settings, options and open database with which one question costs all of its runs."""

import datetime
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self, Unpack

from greentrack import config
from greentrack.config import Settings
from greentrack.costing.options import CostingOptions, ParsedOptions, parse_options
from greentrack.model import Reading, Record

if TYPE_CHECKING:
    from greentrack.costing.summary import Summary
    from greentrack.store.reader import Reader


class StoredRun(NamedTuple):
    """A record, its *readings* by device uid where the options need hours, and of how many *parts* its run is one."""

    record: Record
    readings: Mapping[str, Sequence[Reading]] | None = None
    parts: int = 1

    @property
    def name(self) -> str:
        """The run as messages call it."""
        return f"run {self.record.run.id[:13]} ({self.record.run.name})"


class CostingSession:
    """Costs the runs of one database under one set of options. A context manager, which closes the database.

    The database is opened when it is first needed. All runs share one wait for the network (see ``NetworkWait``).
    """

    def __init__(self, settings: Settings, options: ParsedOptions, *, today: datetime.date | None = None) -> None:
        self.settings = settings
        self.options = options
        self._today = today

    @classmethod
    def open(
        cls, db: str | Path | None = None, *, today: datetime.date | None = None, **options: Unpack[CostingOptions]
    ) -> Self:
        """Return a session over *db*, by default the database of the settings. Raises ConfigError for an option."""
        settings = config.load({"db": db})
        return cls(settings, parse_options(settings, **options), today=today)

    @classmethod
    def without_options(cls, db: str | Path | None = None) -> Self:
        """Return a session over *db*, by default that of the settings, for lists: they apply no costing options."""
        return cls(config.load({"db": db}), ParsedOptions())

    def replaced(self, options: ParsedOptions) -> "CostingSession":
        """Return a session over the same database under other *options*."""
        return CostingSession(self.settings, options, today=self._today)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if "reader" in self.__dict__:
            self.reader.close()

    @cached_property
    def reader(self) -> "Reader":
        """The open database. Raises StoreError where there is no place for one."""
        from greentrack.store.location import path_of  # a record that is handed in needs no database
        from greentrack.store.reader import Reader

        return Reader(path_of(self.settings.db))

    def find(self, run: str | Record) -> StoredRun:
        """Return a run by its record, id, the start of one, name, or ``latest``. Raises NotFoundError."""
        if isinstance(run, Record):
            return StoredRun(run)
        run_id = self.reader.find(run)
        return StoredRun(self.reader.record(run_id), self._readings(run_id), len(self.reader.parts_of(run_id)))

    def cost(self, record: Record, readings: Mapping[str, Sequence[Reading]] | None = None) -> "Summary":
        """Return what *record* cost; *readings*, by device uid, tell the hours for carbon and tariffs by hour."""
        from greentrack.costing import engine  # a list of runs needs none

        return engine.cost(record, self.options, readings=readings, today=self._today)

    def cost_stored(self, record: Record) -> "Summary":
        """Return what a *record* of this database cost, by the hours of its readings where the options need them."""
        return self.cost(record, self._readings(record.run.id))

    def summarize(self, ref: str) -> "Summary":
        """Return what the run *ref* (see ``find``) cost, with the costs of all parts of a multi-part run.

        Raises NotFoundError.
        """
        run_id = self.reader.find(ref)
        summary = self.cost_stored(self.reader.record(run_id))
        parts = self.reader.parts_of(run_id)
        if len(parts) < 2:
            return summary
        from greentrack.costing.multipart import joined
        from greentrack.costing.overlap import share_counted_once

        outlines = (summary if run.id == run_id else self.cost_stored(self.reader.outline(run.id)) for run in parts)
        return joined(summary, list(outlines), share_counted_once(self.reader, parts))

    def _readings(self, run_id: str) -> Mapping[str, Sequence[Reading]] | None:
        return self.reader.readings(run_id) if self.options.needs_hours else None
